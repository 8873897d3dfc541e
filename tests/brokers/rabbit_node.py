"""A private RabbitMQ, from Debian's rabbitmq-server."""
import os
import pathlib
import socket
import time

import certificates
import guard
from node import Node, NodeError, free_ports, run_tool

# The wrappers in /usr/sbin change to the package's user; these do not.
TOOLS = pathlib.Path("/usr/lib/rabbitmq/bin")


def ctl(state, *arguments):
    """rabbitmqctl -q ARGUMENTS… for the node whose state() this is, from whatever process; NodeError when it fails."""
    return run_tool([TOOLS / "rabbitmqctl", "-q", "-n", state["node"], *arguments], {**os.environ, **state["environment"]})


def evaluate(state, expression, inside=lambda *argv: argv):
    """What the broker whose state() this is makes of an Erlang expression, as text. Much quicker than ctl(), which starts a
    machine."""
    cookie = (pathlib.Path(state["folder"]) / ".erlang.cookie").read_text().strip()
    call = inside("erl_call", "-sname", state["node"], "-c", cookie, "-e")
    answer = _erl_call(call, {**os.environ, **state["environment"]}, f"{expression}.\n").strip()
    if not answer.startswith("{ok, "):
        raise NodeError(f"{expression}: {answer}")
    return answer.removeprefix("{ok, ").removesuffix("}")


def _erl_call(call, environment, text):
    for again in (True, True, False):
        try:
            return run_tool(call, environment, text=text)
        except NodeError as error:
            # A node that is busy does not take every connection; nothing has been evaluated then.
            if not again or "failed to connect" not in str(error):
                raise
            time.sleep(0.3)


SECURE_PLUGINS = ("rabbitmq_auth_mechanism_ssl", "rabbitmq_auth_backend_oauth2")

SECURE = """
listeners.ssl.1 = 127.0.0.1:{port}
ssl_options.cacertfile = {clients}
ssl_options.certfile = {certificate}
ssl_options.keyfile = {key}
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = false
ssl_cert_login_from = common_name
auth_mechanisms.1 = PLAIN
auth_mechanisms.2 = AMQPLAIN
auth_mechanisms.3 = EXTERNAL
"""


class TlsListener:
    """A port with TLS, and the files behind it. Clients may show a certificate, and then log in with EXTERNAL by its CN."""

    USER = "bridge"  # exists, and may do everything; its password is its name

    def __init__(self, folder):
        self.authority = certificates.Authority(folder / "tls")
        (self.port,) = free_ports(1)
        self.url = f"amqps://guest:guest@localhost:{self.port}/"
        self.external_url = f"amqps://{self.USER}@localhost:{self.port}/"
        self.client = self.authority.client(self.USER)
        # Copies, which a test may replace; the broker looks at them again after forget().
        self.certificate, self.key, self.clients = (folder / "tls" / name for name in ("server.pem", "server.key", "clients.pem"))
        self.trust(self.authority)
        self.show(self.authority.server())

    def show(self, identity):
        """The broker's own certificate from now on."""
        self.certificate.write_text(identity.certificate.read_text())
        self.key.write_text(identity.key.read_text())

    def trust(self, *authorities):
        """Whose certificates of clients are taken from now on."""
        certificates.joined(self.clients, *(authority.certificate for authority in authorities))

    def conf(self):
        return SECURE.format(port=self.port, certificate=self.certificate, key=self.key, clients=self.clients)

    def state(self):
        return {"url": self.url, "external_url": self.external_url, "ca": str(self.authority.certificate),
                "certificate": str(self.client.certificate), "key": str(self.client.key)}


class Rabbit(Node):
    """conf: further lines of rabbitmq.conf; plugins: names to enable; secure: has a TlsListener, `tls`, as well; advanced: the
    content of advanced.config."""

    kind = "rabbit"

    def __init__(self, conf="", plugins=(), secure=False, advanced="[]."):
        super().__init__()
        self.port, self._dist_port, self._epmd_port = free_ports(3)
        self.tls = TlsListener(self.folder) if secure else None
        self._has_user = False
        if secure:
            conf, plugins = self.tls.conf() + conf, (*plugins, *SECURE_PLUGINS)
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}/"
        self.node = f"mombridge{self.port}@localhost"
        (self.folder / "rabbitmq.conf").write_text(
            f"listeners.tcp.1 = 127.0.0.1:{self.port}\ndisk_free_limit.absolute = 50MB\n"
            f"log.console = true\nlog.console.level = warning\n{conf}\n")
        (self.folder / "plugins").write_text(f"[{','.join(dict.fromkeys(plugins))}].\n")
        (self.folder / "advanced.config").write_text(advanced)

    def configure(self, lines):
        """Further lines of rabbitmq.conf; for the next launch."""
        with (self.folder / "rabbitmq.conf").open("a") as conf:
            conf.write(lines)

    def command(self):
        return [TOOLS / "rabbitmq-server"]

    def environment(self):
        loopback = "-kernel inet_dist_use_interface {127,0,0,1}"
        return {
            "HOME": str(self.folder),  # holds the Erlang cookie
            "LC_ALL": "C.UTF-8",
            "RABBITMQ_NODENAME": self.node,
            "RABBITMQ_DIST_PORT": str(self._dist_port),
            "RABBITMQ_BASE": str(self.folder),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self.folder / "advanced.config"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            # Its own epmd, which no other node uses, ends with the node's folder; the default one would linger.
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": loopback,
            "RABBITMQ_CTL_ERL_ARGS": loopback,
            # The start script becomes the Erlang machine instead of watching it, so our child is the broker itself.
            "RUNNING_UNDER_SYSTEMD": "true",
        }

    def wait_ready(self):
        super().wait_ready()
        if self.tls and not self._has_user:
            user = f'<<"{self.tls.USER}">>'
            self.eval(f'rabbit_auth_backend_internal:add_user({user}, {user}, <<"test">>), '
                      f'rabbit_auth_backend_internal:set_permissions({user}, <<"/">>, <<".*">>, <<".*">>, <<".*">>, <<"test">>)')
            self._has_user = True
        return self

    def forget_certificates(self):
        """The broker reads its own certificate, key and CAs again for the next connection."""
        self.eval("ssl:clear_pem_cache()")

    def answers(self):
        with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
            connection.settimeout(2)
            connection.sendall(b"AMQP\x00\x00\x09\x01")
            return connection.recv(1) == b"\x01"  # a method frame: connection.start

    def eval(self, expression):
        """As evaluate()."""
        return evaluate(self.state(), expression, self.inside)

    def inside(self, *argv):
        """How a program is started where the broker's own tools are."""
        return argv

    def version(self):
        return self.eval("rabbit_misc:version()").strip('"')

    def ctl(self, *arguments):
        return ctl(self.state(), *arguments)

    def state(self):
        environment = {**self.environment(), guard.MARK: str(self.folder)}
        return {**super().state(), "url": self.url, "port": self.port, "node": self.node, "environment": environment,
                **({"tls": self.tls.state()} if self.tls else {})}
