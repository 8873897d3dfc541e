"""The test bed: a private RabbitMQ and Kafka, a proxy in front of each for each of the bridge's broker sections.

ClusterBed has a cluster of three nodes in the place of each, and no proxies: what fails there is the nodes.
"""
import contextlib
import pathlib
import tempfile

import confluent_kafka
import harness
from brokers import Kafka, Rabbit
from cluster import KafkaCluster, RabbitCluster, require_memory, wait
from node import free_ports
from proxy import LoopThread, Proxy


class Bed(contextlib.ExitStack):
    """Brokers last for the whole run; what a fault did to them is undone by heal().

    `proxies` lead to where the bridge's broker sections connect, `secured` to SECURED.
    """

    queue_arguments = {}  # of every queue of a run, beside the fault's own
    replicas = 1          # of every topic
    topic_config = {}

    def __init__(self, build, rabbit=Rabbit, with_kafka=True):
        super().__init__()
        self.build = pathlib.Path(build).resolve()
        self.mombridge = self.build / "daemon" / "mombridge"
        self.failing = self.build.parent / "failpoints" / "daemon" / "mombridge"  # the build with mistakes on purpose
        self.load = self.build / "tests" / "faults" / "fault-load"
        self.echo = self.build / "lib" / "sdk" / "samples" / "echo.so"
        self.mock_kafka = self.build / "tests" / "brokers" / "mock-kafka"
        self.handlers = self.build / "tests" / "handlers"
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="mombridge-faults-"))
        self.callback(self._forget_folder)
        try:
            self._start(rabbit, with_kafka)
        except BaseException:
            self.close()
            raise

    def _start(self, rabbit, with_kafka):
        self.ports = dict(zip(("ain", "aout", "kin", "kout", *SECURED), free_ports(4 + len(SECURED))))
        self.rabbit = self.enter_context(rabbit(secure=True))
        self.rabbit.launch()
        self.kafka = None
        if with_kafka:
            listeners = {"IN": "kin", "OUT": "kout", **{listener: name for name, listener in SECURED.items()}}
            proxied = {listener: self.ports[name] for listener, name in listeners.items()}
            self.kafka = self.enter_context(Kafka(proxied=proxied, secure=True, conf=KAFKA_CONF))
            self.kafka.launch()
        self._loop = loop = LoopThread()
        self.callback(loop.close)
        behind = {"ain": self.rabbit.port, "aout": self.rabbit.port}
        if with_kafka:
            behind |= {name: self.kafka.proxied[listener] for listener, name in listeners.items()}
        self.secured = {name: Proxy(loop, behind.pop(name), self.ports[name]) for name in SECURED if with_kafka}
        self.proxies = {name: Proxy(loop, port, self.ports[name]) for name, port in behind.items()}
        for proxy in (*self.proxies.values(), *self.secured.values()):
            self.callback(proxy.close)
        self.wait_ready()

    def ways(self):
        """Where each of the bridge's broker sections connects to."""
        return {name: f"amqp://guest:guest@127.0.0.1:{port}/" if name in ("ain", "aout") else f"127.0.0.1:{port}"
                for name, port in self.ports.items() if name not in SECURED}

    def client_url(self):
        """Of the plain AMQP clients, as fault-load takes it."""
        return self.rabbit.url

    def second_way(self, name, host):
        """A further proxy to where proxies[name] leads, on the same port of another address of this machine."""
        present = self.proxies[name]
        return Proxy(self._loop, present.target, present.port, host)

    def _forget_folder(self):
        """Unless somebody is to look at what failed."""
        if not any(self.folder.iterdir()):
            self.folder.rmdir()

    def wait_ready(self):
        for node in self.nodes():
            node.wait_ready()

    def nodes(self):
        return [node for node in (self.rabbit, self.kafka) if node]

    def heal(self):
        """Both brokers up, networks perfect. Quick when nothing is wrong."""
        for proxy in (*self.proxies.values(), *self.secured.values()):
            proxy.heal()
        for node in self.nodes():
            if node.running:
                node.resume()
            else:
                node.launch()
        self.wait_ready()

    def clear(self, plan):
        """Takes a run's queues and topics away, where they would cost the runs after it."""

    def amqp(self):
        return harness.Amqp(self.rabbit.url)

    def kafka_client(self):
        return harness.KafkaClient(self.kafka.bootstrap)

    def versions(self):
        found = [f"RabbitMQ {self.rabbit.version()}"]
        return ", ".join(found + ([f"Kafka {self.kafka.version()}"] if self.kafka else []))


class ClusterBed(Bed):
    """rabbit and kafka are clusters; the bridge knows every node of each, as do the plain clients."""

    queue_arguments = {"x-queue-type": "quorum", "x-queue-leader-locator": "balanced"}
    replicas = 3
    topic_config = {"min.insync.replicas": "2"}

    def _start(self, rabbit, with_kafka):
        require_memory()
        self.proxies, self.secured = {}, {}
        self.rabbit = self.enter_context(RabbitCluster())
        self.rabbit.launch()
        self.kafka = None
        if with_kafka:
            self.kafka = self.enter_context(KafkaCluster(conf=KAFKA_CONF))
            self.kafka.launch()
        self.wait_ready()

    def ways(self):
        found = {name: self.rabbit.urls for name in ("ain", "aout")}
        return found | ({name: self.kafka.bootstrap for name in ("kin", "kout")} if self.kafka else {})

    def client_url(self):
        return ",".join(self.rabbit.urls)

    def nodes(self):
        return [node for cluster in (self.rabbit, self.kafka) if cluster for node in cluster.nodes]

    def wait_ready(self):
        """All nodes, and nothing behind: the next fault takes from a whole cluster, or it would take too much."""
        super().wait_ready()
        self.rabbit.wait_whole()
        if self.kafka:
            wait(self._in_sync, 60, "every replica of every partition to be in sync")

    def _in_sync(self):
        """By the word of every node: one that stood still says for a moment what was true before."""
        for node in self.kafka.nodes:
            with contextlib.closing(harness.KafkaClient(node.bootstrap)) as client:
                if client.behind():
                    return False
        return True

    def clear(self, plan):
        """A node that comes back has every queue and partition to catch up with, and an election takes place for each."""
        with contextlib.closing(self.amqp()) as amqp:
            for queue in plan.queues():
                amqp.delete(queue)
        if self.kafka:
            kafka = self.kafka_client()
            for topic in plan.topics():
                with contextlib.suppress(confluent_kafka.KafkaException):  # a run that failed early has not made them all
                    kafka.delete(topic)

    def amqp(self):
        """At the first node that takes part."""
        for node in self.rabbit.nodes:
            try:
                if node.running and node.answers():
                    return harness.Amqp(node.url)
            except OSError:
                pass
        raise RuntimeError("no RabbitMQ node answers")


# Further ways to Kafka, with a login or a certificate: {proxy: listener}.
SECURED = {"kscram": "SCRAM", "kmtls": "MTLS"}

# Retention checks and segment deletion within a test's time. Kafka 4 would refuse what is stamped more than an hour ahead,
# Kafka 3 does not: D40k is about that.
KAFKA_CONF = """log.retention.check.interval.ms=2000
log.initial.task.delay.ms=1000
log.segment.delete.delay.ms=1000
group.min.session.timeout.ms=2000
auto.create.topics.enable=false
message.max.bytes=1048588
log.message.timestamp.after.max.ms=9223372036854775807
"""
