"""`mombridge drain` in the middle of traffic, against real brokers."""
import json
import re

from harness import eventually
from traffic import Crossing, QueueEnd, TopicEnd, finish


def drain(life, *arguments):
    done = life.command("drain", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def asked(life):
    return json.loads(life.command("status", "--json").stdout)


def test_a_drained_queue_keeps_what_comes(bridge, amqp, kafka_client, rabbit, kafka):
    """Also over a reload that leaves the route, and one that changes the section of its broker."""
    crossing = Crossing(QueueEnd(amqp), TopicEnd(kafka_client, partitions=1), shop=rabbit.url, lake=kafka.bootstrap)
    crossing.route["name"] = "cross"
    crossing.send(4000)
    life = bridge(crossing.config)
    crossing.wait_arrived(300)
    assert drain(life, "--route", "cross") == "drained: route cross: 0 in flight\n"
    # What was taken has arrived; what the broker had sent and nobody took is back when the connection has closed.
    eventually(lambda: crossing.sink.count() + crossing.source.count() == 4000, 30, "all in one of the two")
    arrived, left = crossing.sink.count(), crossing.source.count()
    crossing.send(100)
    status = asked(life)
    assert status["drained"] == ["route cross"] and status["ready"]
    assert [s["drained"] for s in status["subscriptions"] if s["subscription"] == crossing.source.name] == [True]
    changed = {**crossing.config, "brokers": {**crossing.config["brokers"]}}
    changed["brokers"]["shop"] = {**changed["brokers"]["shop"], "prefetch_count": 50}
    life.configure(changed)
    assert life.command("reload").returncode == 0
    # The new connections are there, and nothing was taken.
    eventually(lambda: len(re.findall(r'"msg":"connected[^\n]*"link":"publisher"', life.read_log())) >= 3, 30, "the changed section")
    assert asked(life)["drained"] == ["route cross"]
    assert (crossing.sink.count(), crossing.source.count()) == (arrived, left + 100)
    assert drain(life, "--route", "cross", "--resume") == "resumed: route cross\n"
    finish(life, crossing)
    crossing.check(duplicates=False)


def test_a_drained_topic_keeps_its_offset(bridge, amqp, kafka_client, rabbit, kafka):
    crossing = Crossing(TopicEnd(kafka_client, partitions=2), QueueEnd(amqp), shop=rabbit.url, lake=kafka.bootstrap)
    beside = Crossing(QueueEnd(amqp), QueueEnd(amqp))
    beside.route["name"] = "beside"
    crossing.config["routes"].append(beside.route)
    beside.config = crossing.config
    crossing.send(3000)
    life = bridge(crossing.config)
    crossing.wait_arrived(300)
    assert drain(life, "--broker", "lake").startswith("drained: broker lake: 0 in flight\n")
    arrived = crossing.sink.count()
    crossing.send(100)
    beside.send(500)
    beside.wait_arrived(500)  # others go on
    assert crossing.sink.count() == arrived
    status = asked(life)
    assert status["drained"] == ["broker lake"] and status["ready"]
    assert drain(life, "--broker", "lake", "--resume") == "resumed: broker lake\n"
    finish(life, crossing, beside)
    crossing.check(duplicates=False)
    beside.check(duplicates=False)
