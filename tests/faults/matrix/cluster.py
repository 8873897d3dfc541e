"""What happens to clusters: three RabbitMQ nodes with quorum queues, three Kafka nodes with three replicas.

While one node of three is away, everything must flow: run.flows_on() is a part of each such fault.
"""
import functools
import threading
import time

import confluent_kafka
from harness import eventually
from registry import fault

from .messages import body

cluster = functools.partial(fault, cluster=True)
# A RabbitMQ node that tries one which does not answer waits for 7 s each time (net_setuptime), and its channels with it.
SILENT = 60


def in_turn(run, nodes, leave, back, pause=2, **within):
    """One node after the other is away, until everything flows without it, and comes back."""
    slowest = []
    for node in nodes:
        run.faulted()
        leave(node)
        slowest.append(run.flows_on(**within))
        run.sleep(pause)
        back(node)
        run.bed.wait_ready()
    run.healed()
    run.note("flows without the node after " + ", ".join("–" if s is None else f"{s:.1f} s" for s in slowest))


@cluster("C0", "no fault at all", ordered=True)
def nothing(run):
    run.sleep(8)
    run.healed()


# A node that goes breaks connections of sources and destinations, and moves the leaders that it had: two interruptions each.
EACH = {"interruptions": 6, "sink_interruptions": 3}


@cluster("C1", "each RabbitMQ node killed (-9) in turn", **EACH)
def rabbit_killed(run):
    in_turn(run, run.bed.rabbit.nodes, lambda node: node.kill(), lambda node: node.start())


@cluster("C1s", "each RabbitMQ node stopped (SIGSTOP) in turn", **EACH)
def rabbit_stopped(run):
    """Before the others have given it up, nobody leads its queues. It goes on alone afterwards, until it is restarted."""
    rabbit = run.bed.rabbit

    def leave(node):
        node.pause()
        rabbit.wait_missed(node)

    in_turn(run, rabbit.nodes, leave, lambda node: node.resume(), within=SILENT)


@cluster("C1r", "rolling restart of RabbitMQ", **EACH)
def rabbit_rolled(run):
    in_turn(run, run.bed.rabbit.nodes, lambda node: node.shutdown(), lambda node: node.start(), pause=0)


@cluster("C2", "each Kafka node killed (-9) in turn", interruptions=6)
def kafka_killed(run):
    in_turn(run, run.bed.kafka.nodes, lambda node: node.kill(), lambda node: node.start())


@cluster("C2s", "each Kafka node stopped (SIGSTOP) in turn", interruptions=6)
def kafka_stopped(run):
    in_turn(run, run.bed.kafka.nodes, lambda node: node.pause(), lambda node: node.resume())


@cluster("C2r", "rolling restart of Kafka", interruptions=6)
def kafka_rolled(run):
    in_turn(run, run.bed.kafka.nodes, lambda node: node.shutdown(), lambda node: node.start(), pause=0)


@cluster("C3", "the queues' leaders moved, six times", interruptions=6, sink_interruptions=6)
def queue_leaders_moved(run):
    run.faulted()
    moved = 0
    for node in run.bed.rabbit.nodes * 2:
        moved += run.bed.rabbit.lead(node)
        run.sleep(3)
    run.healed()
    run.expect(moved >= 5 * len(run.plan.queues()), f"only {moved} leaders moved")
    run.note(f"{moved} leaders moved")


def assign(run, topics, nodes):
    """All their partitions to these nodes (ids), led by the first."""
    run.bed.kafka.assign({(topic, number): nodes for topic in topics for number in range(run.plan.partitions)})
    client = run.bed.kafka_client()
    eventually(lambda: {leader for topic in topics for leader in client.leaders(topic).values()} == {nodes[0]}, 30,
               f"node {nodes[0]} to lead {topics}")


@cluster("C3k", "the partitions' leaders moved, three times", interruptions=6)
def partition_leaders_moved(run):
    run.faulted()
    for nodes in ([1, 2, 3], [2, 3, 1], [3, 1, 2]):
        assign(run, run.plan.topics(), nodes)
    run.healed()


@cluster("C4", "two of three RabbitMQ nodes killed for 15 s: the third pauses (pause_minority)", interruptions=4, sink_interruptions=2)
def rabbit_minority(run):
    first, second, third = run.bed.rabbit.nodes
    run.faulted()
    second.kill()
    third.kill()
    eventually(lambda: paused(first), 30, "the last node to pause itself")
    before = run.arrived("kk")
    run.sleep(15)
    run.expect(run.arrived("kk") > before, "Kafka to Kafka stood still with RabbitMQ")
    second.launch()
    third.launch()
    run.bed.wait_ready()
    run.healed()


def paused(node):
    """A node that pauses itself closes its listeners, and goes on as a process."""
    try:
        return not node.answers()
    except OSError:
        return True


