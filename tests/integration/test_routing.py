"""Which messages go where: patterns, several destinations, templates, what no route takes, how queues are subscribed."""
import pytest
from configs import configuration, lake, local, route, shop
from harness import Amqp, unique


@pytest.fixture
def word():
    """A first word for routing keys: amq.topic is shared by everybody."""
    return unique("w").replace(".", "-")


def bodies(client, queue, count):
    return sorted(message.body for message in client.consume(queue, count, settle=0.5))


def test_exact_targets_and_patterns(bridge, rabbit, amqp, word):
    exact, one, any_number, rest = (amqp.queue() for _ in range(4))
    source = unique("orders.bridge")
    bridge(configuration(
        route(shop(target=f"{word}.order.new"), shop(target=exact)),
        route(shop(target=f"{word}.order.*"), shop(target=one)),
        route(shop(target=f"{word}.#.urgent"), shop(target=any_number)),
        route(shop(), shop(target=rest)),
        shop={"type": "amqp", "url": rabbit.url, "subscribe": [
            {"queue": source, "declare": {"auto_delete": True}, "bind": [{"exchange": "amq.topic", "routing_key": [f"{word}.#"]}]}]},
    )).wait_connected(f"queue {source}")
    for key in ("order.new", "order.old", "order.new.late", "order.urgent", "urgent", "a.b.urgent"):
        amqp.publish(f"{word}.{key}", key.encode(), exchange="amq.topic")

    assert bodies(amqp, exact, 1) == [b"order.new"]
    assert bodies(amqp, one, 3) == [b"order.new", b"order.old", b"order.urgent"]
    assert bodies(amqp, any_number, 3) == [b"a.b.urgent", b"order.urgent", b"urgent"]
    assert len(bodies(amqp, rest, 6)) == 6


def test_headers_of_a_route(bridge, rabbit, amqp):
    source, tasks = amqp.queue(), amqp.queue()
    life = bridge(configuration(route(shop(queue=source, headers={"kind": "task", "size": "3"}), shop(target=tasks)), shop=rabbit.url))
    amqp.publish(source, b"no")
    amqp.publish(source, b"nor this", headers={"kind": "note", "size": 3})
    amqp.publish(source, b"yes", headers={"kind": "task", "size": 3})
    assert bodies(amqp, tasks, 1) == [b"yes"]
    life.terminate()
    assert life.totals()["unrouted_discarded"] == 2


def test_header_patterns_and_absence(bridge, rabbit, amqp, kafka, kafka_client):
    """A `null` header value counts as absent, on both brokers; `*` takes whatever is there."""
    source, orders, rest, flagged = amqp.queue(), amqp.queue(), amqp.queue(), amqp.queue()
    topic = kafka_client.topic()
    routes = [route({**place, "headers": wanted}, shop(target=sink))
              for place in (shop(queue=source), lake(topic=topic))
              for wanted, sink in (({"kind": "order-*", "test": None}, orders), ({"kind": None}, rest), ({"flag": "*"}, flagged))]
    life = bridge(configuration(*routes, shop=rabbit.url, lake=kafka.bootstrap))
    for body, headers in ((b"1", {"kind": "order-new"}), (b"2", {"kind": "order-7", "test": 1}), (b"3", {"other": "order-1"}),
                          (b"4", {"kind": "note", "flag": [1, 2]}), (b"5", None), (b"6", {"kind": None, "flag": True})):
        amqp.publish(source, body, headers=headers)
    for body, headers in ((b"k1", [("kind", b"order-new")]), (b"k2", [("kind", b"x"), ("test", b"1")]), (b"k3", []),
                          (b"k4", [("kind", None), ("flag", b"")])):
        kafka_client.produce(topic, body, headers=headers)
    assert bodies(amqp, orders, 2) == [b"1", b"k1"]
    assert bodies(amqp, rest, 5) == [b"3", b"5", b"6", b"k3", b"k4"]
    assert bodies(amqp, flagged, 3) == [b"4", b"6", b"k4"]
    life.terminate()
    assert life.totals()["unrouted_discarded"] == 2


