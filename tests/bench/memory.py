"""Peak memory: a topic with a backlog is read while its destination stands still (the process is stopped, its connections
stay), until memory grows no more. Then topics with a backlog are drained with the destination running.

The figure is the kernel's peak of resident memory (VmHWM). The goal is the bridge's budget: `--memory`, which is given to each
bridge that knows the key `memory:`, or else the default. A backlog that is not larger than the budget is measured, but proves
nothing, and has no goal.
"""
import contextlib
import pathlib
import re
import subprocess
import tempfile
import time

import figures
import pumps
from drain_bed import DIRECTIONS, LONGER, MIB, drain_options, parser_of, run, status_of
from figures import Goal, Row, Series

PART = "memory"
QUIET = 5  # seconds without growth
PATIENCE = 120
UNITS = {"KiB": 1 << 10, "MiB": MIB, "GiB": 1 << 30}


def budget(memory):
    """In MiB; the default where `memory` is empty."""
    if memory:
        number, unit = re.fullmatch(r"(\d+)(KiB|MiB|GiB)", memory).groups()
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


def knows_memory(program):
    """A former build may not."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write("memory: 64MiB\nbrokers: {local: {type: memory}}\nroutes: [{from: {broker: local}, to: {broker: local, target: x}}]\n")
        file.flush()
        said = subprocess.run([program, "check", "-c", file.name], capture_output=True, text=True)
    return "unknown key 'memory'" not in said.stdout + said.stderr


def bridges(options, memory):
    """The bridge and the former one, each with the budget where it knows one."""
    def change(config):
        config["memory"] = memory

    found = []
    for name, build in (("bridge", options.build), ("before", options.before)):
        if build:
            known = memory and knows_memory(pumps.program_of(build))
            if memory and not known:
                print(f"memory: {name} does not know the key, and has no budget", flush=True)
            found.append(pumps.Mombridge(build, name, change if known else None))
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


def goal_of(memory, size):
    """None where a bridge without a bound would stay below the budget as well, with a backlog of so many bytes."""
    limit = budget(memory)
    return Goal(limit) if size > 1.5 * limit * MIB else None


def measure_stopped(bed, options, contestants, partitions, memory):
    found = {bridge.name: [] for bridge in contestants}
    for _, bridge in figures.in_turn(contestants, options.rounds):
        with bed.way("ka", options.size, partitions) as way:
            bed.fill(way, options.backlog)
            found[bridge.name].append(stopped(bed, bridge, way))
    return row(f"destination stopped, {partitions} partition{'s' * (partitions > 1)}", memory,
               {name: Series(peaks) for name, peaks in found.items()}, options.backlog * options.size)


def measure_running(bed, options, contestants, direction, memory):
    found = figures.measure_in_turn(contestants, options.rounds,
                                    lambda pump: bed.drain(pump, direction, options.count, options.size, options.running))
    return row(f"{DIRECTIONS[direction]}, {options.running} partitions with a backlog", memory,
               {pump.name: figures.series_of(rounds, "peak") for pump, rounds in found.items()},
               options.count * LONGER.get(direction, 1) * options.size)


def row(what, memory, series, size):
    return Row(PART, what + (f", memory {memory}" if memory else ""), series["bridge"], "MiB", goal_of(memory, size),
               {name: (values, "MiB") for name, values in series.items()})


def measure(bed, options):
    rows = []
    for memory in options.memory:
        contestants = bridges(options, memory)
        for partitions in options.partitions:
            rows.append(measure_stopped(bed, options, contestants, partitions, memory))
            print(f"memory: {partitions} partitions, stopped, done", flush=True)
        for direction in options.directions:
            rows.append(measure_running(bed, options, contestants, direction, memory))
            print(f"memory: {DIRECTIONS[direction]}, running, done", flush=True)
    return rows


def parser():
    made = parser_of(PART, __doc__)
    drain_options(made, directions=("ka", "kk"))
    made.add_argument("--backlog", type=int, default=700_000, help="records while the destination is stopped (700000)")
    made.add_argument("--size", type=int, default=1000, help="bytes of a record (1000)")
    made.add_argument("--partitions", nargs="+", type=int, default=[1, 64, 200], help="while it is stopped (1 64 200)")
    made.add_argument("--running", type=int, default=64, help="partitions while it runs (64)")
    made.add_argument("--memory", nargs="+", default=[""], metavar="SIZE",
                      help="budgets, such as 64MiB: all is measured for each (the default)")
    return made


if __name__ == "__main__":
    run(parser(), measure)
