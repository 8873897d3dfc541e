"""A private Kafka, one node in KRaft mode, from the jars on Maven Central, which are fetched once into the cache."""
import base64
import fcntl
import os
import pathlib
import shutil
import socket
import struct
import subprocess
import tempfile
import uuid

import kafka_admin
from kafka_logins import LISTENERS, Logins
from node import Node, NodeError, free_ports, run_tool

VERSION = os.environ.get("MOMBRIDGE_KAFKA_VERSION", "3.9.1")

POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>mombridge</groupId><artifactId>kafka-for-tests</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{version}</version></dependency>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>{version}</version></dependency>
  </dependencies>
</project>
"""

PROPERTIES = """process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}{listeners}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}{advertised}
inter.broker.listener.name=PLAINTEXT
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT{protocols}
log.dirs={folder}/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
# After a kill -9 the controller refuses the broker's new incarnation until the old one's session is over: 9 s by default.
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
{conf}
"""

LOG4J = """log4j.rootLogger=WARN, out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%d %p %m (%c)%n
"""


def cache_folder():
    """Where what was fetched is kept between runs."""
    return pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "mombridge"


def jars():
    """The folder of Kafka's jars. Whoever comes first fetches them; a half-fetched folder never has the final name."""
    cache = cache_folder()
    folder = cache / f"kafka-{VERSION}"
    if folder.is_dir():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"kafka-{VERSION}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            fetch(folder)
    return folder


def fetch(folder):
    partial = pathlib.Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    try:
        (partial / "pom.xml").write_text(POM.format(version=VERSION))
        done = subprocess.run(["mvn", "-q", "-B", "-f", partial / "pom.xml", "dependency:copy-dependencies",
                               f"-DoutputDirectory={partial}/jars"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode != 0:
            raise NodeError(f"fetching Kafka {VERSION} with Maven failed:\n{done.stdout}{done.stderr}")
        (partial / "jars").rename(folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


class Kafka(Node):
    """conf: further lines of server.properties, where the last line for a key counts; heap: of the JVM.

    proxied: further listeners, {NAME: port}, each advertised under that port, where a proxy listens; `proxied[NAME]` is
    then the port behind it. A client that comes through the proxy is sent back to it.

    secure: it also has LISTENERS, of which `secure[NAME]` is the bootstrap address, and an authorizer. Through the plain
    listener everything is allowed; who else may do what, `logins` says. `proxied` may name some of LISTENERS.
    """

    kind = "kafka"

    def __init__(self, conf="", heap="512m", proxied=None, secure=False):
        self._jars = jars()
        super().__init__()
        self.port, self.controller_port = free_ports(2)
        self.cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        self.bootstrap = f"127.0.0.1:{self.port}"
        self._heap = heap
        self._properties = self.folder / "server.properties"
        protocols = {**dict.fromkeys(proxied or {}, "PLAINTEXT"), **(LISTENERS if secure else {})}
        behind = dict(zip(protocols, free_ports(len(protocols))))
        advertised = {name: f"127.0.0.1:{port}" for name, port in {**behind, **(proxied or {})}.items()}
        self.proxied = {name: behind[name] for name in proxied or {}}
        self.secure = {name: advertised[name] for name in LISTENERS} if secure else {}
        self._plain_logins = [port for name, port in behind.items() if protocols[name] == "SASL_PLAINTEXT"]
        self.logins = Logins(self.folder) if secure else None
        self._properties.write_text(PROPERTIES.format(
            port=self.port, controller=self.controller_port, folder=self.folder,
            conf=(self.logins.properties() if secure else "") + conf,
            listeners="".join(f",{name}://127.0.0.1:{port}" for name, port in behind.items()),
            advertised="".join(f",{name}://{address}" for name, address in advertised.items()),
            protocols="".join(f",{name}:{protocol}" for name, protocol in protocols.items())))
        (self.folder / "log4j.properties").write_text(LOG4J)

    def configure(self, lines):
        """Further lines of server.properties, which win over those for the same keys before them; for the next launch."""
        with self._properties.open("a") as properties:
            properties.write(lines)

    def launch(self):
        if not (self.folder / "data").exists():
            self.tool("kafka.tools.StorageTool", "format", f"--cluster-id={self.cluster_id}", "-c", self._properties,
                      *(self.logins.users_to_add() if self.logins else ()))
        super().launch()

    def command(self):
        options = self.logins.java_options() if self.logins else ()
        return self._java(f"-Xmx{self._heap}", *options, "kafka.Kafka", self._properties)

    def answers(self):
        """Metadata version 1 names the broker once the controller has let it in; an open port alone is too early. Listeners
        for logins open each by itself: there, what comes before a login is asked, too."""
        metadata = struct.pack(">hhihi", 3, 1, 1, -1, 0)  # key, version, correlation id, no client id, no topics
        if struct.unpack(">iii", self._ask(self.port, metadata, 12))[2] <= 0:
            return False
        versions = struct.pack(">hhih", 18, 0, 1, -1)
        return all(struct.unpack(">iih", self._ask(port, versions, 10))[2] == 0 for port in self._plain_logins)

    @staticmethod
    def _ask(port, request, size):
        """The first `size` bytes of the answer; OSError where there are not so many."""
        with socket.create_connection(("127.0.0.1", port), 1) as connection:
            connection.settimeout(2)
            connection.sendall(struct.pack(">i", len(request)) + request)
            response = connection.recv(size, socket.MSG_WAITALL)
        if len(response) < size:
            raise ConnectionError(f"port {port} closed the connection before its answer was whole")
        return response

    def tool(self, main_class, *arguments):
        """Runs one of Kafka's own tools, as in tool("org.apache.kafka.tools.TopicCommand", "--bootstrap-server", …)."""
        return run_tool(self._java("-XX:TieredStopAtLevel=1", main_class, *arguments), self.full_environment())

    def set_password(self, user, password):
        kafka_admin.set_password(self.port, user, password)

    def allow(self, user, resource, name, *operations):
        """allow("guest", "topic", "orders", "Describe", "Read")"""
        kafka_admin.allow(self.port, user, resource, name, *operations)

    def forbid(self, user, *what):
        """forbid("guest", "topic", "orders", "Read") takes back what was allowed; what is left out means all of it."""
        kafka_admin.forbid(self.port, user, *what)

    def version(self):
        return VERSION

    def state(self):
        return {**super().state(), "bootstrap": self.bootstrap, "port": self.port, "secure": self.secure,
                **({"logins": self.logins.state()} if self.logins else {})}

    def _java(self, *arguments):
        return ["java", "-cp", f"{self._jars}/*", f"-Dlog4j.configuration=file:{self.folder}/log4j.properties",
                *map(str, arguments)]
