"""The listeners of `mombridge run` and the command `status`, with a broker in memory."""

import json
import os
import pathlib
import socket
import stat
import subprocess
import time
import urllib.error
import urllib.request

import pytest

from program import BINARY, CONFIG, OK, Bridge, environment, eventually, plugin

UNAVAILABLE = 69
MEMORY = "brokers: {local: {type: memory}}\n"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def never_settled(messages, more=""):
    """A configuration with so many messages on route n that stay in flight."""
    return (f"{MEMORY}{more}shutdown_timeout: 60s\nhandlers:\n"
            f"  source: {{plugin: {plugin('good_source')}, config: {{broker: local, target: raw, messages: {messages}}}}}\n"
            f"  never: {{plugin: {plugin('bad_never_completes')}}}\n"
            "routes:\n"
            "  - {name: n, from: {broker: local, target: raw}, to: {handler: never}}\n"
            "  - {name: control, from: {broker: local, target: control}, to: {handler: source}}\n")


def chain(messages=20):
    return (f"{MEMORY}handlers:\n"
            f"  source: {{plugin: {plugin('good_source')}, config: {{broker: local, target: raw, messages: {messages}}}}}\n"
            f"  clean: {{plugin: {plugin('good_sync')}}}\n"
            "routes:\n"
            "  - {name: clean, from: {broker: local, target: raw}, to: {handler: clean}}\n"
            "  - {name: control, from: {broker: local, target: control}, to: {handler: source}}\n")


def status(bridge, *arguments, **env):
    return subprocess.run([BINARY, "status", "-c", bridge.file, *arguments], capture_output=True, text=True, timeout=60,
                          env=environment(RUNTIME_DIRECTORY=bridge.runtime, **env))


def get(url, **headers):
    """The code and the body."""
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=20) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_status_finds_the_bridge(tmp_path):
    with Bridge(tmp_path, chain()) as bridge:
        bridge.noted("READY=1")

        def done():
            asked = json.loads(status(bridge, "--json").stdout)
            route = next(r for r in asked["routes"] if r["name"] == "clean")
            return [(to["destination"], to["delivered"]) for to in route["to"]] == [("handler clean", 20)] and asked
        asked = eventually(done, "20 messages through the handler")
        assert asked["ready"] and asked["alive"] and not asked["draining"] and asked["stalls"] == []
        assert asked["config"]["ok"] and asked["name"] == "mombridge"
        assert asked["brokers"][0] | {"received": 20} == asked["brokers"][0]
        tables = status(bridge)
        assert tables.returncode == OK and tables.stderr == ""
        assert "'mombridge': ready" in tables.stdout and "handler clean" in tables.stdout
        quiet = status(bridge, "--quiet")
        assert (quiet.returncode, quiet.stdout, quiet.stderr) == (OK, "", "")
        assert bridge.stop() == OK
        assert not pathlib.Path(bridge.runtime, "mombridge.sock").exists()


def test_status_without_a_bridge(tmp_path):
    with Bridge(tmp_path, MEMORY) as bridge:
        bridge.noted("READY=1")
        assert bridge.stop() == OK
        asked = status(bridge)
        assert asked.returncode == UNAVAILABLE and asked.stdout == ""
        assert asked.stderr.startswith("mombridge: no bridge of the name 'mombridge' answers")
        quiet = status(bridge, "--quiet")
        assert (quiet.returncode, quiet.stdout, quiet.stderr) == (UNAVAILABLE, "", "")


def test_status_of_a_file_that_says_nothing(tmp_path):
    (tmp_path / "c.yaml").write_text("[")
    asked = subprocess.run([BINARY, "status", "-c", tmp_path / "c.yaml"], capture_output=True, text=True, timeout=60, env=environment())
    assert asked.returncode == CONFIG and "error" in asked.stderr


def test_the_socket_is_for_its_user(tmp_path):
    with Bridge(tmp_path, MEMORY) as bridge:
        bridge.noted("READY=1")
        assert stat.S_IMODE(os.stat(pathlib.Path(bridge.runtime, "mombridge.sock")).st_mode) == 0o600
        assert bridge.stop() == OK


def test_a_killed_bridge_leaves_nothing_in_the_way(tmp_path):
    with Bridge(tmp_path, MEMORY) as bridge:
        bridge.noted("READY=1")
        bridge.process.kill()
        bridge.process.wait()
        assert status(bridge, "--quiet").returncode == UNAVAILABLE
        again = subprocess.Popen([BINARY, "run", "-c", bridge.file], stderr=subprocess.DEVNULL,
                                 env=environment(RUNTIME_DIRECTORY=bridge.runtime))
        try:
            eventually(lambda: status(bridge, "--quiet").returncode == OK, "an answer")
        finally:
            again.terminate()
            assert again.wait(30) == OK


