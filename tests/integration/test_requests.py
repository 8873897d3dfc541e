"""Requests and replies: a handler answers, or transforms what passes, or fails."""
import struct
import uuid

from configs import configuration, fixture_handler, lake, local, route, sample, shop
from harness import eventually, unique


def greeter(source, broker, **more):
    return configuration(route(source, {"handler": "greeter"}), handlers={"greeter": sample("greeter")}, **broker, **more)


def test_amqp_request_with_a_private_reply_queue(bridge, rabbit, amqp):
    requests, mailbox = amqp.queue(), amqp.queue("", durable=False, exclusive=True)
    bridge(greeter(shop(queue=requests), {"shop": rabbit.url}))
    for correlation in ("first", "", "\u00e4\u20ac"):
        amqp.publish(requests, b"Hi there", reply_to=mailbox, correlation_id=correlation, message_id="not for the reply")
        reply = amqp.get(mailbox)
        assert (reply.body, reply.properties.correlation_id) == (b"Hi there too", correlation)
        assert reply.properties.reply_to is None and reply.properties.message_id is None


def test_amqp_request_with_direct_reply_to(bridge, rabbit, amqp):
    requests = amqp.queue()
    life = bridge(greeter(shop(queue=requests), {"shop": rabbit.url}))
    replies = []
    amqp.channel.basic_consume("amq.rabbitmq.reply-to", lambda *reply: replies.append(reply), auto_ack=True)
    for i in range(100):
        amqp.publish(requests, b"Hi there", reply_to="amq.rabbitmq.reply-to", correlation_id=str(i))

    def all_there():
        amqp.connection.process_data_events()
        return len(replies) >= 100

    eventually(all_there, what="100 replies")
    assert sorted(int(properties.correlation_id) for _, _, properties, _ in replies) == list(range(100))
    assert {body for *_, body in replies} == {b"Hi there too"}
    life.terminate()
    assert life.totals()["replies"] == 100 and "reply_undeliverable" not in life.totals()


def test_the_reply_names_the_bridge_as_its_application(bridge, rabbit, amqp):
    requests, mailbox = amqp.queue(), amqp.queue()
    bridge(greeter(shop(queue=requests), {"shop": {"type": "amqp", "url": rabbit.url, "appname": "greetings"}}))
    amqp.publish(requests, b"Hi", reply_to=mailbox, correlation_id="c", app_id="somebody else")
    assert amqp.get(mailbox).properties.app_id == "greetings"


def test_a_requester_that_has_gone_is_settled(bridge, rabbit, amqp):
    requests, dead = amqp.queue(), amqp.queue()
    life = bridge(greeter(shop(queue=requests), {"shop": rabbit.url}, failures={"dead_letter": shop(target=dead)}))
    amqp.publish(requests, b"Hi", reply_to=unique("gone"), correlation_id="c")
    life.wait_log("reply undeliverable")
    life.terminate()
    assert life.totals()["reply_undeliverable"] == 1
    assert amqp.depth(requests) == amqp.depth(dead) == 0


def test_a_reply_address_that_is_not_allowed(bridge, rabbit, amqp):
    requests, elsewhere, allowed = amqp.queue(), amqp.queue(), amqp.queue(unique("rpc"))
    life = bridge(greeter(shop(queue=requests), {"shop": {"type": "amqp", "url": rabbit.url, "allow_reply_to": ["rpc.*"]}}))
    amqp.publish(requests, b"Hi", reply_to=elsewhere, correlation_id="no")
    amqp.publish(requests, b"Hi", reply_to=allowed, correlation_id="yes")
    assert amqp.get(allowed).properties.correlation_id == "yes"
    life.terminate()
    assert life.totals()["reply_not_allowed"] == 1 and amqp.depth(elsewhere) == 0


def test_a_reply_with_nowhere_to_go(bridge, rabbit, amqp):
    requests = amqp.queue()
    life = bridge(greeter(shop(queue=requests), {"shop": rabbit.url}))
    amqp.publish(requests, b"Hi")
    life.wait_log("nowhere to go")
    life.terminate()
    assert life.totals()["reply_without_address"] == 1 and amqp.depth(requests) == 0


