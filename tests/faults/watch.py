"""Watches what a process takes: memory, processor, descriptors, threads, over all its lives."""
import os
import threading
import time

TICK = os.sysconf("SC_CLK_TCK")


def status(pid, field):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(field + ":"))


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


class Watch:
    """pid() names the process of the moment, or None."""

    def __init__(self, pid, interval=0.25):
        self.peak_rss = 0  # bytes
        self.peak_fds = self.peak_threads = 0
        self._pid, self._interval = pid, interval
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._ended.wait(self._interval):
            self.look()

    def look(self):
        pid = self._pid()
        try:
            self.peak_rss = max(self.peak_rss, status(pid, "VmHWM") * 1024)
            self.peak_threads = max(self.peak_threads, status(pid, "Threads"))
            self.peak_fds = max(self.peak_fds, len(os.listdir(f"/proc/{pid}/fd")))
        except (OSError, StopIteration):
            pass  # between two lives

    def cpu(self, seconds):
        """Per cent of one core over the next seconds; None when the process ended meanwhile."""
        pid = self._pid()
        try:
            before, since = cpu_seconds(pid), time.monotonic()
            time.sleep(seconds)
            return 100 * (cpu_seconds(pid) - before) / (time.monotonic() - since)
        except OSError:
            return None

    def close(self):
        self._ended.set()
        self._thread.join()
