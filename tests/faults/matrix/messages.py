"""Messages that no destination or handler wants, and handlers that misbehave."""
import contextlib
import copy
import time

import checker
import raw_amqp
from harness import eventually
from registry import fault

from .rabbit import dead_of, only_dead


def poison(name, plugin):
    """Every message of the direction goes to a handler that never succeeds."""
    def configure(config, plan):
        config["handlers"]["poisoned"] = {"plugin": str(plan.handlers / plugin), "timeout": "5s"}
        plan.route(config, name)["to"] = {"handler": "poisoned"}
    return configure


def all_dead(run, name, count):
    """Each of them dead-lettered, nobody else disturbed."""
    run.start_senders()
    run.faulted()
    eventually(lambda: dead_of(run, name) == count, 90, f"all {count} of {name} dead-lettered")
    others = {d.name: run.arrived(d.name) for d in run.plan.directions if d.name != name}
    run.sleep(2)
    still = [n for n, c in others.items() if run.arrived(n) <= c]
    run.expect(not still, f"stood still with the poisoned one: {still}")
    only_dead(run, name)


FEW = {"rate": 10, "count": 30}


@fault("D29", "poison: the handler always fails, AMQP source", start=False, dead=True, recovers=False,
       configure=poison("ah", "bad_returns_error.so"), load={"ah": FEW})
def always_fails(run):
    run.bridge.start()
    all_dead(run, "ah", 30)


@fault("D29k", "poison: the handler always fails, Kafka source", start=False, dead=True, recovers=False,
       configure=poison("kh", "bad_returns_error.so"), load={"kh": FEW})
def always_fails_kafka(run):
    run.bridge.start()
    all_dead(run, "kh", 30)


@fault("D33", "handler throws std::runtime_error", start=False, dead=True, recovers=False,
       configure=poison("ah", "bad_throws.so"), load={"ah": FEW})
def throws(run):
    run.bridge.start()
    all_dead(run, "ah", 30)


@fault("D33i", "handler throws an int", start=False, dead=True, recovers=False,
       configure=poison("ah", "bad_throws_int.so"), load={"ah": FEW})
def throws_int(run):
    run.bridge.start()
    all_dead(run, "ah", 30)


class Poisoner:
    """Publishes hostile messages, each under an id, and writes a sender's journal of them."""

    def __init__(self, run, flow, queue, place):
        self._publisher = raw_amqp.RawPublisher(run.bed.rabbit.port)
        self._set_up(run, flow, queue, place)

    def _set_up(self, run, flow, queue, place):
        self._flow, self._queue, self.sent = flow, queue, 0
        self._journal = run.folder / f"{flow}.journal"
        run.journals.add(self._journal, sent=True)
        run.places[flow] = place

    def publish(self, **properties):
        self.sent += 1
        ms = time.monotonic_ns() // 1_000_000
        with self._journal.open("a") as journal:
            journal.write(f"A {ms} {self._flow} {self.sent}\n")
            journal.flush()
            self._send(body(self._flow, self.sent), **properties)
            journal.write(f"C {ms} {self._flow} {self.sent}\n")

    def _send(self, content, **properties):
        self._publisher.publish(self._queue, content, **properties)


def body(flow, seq, size=200):
    """As load/body.hpp makes it."""
    head = f"{flow} {seq} {size}\n".encode()
    return head + bytes(ord("a") + (seq * 7 + at) % 26 for at in range(len(head), size))


def hostile_messages(poisoner):
    table, text = raw_amqp.long, raw_amqp.text_field
    poisoner.publish(headers=raw_amqp.nested_table(18_000))
    poisoner.publish(headers=table(text(b"large", b"x" * 120_000)))
    poisoner.publish(headers=table(b"".join(text(b"h%d" % i, b"v") for i in range(9000))))
    poisoner.publish(headers=table(text(b"\xff\xfe", b"\xc3\x28\x80")))
    poisoner.publish(headers=table(raw_amqp.short(b"nothing") + b"V"))
    poisoner.publish(headers=table(text(b"twice", b"1") + text(b"twice", b"2")))
    poisoner.publish(flags=0x0400, values=raw_amqp.short(b"\xff\x00\x80"))  # correlation-id
    poisoner.publish(headers=table(text(b"customer", b"k\x00\xff")))


