"""A reload (HUP) in the middle of traffic, against real brokers."""
import json
import re
import signal

import pytest

from configs import amqp as amqp_section
from configs import configuration, route, shop
from harness import eventually, unique
from traffic import Crossing, QueueEnd, TopicEnd, finish


class Reloads:
    """Reloads one bridge and reads its verdicts."""

    def __init__(self, life):
        self.life, self.count = life, 0

    def __call__(self, config):
        self.life.configure(config)
        self.life.signal(signal.SIGHUP)
        self.count += 1
        found = eventually(lambda: (v := self.verdicts())[self.count - 1:] and v, 30, f"verdict {self.count}")
        return found[self.count - 1]

    def lines(self):
        return [json.loads(line) for line in self.life.read_log().splitlines() if line.startswith("{") and line.endswith("}")]

    def verdicts(self):
        return [line for line in self.lines() if line["msg"].startswith(("reloaded", "reload failed"))]

    def connected(self, link):
        """How often that link has come up."""
        return sum(line["msg"].startswith("connected") and line["link"] == link for line in self.lines())

    def never_down(self):
        assert not re.search('"msg":"(connection lost|cannot connect)"', self.life.read_log())


@pytest.fixture
def crossing(amqp, kafka_client, rabbit, kafka):
    return Crossing(QueueEnd(amqp), TopicEnd(kafka_client, partitions=1), shop=rabbit.url, lake=kafka.bootstrap)


def test_subscriptions_come_and_go_and_others_do_not_notice(bridge, crossing, amqp, kafka_client):
    crossing.send(6000)
    life = bridge(crossing.config)
    reload = Reloads(life)
    crossing.wait_arrived(300)
    added = Crossing(QueueEnd(amqp), QueueEnd(amqp))
    added.send(2000)
    added.route["name"] = "added"
    with_both = {**crossing.config, "routes": [added.route, crossing.route]}
    verdict = reload(with_both)
    assert verdict["added"] == "route added" and verdict["changed"] == "subscriptions of broker shop"
    added.config = with_both
    added.wait_arrived(300)
    verdict = reload(crossing.config)
    assert verdict["removed"] == "route added"
    # What it had taken was delivered and acknowledged, the rest stays in its queue.
    eventually(lambda: added.source.count() + added.sink.count() == 2000, 30, "the drain of the removed subscription")
    crossing.send(2000)
    for link in ("publisher", f"queue {crossing.source.name}", f"queue {added.source.name}"):
        assert reload.connected(link) == (2 if link == "publisher" else 1), link  # of shop and of lake
    reload.never_down()
    reload(with_both)
    finish(life, crossing, added)
    crossing.check(duplicates=False)
    added.check(duplicates=False)


def test_a_changed_section_of_rabbitmq_loses_nothing(bridge, crossing, rabbit):
    crossing.send(6000)
    life = bridge(crossing.config)
    reload = Reloads(life)
    crossing.wait_arrived(300)
    for prefetch in (50, 60):
        changed = {**crossing.config, "brokers": {**crossing.config["brokers"], "shop": amqp_with(rabbit.url, prefetch)}}
        assert reload(changed)["changed"] == "broker shop"
        eventually(lambda: reload.connected(f"queue {crossing.source.name}") >= (2 if prefetch == 50 else 3), 30)
    assert reload.connected("publisher") == 4  # of shop three times, of lake once
    finish(life, crossing)
    crossing.check()


def amqp_with(url, prefetch):
    return amqp_section(url, prefetch_count=prefetch)


def test_a_changed_section_of_kafka_follows_the_former_one(bridge, amqp, kafka_client, rabbit, kafka):
    crossing = Crossing(TopicEnd(kafka_client, partitions=2), QueueEnd(amqp), shop=rabbit.url, lake=kafka.bootstrap)
    crossing.send(6000)
    life = bridge(crossing.config)
    reload = Reloads(life)
    crossing.wait_arrived(300)
    section = crossing.config["brokers"]["lake"]
    changed = {**crossing.config, "brokers": {**crossing.config["brokers"], "lake": {**section, "prefetch_count": 500}}}
    assert reload(changed)["changed"] == "broker lake"
    crossing.send(2000)
    finish(life, crossing)
    crossing.check(duplicates=False)


def test_a_wrong_url_and_then_the_right_one(bridge, crossing, rabbit):
    """What waits for a destination that a reload corrects goes on there."""
    crossing.send(500)
    right = crossing.config["brokers"]["lake"]
    wrong = {**crossing.config, "brokers": {**crossing.config["brokers"], "lake": {**right, "bootstrap_servers": "127.0.0.1:1"}}}
    life = bridge(wrong)
    reload = Reloads(life)
    life.wait_connected(f"queue {crossing.source.name}")
    assert reload(crossing.config)["changed"] == "broker lake"
    finish(life, crossing)
    crossing.check(duplicates=False)


def test_a_held_message_is_mended_by_a_reload(bridge, amqp, rabbit):
    source, there = amqp.queue(), amqp.queue()
    missing = unique("missing")
    name = unique("bridge")

    def to(target):
        return configuration(route(shop(queue=source), shop(target=target), name="r"), name=name, shop=rabbit.url,
                             failures={"attempts": 1, "backoff": "10ms..1h"})
    life = bridge(to(missing))
    amqp.publish(source, b"held")
    life.wait_log('"msg":"message held')
    verdict = Reloads(life)(to(there))
    assert verdict["changed"] == "route r"
    assert amqp.get(there).body == b"held"


def test_a_wrong_file_disturbs_nothing(bridge, crossing):
    crossing.send(3000)
    life = bridge(crossing.config)
    reload = Reloads(life)
    crossing.wait_arrived(100)
    verdict = reload({**crossing.config, "nonsense": 1})
    assert verdict["msg"].startswith("reload failed") and verdict["errors"] == 1
    life.wait_log(r"mombridge\.yaml:\d+:1: error: .*nonsense")
    finish(life, crossing)
    crossing.check(duplicates=False)
