"""Messages that a service hands in over HTTP: confirmed by the real brokers before they are answered."""
import asyncio
import json
import os
import pathlib
import re
import resource
import signal
import threading
import time
from http.client import HTTPConnection, HTTPException

import pytest
from configs import amqp as amqp_section
from configs import configuration, lake, local, route, shop
from cut_proxy import Proxy, free_port
from exchange import AmqpResponder, KafkaResponder
from harness import eventually


class Http:
    """A connection that stays, to one ingress."""

    def __init__(self, port):
        self.connection = HTTPConnection("127.0.0.1", port, timeout=60)

    def post(self, path, body=b"", headers=()):
        """The status, the headers, and the body, from JSON where it is that."""
        self.connection.putrequest("POST", path, skip_accept_encoding=True)
        for name, value in dict(headers).items() if isinstance(headers, dict) else headers:
            self.connection.putheader(name, value)
        self.connection.putheader("Content-Length", str(len(body)))
        self.connection.endheaders(body)
        response = self.connection.getresponse()
        body = response.read()
        return response.status, response.headers, json.loads(body) if response.headers.get_content_type() == "application/json" else body


@pytest.fixture
def port():
    return free_port()


def ingress(port, *allow, **more):
    return {"listen": f"127.0.0.1:{port}", "allow": list(allow), **more}


def wait_shop(life):
    life.wait_log('"msg":"connected( again)?".*"broker":"shop".*"link":"publisher"')


def some_route(source, topic):
    """A file needs one."""
    return route(shop(queue=source), lake(target=topic))


def test_publishes_to_both_kinds(bridge, rabbit, amqp, kafka, kafka_client, port):
    queue, source, topic = amqp.queue(), amqp.queue(), kafka_client.topic()
    life = bridge(configuration(some_route(source, topic), shop=rabbit.url, lake=kafka.bootstrap,
                                ingress=ingress(port, f"shop/{queue}", "shop/gone.*", f"lake/{topic}")))
    wait_shop(life)
    http = Http(port)
    body = bytes(range(256))
    eventually(lambda: http.post(f"/v1/publish/shop/{queue}", body, [
        ("Content-Type", "application/octet-stream"), ("Mombridge-Correlation-Id", "c"), ("Mombridge-Message-Id", "m"),
        ("Mombridge-Priority", "3"), ("Mombridge-Header-customer", "7"), ("Mombridge-Header-tag", "a"),
        ("Mombridge-Header-tag", "b"), ("traceparent", "00-1")])[0] == 204, what="the publisher")
    message = amqp.get(queue)
    assert message.body == body
    properties = message.properties
    assert (properties.content_type, properties.correlation_id, properties.message_id, properties.priority,
            properties.delivery_mode) == ("application/octet-stream", "c", "m", 3, 2)
    assert message.headers["customer"] == "7" and message.headers["tag"] == ["a", "b"] and message.headers["traceparent"] == "00-1"

    eventually(lambda: http.post(f"/v1/publish/lake/{topic}", b"record", {
        "Mombridge-Key": "k", "Mombridge-Header-customer": "8", "Content-Type": "text/plain"})[0] == 204, what="the producer")
    record = kafka_client.consume(topic, 1)[0]
    assert record.value() == b"record" and record.key() == b"k"
    headers = dict(record.headers())
    assert headers["customer"] == b"8" and headers["content-type"] == b"text/plain"

    # What no queue takes comes back with the broker's words, and is not delivered.
    status, _, refused = http.post("/v1/publish/shop/gone.away")
    assert status == 422 and "NO_ROUTE" in refused["message"] and refused["delivered"] == "no"
    assert http.post("/v1/publish/shop/other")[0] == 404
    assert http.post(f"/v1/publish/shop/{queue}", bytes(2 << 20))[0] == 413
    shown = json.loads(life.command("status", "--json").stdout)["ingress"]
    assert {"broker": "shop", "outcome": "delivered", "requests": 1} in shown["ended"]
    assert {"broker": "shop", "outcome": "refused", "requests": 1} in shown["ended"]
    assert f"ingress at 127.0.0.1:{port}" in life.command("status").stdout


def test_in_process_brokers_confirm_when_what_they_route_to_has(bridge, rabbit, amqp, port):
    queue = amqp.queue()
    life = bridge(configuration(route(local(target="in"), shop(target=queue)), shop=rabbit.url, ingress=ingress(port, "local/*")))
    wait_shop(life)
    assert Http(port).post("/v1/publish/local/in", b"through")[0] == 204
    assert amqp.get(queue).body == b"through"


