"""The show of scripts/demo: starts brokers and the bridge, sends messages as plain clients do, and says what came out."""
import argparse
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests/brokers"), str(ROOT / "tests/integration")]

import brokers  # noqa: E402
import confluent_kafka  # noqa: E402
import harness  # noqa: E402

HANDLERS = """
handlers:
  greeter: {{plugin: {samples}/greeter.so, config: {{greeting: "Hi there too"}}}}
  enrich: {{plugin: {samples}/enrich.so}}
log: {{level: info}}
"""

EMBEDDED = """
name: demo
brokers:
  lake: {{type: kafka, bootstrap_servers: "{kafka}", librdkafka: {{linger.ms: 1}}}}
  local: {{type: memory}}
routes:
  - {{name: collect, from: {{broker: lake, topic: orders}}, to: {{broker: local, target: work}}}}
  - {{name: enrich, from: {{broker: local, target: work}}, to: {{handler: enrich, reply_to: {{broker: lake, target: orders.enriched}}}}}}
  - {{name: greet, from: {{broker: lake, topic: greetings}}, to: {{handler: greeter}}}}
""" + HANDLERS

REAL = """
name: demo
brokers:
  shop: {{type: amqp, url: "{amqp}"}}
  lake: {{type: kafka, bootstrap_servers: "{kafka}", librdkafka: {{linger.ms: 1}}}}
routes:
  - name: orders
    from: {{broker: shop, queue: orders}}
    to: {{broker: lake, target: orders, key: "{{header.customer}}"}}
  - name: shipments
    from: {{broker: lake, topic: shipments}}
    to: {{broker: shop, target: shipments}}
  - name: greet
    from: {{broker: shop, queue: greetings}}
    to: {{handler: greeter}}
""" + HANDLERS


class Failed(Exception):
    """Something that was sent did not come out."""


class Tail:
    """Reads one topic from its end on, without a group: joining one takes seconds."""

    def __init__(self, bootstrap, topic):
        self.consumer = confluent_kafka.Consumer({"bootstrap.servers": bootstrap, "group.id": uuid.uuid4().hex,
                                                  "enable.auto.commit": False, "fetch.wait.max.ms": 10})
        end = self.consumer.get_watermark_offsets(confluent_kafka.TopicPartition(topic, 0), timeout=20)[1]
        self.consumer.assign([confluent_kafka.TopicPartition(topic, 0, end)])
        self.topic = topic

    def next(self, timeout=30):
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            record = self.consumer.poll(0.2)
            if record is not None and record.error() is None:
                return record
        raise Failed(f"nothing arrived in topic {self.topic} within {timeout} s")


def say(text=""):
    print(text, flush=True)


def step(what, send, receive):
    """Sends twice: the first message also pays for joining the consumer group and for first connections."""
    send()
    receive()
    since = time.monotonic()
    send()
    shown = receive()
    say(f"  {what:<58} {shown:<26} {1000 * (time.monotonic() - since):7.1f} ms")


def send_record(bootstrap, topic, value, headers=None):
    producer = confluent_kafka.Producer({"bootstrap.servers": bootstrap, "linger.ms": 0})

    def send():
        producer.produce(topic, value, headers=headers)
        if producer.flush(30):
            raise Failed(f"cannot produce to topic {topic}")

    return send


def show_embedded(kafka):
    enriched, replies = Tail(kafka, "orders.enriched"), Tail(kafka, "replies")
    step("Kafka orders -> memory -> handler enrich -> Kafka", send_record(kafka, "orders", b"two pounds of tea"),
         lambda: repr(enriched.next().value().decode()))
    correlation = uuid.uuid4().bytes

    def reply():
        record = replies.next()
        if dict(record.headers())["kafka_correlationId"] != correlation:
            raise Failed("the reply has another correlation id")
        return repr(record.value().decode())

    step("Kafka request -> handler greeter -> reply",
         send_record(kafka, "greetings", b"Hi there", {"kafka_replyTopic": b"replies", "kafka_correlationId": correlation}), reply)


def show_real(client, kafka):
    orders = Tail(kafka, "orders")

    def arrived():
        record = orders.next()
        return f"{record.value().decode()!r} key {record.key().decode()!r}"

    step("AMQP queue orders -> Kafka topic orders", lambda: client.publish("orders", b"two pounds of tea", headers={"customer": "ada"}),
         arrived)
    step("Kafka topic shipments -> AMQP queue shipments", send_record(kafka, "shipments", b"tea, by ship"),
         lambda: repr(next_message(client, "shipments").body.decode()))
    mailbox = client.channel.queue_declare("", exclusive=True).method.queue
    correlation = str(uuid.uuid4())

    def reply():
        message = next_message(client, mailbox)
        if message.properties.correlation_id != correlation:
            raise Failed("the reply has another correlation id")
        return repr(message.body.decode())

    step("AMQP request 'Hi there' -> handler greeter -> reply",
         lambda: client.publish("greetings", b"Hi there", reply_to=mailbox, correlation_id=correlation), reply)


