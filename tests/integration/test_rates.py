"""Routes with a `rate`: at the real brokers, judged by lower bounds in time alone."""
import json
import time

from configs import configuration, lake, route, shop
from harness import eventually

COUNT = 400
BODIES = [b"%d" % i for i in range(COUNT)]


def test_from_rabbitmq_at_a_rate(bridge, rabbit, amqp, kafka, kafka_client):
    """400 messages at 200 a second: 20 go at once, the last after 1.9 s; the other queue of the same broker is not slowed."""
    source, other, free = amqp.queue(), amqp.queue(), amqp.queue()
    sink = kafka_client.topic()
    amqp.publish_all(source, iter(BODIES))
    begin = time.monotonic()
    life = bridge(configuration(
        route(shop(queue=source), lake(target=sink, key="one"), rate="200/s"),
        route(shop(queue=other), shop(target=free)), shop=rabbit.url, lake=kafka.bootstrap))
    amqp.publish(other, b"at once")
    assert amqp.get(free).body == b"at once"
    records = kafka_client.consume(sink, COUNT, timeout=60)
    assert time.monotonic() - begin >= 1.9
    assert [r.value() for r in records] == BODIES
    life.terminate()
    assert amqp.depth(source) == 0


def test_from_kafka_at_a_rate_to_two_destinations(bridge, rabbit, amqp, kafka, kafka_client):
    source = kafka_client.topic()
    first, second = amqp.queue(), amqp.queue()
    kafka_client.produce_all(source, [{"value": body} for body in BODIES])
    begin = time.monotonic()
    bridge(configuration(route(lake(topic=source), shop(target=first), shop(target=second), rate="200/s"),
                         shop=rabbit.url, lake=kafka.bootstrap))
    for sink in (first, second):
        assert [m.body for m in amqp.consume(sink, COUNT, timeout=60)] == BODIES
    assert time.monotonic() - begin >= 1.9


def test_a_stop_does_not_wait_for_the_rate(bridge, rabbit, amqp, kafka, kafka_client):
    """What waits goes back, and comes once after the restart; the prefetch bounds what waits."""
    source, sink, topic = amqp.queue(), amqp.queue(), kafka_client.topic()
    amqp.publish_all(source, iter(BODIES))
    kafka_client.produce_all(topic, [{"value": body} for body in BODIES])
    slow = configuration(route(shop(queue=source), shop(target=sink), rate="10/s"), route(lake(topic=topic), shop(target=sink), rate="10/s"),
                         shop={"type": "amqp", "url": rabbit.url, "prefetch_count": 50}, lake=kafka.bootstrap, shutdown_timeout="10m")
    life = bridge(slow)
    eventually(lambda: amqp.depth(sink) >= 2, what="some messages")
    # In this order, because what goes through in between counts for the bridge.
    assert amqp.depth(source) >= COUNT - 50 - amqp.depth(sink)

    def rates():
        return [(route["rate"], route["limited"]) for route in json.loads(life.command("status", "--json").stdout)["routes"]]
    eventually(lambda: rates() == 2 * [("10/s", True)], what="the rates in the status")
    assert life.command("status").stdout.count("10/s, limits now") == 2
    life.terminate()
    through = amqp.depth(sink)
    assert through < COUNT, "400 at 10 a second take 40 s"
    fast = {**slow, "routes": [{**r, "rate": "100000/s"} for r in slow["routes"]]}
    bridge(fast)
    all_bodies = [m.body for m in amqp.consume(sink, 2 * COUNT, timeout=60, settle=0.5)]
    assert sorted(all_bodies) == sorted(2 * BODIES), "nothing is lost, nothing comes twice"
