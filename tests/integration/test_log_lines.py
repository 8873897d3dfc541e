"""Lines of log about messages: they name the message, where it was read, and which way it went, and none hides another."""
import json

from configs import configuration, fixture_handler, lake, route, shop
from harness import eventually, unique


def lines(life, text):
    """The lines of that text, as their fields."""
    found = []
    for line in life.read_log().splitlines():
        if f'"msg":"{text}"' in line:
            found.append(json.loads(line))
    return found


def line(life, text, **fields):
    """Waits for the one line of that text with these fields."""
    def matching():
        return [one for one in lines(life, text) if fields.items() <= one.items()]
    return eventually(matching, what=lambda: f"{text} {fields}, there was: {lines(life, text)}")[0]


def test_each_message_that_fails_is_named(bridge, rabbit, amqp, kafka, kafka_client):
    source, requests, dead, gone = amqp.queue(), amqp.queue(), amqp.queue(), unique("gone")
    prefix = unique("telemetry")
    topic = kafka_client.topic(f"{prefix}.7")
    life = bridge(configuration(
        route(shop(queue=source, target="a.{}".format(source)), shop(target=gone), name="two"),
        route(shop(queue=source, target=source), shop(target=f"{gone}.{{header.kind}}"), name="one"),
        route(shop(queue=requests), {"handler": "echo"}, name="echo"),
        route(lake(topic=f"^{prefix}\\..*"), shop(target=gone), name="three", failures={"attempts": 1}),
        shop=rabbit.url, lake=kafka.bootstrap, handlers={"echo": fixture_handler("good_sync")}, unrouted="discard",
        failures={"attempts": 2, "backoff": "10ms..20ms", "dead_letter": shop(target=dead)}))

    amqp.publish(source, b"the body", message_id="m-1", headers={"kind": "new", "token": "the header"})
    way = {"route": "one", "broker": "shop", "queue": source, "message_id": "m-1", "target": source,
           "to": f"shop/{gone}.{{header.kind}}", "to_target": f"{gone}.new"}
    assert line(life, "message failed, will be tried again", **way)["attempt"] == 1
    died = line(life, "message dead-lettered", **way)
    assert died["dead_letter"] == f"shop/{dead}" and died["attempts"] == 2 and "312" in died["reason"]

    # Within the interval of the lines before: another route's is not left out.
    kafka_client.produce(topic, b"record")
    record = line(life, "message dead-lettered", route="three")
    assert (record["broker"], record["topic"], record["target"]) == ("lake", topic, topic)
    assert record["offset"] == 0 and record["partition"] >= 0
    assert record["message_id"] == f"kafka:lake/{topic}/{record['partition']}/0"
    assert (record["to"], record["to_target"]) == (f"shop/{gone}", gone)

    amqp.publish(requests, b"?", message_id="m-2", reply_to=unique("requester"), correlation_id="c")
    reply = line(life, "reply undeliverable", route="echo", broker="shop", queue=requests, message_id="m-2")
    assert reply["to"] == "shop" and reply["to_target"].startswith("requester")

    amqp.bind(source, "amq.topic", "nobody.takes")
    amqp.publish("nobody.takes", b"x", exchange="amq.topic", message_id="m-3")
    assert line(life, "unrouted message discarded", message_id="m-3")["target"] == "nobody.takes"
    log = life.read_log()
    assert "the body" not in log and "the header" not in log


def test_a_line_sums_up_what_was_done(bridge, rabbit, amqp):
    source, sink = amqp.queue(), amqp.queue()
    what = ("received", "delivered", "retries", "dead_letters", "unrouted")
    text = configuration(route(shop(queue=source), shop(target=sink), name="one"), shop=rabbit.url, log={"summary": "1s"})
    life = bridge(text)

    def sums():
        return {name: sum(one[name] for one in lines(life, "summary")) for name in what}
    amqp.publish_all(source, iter([b"x"] * 50))
    eventually(lambda: sums() == {"received": 50, "delivered": 50, "retries": 0, "dead_letters": 0, "unrouted": 0}, what=sums)
    amqp.publish(source, b"x")
    eventually(lambda: sums()["delivered"] == 51, what=sums)
    for one in lines(life, "summary"):
        assert any(one[name] for name in what), "where nothing moves, there is no line"
        assert one["seconds"] >= 1 and one["held"] == 0 and float(one["received_per_second"]) <= 51

    life.terminate()
    life = bridge({**text, "log": {"summary": "off"}})
    amqp.publish(source, b"x")
    assert len(amqp.consume(sink, 52, timeout=30)) == 52
    assert not lines(life, "summary")


def test_a_held_message_is_named(bridge, rabbit, amqp):
    source, late = amqp.queue(), unique("late")
    life = bridge(configuration(route(shop(queue=source), shop(target=late), name="held"), shop=rabbit.url,
                                failures={"attempts": 1, "backoff": "10ms..20ms"}))
    amqp.publish(source, b"waits", message_id="m-4")
    held = line(life, "message held", route="held", broker="shop", queue=source, message_id="m-4", to=f"shop/{late}", to_target=late)
    assert "no dead_letter" in held["reason"]
    amqp.queue(late)
    assert amqp.get(late, timeout=60).body == b"waits"