@cluster("C4c", "RabbitMQ divided: one node cut off from two, then each from each", interruptions=6, sink_interruptions=3)
def rabbit_divided(run):
    rabbit = run.bed.rabbit
    first, second, _ = rabbit.nodes
    run.faulted()
    rabbit.cut(first)
    eventually(lambda: paused(first), 30, "the node that was cut off to pause itself")
    run.flows_on(SILENT)
    run.faulted()
    rabbit.cut(second)
    eventually(lambda: all(paused(node) for node in rabbit.nodes), 30, "all nodes to pause themselves")
    run.sleep(8)
    rabbit.join(first)
    rabbit.join(second)
    run.bed.wait_ready()
    run.healed()


@cluster("C5", "too few replicas: two of three Kafka nodes killed for 15 s", interruptions=4)
def kafka_minority(run):
    """Neither can anything be produced with acks=all, nor has the cluster a controller."""
    _, second, third = run.bed.kafka.nodes
    run.faulted()
    second.kill()
    third.kill()
    before = run.arrived("aa")
    run.sleep(15)
    run.expect(run.arrived("aa") > before, "AMQP to AMQP stood still with Kafka")
    second.launch()
    third.launch()
    run.bed.wait_ready()
    run.healed()


@cluster("C5i", "too few in-sync replicas: min.insync.replicas=3, one Kafka node away for 15 s", interruptions=4)
def too_few_in_sync(run):
    """The controller is there, so the broker says NOT_ENOUGH_REPLICAS: a destination that is away, and no message's fault."""
    client = run.bed.kafka_client()
    sinks = [run.plan.sink(d) for d in run.plan.of(sink="kafka")]
    for topic in sinks:
        client.set_config(topic, {"min.insync.replicas": "3"})
    run.faulted()
    run.bed.kafka.nodes[2].kill()
    before = run.arrived("aa")
    run.sleep(8)
    stuck = {d.name: run.arrived(d.name) for d in run.plan.of(sink="kafka")}
    run.sleep(7)
    still = [name for name, count in stuck.items() if run.arrived(name) != count]
    run.expect(not still, f"the broker took messages of {still} with too few replicas: nothing was tried")
    run.expect(run.arrived("aa") > before, "AMQP to AMQP stood still with Kafka")
    run.bed.kafka.nodes[2].start()
    run.bed.wait_ready()
    run.healed()


class Transactions:
    """A sender of transactions of ten records, every other one aborted, on a thread of its own.

    What is aborted is written down nowhere: whatever of it arrives is unexpected. Where it cannot be known whether a commit
    went through, the records may arrive or not.
    """

    def __init__(self, run, flow, topic, place):
        self.id = f"{run.plan.prefix}.{flow}"
        self.committed = self.aborted = 0
        self._bootstrap, self._flow, self._topic, self._seq = run.bed.kafka.bootstrap, flow, topic, 0
        self._journal = run.folder / f"{flow}.journal"
        run.journals.add(self._journal, sent=True)
        run.places[flow] = place
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def end(self):
        self._ended.set()
        self._thread.join(90)

    def _work(self):
        producer = None
        while not self._ended.is_set():
            try:
                if producer is None:
                    producer = confluent_kafka.Producer({"bootstrap.servers": self._bootstrap, "transactional.id": self.id,
                                                         "transaction.timeout.ms": 10000, "log_level": 0,
                                                         "reconnect.backoff.max.ms": 500})
                    producer.init_transactions(30)
                self._one(producer, abort=(self.committed + self.aborted) % 2)
            except confluent_kafka.KafkaException:
                producer = None  # the next one of the same id ends what this one has left open
                time.sleep(0.5)

    def _one(self, producer, abort):
        numbers = range(self._seq + 1, self._seq + 11)
        self._seq += 10
        if not abort:
            self._write("A", numbers)
        producer.begin_transaction()
        for number in numbers:
            producer.produce(self._topic, body(self._flow, number), key=b"k%d" % (number % 8))
        producer.flush(30)
        if abort:
            producer.abort_transaction(30)
            self.aborted += 1
        else:
            producer.commit_transaction(30)
            self._write("C", numbers)
            self.committed += 1
        time.sleep(0.05)

    def _write(self, kind, numbers):
        ms = time.monotonic_ns() // 1_000_000
        with self._journal.open("a") as journal:
            journal.writelines(f"{kind} {ms} {self._flow} {number}\n" for number in numbers)


def coordinator(run, name, topic):
    """The node that coordinates a group (topic __consumer_offsets) or a transactional id (__transaction_state)."""
    leaders = run.bed.kafka_client().leaders(topic)
    return run.bed.kafka.node(leaders[abs(java_hash(name)) % len(leaders)])


def java_hash(text):
    """String.hashCode(), by which Kafka places groups and transactional ids."""
    found = 0
    for character in text:
        found = (31 * found + ord(character)) & 0xFFFFFFFF
    return found - (1 << 32) if found >> 31 else found


@cluster("C6", "the group's and the transactions' coordinators killed in turn, twice; aborted records on a source", interruptions=8,
         directions=("ak", "ka", "kk", "kh"))
