"""The sample in Rust, built by rustc alone, in the bridge."""
import os
import pathlib
import shutil
import subprocess

import pytest

RUSTC = shutil.which("rustc")
SOURCE = pathlib.Path(os.environ["MOMBRIDGE_SOURCE"])
BRIDGE = """
brokers: {{local: {{type: memory}}, lake: {{type: kafka, bootstrap_servers: localhost}}}}
handlers: {{shout: {{plugin: shout.so, config: {{mark: "{mark}"}}}}}}
routes: [{{from: {{broker: local, target: say}}, to: {{handler: shout, reply_to: {{broker: lake, target: said}}}}}}]
failures: {{attempts: 2, dead_letter: {{broker: lake, target: dead}}}}
"""
CASES = """
cases:
- name: answers
  message: {broker: local, target: say, body: "h\xe9llo"}
  expect: {sent: {target: said, body: "H\xc9LLO?!"}}
- name: rejects
  message: {broker: local, target: say, body: ""}
  expect: {dead_letters: {headers: {mombridge-dead-attempts: "1"}}}
- name: a panic is caught and tried again
  message: {broker: local, target: say, body: panic}
  expect: {dead_letters: {headers: {mombridge-dead-attempts: "2"}}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    if RUSTC is None:
        pytest.skip("rustc is not installed, so nothing is proved for Rust")
    folder = tmp_path_factory.mktemp("rust")
    done = subprocess.run([RUSTC, "--edition", "2021", "-O", "--crate-type", "cdylib", "-D", "warnings", "-o", folder / "shout.so",
                           SOURCE / "lib/sdk/samples/shout.rs"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return folder


def mombridge(*arguments):
    return subprocess.run([os.environ["MOMBRIDGE"], *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60)


def test_it_answers_rejects_and_catches_its_panics(folder):
    (folder / "bridge.yaml").write_text(BRIDGE.format(mark="?!"))
    (folder / "cases.yaml").write_text(CASES)
    done = mombridge("test", "-c", folder / "bridge.yaml", folder / "cases.yaml")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "3 of 3 cases passed"), done.stderr


def test_it_refuses_a_configuration(folder):
    (folder / "bad.yaml").write_text(BRIDGE.format(mark="far too long"))
    done = mombridge("check", "-c", folder / "bad.yaml")
    assert done.returncode == 78 and "config.mark: expected at most 8 bytes, found 12" in done.stderr


def test_it_exports_its_entry_function_and_nothing_else(folder):
    done = subprocess.run([os.environ["NM"], "-D", "--defined-only", "--format=just-symbols", folder / "shout.so"],
                          capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["mombridge_handler_entry"]
