"""Properties and headers on their way between brokers: the contract's table, row by row, both ways."""
import base64
import time
import uuid

import pytest
import wire
from configs import configuration, lake, route, shop
from harness import unique

STAMP = 1_700_000_000  # seconds, as AMQP counts
TEXTS = dict(content_type="application/json", content_encoding="gzip", message_id="m-1", type="order.created", app_id="till 7")
TRACING = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate": "rojo=00f067aa0ba902b7",
           "baggage": "userId=alice"}

# Every type that a header can have, with bytes that only this type writes so.
TYPED = {
    "bool": wire.number("t", True), "no": wire.number("t", False),
    "i8": wire.number("b", -128), "u8": wire.number("B", 255), "i16": wire.number("s", -32768), "u16": wire.number("u", 65535),
    "i32": wire.number("I", -2**31), "u32": wire.number("i", 2**32 - 1), "i64": wire.number("l", -2**63),
    "f32": wire.number("f", 0.5), "f64": wire.number("d", 0.1), "time": wire.number("T", STAMP), "decimal": wire.decimal(2, 12345),
    "text": wire.text("4\u00e4\u20ac"), "digits": wire.text("42"), "bytes": wire.octets(b"\x00\xff\x80"), "word": wire.octets(b"plain"),
    "void": wire.VOID, "list": wire.array(wire.number("I", 1), wire.text("two"), wire.VOID, wire.array(wire.octets(b"\xff"))),
    "table": wire.table(n=wire.number("s", 7), inner=wire.table(list=wire.array(), yes=wire.number("t", True))),
}


def assert_typed(raw, entries):
    changed = [name for name, value in entries.items() if wire.entry(name, value) not in raw]
    assert not changed, f"{changed} changed in {raw!r}"


def properties_of(message):
    p = message.properties
    return {name: getattr(p, name) for name in (*TEXTS, "correlation_id", "reply_to", "priority", "expiration", "timestamp")}


def headers_of(record):
    """All values of a name, in their order, without what the bridge counts with."""
    found = {}
    for name, value in record.headers() or []:
        if name != "mombridge-hops":
            found.setdefault(name, []).append(value)
    return found


@pytest.fixture
def way(bridge, rabbit, amqp, kafka, kafka_client):
    """way("shop", "lake", "shop") starts a bridge from a queue over a topic to a queue, and returns their names."""
    new = {"shop": amqp.queue, "lake": kafka_client.topic, "local": lambda: unique("hop")}
    subscribe = {"shop": "queue", "lake": "topic", "local": "queue"}

    def make(*stations, **more):
        names = [new[station]() for station in stations]
        steps = zip(stations, names, stations[1:], names[1:])
        routes = [route({"broker": a, subscribe[a]: from_}, {"broker": b, "target": to}) for a, from_, b, to in steps]
        bridge(configuration(*routes, shop=rabbit.url, lake=kafka.bootstrap if "lake" in stations else None, **more))
        return names
    return make


BACK_TO_AMQP = [("shop", "shop"), ("shop", "local", "shop"), ("shop", "lake", "shop"), ("shop", "lake", "local", "lake", "shop")]


@pytest.mark.parametrize("stations", BACK_TO_AMQP, ids="-".join)
def test_from_amqp_back_to_amqp(way, amqp, stations):
    source, *_, sink = way(*stations)
    sent = dict(TEXTS, correlation_id="c-1", reply_to="who.asked", priority=5, expiration="600000", timestamp=STAMP)
    amqp.publish(source, b"{}", headers={**TRACING, "x-customer": "ada"}, **sent)
    amqp.publish_as(wire.raw_headers(TYPED), source, b"typed")
    amqp.publish(source, b"bare", delivery_mode=1)

    full, typed, bare = amqp.consume(sink, 3, timeout=60)
    assert (full.body, properties_of(full)) == (b"{}", sent)
    assert {name: full.headers.get(name) for name in (*TRACING, "x-customer")} == {**TRACING, "x-customer": "ada"}
    assert typed.body == b"typed"
    assert_typed(typed.properties.raw, TYPED)
    assert {m.properties.delivery_mode for m in (full, typed, bare)} == {2}
    # Nothing but its own count of passages comes with the message, unless it has been a record, which always has a time.
    wanted = {"mombridge-hops"} if "lake" not in stations else {"mombridge-hops", "mombridge-timestamp-ms"}
    assert set(bare.headers) - wanted == set() and set(full.headers) - wanted == {*TRACING, "x-customer"}
    assert set(typed.headers) - wanted == set(TYPED)