def test_a_transforming_handler_between_two_queues_and_memory(bridge, rabbit, amqp):
    source, sink = amqp.queue(), amqp.queue()
    bridge(configuration(
        route(shop(queue=source), local(target="work")),
        route(local(target="work"), {"handler": "enrich", "reply_to": shop(target=sink)}), shop=rabbit.url,
        handlers={"enrich": sample("enrich", config={"header": {"name": "seen-by", "value": "the test"}})}))
    amqp.publish(source, b"two pounds of tea", message_id="m1", content_type="text/plain", headers={"customer": "ada"})
    message = amqp.get(sink)
    assert message.body == b"TWO POUNDS OF TEA"
    assert (message.properties.message_id, message.properties.content_type) == ("m1", "text/plain")
    assert (message.headers["customer"], message.headers["seen-by"]) == ("ada", "the test")


def test_a_handler_that_fails_is_tried_again_then_dead_lettered(bridge, rabbit, amqp):
    source, dead = amqp.queue(), amqp.queue()
    life = bridge(configuration(
        route(shop(queue=source), {"handler": "broken"}, name="breaks"), shop=rabbit.url,
        handlers={"broken": fixture_handler("bad_returns_error")},
        failures={"attempts": 3, "backoff": "10ms", "dead_letter": shop(target=dead)}))
    amqp.publish(source, b"-1", correlation_id="c1", message_id="m1", headers={"n": 1})
    message = amqp.get(dead)
    assert (message.body, message.properties.correlation_id, message.properties.message_id, message.headers["n"]) == (b"-1", "c1", "m1", 1)
    wanted = {"mombridge-dead-broker": "shop", "mombridge-dead-source": source, "mombridge-dead-target": source,
              "mombridge-dead-route": "breaks", "mombridge-dead-attempts": "3"}
    assert {name: message.headers.get(name) for name in wanted} == wanted
    assert message.headers["mombridge-dead-reason"]
    life.terminate()
    assert life.totals()["retried"] == 2


def test_a_handler_that_rejects_is_not_tried_again(bridge, rabbit, amqp):
    source, dead = amqp.queue(), amqp.queue()
    life = bridge(configuration(
        route(shop(queue=source), {"handler": "enrich"}), shop=rabbit.url, handlers={"enrich": sample("enrich")},
        failures={"attempts": 5, "dead_letter": shop(target=dead)}))
    amqp.publish(source, b"", correlation_id="c1")
    message = amqp.get(dead)
    assert "empty body" in message.headers["mombridge-dead-reason"]
    assert (message.properties.correlation_id, message.headers["mombridge-dead-attempts"]) == ("c1", "1")
    life.terminate()
    assert "retried" not in life.totals()


def test_a_handler_that_never_answers_costs_its_timeout(bridge, rabbit, amqp):
    source, dead = amqp.queue(), amqp.queue()
    bridge(configuration(
        route(shop(queue=source), {"handler": "silent"}), shop=rabbit.url,
        handlers={"silent": fixture_handler("bad_never_completes", timeout="200ms")},
        failures={"attempts": 2, "backoff": "10ms", "dead_letter": shop(target=dead)}))
    amqp.publish(source, b"x")
    message = amqp.get(dead)
    assert message.headers["mombridge-dead-attempts"] == "2" and "in time" in message.headers["mombridge-dead-reason"]


def kafka_request(client, requests, replies, correlation, partition=None):
    headers = [("kafka_replyTopic", replies.encode()), ("kafka_correlationId", correlation)]
    if partition is not None:
        headers.append(("kafka_replyPartition", struct.pack(">i", partition)))
    client.produce(requests, b"Hi there", headers=headers)