def test_a_second_bridge_of_the_name_goes_on_without(tmp_path):
    with Bridge(tmp_path, MEMORY) as bridge:
        bridge.noted("READY=1")
        (tmp_path / "second").mkdir()
        with Bridge(tmp_path / "second", MEMORY) as second:
            second.noted("READY=1")  # in a folder of its own
            assert second.stop() == OK
        third = subprocess.Popen([BINARY, "run", "-c", bridge.file], stderr=subprocess.PIPE, text=True,
                                 env=environment(RUNTIME_DIRECTORY=bridge.runtime))
        try:
            line = eventually(lambda: next((text for text in third.stderr if "no socket" in text), None), "a warning")
            assert "another process listens there" in line and json.loads(line)["level"] == "warning"
        finally:
            third.terminate()
            third.communicate(timeout=30)
        assert third.returncode == OK
        assert status(bridge, "--quiet").returncode == OK
        assert bridge.stop() == OK


def test_admin_and_probes(tmp_path):
    admin, probes = free_port(), free_port()
    with Bridge(tmp_path, f"{MEMORY}admin: {{listen: '127.0.0.1:{admin}'}}\nprobes: {{listen: '127.0.0.1:{probes}'}}\n") as bridge:
        bridge.noted("READY=1")
        for port in admin, probes:
            assert get(f"http://127.0.0.1:{port}/livez") == (200, "ok\n")
            assert get(f"http://127.0.0.1:{port}/readyz") == (200, "ready\n")
            assert "mombridge_build_info{" in get(f"http://127.0.0.1:{port}/metrics")[1]
        assert "<h1>mombridge</h1>" in get(f"http://127.0.0.1:{admin}/")[1]
        assert get(f"http://127.0.0.1:{probes}/")[0] == 404
        assert json.loads(get(f"http://127.0.0.1:{admin}/api/v1/status")[1])["ready"]
        assert get(f"http://127.0.0.1:{admin}/api/v1/status", Host="evil.example")[0] == 403
        assert get(f"http://127.0.0.1:{probes}/api/v1/status")[0] == 404
        assert not pathlib.Path(bridge.runtime, "mombridge.sock").exists()
        assert "ready" in status(bridge).stdout  # by the key `admin:`
        assert bridge.stop() == OK


def test_a_token_for_other_machines(tmp_path):
    admin = free_port()
    (tmp_path / "token").write_text("correct horse battery\n")
    (tmp_path / "token").chmod(0o600)
    with Bridge(tmp_path, f"{MEMORY}admin: {{listen: '0.0.0.0:{admin}', token: '${{file:token}}'}}\n") as bridge:
        bridge.noted("READY=1")
        url = f"http://127.0.0.1:{admin}/api/v1/status"
        assert get(url)[0] == 401
        assert get(url, Authorization="Bearer wrong")[0] == 401
        assert get(url, Authorization="Bearer correct horse battery")[0] == 200
        assert status(bridge).returncode == OK
        assert "correct horse" not in bridge.log()
        assert bridge.stop() == OK


@pytest.mark.parametrize("key", ["admin", "probes"])
def test_an_address_in_use_is_an_error_of_the_start(tmp_path, key):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with Bridge(tmp_path, f"{MEMORY}{key}: {{listen: '{address}'}}\n") as bridge:
            assert bridge.ended() == UNAVAILABLE
            assert f"bridge.yaml:2:{len(key) + 12}: {key}.listen: cannot listen at {address}: Address already in use" in bridge.log()


def test_a_token_is_missing(tmp_path):
    with Bridge(tmp_path, f"{MEMORY}admin: {{listen: '0.0.0.0:8420'}}\n") as bridge:
        assert bridge.ended() == CONFIG
        assert "bridge.yaml:2:17: error: admin.listen: '0.0.0.0:8420' can be reached from other machines" in bridge.log()


def test_while_it_drains(tmp_path):
    probes = free_port()
    with Bridge(tmp_path, never_settled(1, f"probes: {{listen: '127.0.0.1:{probes}'}}\n")) as bridge:
        bridge.noted("READY=1")
        eventually(lambda: json.loads(status(bridge, "--json").stdout)["routes"][0]["in_flight"] == 1, "a message in flight")
        bridge.signal()
        bridge.noted("STOPPING=1")
        eventually(lambda: get(f"http://127.0.0.1:{probes}/readyz")[0] == 503, "not ready")
        assert get(f"http://127.0.0.1:{probes}/livez") == (200, "ok\n")
        assert "draining" in status(bridge).stdout
        time.sleep(1.1)
        bridge.signal()  # at once
        assert bridge.ended() == 75


def test_ten_thousand_connections(tmp_path):
    probes = free_port()
    with Bridge(tmp_path, f"{MEMORY}probes: {{listen: '127.0.0.1:{probes}'}}\n") as bridge:
        bridge.noted("READY=1")
        kept = []
        for i in range(10_000):
            s = socket.create_connection(("127.0.0.1", probes), timeout=20)
            s.sendall(b"GET /livez HTTP/1.1\r\nX: ")
            if len(kept) < 300:
                kept.append(s)
            else:
                s.close()
            if i % 1000 == 0:
                assert get(f"http://127.0.0.1:{probes}/livez") == (200, "ok\n")
        assert len(os.listdir(f"/proc/{bridge.process.pid}/fd")) < 150
        assert get(f"http://127.0.0.1:{probes}/readyz") == (200, "ready\n")
        for s in kept:
            s.close()
        assert bridge.stop() == OK