def test_a_broker_that_goes_away(bridge, rabbit, amqp, kafka, kafka_client, port):
    """Answers are quick and say what to do; what was not confirmed may have arrived; and it comes back by itself."""
    queue, source, topic = amqp.queue(), amqp.queue(), kafka_client.topic()
    wire = Proxy(int(rabbit.url.rsplit(":", 1)[1].rstrip("/")))
    life = bridge(configuration(some_route(source, topic), shop=f"amqp://guest:guest@127.0.0.1:{wire.port}/", lake=kafka.bootstrap,
                                ingress=ingress(port, "shop/*")))
    wait_shop(life)
    http = Http(port)
    assert http.post(f"/v1/publish/shop/{queue}")[0] == 204
    wire.cut()
    answer = {}
    eventually(lambda: answer.update(seen=http.post(f"/v1/publish/shop/{queue}?timeout=200ms")) or answer["seen"][0] == 503, what=answer)
    status, headers, body = answer["seen"]
    assert headers["Retry-After"] == "1" and body["error"] == "unavailable" and body["delivered"] == "no"
    wire.mend()
    eventually(lambda: http.post(f"/v1/publish/shop/{queue}")[0] == 204, what="the broker again")


def test_reload_and_drain(bridge, rabbit, amqp, kafka, kafka_client, port):
    queue, source, topic = amqp.queue(), amqp.queue(), kafka_client.topic()
    config = configuration(some_route(source, topic), shop=rabbit.url, lake=kafka.bootstrap, ingress=ingress(port, "shop/none"))
    life = bridge(config)
    wait_shop(life)
    http = Http(port)
    assert http.post(f"/v1/publish/shop/{queue}")[0] == 404
    config["ingress"]["allow"] = [f"shop/{queue}"]
    life.configure(config)
    life.signal(signal.SIGHUP)
    eventually(lambda: http.post(f"/v1/publish/shop/{queue}")[0] == 204, what="the new list, on the same connection")
    config["ingress"]["listen"] = f"127.0.0.1:{free_port()}"
    life.configure(config)
    life.signal(signal.SIGHUP)
    life.wait_log("'ingress.listen' stays as it was: restart needed")
    # A stop answers what is under way, and refuses what comes.
    connections = [Http(port) for _ in range(4)]
    ends = [[] for _ in connections]

    def send(http, codes):
        while not codes or codes[-1] == 204:
            try:
                codes.append(http.post(f"/v1/publish/shop/{queue}")[0])
            except (OSError, HTTPException):
                codes.append(None)

    threads = [threading.Thread(target=send, args=pair) for pair in zip(connections, ends)]
    for thread in threads:
        thread.start()
    eventually(lambda: all(len(codes) > 20 for codes in ends), what="some of each")
    life.terminate()
    for thread in threads:
        thread.join(60)
    assert all(codes[-1] in (503, None) for codes in ends), [codes[-1] for codes in ends]
    confirmed = 1 + sum(codes.count(204) for codes in ends)
    # A connection that was closed between two requests may have taken the next one with it, never an answer of 204.
    assert confirmed <= amqp.depth(queue) <= confirmed + len(ends)


