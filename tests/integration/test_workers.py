"""Handlers in worker processes: what one message does to its worker costs that message."""
import http.server
import json
import os
import signal
import threading

import pytest
from configs import configuration, fixture_handler, route, shop
from harness import eventually


def serving(source, dead, rabbit, handler):
    return configuration(
        route(shop(queue=source), {"handler": "h"}, name="fails"), shop=rabbit.url, handlers={"h": handler},
        failures={"attempts": 3, "backoff": "10ms..200ms", "dead_letter": shop(target=dead)})


def workers(life):
    status = json.loads(life.command("status", "--json").stdout)
    return {handler["name"]: handler["worker"] for handler in status["handlers"]}


@pytest.mark.parametrize("does, reason", [("segv", "was killed by SIGSEGV"), ("exit", "ended with exit code 0"),
                                          ("loop", "handle() had not returned after 500ms")])
def test_a_message_that_ends_its_worker_is_dead_lettered_and_the_others_complete(bridge, rabbit, amqp, does, reason):
    source, dead, replies = amqp.queue(), amqp.queue(), amqp.queue()
    life = bridge(serving(source, dead, rabbit, fixture_handler("bad_body", timeout="500ms" if does == "loop" else "30s")))
    for i in range(40):
        amqp.publish(source, does.encode() if i == 20 else str(i).encode(), reply_to=replies, correlation_id=str(i))
    answered = amqp.consume(replies, 39, settle=0.5)
    assert sorted(int(m.properties.correlation_id) for m in answered) == [i for i in range(40) if i != 20]
    letter = amqp.get(dead)
    assert letter.properties.correlation_id == "20" and letter.headers["mombridge-dead-attempts"] == "1"
    assert reason in letter.headers["mombridge-dead-reason"] and "bad_body 1.2" in letter.headers["mombridge-dead-reason"]
    worker = workers(life)["h"]
    assert worker["restarts"] == 2 and reason in worker["last_end"]["text"] and worker["state"] == "running"
    assert worker["last_end"]["text"] in life.command("status").stdout
    life.terminate()
    assert amqp.depth(source) == 0 and amqp.depth(dead) == 0 and amqp.depth(replies) == 0


def test_a_worker_ends_with_its_bridge(bridge, rabbit, amqp):
    source, dead = amqp.queue(), amqp.queue()
    life = bridge(serving(source, dead, rabbit, fixture_handler("bad_body")))
    pid = eventually(lambda: workers(life)["h"]["pid"], what="a worker")
    life.signal(signal.SIGKILL)
    life.expect_exit(-signal.SIGKILL)
    eventually(lambda: not os.path.exists(f"/proc/{pid}") or "State:\tZ" in open(f"/proc/{pid}/status").read(), what="its end")


def test_a_worker_that_somebody_kills_is_started_again(bridge, rabbit, amqp):
    source, dead, replies = amqp.queue(), amqp.queue(), amqp.queue()
    life = bridge(serving(source, dead, rabbit, fixture_handler("bad_body")))
    pid = eventually(lambda: workers(life)["h"]["pid"], what="a worker")
    os.kill(pid, signal.SIGKILL)
    amqp.publish(source, b"x", reply_to=replies)
    assert amqp.get(replies).body == b"alive"
    assert workers(life)["h"]["pid"] != pid
    life.terminate()


@pytest.mark.parametrize("isolation", ["process", "in_process"])
def test_messages_of_one_key_stay_in_their_order(bridge, rabbit, amqp, isolation):
    source, dead, replies = amqp.queue(), amqp.queue(), amqp.queue()
    bridge(serving(source, dead, rabbit, fixture_handler("bad_body", concurrency=8, order_by="header:customer", isolation=isolation)))
    # Whatever works on several of a customer at a time answers the last one first.
    sent = [(customer, f"nap {60 - 20 * number}") for number in range(4) for customer in "abc"]
    for customer, body in sent:
        amqp.publish(source, body.encode(), reply_to=replies, correlation_id=customer, headers={"customer": customer})
    answered = [(m.properties.correlation_id, m.body.decode()) for m in amqp.consume(replies, len(sent))]
    for wanted in "abc":
        assert [one for one in answered if one[0] == wanted] == [one for one in sent if one[0] == wanted]


@pytest.fixture
def endpoint():
    """The address of an HTTP server that answers every POST with "taken"."""
    class Taken(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Length", "5")
            self.end_headers()
            self.wfile.write(b"taken")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Taken)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_network_is_for_handlers_that_are_allowed_it(bridge, rabbit, amqp, endpoint):
    plugin = os.path.join(os.path.dirname(os.environ["MOMBRIDGE_SAMPLES"]), "http", "http.so")
    handler = {"plugin": plugin, "config": {"url": endpoint}}
    source, dead, replies = amqp.queue(), amqp.queue(), amqp.queue()
    life = bridge(serving(source, dead, rabbit, handler))
    amqp.publish(source, b"x", reply_to=replies)
    assert amqp.get(dead).headers["mombridge-dead-attempts"] == "3"
    life.configure(serving(source, dead, rabbit, {**handler, "allow": ["network"]}))
    life.terminate()
    life.start()
    amqp.publish(source, b"x", reply_to=replies)
    assert amqp.get(replies).body == b"taken"
