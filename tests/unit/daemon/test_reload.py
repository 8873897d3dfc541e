"""HUP: the running bridge takes up its files anew, or says why it does not."""

import json
import os
import pathlib
import shutil
import signal

from program import OK, UNDRAINED, Bridge, eventually, mombridge, plugin


def routes(*targets):
    return "".join(f"  - {{name: {target}, from: {{broker: local, target: {target}}}, to: {{handler: count}}}}\n" for target in targets)


def config(*targets, more="", sources=None, top=""):
    """Handlers that publish ten messages each, when they start, to targets of which some are counted."""
    handlers = "".join(f"  {name}: {{plugin: {plugin('good_source')}, config: {{broker: local, target: {name}, messages: 10}}}}\n"
                       for name in (targets if sources is None else sources))
    return (f"brokers: {{local: {{type: memory}}}}\nunrouted: discard\n{top}handlers:\n  count: {{plugin: {plugin('good_count')}}}\n"
            f"{handlers}{more}routes:\n{routes(*targets)}"
            "  - {name: control, from: {broker: local, target: control}, to: {handler: count}}\n"
            "  - {name: rest, from: {broker: local, target: \"rest.#\"}, to: {handler: count}}\n")


class Reloaded(Bridge):
    def __init__(self, folder, text, **env):
        self.file = folder / "bridge.yaml"
        self.first = folder / "first.yaml"
        self.first.write_text(text)
        super().__init__(folder, text, **env)
        self.noted("READY=1")
        self.verdicts = 0

    def verdict(self):
        """The next line of the log that ends a reload."""
        self.verdicts += 1

        def found():
            self._receive()  # a socket that nobody reads would block the bridge
            lines = [line for line in self.lines() if line["msg"].startswith(("reloaded", "reload failed"))]
            return len(lines) >= self.verdicts and lines[self.verdicts - 1]
        return eventually(found, f"verdict {self.verdicts}")

    def reload(self, text=None):
        if text is not None:
            self.file.write_text(text)
        self.signal(signal.SIGHUP)
        return self.verdict()

    def status(self):
        """Asked by the file as it was at the start, since the present one may be a wrong one."""
        return json.loads(mombridge("status", "-c", self.first, "--json", RUNTIME_DIRECTORY=self.runtime).stdout)

    def counted(self, total):
        eventually(lambda: self.log().count("counted a message") >= total, f"{total} messages")
        assert self.log().count("counted a message") == total

    def errors(self):
        return [line["msg"] for line in self.lines() if line["level"] == "error"]

    def workers(self):
        """The handlers that have a process, as their command lines name them."""
        pids = [pid for path in pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/children") for pid in path.read_text().split()]
        lines = [pathlib.Path(f"/proc/{pid}/cmdline") for pid in pids]
        # Of a process that has just ended, the line is empty or gone.
        words = [line.read_text().split("\0") for line in lines if line.exists()]
        return {line[2] for line in words if len(line) > 2}


def test_what_a_new_handler_publishes_while_it_starts_goes_by_the_new_routes(tmp_path):
    with Reloaded(tmp_path, config("one")) as bridge:
        bridge.counted(10)
        slow = config("one", "two").replace("target: two, messages: 10", "target: two, messages: 10, start_ms: 500")
        assert bridge.reload(slow)["added"] == "handler two, route two"
        bridge.counted(20)
        assert not [line for line in bridge.lines() if line["msg"].startswith("unrouted")]


def test_routes_and_handlers_come_change_and_go(tmp_path):
    with Reloaded(tmp_path, config("one")) as bridge:
        bridge.counted(10)
        verdict = bridge.reload(config("one", "two"))
        assert verdict["added"] == "handler two, route two" and verdict["changed"] == "" == verdict["removed"]
        bridge.counted(20)
        bridge.noted("RELOADING=1")
        bridge.noted("READY=1", 2)
        bridge.noted("STATUS=running; reloaded: added handler two, route two")
        assert any(note.startswith("MONOTONIC_USEC=") for note in bridge.notes)
        verdict = bridge.reload(config("two").replace("messages: 10", "messages: 5"))
        assert verdict["changed"] == "handler two" and verdict["removed"] == "handler one, route one"
        bridge.counted(25)
        eventually(lambda: bridge.workers() == {"count", "two"}, "the end of the removed handler")
        assert bridge.reload()["added"] == ""
        bridge.noted("STATUS=running; reloaded: nothing has changed")
        assert bridge.stop() == OK


def test_a_wrong_file_changes_nothing(tmp_path):
    with Reloaded(tmp_path, config("one")) as bridge:
        bridge.counted(10)
        wrong = config("one", "two").replace("unrouted: discard", "unrouted: disarcd\nnonsense: 1")
        verdict = bridge.reload(wrong)
        assert verdict["msg"] == "reload failed, the running configuration stays as it is" and verdict["errors"] == 2
        file = str(bridge.file)
        assert [error for error in bridge.errors() if error.startswith(f"{file}:2:11: error: ")]
        assert [error for error in bridge.errors() if error.startswith(f"{file}:3:1: error: ") and "nonsense" in error]
        eventually(lambda: bridge.noted("READY=1", 2) or any("reload failed" in note for note in bridge.notes), "the status")
        shown = bridge.status()["config"]
        assert not shown["ok"] and shown["read_unix_ms"] >= shown["loaded_unix_ms"]
        assert [line.split(" ")[0] for line in shown["errors"]] == [f"{file}:2:11:", f"{file}:3:1:"]
        bridge.file.unlink()
        assert bridge.reload()["errors"] == 1
        assert any("bridge.yaml" in error for error in bridge.errors()[-3:])
        assert bridge.reload(config("one", "two"))["added"] == "handler two, route two"
        shown = bridge.status()
        assert shown["config"]["ok"] and shown["config"]["errors"] == []
        assert [handler["name"] for handler in shown["handlers"]] == ["count", "one", "two"]
        bridge.counted(20)
        eventually(lambda: bridge.status()["handlers"][0] | {"calls": 20, "in_flight": 0} == bridge.status()["handlers"][0], "20 calls")
        assert bridge.stop() == OK


def test_plugins_are_loaded_before_anything_changes(tmp_path):
    with Reloaded(tmp_path, config("one")) as bridge:
        text = config("one", "two", more=f"  bad: {{plugin: {plugin('bad_create_fails')}}}\n")
        line = next(n for n, row in enumerate(text.splitlines(), 1) if row.startswith("  bad:"))
        assert bridge.reload(text)["errors"] == 1
        assert any(f":{line}:" in error and "handlers.bad" in error for error in bridge.errors())
        bridge.counted(10)
        assert bridge.stop() == OK


def test_what_was_replaced_on_disk_needs_a_restart(tmp_path):
    own = tmp_path / "own.so"
    shutil.copy(plugin("good_sync"), own)
    text = config("one", more=f"  own: {{plugin: {own}, isolation: in_process}}\n")
    with Reloaded(tmp_path, text) as bridge:
        bridge.reload()
        assert "restart needed" not in bridge.log()
        shutil.copy(plugin("good_sync"), tmp_path / "next.so")
        os.replace(tmp_path / "next.so", own)
        bridge.reload()
        bridge.logged("handler own: its plugin was replaced on disk")
        bridge.reload(text.replace(f"own: {{plugin: {own}", f"own: {{plugin: {own}, timeout: 1s"))
        assert bridge.log().count("restart needed") == 2  # the changed section has the former plugin, too
        assert bridge.stop() == OK


def test_what_was_replaced_on_disk_runs_in_a_new_worker(tmp_path):
    own = tmp_path / "own.so"
    shutil.copy(plugin("good_sync"), own)
    with Reloaded(tmp_path, config("one", more=f"  own: {{plugin: {own}}}\n")) as bridge:
        def started():
            return [line for line in bridge.lines() if line["msg"] == "handler started" and line["handler"] == "own"]
        first = eventually(started, "its worker")[0]["pid"]
        bridge.reload()
        assert len(started()) == 1
        shutil.copy(plugin("bad_create_fails"), tmp_path / "next.so")
        os.replace(tmp_path / "next.so", own)
        assert bridge.reload()["errors"] == 1  # what does not come up does not replace what runs
        os.kill(first, 0)
        shutil.copy(plugin("good_count"), tmp_path / "next.so")
        os.replace(tmp_path / "next.so", own)
        bridge.reload()
        bridge.logged("handler own: its plugin was replaced on disk, and a new worker runs it")
        eventually(lambda: started()[-1]["plugin"].startswith("good_count"), "the new plugin")
        assert "restart needed" not in bridge.log()
        assert bridge.stop() == OK


def test_log_level_and_format_change(tmp_path):
    with Reloaded(tmp_path, config("one", top="log: {level: error}\n")) as bridge:
        assert bridge.log() == ""
        bridge.file.write_text(config("one", top="log: {level: debug}\n"))
        bridge.signal(signal.SIGHUP)
        assert bridge.verdict()["changed"] == "log"
        bridge.file.write_text(config("one", top="log: {level: info, format: text}\n"))
        bridge.signal(signal.SIGHUP)
        eventually(lambda: not bridge.log().splitlines()[-1].startswith("{") and "reloaded" in bridge.log().splitlines()[-1], "a verdict as text")
        assert bridge.stop() == OK


def test_shutdown_timeout_changes(tmp_path):
    blocks = f"  count2: {{plugin: {plugin('bad_blocks')}, config: {{until: '{tmp_path}/never'}}, timeout: 10ms, isolation: in_process}}\n"

    def text(timeout):
        return config("one", more=blocks, top=f"shutdown_timeout: {timeout}\n").replace(
            "target: one}, to: {handler: count}", "target: one}, to: {handler: count2}")
    with Reloaded(tmp_path, text("1h")) as bridge:
        bridge.logged("handler does not return from handle()")
        bridge.reload(text("200ms"))
        assert bridge.stop() == UNDRAINED


def test_a_reload_while_draining_is_refused(tmp_path):
    blocks = f"  count2: {{plugin: {plugin('bad_blocks')}, config: {{until: '{tmp_path}/release'}}, timeout: 1h}}\n"
    text = config("one", more=blocks, top="shutdown_timeout: 1h\n").replace(
        "target: one}, to: {handler: count}", "target: one}, to: {handler: count2}")
    with Reloaded(tmp_path, text) as bridge:
        eventually(lambda: "published all" in bridge.log(), "messages")
        bridge.signal()
        bridge.logged("draining")
        bridge.signal(signal.SIGHUP)
        bridge.logged("reload refused")
        (tmp_path / "release").touch()
        assert bridge.ended() == OK


def test_many_signals_at_once_end_with_the_last_file(tmp_path):
    with Reloaded(tmp_path, config("one")) as bridge:
        for i in range(30):
            bridge.file.write_text(config("one", *(f"t{n}" for n in range(i % 3)), sources=["one"]))
            bridge.signal(signal.SIGHUP)
        bridge.verdict()
        bridge.file.write_text(config("one", "last", sources=["one"]))
        bridge.signal(signal.SIGHUP)
        def last():
            bridge._receive()
            return any("route last" in line.get("added", "") for line in bridge.lines())
        eventually(last, "the last file")
        bridge.counted(10)
        assert bridge.stop() == OK


def test_a_stop_in_the_middle_of_a_reload(tmp_path):
    for i in range(5):
        folder = tmp_path / str(i)
        folder.mkdir()
        with Reloaded(folder, config("one")) as bridge:
            bridge.file.write_text(config("one", "two"))
            bridge.signal(signal.SIGHUP)
            assert bridge.stop() == OK


def test_secrets_are_read_again(tmp_path):
    for name, value in (("password", "one"), ("port", "1")):
        (tmp_path / name).write_text(value)
        (tmp_path / name).chmod(0o600)
    text = ("brokers:\n  local: {type: memory}\n"
            "  shop: {type: amqp, url: 'amqp://bridge@127.0.0.1:${file:port}/', password: '${file:password}'}\n"
            "routes:\n  - {name: r, from: {broker: shop, queue: q}, to: {broker: local, target: a}}\n"
            "  - {name: s, from: {broker: local, target: a}, to: {broker: shop, target: b}}\n")
    with Reloaded(tmp_path, text) as bridge:
        (tmp_path / "password").write_text("two")
        verdict = bridge.reload()
        assert verdict["changed"] == "", "the next connection takes the new one"
        (tmp_path / "port").write_text("2")
        assert bridge.reload()["changed"] == "broker shop"
        (tmp_path / "password").unlink()
        assert bridge.reload()["errors"] == 1
        assert bridge.stop() == OK
