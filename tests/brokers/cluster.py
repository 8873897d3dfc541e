"""Private clusters of three RabbitMQ nodes and of three Kafka nodes: what a single node cannot show.

    with RabbitCluster().start() as rabbit: rabbit.urls, rabbit.nodes[0].kill()
    with KafkaCluster().start() as kafka: kafka.bootstrap, kafka.nodes[0].pause()

The nodes are those of rabbit_node and kafka_node: each has its own ports, folder and guard, and nothing outlives its starter.
"""
import contextlib
import json
import pathlib
import time
import uuid

from kafka_node import Kafka
from node import NodeError, free_ports
from rabbit_node import Rabbit

NODES = 3
# Three times what one Kafka node takes beside its heap and one RabbitMQ node, as measured under load, and some air.
MEMORY = 2400 << 20


def available_memory(proc="/proc", cgroup="/sys/fs/cgroup"):
    """Bytes that new processes can take: the machine's, or less where this control group has a limit."""
    fields = (line.split() for line in (pathlib.Path(proc) / "meminfo").read_text().splitlines())
    machine = next(int(field[1]) * 1024 for field in fields if field[0] == "MemAvailable:")
    try:
        limit, used = ((pathlib.Path(cgroup) / name).read_text().strip() for name in ("memory.max", "memory.current"))
        return machine if limit == "max" else min(machine, int(limit) - int(used))
    except OSError:
        return machine  # the root group, which has no limit


def require_memory(found=None):
    """Says so before half a cluster has come up and the kernel picks a process to end."""
    found = available_memory() if found is None else found
    if found < MEMORY:
        raise NodeError(f"both clusters together take about {MEMORY >> 20} MiB of memory, {found >> 20} MiB are available")


class Cluster(contextlib.ExitStack):
    """Three nodes that end together."""

    def __init__(self, kind):
        super().__init__()
        try:
            self.nodes = [self.enter_context(kind()) for _ in range(NODES)]
            self._introduce()
        except BaseException:
            self.close()
            raise

    def _introduce(self):
        """Tells the nodes of each other, before any has started."""
        raise NotImplementedError

    def start(self):
        try:
            self.launch()
            return self.wait_ready()
        except BaseException:
            self.close()
            raise

    def launch(self):
        for node in self.nodes:
            node.launch()

    def wait_ready(self):
        for node in self.nodes:
            node.wait_ready()
        return self

    def version(self):
        return self.nodes[0].version()

    def others(self, node):
        return [other for other in self.nodes if other is not node]


