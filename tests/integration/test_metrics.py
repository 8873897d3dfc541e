"""/metrics: the numbers are those of what was sent, and Prometheus' own tool has nothing to say of their form."""
import json
import re
import subprocess
import time
import urllib.request

import certificates
from configs import configuration, fixture_handler, lake, local, route, shop
from cut_proxy import free_port
from harness import eventually, unique


class Scrape:
    def __init__(self, port):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=20) as response:
            self.text = response.read().decode()
        self._values = {}
        for line in self.text.splitlines():
            if not line.startswith("#"):
                series, value = line.rsplit(" ", 1)
                self._values[series] = float(value)

    def __call__(self, name, **labels):
        """The value of the series; 0 where there is none."""
        wanted = {f'{k}="{v}"' for k, v in labels.items()}
        return sum(value for series, value in self._values.items()
                   if re.split("[{]", series)[0] == f"mombridge_{name}" and wanted <= set(re.findall(r'\w+="[^"]*"', series)))


def test_metrics_are_what_was_sent(bridge, rabbit, amqp, kafka, kafka_client):
    probes = free_port()
    source, dead, topic = amqp.queue(), amqp.queue(), kafka_client.topic()
    config = configuration(
        route(shop(queue=source, target=source), lake(target=topic), {"handler": "count"}, name="out"),
        route(lake(topic=topic), shop(target="no.such.queue"), name="back"),
        shop=rabbit.url, lake=kafka.bootstrap, probes={"listen": f"127.0.0.1:{probes}"},
        handlers={"count": fixture_handler("good_sync")},
        failures={"attempts": 2, "backoff": "10ms..20ms", "dead_letter": {"broker": "shop", "target": dead}})
    bridge(config)
    bodies = [b"x" * size for size in range(1, 51)]
    amqp.publish_all(source, bodies)
    amqp.consume(dead, 50)

    def settled():
        now = Scrape(probes)
        return now if now("delivery_seconds_count", route="back") == 50 and not now("in_flight_messages") else None
    now = eventually(settled, what="all of them settled")
    assert now("received_messages_total", broker="shop", subscription=source) == 50
    assert now("received_bytes_total", broker="shop", subscription=source) == sum(map(len, bodies))
    assert now("received_messages_total", broker="lake", subscription=topic) == 50
    assert now("delivered_messages_total", route="out", destination=f"lake/{topic}") == 50
    assert now("delivered_messages_total", route="out", destination="handler count") == 50
    assert now("delivery_seconds_count", route="out") == 50
    assert 0 < now("delivery_seconds_sum", route="back") < 50 * 30
    assert now("handler_seconds_count", handler="count") == 50
    assert now("delivered_messages_total", route="back") == 0
    assert now("dead_letters_total", route="back", reason="undeliverable") == 50
    assert now("held_messages") == 0
    assert now("link_up", broker="shop", link="publisher") == 1
    assert now("config_last_reload_successful") == 1
    assert now("requests_total") == 0

    lint = subprocess.run(["promtool", "check", "metrics"], input=now.text, capture_output=True, text=True, timeout=60)
    assert (lint.returncode, lint.stdout, lint.stderr) == (0, "", "")


def test_requests_and_replies(bridge, rabbit, amqp):
    probes = free_port()
    service, answers = amqp.queue(), amqp.queue()
    bridge(configuration(route(shop(queue=service), {"handler": "echo"}, name="echo"), shop=rabbit.url,
                         probes={"listen": f"127.0.0.1:{probes}"}, handlers={"echo": fixture_handler("good_sync")}))
    for i in range(3):
        amqp.publish(service, b"?", reply_to=answers, correlation_id=unique("id"))
    amqp.consume(answers, 3)
    now = eventually(lambda: next((s for s in [Scrape(probes)] if s("replies_total", outcome="delivered") == 3), None),
                     what="three replies")
    assert now("requests_total", route="echo") == 3
    assert now("delivered_messages_total", route="echo") == 3


