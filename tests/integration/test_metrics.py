"""/metrics: the numbers are those of what was sent, and Prometheus' own tool has nothing to say of their form."""
import re
import subprocess
import urllib.request

from configs import configuration, fixture_handler, lake, route, shop
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
