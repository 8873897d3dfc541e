"""Messages that a destination does not take: what is refused is tried again and dead-lettered, what is away waits."""
import random

import brokers
import confluent_kafka
import pytest
from configs import configuration, lake, route, shop
from conftest import private
from harness import UNDRAINED, KafkaClient, eventually, unique


def failing(source, to, dead=None, attempts=3, **brokers):
    """One route whose messages fail, tried quickly."""
    failures = {"attempts": attempts, "backoff": "10ms..200ms"}
    if dead:
        failures["dead_letter"] = dead
    return configuration(route(source, to, name="fails"), failures=failures, **brokers)


def assert_dead(message, source, reason, attempts="3"):
    headers = message.headers
    found = (headers["mombridge-dead-source"], headers["mombridge-dead-route"], headers["mombridge-dead-attempts"])
    assert found == (source, "fails", attempts)
    assert reason in headers["mombridge-dead-reason"]


def test_unroutable(bridge, rabbit, amqp):
    source, dead, nobody = amqp.queue(), amqp.queue(), unique("nobody")
    life = bridge(failing(shop(queue=source), shop(target=nobody), shop(target=dead), shop=rabbit.url))
    for i in range(5):
        amqp.publish(source, b"same body", message_id="m", correlation_id="c")
    for message in amqp.consume(dead, 5, settle=0.5):
        assert_dead(message, source, "312")
        assert nobody in message.headers["mombridge-dead-reason"]
        assert (message.body, message.properties.message_id, message.properties.correlation_id) == (b"same body", "m", "c")
    life.terminate()
    assert life.totals()["dead_lettered"] == 5 and "delivered" not in life.totals()


def test_unroutable_that_nobody_has_to_listen_to(bridge, rabbit, amqp):
    source, sink = amqp.queue(), amqp.queue()
    life = bridge(configuration(route(shop(queue=source), shop(target=unique("nobody"), mandatory=False), shop(target=sink)),
                                shop=rabbit.url))
    amqp.publish(source, b"event")
    amqp.get(sink)
    life.terminate()
    assert life.totals()["delivered"] == 2 and amqp.depth(source) == 0


def test_a_returned_message_among_others(bridge, rabbit, amqp):
    """A return names no message: those around it must not be taken for it."""
    source, sink, dead = amqp.queue(), amqp.queue(), amqp.queue()
    bridge(failing(shop(queue=source), shop(target="{header.to}", allow=["*"]), shop(target=dead), shop=rabbit.url))
    for i in range(200):
        amqp.publish(source, b"%d" % i, headers={"to": unique("nobody") if i % 10 == 5 else sink})
    assert {int(m.body) for m in amqp.consume(dead, 20, settle=0.5)} == set(range(5, 200, 10))
    assert [int(m.body) for m in amqp.consume(sink, 180, settle=0.5)] == [i for i in range(200) if i % 10 != 5]


def test_a_full_queue_is_no_attempt(bridge, rabbit, amqp):
    source, dead = amqp.queue(), amqp.queue()
    full = amqp.queue(arguments={"x-max-length": 3, "x-overflow": "reject-publish"})
    life = bridge(failing(shop(queue=source), shop(target=full), shop(target=dead), shop=rabbit.url))
    for i in range(10):
        amqp.publish(source, b"%d" % i)
    life.wait_log("destination away.*nacked")
    taken = []
    while len(taken) < 10:
        taken.append(int(amqp.get(full, timeout=60).body))
    assert sorted(taken) == list(range(10))
    assert amqp.depth(dead) == 0
    life.terminate()
    assert amqp.depth(source) == 0 and "dead_lettered" not in life.totals() and "retried" not in life.totals()


