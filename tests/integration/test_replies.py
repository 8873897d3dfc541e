"""Requests through the bridge and their replies back: the four ways, and what may go wrong on them."""
import base64
import contextlib
import re
import time
import uuid

import pytest

from configs import amqp as amqp_section
from configs import kafka as kafka_section
from configs import configuration, local, route, sample, shop
from exchange import AmqpSide, KafkaSide, answer, expected
from harness import Amqp, eventually, unique

KEYS = [{"id": "k1", "secret": "0123456789abcdef0123456789abcdef"}]


@pytest.fixture
def sides(request):
    """sides("amqp", "kafka") makes ends at the shared brokers."""
    def make(*kinds):
        made = []
        for kind in kinds:
            if kind == "amqp":
                made.append(AmqpSide(request.getfixturevalue("amqp"), request.getfixturevalue("rabbit").url))
            else:
                made.append(KafkaSide(request.getfixturevalue("kafka_client"), request.getfixturevalue("kafka").bootstrap))
        return made
    return make


def answering(*ends, **more):
    """Sections for the brokers of these ends, which accept replies."""
    sections = {}
    for end in ends:
        if end.kind == "amqp":
            sections["shop"] = amqp_section(end.url, accept_replies=True, **more.get("shop_keys", {}))
        else:
            sections["lake"] = kafka_section(end.bootstrap, accept_replies=True, **more.get("lake_keys", {}))
    return sections


def bridging(source, sink, replies=None, route_keys=None, **more):
    return configuration(route(source.source, sink.target, **(route_keys or {})), **answering(source, sink),
                         replies={"keys": KEYS, **(replies or {})}, **more)


WAYS = [("amqp", "amqp"), ("amqp", "kafka"), ("kafka", "amqp"), ("kafka", "kafka")]


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_requests_are_answered(bridge, sides, way):
    source, sink = sides(*way)
    life = bridge(bridging(source, sink))
    with sink.responder() as responder:
        source.request(range(50))
        assert sorted(source.replies(50, settle=0.5)) == expected(range(50))
    assert len(responder.seen) == 50
    life.terminate()
    totals = life.totals()
    assert totals["requests_forwarded"] == totals["replies"] == 50
    assert not any(name.startswith("reply_un") for name in totals)


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_ten_thousand_at_once(bridge, sides, way):
    source, sink = sides(*way)
    life = bridge(bridging(source, sink, {"timeout": "10m"}))
    responder = sink.responder()
    responder.holding.set()
    with responder:
        source.request(range(10_000))
        eventually(lambda: len(responder.seen) >= 10_000, 300, "all requests with the responder at once")
        responder.holding.clear()
        assert sorted(source.replies(10_000, timeout=300, settle=1)) == expected(range(10_000))
    life.terminate()
    assert life.totals()["replies"] == life.totals()["requests_forwarded"] == 10_000


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_killed_with_five_thousand_outstanding(bridge, sides, way):
    source, sink = sides(*way)
    life = bridge(bridging(source, sink, {"timeout": "10m"}))
    responder = sink.responder()
    responder.holding.set()
    with responder:
        source.request(range(5_000))
        eventually(lambda: len(set(responder.seen)) == 5_000, 300, "all requests with the responder")
        life.kill()
        responder.holding.clear()  # it answers while nobody listens
        life.start()
        # What the bridge had forwarded and not yet acknowledged is asked, and so answered, twice.
        eventually(lambda: len(responder.replies) >= len(responder.seen) >= 5_000, 300, "all answers")
        found = source.replies(5_000, timeout=300, settle=3)
    assert sorted(set(found)) == expected(range(5_000))


