"""What the service manager hears of a running bridge, and what a signal writes to the log."""

import signal
import socket

from program import OK, Bridge, eventually
from test_reload import config
from test_steering import steer


def test_the_status_says_links_and_rates(tmp_path):
    with Bridge(tmp_path, config("one")) as bridge:
        bridge.noted("READY=1")
        eventually(lambda: bridge.log().count("counted a message") == 10, "the messages")

        def told():
            bridge._receive()
            return [note for note in bridge.notes if note.startswith("STATUS=1 of 1 links up, ")]
        eventually(told, "links and rates")
        assert told()[0].endswith(" msg/s in")
        bridge.file.write_text(config("one") + "nonsense: 1\n")
        steer(bridge, "reload")
        eventually(lambda: [note for note in told() if "; reload failed: " in note and "unknown key 'nonsense'" in note], "the verdict stays")
        assert bridge.stop() == OK
        assert bridge.notes[-1] == "STATUS=draining"


def test_a_manager_that_reads_nothing_keeps_nobody_waiting(tmp_path):
    with Bridge(tmp_path, config("one")) as bridge:
        bridge.noted("READY=1")
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
            other.setblocking(False)
            other.connect(bridge._notify.getsockname())
            try:
                while True:
                    other.send(b"X=1")
            except BlockingIOError:
                pass
        for _ in range(3):
            assert steer(bridge, "reload").returncode == OK
        # What must arrive does when there is room again.
        bridge.notes.clear()
        bridge._receive()
        assert not [note for note in bridge.notes if note != "X=1"]
        assert steer(bridge, "reload").returncode == OK
        bridge.noted("STATUS=running; reloaded: nothing has changed")
        assert bridge.stop() == OK
        assert "STOPPING=1" in bridge.notes


def test_usr1_writes_the_status_to_the_log(tmp_path):
    with Bridge(tmp_path, config("one")) as bridge:
        bridge.noted("READY=1")
        bridge.signal(signal.SIGUSR1)
        bridge.logged("'mombridge': ready")
        eventually(lambda: any(line["msg"].startswith("BROKER  SUBSCRIPTION") for line in bridge.lines()), "the tables")
        assert bridge.stop() == OK