def test_a_dead_letter_does_not_expire(bridge, rabbit, amqp):
    source, dead = amqp.queue(), amqp.queue()
    bridge(failing(shop(queue=source), shop(target=unique("nobody")), shop(target=dead), shop=rabbit.url))
    amqp.publish(source, b"x", expiration="60000")
    message = amqp.get(dead)
    assert_dead(message, source, "312")
    assert message.properties.expiration is None and message.headers["mombridge-dead-expiration"] == "60000"


def test_a_missing_exchange(bridge, rabbit, amqp):
    source, dead, exchange = amqp.queue(), amqp.queue(), unique("no-exchange")
    bridge(failing(shop(queue=source), shop(exchange=exchange, target="x"), shop(target=dead), shop=rabbit.url))
    amqp.publish(source, b"x")
    message = amqp.get(dead)
    assert_dead(message, source, "404")
    assert exchange in message.headers["mombridge-dead-reason"]


def test_a_missing_exchange_does_not_hurt_the_neighbours(bridge, rabbit, amqp):
    source, other, dead, sink, exchange = amqp.queue(), amqp.queue(), amqp.queue(), amqp.queue(), unique("no-exchange")
    bridge(configuration(
        route(shop(queue=source), shop(exchange=exchange, target="x")), route(shop(queue=other), shop(target=sink)), shop=rabbit.url,
        failures={"attempts": 3, "backoff": "10ms", "dead_letter": shop(target=dead)}))
    for i in range(50):
        amqp.publish(source, b"lost")
        amqp.publish(other, b"%d" % i)
    assert [int(m.body) for m in amqp.consume(sink, 50, settle=0.5)] == list(range(50))
    assert len(amqp.consume(dead, 50, settle=0.5)) == 50


def test_an_exchange_that_is_deleted_and_comes_back(bridge, rabbit, amqp):
    source, sink, exchange = amqp.queue(), amqp.queue(), unique("exchange")
    life = bridge(failing(shop(queue=source), shop(exchange=exchange, target="x"), attempts=1, shop=rabbit.url))
    amqp.channel.exchange_declare(exchange, "topic")
    amqp.bind(sink, exchange, "#")
    amqp.publish(source, b"before")
    assert amqp.get(sink).body == b"before"
    amqp.channel.exchange_delete(exchange)
    amqp.publish(source, b"meanwhile")
    life.wait_log("message held.*404")
    amqp.channel.exchange_declare(exchange, "topic")
    amqp.bind(sink, exchange, "#")
    assert amqp.get(sink, timeout=60).body == b"meanwhile"
    amqp.channel.exchange_delete(exchange)


def test_without_a_dead_letter_a_message_is_held_until_it_can_go(bridge, rabbit, amqp):
    source, sink = amqp.queue(), unique("late")
    life = bridge(failing(shop(queue=source), shop(target=sink), attempts=2, shop=rabbit.url))
    amqp.publish(source, b"waits")
    life.wait_log("message held.*no dead_letter")
    amqp.queue(sink)
    assert amqp.get(sink, timeout=60).body == b"waits"
    life.terminate()
    assert amqp.depth(source) == 0


def test_a_held_message_survives_the_bridge(bridge, rabbit, amqp):
    source, sink = amqp.queue(), unique("late")
    config = failing(shop(queue=source), shop(target=sink), attempts=1, shop=rabbit.url)
    life = bridge({**config, "shutdown_timeout": "500ms"})
    amqp.publish(source, b"waits")
    life.wait_log("message held")
    life.terminate(UNDRAINED)
    eventually(lambda: amqp.depth(source) == 1, what="the message back in its queue")
    amqp.queue(sink)
    life.start()
    assert amqp.get(sink).body == b"waits"


def test_a_dead_letter_is_held_while_its_queue_is_missing(bridge, rabbit, amqp):
    source, dead = amqp.queue(), unique("dead")
    life = bridge(failing(shop(queue=source), shop(target=unique("nobody")), shop(target=dead), shop=rabbit.url))
    amqp.publish(source, b"x")
    life.wait_log("message held.*dead letter refused")
    amqp.queue(dead)
    assert_dead(amqp.get(dead, timeout=60), source, "312")
    life.terminate()
    assert amqp.depth(source) == 0 and amqp.depth(dead) == 0


