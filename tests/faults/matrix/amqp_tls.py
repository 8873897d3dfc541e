"""What becomes of certificates while AMQP is encrypted, and peers that end or alter the encryption."""
import shutil
import socket
import ssl
import threading
import time

import certificates
from registry import fault

LIFE = 25  # seconds that the first certificate is valid
BY_AMQP = ("aa", "ak", "ka", "ah", "ra")


def with_certificates(config, plan):
    """Both sections, with files beside the configuration, which is where relative paths begin."""
    for name in ("ain", "aout"):
        section = config["brokers"][name]
        section["url"] = section["url"].replace("amqp://guest:guest@", "amqps://bridge@")
        section |= {"tls": {"ca": "ca.pem", "cert": "client.pem", "key": "client.key"}, "sasl": {"mechanism": "EXTERNAL"},
                    "connect_timeout": "4s"}


class Peer:
    """RabbitMQ's listener for TLS behind the proxies, and the files on both sides."""

    def __init__(self, run):
        self._run, self._rabbit, self._tls = run, run.bed.rabbit, run.bed.rabbit.tls
        self._proxies = [run.bed.proxies[name] for name in ("ain", "aout")]
        run.callback(self.lead_to, self._rabbit.port)
        run.callback(self.restore)
        self.restore()
        self.lead_to(self._tls.port)

    def lead_to(self, port):
        for proxy in self._proxies:
            proxy.target = port

    def lead_back(self):
        self.lead_to(self._tls.port)

    def proxies(self):
        return self._proxies

    def restore(self):
        """What the broker shows and trusts, and what the bridge has, belongs together again."""
        self._tls.trust(self._tls.authority)
        self.show_server(self._tls.authority.server())
        self.trust(self._tls.authority)
        self.show_client(self._tls.client)

    def show_server(self, identity):
        self._tls.show(identity)
        self._rabbit.forget_certificates()

    def trust_clients_of(self, authority):
        self._tls.trust(authority)
        self._rabbit.forget_certificates()

    def trust(self, authority):
        shutil.copy(authority.certificate, self._run.folder / "ca.pem")

    def show_client(self, identity):
        shutil.copy(identity.certificate, self._run.folder / "client.pem")
        shutil.copy(identity.key, self._run.folder / "client.key")

    def cut(self):
        self._run.faulted(interruptions=2)
        for proxy in self._proxies:
            proxy.reset()


class OldServer:
    """Speaks TLS 1.0 and 1.1 alone."""

    def __init__(self, identity):
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.set_ciphers("DEFAULT:@SECLEVEL=0")
        self._context.minimum_version, self._context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        self._context.load_cert_chain(identity.certificate, identity.key)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        while True:
            try:
                connection = self._listener.accept()[0]
            except OSError:
                return
            try:
                self._context.wrap_socket(connection, server_side=True).close()
            except OSError:
                connection.close()

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@fault("D56", "AMQP over TLS: bytes one by one, resets and a stall inside the handshake, certificates that end, change and do not do",
       directions=BY_AMQP, start=False, configure=with_certificates)
def encrypted(run):
    peer, own = Peer(run), run.bed.rabbit.tls.authority
    others = certificates.Authority(run.folder, "another CA")
    peer.show_client(own.short_lived_client("bridge", LIFE))
    ends = time.monotonic() + LIFE + 1
    run.bridge.start()
    run.start_senders()
    run.wait_warm()

    run.sleep(max(0, ends - time.monotonic()))
    lost = run.bridge.read_log().count("connection lost")
    run.wait_flowing()
    run.expect(run.bridge.read_log().count("connection lost") == lost, "an open connection ended with its certificate")
    peer.cut()
    run.log_has("certificate expired.*ended on", timeout=20)
    peer.show_client(own.client("bridge"))
    run.wait_flowing()

    run.faulted(interruptions=2)
    for proxy in peer.proxies():
        proxy.set(slice=1)
    peer.cut()
    run.wait_flowing()
    run.bed.heal()

    for size in (1, 4, 6, 100, 517, 1000, 1500, 2500, run.random.randrange(3000, 60_000)):
        for proxy in peer.proxies():
            proxy.limit(run.random.choice(("up", "down")), size)
        peer.cut()
        run.sleep(0.7)
    run.bed.heal()
    peer.cut()
    run.wait_flowing()

    for proxy in peer.proxies():
        proxy.set(hole=True)
    peer.cut()
    run.log_has("connect_timeout", timeout=15)
    run.bed.heal()
    peer.cut()
    run.wait_flowing()

    for what, said in ((lambda: peer.show_server(own.expired_server()), r"its certificate \([^)]*\) ended on"),
                       (lambda: peer.show_server(own.server_of_another_name()), "is for DNS:elsewhere.example, .* and not for 127.0.0.1"),
                       (lambda: peer.show_server(others.server()), "was issued by CN=another CA, which is not in"),
                       (lambda: peer.trust_clients_of(others), "unknown ca.*the CA that issued it must be in the broker's cacertfile")):
        peer.restore()
        what()
        run.sleep(1)
        peer.cut()
        run.log_has(said, timeout=20)
    peer.restore()
    old = OldServer(own.server())
    run.callback(old.close)
    peer.lead_to(old.port)
    peer.cut()
    run.log_has("protocol version.*this bridge speaks TLS 1.2 and 1.3", timeout=20)
    peer.lead_back()
    peer.cut()
    run.wait_flowing()

    # Everything at once, on both sides: what is open goes on, and the next connection is made with what is there then.
    before = run.bridge.read_log().count("cannot connect")
    peer.show_server(others.server())
    peer.trust_clients_of(others)
    peer.trust(others)
    peer.show_client(others.client("bridge"))
    run.wait_flowing()
    peer.cut()
    run.wait_flowing()
    run.expect(run.bridge.read_log().count("cannot connect") == before, "a connection was tried with files from before")
    run.healed()