@pytest.mark.parametrize("stations", BACK_TO_AMQP, ids="-".join)
def test_headers_that_are_called_as_properties(way, amqp, stations):
    """Were the header taken for the property, RabbitMQ would drop this message when 100 ms have passed."""
    source, *_, sink = way(*stations)
    named = {"type": "order", "expiration": "100", "priority": 3, "message-id": "m", "app-id": "a", "content-type": "x/y",
             "content-encoding": "e", "timestamp": "1500000000"}
    amqp.publish(source, b"named", headers=named)
    time.sleep(1)
    message = amqp.get(sink, timeout=60)
    assert {name: message.headers.get(name) for name in named} == named
    assert {name for name, value in properties_of(message).items() if value is not None} <= {"message_id", "timestamp"}


@pytest.mark.parametrize("stations", BACK_TO_AMQP[:2], ids="-".join)
def test_what_was_missing_stays_missing(way, amqp, stations):
    source, *_, sink = way(*stations)
    amqp.publish(source, b"bare")
    assert set(properties_of(amqp.get(sink)).values()) == {None}


@pytest.mark.parametrize("stations", [("shop", "lake"), ("shop", "local", "lake")], ids="-".join)
def test_from_amqp_to_kafka(way, amqp, kafka_client, stations):
    source, *_, topic = way(*stations)
    amqp.publish(source, b"{}", correlation_id="c-1", reply_to="replies", priority=5, expiration="600000", timestamp=STAMP,
                 headers={**TRACING, "cloudEvents_id": "e1", "cloudEvents_source": "/till"}, **TEXTS)
    amqp.publish_as(wire.raw_headers(TYPED), source, b"typed")
    full, typed = kafka_client.consume(topic, 2)
    assert (full.value(), full.key()) == (b"{}", None)
    assert abs(full.timestamp()[1] / 1000 - time.time()) < 600, "the record's time is that of its arrival"
    assert headers_of(full) == {
        "timestamp": [b"%d" % STAMP],
        "content-type": [b"application/json"], "content-encoding": [b"gzip"], "message-id": [b"m-1"],
        "type": [b"order.created"], "app-id": [b"till 7"], "priority": [b"5"], "expiration": [b"600000"],
        "kafka_correlationId": [b"c-1"], "kafka_replyTopic": [b"replies"],
        **{name: [value.encode()] for name, value in TRACING.items()}, "ce_id": [b"e1"], "ce_source": [b"/till"]}

    found = headers_of(typed)
    assert typed.key() is None and set(found) == {*TYPED, "mombridge-types"} and len(found["mombridge-types"]) == 1
    texts = {"bool": b"true", "no": b"false", "i8": b"-128", "u8": b"255", "i16": b"-32768", "u16": b"65535", "i32": b"-2147483648",
             "u32": b"4294967295", "i64": b"-9223372036854775808", "f32": b"0.5", "f64": b"0.1", "digits": b"42",
             "text": "4\u00e4\u20ac".encode(), "bytes": b"\x00\xff\x80", "word": b"plain", "void": None, "decimal": b"123.45"}
    assert {name: found[name] for name in texts} == {name: [value] for name, value in texts.items()}
    for name in ("list", "table"):
        found[name][0].decode()


def test_a_message_id_that_is_missing_stays_missing_on_kafka(way, amqp, kafka_client):
    source, topic = way("shop", "lake")
    amqp.publish(source, b"bare")
    record = kafka_client.consume(topic, 1)[0]
    assert headers_of(record) == {}


def test_from_kafka_to_amqp(way, amqp, kafka_client):
    topic, sink = way("lake", "shop")
    kafka_client.produce(topic, b"{}", key=b"k", timestamp=STAMP * 1000 + 123, headers=[
        ("content-type", b"application/json"), ("content-encoding", b"gzip"), ("message-id", b"m-1"), ("type", b"order.created"),
        ("app-id", b"till 7"), ("priority", b"5"), ("expiration", b"600000"), ("kafka_correlationId", b"c-1"),
        ("kafka_replyTopic", b"who.asked"), ("ce_id", b"e1"), ("n", b"42"), ("binary", b"\xff\x00"),
        *((name, value.encode()) for name, value in TRACING.items())])
    message = amqp.get(sink, timeout=60)
    assert message.body == b"{}"
    assert properties_of(message) == dict(TEXTS, correlation_id="c-1", reply_to="who.asked", priority=5, expiration="600000",
                                          timestamp=STAMP)
    assert message.headers.pop("mombridge-hops").startswith("1 ")
    assert message.headers == {"mombridge-key": "k", "mombridge-timestamp-ms": STAMP * 1000 + 123,
                               "cloudEvents_id": "e1", "n": "42", "binary": b"\xff\x00", **TRACING}


