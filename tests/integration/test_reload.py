"""A reload (HUP) in the middle of traffic, against real brokers."""
import json
import re
import signal

import pytest

from configs import amqp as amqp_section
from configs import configuration, kafka as kafka_section, lake, route, shop
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


def test_topics_come_change_and_go_with_one_rebalance_each(bridge, amqp, kafka_client, rabbit, kafka):
    """Nothing is lost, nothing comes twice, and what stays keeps its order."""
    # Few in flight, so that they are settled in time on a machine that is busy.
    stays = Crossing(TopicEnd(kafka_client, partitions=1), QueueEnd(amqp), shop=rabbit.url,
                     lake=kafka_section(kafka.bootstrap, prefetch_count=500))
    comes = Crossing(TopicEnd(kafka_client), QueueEnd(amqp))
    other = Crossing(TopicEnd(kafka_client), QueueEnd(amqp))
    stays.send(12000)
    comes.send(2000)
    other.send(2000)
    for name, crossing in (("stays", stays), ("comes", comes), ("other", other)):
        crossing.route["name"] = name
        crossing.config = stays.config

    def with_routes(*routes):
        return {**stays.config, "routes": list(routes)}

    def rebalances(what):
        return sum(line["msg"] == f"partitions {what}" for line in reload.lines())

    def reload_and_rebalance(config):
        reload(config)
        eventually(lambda: rebalances("assigned") > reload.count, 30, f"assignment {reload.count + 1}")
    life = bridge(stays.config)
    reload = Reloads(life)
    stays.wait_arrived(300)
    reload_and_rebalance(with_routes(comes.route, stays.route))
    comes.wait_arrived(300)
    stays.send(2000)
    # One expression takes the place of the name; it brings another topic, and another route has what it brings.
    expression = lake(topic=f"^({comes.source.name}|{other.source.name})$")
    changed = [{**crossing.route, "from": {**expression, "target": crossing.source.name}} for crossing in (comes, other)]
    reload_and_rebalance(with_routes(stays.route, *changed))
    other.wait_arrived(300)
    comes.send(1000)
    for crossing in (comes, other):
        eventually(crossing.passed_on, 60, f"the end of {crossing.source.name}")
    reload_and_rebalance(stays.config)
    other.source.fill([0])  # of a topic that nobody takes any more
    stays.send(2000)
    # Where other keys change alone, there is none.
    assert reload(with_routes({**stays.route, "from": {**stays.source.source, "restore": False}}))["changed"].startswith(
        "subscriptions of broker lake")
    stays.send(1000)
    eventually(stays.passed_on, 60, "the end")
    assert (rebalances("assigned"), rebalances("revoked")) == (4, 3)
    assert reload.connected("publisher") == reload.connected("consumer") + 1 == 2
    reload.never_down()
    finish(life, stays)
    assert stays.sink.ids() == list(range(stays.sent))
    for crossing in (comes, other):
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