def next_message(client, queue):
    try:
        return client.consume(queue, 1)[0]
    except AssertionError as error:
        raise Failed(str(error)) from None


class Daemon:
    """`mombridge run` on a configuration; its log goes to a file beside it."""

    def __init__(self, build, folder, config):
        self.config, self.log = folder / "demo.yaml", folder / "mombridge.log"
        self.config.write_text(config)
        self.binary = build / "daemon/mombridge"
        self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", self.binary, "run", "-c", self.config],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.log.open("wb"),
                                        start_new_session=True)  # Ctrl-C is for this script, which then drains it

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        code = self.process.wait(60)
        say(f"mombridge stopped ({'drained, exit code 0' if code == 0 else f'exit code {code}'})")
        if code:
            raise Failed(self.log.read_text()[-3000:])


class MockKafka:
    """librdkafka's mock cluster as a process."""

    def __init__(self, build, *topics):
        self.process = subprocess.Popen([build / "tests/brokers/mock-kafka", *topics], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True)
        self.bootstrap = self.process.stdout.readline().strip().partition("=")[2]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(10)


def wait_until_interrupted(daemon, hints):
    say(f"\nStays up until Ctrl-C. The configuration is {daemon.config}, the log {daemon.log}. Try:")
    for hint in hints:
        say("  " + hint)
    try:
        signal.pause()
    except KeyboardInterrupt:
        say()


def embedded(build, folder, once):
    say("Starting an embedded Kafka and mombridge ...")
    with MockKafka(build, "orders", "orders.enriched", "greetings", "replies") as mock:
        config = EMBEDDED.format(kafka=mock.bootstrap, samples=build / "lib/sdk/samples")
        with Daemon(build, folder, config) as daemon:
            say(f"Kafka (mock): {mock.bootstrap}\n")
            show_embedded(mock.bootstrap)
            if not once:
                wait_until_interrupted(daemon, [
                    f"kcat -b {mock.bootstrap} -C -t orders.enriched -o end &",
                    f"echo hello | kcat -b {mock.bootstrap} -P -t orders",
                    f"{daemon.binary} explain -c {daemon.config} --broker lake --target orders"])


def real(build, folder, once):
    say("Starting a private RabbitMQ and a private Kafka, which takes about ten seconds ...")
    with brokers.Pair() as pair:
        kafka, amqp = pair.kafka.bootstrap, pair.rabbit.url
        client = harness.Amqp(amqp)
        for queue in ("orders", "shipments", "greetings"):
            client.queue(queue)
        topics = harness.KafkaClient(kafka)
        for topic in ("orders", "shipments"):
            topics.topic(topic)
        with Daemon(build, folder, REAL.format(amqp=amqp, kafka=kafka, samples=build / "lib/sdk/samples")) as daemon:
            say(f"RabbitMQ: {amqp}   Kafka: {kafka}\n")
            show_real(client, kafka)
            if not once:
                wait_until_interrupted(daemon, [
                    f"kcat -b {kafka} -C -t orders -o end -f '%k: %s\\n' &",
                    f"echo hello | kcat -b {kafka} -P -t shipments      # then look into the queue 'shipments'",
                    f"{daemon.binary} explain -c {daemon.config} --broker shop --target orders"])


def main():
    parser = argparse.ArgumentParser(prog="scripts/demo", description="Shows what mombridge does.")
    parser.add_argument("--real", action="store_true", help="with a private RabbitMQ and a private Kafka")
    parser.add_argument("--once", action="store_true", help="end after the show: 0, or 1 if anything did not arrive")
    parser.add_argument("--build", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    # As Ctrl-C does, TERM unwinds the `with` blocks, so that everything is stopped in order.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory(prefix="mombridge-demo-") as folder:
        try:
            (real if arguments.real else embedded)(arguments.build.resolve(), pathlib.Path(folder), arguments.once)
        except Failed as error:
            say(f"FAILED: {error}")
            log = pathlib.Path(folder, "mombridge.log")
            say(log.read_text()[-3000:] if log.exists() else "")
            return 1
        except KeyboardInterrupt:
            return 130
    say("Everything arrived.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
