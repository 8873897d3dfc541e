"""The bridge's configuration changes while it works."""
import contextlib
import copy
import json
import signal

import harness
import yaml
from directions import short_sessions
from registry import fault


class Reloads:
    """Writes the file, sends HUP, and reads the verdict."""

    def __init__(self, run):
        self.run = run
        self.config = yaml.safe_load(run.bridge.file.read_text())
        self.before = len(self.verdicts())

    def verdicts(self):
        lines = [line for line in self.run.bridge.read_log().splitlines() if '"msg":"relo' in line and line.endswith("}")]
        return [line for line in map(json.loads, lines) if line["msg"].startswith(("reloaded", "reload failed"))]

    def write(self, config):
        self.run.bridge.configure(config)
        self.run.bridge.signal(signal.SIGHUP)

    def good(self, config):
        return self._verdict(config, "reloaded")

    def wrong(self, text):
        return self._verdict(text, "reload failed")

    def _verdict(self, config, expected):
        self.write(config)
        verdict = harness.eventually(lambda: self.verdicts()[self.before:], 30, "the verdict of a reload")[0]
        self.before += 1
        self.run.expect(verdict["msg"].startswith(expected), f"{verdict} where '{expected}' was expected")
        return verdict

    def with_route(self, name, start, target):
        config = copy.deepcopy(self.config)
        config["routes"].append({"name": name, "from": start, "to": {"broker": "aout", "target": target}})
        return config


def wrong_files(config):
    """One of each kind."""
    text = yaml.safe_dump(config, sort_keys=False)
    unknown = copy.deepcopy(config)
    unknown["brokers"]["ain"]["prefech_count"] = 1
    dangling = copy.deepcopy(config)
    dangling["routes"][0]["to"] = {"broker": "nobody", "target": "a"}
    no_plugin = copy.deepcopy(config)
    no_plugin["handlers"]["other"] = {"plugin": "/nowhere/other.so"}
    return [text + "\n  - broken: [", unknown, dangling, no_plugin, ""]


def lost_links(run):
    return [line for line in run.bridge.read_log().splitlines() if '"msg":"connection lost"' in line]


@fault("D51", "100 reloads under load, half of them wrong", ordered=True)
def many_reloads(run):
    reloads = Reloads(run)
    queue = f"{run.plan.prefix}.more"
    with contextlib.closing(run.bed.amqp()) as amqp:
        amqp.channel.queue_declare(queue, durable=True, arguments=run.bed.queue_arguments)
    wrong = wrong_files(reloads.config)
    for i in range(50):
        good = reloads.with_route("more", {"broker": "ain", "queue": queue}, run.plan.dead) if i % 2 else copy.deepcopy(reloads.config)
        good["failures"]["attempts"] = 5 + i % 3
        reloads.good(good)
        reloads.wrong(wrong[i % len(wrong)])
    reloads.good(reloads.config)
    run.healed()
    run.expect(not lost_links(run), f"links were lost: {lost_links(run)[:3]}")
    run.note("101 verdicts")


@fault("D52", "reloads that change subscriptions, sections and destinations", configure=short_sessions)
def changing_reloads(run):
    """Duplicates are not among what a reload may make: everything that goes drains."""
    reloads = Reloads(run)
    queue, topic = f"{run.plan.prefix}.more", f"{run.plan.prefix}.moretopic"
    with contextlib.closing(run.bed.amqp()) as amqp:
        amqp.channel.queue_declare(queue, durable=True, arguments=run.bed.queue_arguments)
    run.make_topic(topic)
    run.faulted()
    sections = copy.deepcopy(reloads.config)
    for name in ("ain", "aout"):
        sections["brokers"][name]["reconnect_delay_max"] = "3s"
    kafka = copy.deepcopy(reloads.config)
    for name in ("kin", "kout"):
        kafka["brokers"][name]["reconnect_delay_max"] = "3s"
    keys = copy.deepcopy(reloads.config)
    for route in keys["routes"]:
        if route["name"] == "ka":
            route["to"]["headers"] = {"added": "by a reload"}
    # On Kafka a topic comes, an expression that matches it takes its place, and that goes: a rebalance each. Then the
    # section is replaced twice, which its group's former member leaves with one each.
    most_revocations = 3 + 2
    for config in (reloads.with_route("more", {"broker": "ain", "queue": queue}, run.plan.dead),
                   reloads.with_route("more", {"broker": "kin", "topic": topic}, run.plan.dead),
                   reloads.with_route("more", {"broker": "kin", "topic": f"^{run.plan.prefix}\\.moret.*"}, run.plan.dead),
                   sections, kafka, keys, reloads.config):
        reloads.good(config)
        run.wait_flowing()
    run.healed()
    revoked = run.bridge.read_log().count('"msg":"partitions revoked"')
    run.expect(revoked <= most_revocations, f"{revoked} rebalances where {most_revocations} are enough")


@fault("D53", "bridge killed (-9) in the middle of a reload, 8 times", configure=short_sessions)
def killed_in_a_reload(run):
    reloads = Reloads(run)
    for i in range(8):
        config = copy.deepcopy(reloads.config)
        config["failures"]["attempts"] = 5 + i % 2
        config["brokers"]["aout"]["reconnect_delay_max"] = f"{2 + i % 2}s"
        run.sleep(0.5, 1.5)
        reloads.write(config)
        run.sleep(0, 0.15)
        run.faulted(interruptions=1)
        run.bridge.kill()
        run.bridge.start()
    run.healed()
