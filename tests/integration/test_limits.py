"""What a peer may send at the edge of a limit: taken, or that one message's fault, and never the connection's."""
import brokers
import harness
import pytest
from configs import configuration, route, shop

FRAME = 4096
BODY = FRAME - 8  # fills a frame
LIMIT = 3 * BODY  # of a whole body


@pytest.fixture
def narrow():
    """A RabbitMQ that takes small frames, few channels and small bodies."""
    try:
        node = brokers.Rabbit(conf=f"frame_max = {FRAME}\nchannel_max = 1\nmax_message_size = {LIMIT}\n")
    except FileNotFoundError as error:
        pytest.skip(f"no broker: {error}; scripts/test installs what is missing")
    with node.start():
        yield node


@pytest.fixture
def wide():
    """Another one, where everything is as large as usual."""
    with brokers.Rabbit().start() as node:
        yield node


def test_a_narrow_broker_gets_what_fits_and_refuses_the_rest(bridge, narrow, wide):
    source, sink = harness.Amqp(wide.url), harness.Amqp(narrow.url)
    q, dead, out = source.queue(), source.queue(), sink.queue()
    config = configuration(route(shop(queue=q), {"broker": "narrow", "target": out}), shop=wide.url,
                           failures={"attempts": 2, "backoff": "10ms..100ms", "dead_letter": shop(target=dead)})
    config["brokers"]["narrow"] = {"type": "amqp", "url": narrow.url, "reconnect_delay": "100ms"}
    life = bridge(config)
    fits = [b"", b"x" * BODY, b"x" * (2 * BODY), b"x" * LIMIT]
    over = [b"y" * (LIMIT + 1), b"y" * (2 * LIMIT)]
    for body in [*over, *fits]:
        source.publish(q, body)
    source.publish(q, b"headers", headers={"h": "v" * FRAME})
    assert sorted(sink.get(out, timeout=60).body for _ in fits) == sorted(fits)
    refused = [source.get(dead, timeout=60) for _ in range(3)]
    assert sorted(m.body for m in refused) == sorted([*over, b"headers"])
    reasons = " ".join(str(m.headers["mombridge-dead-reason"]) for m in refused)
    assert "max size" in reasons or "max_message_size" in reasons
    assert "do not fit a frame" in reasons
    log = life.read_log()
    assert log.count("publish channel closed") <= 2, "the limit is learned from the first refusal"
    assert "connection lost" not in log and "cannot connect" not in log


def test_a_narrow_broker_delivers(bridge, narrow):
    client = harness.Amqp(narrow.url)
    q, out = client.queue(), client.queue()
    life = bridge(configuration(route(shop(queue=q), shop(target=out)), shop=narrow.url))
    bodies = [b"", b"x" * BODY, b"x" * (BODY + 1), b"x" * LIMIT]
    for body in bodies:
        client.publish(q, body)
    assert [client.get(out, timeout=60).body for _ in bodies] == bodies
    assert "connection lost" not in life.read_log()


def test_headers_that_the_broker_made_larger_than_a_frame(bridge, rabbit, amqp):
    """A publisher fills a frame with headers, and the broker adds x-death: that frame is larger than was agreed on. It is
    taken, and refused on the other side as any header that does not fit."""
    q, dead, out = amqp.queue(), amqp.queue(), amqp.queue()
    first = amqp.queue(arguments={"x-message-ttl": 1, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": q})
    life = bridge(configuration(route(shop(queue=q), shop(target=out)), shop=rabbit.url,
                                failures={"attempts": 2, "backoff": "10ms..100ms", "dead_letter": shop(target=dead)}))
    amqp.publish(first, b"grown", headers={"h": "v" * 131_030})
    amqp.publish(q, b"next")
    assert amqp.get(out, timeout=60).body == b"next"
    message = amqp.get(dead, timeout=60)
    assert message.body == b"grown" and message.headers["h"] == "v" * 131_030, "whole: there is no room for a word more"
    life.wait_log('"msg":"message dead-lettered".*do not fit a frame')
    assert "connection lost" not in life.read_log()


# RabbitMQ 3.10 counts a connection some time after it has let it in, so that several that come at once all get in, whatever
# the limit: only those that come when the limit is reached already are refused for sure.

def limit_connections(node, count):
    node.ctl("set_vhost_limits", "-p", "/", f'{{"max-connections": {count}}}')


def test_few_connections_are_for_the_publisher_first(bridge, private_rabbit):
    """Nothing would get through without it: no subscription takes a connection while the publisher has none."""
    client = harness.Amqp(private_rabbit.url)
    queues, out = [client.queue() for _ in range(4)], client.queue()
    for q in queues:
        client.publish(q, q.encode())
    limit_connections(private_rabbit, 1)  # the test's
    life = bridge(configuration(*[route(shop(queue=q), shop(target=out)) for q in queues], shop=private_rabbit.url))
    life.wait_log(r'"link":"publisher".*connection limit \(1\) is reached.*needs 5 AMQP connections')
    life.wait_log(r'"link":"queue .*the publisher.s comes first')
    assert '"msg":"connected' not in life.read_log()
    limit_connections(private_rabbit, 20)
    assert {client.get(out, timeout=60).body.decode() for _ in queues} == set(queues)
    client.connection.close()


def test_a_subscription_without_a_connection_says_why_and_tries_again(bridge, private_rabbit):
    client = harness.Amqp(private_rabbit.url)
    queues, out = [client.queue() for _ in range(2)], client.queue()
    life = bridge(configuration(*[route(shop(queue=q), shop(target=out)) for q in queues], shop=private_rabbit.url))
    links = [f"queue {q}" for q in queues]
    for link in ["publisher", *links]:
        life.wait_connected(link)
    limit_connections(private_rabbit, 1)
    for pid in bridge_connections(private_rabbit, links):  # one after the other: the limit stays passed meanwhile
        private_rabbit.ctl("close_connection", pid, "closed by the test")
    for link in links:
        life.wait_log(rf'"link":"{link}".*connection limit \(1\) is reached.*needs 3 AMQP connections')
    for q in queues:
        client.publish(q, q.encode())
    limit_connections(private_rabbit, 20)
    assert {client.get(out, timeout=60).body.decode() for _ in queues} == set(queues)
    client.connection.close()


def bridge_connections(node, links):
    """The broker's ids of the connections that the bridge has for these links."""
    lines = node.ctl("list_connections", "pid", "client_properties").splitlines()
    return [line.split("\t")[0] for link in links for line in lines if link in line]


def test_own_queues_are_declared_over_a_single_channel(bridge, narrow):
    """RabbitMQ closes the connection where the channel of one question is opened again before it is closed."""
    client = harness.Amqp(narrow.url)
    q, out, first, second = client.queue(), client.queue(), harness.unique("dead"), harness.unique("dead")
    life = bridge(configuration(
        route(shop(queue=q), shop(target=out), failures={"dead_letter": shop(target=first, declare={})}),
        shop=narrow.url, failures={"dead_letter": shop(target=second, declare={})}))
    client.publish(q, b"1")
    assert client.get(out, timeout=60).body == b"1"
    assert [client.depth(queue) for queue in (first, second)] == [0, 0]
    assert "504" not in life.read_log() and "connection lost" not in life.read_log()
