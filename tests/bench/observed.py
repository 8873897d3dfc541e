"""What it costs to be watched: the same backlog is drained with an admin listener that is asked for its metrics and its status
every second, and without one, in turn. Then the watched bridge does nothing, and is watched still.

Processor time is the bridge's own, of all its threads, in microseconds a message. The ratios are medians of the rounds.
"""
import argparse
import contextlib
import pathlib
import threading
import time
import urllib.request

import drain_bed
from node import free_ports

IDLE = 30  # seconds
MIB = 1 << 20


class Watched:
    """An admin listener, and somebody who asks it."""

    def __init__(self):
        self._port, = free_ports(1)
        self.answers = 0

    def change(self, config):
        config["admin"] = {"listen": f"127.0.0.1:{self._port}"}

    @contextlib.contextmanager
    def beside(self, bridge):
        end = threading.Event()
        watcher = threading.Thread(target=self._ask, args=(end,))
        watcher.start()
        try:
            yield bridge
        finally:
            end.set()
            watcher.join()

    def _ask(self, end):
        while not end.wait(1):
            for path in ("/metrics", "/api/v1/status"):
                with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{self._port}{path}", timeout=1) as answer:
                    self.answers += len(answer.read()) > 0


def idle(bridge):
    """(MiB of memory, percent of a core) of a bridge that has nothing to do."""
    begun, since = drain_bed.processor_seconds(bridge.pid), time.monotonic()
    time.sleep(IDLE)
    share = (drain_bed.processor_seconds(bridge.pid) - begun) / (time.monotonic() - since)
    pages = int(pathlib.Path(f"/proc/{bridge.pid}/statm").read_text().split()[1])
    return pages * 4096 / MIB, 100 * share


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench observed", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    options = drain_bed.options_of(parser)
    watched = Watched()
    with drain_bed.Bed(options.build, b"x" * options.size) as bed:
        way = {"change": watched.change, "beside": watched.beside}
        drain_bed.compare(bed, options, ("alone", "watched"), ({}, way))
        print(f"\n{watched.answers} answers of /metrics and /api/v1/status meanwhile")
        with bed.running("aa", **way) as bridge:
            print("idle and watched: {:.1f} MiB, {:.2f} % of a core".format(*idle(bridge)))
        with bed.running("aa") as bridge:
            print("idle and alone:   {:.1f} MiB, {:.2f} % of a core".format(*idle(bridge)))


if __name__ == "__main__":
    main()
