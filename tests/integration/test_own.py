"""What bears the bridge's name is the bridge's own: it makes its dead letter, whoever was here before."""
from configs import configuration, lake, route, shop
from harness import eventually, unique


def failing(name, source, dead, **brokers):
    failures = {"attempts": 1, "dead_letter": dead}
    return configuration(route(source, shop(target=unique("nobody"))), name=name, failures=failures, **brokers)


def test_its_dead_letter_queue_is_made(bridge, rabbit, amqp):
    source, name = amqp.queue(), unique("bridge")
    bridge(failing(name, shop(queue=source), shop(target=f"{name}.dead"), shop=rabbit.url))
    amqp.publish(source, b"lost cause")
    dead = amqp.queue(f"{name}.dead")  # fails where it is there with other properties than these
    assert amqp.get(dead, timeout=60).body == b"lost cause"


def test_its_dead_letter_queue_is_used_as_it_is(bridge, rabbit, amqp):
    source, name = amqp.queue(), unique("bridge")
    dead = amqp.queue(f"{name}.dead", arguments={"x-max-length": 10})
    life = bridge(failing(name, shop(queue=source), shop(target=dead), shop=rabbit.url))
    life.wait_log("the bridge's own queue is used as it is")
    amqp.publish(source, b"lost cause")
    assert amqp.get(dead, timeout=60).body == b"lost cause"


def test_its_dead_letter_topic_is_made(bridge, rabbit, amqp, kafka, kafka_client):
    source, name = amqp.queue(), unique("bridge")
    life = bridge(failing(name, shop(queue=source), lake(target=f"{name}.dead"), shop=rabbit.url, lake=kafka.bootstrap))
    life.wait_log(f'"msg":"topic created","topic":"{name}.dead"')
    amqp.publish(source, b"lost cause")
    record = kafka_client.consume(f"{name}.dead", 1, timeout=60)[0]
    assert record.value() == b"lost cause"
    eventually(lambda: amqp.depth(source) == 0)


def test_its_dead_letter_queue_is_of_the_type_that_the_file_says(bridge, rabbit, amqp):
    source, dead = amqp.queue(), unique("letters")
    bridge(failing(unique("bridge"), shop(queue=source), shop(target=dead, declare={"type": "quorum"}), shop=rabbit.url))
    amqp.publish(source, b"lost cause")
    eventually(lambda: amqp.depth(source) == 0)
    amqp.queue(dead, arguments={"x-queue-type": "quorum"})  # fails where it is of another type
    assert amqp.get(dead, timeout=60).body == b"lost cause"


def test_its_dead_letter_topic_has_the_partitions_that_the_file_says(bridge, rabbit, kafka, kafka_client):
    dead = unique("letters")
    life = bridge(failing(unique("bridge"), shop(queue=unique("nothing"), declare={"auto_delete": True}),
                          lake(target=dead, declare={"partitions": 3}), shop=rabbit.url, lake=kafka.bootstrap))
    life.wait_log(f'"msg":"topic created","topic":"{dead}"')
    assert len(kafka_client.end_offsets(dead)) == 3
