"""A RabbitMQ and a Kafka, and backlogs that one pump after the other drains from one to the other."""
import argparse
import contextlib
import dataclasses
import itertools
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

import confluent_kafka

import figures
import pumps  # first: it knows where the tests' modules are
from brokers import Pair
from harness import Amqp, KafkaClient, eventually

MIB = 1 << 20
PATIENCE = 300
LEAST = 0.1  # of a backlog has to be seen on its way
# Fast ones get longer backlogs, or they would be over before they are measured.
LONGER = {"kk": 3}
DIRECTIONS = {"ak": "AMQP → Kafka", "ka": "Kafka → AMQP", "kk": "Kafka → Kafka", "aa": "AMQP → AMQP"}


def processor_seconds(pid):
    """Of all threads that the process has or had, by the clock that Linux keeps for each process: clock_getcpuclockid(3)."""
    return time.clock_gettime((~pid << 3) | 2)


def status_of(pid, field):
    """A number of /proc/PID/status: VmRSS and VmHWM (the peak) in KiB, Threads."""
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field + ":"))


def has_ended(pid):
    """Also where nobody has waited for it yet."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] in "ZX"
    except OSError:
        return True


@dataclasses.dataclass
class Drained:
    """What was seen while a part of a backlog was drained; `share` is that part."""
    moved: int  # messages
    seconds: float
    processor: float  # seconds of processor time
    peak: float  # MiB of memory
    share: float = 0.5

    @property
    def rate(self):
        """Messages a second."""
        return self._enough() / self.seconds

    @property
    def cpu(self):
        """Microseconds of processor time a message."""
        return 1e6 * self.processor / self._enough()

    def _enough(self):
        if self.share < LEAST:
            raise SystemExit(f"only {self.moved} messages came between two looks at the sink: a longer backlog is needed, see --count")
        return self.moved


def backlog_of(way, count):
    """How many messages it takes so that the middle half of them is drained with a full window from begin to end."""
    return max(count * LONGER.get(way.direction, 1), 5 * (way.window if way.direction[0] == "k" else way.prefetch))


class Bed(contextlib.ExitStack):
    """`secure`: both brokers listen with TLS, too."""

    def __init__(self, build, secure=False):
        super().__init__()
        self.build, self._load, self._names = build, build / "tests/bench/load-messages", itertools.count()
        try:
            self._folder = pathlib.Path(self.enter_context(tempfile.TemporaryDirectory(prefix="mombridge-bench-")))
            # With less, Kafka runs out of it when it has taken some bodies of 95 MiB.
            self.pair = self.enter_context(Pair(secure=secure, kafka_heap="2g"))
            self.rabbit, self.kafka = self.pair.rabbit, self.pair.kafka
            self._environment = {**os.environ, **self.pair.environment("")}
            self.amqp = self.enter_context(contextlib.closing(Amqp(self.rabbit.url)))
            self.client = self.enter_context(contextlib.closing(KafkaClient(self.kafka.bootstrap)))
            self._watcher = self.enter_context(contextlib.closing(confluent_kafka.Consumer(
                {"bootstrap.servers": self.kafka.bootstrap, "group.id": "bench-watcher", "enable.auto.commit": False})))
        except BaseException:
            self.close()
            raise

    def load(self, *words):
        """What load-messages prints, as words."""
        done = subprocess.run([self._load, *map(str, words)], env=self._environment, text=True, stdout=subprocess.PIPE)
        if done.returncode:
            raise SystemExit(f"load-messages {words[0]} ended with {done.returncode}")
        return done.stdout.split()

    @contextlib.contextmanager
    def way(self, direction, size=256, partitions=1):
        """A source and a sink, both empty, which end with the context."""
        name = f"{direction}.{next(self._names)}"
        folder = self._folder / name
        folder.mkdir()
        way = pumps.Way(direction, f"in.{name}", f"out.{name}", f"group.{name}", size, partitions, self.rabbit.url,
                        self.kafka.bootstrap, folder)
        for kind, place in zip(direction, (way.source, way.sink)):
            if kind == "a":
                self.amqp.queue(place)
            else:
                self.client.topic(place, partitions, {"max.message.bytes": str(max(MIB, 2 * size))})
        try:
            yield way
        finally:
            for kind, place in zip(direction, (way.source, way.sink)):
                (self.amqp if kind == "a" else self.client).delete(place)
            shutil.rmtree(folder)

    def fill(self, way, count):
        self.load("fill", pumps.KINDS[way.direction[0]], way.source, count, way.size)

    def arrived(self, way):
        if way.direction[1] == "a":
            return self.amqp.depth(way.sink)
        places = (confluent_kafka.TopicPartition(way.sink, number) for number in range(way.partitions))
        return sum(self._watcher.get_watermark_offsets(place, timeout=10, cached=False)[1] for place in places)

    @contextlib.contextmanager
    def running(self, pump, direction, size=256):
        """The pump between a source and a sink with nothing to do."""
        with self.way(direction, size) as way, pump.running(way) as process:
            yield process

    def drain(self, pump, direction, count, size=256, partitions=1):
        """Drained, of the messages between the first and the last quarter: starting is left out, and as many are under way at
        the begin as at the end. Whether all of them have come whole is counted afterwards."""
        with self.way(direction, size, partitions) as way:
            count = backlog_of(way, count)
            self.fill(way, count)
            with pump.running(way) as process:
                first, begin, worked = self._moment(pump, process, way, count, count // 4)
                last, end, worked_then = self._moment(pump, process, way, count, count - count // 4)
                self._moment(pump, process, way, count, count)
                peak = status_of(process.pid, "VmHWM") / 1024
            self._check(pump, way, count)
        return Drained(last - first, end - begin, worked_then - worked, peak, (last - first) / count)

    def _moment(self, pump, process, way, count, wanted):
        """(messages at the sink, time, processor time) when so many have arrived."""
        patience = time.monotonic() + PATIENCE
        while (arrived := self.arrived(way)) < wanted:
            if has_ended(process.pid) or time.monotonic() > patience:
                raise SystemExit(f"{pump.name} stopped at {arrived} of {count} messages: {pump.log_tail(way)}")
            time.sleep(0.005)
        return arrived, time.monotonic(), processor_seconds(process.pid)

    def _check(self, pump, way, count):
        """After the pump's end, so that nothing is unacknowledged any more."""
        kind = way.direction[0]
        left = self.amqp.depth(way.source) if kind == "a" else (
            sum(self.client.end_offsets(way.source).values()) - sum(self.client.committed(way.group, way.source).values()))
        if left:
            raise SystemExit(f"{pump.name}: {left} of {count} messages are not settled at their source")
        total, distinct, whole = map(int, self.load("count", pumps.KINDS[way.direction[1]], way.sink, count, way.size))
        if distinct != count or whole != total:
            raise SystemExit(f"{pump.name}: {distinct} of {count} messages, {total - whole} of {total} not whole")
        if total > count:
            print(f"{pump.name}: {total - count} duplicates", flush=True)


