"""What settings bring: the same backlog is drained with the defaults, and with one setting changed at a time."""
import figures
import pumps
from drain_bed import DIRECTIONS, drain_options, parser_of, run
from figures import Row

PART = "tuning"


def _plain(config):
    """The defaults: what the other parts set for all is taken out."""
    for section in config["brokers"].values():
        section.pop("prefetch_count", None)
        section.pop("librdkafka", None)


def _prefetch(count):
    def change(config):
        _plain(config)
        for section in config["brokers"].values():
            section["prefetch_count"] = count

    return change


def _linger(ms):
    def change(config):
        _plain(config)
        config["brokers"]["lake"]["librdkafka"] = {"linger.ms": ms}

    return change


# For each direction what matters there. prefetch_count is 500 by default for AMQP, and 10000 a partition for Kafka.
SETTINGS = {
    "ak": {"prefetch_count 100": _prefetch(100), "prefetch_count 2000": _prefetch(2000), "linger.ms 1": _linger(1),
           "linger.ms 5": _linger(5)},
    "aa": {"prefetch_count 100": _prefetch(100), "prefetch_count 2000": _prefetch(2000)},
    "ka": {"prefetch_count 1000": _prefetch(1000)},
    "kk": {"prefetch_count 1000": _prefetch(1000), "linger.ms 1": _linger(1), "linger.ms 5": _linger(5)},
}


def measure(bed, options):
    rows = []
    for direction in options.directions:
        contestants = [pumps.Mombridge(options.build, name, change)
                       for name, change in {"defaults": _plain, **SETTINGS[direction]}.items()]
        found = figures.measure_in_turn(contestants, options.rounds, lambda pump: bed.drain(pump, direction, options.count, options.size))
        for field, what, unit in (("rate", "rate", "msg/s"), ("cpu", "CPU", "µs/msg"), ("peak", "memory", "MiB")):
            series = {pump.name: figures.series_of(rounds, field) for pump, rounds in found.items()}
            for name in SETTINGS[direction]:
                rows.append(Row(PART, f"{DIRECTIONS[direction]}: {what}, {name} to the defaults", series[name].over(series["defaults"]),
                                beside={n: (series[n], unit) for n in ("defaults", name)}))
        print(f"tuning: {DIRECTIONS[direction]} done", flush=True)
    return rows


def parser():
    made = parser_of(PART, __doc__, before=False)
    drain_options(made)
    made.add_argument("--size", type=int, default=256, help="bytes of a body (256)")
    return made


if __name__ == "__main__":
    run(parser(), measure)