def test_several_destinations_get_the_same(bridge, rabbit, amqp):
    source, first, second, chained = (amqp.queue() for _ in range(4))
    bridge(configuration(
        route(shop(queue=source), shop(target=first), shop(target=second), local(target="audit")),
        route(local(target="audit"), shop(target=chained)), shop=rabbit.url))
    for i in range(20):
        amqp.publish(source, b"%d" % i)
    for queue in (first, second, chained):
        assert [m.body for m in amqp.consume(queue, 20, settle=0.3)] == [b"%d" % i for i in range(20)]


def test_templates(bridge, rabbit, amqp, word):
    source, sink = unique("templates"), amqp.queue()
    amqp.bind(sink, "amq.topic", f"{word}.#")
    bridge(configuration(
        route(shop(queue=source, declare={"auto_delete": True}),
              shop(exchange="amq.topic", target=f"{word}.{{broker}}.{{target}}.{{key}}.{{header.customer}}",
                   headers={"origin": "{broker}/{target}", "customer": "was {header.customer}", "fixed": "text"})),
        shop=rabbit.url)).wait_connected(f"queue {source}")
    amqp.publish(source, b"x", headers={"customer": "ada", "mombridge-key": "k1", "kept": 7})
    message = amqp.get(sink)
    assert message.routing_key == f"{word}.shop.{source}.k1.ada"
    wanted = {"origin": f"shop/{source}", "customer": "was ada", "fixed": "text", "kept": 7}
    assert {name: message.headers.get(name) for name in wanted} == wanted


def test_templates_with_defaults(bridge, rabbit, amqp, kafka, kafka_client, word):
    """There and back: what a default stands for, and what is there and wins over it."""
    source, sink, other = amqp.queue(), amqp.queue(), amqp.queue(unique("other"))
    through = kafka_client.topic(f"{word}.none")
    bridge(configuration(
        route(shop(queue=source), lake(target=f"{word}.{{header.region:-none}}", key="{header.customer:-nobody}{key:-}",
                                       headers={"was": r"{header.customer:-\{\}}"})),
        route(lake(topic=through), shop(target="{header.to:-" + sink + "}", allow=[sink, other], headers={"key": "{key}"})),
        shop=rabbit.url, lake=kafka.bootstrap))
    amqp.publish(source, b"bare")
    amqp.publish(source, b"full", headers={"region": "none", "customer": "ada", "mombridge-key": "-7", "to": other})
    bare, full = amqp.get(sink, timeout=60), amqp.get(other, timeout=60)
    assert (bare.body, bare.headers["key"], bare.headers["was"]) == (b"bare", "nobody", "{}")
    assert (full.body, full.headers["key"], full.headers["was"]) == (b"full", "ada-7", "ada")


def test_a_header_that_a_template_needs_and_the_message_lacks(bridge, rabbit, amqp):
    source, dead, sink = amqp.queue(), amqp.queue(), amqp.queue()
    bridge(configuration(
        route(shop(queue=source), shop(target="{header.to}", allow=[sink])), shop=rabbit.url,
        failures={"attempts": 2, "backoff": "10ms", "dead_letter": shop(target=dead)}))
    amqp.publish(source, b"lost?")
    amqp.publish(source, b"elsewhere", headers={"to": source})
    amqp.publish(source, b"fine", headers={"to": sink})
    assert amqp.get(sink).body == b"fine"
    reasons = {m.body: m.headers["mombridge-dead-reason"] for m in amqp.consume(dead, 2)}
    assert "header" in reasons[b"lost?"] and "to" in reasons[b"lost?"]
    assert "allow" in reasons[b"elsewhere"]


def test_unrouted_goes_to_the_dead_letter_where_there_is_one(bridge, rabbit, amqp):
    source, dead = amqp.queue(), amqp.queue()
    bridge(configuration(route(shop(queue=source, target="never.*"), shop(target=dead)), shop=rabbit.url,
                         failures={"dead_letter": shop(target=dead)}))
    amqp.publish(source, b"nobody's", message_id="m1", correlation_id="c1", headers={"n": 1})
    message = amqp.get(dead)
    assert (message.body, message.properties.message_id, message.properties.correlation_id) == (b"nobody's", "m1", "c1")
    assert message.headers["n"] == 1
    assert message.headers["mombridge-dead-target"] == source
    assert message.headers["mombridge-dead-broker"] == "shop"
    assert "mombridge-dead-route" not in message.headers


