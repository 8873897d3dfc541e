"""`mombridge dead-letters`: what it says of dead letters at real brokers, and what becomes of those that it replays."""
import json
import os
import signal
import subprocess

import pika
import pytest
import yaml
from configs import configuration, lake, route, shop
from harness import eventually, unique

OK, NONE, USAGE, UNAVAILABLE, INTERRUPTED, CONFIG = 0, 1, 64, 69, 75, 78
BODY = bytes(range(256))


class Letters:
    """The command, with a configuration."""

    def __init__(self, file, config, always):
        self.file, self.always = file, always
        file.write_text(yaml.safe_dump(config, sort_keys=False))

    def start(self, *arguments):
        return subprocess.Popen([os.environ["MOMBRIDGE"], "dead-letters", *arguments, *self.always, "-c", str(self.file)],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def run(self, *arguments, code=OK):
        process = self.start(*arguments)
        out, err = process.communicate(timeout=120)
        assert process.returncode == code, out.decode() + err.decode()
        return out.decode(), err.decode()

    def list(self, *arguments):
        return json.loads(self.run("list", "--json", *arguments)[0])


@pytest.fixture
def letters(tmp_path):
    if "MOMBRIDGE" not in os.environ:
        pytest.skip("MOMBRIDGE does not name the daemon's binary; scripts/test and ctest set it")
    return lambda config, *always: Letters(tmp_path / "letters.yaml", config, always)


def failing(source, dead, **more):
    """A route that nobody takes the messages of."""
    return configuration(route(source, shop(target=unique("nobody"), headers={"was": "{target}"}), name="fails"),
                         failures={"attempts": 2, "backoff": "10ms", "dead_letter": dead}, **more)


def bury(bridge, config, publish, died):
    """Runs the bridge until its dead letter has what died."""
    life = bridge(config)
    publish()
    eventually(died, 30, "dead letters")
    life.terminate()


def dead_headers(source, i, reason="312 NO_ROUTE: nobody took it", broker="shop", target=None):
    return {"mombridge-hops": "1", "mombridge-dead-broker": broker, "mombridge-dead-source": source,
            "mombridge-dead-target": target or source, "mombridge-dead-route": "fails", "mombridge-dead-reason": reason,
            "mombridge-dead-attempts": "3", "mombridge-dead-at-ms": str(1_700_000_000_000 + i)}


KINDS = {"classic": {}, "quorum": {"x-queue-type": "quorum"}}
WITHOUT_LIMIT = ("--delivery-limit", "0")


@pytest.mark.parametrize("kind", KINDS)
def test_a_queue_is_listed_and_replayed(bridge, letters, rabbit, amqp, kind):
    source, dead = amqp.queue(arguments=KINDS[kind]), amqp.queue(arguments=KINDS[kind])
    config = failing(shop(queue=source), shop(target=dead), shop=rabbit.url)
    headers = {"text": "é", "int": 5, "big": 2**40, "yes": True, "list": [1, "a"], "table": {"k": b"\x00\xff"}, "none": None}
    properties = dict(headers=headers, content_type="application/x", content_encoding="gzip", correlation_id="c\x01",
                      reply_to="back", type="kind", app_id="app", priority=3, expiration="3600000", timestamp=1_600_000_000)

    def publish():
        for i in range(40):
            amqp.publish(source, BODY + b"%d" % i, message_id=f"m{i}", **properties)

    bury(bridge, config, publish, lambda: amqp.depth(dead) == 40)
    tool = letters(config, *WITHOUT_LIMIT)
    first = tool.list()
    order = [int(row["message_id"][1:]) for row in first]  # in which they died
    assert sorted(order) == list(range(40))
    assert len({row["id"] for row in first}) == 40
    row = first[0]
    assert (row["place"], row["broker"], row["source"], row["target"], row["route"], row["attempts"], row["bytes"]) == \
        (f"shop/{dead}", "shop", source, source, "fails", 2, 257)
    assert "312" in row["reason"]
    # It has changed neither what stands there nor its order.
    assert tool.list() == first
    assert tool.list("--limit", "3") == first[:3]
    table, _ = tool.run("list", "--reason", "312")
    assert f"shop/{dead}: 40 dead letters" in table and "fails" in table
    assert tool.list("--reason", "403") == [] and tool.list("--route", "f*", "--newer", "1h", "--limit", "3") == first[:3]

    shown, _ = tool.run("show", first[1]["id"])
    for line in ("came from     shop/" + source, "tried         2 times", "correlation_id c\\x01", "  int:        5 (",
                 "expiration    3600000", "body          257 bytes", "00000000  00 01 02 03"):
        assert line in shown, shown
    assert first[2]["message_id"] not in shown
    body = tool.file.parent / "body"
    tool.run("show", "m1", "--output", str(body))
    assert body.read_bytes() == BODY + b"1"

    out, _ = tool.run("replay", "--dry-run", first[1]["id"])
    assert f"would be sent to shop/{source}" in out and amqp.depth(source) == 0
    tool.run("replay", first[1]["id"])
    out, _ = tool.run("replay")
    assert out == "39 replayed, 0 not, 0 passed over\n"
    assert amqp.depth(dead) == 0
    messages = amqp.consume(source, 40, settle=0.3)
    assert [m.body for m in messages] == [BODY + b"%d" % i for i in (order[1], order[0], *order[2:])]
    for message in messages:
        kept = {name: getattr(message.properties, name) for name in properties}
        assert kept == properties and message.properties.delivery_mode == 2
        assert message.properties.message_id == "m" + message.body[256:].decode()


def test_a_replayed_message_keeps_its_routing_key(bridge, letters, rabbit, amqp):
    """Though it goes straight into the queue, so that no other queue of the exchange gets it once more."""
    exchange, source, other, dead, sink = unique("exchange"), amqp.queue(), amqp.queue(), amqp.queue(), amqp.queue()
    amqp.channel.exchange_declare(exchange, "topic")
    for queue in (source, other):
        amqp.bind(queue, exchange, "order.#")
    config = failing(shop(queue=source), shop(target=dead), shop=rabbit.url)
    amqp.publish("order.new", b"body", exchange=exchange)
    bury(bridge, config, lambda: None, lambda: amqp.depth(dead) == 1)
    tool = letters(config)
    assert [row["target"] for row in tool.list("--target", "order.*")] == ["order.new"]
    tool.run("replay", "--target", "order.*")
    amqp.channel.exchange_delete(exchange)
    config["routes"][0]["to"]["target"] = sink
    bridge(config)
    message = amqp.get(sink)
    assert (message.body, message.headers["was"], message.headers["mombridge-hops"].split()[0]) == (b"body", "order.new", "1")
    assert amqp.depth(other) == 1


@pytest.mark.parametrize("limit", [None, 4])
def test_listing_uses_no_deliveries_up(letters, rabbit, amqp, limit):
    """A quorum queue counts them: what it may drop is put to its end."""
    arguments = {"x-queue-type": "quorum", **({"x-delivery-limit": limit} if limit else {})}
    dead = amqp.queue(arguments=arguments)
    declare = {"declare": {"type": "quorum", "arguments": {"x-delivery-limit": limit}}} if limit else {}
    config = failing(shop(queue="orders"), shop(target=dead, **declare), shop=rabbit.url)
    for i in range(3):
        amqp.publish(dead, b"%d" % i, headers=dead_headers("orders", i))
    tool = letters(config)
    first = tool.list()
    said = ""
    for _ in range(6):
        out, err = tool.run("list", "--json")
        assert json.loads(out) == first
        said += err
    assert "3 dead letters were put at the end of the queue" in said
    assert [m.body for m in amqp.consume(dead, 3, settle=0.3)] == [b"0", b"1", b"2"]


def test_a_topic_is_listed_and_replayed(bridge, letters, kafka, rabbit, kafka_client):
    source, dead = kafka_client.topic(partitions=2), kafka_client.topic(partitions=2)
    config = failing(lake(topic=source), lake(target=dead), shop=rabbit.url, lake=kafka.bootstrap)
    headers = [("text", b"a"), ("text", b"b"), ("bytes", b"\xff\x00"), ("content-type", b"application/x"), ("null", None)]

    def publish():
        for i in range(10):
            kafka_client.produce(source, BODY + b"%d" % i, key=b"\xffkey%d" % (i // 2), headers=headers, partition=i % 2)

    bury(bridge, config, publish, lambda: sum(kafka_client.end_offsets(dead).values()) == 10)
    tool = letters(config)
    # Those of two partitions that died in one millisecond have no order.
    first, again = tool.list(), tool.list()
    assert len(first) == 10 and {row["id"] for row in first} == {row["id"] for row in again}
    assert {(row["source"], row["target"], row["partition"]) for row in first} == {(source, source, 0), (source, source, 1)}
    chosen = first[4]["id"]
    shown, _ = tool.run("show", chosen)
    assert "key           \\xffkey" in shown and f"dead letter   {chosen} at lake/{dead}" in shown

    # What is passed over stays, and what was replayed is not listed and not replayed again.
    tool.run("replay", chosen)
    assert {row["id"] for row in tool.list()} == {row["id"] for row in first} - {chosen}
    tool.run("replay", chosen, code=NONE)
    out, _ = tool.run("replay", "--limit", "3")
    assert out.startswith("3 replayed, 0 not")
    assert len(tool.list()) == 6
    out, _ = tool.run("replay")
    assert out == "6 replayed, 0 not, 0 passed over\n"
    assert tool.list() == []
    originals, again = [], []
    for record in kafka_client.consume(source, 20, settle=0.3):
        (again if (record.partition(), record.offset()) >= (record.partition(), 5) else originals).append(
            (record.partition(), record.key(), record.value(), sorted(record.headers(), key=repr)))
    assert len(originals) == 10 and sorted(again, key=repr) == sorted(originals, key=repr)
    assert max(kafka_client.committed(config["name"] + ".dead-letters", dead).values()) > 0


def test_from_kafka_through_a_queue_and_back(bridge, letters, kafka, rabbit, kafka_client, amqp):
    source, dead, other = kafka_client.topic(), amqp.queue(), amqp.queue()
    config = failing(lake(topic=source), shop(target=dead, key="another", headers={"added": "x"}), shop=rabbit.url,
                     lake=kafka.bootstrap)
    bury(bridge, config, lambda: kafka_client.produce(source, BODY, key=b"\xff", headers=[("a", b"\xfe"), ("n", b"1")]),
         lambda: amqp.depth(dead) == 1)
    tool = letters(config)
    tool.run("replay")
    there, back = kafka_client.consume(source, 2)
    assert (back.key(), back.value(), back.headers()) == (there.key(), there.value(), there.headers())
    # Somewhere else, under another target.
    amqp.publish(dead, b"x", headers=dead_headers(source, 0, broker="lake"))
    tool.run("replay", "--to", f"shop/{other}")
    assert amqp.get(other).body == b"x" and amqp.depth(dead) == 0


# D60


def kill_in_the_middle(tool, arrived):
    """Kills a replay of a thousand when some have arrived, and replays the rest."""
    process = tool.start("replay")
    eventually(lambda: arrived() >= 300, 60, "replayed messages")
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    tool.run("replay", "--in-flight", "100")
    assert tool.list() == []


def test_killed_in_the_middle_of_a_queue(letters, rabbit, amqp):
    source, dead = amqp.queue(), amqp.queue()
    channel = amqp.connection.channel()
    channel.tx_select()
    for i in range(1000):
        channel.basic_publish("", dead, b"%d" % i, pika.BasicProperties(headers=dead_headers(source, i), delivery_mode=2))
    channel.tx_commit()
    tool = letters(failing(shop(queue=source), shop(target=dead), shop=rabbit.url))
    kill_in_the_middle(tool, lambda: amqp.depth(source))
    bodies = [int(m.body) for m in amqp.consume(source, 1000, settle=0.5)]
    assert set(bodies) == set(range(1000))
    assert len(bodies) <= 1001 and amqp.depth(dead) == 0


def test_killed_in_the_middle_of_a_topic(letters, kafka, rabbit, kafka_client):
    source, dead = kafka_client.topic(), kafka_client.topic(partitions=3)
    kafka_client.produce_all(dead, [dict(value=b"%d" % i, headers=list(dead_headers(source, i, broker="lake").items()))
                                    for i in range(1000)])
    tool = letters(failing(lake(topic=source), lake(target=dead), shop=rabbit.url, lake=kafka.bootstrap))
    kill_in_the_middle(tool, lambda: sum(kafka_client.end_offsets(source).values()))
    values = [int(record.value()) for record in kafka_client.consume(source, 1000, settle=0.5)]
    assert set(values) == set(range(1000))
    assert len(values) <= 1001


def test_interrupted_it_ends_in_order(letters, rabbit, amqp):
    source, dead = amqp.queue(), amqp.queue()
    for i in range(50):
        amqp.publish(dead, b"%d" % i, headers=dead_headers(source, i))
    tool = letters(failing(shop(queue=source), shop(target=dead), shop=rabbit.url))
    process = tool.start("replay", "--rate", "20/s")
    eventually(lambda: amqp.depth(source) >= 5, 30, "replayed messages")
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == INTERRUPTED and b"what is not replayed is where it was" in err
    replayed = int(out.split()[0])
    assert 5 <= replayed < 50
    assert eventually(lambda: (amqp.depth(source), amqp.depth(dead)) == (replayed, 50 - replayed))


def test_what_cannot_be_replayed_stays(letters, rabbit, amqp):
    gone, dead, other = unique("gone"), amqp.queue(), amqp.queue()
    amqp.publish(dead, b"gone", headers=dead_headers(gone, 0))
    amqp.publish(dead, b"foreign", message_id="\x1b[31mred")
    amqp.publish(dead, b"\x1b]0;title\x07", headers=dead_headers("elsewhere", 1, reason="\x1b[2J\x9b"))
    amqp.publish(dead, b"less", headers={**dead_headers(gone, 2), "mombridge-dead-headers-left-out": "7"})
    tool = letters(failing(shop(queue=gone), shop(target=dead), shop=rabbit.url))
    out, err = tool.run("replay", code=UNAVAILABLE)
    assert out == "0 replayed, 4 not, 0 passed over\n"
    for words in ("312", "it does not say where it came from: --to BROKER/TARGET", "which the configuration does not read",
                  "no room for its headers"):
        assert words in err, err
    assert amqp.depth(dead) == 4
    # What strangers wrote steers no terminal.
    table, _ = tool.run("list")
    shown, _ = tool.run("show", tool.list("--reason", "x1b")[0]["id"] if tool.list("--reason", "x1b") else
                        next(row["id"] for row in tool.list() if row["source"] == "elsewhere"))
    for text in (table, shown):
        assert not [c for c in text if ord(c) < 32 and c != "\n" or 127 <= ord(c) < 160], repr(text)
    tool.run("replay", "--to", f"shop/{other}", "--incomplete")
    assert amqp.depth(dead) == 0 and len(amqp.consume(other, 4)) == 4


def test_a_large_body_is_not_shown_whole(letters, rabbit, amqp):
    dead = amqp.queue()
    amqp.publish(dead, b"x" * (5 << 20), message_id="large")
    tool = letters(failing(shop(queue="q"), shop(target=dead), shop=rabbit.url))
    shown, _ = tool.run("show", "large")
    assert len(shown) < 6000 and "--output FILE" in shown
    assert len(tool.run("show", "large", "--full-body")[0]) > 5 << 20


def test_what_is_wrong_is_said(letters, rabbit, kafka, amqp, tmp_path):
    for config, words, code, arguments in [
            (failing(shop(queue="q"), shop(target="nowhere"), shop=rabbit.url), "404 NOT_FOUND", UNAVAILABLE, ["list"]),
            (failing(lake(topic="t"), lake(target="nowhere"), shop=rabbit.url, lake=kafka.bootstrap),
             "lake/nowhere: there is no such topic", UNAVAILABLE, ["list"]),
            (failing(shop(queue="q"), shop(target="d"), shop="amqp://u:secret@localhost:1"), "Connection refused", UNAVAILABLE,
             ["replay"]),
            (configuration(route(shop(queue="q"), shop(target="t")), shop=rabbit.url), "no dead letter is configured", CONFIG,
             ["list"]),
            (failing(shop(queue="q"), {"broker": "local", "target": "d"}, shop=rabbit.url), "only the running bridge", USAGE,
             ["list"]),
            (failing(shop(queue="q"), shop(exchange="x", target="d"), shop=rabbit.url), "--from BROKER/TARGET", CONFIG, ["list"]),
            (failing(shop(queue="q"), shop(target="d"), shop=rabbit.url), "--older takes an age", USAGE, ["list", "--older", "3x"]),
            (failing(shop(queue="q"), shop(target="d"), shop=rabbit.url), "--rate takes a rate", USAGE, ["replay", "--rate", "9"]),
            (failing(shop(queue="q"), shop(target="d"), shop=rabbit.url), "there is no command 'lst'", USAGE, ["lst"]),
    ]:
        _, err = letters(config).run(*arguments, code=code)
        assert words in err and "secret" not in err, err
    tool = letters(failing(shop(queue="q"), shop(target=amqp.queue()), shop=rabbit.url))
    _, err = tool.run("show", "0123", code=NONE)
    assert "there is no dead letter '0123'" in err
