"""A backlog is drained in each direction by the bridge, by the bare loop, and by other bridges that are installed: rate,
processor time a message, and peak memory. The bare loop is the tightest pump that the client libraries allow; it is run with
and without rests, and the better of both is the measure, for the rate and for the processor time each. Every message is
counted at the sink.

All have the same prefetch (2,000 messages from AMQP, 10,000 from Kafka, 16 MiB at most) and linger.ms (5). Processor time is the
process' own, of all its threads.
"""
import figures
import pumps
from drain_bed import DIRECTIONS, MIB, bridges, drain_options, parser_of, run
from figures import Goal, Row

PART = "drain"
SIZES = (64, 256, 4096, 65_536, MIB)
MOST = 256 * MIB  # bytes of a backlog, so that large bodies do not take for ever
# Of issue figures, by direction, size and field: against the better bare loop.
GOALS = {("ka", 256, "cpu"): Goal(1.3), ("ak", 65_536, "cpu"): Goal(1.0), ("aa", 65_536, "rate"): Goal(0.95, at_most=False)}
PEER_GOALS = {("ak", 65_536, "cpu"): Goal(0.8)}
BEFORE = {"rate": Goal(0.97, at_most=False), "cpu": Goal(1.03)}
FIELDS = (("rate", "rate", "msg/s"), ("cpu", "CPU", "µs/msg"))


def count_of(count, size):
    return max(100, min(count, MOST // size))


def better(field, series):
    """Of several, the one with the higher rate, or with the lower processor time."""
    return (max if field == "rate" else min)(series, key=lambda one: one.median)


def rows_of(direction, size, found):
    """`found`: {name: [Drained of each round]}"""
    where = f"{DIRECTIONS[direction]}, {size_text(size)}"
    rows = []
    for field, what, unit in FIELDS:
        series = {name: figures.series_of(rounds, field) for name, rounds in found.items()}
        mine, bare = series["bridge"], [name for name in series if name.startswith("bare")]

        def row(whose, other, *names, goal=None):
            return Row(PART, f"{where}: {what} to {whose}", mine.over(other), goal=goal,
                       beside={name: (series[name], unit) for name in ("bridge", *names)})

        if bare:
            rows.append(row("the bare loop's", better(field, [series[name] for name in bare]), *bare,
                            goal=GOALS.get((direction, size, field))))
        if "before" in series:
            rows.append(row("before", series["before"], "before", goal=BEFORE[field]))
        if "benthos" in series:
            rows.append(row("Benthos'", series["benthos"], "benthos", goal=PEER_GOALS.get((direction, size, field))))
    peaks = {name: (figures.series_of(rounds, "peak"), "MiB") for name, rounds in found.items()}
    rows.append(Row(PART, f"{where}: peak memory", peaks["bridge"][0], "MiB", beside=peaks))
    return rows


def size_text(size):
    for unit, factor in (("MiB", MIB), ("KiB", 1024)):
        if size >= factor and size % factor == 0:
            return f"{size // factor} {unit}"
    return f"{size} B"


def measure(bed, options):
    contestants = bridges(options) + pumps.bare_loops(options.build) + pumps.peers(options.peers)
    rows = []
    for size in options.sizes:
        for direction in options.directions:
            count = count_of(options.count, size)
            found = figures.measure_in_turn(contestants, options.rounds, lambda pump: bed.drain(pump, direction, count, size))
            rows += rows_of(direction, size, {pump.name: rounds for pump, rounds in found.items()})
            print(f"drain: {DIRECTIONS[direction]}, {size_text(size)} done", flush=True)
    return rows


def parser():
    made = parser_of(PART, __doc__)
    drain_options(made)
    made.add_argument("--sizes", nargs="+", type=int, default=list(SIZES), help="bytes of a body (64 to 1 MiB)")
    made.add_argument("--peers", action="store_true", help="other bridges, too, where they are installed (Benthos)")
    return made


if __name__ == "__main__":
    run(parser(), measure)
