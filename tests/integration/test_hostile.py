"""Headers that would do harm on the other side: stopped at the border, and the messages behind them come through."""
import pytest
import wire
from configs import configuration, fixture_handler, lake, route, sample, shop
from harness import eventually
from test_crossing import TYPED, assert_typed, headers_of

BROKER_OWNED = {
    "x-death": wire.array(wire.table(queue=wire.text("forged"), count=wire.number("l", 7))), "x-first-death-queue": wire.text("forged"),
    "x-first-death-reason": wire.text("rejected"), "x-first-death-exchange": wire.text(""), "x-delivery-count": wire.number("l", 19),
}


@pytest.fixture
def across(bridge, rabbit, amqp, kafka, kafka_client):
    """across("shop", "lake"): a route between new ends, with a dead letter queue; returns (source, sink, dead)."""
    new = {"shop": amqp.queue, "lake": kafka_client.topic}

    def make(source, sink):
        from_, to, dead = new[source](), new[sink](), amqp.queue()
        make.life = bridge(configuration(
            route({"broker": source, "queue" if source == "shop" else "topic": from_}, {"broker": sink, "target": to}),
            shop=rabbit.url, lake=kafka.bootstrap if "lake" in (source, sink) else None, shutdown_timeout="1s",
            failures={"attempts": 2, "backoff": "10ms", "dead_letter": shop(target=dead)}))
        return from_, to, dead
    return make


def test_what_belongs_to_the_broker_stays_behind(across, amqp):
    source, sink, _ = across("shop", "shop")
    copied, blind = amqp.queue(), amqp.queue()
    amqp.publish_as(wire.raw_headers({**BROKER_OWNED, "CC": wire.array(wire.text(copied)), "BCC": wire.array(wire.text(blind)),
                                      "x-mine": wire.text("kept")}), source, b"x")
    message = amqp.get(sink)
    assert set(message.headers) == {"x-mine", "mombridge-hops"}
    # Once from the publisher, and not again from the bridge.
    assert len(amqp.consume(copied, 1, settle=1)) == 1 and len(amqp.consume(blind, 1, settle=1)) == 1


def test_the_user_is_not_passed_on(across, amqp, rabbit):
    """A broker checks user_id against the connection's user: under another name the bridge's channel would be closed."""
    source, sink, _ = across("shop", "shop")
    amqp.publish(source, b"x", user_id="guest", cluster_id="there")
    amqp.publish(source, b"y")
    first, second = amqp.consume(sink, 2)
    assert (first.body, first.properties.user_id, first.properties.cluster_id) == (b"x", None, None)
    assert second.body == b"y"


@pytest.mark.parametrize("depth", [17, 1000, 26000])
def test_deeply_nested_headers(across, amqp, depth):
    source, sink, _ = across("shop", "shop")
    for i in range(3):
        amqp.publish_as(wire.raw_headers({"before": wire.text("1"), "deep": wire.nested(depth), "after": wire.text("2")}), source, b"%d" % i)
    amqp.publish(source, b"harmless")
    messages = amqp.consume(sink, 4)
    assert [m.body for m in messages] == [b"0", b"1", b"2", b"harmless"]
    assert all((m.headers["before"], m.headers["after"]) == ("1", "2") for m in messages[:3])


def test_deeply_nested_headers_to_kafka(across, amqp, kafka_client):
    source, sink, _ = across("shop", "lake")
    amqp.publish_as(wire.raw_headers({"before": wire.text("1"), "deep": wire.nested(26000)}), source, b"deep")
    amqp.publish(source, b"harmless")
    assert [record.value() for record in kafka_client.consume(sink, 2)] == [b"deep", b"harmless"]


def assert_bare(message, body, reason):
    assert message.body == body and message.headers["mombridge-dead-headers-left-out"] == "1"
    assert reason in message.headers["mombridge-dead-reason"]