def test_requests_are_answered_by_either_kind_and_across(bridge, rabbit, amqp, kafka, kafka_client, port):
    """A responder at RabbitMQ, one at Kafka, and one at Kafka behind a route that begins at RabbitMQ."""
    queue, topic, across = amqp.queue(), kafka_client.topic(), amqp.queue()
    key = {"id": "k", "secret": "0123456789abcdef0123456789abcdef"}
    life = bridge(configuration(
        route(shop(queue=across), lake(target=topic), name="across"), shop=rabbit.url,
        lake={"type": "kafka", "bootstrap_servers": kafka.bootstrap, "accept_replies": True, "librdkafka": {"linger.ms": 1}},
        replies={"keys": [key]}, ingress=ingress(port, f"shop/{queue}", f"shop/{across}", f"lake/{topic}", "shop/silent.*")))
    wait_shop(life)
    http = Http(port)
    with AmqpResponder(rabbit.url, queue), KafkaResponder(kafka.bootstrap, topic):
        for path in (f"shop/{queue}", f"lake/{topic}", f"shop/{across}"):
            body = b"\x00\xff" + path.encode()
            answers = []

            def ask():
                answers.append(http.post(f"/v1/request/{path}?timeout=30s", body, {"Mombridge-Header-customer": "7"}))
                return answers[-1][0] != 503

            eventually(ask, 90, answers)
            status, headers, reply = answers[-1]
            assert status == 200, answers
            assert reply == b"re: " + body and headers["Mombridge-Header-customer"] == "7"
        # Many at once find their own.
        found = []

        def many(n):
            own = Http(port)
            found.extend(own.post(f"/v1/request/shop/{queue}?timeout=30s", b"%d.%d" % (n, i))[2] == b"re: %d.%d" % (n, i) for i in range(25))

        threads = [threading.Thread(target=many, args=(n,)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert found == [True] * 200
    # Nobody answers; and who answers too late is counted.
    silent = amqp.queue("silent." + queue)
    status, _, body = http.post(f"/v1/request/shop/{silent}?timeout=300ms", b"anybody?")
    assert status == 504 and body["error"] == "timed_out" and "was delivered" in body["message"]
    lost = amqp.channel.basic_get(silent)
    # RabbitMQ has dropped it at its expiration, unless it came in the last moment.
    if lost[0] is not None:
        amqp.channel.basic_ack(lost[0].delivery_tag)
    assert http.post("/v1/request/shop/silent.gone?timeout=5s")[0] == 422
    shown = json.loads(life.command("status", "--json").stdout)["ingress"]
    assert {"broker": "shop", "outcome": "timed_out", "requests": 1} in shown["ended"]


def test_a_client_that_goes_has_its_message_whole_or_not_at_all(bridge, rabbit, amqp, kafka, kafka_client, port):
    queue, source, topic = amqp.queue(), amqp.queue(), kafka_client.topic()
    life = bridge(configuration(some_route(source, topic), shop=rabbit.url, lake=kafka.bootstrap, ingress=ingress(port, f"shop/{queue}")))
    wait_shop(life)
    whole = 50
    for i in range(whole):
        http = Http(port)
        http.connection.request("POST", f"/v1/publish/shop/{queue}", b"%d" % i * 1000, {"Mombridge-Message-Id": str(i)})
        http.connection.close()
    for i in range(20):  # the body never comes to its end
        http = Http(port)
        http.connection.putrequest("POST", f"/v1/publish/shop/{queue}")
        http.connection.putheader("Content-Length", "1000")
        http.connection.endheaders(b"half")
        http.connection.close()

    def settled():
        shown = json.loads(life.command("status", "--json").stdout)["ingress"]
        ended = {end["outcome"]: end["requests"] for end in shown["ended"]}
        return shown if ended.get("delivered") == whole and not shown["open"] else None

    shown = eventually(settled, what="all that came whole")
    assert shown["clients_gone"] >= 1
    messages = amqp.consume(queue, whole, settle=0.5)
    assert sorted(int(m.properties.message_id) for m in messages) == list(range(whole))
    assert all(m.body == m.properties.message_id.encode() * 1000 for m in messages)


class StillProxy(Proxy):
    """Passes nothing on while it is still: a broker that has stopped, and whose connections stay."""

    def __init__(self, port):
        self.moves = threading.Event()
        self.moves.set()
        super().__init__(port)

    def _pump(self, source, sink):
        try:
            while data := source.recv(65536):
                self.moves.wait()
                sink.sendall(data)
        except OSError:
            pass


# The address sanitizer keeps up to 256 MiB of what was freed, and marks an eighth of the memory.
MOST_MIB = 600 if "MOMBRIDGE_SANITIZER" in os.environ else 200


def peak_mib(life):
    return int(re.search(r"VmHWM:\s+(\d+) kB", pathlib.Path(f"/proc/{life.pid}/status").read_text()).group(1)) / 1024


async def post_all(port, path, count, body):
    """So many connections at once, each with one request: the statuses, and how many came with Retry-After."""
    request = (f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n").encode() + body
    statuses, retry = {}, 0
    all_open = asyncio.Event()
    open_now = 0

    async def one():
        nonlocal open_now, retry
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        open_now += 1
        if open_now == count:
            all_open.set()
        await all_open.wait()
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        status = int(head.split()[1])
        statuses[status] = statuses.get(status, 0) + 1
        retry += "Retry-After" in head
        writer.close()

    await asyncio.wait_for(asyncio.gather(*(one() for _ in range(count))), 120)
    return statuses, retry


def test_ten_thousand_requests_with_a_stopped_broker(bridge, rabbit, amqp, kafka, kafka_client, port):
    """Memory stays bounded, everybody is answered, other brokers are still served, and it goes on when the broker does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    count = min(10_000, hard - 2000)
    queue, topic = amqp.queue(), kafka_client.topic()
    source = amqp.queue()
    wire = StillProxy(int(rabbit.url.rsplit(":", 1)[1].rstrip("/")))
    life = bridge(configuration(some_route(source, topic), lake=kafka.bootstrap, ingress=ingress(port, "shop/*", f"lake/{topic}"),
                                shop=amqp_section(f"amqp://guest:guest@127.0.0.1:{wire.port}/", heartbeat="60s")))
    wait_shop(life)
    http = Http(port)
    eventually(lambda: http.post(f"/v1/publish/shop/{queue}", b"first")[0] == 204, what="the publisher")
    wire.moves.clear()
    silent = threading.Thread(target=lambda: Http(port).post(f"/v1/publish/shop/{queue}?timeout=5s", b"silent"))
    silent.start()
    time.sleep(1.2)  # so long without a word, and the broker is to blame
    statuses, retry = asyncio.run(post_all(port, f"/v1/publish/shop/{queue}?timeout=3s", count, bytes(10_000)))
    assert sum(statuses.values()) == count and set(statuses) <= {503, 504}, statuses
    assert statuses[504] <= 1000 and statuses[503] >= count - 1000 and retry == statuses[503], statuses
    assert peak_mib(life) < MOST_MIB, f"{peak_mib(life)} MiB"
    eventually(lambda: http.post(f"/v1/publish/lake/{topic}", b"others")[0] == 204, what="the other broker")
    silent.join()
    wire.moves.set()
    eventually(lambda: http.post(f"/v1/publish/shop/{queue}", b"again")[0] == 204, what="the broker that goes on")
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
