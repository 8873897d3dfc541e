"""The smallest configuration that the documentation shows, as it stands: only its addresses are replaced."""
import pathlib

import confluent_kafka
import pytest
from harness import Amqp, eventually, unique

SMALLEST = pathlib.Path(__file__).resolve().parents[2] / "config/smallest.yaml"


@pytest.fixture
def own_vhost(rabbit):
    """The file's queue is called `orders`, which in a vhost of one's own is nobody else's."""
    vhost = unique("smallest")
    rabbit.ctl("add_vhost", vhost)
    rabbit.ctl("set_permissions", "-p", vhost, "guest", ".*", ".*", ".*")
    client = Amqp(rabbit.url + vhost)
    yield client, rabbit.url + vhost
    client.close()
    rabbit.ctl("delete_vhost", vhost)


def orders(client):
    try:
        return client.topic("orders")
    except confluent_kafka.KafkaException:
        return "orders"  # an earlier run's, on a Kafka that outlived it


def values(client, topic):
    count = sum(client.end_offsets(topic).values())
    return [record.value() for record in client.consume(topic, count)] if count else []


def test_the_smallest_configuration(bridge, own_vhost, kafka, kafka_client):
    text = SMALLEST.read_text()
    assert len([line for line in text.splitlines() if not line.startswith("#")]) <= 6
    client, url = own_vhost
    client.queue("orders")
    topic = orders(kafka_client)
    life = bridge(text.replace("amqp://localhost", url).replace("localhost:9092", kafka.bootstrap))
    mark = unique("mark").encode()
    client.publish("orders", mark)
    eventually(lambda: mark in values(kafka_client, topic), 60, "the order in the topic")
    life.terminate()
    assert client.depth("orders") == 0
