"""The programs of lib/reply/README.md, run as they stand there but for addresses and names; and the command line's client."""
import os
import pathlib
import re
import subprocess

import pytest

from configs import amqp as amqp_section
from configs import kafka as kafka_section
from configs import configuration, lake, route, sample, shop
from harness import unique

PAGE = pathlib.Path(__file__).resolve().parents[2] / "lib/reply/README.md"
KEYS = [{"id": "k1", "secret": "0123456789abcdef0123456789abcdef"}]


def programs():
    """{"request_amqp.py": text}"""
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    return {re.search(r"^# (\w+\.py)$", block, re.MULTILINE).group(1): block for block in blocks}


@pytest.fixture
def page(rabbit, kafka, tmp_path):
    """page(name, {word: word}) starts a program of the page; it ends with the test."""
    started = []

    def start(name, names):
        text = programs()[name].replace("amqp://localhost", rabbit.url).replace("localhost:9092", kafka.bootstrap)
        for old, new in names.items():
            text = re.sub(rf'"{re.escape(old)}"', f'"{new}"', text)
        file = tmp_path / name
        file.write_text(text)
        started.append(subprocess.Popen(["/usr/bin/python3", "-u", file], stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


def section(bridge_name, rabbit, kafka):
    return dict(name=bridge_name, shop=amqp_section(rabbit.url, accept_replies=True),
                lake=kafka_section(kafka.bootstrap, accept_replies=True), replies={"keys": KEYS})


def test_amqp_asks_kafka(bridge, page, rabbit, kafka, amqp, kafka_client):
    queue, topic = amqp.queue(unique("prices")), kafka_client.topic(unique("prices"))
    life = bridge(configuration(route(shop(queue=queue), lake(target=topic)), **section(unique("bridge"), rabbit, kafka)))
    page("respond_kafka.py", {"prices": topic})
    life.wait_connected(f"queue {queue}")
    assert _patient(page, "request_amqp.py", {"prices": queue}) == "3.50 for 7"


def test_kafka_asks_amqp(bridge, page, rabbit, kafka, amqp, kafka_client):
    queue, topic, replies = amqp.queue(unique("stock")), kafka_client.topic(unique("stock")), kafka_client.topic(unique("answers"))
    bridge(configuration(route(lake(topic=topic), shop(target=queue)), **section(unique("bridge"), rabbit, kafka)))
    page("respond_amqp.py", {"stock": queue})
    names = {"stock": topic, "stock.replies": replies}
    assert _patient(page, "request_kafka.py", names) == "12 of bolts"


def _patient(page, name, names):
    """What the requester printed; a first request may come before a responder has joined its group."""
    for _ in range(5):
        process = page(name, names)
        text = process.communicate(timeout=120)[0].strip()
        if process.returncode == 0 and text:
            return text
    raise AssertionError(f"{name} had no reply")


class Client:
    def __init__(self, file):
        self.file = file

    def run(self, command, *arguments, code=0, stdin=""):
        done = subprocess.run([os.environ["MOMBRIDGE"], command, "-c", self.file, *arguments], input=stdin,
                              capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
        return done.stdout, done.stderr


def test_request_and_publish(bridge, rabbit, kafka, amqp, kafka_client):
    queue, nowhere, plain = amqp.queue(), amqp.queue(), amqp.queue()
    topic = kafka_client.topic()
    life = bridge(configuration(
        route(shop(queue=queue), {"handler": "greeter"}),
        route(lake(topic=topic), shop(target=queue), name="over kafka"),
        route(shop(queue=nowhere), shop(target=unique("missing")), error_replies=True),
        handlers={"greeter": sample("greeter")}, failures={"attempts": 1}, local={"accept_replies": False},
        **section(unique("bridge"), rabbit, kafka)))
    client = Client(life.file)
    patience = ("--timeout", "60s")
    out, said = client.run("request", "--broker", "shop", "--target", queue, "Hi there", *patience)
    assert out == "Hi there too\n" and re.search(r"reply in [0-9.]+ ms", said) and "<" not in said
    out, said = client.run("request", "-v", "--broker", "shop", "--target", queue, "Hi there", *patience)
    assert out == "Hi there too\n" and "\n< app_id: " in "\n" + said
    out, _ = client.run("request", "--broker", "lake", "--target", topic, "-", *patience, stdin="Hi there")
    assert out == "Hi there too\n"
    out, said = client.run("request", "--broker", "shop", "--target", nowhere, "Hi", *patience, code=69)
    assert "NO_ROUTE" in out and "undeliverable" in said
    _, said = client.run("request", "--broker", "shop", "--target", plain, "Hi", "--timeout", "100ms", code=75)
    assert "no reply within 100ms" in said
    amqp.purge(plain)  # where the request has not expired yet
    _, said = client.run("publish", "--broker", "shop", "--target", unique("missing"), "Hi", *patience, code=69)
    assert "NO_ROUTE" in said
    client.run("publish", "--broker", "shop", "--target", plain, "-H", "a=b", "--content-type", "text/plain", *patience, stdin="in")
    message = amqp.get(plain)
    assert (message.body, message.headers["a"], message.properties.content_type) == (b"in", "b", "text/plain")
    assert message.properties.reply_to is None
    other = kafka_client.topic()
    client.run("publish", "--broker", "lake", "--target", other, "value", "--key", "k", *patience)
    record = kafka_client.consume(other, 1)[0]
    assert (record.value(), record.key()) == (b"value", b"k")
    client.run("publish", "--broker", "local", "--target", "t", "x", code=64)
    client.run("publish", "--broker", "lakes", "--target", "t", "x", code=78)
    client.run("publish", "--broker", "shop", "--target", "t", "x", "--timeout", "soon", code=64)
