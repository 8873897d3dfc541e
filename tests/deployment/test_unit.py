"""The systemd unit, booted: a container with a systemd of its own runs what a machine would, and says what it saw."""
import json
import os
import pathlib
import shutil
import subprocess

import pytest

from conftest import configuration, echo, harness, run, runtime_packages

BOOT_LIMIT = 180  # seconds for everything from the start to the power-off

PROBE_UNIT = """[Unit]
After=mombridge.service
[Service]
Type=oneshot
ExecStart=/usr/bin/python3 /probe.py
ExecStopPost=/usr/bin/systemctl poweroff --no-block
[Install]
WantedBy=multi-user.target
"""

# Runs inside. Each observation is one entry of the result, so that a failed one leaves the others to be seen.
PROBE = '''
import json, pathlib, subprocess, time

seen = {}

def sh(command):
    done = subprocess.run(command, shell=True, capture_output=True, text=True)
    return {"code": done.returncode, "out": done.stdout.strip(), "err": done.stderr.strip()}

def show(*names):
    text = sh("systemctl show mombridge -p " + ",".join(names))["out"]
    return dict(line.split("=", 1) for line in text.splitlines())

def wait_for(check, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if check():
            return True
        time.sleep(0.2)
    return False

try:
    seen["started"] = show("ActiveState", "SubState", "MainPID", "Type", "WatchdogUSec")
    seen["links_up"] = wait_for(lambda: sh("mombridge status --quiet")["code"] == 0)
    seen["status_as_root"] = sh("mombridge status")
    seen["status_as_another"] = sh("runuser -u nobody -- mombridge status")
    pid = show("MainPID")["MainPID"]
    seen["user"] = sh(f"ps -o user= -p {pid}")["out"]
    seen["no_new_privileges"] = sh(f"grep NoNewPrivs /proc/{pid}/status")["out"]
    seen["socket"] = sh("stat -c '%U %a' /run/mombridge")["out"]
    pathlib.Path("/waiting").touch()
    seen["moved"] = wait_for(lambda: pathlib.Path("/moved").exists())
    wait_for(lambda: "link" in show("StatusText")["StatusText"])  # said anew every few seconds
    seen["text"] = show("StatusText")["StatusText"]

    file = pathlib.Path("/etc/mombridge/bridge.yaml")
    good = file.read_text()
    file.write_text(good + "log: {level: debug}\\n")
    seen["good_reload"] = sh("systemctl reload mombridge")
    seen["after_good"] = sh("mombridge status --json")
    file.write_text(good + "lgo: {level: debug}\\n")
    seen["bad_reload"] = sh("systemctl reload mombridge")
    seen["after_bad"] = sh("mombridge status --json")
    seen["same_pid"] = show("MainPID")["MainPID"] == pid
    file.write_text(good)

    # A main thread that stands still is found by the watchdog, and the unit is started again.
    sh(f"kill -STOP {pid}")
    seen["watchdog"] = wait_for(lambda: show("MainPID")["MainPID"] not in (pid, "0") and
                                show("ActiveState")["ActiveState"] == "active", 60)
    seen["restarts"] = show("NRestarts")["NRestarts"]
    seen["up_again"] = wait_for(lambda: sh("mombridge status --quiet")["code"] == 0)

    seen["stop"] = sh("systemctl stop mombridge")
    seen["stopped"] = show("ActiveState", "Result", "ExecMainStatus")
    seen["journal"] = sh("journalctl -u mombridge -o json --no-pager")["out"].splitlines()

    file.write_text("brokers: {shop: {type: amqp, ulr: x}}\\n")
    sh("systemctl start mombridge")
    seen["wrong"] = wait_for(lambda: show("ActiveState")["ActiveState"] == "failed") and show("ExecMainStatus", "NRestarts")
    seen["security"] = sh("systemd-analyze security --no-pager mombridge | tail -1")["out"]
except BaseException as error:
    seen["probe_failed"] = repr(error)
pathlib.Path("/seen.json").write_text(json.dumps(seen))
'''


@pytest.fixture(scope="module")
def machine(debian, tmp_path_factory):
    """A root with systemd and the program, as `cmake --install` leaves it."""
    root = tmp_path_factory.mktemp("machine") / "root"
    run("cp", "-a", "--reflink=auto", debian, root)
    install = ["chroot", root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "APT::Sandbox::User=root"]
    run(*install, "update")
    run(*install, "install", "-y", "--no-install-recommends", "systemd", "systemd-sysv", "dbus", "procps", "python3",
        *runtime_packages())
    run("cmake", "--install", os.environ["MOMBRIDGE_BUILD"], env={**os.environ, "DESTDIR": str(root)})
    yield root
    shutil.rmtree(root, ignore_errors=True)


