"""What it costs to be watched: the same backlog is drained with an admin listener that is asked for its metrics and its status
every second, and without one, in turn. Then the watched bridge does nothing, and is watched still.

Processor time is the bridge's own, of all its threads, in microseconds a message. The ratios are medians of the rounds.
"""
import contextlib
import threading
import time
import urllib.request

import drain_bed
import figures
import pumps
from node import free_ports

IDLE = 30  # seconds


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


def idle(bed, pump):
    """Rows about a bridge that has nothing to do."""
    with bed.running(pump, "aa") as bridge:
        begun, since = drain_bed.processor_seconds(bridge.pid), time.monotonic()
        time.sleep(IDLE)
        share = (drain_bed.processor_seconds(bridge.pid) - begun) / (time.monotonic() - since)
        memory = drain_bed.status_of(bridge.pid, "VmRSS") / 1024
    return [figures.Row("observed", f"idle, {pump.name}: CPU", figures.Series([100 * share]), "% of a core"),
            figures.Row("observed", f"idle, {pump.name}: memory", figures.Series([memory]), "MiB")]


def main():
    parser = drain_bed.parser_of("observed", __doc__, before=False)
    drain_bed.drain_options(parser)
    parser.add_argument("--size", type=int, default=256, help="bytes of a body (256)")
    options = parser.parse_args()
    watched = Watched()
    with drain_bed.Bed(options.build) as bed:
        alone = pumps.Mombridge(options.build, "alone")
        asked = pumps.Mombridge(options.build, "watched", watched.change, watched.beside)
        rows = drain_bed.compare("observed", bed, options, alone, asked, options.size)
        print(f"{watched.answers} answers of /metrics and /api/v1/status meanwhile", flush=True)
        drain_bed.report(options, bed, rows + idle(bed, asked) + idle(bed, alone))


if __name__ == "__main__":
    main()
