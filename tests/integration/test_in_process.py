"""Handlers in the bridge's own process: what a plugin can do to it there is bounded, and said."""
import json
import urllib.error
import urllib.request

from configs import configuration, fixture_handler, route, shop
from harness import eventually
from cut_proxy import free_port


def livez(port):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/livez", timeout=20) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def serving(source, dead, rabbit, handler, **top):
    return configuration(route(shop(queue=source), {"handler": "h"}, name="fails"), shop=rabbit.url, handlers={"h": handler},
                         failures={"dead_letter": shop(target=dead)}, **top)


def test_a_call_that_does_not_return_is_dead_lettered_and_its_thread_written_off(bridge, rabbit, amqp, tmp_path):
    source, dead, replies = amqp.queue(), amqp.queue(), amqp.queue()
    port, until = free_port(), tmp_path / "until"
    handler = fixture_handler("bad_blocks", isolation="in_process", concurrency=2, timeout="200ms", config={"until": str(until)})
    life = bridge(serving(source, dead, rabbit, handler, admin={"listen": f"127.0.0.1:{port}"}))
    amqp.publish(source, b"first")
    letter = amqp.get(dead)
    assert letter.body == b"first" and letter.headers["mombridge-dead-attempts"] == "1"
    assert letter.headers["mombridge-dead-reason"] == "handle() of handler 'h' (bad_blocks 1.0) had not returned after 200ms"
    assert livez(port) == (200, "ok\n"), "a thread is left"
    assert "1 of 2 threads do not return" in life.command("status").stdout

    amqp.publish(source, b"second")
    assert amqp.get(dead).body == b"second"
    code, why = livez(port)
    assert code == 503 and why == "handler 'h' has no thread left, because none comes back from handle()\n"
    shown = life.command("status", "--quiet")
    assert shown.returncode == 69
    assert "not live: handler 'h' has no thread left" in life.command("status").stdout

    amqp.publish(source, b"third", reply_to=replies)
    until.touch()  # they come back
    assert amqp.get(replies).body == b"at last, third"
    eventually(lambda: livez(port)[0] == 200, what="live again")
    status = json.loads(life.command("status", "--json").stdout)["handlers"][0]
    assert status["threads"] == {"all": 2, "written_off": 0} and status["rejects"] == 2
    life.terminate()
    assert (amqp.depth(source), amqp.depth(dead)) == (0, 0)


def test_the_last_line_of_a_bridge_that_a_plugin_crashes_names_plugin_and_message(bridge, rabbit, amqp):
    source, dead = amqp.queue(), amqp.queue()
    life = bridge(serving(source, dead, rabbit, fixture_handler("bad_crashes_echo", isolation="in_process")))
    amqp.publish(source, b"crash", message_id="order-4711")
    life.expect_exit(-6)
    last = json.loads(life.read_log().splitlines()[-1])
    assert last["msg"] == "a handler's plugin crashed, and its process with it"
    assert (last["signal"], last["handler"], last["plugin"], last["function"], last["message_id"], last["target"]) == (
        "SIGABRT", "h", "bad_crashes_echo", "handle", "order-4711", source)
    assert last["version"] and last["level"] == "error"
