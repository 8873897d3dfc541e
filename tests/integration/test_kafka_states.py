"""What is said of a Kafka that can be talked to but not worked with, and of where reading begins."""
import json
import re
import socket
import threading

import brokers
import pytest
import yaml
from configs import configuration, kafka as section, lake, local, route
from harness import eventually, unique

AUTHORIZER = ("authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer\n"
              "allow.everyone.if.no.acl.found=true\nsuper.users=User:nobody\n")


def reading(servers, topic, name=None, audit="audit", **more):
    """From a topic into the bridge itself, where nobody has to listen."""
    lake_section = section(servers, reconnect_delay="100ms", reconnect_delay_max="1s")
    lake_section["librdkafka"]["topic.metadata.refresh.interval.ms"] = 1000
    return configuration(route(lake(topic=topic, **more), local(target=audit)), route(local(target=audit), lake(target=f"{topic}.out")),
                         name=name, lake=lake_section)


def warnings(life, pattern):
    return [line for line in life.read_log().splitlines() if '"level":"warning"' in line and pattern in line]


def test_an_advertised_host_that_cannot_be_reached(bridge):
    with brokers.Kafka(conf="advertised.listeners=PLAINTEXT://kafka-internal.invalid:9092").start() as node:
        life = bridge(reading(node.bootstrap, "t"))
        for link in ("publisher", "consumer"):
            life.wait_log(f'"msg":"cannot connect".*"link":"{link}".*kafka-internal.invalid:9092.*advertised.listeners')
        assert not re.search('"msg":"connected( again)?","broker":"lake"', life.read_log())
        said_everywhere(life, "kafka-internal.invalid:9092, which cannot be resolved here")


def test_an_advertised_port_that_nobody_listens_on(bridge):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # nobody else gets it, and nobody listens
        address = f"127.0.0.1:{free.getsockname()[1]}"
        with brokers.Kafka(conf=f"advertised.listeners=PLAINTEXT://{address}").start() as node:
            life = bridge(reading(node.bootstrap, "t"))
            said_everywhere(life, f"{address}, which refuses connections")


def said_everywhere(life, words):
    """As the state of each link of the bridge that runs, and by the commands that would use that cluster."""
    def links():
        shown = life.command("status", "--json")
        if shown.returncode:
            return None
        of_lake = [link for link in json.loads(shown.stdout)["links"] if link["broker"] == "lake"]
        return of_lake if len(of_lake) > 1 and all(words in link["detail"] for link in of_lake) else None

    for link in eventually(links, timeout=60, what=lambda: f"{words} in {life.command('status').stdout}"):
        assert link["state"] == "failing"
    for arguments in (("check", "--connect"), ("publish", "--broker", "lake", "--target", "t", "--timeout", "10s", "body")):
        done = life.command(*arguments)
        assert done.returncode != 0 and words in done.stdout + done.stderr, done.stdout + done.stderr


def serve(banner):
    """A port that answers with these bytes whoever connects, and its number."""
    listener = socket.create_server(("127.0.0.1", 0))

    def answer():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(1024)
                connection.sendall(banner)

    threading.Thread(target=answer, daemon=True).start()
    return listener


@pytest.mark.parametrize("banner, name", [(b"AMQP\0\0\x09\1", "AMQP"), (b"HTTP/1.1 400 Bad Request\r\n\r\n", "HTTP")], ids=["amqp", "http"])
def test_a_port_that_does_not_speak_kafka(bridge, banner, name):
    with serve(banner) as listener:
        server = f"127.0.0.1:{listener.getsockname()[1]}"
        life = bridge(reading(server, "t"))
        life.wait_log(f"{server} does not speak Kafka: it answers {name}")


def test_a_group_that_may_not_be_joined(bridge):
    with brokers.Kafka(conf=AUTHORIZER).start() as node:
        name, topic = unique("bridge"), "t"

        def acl(*arguments):
            return node.tool("kafka.admin.AclCommand", "--bootstrap-server", node.bootstrap, "--force", *arguments)

        acl("--add", "--deny-principal", "User:ANONYMOUS", "--operation", "Read", "--group", name)
        node.tool("org.apache.kafka.tools.TopicCommand", "--bootstrap-server", node.bootstrap, "--create", "--topic", topic)
        life = bridge(reading(node.bootstrap, topic, name))
        life.wait_log(f'"msg":"the group fails".*"group":"{name}".*allow the operation Read on group {name}')
        acl("--remove", "--group", name)
        life.wait_log('"msg":"the group works again"', timeout=60)
        assert len(warnings(life, "the group fails")) == 1


def test_where_a_partition_begins_is_said(bridge, kafka, kafka_client):
    topic, name = kafka_client.topic(), unique("bridge")
    kafka_client.topic(f"{topic}.out")
    kafka_client.produce(topic, b"old")
    config = reading(kafka.bootstrap, topic, name, start="latest")
    life = bridge(config)
    life.wait_log(f'"level":"warning".*"partition begins without a committed offset".*"group":"{name}","topic":"{topic}","partition":0,'
                  '"begins":"end","offset":1.*"skipped":1.*expired')
    life.terminate()
    assert kafka_client.committed(name, topic) == {0: 1}
    kafka_client.produce(topic, b"while it was down")
    life.start()
    assert kafka_client.consume(f"{topic}.out", 1)[0].value() == b"while it was down"
    assert "begins without a committed offset" not in life.read_log()
