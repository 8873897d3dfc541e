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

LOG = "mombridge.log"

COMMON = """
handlers:
  greeter: {{plugin: {samples}/greeter.so, config: {{greeting: "Hi there too"}}}}
  enrich: {{plugin: {samples}/enrich.so}}
log: {{format: text}}
"""

# The mock cluster answers a fetch that found nothing when its time is over, where a real Kafka answers on the first record.
EMBEDDED = """
name: demo
brokers:
  lake: {{type: kafka, bootstrap_servers: "{kafka}", librdkafka: {{linger.ms: 1, fetch.wait.max.ms: 10}}}}
  local: {{type: memory}}
routes:
  - {{name: collect, from: {{broker: lake, topic: orders}}, to: {{broker: local, target: work}}}}
  - {{name: enrich, from: {{broker: local, target: work}}, to: {{handler: enrich, reply_to: {{broker: lake, target: orders.enriched}}}}}}
  - {{name: greet, from: {{broker: lake, topic: greetings}}, to: {{handler: greeter}}}}
""" + COMMON

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
failures: {{attempts: 2, dead_letter: {{broker: shop, target: demo.dead}}}}
""" + COMMON


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
    say(f"  {what:<51} {shown:<31} {1000 * (time.monotonic() - since):7.1f} ms")


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
        return f"{record.value().decode()!r}, key {record.key().decode()!r}"

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
        self.config, self.log = folder / "demo.yaml", folder / LOG
        self.config.write_text(config)
        self.binary = build / "daemon/mombridge"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", self.binary, "run", "-c", self.config],
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            start_new_session=True)  # Ctrl-C is for this script, which then drains it

    def __enter__(self):
        while "mombridge is running" not in self.log.read_text():
            if self.process.poll() is not None:
                raise Failed(f"mombridge did not start: exit code {self.process.returncode}")
            time.sleep(0.02)
        return self

    def __exit__(self, kind, *_):
        self.process.terminate()
        try:
            code = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        say(f"mombridge stopped ({'drained' if code == 0 else 'NOT drained'}, exit code {code}).")
        if code and kind is None:
            raise Failed("mombridge did not settle everything")


class MockKafka:
    """librdkafka's mock cluster as a process; it ends with this one, which holds its standard input."""

    def __init__(self, build, *topics):
        self.process = subprocess.Popen([build / "tests/brokers/mock-kafka", *topics], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, start_new_session=True)
        self.bootstrap = self.process.stdout.readline().strip().partition("=")[2]

    def __enter__(self):
        if not self.bootstrap:
            raise Failed(f"the embedded Kafka did not start: exit code {self.process.wait(10)}")
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(10)


def wait_until_interrupted(daemon, hints):
    say(f"""
All of it stays up until Ctrl-C. To look at:
  configuration  {daemon.config}
  log            {daemon.log}
To try, in another terminal:""")
    for what, command in hints:
        say(f"  # {what}\n  {command}")
    say()
    try:
        signal.pause()
    except KeyboardInterrupt:
        say()


def embedded(build, folder, once):
    say("Starting an embedded Kafka (librdkafka's mock cluster) and mombridge ...")
    with MockKafka(build, "orders", "orders.enriched", "greetings", "replies") as mock:
        kafka = mock.bootstrap
        with Daemon(build, folder, EMBEDDED.format(kafka=kafka, samples=build / "lib/sdk/samples")) as daemon:
            say(f"Kafka: {kafka}\n\nWhat was sent, what came out, how long it took:")
            show_embedded(kafka)
            if not once:
                wait_until_interrupted(daemon, [
                    ("see what the handler makes of orders", f"kcat -b {kafka} -C -t orders.enriched -o end"),
                    ("send an order", f"echo a pound of sugar | kcat -b {kafka} -P -t orders"),
                    ("ask which way a message would go", f"{daemon.binary} explain -c {daemon.config} --broker lake --target orders")])


def real(build, folder, once):
    say("Starting a private RabbitMQ, a private Kafka and mombridge: about ten seconds ...")
    with brokers.Pair() as pair:
        kafka, amqp = pair.kafka.bootstrap, pair.rabbit.url
        client = harness.Amqp(amqp)
        for queue in ("orders", "shipments", "greetings"):
            client.queue(queue)
        topics = harness.KafkaClient(kafka)
        for topic in ("orders", "shipments"):
            topics.topic(topic)
        with Daemon(build, folder, REAL.format(amqp=amqp, kafka=kafka, samples=build / "lib/sdk/samples")) as daemon:
            say(f"RabbitMQ: {amqp}\nKafka: {kafka}\n\nWhat was sent, what came out, how long it took:")
            show_real(client, kafka)
            if not once:
                url = f"{amqp}%2f"  # to the tools of rabbitmq-c, a bare slash is a vhost without a name
                wait_until_interrupted(daemon, [
                    ("see what arrives in the topic orders", f"kcat -b {kafka} -C -t orders -o end -f '%k: %s\\n'"),
                    ("send an order to the queue orders", f"amqp-publish -u {url} -r orders -H 'customer: bob' -b 'a pound of sugar'"),
                    ("one without a customer, of which the record's key is made: it becomes a dead letter",
                     f"amqp-publish -u {url} -r orders -b 'nobody asked'; sleep 1; amqp-get -u {url} -q demo.dead"),
                    ("the other way", f"echo by rail | kcat -b {kafka} -P -t shipments; sleep 1; amqp-get -u {url} -q shipments"),
                    ("ask which way a message would go", f"{daemon.binary} explain -c {daemon.config} --broker shop --target orders")])


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
        except (Failed, brokers.NodeError, OSError) as error:
            say(f"\nFAILED: {error}")
            log = pathlib.Path(folder, LOG)
            if log.exists():
                say(f"The end of mombridge's log:\n{log.read_text()[-3000:]}")
            return 1
        except KeyboardInterrupt:
            return 130
    say("Everything arrived.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
