"""The brokers and the plain clients that all other tests stand on, without the daemon."""
import os
import pathlib
import signal
import subprocess
import sys
import time

import brokers
import pika
import pytest
from harness import Amqp, KafkaClient, eventually, unique


def test_amqp_client(amqp):
    queue = amqp.queue()
    amqp.publish(queue, b"one", message_id="m1", headers={"n": 1, "list": ["a", 2]}, content_type="text/plain")
    message = amqp.get(queue)
    assert message.body == b"one"
    assert message.headers == {"n": 1, "list": ["a", 2]}
    assert (message.properties.message_id, message.properties.delivery_mode, message.routing_key) == ("m1", 2, queue)

    for i in range(30):
        amqp.publish(queue, b"%d" % i)
    assert [m.body for m in amqp.consume(queue, 10)] == [b"%d" % i for i in range(10)]
    eventually(lambda: amqp.depth(queue) == 20, what="the rest back in the queue")
    assert len(amqp.consume(queue, 15, settle=0.5)) == 20
    assert amqp.empty(queue, quiet=0.2)

    amqp.publish(queue, b"left")
    assert not amqp.empty(queue, quiet=0.2)
    amqp.purge(queue)
    assert amqp.depth(queue) == 0


def test_amqp_client_sees_what_was_not_delivered(amqp):
    with pytest.raises(pika.exceptions.UnroutableError):
        amqp.publish(unique("nobody"), b"x")
    with pytest.raises(AssertionError, match="a message in"):
        amqp.get(amqp.queue(), timeout=0.3)


def test_bindings(amqp):
    queue = amqp.queue()
    amqp.bind(queue, "amq.topic", f"{queue}.#")
    amqp.publish(f"{queue}.a.b", b"bound", exchange="amq.topic")
    assert amqp.get(queue).exchange == "amq.topic"


def test_ctl(rabbit, amqp):
    queue = amqp.queue()
    assert queue in rabbit.ctl("list_queues", "name")


def test_kafka_client(kafka_client):
    topic = kafka_client.topic(partitions=2)
    stamp = 1_700_000_000_123
    assert kafka_client.produce(topic, b"v", key=b"k", headers=[("h", b"1"), ("h", None)], timestamp=stamp, partition=1) == (1, 0)
    kafka_client.produce(topic, None, key=b"gone", partition=0)
    kafka_client.produce_all(topic, [{"value": b"%d" % i, "partition": 0} for i in range(50)])

    by_place = {(r.partition(), r.offset()): r for r in kafka_client.consume(topic, 52, settle=0.3)}
    assert len(by_place) == 52
    first = by_place[1, 0]
    assert (first.value(), first.key(), first.headers(), first.timestamp()[1]) == (b"v", b"k", [("h", b"1"), ("h", None)], stamp)
    assert by_place[0, 0].value() is None
    assert [by_place[0, i + 1].value() for i in range(50)] == [b"%d" % i for i in range(50)]
    assert kafka_client.end_offsets(topic) == {0: 51, 1: 1}
    with pytest.raises(AssertionError, match="52 of 53"):
        kafka_client.consume(topic, 53, timeout=1)


def test_committed_offsets(kafka_client):
    import confluent_kafka

    topic, group = kafka_client.topic(partitions=2), unique("group")
    assert kafka_client.committed(group, topic) == {}
    consumer = confluent_kafka.Consumer({"bootstrap.servers": kafka_client.bootstrap, "group.id": group})
    consumer.commit(offsets=[confluent_kafka.TopicPartition(topic, 1, 7)], asynchronous=False)
    consumer.close()
    assert kafka_client.committed(group, topic) == {1: 7}


def test_rabbit_pause_kill_restart(private_rabbit):
    client = Amqp(private_rabbit.url)
    queue = client.queue()
    client.publish(queue, b"kept")

    private_rabbit.pause()
    with pytest.raises(OSError):
        private_rabbit.answers()
    private_rabbit.resume()
    client.publish(queue, b"after the pause")

    private_rabbit.kill()
    assert not private_rabbit.running
    with pytest.raises(pika.exceptions.AMQPError):
        client.publish(queue, b"nobody is there")
    private_rabbit.start()
    client.reconnect()
    assert client.get(queue).body == b"kept"

    private_rabbit.restart()
    client.reconnect()
    assert client.get(queue).body == b"after the pause"
    client.close()


def test_kafka_pause_kill_restart(private_kafka):
    client = KafkaClient(private_kafka.bootstrap)
    topic = client.topic()
    client.produce(topic, b"kept")

    private_kafka.pause()
    with pytest.raises(OSError):
        private_kafka.answers()
    private_kafka.resume()
    client.produce(topic, b"after the pause")

    private_kafka.kill()
    assert not private_kafka.running
    private_kafka.start()
    client.produce(topic, b"after the kill")
    private_kafka.restart()
    assert [r.value() for r in client.consume(topic, 3)] == [b"kept", b"after the pause", b"after the kill"]
    assert topic in private_kafka.tool("org.apache.kafka.tools.TopicCommand", "--bootstrap-server", private_kafka.bootstrap, "--list")


STARTER = """
import sys, time
sys.path.insert(0, sys.argv[1])
import brokers
node = brokers.Rabbit().start()
print(node.pid, node.folder, flush=True)
time.sleep(600)
"""


def test_a_killed_starter_leaves_nothing(tmp_path):
    """Neither the broker, nor the epmd that Erlang hides in a session of its own, nor the data."""
    import guard

    starter = subprocess.Popen([sys.executable, "-c", STARTER, os.path.dirname(brokers.__file__)], stdout=subprocess.PIPE, text=True)
    pid, folder = starter.stdout.readline().split()
    left = list(guard.marked(folder))
    assert len(left) > 2
    for fd in left:
        os.close(fd)
    starter.send_signal(signal.SIGKILL)
    starter.wait()
    eventually(lambda: not pathlib.Path(folder).exists(), timeout=15, what="the folder's end")
    assert list(guard.marked(folder)) == []


def test_a_broker_that_cannot_start_says_why():
    since = time.monotonic()
    with brokers.Kafka(conf="process.roles=nonsense") as node, pytest.raises(brokers.NodeError, match="nonsense"):
        node.start()
    assert time.monotonic() - since < 30