def coordinators_killed(run):
    """The bridge commits to the one; the other is its source's sender's, whose aborted records must not cross."""
    kk = next(d for d in run.plan.directions if d.name == "kk")
    sender = Transactions(run, "tx", run.plan.source(kk), run.plan.sink(kk))
    try:
        eventually(lambda: sender.aborted and sender.committed, 60, "a transaction to be committed and one to be aborted")
        for _ in range(2):
            for name, topic in ((f"{run.plan.prefix}.group", "__consumer_offsets"), (sender.id, "__transaction_state")):
                node = coordinator(run, name, topic)
                run.faulted()
                node.kill()
                run.flows_on()
                node.start()
                run.bed.wait_ready()
    finally:
        sender.end()
    run.healed()
    run.note(f"{sender.committed} transactions committed, {sender.aborted} aborted")
    run.expect(sender.aborted >= 10, f"only {sender.aborted} transactions were aborted")


def on_two_nodes(run, topic):
    """One partition leader and one follower, of which whatever the leader alone has is lost when it goes."""
    assign(run, [topic], [1, 2])
    run.bed.kafka_client().set_config(topic, {"min.insync.replicas": "1", "unclean.leader.election.enable": "true"})
    return run.bed.kafka.nodes[:2]


def elect_unclean(run, topic, leader, follower):
    """The leader alone gets messages, then goes, and the follower that never had them leads. Returns {partition: how many are gone}."""
    client = run.bed.kafka_client()
    run.quiesce()
    before = client.end_offsets(topic)
    run.faulted()
    follower.kill()
    run.go_on()
    eventually(lambda: client.behind(), 30, "the follower out of sync")
    run.sleep(5)
    run.quiesce()  # whatever the leader alone has was read, and is known to have been
    after = client.end_offsets(topic)
    leader.kill()
    follower.launch()
    follower.wait_ready()
    led = run.bed.kafka.id(follower)
    eventually(lambda: set(run.bed.kafka_client().leaders(topic).values()) == {led}, 60, "the unclean election")
    now = run.bed.kafka_client().end_offsets(topic)
    gone = {number: after[number] - now[number] for number in now}
    run.expect(sum(gone.values()) > 0, f"the election lost nothing: {before}, {after}, {now}")
    run.note(f"the election lost {sum(gone.values())} records")
    return gone


@cluster("C7", "unclean election at a destination", directions=("ak", "kk", "aa"), interruptions=6)
def unclean_destination(run):
    """What Kafka has confirmed and then forgotten is Kafka's loss. The bridge's part is to go on, and to lose nothing of its own:
    all that it had produced was read by then, and its producer's sequence numbers are ahead of what the new leader knows."""
    ak = next(d for d in run.plan.directions if d.name == "ak")
    leader, follower = on_two_nodes(run, run.plan.sink(ak))
    elect_unclean(run, run.plan.sink(ak), leader, follower)
    run.go_on()
    run.flows_on()
    leader.start()
    run.bed.wait_ready()
    run.healed()


def from_earliest(config, plan):
    plan.route(config, "kk")["from"]["on_offset_lost"] = "earliest"


@cluster("C7s", "unclean election at a source: its offsets are lost, which is said; on_offset_lost: earliest goes on", configure=from_earliest,
         directions=("kk", "aa"), interruptions=4)
def unclean_source(run):
    """The group's position is beyond the new leader's end. It reads again from the beginning: duplicates, and all that it sends."""
    kk = next(d for d in run.plan.directions if d.name == "kk")
    topic = run.plan.source(kk)
    leader, follower = on_two_nodes(run, topic)
    elect_unclean(run, topic, leader, follower)
    run.read_again["kk"] = sum(run.bed.kafka_client().end_offsets(topic).values())
    # Only then may the topic grow: a client that does not know leader epochs, as librdkafka before 2.1, cannot tell a log that
    # has grown past its position from the one that it has read.
    run.log_has("offset.*(lost|no longer|out of range|gone)", timeout=40)
    run.go_on()
    run.flows_on()
    leader.start()
    run.bed.wait_ready()
    run.healed()


def first_away(run, leave, back):
    """The bridge starts while the first node that it is told of, of both, is away."""
    nodes = [run.bed.rabbit.nodes[0], run.bed.kafka.nodes[0]]
    run.faulted()
    for node in nodes:
        leave(node)
    run.bridge.start()
    run.start_senders()
    run.wait_warm()
    run.sleep(3)
    for node in nodes:
        back(node)
    run.bed.wait_ready()
    run.healed()


FIRST = {"start": False, "interruptions": 2, "sink_interruptions": 1}


@cluster("C8", "the first of each list of addresses is away when the bridge starts: refused", **FIRST)
def first_refuses(run):
    first_away(run, lambda node: node.kill(), lambda node: node.start())


@cluster("C8s", "the first of each list of addresses takes connections and says nothing (SIGSTOP)", **FIRST)
def first_is_silent(run):
    first_away(run, lambda node: node.pause(), lambda node: node.resume())
