"""The harness's own promises, with a small program in the daemon's place."""
import time

import pytest
from harness import Bridge

STAND_IN = """#!/usr/bin/python3
import os, signal, socket, sys, time
config = open(sys.argv[3]).read().strip()
def notify(text):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        s.sendto(text.encode(), os.environ["NOTIFY_SOCKET"])
def drain(*_):
    notify("STOPPING=1")
    print("drained", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, drain)
print("configuration:", config, flush=True)
if config == "bad":
    sys.exit(78)
notify("READY=1\\nMAINPID=%d" % os.getpid())
for beat in range(1000):
    notify("WATCHDOG=1")
while True:
    time.sleep(1)
"""


@pytest.fixture
def make(tmp_path, monkeypatch):
    program = tmp_path / "stand-in"
    program.write_text(STAND_IN)
    program.chmod(0o755)
    monkeypatch.setenv("MOMBRIDGE", str(program))
    return lambda config: Bridge(tmp_path, config)


def test_a_life_and_the_next(make):
    bridge = make({"version": 1})
    bridge.start()
    bridge.wait_log("configuration: version: 1$")
    assert bridge.notified("READY=1") and not bridge.notified("STOPPING=1")
    bridge.configure("second")
    bridge.restart()
    bridge.wait_log("second")
    assert "version" not in bridge.read_log() and "drained" in bridge.log_tail()
    bridge.pause()
    bridge.stop()
    assert not bridge.running


def test_a_killed_bridge_starts_again(make):
    bridge = make("x")
    bridge.start()
    bridge.kill()
    bridge.start()
    assert bridge.terminate() < 10
    bridge.stop()


def test_a_bad_configuration_is_not_ready(make):
    bridge = make("bad")
    with pytest.raises(AssertionError, match="ended with 78 before READY=1"):
        bridge.start()
    bridge.expect_exit(78)
    bridge.stop()


def test_an_unexpected_end_fails_the_test(make):
    bridge = make("x")
    bridge.start()
    bridge.signal(9)
    time.sleep(0.2)
    with pytest.raises(AssertionError, match="ended with -9, expected 0"):
        bridge.stop()


def test_a_missing_log_line_fails_soon(make):
    bridge = make("x")
    bridge.start()
    with pytest.raises(AssertionError, match="no log matching 'never' within 0.3 s"):
        bridge.wait_log("never", timeout=0.3)
    bridge.stop()