def test_rejected_to_the_queues_own_dead_letter_exchange(bridge, rabbit, amqp):
    dead = amqp.queue()
    source = amqp.queue(arguments={"x-dead-letter-exchange": "", "x-dead-letter-routing-key": dead})
    config = failing(shop(queue=source), shop(target=unique("nobody")), shop=rabbit.url)
    config["failures"]["on_exhausted"] = "reject"
    bridge(config)
    amqp.publish(source, b"x")
    message = amqp.get(dead)
    assert message.headers["x-death"][0]["reason"] == "rejected"


def test_each_branch_of_a_fan_out_fails_alone(bridge, rabbit, amqp):
    source, sink, dead = amqp.queue(), amqp.queue(), amqp.queue()
    bridge(configuration(
        route(shop(queue=source), shop(target=unique("nobody")), shop(target=sink), name="fails"), shop=rabbit.url,
        failures={"attempts": 3, "backoff": "10ms", "dead_letter": shop(target=dead)}))
    amqp.publish(source, b"x")
    assert_dead(amqp.get(dead), source, "312")
    assert len(amqp.consume(sink, 1, settle=0.5)) == 1


def test_a_loop_through_two_bridges_ends(bridge, rabbit, amqp):
    there, back, dead = amqp.queue(), amqp.queue(), amqp.queue()
    failures = {"attempts": 1, "dead_letter": shop(target=dead)}
    bridge(configuration(route(shop(queue=there), shop(target=back)), shop=rabbit.url, failures=failures))
    bridge(configuration(route(shop(queue=back), shop(target=there)), shop=rabbit.url, failures=failures))
    amqp.publish(there, b"round and round")
    assert "loop" in amqp.get(dead).headers["mombridge-dead-reason"]
    assert amqp.empty(there) and amqp.empty(back)


@pytest.mark.parametrize("size", [0, 1, 131064, 131065, 3_000_000])
def test_bodies_of_every_size(bridge, rabbit, amqp, size):
    source, sink = amqp.queue(), amqp.queue()
    bridge(configuration(route(shop(queue=source), shop(target=sink)), shop=rabbit.url))
    body = bytes(i % 251 for i in range(size))
    amqp.publish(source, body)
    assert amqp.get(sink).body == body


def test_too_large_for_amqp(bridge, rabbit, amqp):
    """max_message_size stands for the broker's own limit, which here is 128 MiB."""
    source, dead, sink = amqp.queue(), amqp.queue(), amqp.queue()
    config = failing(shop(queue=source), {"broker": "small", "target": sink}, shop(target=dead), shop=rabbit.url)
    config["brokers"]["small"] = {"type": "amqp", "url": rabbit.url, "max_message_size": "1KB"}
    bridge(config)
    amqp.publish(source, b"x" * 1001)
    amqp.publish(source, b"x" * 1000)
    assert_dead(amqp.get(dead), source, "1001 bytes", attempts="1")
    assert len(amqp.get(sink).body) == 1000


def test_too_large_for_kafka(bridge, rabbit, amqp, kafka, kafka_client):
    """Beyond the topic's limit, however large it is; what no compression makes smaller."""
    source, dead, topic = amqp.queue(), amqp.queue(), kafka_client.topic(config={"max.message.bytes": "20000"})
    bridge(failing(shop(queue=source), lake(target=topic), shop(target=dead), shop=rabbit.url, lake=kafka.bootstrap))
    for body in (random.randbytes(2_000_000), random.randbytes(30_000), b"small"):
        amqp.publish(source, body)
    assert [record.value() for record in kafka_client.consume(topic, 1, settle=0.5)] == [b"small"]
    messages = amqp.consume(dead, 2)
    assert sorted(len(message.body) for message in messages) == [30_000, 2_000_000]
    for message in messages:
        assert_dead(message, source, "too large for the broker", attempts="1")
        assert "max.message.bytes" in message.headers["mombridge-dead-reason"]