@pytest.mark.parametrize("way", WAYS, ids="-".join)
def test_of_two_replicas_one_is_killed(bridge, sides, way):
    """Both take requests and may forward them; who is left brings all replies home."""
    source, sink = sides(*way)
    config = bridging(source, sink, {"timeout": "10m"})
    if sink.kind == "kafka":
        sink.client.topic(f"{config['name']}.replies", partitions=2)  # one for each
    first, second = bridge(config), bridge(config)
    for life in (first, second):
        if source.kind == "amqp":
            life.wait_connected(f"queue {source.requests}")
        if sink.kind == "amqp":
            life.wait_connected(f"queue {config['name']}.replies")
        if "kafka" in way:
            life.wait_log('"msg":"partitions assigned".*"all":1', 60)  # of two
    responder = sink.responder()
    responder.holding.set()
    with responder:
        source.request(range(2_000))
        eventually(lambda: len(set(responder.seen)) == 2_000, 300, "all requests with the responder")
        first.kill()
        source.request(range(2_000, 2_100))  # the one that is left takes requests, too
        responder.holding.clear()
        eventually(lambda: len(set(responder.seen)) == 2_100, 300, "all requests with the responder")
        found = set()  # some come twice: what the first had forwarded and not yet acknowledged
        eventually(lambda: found.update(source.replies(1, settle=1)) or len(found) >= 2_100, 120, "2100 replies")
    assert sorted(found) == expected(range(2_100))
    second.terminate()
    # The first can have answered none: it was dead before there was an answer.
    assert second.totals()["replies"] >= 2_100


def test_with_direct_reply_to(bridge, sides, amqp):
    source, sink = sides("amqp", "kafka")
    life = bridge(bridging(source, sink))
    replies = []
    amqp.channel.basic_consume("amq.rabbitmq.reply-to", lambda *reply: replies.append(reply), auto_ack=True)
    with sink.responder():
        for i in range(20):
            amqp.publish(source.requests, b"%d" % i, reply_to="amq.rabbitmq.reply-to", correlation_id=f"id {i}")

        def all_there():
            amqp.connection.process_data_events()
            return len(replies) >= 20

        eventually(all_there, 60, "20 replies")
    found = sorted((properties.correlation_id.encode(), body) for _, _, properties, body in replies)
    assert found == expected(range(20))
    life.terminate()
    assert "reply_undeliverable" not in life.totals()


def test_spring_headers_come_back_byte_for_byte(bridge, sides):
    """kafka_correlationId of 16 raw bytes, kafka_replyPartition of 4, the record's key kept."""
    source, sink = sides("kafka", "amqp")
    bridge(bridging(source, sink))
    raw = bytes(range(240, 256))
    with sink.responder():
        source.client.produce(source.requests, b"7", key=b"key 7", headers=[
            ("kafka_replyTopic", source.mailbox.encode()), ("kafka_correlationId", raw),
            ("kafka_replyPartition", b"\0\0\0\2")])
        record = source.records(1)[0]
    headers = dict(record.headers())
    assert (headers["kafka_correlationId"], record.value(), record.partition()) == (raw, answer(b"7"), 2)
    assert "kafka_replyTopic" not in headers
    assert record.key() == b"key 7"  # through AMQP in the header mombridge-key, which the responder echoed


BYTES = bytes(range(240, 256))
ENCODED = {"correlation_id": base64.urlsafe_b64encode(BYTES).decode().rstrip("="),
           "headers": {"mombridge-correlation-id-encoding": "base64url"}}


@pytest.mark.parametrize("to", ["amqp", "kafka", "handler", "nobody"])
def test_an_amqp_requesters_id_comes_back_byte_for_byte(bridge, sides, to):
    """16 bytes that are no text; and the same as a bridge wrote them, which has to come back so."""
    source, = sides("amqp")
    responder = contextlib.nullcontext()
    if to in ("amqp", "kafka"):
        sink, = sides(to)
        bridge(bridging(source, sink))
        responder = sink.responder()
    elif to == "handler":
        bridge(configuration(route(source.source, {"handler": "greeter"}), shop=source.url, handlers={"greeter": sample("greeter")}))
    else:
        bridge(configuration(route(source.source, shop(target=unique("nowhere")), error_replies=True), replies={"keys": KEYS},
                             failures={"attempts": 1}, **answering(source)))
    with responder:
        source.client.publish(source.requests, b"1", reply_to=source.mailbox, correlation_id=BYTES)
        raw = source.client.get(source.mailbox)
        source.client.publish(source.requests, b"1", reply_to=source.mailbox, **ENCODED)
        encoded = source.client.get(source.mailbox)
    assert raw.properties.correlation_id == BYTES and ENCODED["headers"].keys().isdisjoint(raw.headers)
    assert encoded.properties.correlation_id == ENCODED["correlation_id"]
    assert encoded.headers.items() >= ENCODED["headers"].items()