def boot(root):
    # A name of its own, because systemd-nspawn refuses to clear what another container of that name has left on a disk.
    # A real machine forbids nobody the calls of Landlock, as systemd-nspawn does.
    return subprocess.Popen(["systemd-nspawn", "-q", "-M", f"mombridge-{os.getpid()}", "--register=no", "--keep-unit",
                             "--system-call-filter=landlock_create_ruleset landlock_add_rule landlock_restrict_self",
                             "--console=pipe", "-b", "-D", root],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.fixture(scope="module")
def seen(machine, rabbit):
    client = harness.Amqp(rabbit.url)
    source, target = client.queue(), client.queue()
    folder = machine / "etc/mombridge"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(echo(), folder)
    (folder / "bridge.yaml").write_text(configuration(rabbit, source, target, "echo.so"))
    (machine / "probe.py").write_text(PROBE)
    (machine / "etc/systemd/system/probe.service").write_text(PROBE_UNIT)
    # Seconds instead of half a minute, so that the test is short.
    drop_in = machine / "etc/systemd/system/mombridge.service.d"
    drop_in.mkdir()
    (drop_in / "watchdog.conf").write_text("[Service]\nWatchdogSec=5s\n")
    run("chroot", machine, "systemctl", "enable", "-q", "mombridge.service", "probe.service")

    process = boot(machine)
    try:
        harness.eventually(lambda: (machine / "waiting").exists() or process.poll() is not None, BOOT_LIMIT, "the unit runs")
        client.publish(source, b"through the unit")
        if process.poll() is None and client.get(target, 30).body == b"through the unit":
            (machine / "moved").touch()
        console, _ = process.communicate(timeout=BOOT_LIMIT)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(30)
        client.close()
    result = machine / "seen.json"
    assert result.exists(), console[-4000:]
    found = json.loads(result.read_text())
    assert "probe_failed" not in found, found
    return found


def test_it_starts_and_is_ready_by_notification(seen):
    assert seen["started"]["ActiveState"] == "active" and seen["started"]["Type"] == "notify"
    assert seen["links_up"] and seen["moved"]


def test_its_handlers_have_workers_that_are_confined(seen):
    handler, = json.loads(seen["after_good"]["out"])["handlers"]
    assert handler["worker"]["state"] == "running" and handler["worker"]["restarts"] == 0
    confined = next(entry for entry in map(json.loads, seen["journal"]) if "worker processes are kept" in entry["MESSAGE"])
    assert confined["MOMBRIDGE_FILES"].startswith("by Landlock") and confined["MOMBRIDGE_PROCESSES"] == "by seccomp", confined


def test_it_runs_as_its_own_user_without_privileges(seen):
    assert seen["user"] == "mombridge"
    assert seen["no_new_privileges"].split()[-1] == "1"
    assert seen["socket"] == "mombridge 700"


def test_its_status_is_for_root_and_its_user_alone(seen):
    assert seen["status_as_root"]["code"] == 0 and "move" in seen["status_as_root"]["out"]
    assert seen["status_as_another"]["code"] != 0


def test_systemctl_status_says_what_it_does(seen):
    assert "link" in seen["text"], seen["text"]


def test_a_reload_is_awaited_and_its_verdict_is_systemctls(seen):
    assert seen["good_reload"]["code"] == 0, seen["good_reload"]
    assert json.loads(seen["after_good"]["out"])["config"]["ok"] is True
    assert seen["bad_reload"]["code"] != 0
    assert json.loads(seen["after_bad"]["out"])["config"]["ok"] is False
    assert seen["same_pid"], "a reload that fails leaves the running one as it is"


def test_the_watchdog_ends_what_stands_still(seen):
    assert seen["watchdog"] and int(seen["restarts"]) >= 1 and seen["up_again"]


def test_it_stops_clean(seen):
    assert seen["stop"]["code"] == 0
    assert seen["stopped"]["Result"] == "success" and seen["stopped"]["ExecMainStatus"] == "0"


def test_its_log_has_fields_in_the_journal(seen):
    entries = [json.loads(line) for line in seen["journal"]]
    own = [entry for entry in entries if entry.get("_COMM") == "mombridge"]
    assert any("BROKER" in key for entry in own for key in entry), own[-3:]


def test_a_wrong_configuration_is_not_tried_again(seen):
    assert seen["wrong"]["ExecMainStatus"] == "78"