def test_unrouted_is_discarded_where_the_file_says_so(bridge, rabbit, amqp):
    source, dead = amqp.queue(), amqp.queue()
    life = bridge(configuration(route(shop(queue=source, target="never.*"), shop(target=dead)), shop=rabbit.url,
                                failures={"dead_letter": shop(target=dead)}, unrouted="discard"))
    amqp.publish(source, b"nobody's")
    life.wait_log("unrouted message discarded")
    life.terminate()
    assert life.totals()["unrouted_discarded"] == 1
    assert amqp.depth(source) == amqp.depth(dead) == 0


def test_target_from_a_header(bridge, rabbit, amqp):
    source, sink, other = amqp.queue(), amqp.queue(), amqp.queue()
    bridge(configuration(
        route(shop(queue=source, target_from="header:destination", target="tasks.*"), shop(target=sink, headers={"was": "{target}"})),
        route(shop(queue=source, target_from="header:destination", target=source), shop(target=other)), shop=rabbit.url))
    amqp.publish(source, b"1", headers={"destination": "tasks.first"})
    amqp.publish(source, b"2")
    assert amqp.get(sink).headers["was"] == "tasks.first"
    assert amqp.get(other).body == b"2"


def test_a_private_queue_on_an_exchange(bridge, rabbit, amqp, word):
    sink = amqp.queue()
    life = bridge(configuration(
        route(shop(target=f"{word}.#"), shop(target=sink)),
        shop={"type": "amqp", "url": rabbit.url, "subscribe": [
            {"exchange": "amq.topic", "routing_key": [f"{word}.*.orange", f"{word}.lazy.#"]}]}))
    life.wait_connected("exchange amq.topic")
    for key in ("quick.orange", "lazy.brown.fox", "quick.brown"):
        amqp.publish(f"{word}.{key}", key.encode(), exchange="amq.topic", mandatory=False)
    assert bodies(amqp, sink, 2) == [b"lazy.brown.fox", b"quick.orange"]
    life.terminate()
    amqp.publish(f"{word}.lazy.late", b"missed", exchange="amq.topic", mandatory=False)
    life.start().wait_connected("exchange amq.topic")
    amqp.publish(f"{word}.lazy.again", b"seen", exchange="amq.topic")
    assert amqp.get(sink).body == b"seen"


def test_a_queue_of_the_bridges_own_keeps_what_comes_while_it_is_away(bridge, rabbit, amqp, word):
    sink, source = amqp.queue(), unique("own")
    life = bridge(configuration(
        route(shop(queue=source, declare={"type": "quorum"}, bind=[{"exchange": "amq.topic", "routing_key": [f"{word}.#"]}]),
              shop(target=sink)), shop=rabbit.url))
    life.wait_connected(f"queue {source}")
    life.terminate()
    amqp.publish(f"{word}.kept", b"kept", exchange="amq.topic")
    life.start()
    assert amqp.get(sink).body == b"kept"
    life.terminate()
    amqp.delete(source)


def test_the_vhost_of_a_bare_slash_is_the_default_one(bridge, rabbit, amqp):
    assert rabbit.url.endswith("/")
    source, sink = amqp.queue(), amqp.queue()
    bridge(configuration(route(shop(queue=source), shop(target=sink)), shop=rabbit.url))
    bridge(configuration(route(shop(queue=sink), shop(target=f"{sink}.end")), shop=rabbit.url.rstrip("/")))
    amqp.queue(f"{sink}.end")
    amqp.publish(source, b"through both")
    assert amqp.get(f"{sink}.end").body == b"through both"


def test_another_vhost(bridge, rabbit, amqp):
    vhost = unique("v")
    rabbit.ctl("add_vhost", vhost)
    rabbit.ctl("set_permissions", "-p", vhost, "guest", ".*", ".*", ".*")
    there = Amqp(rabbit.url + vhost)
    try:
        source, sink = there.queue(), amqp.queue()
        config = configuration(route(shop(queue=source), {"broker": "home", "target": sink}), shop=rabbit.url + vhost)
        config["brokers"]["home"] = {"type": "amqp", "url": rabbit.url}
        bridge(config)
        there.publish(source, b"from afar")
        assert amqp.get(sink).body == b"from afar"
    finally:
        there.close()
        rabbit.ctl("delete_vhost", vhost)


