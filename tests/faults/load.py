"""Senders and sinks as processes."""
import os
import pathlib
import signal
import subprocess


class LoadError(RuntimeError):
    """A sender or sink that did not do its part: then nothing is known about the bridge."""


class Client:
    """One fault-load process. Its journal is `journal`; a second start goes on in the same one."""

    def __init__(self, program, kind, where, journal, what):
        self.kind, self.journal = kind, pathlib.Path(journal)
        self._argv = [str(program), kind, where, str(journal), *what]
        self._log = self.journal.with_suffix(".log")
        self._process = None

    def start(self):
        with self._log.open("ab") as log:
            # It becomes the client; the kernel ends it when the run is killed.
            self._process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *self._argv], stdin=subprocess.PIPE,
                                             stdout=log, stderr=subprocess.STDOUT, env={**os.environ, "LC_ALL": "C.UTF-8"})
        return self

    def ended(self):
        return self._process is None or self._process.poll() is not None

    def ask_to_stop(self):
        if self._process and not self._process.stdin.closed:
            self._process.stdin.close()

    def stop(self, patience=60):
        """Senders wait for what is unconfirmed. Raises LoadError for one that does not end by itself."""
        if self._process is None:
            return
        self.ask_to_stop()
        process, self._process = self._process, None
        try:
            code = process.wait(patience)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise LoadError(f"{self.kind} did not end within {patience} s") from None
        if code:
            raise LoadError(f"{self.kind} ended with {code}: {self._log.read_text(errors='replace')[-500:]}")

    def hold(self):
        """A sender sends nothing new until go_on(), and goes on to take confirms."""
        self._tell(b"h")

    def go_on(self):
        self._tell(b"g")

    def _tell(self, command):
        self._process.stdin.write(command)
        self._process.stdin.flush()

    def pause(self):
        self._process.send_signal(signal.SIGSTOP)

    def resume(self):
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def restart(self):
        """For a sink whose queue or topic was deleted and made again."""
        self.stop()
        self.start()

    def kill(self):
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def flow(name, to, rate, size=300, keys=8, count=0, reply=""):
    """A sender's argument, as load/flow.hpp reads it."""
    return f"name={name},to={to},rate={rate},size={size},keys={keys},count={count}" + (f",reply={reply}" if reply else "")