def test_a_handler_answers_over_a_second_hop(bridge, sides):
    source, hop = sides("amqp", "kafka")
    config = configuration(
        route(source.source, hop.target), route(hop.source, {"handler": "greeter"}),
        handlers={"greeter": sample("greeter")}, replies={"keys": KEYS}, **answering(source, hop))
    bridge(config)
    source.request(range(10))
    assert sorted(source.replies(10, settle=0.5)) == sorted((b"id %d" % i, b"Hi there too") for i in range(10))


def test_a_handler_behind_a_memory_broker_answers(bridge, sides):
    source, = sides("amqp")
    bridge(configuration(
        route(source.source, local(target="work")), route(local(target="work"), {"handler": "greeter"}),
        handlers={"greeter": sample("greeter")}, replies={"keys": KEYS}, local={"accept_replies": True},
        **answering(source)))
    source.request(range(10))
    assert sorted(source.replies(10, settle=0.5)) == sorted((b"id %d" % i, b"Hi there too") for i in range(10))


def test_late_replies(bridge, sides, amqp):
    source, sink = sides("amqp", "amqp")
    dead = amqp.queue()
    config = bridging(source, sink, route_keys={"reply_timeout": "1s", "late_replies": "dead_letter"},
                      failures={"dead_letter": shop(target=dead)})
    life = bridge(config)
    # A request waits for the queue of replies, at most as long as its second.
    life.wait_connected(f"queue {config['name']}.replies")
    responder = sink.responder()
    responder.holding.set()
    with responder:
        source.request(range(3))
        eventually(lambda: len(responder.seen) == 3, 60, "the requests")
        time.sleep(3.5)  # the deadline, its second and the skew
        responder.holding.clear()
        messages = amqp.consume(dead, 3, timeout=60)
    assert sorted(message.body for message in messages) == [answer(b"%d" % i) for i in range(3)]
    assert {"expired" in message.headers["mombridge-dead-reason"] for message in messages} == {True}
    assert amqp.depth(source.mailbox) == 0
    life.terminate()
    assert life.totals()["reply_unusable{expired}"] == 3


def test_a_request_past_its_deadline_is_not_forwarded(bridge, sides):
    source, sink = sides("kafka", "kafka")
    life = bridge(bridging(source, sink))
    past = str(int(time.time() * 1000) - 1000).encode()
    with sink.responder() as responder:
        source.request(range(3), **{"mombridge-deadline": past})
        source.request(range(3, 5))
        assert sorted(source.replies(2, settle=1)) == expected(range(3, 5))
    assert sorted(responder.seen) == [b"3", b"4"]
    life.terminate()
    assert life.totals()["requests_expired"] == 3


def test_a_request_whose_deadline_passes_while_its_broker_is_blocked_is_not_sent(bridge, sides, private_rabbit):
    """A broker with a memory alarm is still connected, and takes nothing."""
    source, = sides("amqp")
    responder = Amqp(private_rabbit.url)
    served = responder.queue()
    config = configuration(route(source.source, {"broker": "far", "target": served}, error_replies=True),
                           replies={"keys": KEYS}, **answering(source))
    config["brokers"]["far"] = amqp_section(private_rabbit.url, accept_replies=True)
    life = bridge(config)
    source.request([1])
    assert responder.get(served).body == b"1"
    private_rabbit.ctl("set_vm_memory_high_watermark", "0")
    source.request([2])  # RabbitMQ says that it is blocked to whoever publishes
    life.wait_log("blocked", 60)
    source.request([3], expiration="1000")
    error = source.client.get(source.mailbox, timeout=60)  # while it is blocked still
    assert (error.headers["mombridge-error"], error.properties.correlation_id) == ("timeout", "id 3")
    private_rabbit.ctl("set_vm_memory_high_watermark", "0.4")
    assert responder.get(served, timeout=60).body == b"2"
    life.terminate()
    assert life.totals()["requests_expired"] == 1 and responder.depth(served) == 0
    responder.close()


