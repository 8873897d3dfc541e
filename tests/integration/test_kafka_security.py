"""Kafka behind TLS and logins: what works, and what is said where it does not."""
import contextlib
import socket
import ssl
import threading

import certificates
import pytest
from kafka_security import Crossing, carrying, client, no_secret, node, says, sasl, tls, topics, waits  # noqa: F401

# What works.

def logins(node):
    encrypted = certificates.Identity(node.logins.client.certificate, certificates.encrypted_key(node.logins.client.key, "pw-of-key"))
    return {
        "tls": ("TLS", {"tls": tls(node)}),
        "tls 1.3 alone": ("TLS", {"tls": tls(node, min_version="1.3")}),
        "client certificate": ("MTLS", {"tls": tls(node, encrypted, key_password="pw-of-key")}),
        "scram 256 over tls": ("SCRAM", {"tls": tls(node), "sasl": sasl(node, "SCRAM-SHA-256")}),
        "scram 512 over tls": ("SCRAM", {"tls": tls(node), "sasl": sasl(node, "SCRAM-SHA-512")}),
        "plain": ("PLAIN", {"sasl": sasl(node, "PLAIN")}),
        "librdkafka's own keys": ("SCRAM", {"librdkafka": {
            "security.protocol": "SASL_SSL", "sasl.mechanism": "SCRAM-SHA-512", "sasl.username": "bridge",
            "sasl.password": node.logins.password, "ssl.ca.location": str(node.logins.ca.certificate)}}),
    }


@pytest.mark.parametrize("login", ["tls", "tls 1.3 alone", "client certificate", "scram 256 over tls", "scram 512 over tls", "plain",
                                   "librdkafka's own keys"])
def test_records_cross(node, client, bridge, login):
    listener, keys = logins(node)[login]
    topic = topics(client)
    life = bridge(carrying(node.secure[listener], topic, **keys))
    Crossing(client, topic)()
    no_secret(life, node.logins.password, "pw-of-key")


# What is said where it does not.

@contextlib.contextmanager
def peer(identity, **versions):
    """A port that speaks TLS with this certificate, and no Kafka."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity.certificate, identity.key)
    for name, value in versions.items():
        setattr(context, name, value)
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as secured:
                secured.recv(1)

    threading.Thread(target=serve, daemon=True).start()
    with listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


SERVERS = {
    "expired": ("expired_server", r"its certificate \(CN=mombridge test server\) ended on 20\S+ \S+ UTC"),
    "not yet valid": ("not_yet_valid_server", r"its certificate \(CN=mombridge test server\) is not valid before 20"),
    "another name": ("server_of_another_name",
                     r"its certificate is for DNS:elsewhere\.example, DNS:\*\.other\.example and not for 127\.0\.0\.1"),
}


@pytest.mark.parametrize("kind", SERVERS)
def test_a_broker_whose_certificate_is_not_good(bridge, tmp_path, kind):
    make, words = SERVERS[kind]
    ca = certificates.Authority(tmp_path)
    with peer(getattr(ca, make)()) as server:
        life = bridge(carrying(server, "t", tls={"ca": str(ca.certificate)}))
        says(life, words)
        waits(life)


def test_a_broker_of_another_ca(bridge, tmp_path):
    own, other = certificates.Authority(tmp_path, "own CA"), certificates.Authority(tmp_path, "other CA")
    with peer(other.server()) as server:
        life = bridge(carrying(server, "t", tls={"ca": str(own.certificate)}))
        says(life, rf"was issued by CN=other CA, which is not in {own.certificate}: put its CA there")
        system = bridge(carrying(server, "t", tls={}))
        says(system, r"was issued by CN=other CA, which is not among the CAs of this system: name its CA with tls: \{ca: ca\.pem\}")


def test_a_broker_without_tls_1_3(bridge, tmp_path):
    ca = certificates.Authority(tmp_path)
    with peer(ca.server(), maximum_version=ssl.TLSVersion.TLSv1_2) as server:
        says(bridge(carrying(server, "t", tls={"ca": str(ca.certificate), "min_version": "1.3"})), "min_version asks for TLS 1.3")


def faults(node, folder):
    other = certificates.Authority(folder, "other CA").client("bridge")
    expired = node.logins.ca.expired_client("bridge")
    return {
        "no client certificate": ("MTLS", {"tls": tls(node)}, "it wants a client certificate: tls: {cert"),
        "client certificate of another CA": (
            "MTLS", {"tls": tls(node, other)},
            rf"does not accept {other.certificate} \(CN=bridge, issued by CN=other CA\): the CA that issued it must be in"),
        "expired client certificate": ("MTLS", {"tls": tls(node, expired)}, rf"does not accept {expired.certificate} .*which ended on 20"),
        "wrong password": ("SCRAM", {"tls": tls(node), "sasl": sasl(node, password="not-the-password")},
                           "refuses the login of 'bridge' by SCRAM-SHA-512 .*is the password right"),
        "wrong password, plain": ("PLAIN", {"sasl": sasl(node, "PLAIN", password="not-the-password")},
                                  r"refuses the login of 'bridge' by PLAIN \(Authentication failed: Invalid username or password\)"),
        "no such user": ("SCRAM", {"tls": tls(node), "sasl": sasl(node, user="nobody")}, "the login of 'nobody'.*does the user exist"),
        "mechanism not offered": ("SCRAM", {"tls": tls(node), "sasl": sasl(node, "PLAIN")},
                                  r"does not offer PLAIN, only SCRAM-SHA-\d+,SCRAM-SHA-\d+: sasl: {mechanism: SCRAM-SHA-\d+}"),
        "no login where there is none": ("PLAINTEXT", {"sasl": sasl(node, "PLAIN")}, "has no login at all: leave sasl: out"),
    }


@pytest.mark.parametrize("fault", ["no client certificate", "client certificate of another CA", "expired client certificate", "wrong password",
                                   "wrong password, plain", "no such user", "mechanism not offered", "no login where there is none"])
def test_a_broker_that_does_not_let_the_bridge_in(node, bridge, tmp_path, fault):
    listener, keys, words = faults(node, tmp_path)[fault]
    life = bridge(carrying(node.secure.get(listener, node.bootstrap), "t", **keys))
    says(life, words)
    if fault in ("no client certificate", "wrong password"):
        waits(life)
    no_secret(life, node.logins.password, "not-the-password")


WRONG_PORTS = {
    "tls to a plain port": ("PLAINTEXT", True, "a listener without TLS. Then leave tls: out"),
    "plain to a tls port": ("TLS", False, "tls: {}"),
    "no login where one is wanted": ("PLAIN", False, "wants a login. Then sasl: {"),
}


@pytest.mark.parametrize("wrong", WRONG_PORTS)
def test_a_port_that_speaks_otherwise(node, bridge, wrong):
    listener, with_tls, words = WRONG_PORTS[wrong]
    keys = {"tls": tls(node)} if with_tls else {}
    says(bridge(carrying(node.secure.get(listener, node.bootstrap), "t", **keys)), words)
