"""http.so: what it sends, and what becomes of a message by the answer. Called by `mombridge handler run`."""
import http.server
import os
import re
import socket
import socketserver
import subprocess
import threading

import pytest

PLUGIN = os.environ["MOMBRIDGE_HTTP"]
OK, NOT_OK, CONFIG = 0, 1, 78


class Answers(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    requests = []
    over = threading.Event()

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.requests.append((self.command, self.path, list(self.headers.items()), body))
        kind = self.path.split("?")[0].split("/")[1]
        if kind.isdigit():
            self.answer(int(kind), b"" if kind in ("204", "304") else b"why: line one\nline two\n", location="/200")
        elif kind == "slow":
            self.over.wait(60)
        elif kind == "huge":
            self.answer(200, b"x" * (3 << 20))
        elif kind == "endless":
            self.send_response(200)
            self.end_headers()
            while not self.over.is_set():
                self.wfile.write(b"x" * 65536)
        elif kind == "headers":
            self.send_response(200)
            for _ in range(200):
                self.send_header("X-Long", "x" * 4000)
            self.end_headers()
        elif kind == "cut":
            self.send_response(200)
            self.send_header("Content-Length", "100")
            self.end_headers()
            self.wfile.write(b"only this")
            self.close_connection = True
        else:
            self.answer(200, b"echo: " + body, **{"Content-Type": "text/x-echo", "Mombridge-Header-Colour": "blue"})

    do_PUT = do_POST

    def answer(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A client that breaks off is what some tests are about."""


@pytest.fixture(scope="module")
def address():
    server = Server(("127.0.0.1", 0), Answers)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    Answers.over.set()
    server.shutdown()
    server.server_close()


def run(url, *arguments, target="orders.new", body="hello", config=()):
    settings = [argument for setting in (f"url={url}", *config) for argument in ("--config", setting)]
    return subprocess.run([os.environ["MOMBRIDGE"], "handler", "run", PLUGIN, "--target", target, *settings, *arguments, body],
                          capture_output=True, text=True, timeout=120, check=False, env={**os.environ, "http_proxy": "http://127.0.0.1:9"})


def verdict(done):
    return re.search(r"^(ok|retry|reject)(?: \((.*)\))?, (?:.*, )?in [0-9.]+ ms$", done.stderr, re.M).groups()


def test_the_body_properties_and_headers_go_along_and_the_answer_is_the_reply(address):
    done = run(f"{address}/events/{{target}}?of={{target}}", "-v", "-H", "customer=Zo\u00eb", "--key", "k1", "--content-type", "text/plain",
               target="orders/new & old", config=["headers.0=Authorization: Bearer secret"])
    assert (done.returncode, done.stdout) == (OK, "echo: hello\n"), done.stderr
    assert "< content_type: text/x-echo\n" in done.stderr and "< Colour: blue\n" in done.stderr
    method, path, headers, body = Answers.requests[-1]
    assert (method, path, body) == ("POST", "/events/orders%2Fnew%20%26%20old?of=orders%2Fnew%20%26%20old", b"hello")
    headers = {name: value.encode("latin-1").decode() for name, value in headers}
    assert headers["Authorization"] == "Bearer secret" and headers["Content-Type"] == "text/plain"
    assert headers["Mombridge-Target"] == "orders/new & old" and headers["Mombridge-Key"] == "k1"
    assert headers["Mombridge-Header-customer"] == "Zo\u00eb" and headers["Mombridge-Attempt"] == "1"
    assert "Expect" not in headers


def test_headers_that_http_cannot_carry_are_left_out_and_counted(address):
    done = run(f"{address}/x", "-H", "evil=a\r\nInjected: yes", "-H", "bad name=x", "-H", f"long={'x' * 70000}", "-H", "good=", )
    assert done.returncode == OK and "counted headers_left_out: 3\n" in done.stderr
    names = [name for name, _ in Answers.requests[-1][2]]
    assert "Injected" not in names and "Mombridge-Header-good" in names


def test_another_method(address):
    assert run(f"{address}/x", config=["method=PUT"]).returncode == OK
    assert Answers.requests[-1][0] == "PUT"


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_2xx_is_ok(address, status):
    done = run(f"{address}/{status}")
    assert done.returncode == OK and verdict(done) == ("ok", None)
    assert done.stdout == ("" if status == 204 else "why: line one\nline two\n")


@pytest.mark.parametrize("status", [400, 401, 404, 409, 410, 422, 499])
def test_4xx_is_a_reject_with_the_first_line_as_reason(address, status):
    done = run(f"{address}/{status}")
    assert done.returncode == NOT_OK
    kind, why = verdict(done)
    assert kind == "reject" and re.fullmatch(rf"HTTP/1.1 {status}.*: why: line one", why)


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 599])
def test_what_may_pass_is_a_retry(address, status):
    kind, why = verdict(run(f"{address}/{status}"))
    assert kind == "retry" and why.startswith(f"HTTP/1.1 {status}")


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(address, status):
    before = len(Answers.requests)
    kind, why = verdict(run(f"{address}/{status}"))
    assert kind == "retry" and "redirects are not followed" in why
    assert len(Answers.requests) == before + 1


def test_a_refused_connection_is_a_retry():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        kind, why = verdict(run(f"http://127.0.0.1:{unused.getsockname()[1]}/x"))
    assert kind == "retry" and re.fullmatch(r"POST http://127.0.0.1:\d+/x: .*Connection refused|POST .*connect to server", why)


def test_a_slow_endpoint_is_a_retry(address):
    kind, why = verdict(run(f"{address}/slow", config=["timeout=200ms"]))
    assert kind == "retry" and "timed out after" in why


def test_an_answer_that_is_cut_off_is_a_retry(address):
    assert verdict(run(f"{address}/cut"))[0] == "retry"


@pytest.mark.parametrize("path", ["huge", "endless"])
def test_a_huge_answer_is_not_kept(address, path):
    kind, why = verdict(run(f"{address}/{path}", config=["max_response=1000000"]))
    assert (kind, why) == ("reject", "the response is larger than max_response, 1000000 bytes")


def test_an_answer_of_nothing_but_headers_is_bounded(address):
    kind, why = verdict(run(f"{address}/headers?token=secret"))
    assert kind == "retry" and why == f"POST {address}/headers: the headers of the response are too large"


def test_a_target_cannot_climb(address):
    before = len(Answers.requests)
    for target in ("..", "."):
        kind, why = verdict(run(f"{address}/a/{{target}}", target=target))
        assert kind == "reject" and "cannot stand in a URL" in why
    assert len(Answers.requests) == before
    assert run(f"{address}/a/{{target}}", target="../b").returncode == OK
    assert Answers.requests[-1][1] == "/a/..%2Fb"


@pytest.mark.parametrize("url, config, words", [
    ("ftp://x/", [], "config.url: expected a URL such as"), ("nothing", [], "config.url: expected a URL such as"),
    ("http://{target}/x", [], "{target} may stand in the path"), ("http://x/{key}", [], "no place but {target}"),
    ("http://me:secret@x/", [], "stands under `headers`"), ("http://x", ["method=GET"], "POST, PUT, PATCH or DELETE"),
    ("http://x", ["connections=0"], "config.connections: expected at least 1"), ("http://x", ["timeout=soon"], "expected a duration"),
    ("http://x", ["headers.0=secret"], "config.headers.0: expected a header"), ("http://x", ["key=k.pem"], "go together"),
    ("http://x", ["ca=/none.pem"], "cannot read /none.pem")])
def test_a_configuration_is_refused_in_words(url, config, words):
    done = run(url, config=config)
    assert done.returncode == CONFIG and words in done.stderr
    assert "secret" not in done.stderr