def parser_of(name, text, before=True):
    """What all parts have; `before`: the part can compare with a former bridge."""
    parser = argparse.ArgumentParser(prog=f"scripts/bench {name}".strip(), description=text,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--json", type=pathlib.Path, metavar="FILE", help="writes all figures there, each round's, too")
    if before:
        parser.add_argument("--before", type=pathlib.Path, metavar="BUILD",
                            help="a build folder, or the program: a former bridge to compare with in the same run")
    parser.add_argument("--rounds", type=int, default=3, help="how often everything is measured, in turn (3)")
    return parser


def drain_options(parser, count=60_000, directions=tuple(DIRECTIONS)):
    parser.add_argument("--count", type=int, default=count, help=f"messages of a backlog ({count})")
    parser.add_argument("--directions", nargs="+", choices=DIRECTIONS, default=list(directions))


def bridges(options):
    """The bridge, and the former one."""
    found = [pumps.Mombridge(options.build)]
    if options.before:
        found.append(pumps.Mombridge(options.before, "before"))
    return found


def about(options, bed):
    """What figures depend on."""
    version = subprocess.run([pumps.program_of(options.build), "--version"], capture_output=True, text=True).stdout.strip()
    return {"options": {name: str(value) for name, value in vars(options).items()}, "version": version, "cores": os.cpu_count(),
            "load_average": os.getloadavg(), "kernel": os.uname().release, "rabbitmq": bed.rabbit.version(), "kafka": bed.kafka.version()}


def report(options, bed, rows):
    """The tables, those with goals first, and the JSON where it is wanted."""
    for some in ([row for row in rows if row.goal], [row for row in rows if not row.goal]):
        if some:
            print(f"\n{figures.table(some)}")
    print(f"\nmedian (lowest..highest round); ~: not every round says so. Load average "
          f"{os.getloadavg()[0]:.1f} on {os.cpu_count()} cores.", flush=True)
    if options.json:
        options.json.write_text(figures.json_text(rows, about(options, bed)))


def run(parser, measure):
    """A part by itself, with its command line. `measure(bed, options)` returns the rows."""
    options = parser.parse_args()
    with Bed(options.build) as bed:
        report(options, bed, measure(bed, options))


def compare(part, bed, options, first, second, size):
    """Rows for two pumps that drain in turn: the ratios of the second to the first."""
    rows = []
    for direction in options.directions:
        found = figures.measure_in_turn([first, second], options.rounds,
                                        lambda pump: bed.drain(pump, direction, options.count, size))
        for field, what, unit in (("rate", "rate", "msg/s"), ("cpu", "CPU", "µs/msg")):
            series = {pump.name: figures.series_of(found[pump], field) for pump in (first, second)}
            rows.append(figures.Row(part, f"{DIRECTIONS[direction]}: {what}, {second.name} to {first.name}",
                                    series[second.name].over(series[first.name]),
                                    beside={name: (values, unit) for name, values in series.items()}))
    return rows
