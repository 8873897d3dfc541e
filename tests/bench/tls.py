"""What TLS costs: the same backlog is drained over TLS and without it, in turn, with both ends alike.

Processor time is the bridge's own, of all its threads, in microseconds a message. The ratios are medians of the rounds.
"""
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

import confluent_kafka  # noqa: E402
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
    """A RabbitMQ and a Kafka that listen with TLS and without."""

    def __init__(self, build, body):
        super().__init__()
        os.environ["MOMBRIDGE"] = str(build / "daemon/mombridge")
        self._body, self._names = body, itertools.count()
        try:
            self._folder = pathlib.Path(self.enter_context(tempfile.TemporaryDirectory(prefix="mombridge-bench-")))
            self._rabbit = self.enter_context(Rabbit(secure=True).start())
            self._kafka = self.enter_context(Kafka(secure=True).start())
            self._amqp = self.enter_context(contextlib.closing(Amqp(self._rabbit.url)))
            self._client = self.enter_context(contextlib.closing(KafkaClient(self._kafka.bootstrap)))
        except BaseException:
            self.close()
            raise

    def drain(self, direction, tls, count):
        """(messages a second, microseconds of processor time a message)"""
        name = f"{direction}.{next(self._names)}"
        source, sink = self._place(direction[0], f"in.{name}"), self._place(direction[1], f"out.{name}")
        self._fill(direction[0], source, count)
        folder = self._folder / name
        folder.mkdir()
        bridge = Bridge(folder, self._configuration(direction, source, sink, tls))
        began = time.monotonic()
        bridge.start()
        try:
            eventually(lambda: self._arrived(direction[1], sink) >= count, PATIENCE, f"{count} messages in {sink}")
            took, worked = time.monotonic() - began, processor_seconds(bridge.pid)
            bridge.terminate()
        finally:
            bridge.stop()
        return count / took, 1e6 * worked / count

    def _place(self, kind, name):
        return self._amqp.queue(name) if kind == "a" else self._client.topic(name)

    def _fill(self, kind, name, count):
        if kind == "k":
            self._client.produce_all(name, [{"value": self._body, "headers": HEADERS}] * count)
            return
        with pika.BlockingConnection(pika.URLParameters(self._rabbit.url)) as connection:
            channel, properties = connection.channel(), pika.BasicProperties(delivery_mode=2, headers=HEADERS)
            for _ in range(count):
                channel.basic_publish("", name, self._body, properties)
        eventually(lambda: self._arrived("a", name) >= count, PATIENCE, f"{count} messages in {name}")

    def _arrived(self, kind, name):
        if kind == "k":
            return self._client.end_offsets(name)[0]
        return self._amqp.channel.queue_declare(name, passive=True).method.message_count

    def _configuration(self, direction, source, sink, tls):
        shop = {"type": "amqp", "url": self._rabbit.tls.url if tls else self._rabbit.url}
        lake = {"type": "kafka", "bootstrap_servers": self._kafka.secure["TLS"] if tls else self._kafka.bootstrap}
        if tls:
            shop["tls"] = {"ca": str(self._rabbit.tls.authority.certificate)}
            lake["tls"] = {"ca": str(self._kafka.logins.ca.certificate)}
        used = {"a": ("shop", "queue", shop), "k": ("lake", "topic", lake)}
        config = configuration(route({"broker": used[direction[0]][0], used[direction[0]][1]: source},
                                     {"broker": used[direction[1]][0], "target": sink}))
        config["brokers"] = {used[kind][0]: used[kind][2] for kind in dict.fromkeys(direction)}
        return config


def show(direction, plain, tls):
    columns = []
    for rates, times in (zip(*plain), zip(*tls)):
        columns += [statistics.median(rates), statistics.median(times)]
    ratios = [of_tls[1] / without[1] for without, of_tls in zip(plain, tls)]
    print(f"{DIRECTIONS[direction]:14}{columns[0]:10.0f}{columns[1]:9.2f}{columns[2]:12.0f}{columns[3]:9.2f}"
          f"{columns[2] / columns[0]:9.2f}{columns[3] / columns[1]:9.2f}   ({min(ratios):.2f} to {max(ratios):.2f})", flush=True)


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench tls", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, default=60_000, help="messages of a backlog (60000)")
    parser.add_argument("--size", type=int, default=256, help="bytes of a body (256)")
    parser.add_argument("--rounds", type=int, default=3, help="of each direction (3)")
    parser.add_argument("--directions", nargs="+", choices=DIRECTIONS, default=list(DIRECTIONS))
    options = parser.parse_args()
    with Bed(options.build, b"x" * options.size) as bed:
        print(f"{options.count} messages of {options.size} bytes, 3 headers, {options.rounds} rounds\n")
        print(f"{'':14}{'plain':>19}{'TLS':>21}{'ratio of TLS':>18}")
        print(f"{'':14}{'msg/s':>10}{'us/msg':>9}{'msg/s':>12}{'us/msg':>9}{'rate':>9}{'us':>9}   (round by round)")
        for direction in options.directions:
            plain, tls = [], []
            for turn in range(options.rounds):
                for is_tls in ((False, True), (True, False))[turn % 2]:
                    (tls if is_tls else plain).append(bed.drain(direction, is_tls, options.count))
            show(direction, plain, tls)


if __name__ == "__main__":
    main()
