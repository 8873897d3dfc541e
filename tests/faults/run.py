"""One fault on the test bed: places, bridge, load, the fault, the check."""
import contextlib
import os
import signal
import subprocess
import time

import checker
import directions
import harness
import load
from budget import duplicate_budget
from journals import Journals
from mock import MockKafka
from watch import Watch

SETTLE = 90       # seconds for everything to arrive after the last message was sent
QUIET = 2         # seconds in which nothing more may arrive
RECOVERY = 30     # seconds from the heal to the first new message, in every direction
PEAK_RSS = 200 << 20
# The address sanitizer alone keeps 256 MiB of freed memory back, to see who still uses it.
SANITIZED = "MOMBRIDGE_SANITIZER" in os.environ


def now_ms():
    return time.monotonic_ns() // 1_000_000


class Run(contextlib.ExitStack):
    """What a fault gets: run.bed, run.bridge, run.plan, run.random, and the marks faulted() and healed()."""

    def __init__(self, bed, fault, random, rate, folder, memory=None):
        """`memory`: of the bridge's configuration, where the fault says nothing else; None: the default."""
        super().__init__()
        self.bed, self.fault, self.random, self.rate = bed, fault, random, rate
        self.folder, self.memory = folder, memory
        self.folder.mkdir(parents=True)
        self.plan = directions.Plan(f"f{os.getpid()}.{fault.id.lower()}", fault.directions)
        self.plan.handlers = bed.handlers
        self.journals = Journals()
        self.interruptions = []  # (ms, how many)
        self.failures, self.notes = [], []
        self.fault_ms = self.heal_ms = None
        self.recovery = None
        self.clients = {}       # "amqp-send", "amqp-sink", "kafka-send", "kafka-sink"
        self.senders, self.sinks = [], []
        self.mock = None
        self.places = {}        # {flow: place} of messages that a fault sends by itself
        self.least_duplicates = 0
        self.read_again = {}     # {flow: messages} that a fault has the bridge read once more
        self.allowed_broken = 0  # bodies without an id, which a fault sends by itself

    # Before the fault.

    def open(self):
        os.environ["MOMBRIDGE"] = str(self.bed.failing if self.fault.failpoints else self.bed.mombridge)
        if self.fault.mock:
            self.mock = MockKafka(self.bed.mock_kafka)
            self.callback(self.mock.close)
        self.make_places()
        ways = self.bed.ways() | ({name: self.mock.bootstrap for name in ("kin", "kout")} if self.mock else {})
        config = self.plan.config(ways, self.bed.echo)
        if self.memory:
            config["memory"] = self.memory
        self.fault.configure(config, self.plan)
        self.bridge = harness.Bridge(self.folder, config, environment={"MALLOC_ARENA_MAX": "2", **self.fault.environment})
        self.callback(self._end_bridge)
        self.watch = Watch(lambda: self.bridge.pid if self.bridge.running else None)
        self.callback(self.watch.close)
        self._make_clients()
        for client in self.sinks:
            client.start()
        if self.fault.start:
            self.bridge.start()
            self.start_senders()
            self.wait_warm()

    def make_places(self):
        with contextlib.closing(self.bed.amqp()) as amqp:
            for queue in self.plan.queues():
                own = self.fault.queues.get(queue.removeprefix(self.plan.prefix + "."), {})
                amqp.channel.queue_declare(queue, durable=True, arguments={**self.bed.queue_arguments, **own})
        if self.plan.uses_kafka():
            for topic in self.plan.topics():
                self.make_topic(topic)

    def make_topic(self, name):
        if self.mock:
            self.mock.topic(name, self.plan.partitions)
        else:
            self.bed.kafka_client().topic(name, self.plan.partitions, config={**self.bed.topic_config, **self.fault.topics},
                                          replicas=self.bed.replicas)

    def _make_clients(self):
        bed, plan = self.bed, self.plan
        amqp, kafka = bed.client_url(), self.bootstrap()
        for kind, where in (("amqp", amqp), ("kafka", kafka)):
            if flows := [self._flow(d) for d in plan.of(source=kind)]:
                self._client(f"{kind}-send", where, flows)
            places = [plan.sink(d) for d in plan.of(sink=kind)] + ([plan.dead] if kind == "amqp" else [])
            if places:
                self._client(f"{kind}-sink", where, places)

    def bootstrap(self):
        node = self.mock or self.bed.kafka
        return node.bootstrap if node else None

    def _client(self, kind, where, what):
        client = load.Client(self.bed.load, kind, where, self.folder / f"{kind}.journal", what)
        self.clients[kind] = client
        sender = kind.endswith("send")
        self.journals.add(client.journal, sender)
        (self.senders if sender else self.sinks).append(client)
        self.callback(client.kill)

    def _flow(self, d):
        options = {"rate": self.rate, **self.fault.load.get(d.name, {})}
        return load.flow(d.name, self.plan.source(d), reply=self.plan.sink(d) if d.request else "", **options)

    def start_senders(self):
        for client in self.senders:
            client.start()

    def wait_warm(self, timeout=60):
        """Until something has arrived in every direction, and a moment longer."""
        names = {d.name for d in self.plan.directions}
        harness.eventually(lambda: names <= {n for n, f in self.journals.read().flows.items() if f.arrivals}, timeout,
                           f"a message in each of {sorted(names)}; so far {self.counts()}")
        time.sleep(2)

    # For faults.

    def quiesce(self, timeout=40):
        """Holds the senders back and waits until all that they sent is confirmed and has arrived."""
        self.hold()

        def quiet():
            before = self.counts()
            time.sleep(1.5)
            under_way = any(flow.under_way() for flow in self.journals.flows.values())
            return self.counts() == before and not under_way and not self.journals.missing()

        harness.eventually(quiet, timeout, "everything to arrive")

    def hold(self):
        for client in self.senders:
            client.hold()

    def go_on(self):
        for client in self.senders:
            client.go_on()

    def slow_destinations(self, latency):
        """Seconds to and from everything that the bridge publishes to; what is in flight grows with it."""
        for name in ("aout", "kout"):
            if name in self.bed.proxies:
                self.bed.proxies[name].set(latency=latency)

    def sleep(self, low, high=None):
        time.sleep(self.random.uniform(low, high) if high else low)

    def faulted(self, interruptions=0):
        """From now on order is not promised, and so many more interruptions may make duplicates."""
        self.fault_ms = self.fault_ms or now_ms()
        self.interruptions.append((now_ms(), interruptions))

    def healed(self):
        self.heal_ms = now_ms()

    def expect(self, condition, text):
        if not condition:
            self.failures.append(text)

    def note(self, text):
        self.notes.append(text)

    def log_has(self, pattern, timeout=30):
        """Expects the bridge to have logged it within the timeout."""
        try:
            return self.bridge.wait_log(pattern, timeout)
        except AssertionError as error:
            self.failures.append(str(error))
            return None

    def wait_flowing(self, timeout=60):
        """Until something more has arrived in every direction."""
        before = {d.name: self.arrived(d.name) for d in self.plan.directions}
        harness.eventually(lambda: all(self.arrived(n) > c for n, c in before.items()), timeout,
                           f"more than {before}; so far {self.counts()}")

    def flows_on(self, within=RECOVERY):
        """Before the fault is over: what is sent from now on arrives, in every direction, within so many seconds."""
        since = now_ms()

        def slowest():
            found = checker.recovery(self.journals.read(), since)
            seconds = [found.get(d.name) for d in self.plan.directions]
            return None not in seconds and max(seconds)

        try:
            return harness.eventually(slowest, within)
        except AssertionError:
            found = checker.recovery(self.journals.read(), since)
            stuck = sorted(d.name for d in self.plan.directions if found.get(d.name) is None)
            self.failures.append(f"{within} s into the fault nothing new had arrived in {', '.join(stuck)}")
            return None

    def stacks(self):
        """Where every thread of the bridge is, for whoever has to find out why; needs gdb."""
        path = self.folder / "stacks.txt"
        with contextlib.suppress(FileNotFoundError, subprocess.TimeoutExpired), path.open("wb") as file:
            subprocess.run(["gdb", "-p", str(self.bridge.pid), "-batch", "-ex", "thread apply all bt"], stdout=file,
                           stderr=subprocess.STDOUT, timeout=60)
        return path

    def counts(self):
        return {n: (len(f.attempted), len(f.confirmed), len(f.arrivals)) for n, f in self.journals.read().flows.items()}

    def bytes_on_their_way(self):
        """What was sent and has not arrived, in bytes."""
        flows = self.journals.read().flows
        return sum((len(f.attempted) - len(f.arrivals)) * self.fault.load.get(n, {}).get("size", 300) for n, f in flows.items())

    def arrived(self, flow):
        return len(self.journals.read().flow(flow).arrivals)

    # After the fault.

    def finish(self):
        """Lets the load go on for a moment, stops it, waits until all has arrived, stops the bridge, checks."""
        if self.heal_ms:
            self._wait_recovered()
        time.sleep(2)
        for client in self.sinks:
            client.resume()
        for client in self.senders:
            client.ask_to_stop()
        for client in self.senders:
            client.stop()
        self._settle()
        self._stop_bridge()
        for client in self.sinks:
            client.stop()
        self.watch.look()
        self.journals.read()
        return self._judge()

    def _wait_recovered(self):
        def recovered():
            found = checker.recovery(self.journals.read(), self.heal_ms)
            self.recovery = {d.name: found.get(d.name) for d in self.plan.directions}
            return all(seconds is not None for seconds in self.recovery.values())
        try:
            harness.eventually(recovered, RECOVERY + 15)
        except AssertionError:
            pass
        late = {n: s for n, s in self.recovery.items() if s is None or s > RECOVERY}
        if self.fault.recovers:
            self.expect(not late, f"not recovered within {RECOVERY} s: {late}")

    def _settle(self):
        end = time.monotonic() + SETTLE
        while self.journals.read().missing() and time.monotonic() < end:
            time.sleep(0.2)
        time.sleep(QUIET)

    def _stop_bridge(self):
        """A bridge with nothing left to do drains at once, and owes its sources nothing."""
        if not self.bridge.running:
            self.failures.append("the bridge is not running any more")
            return
        since = time.monotonic()
        self.bridge.signal(signal.SIGTERM)
        while self.bridge.running and time.monotonic() - since < 45:
            time.sleep(0.05)
        if self.bridge.running:
            self.note(f"it hangs: {self.stacks()}")
            self.bridge.kill()
            self.failures.append("the bridge did not end within 45 s")
            return
        took = time.monotonic() - since
        self.expect(took < 15, f"the last drain took {took:.1f} s")
        try:
            self.bridge.expect_exit(0)
        except AssertionError as error:
            self.failures.append(str(error))
        if self.fault.settles:
            self._check_sources()

    def _check_sources(self):
        with contextlib.closing(self.bed.amqp()) as amqp:
            for d in self.plan.of(source="amqp"):
                left = amqp.depth(self.plan.source(d))
                self.expect(not left, f"{left} messages still in {d.name}'s queue")
        kafka = harness.KafkaClient(self.bootstrap()) if self.plan.of(source="kafka") else None
        for d in self.plan.of(source="kafka"):
            topic = self.plan.source(d)
            ends, committed = kafka.end_offsets(topic), kafka.committed(f"{self.plan.prefix}.group", topic)
            behind = {p: (committed.get(p), end) for p, end in ends.items() if end and committed.get(p) != end}
            self.expect(not behind, f"{d.name}: committed and end differ: {behind}")

    def _judge(self):
        first = self.fault_ms or now_ms()
        ordered = {d.name: now_ms() if self.fault.ordered else first for d in self.plan.directions if not d.handler}
        verdict = checker.check(self.journals, self.plan, ordered, self.places)
        verdict.broken = max(0, verdict.broken - self.allowed_broken)
        budget = duplicate_budget(self.fault, self.plan, self.journals, self.interruptions)
        for what in ("lost", "unexpected", "broken", "disorder", "mismatched"):
            self.expect(getattr(verdict, what) == 0, f"{getattr(verdict, what)} {what}: {verdict.examples[:4]}")
        self.expect(verdict.dead == 0 or self.fault.dead, f"{verdict.dead} dead-lettered")
        self.expect(verdict.duplicates >= self.least_duplicates,
                    f"{verdict.duplicates} duplicates, at least {self.least_duplicates} were to be: the fault did not happen")
        for d in self.plan.directions:
            found = verdict.by_flow.get(d.name, (0, 0, 0))
            self.expect(found[0] > 0, f"{d.name}: nothing was sent")
            budget[d.name] += self.read_again.get(d.name, 0)
            self.expect(found[2] <= budget[d.name], f"{d.name}: {found[2]} duplicates, {budget[d.name]} are allowed")
        if not SANITIZED:
            self.expect(self.watch.peak_rss <= PEAK_RSS, f"peak memory {self.watch.peak_rss >> 20} MiB")
        return verdict, sum(budget.values())

    def _end_bridge(self):
        if self.bridge._process is not None and self.bridge.running:
            self.bridge.resume()
            self.bridge.kill()
        self.bridge._process = None
        self.bridge.stop()
