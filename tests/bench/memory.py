"""Peak memory: a topic with a backlog is read while its destination stands still (the process is stopped, its connections
stay), until memory grows no more. Then topics with a backlog are drained with the destination running.

The figure is the kernel's peak of resident memory (VmHWM). The goal is the bridge's budget: `--memory`, which is given to it as
`memory:`, or else its default. A backlog that is not larger than the budget is measured, but proves nothing, and has no goal.
"""
import contextlib
import pathlib
import re
import time

import figures
import pumps
from drain_bed import DIRECTIONS, LONGER, MIB, Bed, drain_options, parser_of, report, status_of
from figures import Goal, Row, Series

PART = "memory"
QUIET = 5  # seconds without growth
PATIENCE = 120
UNITS = {"KiB": 1 << 10, "MiB": MIB, "GiB": 1 << 30}


def budget(options):
    """In MiB."""
    if options.memory:
        number, unit = re.fullmatch(r"(\d+)(KiB|MiB|GiB)", options.memory).groups()
        return int(number) * UNITS[unit] / MIB
    limit = cgroup_limit()
    return min(1024, limit / 2 / MIB) if limit else 512


def cgroup_limit():
    """Bytes; None: no limit."""
    for name in ("memory.max", "memory/memory.limit_in_bytes"):
        with contextlib.suppress(OSError, ValueError):
            limit = int((pathlib.Path("/sys/fs/cgroup") / name).read_text())
            return limit if limit < 1 << 60 else None
    return None


def bridges(options):
    """The bridge with its budget, and the former one, which has none."""
    def change(config):
        if options.memory:
            config["memory"] = options.memory

    found = [pumps.Mombridge(options.build, change=change)]
    if options.before:
        found.append(pumps.Mombridge(options.before, "before"))
    return found


def settled_peak(pid):
    """MiB, once it has not grown for a while."""
    peak, since, end = 0, time.monotonic(), time.monotonic() + PATIENCE
    while time.monotonic() < min(since + QUIET, end):
        now = status_of(pid, "VmHWM") / 1024
        if now > peak * 1.005:
            peak, since = now, time.monotonic()
        time.sleep(0.1)
    return max(peak, status_of(pid, "VmHWM") / 1024)


def stopped(bed, bridge, way):
    """MiB at the peak, with the destination stopped. The source keeps its backlog, because the bridge is killed."""
    destination = bed.rabbit if way.direction[1] == "a" else bed.kafka
    destination.pause()
    try:
        with contextlib.ExitStack() as stack:
            process = stack.enter_context(bridge.running(way))
            stack.callback(process.kill)
            return settled_peak(process.pid)
    finally:
        destination.resume()


def goal_of(options, count):
    """None where a bridge without a bound would stay below the budget as well."""
    limit = budget(options)
    return Goal(limit) if count * options.size > 1.5 * limit * MIB else None


def measure_stopped(bed, options, partitions):
    contestants = bridges(options)
    found = {bridge.name: [] for bridge in contestants}
    for _, bridge in figures.in_turn(contestants, options.rounds):
        with bed.way("ka", options.size, partitions) as way:
            bed.fill(way, options.backlog)
            found[bridge.name].append(stopped(bed, bridge, way))
    return row(f"destination stopped, {partitions} partition{'s' * (partitions > 1)}", {n: Series(v) for n, v in found.items()},
               goal_of(options, options.backlog))


def measure_running(bed, options, direction, partitions):
    found = figures.measure_in_turn(bridges(options), options.rounds,
                                    lambda pump: bed.drain(pump, direction, options.count, options.size, partitions))
    return row(f"{DIRECTIONS[direction]}, {partitions} partitions with a backlog",
               {pump.name: figures.series_of(rounds, "peak") for pump, rounds in found.items()},
               goal_of(options, options.count * LONGER.get(direction, 1)))


def row(what, series, goal):
    return Row(PART, what, series["bridge"], "MiB", goal, {name: (values, "MiB") for name, values in series.items()})


def measure(bed, options):
    rows = []
    for partitions in options.partitions:
        rows.append(measure_stopped(bed, options, partitions))
        print(f"memory: {partitions} partitions, stopped, done", flush=True)
    for direction in options.directions:
        rows.append(measure_running(bed, options, direction, options.running))
        print(f"memory: {DIRECTIONS[direction]}, running, done", flush=True)
    return rows


def parser():
    made = parser_of(PART, __doc__)
    drain_options(made, directions=("ka", "kk"))
    made.add_argument("--backlog", type=int, default=700_000, help="records while the destination is stopped (700000)")
    made.add_argument("--size", type=int, default=1000, help="bytes of a record (1000)")
    made.add_argument("--partitions", nargs="+", type=int, default=[1, 64, 200], help="while it is stopped (1 64 200)")
    made.add_argument("--running", type=int, default=64, help="partitions while it runs (64)")
    made.add_argument("--memory", metavar="SIZE", help="the bridge's budget, such as 64MiB")
    return made


def main():
    options = parser().parse_args()
    with Bed(options.build) as bed:
        report(options, bed, measure(bed, options))


if __name__ == "__main__":
    main()