def test_the_clients_own_limit_says_that_it_is_the_clients(bridge, rabbit, amqp, kafka, kafka_client):
    source, dead, topic = amqp.queue(), amqp.queue(), kafka_client.topic()
    config = failing(shop(queue=source), lake(target=topic), shop(target=dead), shop=rabbit.url, lake=kafka.bootstrap)
    config["brokers"]["lake"]["librdkafka"] = {"message.max.bytes": 2000, "compression.type": "zstd"}
    bridge(config)
    amqp.publish(source, b"a" * 3000)
    message = amqp.get(dead)
    assert_dead(message, source, "too large for the client", attempts="1")
    assert "before it compresses" in message.headers["mombridge-dead-reason"]


def test_what_its_producer_compressed_comes_out_again(bridge, kafka, kafka_client):
    """A record of 3 MiB in a topic of 1 MB; the bridge itself compresses nothing."""
    source, sink = kafka_client.topic(), kafka_client.topic()
    life = bridge(configuration(route(lake(topic=source), lake(target=sink)), lake=kafka.bootstrap))
    body = b"compressible " * 250_000
    producer = confluent_kafka.Producer({"bootstrap.servers": kafka.bootstrap, "compression.type": "gzip", "message.max.bytes": 10_000_000})
    producer.produce(source, body)
    assert producer.flush(30) == 0
    kafka_client.produce(source, b"behind it")
    assert {record.value() for record in kafka_client.consume(sink, 2)} == {body, b"behind it"}
    life.terminate()
    assert life.totals()["records_sent_compressed"] == 1


@pytest.mark.parametrize("spare", [500, 60, 5])
def test_a_dead_letter_fits_where_its_message_did(bridge, kafka, kafka_client, spare):
    """What the dead letter says beside the message must not be what makes it too large."""
    limit, overhead = 50_000, 75  # the batch's and the record's own bytes
    config = {"max.message.bytes": str(limit)}
    source, tiny, dead = kafka_client.topic(config=config), kafka_client.topic(config={"max.message.bytes": "1000"}), kafka_client.topic(config=config)
    life = bridge(failing(lake(topic=source), lake(target=tiny), lake(target=dead), lake=kafka.bootstrap))
    body = random.randbytes(limit - overhead - spare)
    kafka_client.produce(source, body)
    kafka_client.produce(source, b"small")
    assert kafka_client.consume(dead, 1)[0].value() == body
    assert kafka_client.consume(tiny, 1)[0].value() == b"small"
    life.terminate()
    assert life.totals()["dead_letters_reduced"] == 1 and "held" not in life.totals()


def test_a_dead_letter_fits_a_frame_of_headers(bridge, rabbit, amqp):
    """Headers that fill their frame to the last byte leave no room for the bridge's."""
    source, dead = amqp.queue(), amqp.queue()
    life = bridge(failing(shop(queue=source), shop(target=unique("nobody")), shop(target=dead), shop=rabbit.url))
    for size in (131_000, 130_500, 1000):
        amqp.publish(source, b"%d" % size, headers={"large": "x" * size})
    messages = amqp.consume(dead, 3, settle=0.5)
    assert {int(m.body) for m in messages} == {131_000, 130_500, 1000}
    assert all(len(m.headers["large"]) == int(m.body) for m in messages)
    life.terminate()
    assert "held" not in life.totals()