class RabbitMember(Rabbit):
    """Nodes find each other through one epmd, which the first of them starts and which ends with that one's folder."""

    epmd_port = 0

    def environment(self):
        found = super().environment()
        # Silence is noticed after 8 s in place of 60: a stopped node is one of the faults, and a test has no minutes. And only
        # what is cut off is: by default, Erlang 25 has nodes that lose sight of one leave the others for a moment, too.
        kernel = " -kernel net_ticktime 8 -kernel prevent_overlapping_partitions false"
        arguments = found["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] + kernel
        return {**found, "ERL_EPMD_PORT": str(self.epmd_port), "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": arguments}


class RabbitCluster(Cluster):
    def __init__(self):
        super().__init__(RabbitMember)

    def _introduce(self):
        epmd_port, = free_ports(1)
        self._cookie = uuid.uuid4().hex.upper()
        members = "".join(f"cluster_formation.classic_config.nodes.{number} = {node.node}\n"
                          for number, node in enumerate(self.nodes, 1))
        for node in self.nodes:
            node.epmd_port = epmd_port
            node.configure(f"cluster_formation.peer_discovery_backend = classic_config\n{members}"
                           "cluster_partition_handling = pause_minority\n")
            cookie = node.folder / ".erlang.cookie"
            cookie.write_text(self._cookie)
            cookie.chmod(0o400)

    @property
    def urls(self):
        return [node.url for node in self.nodes]

    def whole(self):
        """Whether every node sees all the others, and every quorum queue's members are there and agree."""
        try:
            return all(self._sees(node) == NODES and node.eval("length(rabbit_quorum_queue:list_with_minimum_quorum())") == "0"
                       for node in self.nodes)
        except NodeError:
            return False  # one that pauses itself cannot say

    def wait_missed(self, node, timeout=30):
        """Until the others have noticed that the node has gone."""
        wait(lambda: all(self._sees(other) < NODES for other in self.others(node)), timeout, f"{node.node} to be missed")

    @staticmethod
    def _sees(node):
        return int(node.eval("length(rabbit_nodes:all_running())"))

    def wait_whole(self, timeout=60):
        """Most come together by themselves, within seconds."""
        try:
            wait(self.whole, 10, "")
        except NodeError:
            self._restart_lonely()
            wait(self.whole, timeout, "every RabbitMQ node to see the others and every quorum queue to have all its members")

    def _restart_lonely(self):
        """What the operator would do: a node that stood still until the others had given it up goes on alone when it is resumed. It
        does not take itself for cut off, so pause_minority does not apply (rabbitmq.com/partitions.html on suspended nodes)."""
        for node in self.nodes:
            try:
                lonely = self._sees(node) == 1
            except NodeError:
                continue  # it has paused itself, and comes back by itself
            if lonely:
                node.restart()

    def cut(self, node):
        """The node and the others lose sight of each other; their clients notice nothing of the network.

        A wrong cookie for a peer refuses every connection from and to it, also those that the nodes try again.
        """
        self._divide(node, "cut")

    def join(self, node):
        self._divide(node, self._cookie)

    def _divide(self, node, cookie):
        # At once: while one of the others still saw the node, that would be a partial partition, in which all of them pause.
        peers = ", ".join(f"'{other.node}'" for other in self.others(node))
        node.eval(f"[erlang:set_cookie(N, '{cookie}') || N <- [{peers}]], [erlang:disconnect_node(N) || N <- [{peers}]]")

    def leader(self, queue):
        """The node that leads a quorum queue."""
        found = self._asking(f"{{ok, Q}} = rabbit_amqqueue:lookup(rabbit_misc:r(<<\"/\">>, queue, <<\"{queue}\">>)), "
                             "{ok, _, {_, N}} = ra:members(amqqueue:get_pid(Q)), N")
        return next(node for node in self.nodes if node.node == found.strip("'"))

    def lead(self, node):
        """Makes the node the leader of every quorum queue; returns how many it did not lead before."""
        return int(self._asking(
            f"length([moved || Q <- rabbit_amqqueue:list(<<\"/\">>), amqqueue:get_type(Q) =:= rabbit_quorum_queue, "
            f"{{Name, _}} <- [amqqueue:get_pid(Q)], {{ok, _, {{_, N}} = L}} <- [ra:members(amqqueue:get_pid(Q))], "
            f"N =/= '{node.node}', ra:transfer_leadership(L, {{Name, '{node.node}'}}) =:= ok])"))

    def _asking(self, expression):
        return next(node for node in self.nodes if node.running).eval(expression)


KAFKA_CONF = """offsets.topic.replication.factor=3
offsets.topic.num.partitions=3
transaction.state.log.replication.factor=3
transaction.state.log.min.isr=2
transaction.state.log.num.partitions=3
default.replication.factor=3
min.insync.replicas=2
replica.lag.time.max.ms=5000
"""


class KafkaCluster(Cluster):
    """conf: further lines of every node's server.properties. Every node is broker and controller."""

    def __init__(self, conf="", heap="384m"):
        self._conf = conf
        super().__init__(lambda: Kafka(heap=heap))

    def _introduce(self):
        voters = ",".join(f"{id}@127.0.0.1:{node.controller_port}" for id, node in enumerate(self.nodes, 1))
        for id, node in enumerate(self.nodes, 1):
            node.cluster_id = self.nodes[0].cluster_id
            node.configure(f"{KAFKA_CONF}{self._conf}\nnode.id={id}\ncontroller.quorum.voters={voters}\n")

    @property
    def bootstrap(self):
        return ",".join(node.bootstrap for node in self.nodes)

    def node(self, id):
        """By node.id, which counts from 1."""
        return self.nodes[id - 1]

    def id(self, node):
        return self.nodes.index(node) + 1

    def assign(self, replicas):
        """replicas: {(topic, partition): [node.id, the preferred leader first]}, on nodes that have the partition. Makes each
        preferred leader lead, which clients see a moment later."""
        parts = [{"topic": topic, "partition": partition, "replicas": ids} for (topic, partition), ids in replicas.items()]
        self._tool("reassign.ReassignPartitionsCommand", "--execute", reassignment_json_file={"version": 1, "partitions": parts})
        self.elect("preferred", replicas)

    def elect(self, kind, partitions):
        """kind: "preferred" or "unclean"; partitions: [(topic, number)]."""
        parts = [{"topic": topic, "partition": partition} for topic, partition in partitions]
        self._tool("LeaderElectionCommand", "--election-type", kind, path_to_json_file={"partitions": parts})

    def _tool(self, name, *arguments, **files):
        node = next(node for node in self.nodes if node.running)
        for option, content in files.items():
            path = node.folder / f"{option}.json"
            path.write_text(json.dumps(content))
            arguments += (f"--{option.replace('_', '-')}", path)
        return node.tool(f"org.apache.kafka.tools.{name}", "--bootstrap-server", self.bootstrap, *arguments)


def wait(check, timeout, what):
    end = time.monotonic() + timeout
    while not check():
        if time.monotonic() > end:
            raise NodeError(f"waited {timeout} s for {what}")
        time.sleep(0.2)
