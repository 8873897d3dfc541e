"""Brokers that go and come back, in the middle of traffic. The tests have a pair of brokers of their own."""
import brokers
import pytest
from configs import amqp as amqp_section
from configs import configuration, route, shop
from conftest import private
from harness import Amqp, KafkaClient, eventually, unique
from traffic import Crossing, QueueEnd, TopicEnd, finish


@pytest.fixture(scope="module")
def own_rabbit():
    with private(brokers.Rabbit) as node:
        yield node


@pytest.fixture(scope="module")
def own_kafka():
    with private(brokers.Kafka) as node:
        yield node


@pytest.fixture
def clients(own_rabbit, own_kafka):
    """Plain clients by the kind of end; they survive their broker."""
    found = {QueueEnd: Amqp(own_rabbit.url), TopicEnd: KafkaClient(own_kafka.bootstrap)}
    yield found
    for client in found.values():
        client.close()


DIRECTIONS = {"amqp-amqp": (QueueEnd, QueueEnd), "amqp-kafka": (QueueEnd, TopicEnd), "kafka-amqp": (TopicEnd, QueueEnd),
              "kafka-kafka": (TopicEnd, TopicEnd)}


class Traffic:
    """One bridge, several crossings, each half sent before the disturbance and half after it."""

    def __init__(self, bridge, clients, own_rabbit, own_kafka, directions, count=10_000):
        self.crossings = [Crossing(*(end(clients[end]) for end in DIRECTIONS[name])) for name in directions]
        self.half = count // 2
        addresses = dict(shop=own_rabbit.url)
        if any("kafka" in name for name in directions):
            addresses["lake"] = own_kafka.bootstrap
        config = configuration(*(crossing.route for crossing in self.crossings), **addresses)
        for crossing in self.crossings:
            crossing.config = config  # the group by which progress is seen
            crossing.send(self.half)
        self.life = bridge(config)
        for crossing in self.crossings:
            crossing.wait_arrived(500)

    def finish(self):
        for crossing in self.crossings:
            crossing.send(self.half)
        finish(self.life, *self.crossings)
        for crossing in self.crossings:
            crossing.check()


def test_a_rabbitmq_that_is_killed_and_comes_back(bridge, clients, own_rabbit, own_kafka):
    traffic = Traffic(bridge, clients, own_rabbit, own_kafka, ["amqp-amqp", "amqp-kafka", "kafka-amqp"])
    own_rabbit.kill()
    own_rabbit.start()
    clients[QueueEnd].reconnect()
    traffic.finish()


def test_a_kafka_that_is_killed_and_comes_back(bridge, clients, own_rabbit, own_kafka):
    traffic = Traffic(bridge, clients, own_rabbit, own_kafka, ["amqp-kafka", "kafka-amqp", "kafka-kafka"])
    own_kafka.kill()
    own_kafka.start()
    traffic.finish()


def test_both_are_down_at_the_start(bridge, clients, own_rabbit, own_kafka):
    there = Crossing(QueueEnd(clients[QueueEnd]), TopicEnd(clients[TopicEnd]), shop=own_rabbit.url, lake=own_kafka.bootstrap)
    back = Crossing(TopicEnd(clients[TopicEnd]), QueueEnd(clients[QueueEnd]))
    there.config["routes"].append(back.route)
    back.config = there.config
    for crossing in (there, back):
        crossing.send(100)
    own_rabbit.shutdown()
    own_kafka.shutdown()
    life = bridge(there.config)
    life.wait_log("(?i)refused")
    own_kafka.launch()
    own_rabbit.start()
    own_kafka.wait_ready()
    clients[QueueEnd].reconnect()
    finish(life, there, back)
    for crossing in (there, back):
        crossing.check()


def test_the_second_url_is_tried(bridge, clients, own_rabbit):
    client = clients[QueueEnd]
    source, sink = QueueEnd(client), QueueEnd(client)
    bridge(configuration(route(source.source, sink.target), shop=amqp_section(["amqp://127.0.0.1:1/", own_rabbit.url])))
    source.fill(range(10))
    eventually(lambda: sink.count() == 10, 60, "what passed through the second")


def test_a_forced_close_is_survived(bridge, clients, own_rabbit):
    crossing = Crossing(QueueEnd(clients[QueueEnd]), QueueEnd(clients[QueueEnd]), shop=own_rabbit.url)
    crossing.send(10_000)
    life = bridge(crossing.config)
    crossing.wait_arrived(500)
    own_rabbit.ctl("close_all_connections", "--vhost", "/", "maintenance")
    clients[QueueEnd].reconnect()
    life.wait_log("maintenance")
    crossing.send(1000)
    finish(life, crossing)
    crossing.check()


def test_rabbitmq_shows_the_application(bridge, clients, own_rabbit):
    client, name = clients[QueueEnd], unique("till")
    source, sink = QueueEnd(client), QueueEnd(client)
    bridge(configuration(route(source.source, sink.target), shop=amqp_section(own_rabbit.url, appname=name)))
    source.fill(range(1))
    eventually(lambda: sink.count() == 1)
    shown = own_rabbit.ctl("list_connections", "client_properties")
    ours = [line for line in shown.splitlines() if name in line]
    assert len(ours) == 2, shown  # one that consumes, one that publishes
    assert all('{"product","mombridge"}' in line.replace(" ", "") for line in ours), ours