def test_forged_altered_and_foreign_replies_go_nowhere(bridge, sides, amqp):
    source, sink = sides("amqp", "amqp")
    config = bridging(source, sink)
    life = bridge(config)
    mailbox = f"{config['name']}.replies"
    with sink.responder() as responder:
        source.request(range(2))
        assert sorted(source.replies(2)) == expected(range(2))
    address, sealed = responder.replies[0]
    assert address == mailbox
    altered = ("B" if sealed[40] != "B" else "C").join((sealed[:40], sealed[41:]))
    for correlation in (altered, sealed[:-4], "AQ" + "A" * 60, "", str(uuid.uuid4()), "\u00e9" * 100):
        amqp.publish(mailbox, b"forged", correlation_id=correlation)
    amqp.publish(mailbox, b"without any")
    amqp.publish(mailbox, b"again", correlation_id=sealed)  # at least once: a duplicate is the requester's to see
    assert amqp.get(source.mailbox).body == b"again"
    eventually(lambda: amqp.depth(mailbox) == 0, 30)
    life.terminate()
    totals = life.totals()
    assert totals["replies"] == 3 and amqp.depth(source.mailbox) == 0
    assert sum(count for name, count in totals.items() if name.startswith("reply_unusable")) == 7
    assert sealed not in life.log.read_text() and altered not in life.log.read_text()


def test_a_return_path_does_not_work_over_another_broker(bridge, sides, amqp, kafka_client):
    source, sink = sides("amqp", "amqp")
    other, = sides("kafka")
    config = bridging(source, sink)
    config["brokers"].update(answering(other))
    config["routes"].append(route(other.source, sink.target))
    life = bridge(config)
    life.wait_connected("consumer")
    with sink.responder() as responder:
        source.request([1])
        assert source.replies(1) == expected([1])
    sealed = responder.replies[0][1]
    eventually(lambda: topic_exists(kafka_client, f"{config['name']}.replies"), 60)
    kafka_client.produce(f"{config['name']}.replies", b"stolen", headers=[("kafka_correlationId", sealed.encode())])
    life.wait_log("other_broker", 60)
    life.terminate()
    assert life.totals()["reply_unusable{other_broker}"] == 1 and amqp.depth(source.mailbox) == 0


def topic_exists(client, name):
    return name in client._admin.list_topics(timeout=10).topics


def test_two_bridges_on_one_broker(bridge, sides):
    """Names of their own: each has its reply queue and its keys, even where the secrets are the same."""
    (one, sink), (two, other) = sides("amqp", "amqp"), sides("amqp", "amqp")
    first, second = bridge(bridging(one, sink)), bridge(bridging(two, other))
    with sink.responder(), other.responder():
        one.request(range(20))
        two.request(range(20, 40))
        assert sorted(one.replies(20, settle=0.5)) == expected(range(20))
        assert sorted(two.replies(20, settle=0.5)) == expected(range(20, 40))
    for life in (first, second):
        life.terminate()
        assert life.totals()["replies"] == 20 and not any("unusable" in name for name in life.totals())


def test_fan_out_has_one_that_answers(bridge, sides, amqp):
    source, sink = sides("amqp", "kafka")
    copy, second = amqp.queue(), amqp.queue()
    sections = answering(source, sink)
    sections["shop"].pop("accept_replies")
    life = bridge(configuration(route(source.source, shop(target=copy), sink.target, shop(target=second)),
                                replies={"keys": KEYS}, **sections))
    with sink.responder():
        source.request([1])
        assert source.replies(1, settle=0.5) == expected([1])
    for queue in (copy, second):
        message = amqp.get(queue)
        assert (message.body, message.properties.reply_to, message.properties.correlation_id) == (b"1", None, "id 1")
    life.terminate()
    assert "requests_forwarded_as_plain" not in life.totals()


def test_without_a_destination_that_accepts_replies(bridge, sides, amqp):
    source, sink = sides("amqp", "amqp")
    life = bridge(configuration(route(source.source, sink.target), shop=source.url))
    source.request([1])
    message = amqp.get(sink.requests)
    assert (message.properties.reply_to, message.properties.correlation_id) == (source.mailbox, "id 1")
    life.terminate()
    assert life.totals()["requests_forwarded_as_plain"] == 1


def test_error_replies(bridge, sides, amqp):
    source, = sides("amqp")
    dead = amqp.queue()
    life = bridge(configuration(
        route(source.source, shop(target=unique("nowhere")), error_replies=True), replies={"keys": KEYS},
        failures={"attempts": 2, "backoff": "10ms", "dead_letter": shop(target=dead)}, **answering(source)))
    source.request([1])
    message = amqp.get(source.mailbox)
    assert message.properties.correlation_id == "id 1"
    assert message.headers["mombridge-error"] == "undeliverable" and b"NO_ROUTE" in message.body
    assert amqp.get(dead).body == b"1"
    life.terminate()
    assert life.totals()["error_replies"] == 1


