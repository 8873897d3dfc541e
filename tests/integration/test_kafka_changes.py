"""Kafka behind TLS and logins: what is given, taken away and replaced while the bridge runs is picked up without a restart."""
import shutil
import time

import certificates
import kafka_admin
import pytest
from harness import unique
from kafka_security import Crossing, carrying, client, no_secret, node, says, sasl, tls, topics  # noqa: F401


# Permissions.

@pytest.fixture
def guest(node):
    """A user who in the beginning may do nothing, and in the end again."""
    yield "guest"
    node.forbid("guest")


def test_permissions_that_are_given_and_taken_away(node, client, bridge, guest):
    topic, name = topics(client), unique("bridge")
    node.allow(guest, "topic", f"{topic}.out", "Describe", "Write")
    life = bridge(carrying(node.secure["SCRAM"], topic, name, tls=tls(node), sasl=sasl(node, user=guest)))
    life.wait_log(rf'"topic":"{topic}","reason":".*TOPIC_AUTHORIZATION_FAILED.*allow the operations Describe and Read on topic {topic} '
                  rf"\(kafka-acls.sh --add --allow-principal User:guest --operation Describe --operation Read --topic {topic}\)", timeout=60)
    node.allow(guest, "topic", topic, "Describe", "Read")
    life.wait_log(rf'"msg":"the group fails".*"group":"{name}".*allow the operation Read on group {name} '
                  rf"\(kafka-acls.sh --add --allow-principal User:guest --operation Read --group {name}\)", timeout=60)
    node.allow(guest, "group", name, "Read")
    cross = Crossing(client, topic)
    cross()
    # Taken away while records flow, and given back.
    node.forbid(guest, "topic", topic, "Read")
    life.wait_log(rf'"msg":"partition fails".*"topic":"{topic}".*allow the operation Read on topic {topic}', timeout=60)
    node.allow(guest, "topic", topic, "Read")
    cross()
    life.wait_log('"msg":"partition works again"')


def test_a_topic_that_may_not_be_written(node, client, bridge, guest):
    topic, name = topics(client), unique("bridge")
    node.allow(guest, "topic", topic, "Describe", "Read")
    node.allow(guest, "group", name, "Read")
    life = bridge(carrying(node.secure["SCRAM"], topic, name, tls=tls(node), sasl=sasl(node, user=guest)))
    cross = Crossing(client, topic)
    cross.send()
    # As long as nothing at all may be written, Kafka does not let a client produce that wants its records once.
    life.wait_log('"msg":"connection lost".*"link":"publisher".*CLUSTER_AUTHORIZATION_FAILED.*allow the operation IdempotentWrite on the '
                  r"cluster \(kafka-acls.sh --add --allow-principal User:guest --operation IdempotentWrite --cluster\)", timeout=60)
    node.allow(guest, "cluster", kafka_admin.CLUSTER, "IdempotentWrite")
    life.wait_log(rf'"msg":"message failed.*"to":"lake/{topic}.out".*--operation Describe --operation Write --topic {topic}.out', timeout=60)
    node.allow(guest, "topic", f"{topic}.out", "Describe", "Write")
    cross()


# What changes while the bridge runs.

def test_certificates_that_are_replaced(node, client, bridge, tmp_path):
    files = {name: tmp_path / name for name in ("ca.pem", "client.pem", "client.key")}

    def put(ca, identity):
        for file, source in zip(files.values(), (ca.certificate, identity.certificate, identity.key)):
            shutil.copy(source, file.with_suffix(".new"))
            file.with_suffix(".new").replace(file)

    topic = topics(client)
    put(node.logins.ca, node.logins.ca.short_lived_client("bridge", 20))
    ended = time.monotonic() + 20
    life = bridge(carrying(node.secure["MTLS"], topic, tls={"ca": str(files["ca.pem"]), "cert": str(files["client.pem"]),
                                                            "key": str(files["client.key"])}))
    cross = Crossing(client, topic)
    cross()
    time.sleep(max(0.0, ended + 1 - time.monotonic()))
    cross()  # a connection outlives the certificate that it was made with
    lines = life.read_log().count("\n")
    put(node.logins.ca, node.logins.ca.client("bridge"))
    cross()
    assert life.read_log().count("\n") == lines, "a file that changes interrupts nothing"
    node.restart()
    cross()  # with the new certificate
    # Another CA on both sides.
    node.logins.replace_authority()
    put(node.logins.ca, node.logins.client)
    node.restart()
    cross()


def test_a_certificate_that_is_mended_late(node, client, bridge, tmp_path):
    own = tmp_path / "client.pem"
    expired = node.logins.ca.expired_client("bridge")
    certificates.joined(own, expired.certificate, expired.key)
    topic = topics(client)
    life = bridge(carrying(node.secure["MTLS"], topic, tls={"ca": str(node.logins.ca.certificate), "cert": str(own), "key": str(own)}))
    says(life, rf"does not accept {own} .*which ended on 20")
    certificates.joined(own, node.logins.client.certificate, node.logins.client.key)
    Crossing(client, topic)()


def test_a_password_that_is_replaced(node, client, bridge, tmp_path):
    file = tmp_path / "password"
    file.write_text(node.logins.password)
    file.chmod(0o600)
    topic, name = topics(client), unique("bridge")
    life = bridge(carrying(node.secure["SCRAM"], topic, name, tls=tls(node), sasl=sasl(node, password=f"${{file:{file}}}")))
    cross = Crossing(client, topic)
    cross()
    node.set_password("bridge", "the-second-password")
    cross()  # an open connection stays
    file.write_text("the-second-password\n")
    node.restart()
    cross()
    assert "refuses the login" not in life.read_log(), "the file was right when the connections were made anew"
    # The other way round: the broker first, the file when the login has been refused.
    node.set_password("bridge", node.logins.password)
    node.restart()
    life.wait_log("refuses the login of 'bridge'", timeout=60)
    file.write_text(node.logins.password)
    cross()
    no_secret(life, node.logins.password, "the-second-password")
