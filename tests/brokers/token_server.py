"""A token endpoint of the tests' own (OAuth 2, client credentials), which behaves as well as it is told."""
import base64
import http.server
import json
import ssl
import threading
import time
import types
import urllib.parse

from node import free_ports


class TokenServer:
    """Issues what `issue(seconds)` returns, a token that ends so many seconds from now; `seconds` may be changed at any time.

    `answer` is what it does with a request: "token"; "refuse" (401), "repeat" (400, with what it was sent), "rubbish",
    "huge" (an answer that does not end), "silent" (none at all), "trickle" (a byte now and then), "redirect", or a dict that
    is merged into the JSON of a token's answer. `requests` has one entry for each, with .form, .authorization and .at;
    `issued` has what it gave out. down() is a port where nobody listens. certificate: PEM files (.certificate, .key) for
    https.
    """

    def __init__(self, issue, seconds=60, certificate=None, client=("bridge", "client-secret"), path="/oauth2/token"):
        self.issue, self.seconds, self.answer, self.client = issue, seconds, "token", client
        self.requests, self.issued = [], []
        self._certificate, self._path = certificate, path
        self.port, = free_ports(1)
        self.url = f"{'https' if certificate else 'http'}://127.0.0.1:{self.port}{path}"
        self._server = None
        self._ending = threading.Event()
        self.up()

    def section(self, **more):
        """A `token:` section for it."""
        return {"url": self.url, "client_id": self.client[0], "client_secret": self.client[1], **more}

    def up(self):
        if self._server:
            return
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                owner._serve(self)

            def log_message(self, *_):
                pass

        self._ending.clear()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        if self._certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self._certificate.certificate, self._certificate.key)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def down(self):
        if not self._server:
            return
        self._ending.set()
        self._server.shutdown()
        self._server.server_close()
        self._server = None

    close = down

    def _serve(self, handler):
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0))).decode()
        form = dict(urllib.parse.parse_qsl(body, keep_blank_values=True))
        self.requests.append(types.SimpleNamespace(form=form, authorization=handler.headers.get("Authorization"),
                                                   path=handler.path, at=time.monotonic()))
        try:
            self._respond(handler, form)
        except OSError:
            pass  # the client is gone
        handler.close_connection = True

    def _respond(self, handler, form):
        answer = self.answer
        if answer == "silent":
            self._ending.wait(60)
        elif answer == "rubbish":
            handler.wfile.write(b"\0\1\2 this is no HTTP\n")
        elif answer == "redirect":
            self._send(handler, 302, b"", Location=self.url)
        elif answer == "huge":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
            while not self._ending.is_set():
                handler.wfile.write(b"x" * 65536)
        elif answer == "trickle":
            handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
            while not self._ending.wait(0.1):
                handler.wfile.write(b" ")
        elif answer == "repeat":
            self._json(handler, 400, {"error": "invalid_request", "error_description": f"not understood: {form} {self.client}"})
        elif answer == "refuse" or not self._knows(handler, form):
            self._json(handler, 401, {"error": "invalid_client", "error_description": "no such client"})
        else:
            more = answer if isinstance(answer, dict) else {}
            self.issued.append(self.issue(self.seconds))
            self._json(handler, 200, {"access_token": self.issued[-1], "token_type": "Bearer",
                                      "expires_in": self.seconds, **more})

    def _knows(self, handler, form):
        given = handler.headers.get("Authorization", "")
        basic = base64.b64encode(":".join(map(urllib.parse.quote, self.client)).encode()).decode()
        posted = (form.get("client_id"), form.get("client_secret"))
        return form.get("grant_type") == "client_credentials" and (given == f"Basic {basic}" or posted == self.client)

    def _json(self, handler, status, value):
        self._send(handler, status, json.dumps(value).encode(), **{"Content-Type": "application/json"})

    @staticmethod
    def _send(handler, status, body, **headers):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
