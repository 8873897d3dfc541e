"""What tests of Kafka behind TLS and logins share: sections, a route there and back, records that go through it."""
import time

import brokers
import pytest
from configs import configuration, kafka as section, lake, local, route
from conftest import private
from harness import KafkaClient, eventually

LONGEST = 3  # reconnect_delay_max, in seconds


@pytest.fixture(scope="module")
def node():
    """A Kafka of the file's own, because permissions are given and taken away, and it is started anew."""
    with private(lambda: brokers.Kafka(secure=True)) as kafka:
        yield kafka


@pytest.fixture(scope="module")
def client(node):
    plain = KafkaClient(node.bootstrap)
    yield plain
    plain.close()


def tls(node, identity=None, **more):
    own = {"cert": str(identity.certificate), "key": str(identity.key)} if identity else {}
    return {"ca": str(node.logins.ca.certificate), **own, **more}


def sasl(node, mechanism="SCRAM-SHA-512", user="bridge", password=None):
    return {"mechanism": mechanism, "username": user, "password": password or node.logins.password}


def carrying(servers, topic, name=None, **keys):
    """Takes records from the topic through the bridge and back to TOPIC.out."""
    lake_section = section(servers, reconnect_delay="100ms", reconnect_delay_max=f"{LONGEST}s", **keys)
    lake_section["librdkafka"]["topic.metadata.refresh.interval.ms"] = 1000
    return configuration(route(lake(topic=topic), local(target="middle")),
                         route(local(target="middle"), lake(target=f"{topic}.out")), name=name, lake=lake_section)


def topics(client):
    topic = client.topic()
    client.topic(f"{topic}.out")
    return topic


class Crossing:
    """Records that go through the bridge; each call sends one more and waits until all have come through."""

    def __init__(self, client, topic):
        self._client, self._topic, self._sent = client, topic, set()

    def send(self):
        value = b"%d" % len(self._sent)
        self._client.produce(self._topic, value)
        self._sent.add(value)

    def arrived(self):
        """What has come through, duplicates left out: a broker that was started anew may make them."""
        out = f"{self._topic}.out"
        return {r.value() for r in self._client.consume(out, sum(self._client.end_offsets(out).values()), timeout=60)}

    def __call__(self):
        self.send()
        eventually(lambda: self.arrived() == self._sent, 60, f"all of {sorted(self._sent)}")


def no_secret(life, *secrets):
    log = life.read_log()
    for secret in secrets:
        assert secret not in log


def says(life, words):
    """Both clients say it as the reason why they cannot connect."""
    for link in ("publisher", "consumer"):
        life.wait_log(f'"msg":"cannot connect".*"link":"{link}","reason":"[^"]*{words}', timeout=60)


def waits(life):
    """What was refused is tried again after the longest wait only."""
    life.wait_log(r'"msg":"cannot connect".*"link":"publisher"')
    before = life.read_log().count('"msg":"cannot connect"')
    time.sleep(LONGEST + 1)
    more = life.read_log().count('"msg":"cannot connect"') - before
    assert more <= 4, f"{more} attempts of two clients in {LONGEST + 1} s"