def test_what_waits_at_the_brokers(bridge, rabbit, amqp, kafka, kafka_client):
    """While the destination's queue is missing: what waits is in /metrics and in status, and goes down to nothing afterwards."""
    probes, late = free_port(), unique("late")
    source, topic = amqp.queue(), kafka_client.topic()
    shop_section = {"type": "amqp", "url": rabbit.url, "prefetch_count": 5}
    lake_section = {"type": "kafka", "bootstrap_servers": kafka.bootstrap, "prefetch_count": 5}
    life = bridge(configuration(
        route(shop(queue=source), shop(target=late), name="queue"), route(lake(topic=topic), shop(target=late), name="topic"),
        shop=shop_section, lake=lake_section, probes={"listen": f"127.0.0.1:{probes}"}, failures={"attempts": 1, "backoff": "10ms..20ms"}))
    amqp.publish_all(source, [b"x" * 1000] * 20)
    kafka_client.produce_all(topic, [{"value": b"x" * 1000, "key": None, "headers": None, "timestamp": None, "partition": None}] * 30)
    life.wait_log('message held.*"route":"topic"')
    life.wait_log('message held.*"route":"queue"')

    def scrape(lag, depth, fewest_bytes, most_bytes):
        now = Scrape(probes)
        known = all(name in now.text for name in ("consumer_lag_messages", "queue_depth_messages", "in_flight_bytes"))
        seen = (now("consumer_lag_messages", broker="lake", topic=topic, partition="0"),
                now("queue_depth_messages", broker="shop", queue=source))
        held = [now("in_flight_bytes", broker="shop", subscription=source), now("in_flight_bytes", broker="lake", subscription=topic)]
        return now if known and seen == (lag, depth) and all(fewest_bytes <= one <= most_bytes for one in held) else None

    # Unacknowledged messages are not ready in a queue; a lag counts all that is not settled.
    now = eventually(lambda: scrape(30, 15, 5 * 1000, 5 * 4000), timeout=60, what="what waits")

    def shown():
        now = json.loads(life.command("status", "--json").stdout)
        waiting = {one["subscription"]: one["waiting"] for one in now["subscriptions"]}
        return ((waiting[source], waiting[topic]) == (15, 30) and
                {"broker": "lake", "topic": topic, "partition": 0, "messages": 30} in now["lags"] and
                {"broker": "shop", "queue": source, "messages": 15} in now["queues"])
    eventually(shown, timeout=60, what="the status")
    lint = subprocess.run(["promtool", "check", "metrics"], input=now.text, capture_output=True, text=True, timeout=60)
    assert (lint.returncode, lint.stdout, lint.stderr) == (0, "", "")

    amqp.queue(late)
    eventually(lambda: scrape(0, 0, 0, 0), timeout=60, what="nothing waits")


def test_when_certificates_end(bridge, tmp_path):
    """Those of the files that a section names, also while its broker is away."""
    probes = free_port()
    authority = certificates.Authority(tmp_path)
    client = authority.client("bridge", ends=10 * 86400)
    tls = {"ca": str(authority.certificate), "cert": str(client.certificate), "key": str(client.key)}
    bridge(configuration(route(local(target="a"), shop(target="b")), shop={"type": "amqp", "url": "amqps://127.0.0.1:1", "tls": tls},
                         lake={"type": "kafka", "bootstrap_servers": "127.0.0.1:1", "tls": tls}, probes={"listen": f"127.0.0.1:{probes}"}))
    name = "certificate_not_after_timestamp_seconds"
    now = eventually(lambda: next((s for s in [Scrape(probes)] if s.text.count(f"mombridge_{name}{{") == 4), None), what="four certificates")
    for broker in ("shop", "lake"):
        assert abs(now(name, broker=broker, certificate="client") - time.time() - 10 * 86400) < 600
        assert abs(now(name, broker=broker, certificate="ca") - time.time() - 3650 * 86400) < 86400
    lint = subprocess.run(["promtool", "check", "metrics"], input=now.text, capture_output=True, text=True, timeout=60)
    assert (lint.returncode, lint.stdout, lint.stderr) == (0, "", "")