def test_headers_that_fill_a_frame(across, amqp):
    """With what the bridge adds they do not fit: refused, and the connection goes on. A dead letter that says why would be
    larger still, so it goes as the message came."""
    source, sink, dead = across("shop", "shop")
    amqp.publish(source, b"x", headers={"large": "v" * 131_020})
    for i in range(20):
        amqp.publish(source, b"%d" % i)
    assert [int(m.body) for m in amqp.consume(sink, 20)] == list(range(20))
    message = amqp.get(dead)
    assert (message.body, message.headers) == (b"x", {"large": "v" * 131_020})
    eventually(lambda: amqp.depth(source) == 0)


HOSTILE_RECORDS = {
    "copies to queues": [("CC", b"elsewhere"), ("BCC", b"elsewhere")],
    "a forged history": [("x-death", b"forged"), ("x-first-death-queue", b"forged"), ("x-delivery-count", b"19")],
    "an expiration that is no number": [("expiration", b"soon")],
    "a negative expiration": [("expiration", b"-1")],
    "an expiration beyond all numbers": [("expiration", b"9" * 40)],
    "a priority that is no number": [("priority", b"high")],
    "a priority that does not fit": [("priority", b"300")],
    "null in every property": [(name, None) for name in ("content-type", "content-encoding", "message-id", "type", "app-id", "priority",
                                                         "expiration", "kafka_correlationId", "kafka_replyTopic", "kafka_replyPartition",
                                                         "mombridge-types", "mombridge-hops", "mombridge-key")],
    "properties too long": [(name, b"v" * 300) for name in ("content-type", "content-encoding", "message-id", "type", "app-id",
                                                            "kafka_correlationId", "kafka_replyTopic")],
    "properties that are no text": [(name, b"\xff\xfe\x00") for name in ("content-type", "content-encoding", "message-id", "type",
                                                                       "app-id", "kafka_replyTopic", "expiration", "priority")],
    "a reply partition of another size": [("kafka_replyTopic", b"t"), ("kafka_replyPartition", b"12")],
    "a type list that is none": [("n", b"42"), ("mombridge-types", b"{[,;=\xff\x00")],
    "a type list that does not fit": [("n", b"forty-two"), ("mombridge-types", b"n=i32"), ("m", b"x")],
    "a header without a name": [("", b"v")],
    "a user": [("user_id", b"root"), ("user-id", b"root"), ("cluster_id", b"there")],
}


@pytest.mark.parametrize("name", HOSTILE_RECORDS)
def test_records_that_amqp_must_not_see_as_they_are(across, amqp, kafka_client, name):
    topic, sink, dead = across("lake", "shop")
    kafka_client.produce_all(topic, [dict(value=b"hostile", headers=HOSTILE_RECORDS[name]), dict(value=b"harmless")])
    hostile, harmless = amqp.consume(sink, 2, timeout=60)
    assert (hostile.body, harmless.body) == (b"hostile", b"harmless")
    assert amqp.depth(dead) == 0
    forbidden = {"CC", "BCC", "x-death", "x-first-death-queue", "x-delivery-count"}
    assert not forbidden & set(hostile.headers)
    assert hostile.properties.expiration is None and hostile.properties.user_id is None


def test_copies_asked_for_by_a_record_are_not_made(across, amqp, kafka_client):
    topic, sink, _ = across("lake", "shop")
    elsewhere = amqp.queue()
    types = b"CC"  # as the bridge itself would note a name that stands twice
    kafka_client.produce(topic, b"x", headers=[("CC", elsewhere.encode()), ("CC", elsewhere.encode()), ("mombridge-types", types)])
    amqp.get(sink, timeout=60)
    assert amqp.empty(elsewhere)


def test_a_header_name_that_amqp_cannot_carry(across, amqp, kafka_client):
    """Its dead letter cannot carry it either: were it held for ever, anybody's record could stop a partition."""
    topic, sink, dead = across("lake", "shop")
    kafka_client.produce_all(topic, [dict(value=b"hostile", headers=[("n" * 300, b"v")]), dict(value=b"harmless")])
    assert amqp.get(sink, timeout=60).body == b"harmless"
    assert_bare(amqp.get(dead), b"hostile", "at most 255")
    across.life.terminate()


