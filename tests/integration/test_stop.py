"""How the bridge ends, and what it costs while nothing happens."""
import os
import signal
import time

import pytest
from configs import amqp as amqp_section
from configs import configuration, local, route, shop
from harness import UNDRAINED, eventually, unique
from traffic import Crossing, QueueEnd, TopicEnd, finish


@pytest.mark.parametrize("source,sink", [(QueueEnd, QueueEnd), (QueueEnd, TopicEnd), (TopicEnd, QueueEnd), (TopicEnd, TopicEnd)],
                         ids=["amqp-amqp", "amqp-kafka", "kafka-amqp", "kafka-kafka"])
def test_a_drained_stop_makes_no_duplicates(bridge, rabbit, kafka, amqp, kafka_client, source, sink):
    clients = {QueueEnd: amqp, TopicEnd: kafka_client}
    crossing = Crossing(source(clients[source]), sink(clients[sink]), shop=rabbit.url,
                        lake=kafka.bootstrap if TopicEnd in (source, sink) else None, shutdown_timeout="2m")
    crossing.send(20_000)
    life = bridge(crossing.config)
    for portion in (5_000, 5_000):
        crossing.wait_arrived(crossing.sink.count() + 1000)
        life.terminate(timeout=120)
        crossing.send(portion)
        life.start()
    finish(life, crossing)
    crossing.check(duplicates=False)


def waiting(amqp, url):
    """A configuration whose message waits for a broker that is away, and that would drain for ten minutes."""
    source = amqp.queue()
    amqp.publish(source, b"x")
    config = configuration(route(shop(queue=source), {"broker": "nowhere", "target": "x"}), shop=url, shutdown_timeout="10m")
    config["brokers"]["nowhere"] = amqp_section("amqp://127.0.0.1:1/")
    return source, config


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_stops_at_once(bridge, rabbit, amqp, number):
    source, config = waiting(amqp, rabbit.url)
    life = bridge(config)
    eventually(lambda: amqp.depth(source) == 0, what="the message in the bridge")
    life.signal(number)
    life.wait_log('"msg":"draining"')
    time.sleep(1.1)  # sooner it would count as the same one
    assert life.running
    life.signal(number)
    life.expect_exit(UNDRAINED, timeout=60)
    assert life.notified("STOPPING=1")
    eventually(lambda: amqp.depth(source) == 1, what="the message back in its queue")


def test_what_does_not_drain_in_time_goes_back(bridge, rabbit, amqp):
    source, config = waiting(amqp, rabbit.url)
    life = bridge({**config, "shutdown_timeout": "300ms"})
    eventually(lambda: amqp.depth(source) == 0, what="the message in the bridge")
    life.terminate(UNDRAINED)
    eventually(lambda: amqp.depth(source) == 1, what="the message back in its queue")


@pytest.mark.parametrize("through_memory", [False, True], ids=["directly", "through memory"])
def test_what_is_held_does_not_make_a_stop_last(bridge, rabbit, amqp, through_memory):
    """No time of waiting settles it: it goes back at once, however quickly it is tried again."""
    source, nobody = amqp.queue(), unique("nobody")
    for i in range(20):
        amqp.publish(source, b"%d" % i)
    routes = [route(local(target="a"), shop(target=nobody), name="held")] if through_memory else []
    routes.append(route(shop(queue=source), local(target="a") if through_memory else shop(target=nobody)))
    life = bridge(configuration(*routes, shop=rabbit.url, failures={"attempts": 1, "backoff": "10ms..50ms"},
                                shutdown_timeout="10m"))
    life.wait_log("message held")
    eventually(lambda: amqp.depth(source) == 0, what="all of them in the bridge")
    life.terminate(UNDRAINED, timeout=30)
    eventually(lambda: amqp.depth(source) == 20, what="the messages back in their queue")


def test_a_stop_before_anything_is_connected(bridge):
    life = bridge(configuration(route(shop(queue="q"), shop(target="t")), shop="amqp://127.0.0.1:1/"))
    life.wait_log("(?i)refused")
    life.terminate()


def cpu_share(pid, seconds):
    """Processor time per wall-clock time of a process, all its threads together."""
    def ticks():
        fields = open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    since, before = time.monotonic(), ticks()
    time.sleep(seconds)
    return (ticks() - before) / os.sysconf("SC_CLK_TCK") / (time.monotonic() - since)


def test_an_idle_bridge_sleeps(bridge, rabbit, kafka, amqp, kafka_client):
    there = Crossing(QueueEnd(amqp), TopicEnd(kafka_client), shop=rabbit.url, lake=kafka.bootstrap)
    back = Crossing(TopicEnd(kafka_client), QueueEnd(amqp))
    there.config["routes"].append(back.route)
    life = bridge(there.config)
    for crossing in (there, back):
        crossing.send(10)
        crossing.wait_arrived(10)
    assert cpu_share(life.pid, 5) < 0.05


@pytest.mark.parametrize("kind", ["amqp", "kafka"])
def test_a_broker_that_is_away_costs_nothing(bridge, rabbit, amqp, kind):
    source = QueueEnd(amqp)
    config = configuration(route(source.source, {"broker": "nowhere", "target": "x"}), shop=rabbit.url, shutdown_timeout="1s")
    config["brokers"]["nowhere"] = {"amqp": {"type": "amqp", "url": "amqp://127.0.0.1:1/"},
                                    "kafka": {"type": "kafka", "bootstrap_servers": "127.0.0.1:1"}}[kind]
    source.fill(range(5000))
    life = bridge(config)
    eventually(lambda: source.count() < 5000, what="messages that wait in the bridge")
    assert cpu_share(life.pid, 5) < 0.05
    life.terminate(UNDRAINED)