class KafkaPoisoner(Poisoner):
    """The same with records."""

    def __init__(self, run, flow, topic, place):
        self._publisher = run.bed.kafka_client()
        self._set_up(run, flow, topic, place)

    def _send(self, content, **record):
        self._publisher.produce(self._queue, content, **record)


def hostile_records(poisoner):
    poisoner.publish(key=None)
    poisoner.publish(key=b"")
    poisoner.publish(key=b"\xff\x00" * 100)
    poisoner.publish(headers=[("large", b"x" * 120_000)])
    poisoner.publish(headers=[(f"h{i}", b"v") for i in range(9000)])
    poisoner.publish(headers=[("broken", b"\xc3\x28\x80"), ("", b"no name"), ("nothing", None)])
    poisoner.publish(headers=[("n" * 300, b"a name that AMQP cannot carry")])
    poisoner.publish(headers=[(name, b"forged") for name in ("CC", "BCC", "x-death", "x-delivery-count", "mombridge-types",
                                                             "mombridge-hops", "mombridge-key", "expiration", "priority")])
    poisoner.publish(headers=[("mombridge-types", b"table:t;" * 5000), ("t", b"[" * 30_000)])
    poisoner.publish(headers=[("kafka_replyTopic", b"\xff"), ("kafka_replyPartition", b"12345"), ("kafka_correlationId", b"\x00\xff")])
    poisoner.publish(timestamp=1)


def poisoned(run):
    return {name: flow for name, flow in run.journals.read().flows.items() if name.startswith("poison")}


@fault("D30", "hostile messages: tables nested 18,000 deep, 120 KB of headers, broken UTF-8, empty bodies, null keys", dead=True)
def hostile(run):
    run.faulted()
    for d in [d for d in run.plan.of(source="kafka") if not d.request]:
        poisoner = KafkaPoisoner(run, f"poison{d.name}", run.plan.source(d), run.plan.sink(d))
        hostile_records(poisoner)
        for content in (b"", None):
            poisoner._send(content)  # arrives without an id
            run.allowed_broken += 1
    for name in [d.name for d in run.plan.of(source="amqp") if not d.request]:
        d = next(x for x in run.plan.directions if x.name == name)
        poisoner = Poisoner(run, f"poison{name}", run.plan.source(d), run.plan.sink(d))
        hostile_messages(poisoner)
        poisoner._send(b"")  # arrives without an id
        run.allowed_broken += 1
    # RabbitMQ 4 itself needs half a minute for a table that deep: until it has given them out, the fault is not over.
    eventually(lambda: all(len(f.arrivals) == len(f.attempted) for f in poisoned(run).values()), 120,
               "the hostile messages, or their dead letters")
    run.expect(run.bridge.running, "the bridge crashed")
    run.healed()
    flows = run.journals.read().flows
    dead = sum(dead_of(run, name) for name in flows)
    run.note(f"{dead} of {sum(len(f.attempted) for f in poisoned(run).values())} dead-lettered, the others passed on")


# What bridges and brokers write, and what lets a publisher choose a record's key, time or deletion.
FORGED = {name: b"forged" for name in ("kafka_replyTopic", "kafka_correlationId", "kafka_dlt-original-topic", "mombridge-dead-reason",
                                       "mombridge-error", "x-death", "x-acquired-count", "x-opt-deaths", "CC")}
FORGED |= {"kafka_replyPartition": b"\0\0\0\1", "mombridge-tombstone": b"true", "mombridge-key": b"forged",
           "mombridge-timestamp-ms": b"1", "mombridge-hops": b"many"}
ASKED = {"kafka_replyTopic": b"asked.here", "kafka_correlationId": b"asked"}  # the request's own
FORGERIES = 50


def plain_directions(plan):
    return [d for d in plan.directions if not d.handler]


def forged_ends(plan, d):
    return f"{plan.prefix}.forged.{d.name}.in", f"{plan.prefix}.forged.{d.name}.out"


def forged_routes(config, plan):
    """Beside each direction without a handler one more, whose ends the fault reads itself."""
    for d in plain_directions(plan):
        route = copy.deepcopy(plan.route(config, d.name))
        route["name"] = f"forged-{d.name}"
        source, route["to"]["target"] = forged_ends(plan, d)
        route["from"]["queue" if d.source == "amqp" else "topic"] = source
        if d.source == "amqp":
            route["from"]["restore"] = False
        config["routes"].append(route)