def test_a_key_that_amqp_cannot_carry_does_not_hold_its_dead_letter(bridge, rabbit, amqp, kafka, kafka_client):
    """On AMQP the key is a header, and all headers must fit one frame."""
    source, dead = kafka_client.topic(), amqp.queue()
    bridge(failing(lake(topic=source), shop(target=dead), shop(target=dead), shop=rabbit.url, lake=kafka.bootstrap))
    kafka_client.produce(source, b"keyed", key=b"k" * 200_000)
    message = amqp.get(dead)
    assert message.body == b"keyed"
    assert "do not fit a frame" in message.headers["mombridge-dead-reason"]
    assert message.headers["mombridge-dead-left-out"] == "the message's headers"


def test_a_compacted_topic_needs_keys(bridge, rabbit, amqp, kafka, kafka_client):
    source, dead, topic = amqp.queue(), amqp.queue(), kafka_client.topic(config={"cleanup.policy": "compact"})
    bridge(failing(shop(queue=source), lake(target=topic), shop(target=dead), shop=rabbit.url, lake=kafka.bootstrap))
    amqp.publish(source, b"keyless")
    assert_dead(amqp.get(dead), source, "has no key", attempts="1")


def test_topics_that_collide(bridge, rabbit, amqp, kafka, kafka_client):
    """Kafka takes no two topics that differ only in dots and underscores."""
    source, dead, topic = amqp.queue(), amqp.queue(), kafka_client.topic(unique("a.b"))
    bridge(failing(shop(queue=source), lake(target=topic.replace(".", "_")), shop(target=dead), shop=rabbit.url, lake=kafka.bootstrap))
    amqp.publish(source, b"x")
    assert_dead(amqp.get(dead, timeout=60), source, f"topic {topic} exists", attempts="1")


@pytest.fixture(scope="module")
def strict_kafka():
    """A Kafka that does not make topics by itself."""
    with private(lambda: brokers.Kafka(conf="auto.create.topics.enable=false")) as node:
        yield node


def test_a_missing_topic(bridge, rabbit, amqp, strict_kafka):
    source, dead, topic = amqp.queue(), amqp.queue(), unique("no-topic")
    bridge(failing(shop(queue=source), lake(target=topic), shop(target=dead), shop=rabbit.url, lake=strict_kafka.bootstrap))
    amqp.publish(source, b"x")
    assert_dead(amqp.get(dead, timeout=60), source, "opic")


def test_a_topic_that_comes_late(bridge, rabbit, amqp, strict_kafka):
    source, topic = amqp.queue(), unique("late-topic")
    life = bridge(failing(shop(queue=source), lake(target=topic), shop=rabbit.url, lake=strict_kafka.bootstrap))
    amqp.publish(source, b"waits")
    life.wait_log("message held.*opic", timeout=60)
    client = KafkaClient(strict_kafka.bootstrap)
    client.topic(topic)
    assert client.consume(topic, 1, timeout=60)[0].value() == b"waits"
    client.close()


@pytest.mark.parametrize("away", ["rabbit", "kafka"])
def test_a_destination_that_is_away_is_no_attempt(bridge, rabbit, amqp, kafka, kafka_client, away):
    """Nobody listens at the address; a counted attempt would be exhausted after 20 ms."""
    nowhere = {"rabbit": {"type": "amqp", "url": "amqp://127.0.0.1:1/", "reconnect_delay": "50ms"},
               "kafka": {"type": "kafka", "bootstrap_servers": "127.0.0.1:1"}}[away]
    source, dead = amqp.queue(), amqp.queue()
    config = failing(shop(queue=source), {"broker": "nowhere", "target": "x"}, shop(target=dead), attempts=2, shop=rabbit.url)
    config["brokers"]["nowhere"] = nowhere
    config["shutdown_timeout"] = "500ms"
    life = bridge(config)
    amqp.publish(source, b"x")
    eventually(lambda: amqp.depth(source) == 0, what="the message taken")
    assert amqp.empty(dead, quiet=3)
    life.terminate(UNDRAINED)
    eventually(lambda: amqp.depth(source) == 1, what="the message back")
    assert amqp.depth(dead) == 0
