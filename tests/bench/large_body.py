"""One body of 100 MiB passes through the bridge while small messages of another subscription go from queue to queue of the same
RabbitMQ, one after the other.

Memory is the kernel's peak (VmHWM) less what the bridge had before, as a multiple of the body. The delay is how much longer the
slowest small message took while the large one was on its way than those before it, from its publish to its arrival. RabbitMQ has
a part in it, which may be most of it: other small messages go through it alone, in turn with the first, and what the slowest of
them took longer is taken off.
"""
import dataclasses
import statistics
import time

import confluent_kafka
import figures
import pumps
from drain_bed import DIRECTIONS, MIB, bridges, parser_of, run, status_of
from figures import Goal, Row

PART = "large_body"
PATIENCE = 120
HELD = 1000  # ms
KAFKA_TAKES = 95 * MIB  # by default a request of 100 MiB, with all that is around the record
MOST_MEMORY, MOST_DELAY = 2.2, 50


@dataclasses.dataclass
class Passed:
    memory: float  # times the body
    through: float  # ms, what the slowest small message took longer through the bridge
    alone: float  # ms, and through RabbitMQ alone
    seconds: float  # that the large body took, from when it was there

    @property
    def delay(self):
        return max(0, self.through - self.alone)


def changed(way, small, size):
    """What makes the bridge's configuration fit."""
    def change(config):
        config["brokers"].setdefault("shop", {"type": "amqp", "url": way.amqp, "accept_replies": False})
        config["brokers"]["shop"]["max_message_size"] = f"{size + 1}B"
        config["log"]["level"] = "info"
        if "lake" in config["brokers"]:
            most = size + MIB
            config["brokers"]["lake"]["librdkafka"] |= {"message.max.bytes": most, "fetch.message.max.bytes": most,
                                                        "receive.message.max.bytes": 2 * most}
        config["routes"].append({"from": {"broker": "shop", "queue": small.source}, "to": {"broker": "shop", "target": small.sink}})
    return change


def through(bed, source, sink):
    """ms from the publish of a small message to its arrival."""
    begin = time.monotonic()
    bed.amqp.publish(source, b"small")
    bed.amqp.get(sink, timeout=PATIENCE)
    return 1000 * (time.monotonic() - begin)


def send(bed, way, body):
    """Lets the broker hold it for a while where it can, so that nobody is busy with it but the bridge."""
    if way.direction[0] == "a":
        held = bed.amqp.queue(arguments={"x-message-ttl": HELD, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": way.source})
        return bed.amqp.publish(held, body)
    producer = confluent_kafka.Producer({"bootstrap.servers": way.kafka, "message.max.bytes": len(body) + MIB})
    producer.produce(way.source, body)
    if producer.flush(PATIENCE):
        raise SystemExit("the large body did not get into Kafka")


def one(bed, pump, direction, size):
    with bed.way(direction, size) as way, bed.way("aa") as small, bed.way("aa") as alone:
        body = b"0123456789abcdef" * (size // 16)
        if isinstance(pump, pumps.Mombridge):
            pump = pumps.Mombridge(pump.program, pump.name, changed(way, small, size))
        with pump.running(way) as process:
            process.wait_connected(f"queue {small.source}")
            usual = statistics.median(through(bed, small.source, small.sink) for _ in range(50))
            usual_alone = statistics.median(through(bed, alone.source, alone.source) for _ in range(50))
            memory = status_of(process.pid, "VmRSS")
            send(bed, way, body)
            delays, alones, begin, end = [], [], time.monotonic(), time.monotonic() + PATIENCE
            while not bed.arrived(way):
                delays.append(through(bed, small.source, small.sink))
                alones.append(through(bed, alone.source, alone.source))
                if time.monotonic() > end:
                    raise SystemExit(f"the large body did not get through: {pump.log_tail(way)}")
            peak = status_of(process.pid, "VmHWM") - memory
            seconds = time.monotonic() - begin - (HELD / 1000 if direction[0] == "a" else 0)
        return Passed(1024 * peak / size, max(delays) - usual, max(alones) - usual_alone, seconds)


def measure(bed, options):
    bed.rabbit.eval(f"application:set_env(rabbit, max_message_size, {max(options.size, 128 * MIB)})")
    rows = []
    for direction in options.directions:
        size = min(options.size, KAFKA_TAKES) if "k" in direction else options.size
        found = figures.measure_in_turn(bridges(options), options.rounds, lambda pump: one(bed, pump, direction, size))
        name = f"{DIRECTIONS[direction]}, a body of {size // MIB} MiB"
        for field, what, unit, goal in (("memory", "peak memory to its size", "", Goal(MOST_MEMORY)),
                                        ("delay", "delay of small messages by the bridge", "ms", Goal(MOST_DELAY)),
                                        ("through", "slowest small message", "ms", None),
                                        ("alone", "slowest one through RabbitMQ alone", "ms", None),
                                        ("seconds", "time", "s", None)):
            series = {pump.name: figures.series_of(rounds, field) for pump, rounds in found.items()}
            rows.append(Row(PART, f"{name}: {what}", series["bridge"], unit, goal,
                            {pump: (values, unit) for pump, values in series.items() if pump != "bridge"}))
    return rows


def parser():
    made = parser_of(PART, __doc__)
    made.add_argument("--size", type=int, default=100 * MIB, help="bytes of the body (104857600; on Kafka 95 MiB at most)")
    made.add_argument("--directions", nargs="+", choices=DIRECTIONS, default=["aa", "ak", "ka"])
    return made


if __name__ == "__main__":
    run(parser(), measure)
