"""The memory of the whole process: bounded whatever comes in, shared fairly, and shown."""
import json
import os
import pathlib
import time

import confluent_kafka
import pytest
from configs import configuration, lake, route, shop
from harness import eventually
from test_away import Door

MIB = 1 << 20
BASE = 48 * MIB  # the program, its libraries, threads and connections, and what the allocator keeps for a while
SANITIZED = "MOMBRIDGE_SANITIZER" in os.environ


def peak_rss(life):
    for line in pathlib.Path(f"/proc/{life.pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no VmHWM")


def fill(kafka, topic, partitions, count, size):
    producer = confluent_kafka.Producer({"bootstrap.servers": kafka.bootstrap, "linger.ms": 20, "queue.buffering.max.messages": 1_000_000})
    body = os.urandom(size)
    for i in range(count):
        producer.produce(topic, body, partition=i % partitions)
        if i % 1000 == 0:
            producer.poll(0)
    assert not producer.flush(60)


def memory_of(life):
    status = json.loads(life.command("status", "--json").stdout)
    return status["memory"], {s["subscription"]: s["in_flight_bytes"] for s in status["subscriptions"]}


def in_flight_at_rest(life):
    """What is in flight once no more is read."""
    last, since = None, time.monotonic()

    def rests():
        nonlocal last, since
        now = memory_of(life)[0]["in_flight_bytes"]
        if now != last or not now:
            last, since = now, time.monotonic()
        return time.monotonic() - since > 1.5  # the client looks for room every second
    eventually(rests, 60, "a source that no longer reads")
    return last


@pytest.mark.parametrize("partitions", [1, 64])
def test_a_stopped_destination_costs_no_more_than_the_budget(bridge, rabbit, amqp, kafka, kafka_client, partitions):
    """Twice the budget comes in, with what each record takes beside its bytes five times; librdkafka would fetch 4 MiB ahead for
    each partition."""
    count, size, budget = 32_000, 1000, 16 * MIB
    topic, sink = kafka_client.topic(partitions=partitions), amqp.queue()
    fill(kafka, topic, partitions, count, size)
    door = Door(int(rabbit.url.rsplit(":", 1)[1].rstrip("/")))
    config = configuration(route(lake(topic=topic), shop(target=sink)), lake=kafka.bootstrap, memory="16MiB",
                           shop=f"amqp://guest:guest@127.0.0.1:{door.port}/")
    config["brokers"]["lake"]["prefetch_count"] = 1_000_000
    config["brokers"]["shop"] |= {"reconnect_delay": "200ms", "reconnect_delay_max": "500ms"}
    life = bridge(config)
    in_flight = in_flight_at_rest(life)
    memory, by = memory_of(life)
    assert memory["budget_bytes"] == budget
    assert budget / 4 < in_flight <= budget, in_flight
    assert by[topic] == in_flight
    assert memory["reserved_bytes"] <= budget / 2
    if not SANITIZED:
        assert peak_rss(life) <= budget + BASE, f"{peak_rss(life) / MIB:.0f} MiB"
    door.open()
    eventually(lambda: amqp.depth(sink) >= count, 120, f"{count} messages")
    assert amqp.depth(sink) == count, "each once"
    eventually(lambda: memory_of(life)[0]["in_flight_bytes"] == 0, what="nothing in flight")
    if not SANITIZED:
        assert peak_rss(life) <= budget + BASE, f"{peak_rss(life) / MIB:.0f} MiB"


def test_a_greedy_subscription_does_not_starve_the_others(bridge, rabbit, amqp, kafka, kafka_client):
    """One destination is away for good, and its source has more than the budget. The other route goes on."""
    greedy, modest, sink = kafka_client.topic(partitions=8), amqp.queue(), amqp.queue()
    fill(kafka, greedy, 8, 32_000, 1000)
    door = Door(1)
    config = configuration(route(lake(topic=greedy), {"broker": "far", "target": sink}), route(shop(queue=modest), shop(target=sink)),
                           shop=rabbit.url, lake=kafka.bootstrap, memory="16MiB")
    config["brokers"]["far"] = {"type": "amqp", "url": f"amqp://guest:guest@127.0.0.1:{door.port}/"}
    config["brokers"]["lake"]["prefetch_count"] = 1_000_000
    life = bridge(config)
    in_flight_at_rest(life)
    amqp.publish_all(modest, [b"x" * 10_000] * 500)
    eventually(lambda: amqp.depth(sink) >= 500, 60, "what goes elsewhere")
    life.kill()  # a drain would wait for what has no destination


def test_a_reload_changes_it(bridge, rabbit, amqp, kafka, kafka_client):
    topic, sink = kafka_client.topic(partitions=8), amqp.queue()
    fill(kafka, topic, 8, 32_000, 1000)
    door = Door(1)
    config = configuration(route(lake(topic=topic), shop(target=sink)), lake=kafka.bootstrap, memory="16MiB",
                           shop=f"amqp://guest:guest@127.0.0.1:{door.port}/")
    config["brokers"]["lake"]["prefetch_count"] = 1_000_000
    life = bridge(config)
    before = in_flight_at_rest(life)
    config["memory"] = "64MiB"
    life.configure(config)
    done = life.command("reload")
    assert done.returncode == 0 and "restart" not in done.stdout + done.stderr, done.stdout + done.stderr
    eventually(lambda: memory_of(life)[0]["in_flight_bytes"] > 1.5 * before, 30, "more in flight")
    assert memory_of(life)[0]["budget_bytes"] == 64 * MIB
    life.kill()  # a drain would wait for what has no destination
