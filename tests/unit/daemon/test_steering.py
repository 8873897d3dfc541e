"""What people make a running bridge do: the command `reload` and what is posted to the listener."""

import json
import os
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

import pytest

from program import BINARY, CONFIG, OK, SOURCE, UNDRAINED, USAGE, Bridge, environment, eventually, plugin
from test_reload import config
from test_status import MEMORY, free_port, get, never_settled, status

UNAVAILABLE, TEMPFAIL = 69, 75


def steer(bridge, *arguments, file=None):
    return subprocess.run([BINARY, arguments[0], "-c", file or bridge.file, *arguments[1:]], capture_output=True, text=True,
                          timeout=60, env=environment(RUNTIME_DIRECTORY=bridge.runtime))


def post(url, **headers):
    """The code and the body."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, method="POST", headers=named), timeout=20) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_reload_says_what_has_changed(tmp_path):
    with Bridge(tmp_path, config("one")) as bridge:
        bridge.noted("READY=1")
        unchanged = steer(bridge, "reload")
        assert (unchanged.returncode, unchanged.stdout, unchanged.stderr) == (OK, "reloaded: nothing has changed\n", "")
        bridge.file.write_text(config("one", "two", top=f"probes: {{listen: '127.0.0.1:{free_port()}'}}\n"))
        changed = steer(bridge, "reload", "--timeout", "30s")
        assert changed.returncode == OK and changed.stderr == ""
        assert changed.stdout == ("note: 'probes' stays as it was: restart needed\n"
                                  "reloaded: added handler two, route two, probes\n")
        bridge.logged("reloaded")
        bridge.file.write_text(config("one"))
        bridge.signal(signal.SIGHUP)
        eventually(lambda: len([line for line in bridge.lines() if line["msg"] == "reloaded"]) == 3, "HUP does the same")
        assert bridge.stop() == OK


def test_reload_of_wrong_files(tmp_path):
    with Bridge(tmp_path, config("one")) as bridge:
        bridge.noted("READY=1")
        bridge.file.write_text(config("one") + "nonsense: 1\nother: 2\n")
        wrong = steer(bridge, "reload")
        lines = wrong.stderr.splitlines()
        assert wrong.returncode == CONFIG and wrong.stdout == ""
        assert [line.split(": ")[0].rsplit("/", 1)[-1] for line in lines[:2]] == ["bridge.yaml:10:1", "bridge.yaml:11:1"]
        assert lines[2] == "mombridge: reload failed, the running configuration stays as it is"
        assert "nonsense" in json.loads(status(bridge, "--json").stdout)["config"]["text"]
        bridge.file.write_text("[")  # says not even where the bridge listens; but its name is the default
        assert steer(bridge, "reload").returncode == CONFIG
        bridge.file.write_text(config("one"))
        assert steer(bridge, "reload").returncode == OK
        assert bridge.stop() == OK


@pytest.mark.parametrize("key", ["admin", "probes"])
def test_a_changed_listener_needs_a_restart(tmp_path, key):
    former, other = free_port(), free_port()
    with Bridge(tmp_path, f"{MEMORY}{key}: {{listen: '127.0.0.1:{former}'}}\n") as bridge:
        bridge.noted("READY=1")
        text = bridge.file.read_text()
        for changed in text.replace(str(former), str(other)), MEMORY:
            bridge.file.write_text(changed)
            bridge.signal(signal.SIGHUP)
            said = f"'{key}' stays as it was: restart needed"
            expected = 1 if changed != MEMORY else 2
            eventually(lambda: [line["msg"] for line in bridge.lines()].count(said) == expected, said)
            assert get(f"http://127.0.0.1:{former}/livez") == (200, "ok\n")
            with socket.socket() as nobody:
                assert nobody.connect_ex(("127.0.0.1", other)) != 0
        bridge.file.write_text(text)
        assert steer(bridge, "reload").returncode == OK  # what runs is what the file says, again
        assert bridge.stop() == OK


def test_without_a_bridge(tmp_path):
    with Bridge(tmp_path, MEMORY) as bridge:
        bridge.noted("READY=1")
        assert bridge.stop() == OK
        nobody = steer(bridge, "reload")
        assert nobody.returncode == UNAVAILABLE and nobody.stdout == ""
        assert nobody.stderr.startswith("mombridge: no bridge of the name 'mombridge' answers")
        bridge.file.write_text("[")
        wrong = steer(bridge, "reload")
        assert wrong.returncode == CONFIG and "bridge.yaml:" in wrong.stderr and "no bridge" in wrong.stderr
        assert steer(bridge, "reload", "--timeout", "soon").returncode == USAGE


@pytest.mark.parametrize("status_line, body, code, said", [
    ("504 Gateway Timeout", '{"error": "it is not done yet"}', TEMPFAIL, "no verdict within 2s: it will be in the bridge's log and status"),
    ("500 Internal Server Error", "out of\x1b order\nmore", UNAVAILABLE, "the bridge answers 500: out of\\x1b order"),
    ("403 Forbidden", '{"error": "not you"}', UNAVAILABLE, "the bridge answers 403: not you"),
])
def test_what_is_no_verdict(tmp_path, status_line, body, code, said):
    """Another program at the socket, which answers once."""
    (tmp_path / "bridge.yaml").write_text(MEMORY)
    with tempfile.TemporaryDirectory() as runtime, socket.socket(socket.AF_UNIX) as listening:
        listening.bind(f"{runtime}/mombridge.sock")
        listening.listen()
        asks = subprocess.Popen([BINARY, "reload", "--timeout", "2s", "-c", tmp_path / "bridge.yaml"], stderr=subprocess.PIPE,
                                text=True, env=environment(RUNTIME_DIRECTORY=runtime))
        peer, _ = listening.accept()
        with peer:
            assert peer.recv(4096).startswith(b"POST /api/v1/reload?timeout=2s HTTP/1.1\r\n")
            peer.sendall(f"HTTP/1.1 {status_line}\r\n\r\n{body}".encode())
        _, errors = asks.communicate(timeout=60)
        assert (asks.returncode, errors) == (code, f"mombridge: {said}\n")


def test_reload_while_it_drains(tmp_path):
    with Bridge(tmp_path, never_settled(1)) as bridge:
        bridge.noted("READY=1")
        eventually(lambda: json.loads(status(bridge, "--json").stdout)["routes"][0]["in_flight"] == 1, "a message in flight")
        bridge.signal()
        bridge.noted("STOPPING=1")
        refused = steer(bridge, "reload")
        assert refused.returncode == UNAVAILABLE
        assert refused.stderr == "the bridge is stopping: the configuration is not read again\n"
        time.sleep(1.1)
        bridge.signal()  # at once
        assert bridge.ended() == UNDRAINED


def test_posted(tmp_path):
    admin, probes = free_port(), free_port()
    with Bridge(tmp_path, f"{MEMORY}admin: {{listen: '127.0.0.1:{admin}'}}\nprobes: {{listen: '127.0.0.1:{probes}'}}\n") as bridge:
        bridge.noted("READY=1")
        url = f"http://127.0.0.1:{admin}/api/v1/reload"
        code, body = post(url, Mombridge_Admin="1")
        verdict = json.loads(body)
        assert code == 200 and "there are no routes" in verdict.pop("notes")[0]
        assert verdict == {"successful": True, "added": [], "changed": [], "removed": [], "errors": []}
        assert post(url)[0] == 403, "as a form of a page would"
        assert post(url, Mombridge_Admin="1", Origin="http://evil.example")[0] == 403
        assert post(url, Mombridge_Admin="1", Host="evil.example")[0] == 403
        assert post(url + "?timeout=never", Mombridge_Admin="1")[0] == 400
        assert post(f"http://127.0.0.1:{probes}/api/v1/reload", Mombridge_Admin="1")[0] == 404
        try:
            urllib.request.urlopen(url, timeout=20)
            raise AssertionError("GET is refused")
        except urllib.error.HTTPError as error:
            assert error.code == 405 and error.headers["Allow"] == "POST"
        bridge.file.write_text(bridge.file.read_text() + "nonsense: 1\n")
        code, body = post(url, Mombridge_Admin="1")
        assert code == 422 and "bridge.yaml:4:1: error: unknown key 'nonsense'" in json.loads(body)["errors"][0]
        assert steer(bridge, "reload").returncode == CONFIG
        assert bridge.stop() == OK


def test_posted_with_the_token(tmp_path):
    admin = free_port()
    with Bridge(tmp_path, f"{MEMORY}admin: {{listen: '0.0.0.0:{admin}', token: correct-horse-battery}}\n") as bridge:
        bridge.noted("READY=1")
        url = f"http://127.0.0.1:{admin}/api/v1/reload"
        assert post(url, Mombridge_Admin="1")[0] == 401
        assert post(url, Authorization="Bearer correct-horse-battery")[0] == 200
        assert steer(bridge, "reload").returncode == OK
        assert bridge.stop() == OK


def test_a_drained_broker_takes_nothing_until_it_is_resumed(tmp_path):
    with Bridge(tmp_path, config("one")) as bridge:
        bridge.noted("READY=1")
        counted = lambda: bridge.log().count("counted a message")
        eventually(lambda: counted() == 10, "the messages of the first handler")
        drained = steer(bridge, "drain", "--broker", "local")
        assert (drained.returncode, drained.stderr) == (OK, "")
        assert drained.stdout == "drained: broker local: 0 in flight\nthese routes wait, too: one, control, rest\n"
        asked = json.loads(status(bridge, "--json").stdout)
        assert asked["drained"] == ["broker local"] and asked["ready"]
        assert all(subscription["drained"] for subscription in asked["subscriptions"])
        assert "drained: broker local\n" in status(bridge).stdout
        # A reload leaves it so, although what it adds publishes there.
        bridge.file.write_text(config("one", "two"))
        assert steer(bridge, "reload").returncode == OK
        again = steer(bridge, "drain", "--broker", "local")
        assert again.returncode == OK and again.stdout.startswith("drained: broker local: 0 in flight\n")
        assert counted() == 10
        resumed = steer(bridge, "drain", "--broker", "local", "--resume")
        assert (resumed.returncode, resumed.stdout) == (OK, "resumed: broker local\n")
        eventually(lambda: counted() == 20, "what waited")
        assert steer(bridge, "drain", "--broker", "local", "--resume").stdout == "resumed: broker local, which was not drained\n"
        assert json.loads(status(bridge, "--json").stdout)["drained"] == []
        for line in "drains", "drained", "resumed":
            assert bridge.logged(line)["section"] == "broker local"
        assert bridge.stop() == OK


def test_what_cannot_be_settled_is_said(tmp_path):
    with Bridge(tmp_path, never_settled(3)) as bridge:
        bridge.noted("READY=1")
        eventually(lambda: json.loads(status(bridge, "--json").stdout)["routes"][0]["in_flight"] == 3, "messages in flight")
        late = steer(bridge, "drain", "--route", "n", "--timeout", "100ms")
        assert (late.returncode, late.stdout) == (TEMPFAIL, "draining: route n: 3 in flight\nthese routes wait, too: control\n")
        assert steer(bridge, "drain", "--route", "n", "--resume").returncode == OK
        whole = steer(bridge, "drain")
        assert whole.returncode == OK and whole.stdout.startswith("draining: the bridge takes nothing more")
        bridge.noted("STOPPING=1")
        assert steer(bridge, "drain", "--route", "n").stderr == "mombridge: the bridge answers 503: the bridge is stopping\n"
        time.sleep(1.1)
        bridge.signal()  # at once
        assert bridge.ended() == UNDRAINED


def test_a_drain_of_the_whole_bridge_ends_it(tmp_path):
    with Bridge(tmp_path, config("one")) as bridge:
        bridge.noted("READY=1")
        assert steer(bridge, "drain").returncode == OK
        assert bridge.ended() == OK


@pytest.mark.parametrize("arguments, code, said", [
    (["--broker", "loca"], CONFIG, "there is no broker loca (did you mean 'local'?)"),
    (["--route", "local"], CONFIG, "there is no route local"),
    (["--route", "a b&resume=1"], CONFIG, "there is no route a b&resume=1"),
    (["--resume"], USAGE, "--resume needs --broker or --route"),
    (["--broker", "a", "--route", "b"], USAGE, "--broker excludes --route"),
    (["--timeout", "x"], USAGE, "--timeout takes a duration like 30s or 2m, not 'x'"),
])
def test_drains_that_make_no_sense(tmp_path, arguments, code, said):
    with Bridge(tmp_path, config("one")) as bridge:
        bridge.noted("READY=1")
        done = steer(bridge, "drain", *arguments)
        assert (done.returncode, done.stdout, done.stderr) == (code, "", f"mombridge: {said}\n")
        assert bridge.stop() == OK


def test_the_unit_reloads_by_the_command():
    with open(os.path.join(SOURCE, "systemd", "mombridge.service.in")) as unit:
        assert any(line.startswith("ExecReload=@CMAKE_INSTALL_FULL_BINDIR@/mombridge reload ") for line in unit)
