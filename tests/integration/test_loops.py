"""What comes back to a route that has sent it is refused the first time, whichever way it came."""
import pytest
from configs import configuration, kafka as kafka_section, lake, route, shop
from harness import eventually, unique


@pytest.fixture
def dead(amqp):
    queue = amqp.queue()
    return queue, {"attempts": 1, "dead_letter": shop(target=queue)}


def test_through_a_queue_that_somebody_else_has_bound(bridge, rabbit, amqp, dead):
    """No file can show this one: the queue is bound to what the route publishes to by somebody else."""
    source, watch, word = amqp.queue(), amqp.queue(), unique("loop").replace(".", "-")
    for queue in (source, watch):
        amqp.bind(queue, "amq.topic", f"{word}.#")
    letters, failures = dead
    bridge(configuration(route(shop(queue=source), shop(exchange="amq.topic", target=f"{word}.copy.{{target}}")),
                         shop=rabbit.url, failures=failures)).wait_connected(f"queue {source}")
    amqp.publish(f"{word}.a", b"once", exchange="amq.topic")
    assert "has come back" in amqp.get(letters).headers["mombridge-dead-reason"]
    assert [m.routing_key for m in amqp.consume(watch, 2, settle=1)] == [f"{word}.a", f"{word}.copy.{word}.a"]
    assert amqp.depth(letters) == 0


def test_between_two_bridges(bridge, rabbit, amqp, kafka, kafka_client, dead):
    queue, topic = amqp.queue(), kafka_client.topic()
    letters, failures = dead
    there = bridge(configuration(route(shop(queue=queue), lake(target=topic)), shop=rabbit.url, lake=kafka.bootstrap, failures=failures))
    back = bridge(configuration(route(lake(topic=topic), shop(target=queue)), shop=rabbit.url, lake=kafka.bootstrap, failures=failures))
    amqp.publish(queue, b"once")
    assert "has come back" in amqp.get(letters, timeout=60).headers["mombridge-dead-reason"]
    assert [r.value() for r in kafka_client.consume(topic, 1)] == [b"once"]
    eventually(lambda: amqp.depth(queue) == 0)
    for life in (there, back):
        life.terminate()


def test_a_chain_of_bridges_with_one_name_is_none(bridge, rabbit, amqp, kafka, kafka_client):
    """The second reads another broker: its route is another one, whatever it is called."""
    queue, topic, sink, name = amqp.queue(), kafka_client.topic(), amqp.queue(), unique("bridge")
    bridge(configuration(route(shop(queue=queue), lake(target=topic), name="on"), name=name, shop=rabbit.url, lake=kafka.bootstrap))
    bridge(configuration(route(lake(topic=topic), shop(target=sink), name="on"), name=name, shop=rabbit.url, lake=kafka.bootstrap))
    amqp.publish(queue, b"all the way")
    message = amqp.get(sink, timeout=60)
    assert message.body == b"all the way"
    assert message.headers["mombridge-hops"].startswith("2 ")


def test_an_expression_takes_neither_kafkas_topics_nor_dead_letters(bridge, rabbit, amqp, private_kafka):
    """The group's own offsets stand in __consumer_offsets by the time that the topics are looked through again."""
    from harness import KafkaClient
    client, sink = KafkaClient(private_kafka.bootstrap), amqp.queue()
    client.topic("a"), client.topic("letters")
    for topic in ("a", "letters"):
        client.produce(topic, topic.encode())
    bridge(configuration(
        route(lake(), shop(target=sink)), shop=rabbit.url, lake=kafka_section(private_kafka.bootstrap, subscribe=[{"topic": "^.*"}]),
        failures={"dead_letter": lake(target="letters")}))
    assert [m.body for m in amqp.consume(sink, 1, timeout=60, settle=15)] == [b"a"]