def test_an_error_reply_at_the_deadline_of_a_request_whose_destination_is_away(bridge, sides, amqp):
    source, = sides("amqp")
    sections = {**answering(source), "lake": kafka_section("127.0.0.1:1", accept_replies=True)}
    life = bridge(configuration(route(source.source, {"broker": "lake", "target": "nowhere"}, error_replies=True),
                                replies={"keys": KEYS}, **sections))
    source.request([1], expiration="1500")
    message = amqp.get(source.mailbox, timeout=60)
    assert (message.headers["mombridge-error"], message.properties.correlation_id) == ("timeout", "id 1")
    eventually(lambda: amqp.depth(source.requests) == 0, 30)
    life.terminate()
    assert life.totals()["requests_expired"] == life.totals()["error_replies"] == 1


def test_what_does_not_fit_is_refused_and_said(bridge, sides, amqp):
    source, sink = sides("kafka", "amqp")
    dead = amqp.queue()
    life = bridge(bridging(source, sink, failures={"dead_letter": shop(target=dead)}))
    source.client.produce(source.requests, b"big", headers=[
        ("kafka_replyTopic", source.mailbox.encode()), ("kafka_correlationId", b"*" * 200)])
    assert "255 fit" in amqp.get(dead).headers["mombridge-dead-reason"]
    life.wait_log("return path does not fit")
    life.terminate()
    assert life.totals()["requests_return_path_too_long"] == 1


def test_a_requester_that_has_gone(bridge, sides, amqp):
    source, sink = sides("amqp", "kafka")
    life = bridge(bridging(source, sink))
    with sink.responder():
        amqp.publish(source.requests, b"1", reply_to=unique("gone"), correlation_id="1")
        life.wait_log("reply undeliverable")
    life.terminate()
    assert life.totals()["reply_undeliverable"] == 1


def test_the_bridges_own_queues_are_no_reply_address(bridge, sides, amqp):
    source, sink = sides("amqp", "amqp")
    config = bridging(source, sink)
    config["brokers"]["shop"]["allow_reply_to"] = ["*"]
    life = bridge(config)
    amqp.publish(source.requests, b"1", reply_to=f"{config['name']}.replies", correlation_id="1")
    assert amqp.get(sink.requests).properties.reply_to is None
    life.terminate()
    assert life.totals()["reply_not_allowed"] == 1


def test_without_keys_replies_live_as_long_as_the_process(bridge, sides):
    source, sink = sides("amqp", "amqp")
    config = bridging(source, sink)
    del config["replies"]
    life = bridge(config)
    life.wait_log("without keys replies will not survive")
    with sink.responder() as responder:
        source.request(range(10))
        assert sorted(source.replies(10, settle=0.5)) == expected(range(10))
    (address,) = {address for address, _ in responder.replies}
    assert re.fullmatch(re.escape(config["name"]) + r"\.replies\.[0-9a-f]{32}", address)


def test_a_reply_queue_that_is_there_is_used_as_it_is(bridge, sides, amqp):
    source, sink = sides("amqp", "amqp")
    config = bridging(source, sink)
    amqp.queue(f"{config['name']}.replies", arguments={"x-message-ttl": 3_600_000, "x-max-length": 1000})
    bridge(config)
    with sink.responder():
        source.request(range(10))
        assert sorted(source.replies(10)) == expected(range(10))


def test_keys_are_rotated_by_their_order(bridge, sides):
    source, sink = sides("amqp", "kafka")
    config = bridging(source, sink, {"timeout": "10m"})
    life = bridge(config)
    new = {"id": "k2", "secret": "fedcba9876543210fedcba9876543210"}
    responder = sink.responder()
    responder.holding.set()
    with responder:
        source.request(range(10))
        eventually(lambda: len(responder.seen) == 10, 60, "the requests")
        life.terminate()
        life.configure({**config, "replies": {"timeout": "10m", "keys": [new, *KEYS]}})
        life.start()
        responder.holding.clear()
        source.request(range(10, 20))
        assert sorted(source.replies(20, settle=0.5)) == expected(range(20))
    life.terminate()
    assert life.totals()["replies"] == 20
