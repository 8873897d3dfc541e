"""What a bridge says of itself while a broker is away: probes, and `mombridge status`."""
import json
import socket
import time
import urllib.error
import urllib.request

from configs import configuration, lake, route, shop
from harness import Amqp, eventually


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def get(port, path):
    """The code, the body, and the seconds that it took."""
    since = time.monotonic()
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as response:
            code, body = response.status, response.read().decode()
    except urllib.error.HTTPError as error:
        code, body = error.code, error.read().decode()
    return code, body, time.monotonic() - since


def test_a_broker_is_stopped_and_comes_back(bridge, private_rabbit, kafka, kafka_client):
    """Readiness follows within seconds, liveness does not, and status answers at once all the while."""
    admin, probes = free_port(), free_port()
    topic = kafka_client.topic()
    life = bridge(configuration(
        route(shop(queue="source"), lake(target=topic), name="out"), shop=private_rabbit.url, lake=kafka.bootstrap,
        admin={"listen": f"127.0.0.1:{admin}"}, probes={"listen": f"127.0.0.1:{probes}"}))
    # Somebody else's queue that does not exist is a link that fails.
    eventually(lambda: "queue source: failing" in get(probes, "/readyz?verbose")[1], what="the missing queue")
    client = Amqp(private_rabbit.url)
    client.queue("source")
    eventually(lambda: get(probes, "/readyz")[0] == 200, what="ready")

    private_rabbit.kill()
    eventually(lambda: get(probes, "/readyz")[0] == 503, timeout=5, what="not ready")
    assert "shop publisher: failing" in get(admin, "/readyz?verbose")[1]
    for _ in range(10):
        code, body, took = get(admin, "/api/v1/status")
        assert code == 200 and took < 0.1, f"{took} s"
        time.sleep(0.05)
    links = {link["link"]: link for link in json.loads(body)["links"] if link["broker"] == "shop"}
    assert links["publisher"]["state"] == "failing" and links["publisher"]["detail"]
    assert json.loads(body)["now_unix_ms"] - links["publisher"]["since_unix_ms"] < 60_000
    shown = life.command("status")
    assert shown.returncode == 0 and "not ready" in shown.stdout and "failing" in shown.stdout
    assert life.command("status", "--quiet").returncode == 0  # the bridge itself is well
    assert get(probes, "/livez")[0] == 200

    private_rabbit.start()
    eventually(lambda: get(probes, "/readyz")[0] == 200, timeout=30, what="ready again")
    metrics = get(probes, "/metrics")[1]
    again = next(line for line in metrics.splitlines()
                 if line.startswith('mombridge_reconnects_total{broker="shop",link="publisher"}'))
    assert float(again.split()[-1]) >= 1
