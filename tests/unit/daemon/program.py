"""The binary under test, run as a user or a service manager would."""

import json
import os
import signal
import socket
import subprocess
import tempfile
import time

BINARY = os.environ["MOMBRIDGE"]
HANDLERS = os.environ["MOMBRIDGE_HANDLERS"]
SOURCE = os.environ["MOMBRIDGE_SOURCE"]
PATIENCE = 60

OK, NOT_TAKEN, USAGE, UNDRAINED, CONFIG = 0, 1, 64, 75, 78


def environment(**more):
    """Without what would change how the binary behaves."""
    kept = {k: v for k, v in os.environ.items() if k not in ("MOMBRIDGE_CONFIG", "NOTIFY_SOCKET", "WATCHDOG_USEC", "JOURNAL_STREAM")}
    return {**kept, **more}


def mombridge(*arguments, **env):
    """Runs a command that ends by itself."""
    return subprocess.run([BINARY, *map(str, arguments)], capture_output=True, text=True, timeout=PATIENCE, env=environment(**env))


def eventually(condition, what):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if result := condition():
            return result
        time.sleep(0.01)
    raise AssertionError(f"not in {PATIENCE} s: {what}")


class Bridge:
    """`mombridge run` under a service manager that listens."""

    def __init__(self, folder, config, **env):
        file = folder / "bridge.yaml"
        file.write_text(config)
        # Not below the test's folder: the path of a socket is short.
        self._sockets = tempfile.TemporaryDirectory()
        self.runtime = self._sockets.name
        self.file = file
        address = os.path.join(self._sockets.name, "notify")
        self._notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._notify.bind(address)
        self._notify.setblocking(False)
        self.notes = []
        # Read through a descriptor of its own: one that is shared would share the place of the next write.
        self._log = folder / "log"
        with open(self._log, "w") as log:
            self.process = subprocess.Popen(
                [BINARY, "run", "-c", file], stderr=log, env=environment(NOTIFY_SOCKET=address, RUNTIME_DIRECTORY=self.runtime, **env))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._notify.close()
        self._sockets.cleanup()

    def _receive(self):
        while True:
            try:
                self.notes += self._notify.recv(4096).decode().splitlines()
            except BlockingIOError:
                return

    def noted(self, note, times=1):
        def seen():
            self._receive()
            assert self.process.poll() is None or self.notes.count(note) >= times, self.log()
            return self.notes.count(note) >= times
        eventually(seen, f"{note} from the bridge")

    def signal(self, number=signal.SIGTERM):
        self.process.send_signal(number)

    def ended(self):
        code = self.process.wait(PATIENCE)
        self._receive()
        return code

    def stop(self):
        self.signal()
        return self.ended()

    def log(self):
        return self._log.read_text()

    def lines(self):
        """The log so far; every line must be JSON."""
        text = self.log()
        return [json.loads(line) for line in text[:text.rfind("\n") + 1].splitlines()]

    def logged(self, text):
        return eventually(lambda: next((line for line in self.lines() if text in line["msg"]), None), f"'{text}' in the log")

    def totals(self):
        """The counters that the last line of a stop shows."""
        line = next(line for line in reversed(self.lines()) if "totals" in line)
        return {name: int(value) for name, value in (pair.rsplit("=", 1) for pair in line["totals"].split(" "))}


def plugin(name):
    return os.path.join(HANDLERS, f"{name}.so")
