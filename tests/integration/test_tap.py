"""`mombridge tap` beside a bridge that carries messages between real brokers."""
import json
import os
import socket
import subprocess
import urllib.error
import urllib.request

from configs import configuration, lake, route, shop
from cut_proxy import free_port
from harness import unique


class Tap:
    """The command, from the moment when it shows what passes."""

    def __init__(self, life, *arguments):
        self.process = subprocess.Popen([os.environ["MOMBRIDGE"], "tap", "-c", str(life.file), *arguments], env=life._environment,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.first = self.process.stderr.readline()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.communicate()

    def end(self):
        """What it has printed, and its exit code."""
        out, _ = self.process.communicate(timeout=60)
        return out, self.process.returncode


def test_it_shows_messages_and_what_becomes_of_them(bridge, rabbit, amqp, kafka, kafka_client):
    source, sink, topic, dead = amqp.queue(), kafka_client.topic(), kafka_client.topic(), amqp.queue()
    life = bridge(configuration(
        route(shop(queue=source), lake(target=sink), name="out"), route(lake(topic=topic), shop(target=unique("gone")), name="back"),
        shop=rabbit.url, lake=kafka.bootstrap, failures={"attempts": 2, "backoff": "10ms..20ms", "dead_letter": shop(target=dead)}))

    with Tap(life, "--route", "out", "--count", "1", "--headers", "--body", "--json") as tap, Tap(life, "--broker", "lake", "--count", "1") as back:
        assert tap.first == "watching, 100 messages a second at most\n"
        kafka_client.produce(topic, b"\x00\xff", key=b"k")
        amqp.publish(source, b'{"id": 1}', message_id="m-1", correlation_id="c-1", headers={"kind": "new"}, content_type="application/json")
        out, code = tap.end()
        assert code == 0
        arrived, delivered, settled = map(json.loads, out.splitlines())
        shown = {"event": "arrived", "broker": "shop", "queue": source, "target": source, "routes": "out", "message_id": "m-1",
                 "correlation_id": "c-1", "content_type": "application/json", "bytes": 9, "body": '{"id": 1}',
                 "headers": [{"name": "kind", "value": "new"}]}
        assert shown.items() <= arrived.items()
        assert {"event": "delivered", "route": "out", "to": f"lake/{sink}", "message": arrived["message"]}.items() <= delivered.items()
        assert settled["event"] == "settled" and settled["message"] == arrived["message"]

        out, code = back.end()
        assert code == 0
        first, *rest = out.splitlines()
        assert f" arrived broker=lake topic={topic} partition=" in first and " key=k " in first and "bytes=2" in first
        assert "message failed, will be tried again" in rest[0] and "312" in rest[0]
        assert "message dead-lettered" in rest[1] and f"dead_letter=shop/{dead}" in rest[1]
        assert rest[2].endswith(" settled") and len(rest) == 3


def test_what_is_asked_for_wrongly_is_said(bridge, rabbit, amqp):
    source = amqp.queue()
    life = bridge(configuration(route(shop(queue=source), shop(target=amqp.queue()), name="orders"), shop=rabbit.url))
    done = life.command("tap", "--route", "order")
    assert done.returncode == 69 and "there is no route 'order' (did you mean 'orders'?)" in done.stderr
    with Tap(life), Tap(life), Tap(life), Tap(life) as last:
        done = life.command("tap")
        assert done.returncode == 69 and "4 taps are open already" in done.stderr
        life.terminate()
        assert last.end() == ("", 69), "the bridge has ended"


def test_over_tcp_messages_are_shown_with_the_token_alone(bridge, rabbit, amqp):
    port, source, sink = free_port(), amqp.queue(), amqp.queue()
    life = bridge(configuration(route(shop(queue=source), shop(target=sink)), shop=rabbit.url,
                                admin={"listen": f"127.0.0.1:{port}", "token": "correct-horse"}))

    def status(**headers):
        request = urllib.request.Request(f"http://127.0.0.1:{port}/api/v1/tap?body=1", headers=headers)
        try:
            return urllib.request.urlopen(request, timeout=20).status
        except urllib.error.HTTPError as error:
            return error.code
    assert status() == 403
    assert status(**{"Mombridge-Admin": "1"}) == 403
    assert status(Authorization="Bearer wrong") == 403
    assert status(Authorization="Bearer correct-horse", Origin="http://evil.example") == 403
    with Tap(life, "--count", "1", "--body") as tap:
        amqp.publish(source, b"seen")
        out, code = tap.end()
        assert code == 0 and "\n    seen\n" in out


def test_a_reader_who_reads_nothing_slows_nothing(bridge, rabbit, amqp):
    """Its socket is full, and the messages go on; what it has not seen is counted."""
    port, source, sink = free_port(), amqp.queue(), amqp.queue()
    bridge(configuration(route(shop(queue=source), shop(target=sink)), shop=rabbit.url,
                         admin={"listen": f"127.0.0.1:{port}", "token": "t"}))
    with socket.socket() as reader:
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        reader.connect(("127.0.0.1", port))
        reader.sendall(b"GET /api/v1/tap?body=1&headers=1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer t\r\n\r\n")
        assert reader.recv(12) == b"HTTP/1.1 200"
        body = b"x" * 10_000
        amqp.publish_all(source, iter([body] * 2000))
        assert len(amqp.consume(sink, 2000, timeout=60)) == 2000
        reader.settimeout(60)
        seen = b""
        while b"not_shown" not in seen:
            part = reader.recv(65536)
            assert part, "the rest was not counted"
            seen += part
