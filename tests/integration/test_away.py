"""A destination that is away for long: its source's messages go back once, and are taken again when it is there."""
import socket
import threading
import time

import pytest
from configs import configuration, route, shop
from harness import eventually, unique

LIMIT = 3  # deliveries that the quorum queue allows before it drops a message


class Door:
    """A port in front of a broker that nobody answers until open()."""

    def __init__(self, port):
        self._behind = port
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))  # reserved, and refused to others, but not listening
        self.port = self._socket.getsockname()[1]

    def open(self):
        self._socket.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            near, _ = self._socket.accept()
            far = socket.create_connection(("127.0.0.1", self._behind))
            for ends in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=ends, daemon=True).start()

    @staticmethod
    def _pump(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        sink.close()


def far_away(rabbit, source, sink, **more):
    """A bridge's configuration whose destination is behind a door, and the door."""
    door = Door(int(rabbit.url.rsplit(":", 1)[1].rstrip("/")))
    config = configuration(route(shop(queue=source), {"broker": "far", "target": sink}), shop=rabbit.url, **more)
    config["brokers"]["shop"] |= {"prefetch_count": 50, "give_back_after": "1s"}
    config["brokers"]["far"] = {"type": "amqp", "url": f"amqp://guest:guest@127.0.0.1:{door.port}/",
                                "reconnect_delay": "100ms", "reconnect_delay_max": "500ms"}
    return config, door


def test_given_back_once_and_taken_again(bridge, rabbit, amqp):
    """Were they given back again and again, the queue's delivery limit would drop them."""
    sink = amqp.queue()
    source = amqp.queue(arguments={"x-queue-type": "quorum", "x-delivery-limit": LIMIT})
    config, door = far_away(rabbit, source, sink)
    life = bridge(config)
    amqp.publish_all(source, [b"%d" % i for i in range(200)])
    life.wait_log('"msg":"paused".*"link":"queue ' + source)
    eventually(lambda: amqp.depth(source) == 200, what="everything back in its queue")
    assert amqp.depth(source) == 200 and life.read_log().count('"msg":"paused"') == 1
    door.open()
    life.wait_log('"msg":"connected.*"link":"queue ' + source + '(?s:.*)"msg":"connected.*"link":"queue ' + source)
    seen = set()
    while len(seen) < 200:
        seen.add(int(amqp.get(sink, timeout=60).body))
    life.terminate()
    totals = life.totals()
    assert totals["given_back"] == 50
    assert totals["delivered"] <= 250, "only what was in flight may come twice"


def lives_by_its_consumer(kind, name):
    """The route's source: a queue that is deleted without its consumer, or some seconds later."""
    return {
        "auto_delete": {"queue": name, "declare": {"auto_delete": True}},
        "exclusive": {"queue": name, "declare": {"durable": False, "exclusive": True}},
        "x-expires": {"queue": name, "declare": {"arguments": {"x-expires": 2000}}},
        "x-max-length": {"queue": name, "declare": {"arguments": {"x-max-length": 60}}},
    }[kind]


@pytest.mark.parametrize("kind", ["auto_delete", "exclusive", "x-expires", "x-max-length", "exchange"])
def test_nothing_is_given_back_to_a_queue_that_would_lose_it(bridge, rabbit, amqp, kind):
    """With its consumer the queue would go, and what was given back, and what is published meanwhile."""
    name, sink = unique("lives"), amqp.queue()
    config, door = far_away(rabbit, name, sink)
    if kind == "exchange":
        config["brokers"]["shop"]["subscribe"] = [{"exchange": "amq.topic", "routing_key": [name]}]
        config["routes"][0]["from"] = shop(target=name)
    else:
        config["routes"][0]["from"] = shop(**lives_by_its_consumer(kind, name))
    life = bridge(config)
    life.wait_connected("exchange amq.topic" if kind == "exchange" else f"queue {name}")
    exchange = "amq.topic" if kind == "exchange" else ""
    for i in range(100):
        amqp.publish(name, b"%d" % i, exchange=exchange)
    life.wait_log("messages wait here and are not given back")
    time.sleep(4)  # longer than x-expires
    amqp.publish(name, b"100", exchange=exchange)
    door.open()
    seen = {int(amqp.get(sink, timeout=60).body) for _ in range(101)}
    assert seen == set(range(101))
    assert '"msg":"paused"' not in life.read_log()


def test_a_queue_of_somebody_elses_that_was_deleted_without_its_consumer(bridge, rabbit, amqp):
    """Nobody can know that it is auto_delete: then the log says what happened, and what to do about it."""
    source, sink = unique("theirs"), amqp.queue()
    amqp.channel.queue_declare(source, durable=True, auto_delete=True)
    config, door = far_away(rabbit, source, sink)
    life = bridge(config)
    amqp.publish(source, b"x")
    life.wait_log('"msg":"paused".*"link":"queue ' + source)
    door.open()
    life.wait_log("404 NOT_FOUND.*give_back_after: 0")


def test_a_held_message_keeps_nobody_waiting(bridge, rabbit, amqp):
    """A message that is refused and has no dead letter is held; that is no reason to give others back."""
    source, sink, nobody = amqp.queue(), amqp.queue(), unique("nobody")
    config = configuration(route(shop(queue=source), shop(target="{header.to}", allow=["*"])), shop=rabbit.url,
                           failures={"attempts": 1, "backoff": "10ms..100ms"})
    config["brokers"]["shop"]["give_back_after"] = "1s"
    life = bridge(config)
    amqp.publish(source, b"held", headers={"to": nobody})
    life.wait_log('"msg":"message held"')
    for i in range(5):
        amqp.publish(source, b"%d" % i, headers={"to": sink})
        assert amqp.get(sink).body == b"%d" % i
    assert '"msg":"paused"' not in life.read_log()
    amqp.queue(nobody)
    assert amqp.get(nobody, timeout=60).body == b"held"