def test_hops_that_are_no_number(across, amqp):
    source, sink, dead = across("shop", "shop")
    for hops in ("many", -1, None, 7, True, {"a": 1}):
        amqp.publish(source, str(hops).encode(), headers={"mombridge-hops": hops})
    amqp.publish(source, b"looped", headers={"mombridge-hops": 2**40})
    assert len(amqp.consume(sink, 6, settle=0.5)) == 6
    assert amqp.get(dead).body == b"looped"


# What bridges write, as a stranger would, so that those on the other side believe it.
FORGED = {"kafka_replyTopic": b"forged", "kafka_replyPartition": b"\0\0\0\1", "kafka_correlationId": b"forged",
          "kafka_dlt-original-topic": b"forged", "kafka_dlt-exception-message": b"forged", "mombridge-dead-reason": b"forged",
          "mombridge-dead-target": b"forged", "mombridge-error": b"forged"}
ASKED = {"kafka_replyTopic": [b"asked.here"], "kafka_correlationId": [b"id"]}


@pytest.fixture
def forge(amqp, kafka_client):
    """forge("shop", queue): a request with the forged headers in front of its own."""
    def send(kind, place, **headers):
        if kind == "shop":
            amqp.publish(place, b"x", reply_to="asked.here", correlation_id="id", headers={"x-mine": "kept", **FORGED, **headers})
        else:
            own = [(name, values[0]) for name, values in ASKED.items()]
            kafka_client.produce(place, b"x", headers=[("x-mine", b"kept"), *FORGED.items(), *headers.items(), *own])
    return send


@pytest.fixture
def arrives(amqp, kafka_client):
    """Asserts that the request arrives with its own reply address and no forged header."""
    def look(kind, place, partition=None):
        if kind == "shop":
            message = amqp.get(place, timeout=60)
            assert (message.properties.reply_to, message.properties.correlation_id) == ("asked.here", "id")
            assert not set(FORGED) & set(message.headers) and message.headers["x-mine"] == "kept"
            return message
        record = kafka_client.consume(place, 1, timeout=60)[0]
        wanted = {**ASKED, "x-mine": [b"kept"], **({"kafka_replyPartition": [partition]} if partition else {})}
        found = headers_of(record)
        assert {name: found.get(name) for name in {*wanted, *FORGED}} == {name: wanted.get(name) for name in {*wanted, *FORGED}}
        return record
    return look


@pytest.mark.parametrize("sink", ["shop", "lake"])
@pytest.mark.parametrize("source", ["shop", "lake"])
def test_what_bridges_write_does_not_come_from_outside(across, forge, arrives, source, sink):
    """With a forged kafka_replyTopic in front of the request's own, allow_reply_to and the seal would be passed by."""
    from_, to, dead = across(source, sink)
    forge(source, from_)
    arrives(sink, to, partition=FORGED["kafka_replyPartition"] if source == "lake" else None)  # a record's own, there
    across.life.terminate()
    # A record's reply properties are its own; only the one that does not count is dropped.
    assert across.life.totals()["headers_dropped"] == (len(FORGED) if source == "shop" else len(FORGED) - 1)
    assert "headers dropped" in across.life.read_log()


@pytest.mark.parametrize("sink", ["shop", "lake"])
def test_nor_through_a_handler_that_copies_all_headers(bridge, rabbit, amqp, kafka, kafka_client, forge, arrives, sink):
    source = amqp.queue()
    to = amqp.queue() if sink == "shop" else kafka_client.topic()
    bridge(configuration(route(shop(queue=source), {"handler": "copies"}), shop=rabbit.url, lake=kafka.bootstrap,
                         handlers={"copies": fixture_handler("good_publish", config={"broker": sink, "target": to})}))
    forge("shop", source)
    arrives(sink, to)


