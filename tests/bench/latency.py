"""What the bridge adds to the time of a message on its way, from 200 messages a second to 70 % of what it can take.

The same sender and receiver, compiled and without the bridge's code, are at both ends of the bridge, and at both ends of a queue
and of a topic without it, in turn. A message through the bridge takes two hops, one on each broker: it costs what these cost, and
what the bridge adds to that. What the bridge can take is measured first, by draining a backlog.
"""
import dataclasses

import figures
import pumps
from drain_bed import DIRECTIONS, drain_options, parser_of, run
from figures import Row, percentile

PART = "latency"
SHARES = (0.3, 0.7)  # of what the bridge can take
FIELDS = ("p50", "p99")
NAMES = {"a": "AMQP", "k": "Kafka"}


@dataclasses.dataclass
class Times:
    p50: float  # milliseconds
    p99: float


def bridges(options):
    """With linger.ms 0, its default: the other parts set it for the sake of rate."""
    def change(config):
        for section in config["brokers"].values():
            section.pop("librdkafka", None)

    found = [pumps.Mombridge(options.build, change=change)]
    if options.before:
        found.append(pumps.Mombridge(options.before, "before", change))
    return found


def timed(bed, to, target, source_kind, source, rate, options, size):
    words = bed.load("time", pumps.KINDS[to], target, pumps.KINDS[source_kind], source, int(rate * options.seconds), size, rate)
    times = [float(word) / 1000 for word in words]
    return Times(percentile(times, 50), percentile(times, 99))


def through(bed, bridge, direction, rate, options):
    with bed.way(direction, options.size) as way, bridge.running(way):
        return timed(bed, direction[0], way.source, direction[1], way.sink, rate, options, way.size)


def direct(bed, kind, rate, options):
    with bed.way(2 * kind, options.size) as way:
        return timed(bed, kind, way.source, kind, way.source, rate, options, way.size)


def rates_of(capacity, options):
    return [options.rate] + [share * capacity for share in SHARES if share * capacity > options.rate]


def measure_rate(bed, direction, rate, options):
    contestants = bridges(options)
    names = {bridge.name: bridge for bridge in contestants}
    kinds = list(dict.fromkeys(direction))
    found = figures.measure_in_turn([*kinds, *names], options.rounds, lambda name: (
        direct(bed, name, rate, options) if name in kinds else through(bed, names[name], direction, rate, options)))
    rows = []
    for field in FIELDS:
        series = {name: figures.series_of(times, field) for name, times in found.items()}
        beside = {NAMES.get(name, name): (values, "ms") for name, values in series.items()}
        added = series["bridge"].less(series[direction[0]])
        what = f"{DIRECTIONS[direction]}, {rate:.0f}/s, {field}"
        rows.append(Row(PART, f"{what}: more than {NAMES[direction[0]]} alone", added, "ms", beside=beside))
        if field == "p50":  # rare delays of two hops do not add up
            rows.append(Row(PART, f"{what}: beyond both hops", added.less(series[direction[1]]), "ms"))
        if "before" in series:
            rows.append(Row(PART, f"{what}: to before", series["bridge"].over(series["before"])))
    return rows


def measure(bed, options):
    rows = []
    for direction in options.directions:
        capacity = bed.drain(bridges(options)[0], direction, options.count, options.size).rate
        for rate in rates_of(capacity, options):
            rows += measure_rate(bed, direction, rate, options)
            print(f"latency: {DIRECTIONS[direction]} at {rate:.0f}/s of {capacity:.0f}/s done", flush=True)
    return rows


def parser():
    made = parser_of(PART, __doc__)
    drain_options(made)
    made.add_argument("--rate", type=float, default=200, help="the lowest, in messages a second (200)")
    made.add_argument("--seconds", type=float, default=10, help="of each measurement (10)")
    made.add_argument("--size", type=int, default=256, help="bytes of a body (256)")
    return made


if __name__ == "__main__":
    run(parser(), measure)