def forge(amqp, kafka, d, source, n):
    if d.source == "amqp":
        headers = {name: value.decode("latin1") for name, value in FORGED.items() if name != "CC"}
        amqp.publish(source, b"%d" % n, reply_to="asked.here", correlation_id="asked", headers={**headers, "customer": "c"})
    else:
        # The last of a name is the request's own.
        kafka.produce(source, b"%d" % n, key=b"own", headers=[*FORGED.items(), ("customer", b"c"), *ASKED.items()])


def crossed(amqp, kafka, d, sink):
    """[(body, the forged headers that arrived)]"""
    if d.sink == "amqp":
        found = [(m.body, m.headers.items()) for m in amqp.consume(sink, FORGERIES, timeout=60)]
    else:
        found = [(r.value(), r.headers() or []) for r in kafka.consume(sink, FORGERIES, timeout=60)]
    # The partition where a record wants its reply is its own to choose.
    looked_for = {name: value for name, value in FORGED.items() if (name, d.source) != ("kafka_replyPartition", "kafka")}
    return [(body, {name for name, value in headers if as_bytes(value) == looked_for.get(name, None)}) for body, headers in found]


def as_bytes(value):
    return value if isinstance(value, bytes) else str(value).encode()


@fault("D41", "forged headers in every direction: what bridges and brokers write, restore: false", start=False, recovers=False,
       configure=forged_routes)
def forged(run):
    ends = {d: forged_ends(run.plan, d) for d in plain_directions(run.plan)}
    kafka = run.bed.kafka_client() if run.bed.kafka else None
    with contextlib.closing(run.bed.amqp()) as amqp:
        for d, (source, sink) in ends.items():
            for kind, place in ((d.source, source), (d.sink, sink)):
                amqp.channel.queue_declare(place, durable=True) if kind == "amqp" else kafka.topic(place)
        run.bridge.start()
        run.start_senders()
        run.faulted()
        for n in range(FORGERIES):
            for d, (source, _) in ends.items():
                forge(amqp, kafka, d, source, n)
        for d, (_, sink) in ends.items():
            found = crossed(amqp, kafka, d, sink)
            run.expect({body for body, _ in found} == {b"%d" % n for n in range(FORGERIES)}, f"{d.name}: not all arrived with their bodies")
            forgeries = {name for _, names in found for name in names}
            run.expect(not forgeries, f"{d.name}: {sorted(forgeries)} crossed")
    run.healed()
    run.expect("headers dropped" in run.bridge.read_log(), "nothing is said of the headers that were dropped")


def dead_by_source(config, plan):
    """Where the destination itself is too small, its dead letters must go elsewhere."""
    config["failures"]["dead_letter"] = {"broker": "ain", "target": plan.dead}
    config["brokers"]["aout"]["max_message_size"] = "1MiB"
    if "kout" in config["brokers"]:  # the bodies would fit compressed, and so be no fault
        section = config["brokers"]["kout"]
        section["librdkafka"] = {**section["librdkafka"], "message.max.bytes": 1048588}


@fault("D31", "bodies of 2 MB and 16 MB, more than the destination takes", start=False, dead=True, configure=dead_by_source,
       load={"aa": {"size": 2_000_000, "rate": 2, "count": 8}, "ak": {"size": 16_000_000, "rate": 1, "count": 3}}, recovers=False,
       short=True)
def oversized(run):
    run.bridge.start()
    run.start_senders()
    run.faulted()
    names = {"aa": 8, "ak": 3} if run.bed.kafka else {"aa": 8}
    for name, count in names.items():
        eventually(lambda: dead_of(run, name) == count, 90, f"{count} dead letters of {name}")
    dead = {n: c for n in run.journals.read().flows if (c := dead_of(run, n))}
    run.expect(set(dead) == set(names), f"dead-lettered: {dead}")
    losses = run.bridge.read_log().count("publish channel closed")
    run.expect(losses == 0, "a channel was closed: the size was not checked before sending")


PART = 131072 - 8


@fault("D32", "bodies that just fill their frames", ordered=True, directions=("aa",),
       load={"aa": {"size": 2 * PART, "rate": 20}})
def full_frames(run):
    run.sleep(10)
    flow = run.journals.read().flow("aa")
    times = sorted(flow.arrivals[seq][0].ms - ms for seq, ms in flow.attempted.items() if seq in flow.arrivals)
    median = times[len(times) // 2]
    run.note(f"median {median} ms from publish to arrival")
    run.expect(median < 150, f"median {median} ms: a segment waits for an acknowledgement")
    run.healed()
