"""A destination that is away for long: its source's messages go back once, and are taken again when it is there."""
import socket
import threading

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
    life.wait_log('"msg":"connected".*"link":"queue ' + source + '(?s:.*)"msg":"connected.*"link":"queue ' + source)
    seen = set()
    while len(seen) < 200:
        seen.add(int(amqp.get(sink, timeout=60).body))
    life.terminate()
    totals = life.totals()
    assert totals["given_back"] == 50
    assert totals["delivered"] <= 250, "only what was in flight may come twice"


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
