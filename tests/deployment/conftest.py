"""Fixtures of the deployments: a Debian root, a RabbitMQ, and the program that is installed in both."""
import os
import pathlib
import re
import subprocess
import sys

import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(SOURCE / "tests/brokers"), str(SOURCE / "tests/integration")]

import brokers  # noqa: E402
import debian_root  # noqa: E402
import harness  # noqa: E402


def run(*command, check=True, **options):
    done = subprocess.run([*map(str, command)], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, **options)
    assert not check or done.returncode == 0, f"{command}: {done.returncode}\n{done.stdout[-4000:]}{done.stderr[-4000:]}"
    return done


def runtime_packages():
    """What the image installs beside the program: said once, in the Dockerfile."""
    last_stage = (SOURCE / "Dockerfile").read_text().split("\nFROM ")[-1].replace("\\\n", " ")
    return re.search(r"--no-install-recommends ([^&\n]*)", last_stage)[1].split()


@pytest.fixture(scope="session")
def debian():
    """A Debian 12 in a folder. Not to be changed."""
    return debian_root.made("bookworm-minbase", "bookworm")


@pytest.fixture(scope="session")
def rabbit():
    with brokers.Rabbit().start() as node:
        yield node


@pytest.fixture
def queues(rabbit):
    """A plain client, with a queue that the bridge reads and one that it writes to."""
    client = harness.Amqp(rabbit.url)
    names = harness.unique("in"), harness.unique("out")
    for name in names:
        client.queue(name)
    yield client, *names
    client.close()


def configuration(rabbit, source, target, plugin=None):
    """YAML that moves one queue to another; `plugin`: through a handler, in a worker process."""
    to = f"{{broker: shop, target: {target}}}"
    handlers = ""
    if plugin:
        handlers = f"handlers: {{echo: {{plugin: {plugin}}}}}\n"
        to = f"{{handler: echo, reply_to: {to}}}"
    return (f"brokers: {{shop: {{type: amqp, url: '{rabbit.url}'}}}}\n{handlers}"
            f"routes: [{{name: move, from: {{broker: shop, queue: {source}}}, to: {to}}}]\n")


def echo():
    """A plugin that answers with the message's own body."""
    return pathlib.Path(os.environ["MOMBRIDGE_BUILD"]) / "lib/sdk/samples/echo.so"