def test_topics_by_a_regular_expression(bridge, rabbit, amqp, kafka, kafka_client, word):
    first, second, other = (kafka_client.topic(f"{word}{name}") for name in (".telemetry.a", ".telemetry.b", ".else"))
    sink = amqp.queue()
    bridge(configuration(route(lake(topic=f"^{word}\\.telemetry\\..*"), shop(target=sink, headers={"was": "{target}"})),
                         shop=rabbit.url, lake=kafka.bootstrap))
    for topic in (first, second, other):
        kafka_client.produce(topic, topic.encode())
    messages = amqp.consume(sink, 2, timeout=60, settle=0.5)
    assert sorted(m.body.decode() for m in messages) == [first, second]
    assert all(m.headers["was"] == m.body.decode() for m in messages)


def test_patterns_over_topics_and_keys_from_templates(bridge, kafka, kafka_client, word):
    orders, sink = kafka_client.topic(f"{word}.orders.eu"), kafka_client.topic()
    bridge(configuration(
        route(lake(target=f"{word}.orders.*"), lake(target=sink, key="{target}:{key}:{header.customer}")),
        lake={"type": "kafka", "bootstrap_servers": kafka.bootstrap, "subscribe": [{"topic": orders}]}))
    kafka_client.produce(orders, b"x", key=b"k", headers=[("customer", b"ada")])
    assert kafka_client.consume(sink, 1, timeout=60)[0].key().decode() == f"{orders}:k:ada"


def test_headers_keep_the_types_of_the_file(bridge, rabbit, amqp, kafka, kafka_client):
    source, through, sink = amqp.queue(), kafka_client.topic(), amqp.queue()
    bridge(configuration(
        route(shop(queue=source), lake(target=through, headers={"x-delay": 3000, "text": "3000", "flag": True, "ratio": 1.5})),
        route(lake(topic=through), shop(target=sink, headers={"n": 7})), shop=rabbit.url, lake=kafka.bootstrap))
    amqp.publish(source, b"typed")
    record = dict(kafka_client.consume(through, 1, timeout=60)[0].headers())
    assert [record[name] for name in ("x-delay", "text", "flag", "ratio")] == [b"3000", b"3000", b"true", b"1.5"]
    headers = amqp.get(sink, timeout=60).headers
    wanted = {"x-delay": 3000, "text": "3000", "flag": True, "n": 7}  # pika reads each double as a whole number
    assert {name: headers.get(name) for name in wanted} == wanted
    assert headers["flag"] is True


def test_a_headers_exchange(bridge, rabbit, amqp, word):
    """Both ways to be bound to it: a queue with `bind:`, and a private queue."""
    named, private, source = amqp.queue(), amqp.queue(), unique("headers")
    bridge(configuration(
        route(shop(queue=source, declare={"auto_delete": True},
                   bind=[{"exchange": "amq.headers", "arguments": {"x-match": "all", "word": word, "n": 3}}]), shop(target=named)),
        route(shop(), shop(target=private)),
        shop={"type": "amqp", "url": rabbit.url,
              "subscribe": [{"exchange": "amq.headers", "arguments": {"x-match": "any", "word": word}}]},
    )).wait_connected(f"queue {source}")
    for body, headers in ((b"both", {"word": word, "n": 3}), (b"one", {"word": word, "n": 4}), (b"none", {"n": 3})):
        amqp.publish("any.key", body, exchange="amq.headers", headers=headers, mandatory=False)
    assert bodies(amqp, private, 2) == [b"both", b"one"]
    assert bodies(amqp, named, 1) == [b"both"]


def test_arguments_of_a_consumer(bridge, rabbit, amqp):
    """A consumer of higher priority gets all that there is while it can take more."""
    source, first, second = amqp.queue(), amqp.queue(), amqp.queue()
    for sink, priority in ((second, 1), (first, 10)):
        bridge(configuration(route(shop(queue=source, arguments={"x-priority": priority}), shop(target=sink)),
                             shop=rabbit.url)).wait_connected(f"queue {source}")
    for i in range(20):
        amqp.publish(source, b"%d" % i)
    assert len(bodies(amqp, first, 20)) == 20
    assert amqp.depth(second) == 0
