"""What a Kafka that acknowledges late costs the bridge in processor time, and what the messages then take.

A proxy between the bridge's producer and Kafka holds everything back; senders and sinks are beside it. Processor time is that
of all threads, and that of librdkafka's threads that speak with brokers (rdk:broker…), in microseconds a message.
"""
import argparse
import contextlib
import os
import pathlib
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / name) for name in ("faults", "brokers", "integration")]

import directions  # noqa: E402
import harness  # noqa: E402
import load  # noqa: E402
from bed import Bed  # noqa: E402
from journals import Journals  # noqa: E402
from watch import TICK  # noqa: E402

PATIENCE = 60


def thread_times(pid):
    """(seconds of all threads, seconds of those that librdkafka speaks with brokers on)"""
    total = brokers = 0
    for stat in pathlib.Path(f"/proc/{pid}/task").glob("*/stat"):
        with contextlib.suppress(OSError):
            name, _, rest = stat.read_text().partition("(")[2].rpartition(")")
            fields = rest.split()
            seconds = (int(fields[11]) + int(fields[12])) / TICK
            total += seconds
            brokers += seconds * name.startswith("rdk:broker")
    return total, brokers


def percentile(values, share):
    return sorted(values)[int(len(values) * share)]


class Row:
    """One bridge with one route, and load on it."""

    def __init__(self, bed, way, partitions, librdkafka):
        self.bed = bed
        self.plan = directions.Plan(f"b{os.getpid()}.{time.monotonic_ns()}", (way,), partitions)
        self.direction, = self.plan.directions
        self.config = self.plan.config(bed.ways(), bed.echo)
        self.config["brokers"]["ain"]["prefetch_count"] = self.config["brokers"]["kin"]["prefetch_count"] = 10000
        self.config["brokers"]["kout"]["librdkafka"] |= librdkafka

    def run(self, rate, seconds, delay):
        with contextlib.ExitStack() as stack:
            folder = self.bed.folder / self.plan.prefix
            folder.mkdir()
            self._make_places()
            self.bed.proxies["kout"].set(latency=delay / 2000)
            stack.callback(self.bed.proxies["kout"].heal)
            bridge = harness.Bridge(folder, self.config)
            stack.callback(bridge.stop)
            bridge.start()
            journals = Journals()
            sink = self._client(stack, journals, folder, f"{self.direction.sink}-sink", [self.plan.sink(self.direction)])
            sink.start()
            flow = load.flow(self.direction.name, self.plan.source(self.direction), rate, keys=1000)
            sender = self._client(stack, journals, folder, f"{self.direction.source}-send", [flow])
            sender.start()
            harness.eventually(lambda: journals.read().flow(self.direction.name).arrivals, PATIENCE, "the first message")
            time.sleep(1)
            return self._measure(bridge, journals, seconds)

    def _make_places(self):
        if self.direction.source == "amqp":
            with contextlib.closing(self.bed.amqp()) as amqp:
                amqp.channel.queue_declare(self.plan.source(self.direction), durable=True)
                amqp.channel.queue_declare(self.plan.dead, durable=True)
        for topic in self.plan.topics():
            self.bed.kafka_client().topic(topic, self.plan.partitions)

    def _client(self, stack, journals, folder, kind, what):
        where = self.bed.client_url() if kind.startswith("amqp") else self.bed.kafka.bootstrap
        client = load.Client(self.bed.load, kind, where, folder / f"{kind}.journal", what)
        journals.add(client.journal, kind.endswith("send"))
        stack.callback(client.kill)
        return client

    def _measure(self, bridge, journals, seconds):
        begin, since = thread_times(bridge.pid), time.monotonic_ns() // 1_000_000
        time.sleep(seconds)
        end, until = thread_times(bridge.pid), time.monotonic_ns() // 1_000_000
        flow = journals.read().flow(self.direction.name)
        times = {seq: arrivals[0].ms for seq, arrivals in flow.arrivals.items() if since <= arrivals[0].ms < until}
        took = [ms - flow.attempted[seq] for seq, ms in times.items()]
        micro = [1e6 * (last - first) / max(1, len(times)) for first, last in zip(begin, end)]
        return (len(times) / ((until - since) / 1000), *micro, (end[0] - begin[0]) / ((until - since) / 1000),
                percentile(took, 0.5), percentile(took, 0.99))


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench slow_acknowledgements", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--ways", nargs="+", choices=("ak", "kk"), default=["ak", "kk"], help="AMQP or Kafka to Kafka (both)")
    parser.add_argument("--delays", nargs="+", type=int, default=[0, 20, 50, 100], help="ms that an acknowledgement takes longer")
    parser.add_argument("--rates", nargs="+", type=int, default=[100, 500, 2000], help="messages a second (100 500 2000)")
    parser.add_argument("--partitions", type=int, default=2, help="of each topic (2)")
    parser.add_argument("--seconds", type=int, default=8, help="measured of each row (8)")
    parser.add_argument("--librdkafka", nargs="*", default=[], metavar="KEY=VALUE", help="of the producer, beside the defaults")
    parser.add_argument("--bridge", nargs="*", type=pathlib.Path, default=[], help="further programs to compare with")
    options = parser.parse_args()
    librdkafka = dict(pair.split("=", 1) for pair in options.librdkafka)
    with Bed(options.build) as bed:
        print(f"{'':4}{'ms':>6}{'msg/s':>8}{'arrived/s':>11}{'us/msg':>9}{'of that rdk':>13}{'cores':>8}{'p50 ms':>8}{'p99 ms':>8}")
        for way in options.ways:
            for delay in options.delays:
                for rate in options.rates:
                    for program in [bed.mombridge, *options.bridge]:
                        os.environ["MOMBRIDGE"] = str(program)
                        found = Row(bed, way, options.partitions, librdkafka).run(rate, options.seconds, delay)
                        print(f"{way:4}{delay:6}{rate:8}{found[0]:11.0f}{found[1]:9.1f}{found[2]:13.1f}{found[3]:8.2f}{found[4]:8}{found[5]:8}"
                              + (f"  {program}" if options.bridge else ""), flush=True)


if __name__ == "__main__":
    main()
