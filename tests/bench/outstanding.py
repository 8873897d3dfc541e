"""What outstanding requests cost the bridge in memory: nothing, as it keeps nothing of them.

On each way all of them are asked, and none is answered before every one is with the responder and settled at its source.
A bridge of its own does so twice: what it has after the first time are the buffers that such a burst fills.
"""
import argparse
import pathlib
import re

from request_bed import WAYS, Bed, eventually, name_of

PATIENCE = 120


def resident_mib(bridge):
    status = pathlib.Path(f"/proc/{bridge.pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024


def settled(bed, bridge, way):
    """The bridge owes its source nothing."""
    if way[0] == "kafka":
        return bed.kafka.committed(bridge.name, bed.source(way)) == bed.kafka.end_offsets(bed.source(way))
    counts = bed.pair.rabbit.ctl("-q", "list_queues", "name", "messages")  # ready and unacknowledged
    return f"{bed.source(way)}\t0" in counts.splitlines()


def hold_all(bed, bridge, way, count):
    """(MiB with all of them outstanding, replies in the end)"""
    with bed.load(way, bed.source(way), bed.sink(way), count, 0, "hold") as process:
        if process.stdout.readline() != "held\n":
            raise SystemExit(f"{name_of(way)}: not all requests came to the responder")
        eventually(lambda: settled(bed, bridge, way), PATIENCE, "the sources settled")
        outstanding = resident_mib(bridge)
        replies = process.communicate("answer\n")[0].split()
    return outstanding, len(replies)


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench outstanding", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--count", type=int, default=100_000, help="requests (100000)")
    options = parser.parse_args()
    count = options.count
    with Bed(options.build) as bed:
        print(f"{count} requests; resident memory of the bridge in MiB\n")
        print(f"{'':16}{'started':>10}{'before':>10}{'outstanding':>13}{'answered':>10}{'replies':>10}")
        for way in WAYS:
            bridge = bed.bridge([way])
            eventually(lambda: bridge.read_log().count('"msg":"connected') >= 3, PATIENCE, "a connected bridge")
            started = resident_mib(bridge)
            hold_all(bed, bridge, way, count)
            before = resident_mib(bridge)
            outstanding, replies = hold_all(bed, bridge, way, count)
            print(f"{name_of(way):16}{started:10.1f}{before:10.1f}{outstanding:13.1f}{resident_mib(bridge):10.1f}{replies:10}",
                  flush=True)
            bridge.terminate()
            if replies != count:
                raise SystemExit(f"{name_of(way)}: {count - replies} replies are missing")


if __name__ == "__main__":
    main()
