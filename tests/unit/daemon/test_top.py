"""`mombridge top`: into a pipe, and on a terminal."""

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios

import pytest

from program import BINARY, OK, PATIENCE, USAGE, Bridge, environment, eventually, mombridge, plugin

UNAVAILABLE = 69
OTHER_SCREEN, FORMER_SCREEN = b"\x1b[?1049h", b"\x1b[?1049l"
CONFIG = ("brokers: {local: {type: memory}}\nhandlers:\n"
          f"  source: {{plugin: {plugin('good_source')}, config: {{broker: local, target: raw, messages: 20}}}}\n"
          f"  clean: {{plugin: {plugin('good_sync')}}}\n"
          "routes:\n"
          "  - {name: clean, from: {broker: local, target: raw}, to: {handler: clean}}\n"
          "  - {name: control, from: {broker: local, target: control}, to: {handler: source}}\n")


@pytest.fixture(scope="module")
def bridge(tmp_path_factory):
    with Bridge(tmp_path_factory.mktemp("bridge"), CONFIG) as running:
        running.noted("READY=1")
        yield running
        assert running.stop() == OK


def top(bridge, *arguments):
    return mombridge("top", "-c", bridge.file, *arguments, RUNTIME_DIRECTORY=bridge.runtime)


class Terminal:
    """`mombridge top` with a terminal of its own."""

    def __init__(self, bridge, *arguments, lines=24, columns=80):
        self.own, self.other = pty.openpty()
        self.resize(lines, columns)
        self.before = termios.tcgetattr(self.other)
        self.seen = b""
        self.process = subprocess.Popen(
            [BINARY, "top", "-c", bridge.file, *arguments], stdin=self.other, stdout=self.other, stderr=subprocess.PIPE,
            start_new_session=True, env=environment(RUNTIME_DIRECTORY=bridge.runtime))

    def resize(self, lines, columns):
        fcntl.ioctl(self.own, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def read(self):
        while select.select([self.own], [], [], 0)[0]:
            self.seen += os.read(self.own, 65536)
        return self.seen

    def shows(self, text, times=1):
        return eventually(lambda: self.read().count(text) >= times, text)

    def ended(self):
        """The exit code; reads meanwhile, because a terminal that nobody reads blocks who writes to it."""
        eventually(lambda: self.read() is None or self.process.poll() is not None, "the end")
        self.read()
        return self.process.returncode

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate(timeout=PATIENCE)
        os.close(self.own)
        os.close(self.other)


@contextlib.contextmanager
def terminal(*arguments, **size):
    made = Terminal(*arguments, **size)
    try:
        yield made
    finally:
        made.close()


def test_once_into_a_pipe(bridge):
    done = top(bridge, "--once", "--interval", "200ms")
    assert (done.returncode, done.stderr) == (OK, "")
    assert done.stdout.startswith("mombridge ") and "'mombridge': ready" in done.stdout
    assert "\x1b" not in done.stdout
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["SUBSCRIPTION", "MSG/S", "BYTES/S", "IN", "FLIGHT", "MEMORY"] in [row[1:] for row in rows if row[:1] == ["BROKER"]]
    assert any(row[:4] == ["clean", "handler", "clean", "0"] for row in rows)
    assert any(row[:2] == ["HANDLER", "CALLS/S"] for row in rows)


def test_a_number_of_times(bridge):
    done = top(bridge, "--count", "3", "--interval", "100ms")
    assert done.returncode == OK
    assert done.stdout.count("'mombridge': ready") == 3


@pytest.mark.parametrize("arguments", [["--interval", "soon"], ["--interval", "0s"], ["--interval", "99ms"], ["--count", "0"], ["--all"]])
def test_what_makes_no_sense(bridge, arguments):
    done = top(bridge, *arguments)
    assert done.returncode == USAGE and done.stdout == ""
    assert arguments[0] in done.stderr


def test_no_bridge(tmp_path):
    (tmp_path / "c.yaml").write_text("name: nobody\nbrokers: {local: {type: memory}}\n")
    done = mombridge("top", "-c", tmp_path / "c.yaml", RUNTIME_DIRECTORY=tmp_path)
    assert done.returncode == UNAVAILABLE
    assert done.stderr.startswith("mombridge: no bridge of the name 'nobody' answers")


@pytest.mark.parametrize("key", [b"q", b"\x03", b"\x04"], ids=["q", "Ctrl-C", "Ctrl-D"])
def test_a_key_ends_it_and_the_terminal_is_as_before(bridge, key):
    with terminal(bridge, "--interval", "10s") as shown:
        shown.shows(b"q ends")
        assert shown.read().startswith(OTHER_SCREEN)
        assert not termios.tcgetattr(shown.other)[3] & (termios.ECHO | termios.ICANON)
        os.write(shown.own, b"x")  # any other key does nothing
        os.write(shown.own, key)
        assert shown.ended() == OK
        assert shown.seen.endswith(FORMER_SCREEN)
        assert termios.tcgetattr(shown.other) == shown.before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_it_and_the_terminal_is_as_before(bridge, number):
    with terminal(bridge, "--interval", "10s") as shown:
        shown.shows(b"q ends")
        shown.process.send_signal(number)
        assert shown.ended() == OK
        assert shown.seen.endswith(FORMER_SCREEN)
        assert termios.tcgetattr(shown.other) == shown.before


def test_it_is_shown_anew(bridge):
    with terminal(bridge, "--interval", "100ms") as shown:
        shown.shows(b"\x1b[Hmombridge ", times=4)
        os.write(shown.own, b"q")
        assert shown.ended() == OK


def test_it_fits_the_terminal(bridge):
    with terminal(bridge, "--interval", "10s", lines=5, columns=30) as shown:
        shown.shows(b"more lines")
        first = shown.read().split(b"\x1b[H")[-1].replace(b"\x1b[K", b"").replace(b"\x1b[J", b"").replace(b"\r", b"").split(b"\n")
        assert len(first) == 5 and max(map(len, first)) == 30
        shown.resize(40, 100)
        shown.process.send_signal(signal.SIGWINCH)
        shown.shows(b"q ends")
        os.write(shown.own, b"q")
        assert shown.ended() == OK


def test_a_bridge_that_goes_and_comes_back(tmp_path):
    with Bridge(tmp_path, CONFIG) as first:
        first.noted("READY=1")
        with terminal(first, "--interval", "100ms") as shown:
            shown.shows(b"'mombridge': ready")
            assert first.stop() == OK
            shown.shows(b"no answer: no bridge of the name 'mombridge' answers")
            seen = len(shown.seen)
            again = subprocess.Popen([BINARY, "run", "-c", first.file], stderr=subprocess.DEVNULL,
                                     env=environment(RUNTIME_DIRECTORY=first.runtime))
            try:
                eventually(lambda: b"'mombridge': ready" in shown.read()[seen:], "the bridge again")
                os.write(shown.own, b"q")
                assert shown.ended() == OK
            finally:
                again.terminate()
                assert again.wait(PATIENCE) == OK
