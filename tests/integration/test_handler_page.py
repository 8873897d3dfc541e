"""A handler written by the docs, built against an installed mombridge, that answers over a real RabbitMQ."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from harness import eventually, unique

PROGRAM = pathlib.Path(os.environ["MOMBRIDGE"]).resolve()
ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """The environment of somebody who has installed mombridge below a folder of his own."""
    prefix = tmp_path_factory.mktemp("installed")
    subprocess.run(["cmake", "--install", PROGRAM.parents[1], "--prefix", prefix], check=True, capture_output=True)
    return {**os.environ, "PATH": f"{prefix}/bin:{os.environ['PATH']}", "CMAKE_PREFIX_PATH": str(prefix), "PREFIX": str(prefix),
            "PKG_CONFIG_PATH": str(next(prefix.rglob("mombridge-handler.pc")).parent), "CMAKE_GENERATOR": "Ninja"}


def shell(command, folder, env):
    done = subprocess.run(["bash", "-c", command], cwd=folder, env=env, capture_output=True, text=True, timeout=120, check=False)
    return done.stdout if done.returncode == 0 else f"{done.returncode}: {done.stderr}"


def answers(command, expected, run, folder, env):
    """Runs the bridge with `run`, and asks with `command` until there is an answer."""
    bridge = subprocess.Popen(["bash", "-c", f"exec {run}"], cwd=folder, env=env, stderr=subprocess.DEVNULL)
    try:
        eventually(lambda: shell(command, folder, env) == expected, timeout=60, what=command)
    finally:
        bridge.terminate()
        assert bridge.wait(60) == 0


def test_the_ten_lines(installed, rabbit, amqp, tmp_path):
    page = (ROOT / "README.md").read_text().split("## A handler in ten lines")[1].split("\n## ")[0]
    blocks = dict(re.findall(r"```(\w+)\n(.*?)```", page, re.DOTALL))
    name = unique("greetings")
    amqp.queue(f"{name}.dead")
    (tmp_path / "greeter.cpp").write_text(blocks["cpp"])
    (tmp_path / "CMakeLists.txt").write_text(blocks["cmake"])
    (tmp_path / "greeter.yaml").write_text(blocks["yaml"].replace("amqp://localhost", rabbit.url).replace("greetings", name))
    assert len([line for line in blocks["cpp"].splitlines() if line]) == 10
    build, without, run, ask, install = [line.split("#")[0].strip().replace("--target greetings", f"--target {name}")
                                         for line in blocks["sh"].splitlines() if not line.startswith("#")]
    assert "Linking" in shell(build, tmp_path, installed)
    assert shell(without, tmp_path, installed) == "Hi there too, Bob\n"
    answers(ask, "Hi there too, Bob\n", run, tmp_path, installed)
    assert shell(install.removeprefix("sudo "), tmp_path, installed) == ""
    (tmp_path / "other.yaml").write_text((tmp_path / "greeter.yaml").read_text().replace("build/greeter.so", "greeter.so"))
    (tmp_path / "build/greeter.so").unlink()
    assert shell("mombridge check -c other.yaml", tmp_path, installed).startswith("ok")
    amqp.delete(name)


def test_a_project_in_c_that_handler_new_wrote(installed, rabbit, amqp, tmp_path):
    name = unique("hello").replace(".", "-")
    said = shell(f"mombridge handler new {name} --lang c", tmp_path, installed)
    steps = [line.strip() for line in said.splitlines() if line.startswith("  ")]
    assert steps[0] == f"cd {name}"
    folder = tmp_path / name
    amqp.queue(f"{name}.dead")
    assert "100% tests passed" in shell(steps[1], folder, installed)
    assert shell(steps[2], folder, installed) == "Hello, world\n"
    assert "2 of 2 cases passed" in shell(steps[3], folder, installed)
    ask = re.search(r"^# +(mombridge request .*)$", (folder / "bridge.yaml").read_text(), re.MULTILINE).group(1)
    answers(ask, "Hello, world\n", steps[4], folder, {**installed, "AMQP_URL": rabbit.url})
    amqp.delete(name)


@pytest.mark.skipif(not shutil.which("rustc"), reason="rustc is not installed")
def test_the_sample_in_rust(installed, rabbit, amqp, tmp_path):
    source = ROOT / "lib/sdk/samples/shout.rs"
    compiler = re.search(r"^//! +(rustc .*)$", source.read_text(), re.MULTILINE).group(1)
    shutil.copy(source, tmp_path)
    name = amqp.queue(unique("shout"))
    assert shell(compiler, tmp_path, installed) == ""
    (tmp_path / "bridge.yaml").write_text(
        f"brokers: {{shop: {{type: amqp, url: '{rabbit.url}'}}}}\nhandlers: {{shout: {{plugin: shout.so}}}}\n"
        f"routes: [{{from: {{broker: shop, queue: {name}}}, to: {{handler: shout}}}}]\n")
    answers(f"mombridge request -c bridge.yaml --broker shop --target {name} hello", "HELLO!\n", "mombridge run -c bridge.yaml",
            tmp_path, installed)
