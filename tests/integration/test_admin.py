"""What a bridge says of itself while a broker is away: probes, and `mombridge status`."""
import json
import statistics
import time
import urllib.error
import urllib.request

from configs import configuration, lake, route, shop
from harness import Amqp, eventually, unique
from cut_proxy import Proxy, free_port


def get(port, path):
    """The code, the body, and the seconds that it took."""
    since = time.monotonic()
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as response:
            code, body = response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        code, body = error.code, error.read().decode()
    return code, body, time.monotonic() - since


def test_a_broker_is_away_and_comes_back(bridge, rabbit, amqp, kafka, kafka_client):
    """Readiness follows within seconds, liveness does not, and status answers at once all the while."""
    admin, probes = free_port(), free_port()
    topic, source = kafka_client.topic(), unique("queue")
    proxy = Proxy(int(rabbit.url.rsplit(":", 1)[1].rstrip("/")))
    life = bridge(configuration(
        route(shop(queue=source), lake(target=topic), name="out"), shop=f"amqp://guest:guest@127.0.0.1:{proxy.port}/", lake=kafka.bootstrap,
        admin={"listen": f"127.0.0.1:{admin}"}, probes={"listen": f"127.0.0.1:{probes}"}))
    # Somebody else's queue that does not exist is a link that fails.
    eventually(lambda: f"queue {source}: failing" in get(probes, "/readyz?verbose")[1], what="the missing queue")
    amqp.queue(source)
    eventually(lambda: get(probes, "/readyz")[0] == 200, what="ready")

    proxy.cut()
    eventually(lambda: get(probes, "/readyz")[0] == 503, timeout=5, what="not ready")
    assert "shop publisher: failing" in get(admin, "/readyz?verbose")[1]
    answers = [get(admin, "/api/v1/status") for _ in range(11)]
    assert {code for code, _, _ in answers} == {200}
    body = answers[-1][1]
    # The median, because a busy machine may keep any single answer from its processor.
    assert statistics.median(took for _, _, took in answers) < 0.1
    links = {link["link"]: link for link in json.loads(body)["links"] if link["broker"] == "shop"}
    assert links["publisher"]["state"] == "failing" and links["publisher"]["detail"]
    assert json.loads(body)["now_unix_ms"] - links["publisher"]["since_unix_ms"] < 60_000
    shown = life.command("status")
    assert shown.returncode == 0 and "not ready" in shown.stdout and "failing" in shown.stdout
    assert life.command("status", "--quiet").returncode == 0  # the bridge itself is well
    assert get(probes, "/livez")[0] == 200

    proxy.mend()
    verdict = {}
    eventually(lambda: verdict.update(seen=get(admin, "/readyz?verbose")) or verdict["seen"][0] == 200, timeout=30, what=verdict)
    metrics = get(probes, "/metrics")[1]
    again = next(line for line in metrics.splitlines()
                 if line.startswith('mombridge_reconnects_total{broker="shop",link="publisher"}'))
    assert float(again.split()[-1]) >= 1


def test_readiness_follows_a_real_restart(bridge, private_rabbit):
    """The broker's own process ends and begins again: not ready with the reason within seconds, then ready by itself."""
    admin, probes = free_port(), free_port()
    amqp = Amqp(private_rabbit.url)
    source, sink = amqp.queue(), amqp.queue()
    amqp.publish(source, b"before")
    life = bridge(configuration(route(shop(queue=source), shop(target=sink)), shop=private_rabbit.url,
                                admin={"listen": f"127.0.0.1:{admin}"}, probes={"listen": f"127.0.0.1:{probes}"}))
    assert amqp.get(sink).body == b"before"
    eventually(lambda: get(probes, "/readyz")[0] == 200, what="ready")

    private_rabbit.shutdown()
    eventually(lambda: get(probes, "/readyz")[0] == 503, timeout=10, what="not ready")
    said = eventually(lambda: next((text for text in [get(admin, "/readyz?verbose")[1]] if "refused" in text), None), what="the reason")
    assert "shop publisher: failing" in said and f"shop queue {source}: failing" in said
    assert get(probes, "/livez")[0] == 200

    private_rabbit.start()
    verdict = {}
    eventually(lambda: verdict.update(seen=get(admin, "/readyz?verbose")) or verdict["seen"][0] == 200, timeout=60, what=verdict)
    again = Amqp(private_rabbit.url)
    again.publish(source, b"after")
    assert again.get(sink).body == b"after"
    assert "connected again" in life.read_log()
