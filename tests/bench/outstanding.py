"""What outstanding requests cost the bridge in memory: nothing, as it keeps nothing of them.

On each way all of them are asked, and none is answered before every one is with the responder and settled at its source.
A bridge of its own does so twice: what it has after the first time are the buffers that such a burst fills.
"""
from drain_bed import parser_of, run, status_of
from figures import Row, Series
from request_bed import WAYS, RequestBed, eventually, name_of

PART = "outstanding"
PATIENCE = 120


def resident_mib(bridge):
    return status_of(bridge.pid, "VmRSS") / 1024


def settled(bed, bridge, source, way):
    """The bridge owes its source nothing."""
    if way[0] == "kafka":
        return bed.kafka.committed(bridge.name, source) == bed.kafka.end_offsets(source)
    counts = bed.pair.rabbit.ctl("-q", "list_queues", "name", "messages")  # ready and unacknowledged
    return f"{source}\t0" in counts.splitlines()


def hold_all(bed, bridge, way, name, count):
    """(MiB with all of them outstanding, replies in the end)"""
    with bed.load(way, bed.source(way, name), bed.sink(way, name), count, 0, "hold") as process:
        if process.stdout.readline() != "held\n":
            raise SystemExit(f"{name_of(way)}: not all requests came to the responder")
        eventually(lambda: settled(bed, bridge, bed.source(way, name), way), PATIENCE, "the sources settled")
        outstanding = resident_mib(bridge)
        replies = process.communicate("answer\n")[0].split()
    return outstanding, len(replies)


def measure_once(bed, way, name, count):
    """MiB when it has started, after it has once had them all, with all of them outstanding, and when they are answered."""
    with RequestBed(bed.build, bed.pair) as requesters:
        bridge = requesters.bridge([way], name=name)
        eventually(lambda: bridge.read_log().count('"msg":"connected') >= 3, PATIENCE, "a connected bridge")
        started = resident_mib(bridge)
        hold_all(requesters, bridge, way, name, count)
        before = resident_mib(bridge)
        outstanding, replies = hold_all(requesters, bridge, way, name, count)
        if replies != count:
            raise SystemExit(f"{name_of(way)}: {count - replies} replies are missing")
        return started, before, outstanding, resident_mib(bridge)


def measure(bed, options):
    rows = []
    for way in WAYS:
        found = {name: [] for name in ("started", "before", "outstanding", "answered")}
        for turn in range(options.rounds):
            for name, mib in zip(found, measure_once(bed, way, f"{turn}.", options.count)):
                found[name].append(mib)
        series = {name: Series(values) for name, values in found.items()}
        rows.append(Row(PART, f"{name_of(way)}: {options.count} requests outstanding", series["outstanding"].less(series["before"]), "MiB",
                        beside={name: (values, "MiB") for name, values in series.items()}))
        print(f"{PART}: {name_of(way)} done", flush=True)
    return rows


def parser():
    made = parser_of(PART, __doc__, before=False)
    made.add_argument("--count", type=int, default=100_000, help="requests (100000)")
    return made


if __name__ == "__main__":
    run(parser(), measure)