def test_kafka_requests(bridge, kafka, kafka_client):
    requests, replies = kafka_client.topic(), kafka_client.topic(partitions=5)
    bridge(greeter(lake(topic=requests), {"lake": kafka.bootstrap}))
    wanted = {uuid.uuid4().bytes: partition for partition in (3, 1, 4)}
    for correlation, partition in wanted.items():
        kafka_request(kafka_client, requests, replies, correlation, partition)
    free = b"\xff\x00 any bytes \x80" * 30
    kafka_request(kafka_client, requests, replies, free)
    records = kafka_client.consume(replies, 4, timeout=60, settle=0.5)
    assert len(records) == 4 and {record.value() for record in records} == {b"Hi there too"}
    found = {dict(record.headers())["kafka_correlationId"]: record.partition() for record in records}
    assert {correlation: found[correlation] for correlation in wanted} == wanted
    assert free in found
    assert all("kafka_replyTopic" not in dict(record.headers()) for record in records)


def test_a_reply_partition_that_does_not_exist_is_settled(bridge, kafka, kafka_client):
    requests, replies = kafka_client.topic(), kafka_client.topic()
    life = bridge(greeter(lake(topic=requests), {"lake": kafka.bootstrap}))
    kafka_request(kafka_client, requests, replies, b"nowhere", partition=7)
    kafka_request(kafka_client, requests, unique("no-such-topic"), b"nobody")
    kafka_request(kafka_client, requests, replies, b"here", partition=0)
    record = kafka_client.consume(replies, 1, timeout=60)[0]
    assert dict(record.headers())["kafka_correlationId"] == b"here"
    group = life.file.read_text().split("name: ", 1)[1].split("\n", 1)[0]
    eventually(lambda: kafka_client.committed(group, requests) == {0: 3}, 60, "all three settled")


def test_a_transforming_handler_across_brokers(bridge, rabbit, amqp, kafka, kafka_client):
    orders, raw = amqp.queue(), kafka_client.topic()
    enriched, results = kafka_client.topic(), amqp.queue()
    bridge(configuration(
        route(shop(queue=orders), {"handler": "enrich", "reply_to": lake(target=enriched, key="{header.customer}")}),
        route(lake(topic=raw), {"handler": "enrich", "reply_to": shop(target=results)}),
        shop=rabbit.url, lake=kafka.bootstrap, handlers={"enrich": sample("enrich")}))
    amqp.publish(orders, b"tea", headers={"customer": "ada"}, message_id="m1")
    record = kafka_client.consume(enriched, 1)[0]
    assert (record.value(), record.key()) == (b"TEA", b"ada")
    assert dict(record.headers())["enriched-by"] == b"mombridge"
    assert dict(record.headers())["message-id"] == b"m1"

    kafka_client.produce(raw, b"coffee", key=b"k", headers=[("customer", b"bob")])
    message = amqp.get(results, timeout=60)
    assert (message.body, message.headers["customer"], message.headers["enriched-by"]) == (b"COFFEE", "bob", "mombridge")
    assert message.headers["mombridge-key"] == "k"


def test_a_failing_handler_dead_letters_to_kafka_with_springs_headers(bridge, kafka, kafka_client):
    source, dead = kafka_client.topic(), kafka_client.topic()
    bridge(configuration(
        route(lake(topic=source), {"handler": "broken"}), lake=kafka.bootstrap,
        handlers={"broken": fixture_handler("bad_returns_error")},
        failures={"attempts": 2, "backoff": "10ms", "dead_letter": lake(target=dead)}))
    kafka_client.produce(source, b"-1", key=b"k", timestamp=1_700_000_000_123, headers=[("n", b"1")])
    record = kafka_client.consume(dead, 1, timeout=60)[0]
    headers = dict(record.headers())
    assert (record.value(), record.key(), headers["n"]) == (b"-1", b"k", b"1")
    assert headers["kafka_dlt-original-topic"] == source.encode()
    assert headers["kafka_dlt-original-partition"] == struct.pack(">i", 0)
    assert headers["kafka_dlt-original-offset"] == struct.pack(">q", 0)
    assert headers["kafka_dlt-original-timestamp"] == struct.pack(">q", 1_700_000_000_123)
    assert headers["mombridge-dead-attempts"] == b"2"
