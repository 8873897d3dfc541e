"""librdkafka's mock cluster as a broker that makes mistakes to order. Three brokers: sources are led by 1, sinks by 2, so
that an error ordered of 2 meets the bridge and not the harness; groups are coordinated by 3."""
import subprocess

SOURCE, SINK, GROUPS = 1, 2, 3

# Request kinds and error codes of Kafka's protocol (kafka.apache.org/protocol).
PRODUCE, OFFSET_COMMIT, HEARTBEAT, JOIN_GROUP = 0, 8, 12, 11
NOT_ENOUGH_REPLICAS, REQUEST_TIMED_OUT, OUT_OF_ORDER_SEQUENCE, UNKNOWN_PRODUCER_ID, INVALID_PID_MAPPING = 19, 7, 45, 59, 49
ILLEGAL_GENERATION, REBALANCE_IN_PROGRESS, COORDINATOR_LOAD_IN_PROGRESS, NOT_COORDINATOR, UNKNOWN_MEMBER = 22, 27, 14, 16, 25
NOT_LEADER, LEADER_NOT_AVAILABLE = 6, 5


class MockKafka:
    def __init__(self, program):
        self._process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", str(program), "--brokers", "3"], text=True,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.bootstrap = self._process.stdout.readline().strip().removeprefix("bootstrap=")

    def say(self, *words):
        self._process.stdin.write(" ".join(map(str, words)) + "\n")
        self._process.stdin.flush()
        if (answer := self._process.stdout.readline().strip()) != "ok":
            raise RuntimeError(f"mock-kafka: {' '.join(map(str, words))}: {answer}")

    def topic(self, name, partitions):
        self.say("topic", name, partitions)
        self.lead(name, partitions, SINK if name.endswith(".out") else SOURCE)

    def lead(self, name, partitions, broker):
        for partition in range(partitions):
            self.say("leader", name, partition, broker)

    def close(self):
        self._process.stdin.close()
        self._process.wait(30)
