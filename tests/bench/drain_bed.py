"""A RabbitMQ and a Kafka, and backlogs that one bridge after the other drains from one to the other."""
import argparse
import contextlib
import itertools
import os
import pathlib
import statistics
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / name) for name in ("brokers", "integration", "faults")]

import pika  # noqa: E402
from brokers import Kafka, Rabbit  # noqa: E402
from configs import configuration, route  # noqa: E402
from harness import Amqp, Bridge, KafkaClient, eventually  # noqa: E402
from watch import TICK  # noqa: E402

PATIENCE = 300
DIRECTIONS = {"ak": "AMQP → Kafka", "ka": "Kafka → AMQP", "kk": "Kafka → Kafka", "aa": "AMQP → AMQP"}
HEADERS = {f"header-{i}": "a value of some length" for i in range(3)}


def processor_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


class Bed(contextlib.ExitStack):
    """`secure`: both listen with TLS, too."""

    def __init__(self, build, body, secure=False):
        super().__init__()
        os.environ["MOMBRIDGE"] = str(build / "daemon/mombridge")
        self._body, self._names = body, itertools.count()
        try:
            self._folder = pathlib.Path(self.enter_context(tempfile.TemporaryDirectory(prefix="mombridge-bench-")))
            self.rabbit = self.enter_context(Rabbit(secure=secure).start())
            self.kafka = self.enter_context(Kafka(secure=secure).start())
            self._amqp = self.enter_context(contextlib.closing(Amqp(self.rabbit.url)))
            self._client = self.enter_context(contextlib.closing(KafkaClient(self.kafka.bootstrap)))
        except BaseException:
            self.close()
            raise

    def drain(self, direction, count, change=None, beside=contextlib.nullcontext):
        """(messages a second, microseconds of the bridge's processor time a message); see running()."""
        with self.running(direction, change, beside, count) as bridge:
            eventually(lambda: self._arrived(direction[1], bridge.sink) >= count, PATIENCE, f"{count} messages in {bridge.sink}")
            took, worked = time.monotonic() - bridge.began, processor_seconds(bridge.pid)
        return count / took, 1e6 * worked / count

    @contextlib.contextmanager
    def running(self, direction, change=None, beside=contextlib.nullcontext, count=0):
        """A bridge with a backlog of so many. `change` is called with the configuration before it is used; `beside(bridge)` is
        entered while the bridge runs."""
        name = f"{direction}.{next(self._names)}"
        source, sink = self._place(direction[0], f"in.{name}"), self._place(direction[1], f"out.{name}")
        self._fill(direction[0], source, count)
        folder = self._folder / name
        folder.mkdir()
        config = self._configuration(direction, source, sink)
        if change:
            change(config)
        bridge = Bridge(folder, config)
        bridge.sink, bridge.began = sink, time.monotonic()
        bridge.start()
        try:
            with beside(bridge):
                yield bridge
            bridge.terminate()
        finally:
            bridge.stop()

    def _place(self, kind, name):
        return self._amqp.queue(name) if kind == "a" else self._client.topic(name)

    def _fill(self, kind, name, count):
        if kind == "k":
            self._client.produce_all(name, [{"value": self._body, "headers": HEADERS}] * count)
            return
        with pika.BlockingConnection(pika.URLParameters(self.rabbit.url)) as connection:
            channel, properties = connection.channel(), pika.BasicProperties(delivery_mode=2, headers=HEADERS)
            for _ in range(count):
                channel.basic_publish("", name, self._body, properties)
        eventually(lambda: self._arrived("a", name) >= count, PATIENCE, f"{count} messages in {name}")

    def _arrived(self, kind, name):
        if kind == "k":
            return self._client.end_offsets(name)[0]
        return self._amqp.channel.queue_declare(name, passive=True).method.message_count

    def _configuration(self, direction, source, sink):
        sections = {"a": ("shop", "queue", {"type": "amqp", "url": self.rabbit.url}),
                    "k": ("lake", "topic", {"type": "kafka", "bootstrap_servers": self.kafka.bootstrap})}
        (first, subscribed, _), (last, _, _) = sections[direction[0]], sections[direction[1]]
        config = configuration(route({"broker": first, subscribed: source}, {"broker": last, "target": sink}))
        config["brokers"] = {sections[kind][0]: sections[kind][2] for kind in dict.fromkeys(direction)}
        return config


def options_of(parser):
    parser.add_argument("--build", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, default=60_000, help="messages of a backlog (60000)")
    parser.add_argument("--size", type=int, default=256, help="bytes of a body (256)")
    parser.add_argument("--rounds", type=int, default=3, help="of each direction (3)")
    parser.add_argument("--directions", nargs="+", choices=DIRECTIONS, default=list(DIRECTIONS))
    return parser.parse_args()


def compare(bed, options, names, ways):
    """Drains in turn in two ways, each a dictionary of what Bed.drain() takes, and prints a table: medians of the rounds, and the
    ratios of the second way to the first."""
    print(f"{options.count} messages of {options.size} bytes, 3 headers, {options.rounds} rounds\n")
    print(f"{'':14}{names[0]:>19}{names[1]:>21}{'ratio':>18}")
    print(f"{'':14}{'msg/s':>10}{'us/msg':>9}{'msg/s':>12}{'us/msg':>9}{'rate':>9}{'us':>9}   (round by round)")
    for direction in options.directions:
        found = ([], [])
        for turn in range(options.rounds):
            for which in ((0, 1), (1, 0))[turn % 2]:
                found[which].append(bed.drain(direction, options.count, **ways[which]))
        _show(direction, *found)


def _show(direction, first, second):
    columns = []
    for rates, times in (zip(*first), zip(*second)):
        columns += [statistics.median(rates), statistics.median(times)]
    ratios = [after[1] / before[1] for before, after in zip(first, second)]
    print(f"{DIRECTIONS[direction]:14}{columns[0]:10.0f}{columns[1]:9.2f}{columns[2]:12.0f}{columns[3]:9.2f}"
          f"{columns[2] / columns[0]:9.2f}{columns[3] / columns[1]:9.2f}   ({min(ratios):.2f} to {max(ratios):.2f})", flush=True)