def test_nor_from_a_handler(bridge, rabbit, amqp, kafka, kafka_client):
    source, sink = amqp.queue(), kafka_client.topic()
    life = bridge(configuration(
        route(shop(queue=source), {"handler": "enrich", "reply_to": lake(target=sink)}), shop=rabbit.url, lake=kafka.bootstrap,
        handlers={"enrich": sample("enrich", config={"header": {"name": "kafka_replyTopic", "value": "forged"}})}))
    amqp.publish(source, b"x", headers={"x-mine": "kept"})
    found = headers_of(kafka_client.consume(sink, 1, timeout=60)[0])
    assert found["x-mine"] == [b"kept"] and "kafka_replyTopic" not in found
    life.terminate()
    assert life.totals()["headers_dropped"] == 1


def test_a_handler_that_copies_all_headers_keeps_their_types(bridge, rabbit, amqp):
    source, sink = amqp.queue(), amqp.queue()
    bridge(configuration(
        route(shop(queue=source), {"handler": "enrich", "reply_to": shop(target=sink)}), shop=rabbit.url,
        handlers={"enrich": sample("enrich", config={"header": {"name": "seen", "value": "yes"}})}))
    amqp.publish_as(wire.raw_headers(TYPED), source, b"typed")
    message = amqp.get(sink)
    assert_typed(message.properties.raw, TYPED)
    assert message.body == b"TYPED" and message.headers["seen"] == "yes" and "mombridge-types" not in message.headers


NOTED = {"mombridge-key": "k", "mombridge-tombstone": True, "mombridge-timestamp-ms": 1_700_000_000_123}


def test_restore_is_a_decision_of_trust(bridge, rabbit, amqp, kafka, kafka_client):
    """restore: false leaves what bridges note unread, and it does not cross to one that would read it."""
    friends, strangers, between, trusted, untrusted = amqp.queue(), amqp.queue(), amqp.queue(), kafka_client.topic(), kafka_client.topic()
    life = bridge(configuration(
        route(shop(queue=friends), lake(target=trusted)),
        route(shop(queue=strangers, restore=False), shop(target=between)),
        route(shop(queue=between), lake(target=untrusted)), shop=rabbit.url, lake=kafka.bootstrap))
    amqp.publish(friends, b"", headers=NOTED)
    amqp.publish(strangers, b"", headers=NOTED)
    record = kafka_client.consume(trusted, 1, timeout=60)[0]
    assert (record.key(), record.value()) == (b"k", None)
    record = kafka_client.consume(untrusted, 1, timeout=60)[0]
    assert (record.key(), record.value(), headers_of(record)) == (None, b"", {})
    life.terminate()
    assert life.totals()["headers_dropped"] == len(NOTED)


def test_restore_false_leaves_types_unread(bridge, rabbit, amqp, kafka, kafka_client):
    topic, sink = kafka_client.topic(), amqp.queue()
    bridge(configuration(route(lake(topic=topic, restore=False), shop(target=sink)), shop=rabbit.url, lake=kafka.bootstrap))
    kafka_client.produce(topic, b"x", key=b"k", headers=[("n", b"42"), ("mombridge-types", b"i32:n")])
    message = amqp.get(sink, timeout=60)
    assert (message.headers["n"], message.headers["mombridge-key"]) == ("42", "k")


def test_a_route_can_ask_what_a_dead_letter_says(bridge, rabbit, amqp):
    """Its headers do not cross as they are, because anybody can have written them; a template takes what it trusts."""
    dead, sink = amqp.queue(), amqp.queue()
    bridge(configuration(
        route(shop(queue=dead, headers={"mombridge-dead-route": "orders"}),
              shop(target="{header.mombridge-dead-target}", allow=[sink], headers={"why": "{header.mombridge-dead-reason}"})),
        shop=rabbit.url))
    amqp.publish(dead, b"again", headers={"mombridge-dead-route": "orders", "mombridge-dead-target": sink,
                                          "mombridge-dead-reason": "full"})
    message = amqp.get(sink)
    assert (message.body, message.headers["why"]) == (b"again", "full")
    assert not [name for name in message.headers if name.startswith("mombridge-dead-")]
