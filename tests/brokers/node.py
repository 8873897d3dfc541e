"""A broker process of the tests' own: private ports, private folder, gone with whoever started it."""
import os
import pathlib
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time

import guard


class NodeError(RuntimeError):
    """A broker that did not start, with the end of its log."""


_given = set()


def free_ports(count):
    """Ports below the ephemeral range: there, a client's outgoing connection could take a port while its broker is down.

    None that this process was given before: what it is for may not listen there yet.
    """
    found = []
    while len(found) < count:
        port = random.randrange(12000, 32000)
        if port in _given:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        found.append(port)
    return found


def run_tool(argv, environment, timeout=120, text=""):
    """Runs one of a broker's own tools, with `text` as its input, and returns what it prints; raises NodeError when it fails."""
    done = subprocess.run([str(a) for a in argv], env=environment, input=text, capture_output=True, text=True,
                          timeout=timeout)
    if done.returncode != 0:
        raise NodeError(f"{argv[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


class Node:
    """launch() and wait_ready() are apart so that several brokers can start at the same time without threads."""

    kind = "node"
    patience = 120  # seconds to ready; a loaded two-core machine needs a few times what an idle one does

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"mombridge-{self.kind}-"))
        self.log = self.folder / "broker.log"
        self._process = None
        self._guard = subprocess.Popen([sys.executable, "-S", "-E", guard.__file__, str(self.folder)],
                                       stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                       start_new_session=True)

    # What a kind of broker says about itself.

    def command(self):
        raise NotImplementedError

    def environment(self):
        return {}

    def answers(self):
        """True when the broker serves clients; may raise OSError while it does not."""
        raise NotImplementedError

    def state(self):
        """What another process needs to use this broker, as JSON values."""
        return {"pid": self.pid, "folder": str(self.folder), "log": str(self.log)}

    # Life.

    @property
    def pid(self):
        return self._process.pid if self._process else None

    @property
    def running(self):
        return self._process is not None and self._process.poll() is None

    def start(self):
        self.launch()
        return self.wait_ready()

    def launch(self):
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self.command(), env=self.full_environment(), stdin=subprocess.DEVNULL,
                                             stdout=log, stderr=subprocess.STDOUT, start_new_session=True)

    def wait_ready(self):
        end = time.monotonic() + self.patience
        while time.monotonic() < end:
            if not self.running:
                raise NodeError(f"{self.kind} ended with {self._process.returncode}:\n{self.log_tail()}")
            try:
                if self.answers():
                    return self
            except OSError:
                pass
            time.sleep(0.1)
        raise NodeError(f"{self.kind} is not ready after {self.patience} s:\n{self.log_tail()}")

    def pause(self):
        """SIGSTOP; returns when every thread has stopped, which on a busy machine takes a while."""
        self._signal(signal.SIGSTOP)
        threads = pathlib.Path(f"/proc/{self._process.pid}/task")
        while any(stat.read_text().rpartition(")")[2].split()[0] != "T" for stat in threads.glob("*/stat")):
            time.sleep(0.01)

    def resume(self):
        self._signal(signal.SIGCONT)

    def kill(self):
        """kill -9: the data stays as a crash leaves it; start() goes on from there, on the same ports."""
        self._signal(signal.SIGKILL)
        self._process.wait()

    def shutdown(self):
        """An orderly end that keeps the data; start() goes on from there."""
        self.resume()
        if self.running:
            self._process.terminate()
        self._process.wait(self.patience)

    def restart(self):
        self.shutdown()
        return self.start()

    def stop(self):
        """The end of the broker and of its data; nothing else works after it."""
        if self._guard.poll() is None:
            self._guard.stdin.close()
            self._guard.wait()
        if self._process:
            self._process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    # For the kinds.

    def full_environment(self):
        return {**os.environ, **self.environment(), guard.MARK: str(self.folder)}

    def log_tail(self, size=3000):
        return self.log.read_text(errors="replace")[-size:] if self.log.exists() else ""

    def _signal(self, number):
        if self.running:
            os.killpg(self._process.pid, number)
