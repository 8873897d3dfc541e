"""Queues that count deliveries and drop what they have delivered too often: restarts, crashes and cut connections cost nothing."""
import pytest
from configs import configuration, fixture_handler, route, shop
from harness import UNDRAINED, eventually, unique

LIMIT = 3  # deliveries that may fail; the one after them is the last


def limited(amqp, limit=LIMIT):
    return amqp.queue(arguments={"x-queue-type": "quorum", "x-delivery-limit": limit})


def crashing(source, sink, rabbit, **more):
    """A handler in the bridge's own process that ends it on the body "crash"."""
    config = configuration(route(source, {"handler": "h", "reply_to": shop(target=sink)}, name="r"), shop=rabbit.url, **more)
    config["handlers"] = {"h": fixture_handler("bad_crashes_echo", isolation="in_process")}
    return config


def run_until(life, reached, most):
    """Starts it anew after each crash, as a service manager does, until a life has reached that."""
    for _ in range(most):
        life.start(ready=False)
        eventually(lambda: not life.running or reached(), 60, "a crash, or the end")
        if life.running:
            return
        life.expect_exit(-6)
    raise AssertionError(f"it crashed {most} times")


@pytest.mark.parametrize("says", [LIMIT, None], ids=["limit known", "limit not known"])
def test_a_message_that_crashes_the_bridge_takes_no_other_along(bridge, rabbit, amqp, says):
    source, sink, dead = limited(amqp), amqp.queue(), amqp.queue()
    for body in [b"crash", *(b"%d" % i for i in range(50))]:
        amqp.publish(source, body)
    more = {} if says is None else {"delivery_limit": says}
    life = bridge(crashing(shop(queue=source, **more), sink, rabbit, failures={"dead_letter": shop(target=dead)}), start=False)
    # Only then: what came back last is delivered last, and a life may have delivered all the others before it.
    run_until(life, lambda: amqp.depth(dead) == 1 and amqp.depth(sink) >= 50, most=12)
    message = amqp.get(dead, timeout=60)
    assert message.body == b"crash" and message.headers["mombridge-dead-target"] == source
    assert ("x-delivery-limit 3" if says else "put back 3 times") in message.headers["mombridge-dead-reason"]
    assert not [name for name in message.headers if "put-back" in name]
    life.terminate()
    # A crash may come before the acknowledgement of what is done: some may have come twice.
    assert {m.body for m in amqp.consume(sink, amqp.depth(sink))} >= {b"%d" % i for i in range(50)}
    assert amqp.depth(source) == 0


def test_what_crashed_it_is_put_back_where_there_is_no_dead_letter(bridge, rabbit, amqp):
    source, sink = limited(amqp), amqp.queue()
    amqp.publish(source, b"crash", headers={"own": 1}, message_id="m", content_type="text/plain")
    life = bridge(crashing(shop(queue=source, delivery_limit=LIMIT), sink, rabbit), start=False)
    for _ in range(LIMIT):
        life.start(ready=False)
        life.expect_exit(-6, timeout=60)
    life.start(ready=False)  # the last delivery: put back, and delivered anew
    life.expect_exit(-6, timeout=60)
    assert "put back to the end of its queue" in life.read_log()
    message = amqp.get(source)
    assert (message.body, message.properties.message_id, message.properties.content_type) == (b"crash", "m", "text/plain")
    assert (message.headers["own"], message.headers["mombridge-put-back"]) == (1, 1)


@pytest.mark.parametrize("says", [LIMIT, None], ids=["limit known", "limit not known"])
def test_what_is_held_survives_restarts(bridge, rabbit, amqp, says):
    """Through an exchange: a copy that is put back keeps the target of its message."""
    source, exchange, key = limited(amqp), "amq.topic", unique("held")
    amqp.bind(source, exchange, f"{key}.*")
    for i in range(10):
        amqp.publish(f"{key}.{i}", b"%d" % i, exchange=exchange)
    more = {} if says is None else {"delivery_limit": says}
    config = configuration(route(shop(queue=source, target=f"{key}.*", **more), shop(target=unique("nobody")), name="r"),
                           shop=rabbit.url, failures={"attempts": 1, "backoff": "10ms..100ms"})
    life = bridge(config)
    for _ in range(2 * LIMIT + 2):
        eventually(lambda: amqp.depth(source) == 0, 60, "all of them in the bridge")
        life.wait_log("message held")
        life.terminate(UNDRAINED)
        eventually(lambda: amqp.depth(source) == 10, what="all of them back in their queue")
        life.start()
    sink = amqp.queue()
    eventually(lambda: amqp.depth(source) == 0, 60, "all of them in the bridge")
    life.terminate(UNDRAINED)
    config["routes"][0]["to"] = shop(target=sink)
    life.configure(config)
    life.start()
    messages = amqp.consume(sink, 10, settle=0.5)
    assert {m.body for m in messages} == {b"%d" % i for i in range(10)}
    assert not [name for m in messages for name in m.headers if "put-back" in name or name.startswith("x-")]


def test_a_stranger_cannot_pass_for_the_bridge(bridge, rabbit, amqp):
    """The notes of a copy count only with the bridge's own user; whoever publishes without it chooses no target."""
    source, sink = amqp.queue(), amqp.queue()
    bridge(configuration(route(shop(queue=source, target=source), shop(target=sink), name="r"), shop=rabbit.url))
    amqp.publish(source, b"x", headers={"mombridge-put-back": 1, "mombridge-put-back-target": "secret"})
    message = amqp.get(sink)
    assert message.body == b"x" and not [name for name in message.headers if "put-back" in name]


def test_a_quorum_queue_with_a_single_active_consumer_is_consumed(bridge, rabbit, amqp):
    source = amqp.queue(arguments={"x-queue-type": "quorum", "x-single-active-consumer": True})
    sink = amqp.queue()
    life = bridge(configuration(route(shop(queue=source), shop(target=sink)), shop=rabbit.url))
    amqp.publish(source, b"x")
    assert amqp.get(sink).body == b"x"
    assert "connection lost" not in life.read_log()


def test_a_stream_is_a_failing_state_that_says_why(bridge, rabbit, amqp):
    stream, source, sink = amqp.queue(arguments={"x-queue-type": "stream"}), amqp.queue(), amqp.queue()
    life = bridge(configuration(route(shop(queue=stream), shop(target=sink), name="stream"),
                                route(shop(queue=source), shop(target=sink), name="queue"), shop=rabbit.url))
    amqp.publish(stream, b"not read")
    life.wait_log("the queue is a stream: .*quorum queue")
    amqp.publish(source, b"x")
    assert amqp.get(sink).body == b"x"
    life.terminate()
