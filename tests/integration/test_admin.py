"""What a bridge says of itself while a broker is away: probes, and `mombridge status`."""
import json
import socket
import threading
import time
import urllib.error
import urllib.request

from configs import configuration, lake, route, shop
from harness import eventually, unique


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


class Wire:
    """A port in front of a broker, which can be cut and mended: quicker and surer than stopping a broker that others use."""

    def __init__(self, port):
        self._behind = port
        self.port = free_port()
        self._ends = []
        self.mend()

    def mend(self):
        self._socket = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self._socket,), daemon=True).start()

    def cut(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for end in self._ends:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        self._ends.clear()

    def _accept(self, listening):
        try:
            while True:
                near, _ = listening.accept()
                far = socket.create_connection(("127.0.0.1", self._behind))
                self._ends += [near, far]
                for ends in ((near, far), (far, near)):
                    threading.Thread(target=self._pump, args=ends, daemon=True).start()
        except OSError:
            pass

    @staticmethod
    def _pump(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def test_a_broker_is_away_and_comes_back(bridge, rabbit, amqp, kafka, kafka_client):
    """Readiness follows within seconds, liveness does not, and status answers at once all the while."""
    admin, probes = free_port(), free_port()
    topic, source = kafka_client.topic(), unique("queue")
    wire = Wire(int(rabbit.url.rsplit(":", 1)[1].rstrip("/")))
    life = bridge(configuration(
        route(shop(queue=source), lake(target=topic), name="out"), shop=f"amqp://guest:guest@127.0.0.1:{wire.port}/", lake=kafka.bootstrap,
        admin={"listen": f"127.0.0.1:{admin}"}, probes={"listen": f"127.0.0.1:{probes}"}))
    # Somebody else's queue that does not exist is a link that fails.
    eventually(lambda: f"queue {source}: failing" in get(probes, "/readyz?verbose")[1], what="the missing queue")
    amqp.queue(source)
    eventually(lambda: get(probes, "/readyz")[0] == 200, what="ready")

    wire.cut()
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

    wire.mend()
    verdict = {}
    eventually(lambda: verdict.update(seen=get(admin, "/readyz?verbose")) or verdict["seen"][0] == 200, timeout=30, what=verdict)
    metrics = get(probes, "/metrics")[1]
    again = next(line for line in metrics.splitlines()
                 if line.startswith('mombridge_reconnects_total{broker="shop",link="publisher"}'))
    assert float(again.split()[-1]) >= 1
