"""Both brokers, a bridge that joins them four ways, and load-requests at its ends."""
import contextlib
import os
import pathlib
import subprocess
import tempfile

from pumps import program_of  # first: that module knows where the tests' modules are
from brokers import Pair
from configs import configuration, route
from harness import Amqp, Bridge, KafkaClient, eventually

KINDS = ("amqp", "kafka")
WAYS = [(source, sink) for source in KINDS for sink in KINDS]
NAMES = {"amqp": "AMQP", "kafka": "Kafka"}


def name_of(way):
    return " → ".join(NAMES[kind] for kind in way)


class RequestBed(contextlib.ExitStack):
    """Clients `amqp` and `kafka` of the brokers, and what is made here. All of it ends with this, and so do the brokers where no
    pair of them is given."""

    def __init__(self, build, pair=None):
        super().__init__()
        self._build, self._load = build, build / "tests/bench/load-requests"
        self._folder = pathlib.Path(self.enter_context(tempfile.TemporaryDirectory(prefix="mombridge-bench-")))
        try:
            self.pair = pair or self.enter_context(Pair())
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

    def bridge(self, ways, librdkafka=None, name="", program=None):
        """A bridge with a route for each of these ways: from source(way, name) to sink(way, name). Its settings are the defaults.
        `program`: a former build or its program."""
        brokers = {"amqp": {"type": "amqp", "url": self.pair.rabbit.url, "accept_replies": True},
                   "kafka": {"type": "kafka", "bootstrap_servers": self.pair.kafka.bootstrap, "accept_replies": True}}
        if librdkafka:
            brokers["kafka"]["librdkafka"] = librdkafka
        routes = []
        for source, sink in ways:
            ends = {"amqp": "queue", "kafka": "topic"}
            first, last = self.source((source, sink), name), self.sink((source, sink), name)
            self.end(source, first)
            self.end(sink, last)
            routes.append(route({"broker": source, ends[source]: first}, {"broker": sink, "target": last}))
        config = configuration(*routes, replies={"timeout": "1h", "keys": [{"id": "k", "secret": "0123456789abcdef"}]})
        config["brokers"] = brokers
        folder = self._folder / (name + "-".join("".join(way) for way in ways))
        folder.mkdir()
        os.environ["MOMBRIDGE"] = str(program_of(program or self._build))
        bridge = Bridge(folder, config)
        self.callback(bridge.stop)
        bridge.name = config["name"]
        return bridge.start()

    @staticmethod
    def source(way, name=""):
        return f"in.{name}" + "-".join(way)

    @staticmethod
    def sink(way, name=""):
        return f"out.{name}" + "-".join(way)

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

