"""What the bridge says of a Kafka that it reaches but that does not let it work, or that only seems to be away."""
import threading

import brokers
import confluent_kafka
import pytest
from configs import configuration, kafka as lake_section, lake, route, shop
from conftest import private
from harness import KafkaClient, eventually, unique


@pytest.fixture(scope="module")
def strict_groups():
    """A Kafka with short sessions, groups of one member, and no patience with idle connections."""
    conf = "group.max.session.timeout.ms=6000\ngroup.max.size=1\nconnections.max.idle.ms=2000"
    with private(lambda: brokers.Kafka(conf=conf)) as node:
        yield node


@pytest.fixture
def other_member(kafka):
    """other_member(group, topic): a member of that group with a strategy that the bridge does not have, until it is called."""
    ends = []

    def join(group, topic):
        consumer = confluent_kafka.Consumer({"bootstrap.servers": kafka.bootstrap, "group.id": group, "log_level": 0,
                                             "enable.auto.commit": False,
                                             "partition.assignment.strategy": "cooperative-sticky"})
        consumer.subscribe([topic])
        stop = threading.Event()

        def poll():
            while not stop.is_set():
                consumer.poll(0.1)
            consumer.close()

        thread = threading.Thread(target=poll)
        thread.start()

        def leave():
            stop.set()
            thread.join()

        ends.append(leave)
        eventually(consumer.assignment, what="an assignment")
        return leave

    yield join
    for leave in ends:
        leave()


def test_a_group_of_another_strategy(bridge, rabbit, amqp, kafka, kafka_client, other_member):
    sink, topic, group = amqp.queue(), kafka_client.topic(), unique("group")
    leave = other_member(group, topic)
    life = bridge(configuration(route(lake(topic=topic), shop(target=sink)), shop=rabbit.url,
                                lake=lake_section(kafka.bootstrap, group_id=group)))
    life.wait_log(f"the group fails.*{group}.*partition.assignment.strategy.*INCONSISTENT_GROUP_PROTOCOL", timeout=60)
    kafka_client.produce(topic, b"waits")
    leave()
    assert amqp.get(sink, timeout=60).body == b"waits"
    life.wait_log("the group works again")


def to_rabbit(strict_groups, rabbit, sink, topic, group, session):
    return configuration(route(lake(topic=topic), shop(target=sink)), shop=rabbit.url,
                         lake=lake_section(strict_groups.bootstrap, group_id=group,
                                           librdkafka={"session.timeout.ms": session, "heartbeat.interval.ms": 1000}))


def test_a_session_that_the_broker_does_not_allow(bridge, rabbit, amqp, strict_groups):
    client = KafkaClient(strict_groups.bootstrap)
    life = bridge(to_rabbit(strict_groups, rabbit, amqp.queue(), client.topic(), unique("group"), 10000))
    life.wait_log("the group fails.*group.max.session.timeout.ms.*INVALID_SESSION_TIMEOUT", timeout=60)
    client.close()


def test_a_group_that_is_full(bridge, rabbit, amqp, strict_groups):
    client = KafkaClient(strict_groups.bootstrap)
    sink, topic, group = amqp.queue(), client.topic(), unique("group")
    first = bridge(to_rabbit(strict_groups, rabbit, sink, topic, group, 6000))
    client.produce(topic, b"one")
    assert amqp.get(sink, timeout=60).body == b"one"
    second = bridge(to_rabbit(strict_groups, rabbit, sink, topic, group, 6000))
    second.wait_log("the group fails.*group.max.size.*GROUP_MAX_SIZE_REACHED", timeout=60)
    first.terminate()
    client.produce(topic, b"two")
    assert amqp.get(sink, timeout=60).body == b"two"
    client.close()


def test_an_idle_connection_that_the_broker_closes(bridge, rabbit, amqp, strict_groups):
    """It looks like an outage to the client: all its connections are gone."""
    client = KafkaClient(strict_groups.bootstrap)
    source, topic = amqp.queue(), client.topic()
    life = bridge(configuration(route(shop(queue=source), lake(target=topic)), shop=rabbit.url, log={"level": "debug"},
                                lake=lake_section(strict_groups.bootstrap, reconnect_delay="100ms")))
    amqp.publish(source, b"one")
    client.consume(topic, 1)
    life.wait_log("the cluster closed an idle connection", timeout=60)
    amqp.publish(source, b"two")
    assert len(client.consume(topic, 2)) == 2
    assert "connection lost" not in life.read_log()
    client.close()
