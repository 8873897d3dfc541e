"""Both brokers, a bridge that joins them four ways, and load-requests at its ends."""
import contextlib
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "brokers"), str(HERE.parent / "integration")]

from brokers import Pair  # noqa: E402
from configs import configuration, route  # noqa: E402
from harness import Amqp, Bridge, KafkaClient, eventually  # noqa: E402

KINDS = ("amqp", "kafka")
WAYS = [(source, sink) for source in KINDS for sink in KINDS]
NAMES = {"amqp": "AMQP", "kafka": "Kafka"}


def name_of(way):
    return " → ".join(NAMES[kind] for kind in way)


class Bed(contextlib.ExitStack):
    """`pair`, clients `amqp` and `kafka` of its brokers, and what is made here. All of it ends with this."""

    def __init__(self, build):
        super().__init__()
        self._load = build / "tests/bench/load-requests"
        os.environ["MOMBRIDGE"] = str(build / "daemon/mombridge")
        self._folder = pathlib.Path(self.enter_context(tempfile.TemporaryDirectory(prefix="mombridge-bench-")))
        try:
            self.pair = self.enter_context(Pair())
            self._environment = {**os.environ, **self.pair.environment("")}
            self.amqp = self._closing(Amqp(self.pair.rabbit.url))
            self.kafka = self._closing(KafkaClient(self.pair.kafka.bootstrap))
        except BaseException:
            self.close()
            raise

    def _closing(self, client):
        self.callback(client.close)
        return client

    def end(self, kind, name):
        """A queue or topic for requests, and one for the replies where requesters need one made."""
        if kind == "amqp":
            return self.amqp.queue(name)
        self.kafka.topic(f"{name}.mailbox")
        return self.kafka.topic(name)

    def bridge(self, ways, librdkafka=None):
        """A bridge with a route for each of these ways: from source(way) to sink(way). Its settings are the defaults."""
        brokers = {"amqp": {"type": "amqp", "url": self.pair.rabbit.url, "accept_replies": True},
                   "kafka": {"type": "kafka", "bootstrap_servers": self.pair.kafka.bootstrap, "accept_replies": True}}
        if librdkafka:
            brokers["kafka"]["librdkafka"] = librdkafka
        routes = []
        for source, sink in ways:
            ends = {"amqp": "queue", "kafka": "topic"}
            self.end(source, self.source((source, sink)))
            self.end(sink, self.sink((source, sink)))
            routes.append(route({"broker": source, ends[source]: self.source((source, sink))},
                                {"broker": sink, "target": self.sink((source, sink))}))
        config = configuration(*routes, replies={"timeout": "1h", "keys": [{"id": "k", "secret": "0123456789abcdef"}]})
        config["brokers"] = brokers
        folder = self._folder / "-".join("".join(way) for way in ways)
        folder.mkdir()
        bridge = Bridge(folder, config)
        self.callback(bridge.stop)
        bridge.name = config["name"]
        return bridge.start()

    @staticmethod
    def source(way):
        return "in." + "-".join(way)

    @staticmethod
    def sink(way):
        return "out." + "-".join(way)

    @contextlib.contextmanager
    def load(self, way, source, sink, count, rate, *more):
        """load-requests as a process with pipes."""
        command = [self._load, way[0], source, way[1], sink, str(count), str(rate), *more]
        with subprocess.Popen(command, env=self._environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            try:
                yield process
            finally:
                process.kill()

    def times(self, way, source, sink, count, rate):
        """The milliseconds that each request took, in their order."""
        with self.load(way, source, sink, count, rate) as process:
            lines = process.stdout.read().split()
            if process.wait():
                raise SystemExit(f"{name_of(way)}: load-requests ended with {process.returncode}")
        return [float(us) / 1000 for us in lines]


def percentile(values, percent):
    return statistics.quantiles(values, n=1000)[percent * 10 - 1]
