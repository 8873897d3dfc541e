"""What Kafka's administrators and certificates do to the bridge: logins, permissions, files that are replaced, handshakes cut short."""
import shutil
import time

import certificates
import yaml
from registry import fault

KAFKA = ("ak", "ka", "kk", "kh")
USER = "guest"  # may do what permissions allow, and nothing more
LIFE = 25       # seconds that the first certificate is valid


def start_by(run, way, keys):
    """The bridge reaches Kafka through `way` of run.bed.secured, with these keys in its sections."""
    config = yaml.safe_load(run.bridge.file.read_text())
    for name in ("kin", "kout"):
        config["brokers"][name] |= {"bootstrap_servers": f"127.0.0.1:{run.bed.ports[way]}", **keys}
    run.bridge.configure(config)
    run.bridge.start()
    run.start_senders()
    run.wait_warm()


def attempts(run, way, seconds):
    """Connections a second that were tried that way."""
    proxy = run.bed.secured[way]
    before = proxy.accepted
    time.sleep(seconds)
    return (proxy.accepted - before) / seconds


# reconnect_delay_max is 2 s here, with jitter down to half of it; each of the two sections has a client that produces and
# one that consumes, and a client tries each broker that it knows: the one of its configuration and the one of the cluster.
MOST_ATTEMPTS = 4.0


@fault("D42k", "Kafka: password changed, then the permission to read taken away, then mended", start=False, directions=KAFKA,
       interruptions=6)
def credentials(run):
    kafka, proxy, logins = run.bed.kafka, run.bed.secured["kscram"], run.bed.kafka.logins
    kafka.allow(USER, "group", "*", "All")
    kafka.allow(USER, "topic", "*", "All")
    run.callback(kafka.forbid, USER)
    run.callback(kafka.set_password, USER, logins.password)
    start_by(run, "kscram", {"tls": {"ca": str(logins.ca.certificate)},
                             "sasl": {"mechanism": "SCRAM-SHA-512", "username": USER, "password": logins.password}})
    run.faulted()
    kafka.set_password(USER, "another")
    proxy.reset()
    run.log_has(f"refuses the login of '{USER}'", timeout=20)
    rate = attempts(run, "kscram", 8)
    run.expect(rate <= MOST_ATTEMPTS, f"{rate:.1f} logins a second: hammering")
    kafka.set_password(USER, logins.password)
    run.flows_on()
    # What may not be written is refused, and ends in the dead letter; what may not be read only waits.
    kafka.allow(USER, "topic", "*", "Describe", "Write")
    kafka.forbid(USER, "topic", "*", "All")
    run.log_has("TOPIC_AUTHORIZATION_FAILED.*allow the operation", timeout=30)
    run.sleep(4)
    kafka.allow(USER, "topic", "*", "All")
    run.healed()
    run.sleep(5)


class Files:
    """The bridge's certificate, its key and the CA, as files that are replaced by others of the same name."""

    def __init__(self, folder):
        self.ca, self.cert, self.key = (folder / name for name in ("kafka-ca.pem", "kafka-client.pem", "kafka-client.key"))

    def put(self, ca, identity):
        for file, source in ((self.ca, ca.certificate), (self.cert, identity.certificate), (self.key, identity.key)):
            partial = file.with_suffix(".new")
            shutil.copy(source, partial)
            partial.replace(file)


@fault("D56k", "Kafka: client certificate ends, is replaced; a wrong one; slow, cut and stalled handshakes", start=False,
       directions=KAFKA, interruptions=14)
def certificate_rotated(run):
    logins, proxy, files = run.bed.kafka.logins, run.bed.secured["kmtls"], Files(run.folder)
    files.put(logins.ca, logins.ca.short_lived_client("bridge", LIFE))
    ends = time.monotonic() + LIFE
    start_by(run, "kmtls", {"tls": {"ca": str(files.ca), "cert": str(files.cert), "key": str(files.key)}})
    time.sleep(max(0.0, ends + 1 - time.monotonic()))
    run.faulted()
    run.flows_on()  # what is connected stays so
    proxy.reset()
    run.log_has("does not accept .*kafka-client.pem .*which ended on", timeout=20)
    rate = attempts(run, "kmtls", 8)
    run.expect(rate <= MOST_ATTEMPTS, f"{rate:.1f} handshakes a second: hammering")
    files.put(logins.ca, logins.ca.client("bridge"))
    run.flows_on()
    # One of another CA, which counts from the next client on; and back.
    files.put(logins.ca, certificates.Authority(run.folder, "other CA").client("bridge"))
    run.flows_on()
    files.put(logins.ca, logins.ca.client("bridge"))
    # Handshakes that come byte by byte, that are cut, and that stall.
    proxy.set(slice=1)
    proxy.reset()
    run.flows_on()
    proxy.heal()
    for side, size in (("down", 1), ("down", 700), ("up", 300), ("up", 900)):
        proxy.limit(side, size)
        proxy.reset()
        run.sleep(2)
    proxy.heal()
    run.flows_on()
    proxy.set(hole=True)
    proxy.reset()
    run.sleep(5)
    proxy.heal()
    proxy.reset()
    run.healed()
    run.sleep(5)