def test_what_only_kafka_has_on_amqp(way, amqp, kafka_client):
    topic, sink = way("lake", "shop")
    correlation = uuid.uuid4().bytes[:15] + b"\xff"
    records = [dict(value=b"plain"), dict(value=None, key=b"gone"), dict(value=b"", key=b"empty"),
               dict(value=b"x", key=b"\xff\x00", headers=[("twice", b"1"), ("once", b"x"), ("twice", b"2"), ("null", None), ("empty", b"")]),
               dict(value=b"x", headers=[("kafka_correlationId", correlation)])]
    kafka_client.produce_all(topic, records)
    plain, gone, empty, odd, asked = amqp.consume(sink, 5, timeout=60)
    assert "mombridge-key" not in plain.headers and "mombridge-tombstone" not in plain.headers
    assert plain.properties.message_id == f"kafka:lake/{topic}/0/0" and asked.properties.message_id == f"kafka:lake/{topic}/0/4"
    assert (gone.body, gone.headers["mombridge-key"], bool(gone.headers["mombridge-tombstone"])) == (b"", "gone", True)
    assert (empty.body, empty.headers["mombridge-key"]) == (b"", "empty") and "mombridge-tombstone" not in empty.headers
    assert odd.headers["mombridge-key"] == b"\xff\x00"
    assert (odd.headers["twice"], odd.headers["once"], odd.headers["empty"]) == (["1", "2"], "x", "")
    assert "null" in odd.headers and odd.headers["null"] is None
    assert asked.headers["mombridge-correlation-id-encoding"] == "base64url"
    assert base64.urlsafe_b64decode(asked.properties.correlation_id + "==") == correlation


BACK_TO_KAFKA = [("lake", "lake"), ("lake", "local", "lake"), ("lake", "shop", "lake"), ("lake", "local", "shop", "lake")]


@pytest.mark.parametrize("stations", BACK_TO_KAFKA, ids="-".join)
def test_from_kafka_back_to_kafka(way, kafka_client, stations):
    topic, *_, sink = way(*stations)
    records = [
        dict(value=b"plain", headers=[("message-id", b"m")]),
        dict(value=None, key=b"gone", headers=[("message-id", b"m")], timestamp=STAMP * 1000 + 123),
        dict(value=b"", key=b"", headers=[("message-id", b"m")], timestamp=STAMP * 1000),
        dict(value=b"\x00\xff", key=b"\xff\x00", timestamp=STAMP * 1000 + 1, headers=[
            ("message-id", b"m"), ("twice", b"1"), ("once", b"42"), ("twice", b"\xff"), ("null", None), ("empty", b""),
            ("ce_id", b"e1"), ("traceparent", b"00-1-2-01"), ("content-type", b"text/plain"), ("kafka_correlationId", bytes(range(256))),
            ("kafka_replyTopic", b"replies"), ("kafka_replyPartition", b"\0\0\0\3"), ("priority", b"7"), ("x-mine", b"kept"),
            ("timestamp", b"%d" % STAMP)]),  # the record's own second
    ]
    kafka_client.produce_all(topic, records)
    arrived = kafka_client.consume(sink, 4, timeout=60)
    for sent, record in zip(records, arrived):
        wanted = {}
        for name, value in sent["headers"]:
            wanted.setdefault(name, []).append(value)
        assert headers_of(record) == wanted
        assert (record.value(), record.key()) == (sent["value"], sent.get("key"))
        if "timestamp" in sent:
            assert record.timestamp()[1] == sent["timestamp"]


@pytest.mark.parametrize("stamp,time_ms", [(STAMP, STAMP * 1000), (STAMP * 1000 + 123, STAMP * 1000 + 123)], ids=["seconds", "milliseconds"])
def test_a_timestamp_that_the_destination_keeps(bridge, rabbit, kafka, amqp, kafka_client, stamp, time_ms):
    source, topic = amqp.queue(), kafka_client.topic()
    bridge(configuration(route(shop(queue=source), lake(target=topic, timestamp="keep")), shop=rabbit.url, lake=kafka.bootstrap))
    amqp.publish(source, b"x", timestamp=stamp)
    record = kafka_client.consume(topic, 1)[0]
    assert record.timestamp()[1] == time_ms
    assert headers_of(record)["timestamp"] == [b"%d" % stamp]


def test_a_timestamp_that_is_no_time_cannot_be_kept(bridge, rabbit, kafka, amqp, kafka_client):
    source, dead, topic = amqp.queue(), amqp.queue(), kafka_client.topic()
    bridge(configuration(route(shop(queue=source), lake(target=topic, timestamp="keep")), shop=rabbit.url, lake=kafka.bootstrap,
                         failures={"dead_letter": shop(target=dead)}))
    amqp.publish(source, b"x", timestamp=STAMP * 10**6)
    message = amqp.get(dead)
    assert f"timestamp {STAMP * 10**6}" in message.headers["mombridge-dead-reason"]
    assert (message.headers["mombridge-dead-attempts"], message.properties.timestamp) == ("1", STAMP * 10**6)


def test_a_record_without_an_id_gets_one_that_stays(way, kafka_client):
    topic, _, sink = way("lake", "shop", "lake")
    kafka_client.produce(topic, b"x")
    record = kafka_client.consume(sink, 1, timeout=60)[0]
    assert headers_of(record)["message-id"] == [f"kafka:lake/{topic}/0/0".encode()]
