"""What integration tests are written with: the bridge as a process, and plain clients that know nothing of it."""
import os
import pathlib
import queue
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
import types
import uuid

import confluent_kafka
import confluent_kafka.admin
import pika
import yaml


UNDRAINED = 75  # the exit code (EX_TEMPFAIL) of a bridge that stopped with messages it had to give back


def unique(prefix):
    """A name that no other test uses, so that tests can share brokers."""
    return f"{prefix}.{uuid.uuid4().hex[:12]}"


def eventually(check, timeout=30, what=None):
    """Calls check() until it returns something true, and returns that; fails after `timeout` seconds."""
    end = time.monotonic() + timeout
    while True:
        result = check()
        if result:
            return result
        if time.monotonic() >= end:
            raise AssertionError(f"not within {timeout} s: {what or check}; last seen: {result!r}")
        time.sleep(0.05)


def in_time(ask, timeout):
    """What ask() returns; TimeoutError if it is not back in time. librdkafka's query for watermarks does not keep its own time-out
    when the broker that it asks is killed, and nothing but another thread can be left behind in it."""
    done = queue.Queue()

    def run():
        try:
            done.put((ask(), None))
        except BaseException as e:  # handed on
            done.put((None, e))

    threading.Thread(target=run, daemon=True).start()
    try:
        result, error = done.get(timeout=timeout)
    except queue.Empty:
        raise TimeoutError(f"no answer within {timeout} s") from None
    if error:
        raise error
    return result


class Amqp:
    """A plain AMQP client with publisher confirms. Queues it made are deleted on close().

    It sends no heartbeats: a test that waits elsewhere for a minute must not lose its connection.
    """

    def __init__(self, url):
        parameters = pika.URLParameters(url)
        parameters.heartbeat = 0
        parameters.blocked_connection_timeout = 60
        self._parameters = parameters
        self._queues = []
        self._connect()

    def _connect(self):
        self.connection = pika.BlockingConnection(self._parameters)
        self.channel = self.connection.channel()
        self.channel.confirm_delivery()

    def reconnect(self):
        """After the broker was killed or restarted."""
        try:
            self.connection.close()
        except pika.exceptions.AMQPError:
            pass
        self._connect()

    def queue(self, name=None, durable=True, arguments=None, **options):
        """Declares a queue, by default durable and with a name of its own, and returns the name."""
        name = name or unique("queue")
        self.channel.queue_declare(name, durable=durable, arguments=arguments, **options)
        self._queues.append(name)
        return name

    def bind(self, queue, exchange, routing_key):
        self.channel.queue_bind(queue, exchange, routing_key)

    def publish(self, target, body=b"", exchange="", mandatory=True, **properties):
        """Returns when the broker has confirmed; raises pika's UnroutableError or NackError when it has not.

        Persistent unless properties say otherwise; properties are those of pika.BasicProperties.
        """
        properties.setdefault("delivery_mode", 2)
        self.publish_as(pika.BasicProperties(**properties), target, body, exchange, mandatory)

    def publish_as(self, properties, target, body=b"", exchange="", mandatory=True):
        """As publish(), with properties that were made already: see wire.RawProperties."""
        self.channel.basic_publish(exchange, target, body, properties, mandatory=mandatory)

    def publish_all(self, queue, bodies):
        """Many at once: confirmed by the commits of a transaction, because pika waits for each confirm by itself."""
        channel = self.connection.channel()
        channel.tx_select()
        persistent = pika.BasicProperties(delivery_mode=2)
        for count, body in enumerate(bodies, 1):
            channel.basic_publish("", queue, body, persistent)
            if count % 1000 == 0:
                channel.tx_commit()
        channel.tx_commit()
        channel.close()

    def get(self, queue, timeout=15):
        """The next message of the queue, acknowledged: .body, .properties, .routing_key, .exchange, .redelivered, .headers."""
        message = eventually(lambda: self._get(queue), timeout, f"a message in {queue}")
        self.channel.basic_ack(message.delivery_tag)
        return message

    def _get(self, queue):
        method, properties, body = self.channel.basic_get(queue)
        return _received(method, properties, body) if method else None

    def empty(self, queue, quiet=1.0):
        """True when nothing arrives in the queue for `quiet` seconds."""
        end = time.monotonic() + quiet
        while time.monotonic() < end:
            if self.depth(queue):
                return False
            time.sleep(0.05)
        return True

    def consume(self, queue, count, timeout=30, settle=0.0):
        """Consumes and acknowledges until `count` messages came, and `settle` seconds longer to see what is too many."""
        messages = []
        end = time.monotonic() + timeout
        while len(messages) < count and time.monotonic() < end:
            messages += self._drain(queue, count - len(messages), end)
        if len(messages) < count:
            raise AssertionError(f"{len(messages)} of {count} messages in {queue} after {timeout} s")
        if settle:
            messages += self._drain(queue, None, time.monotonic() + settle)
        return messages

    def _drain(self, queue, limit, end):
        messages = []
        for method, properties, body in self.channel.consume(queue, inactivity_timeout=max(0.05, end - time.monotonic())):
            if method is None:
                break
            self.channel.basic_ack(method.delivery_tag)
            messages.append(_received(method, properties, body))
            if len(messages) == limit or time.monotonic() >= end:
                break
        self.channel.cancel()  # gives what was fetched beyond the limit back to the queue
        return messages

    def depth(self, queue):
        """Messages that are ready in the queue."""
        return self.channel.queue_declare(queue, passive=True).method.message_count

    def purge(self, queue):
        self.channel.queue_purge(queue)

    def delete(self, queue):
        self.channel.queue_delete(queue)

    def close(self):
        try:
            for queue in self._queues:
                self.channel.queue_delete(queue)
            self.connection.close()
        except pika.exceptions.AMQPError:
            pass  # the broker is down or has been replaced; its queues are nobody's any more


def _received(method, properties, body):
    return types.SimpleNamespace(body=body, properties=properties, headers=properties.headers or {},
                                 routing_key=method.routing_key, exchange=method.exchange,
                                 redelivered=method.redelivered, delivery_tag=method.delivery_tag)


class KafkaClient:
    """A plain Kafka client. Records it returns are confluent_kafka's: .value(), .key(), .headers(), .timestamp()."""

    def __init__(self, bootstrap):
        self.bootstrap = bootstrap
        self._admin = confluent_kafka.admin.AdminClient(self._config())
        self._producer = confluent_kafka.Producer(self._config(**{"linger.ms": 0, "acks": "all"}))

    def _config(self, **more):
        return {"bootstrap.servers": self.bootstrap, "reconnect.backoff.max.ms": 500, "log_level": 0, **more}

    def topic(self, name=None, partitions=1, config=None, replicas=1):
        """Creates a topic, by default with a name of its own, waits until it has leaders, and returns the name."""
        name = name or unique("topic")
        topic = confluent_kafka.admin.NewTopic(name, partitions, replicas, config=config or {})
        self._admin.create_topics([topic])[name].result(30)
        eventually(lambda: self._led(name) == partitions, what=f"{partitions} partitions of {name} with a leader")
        return name

    def _led(self, name):
        metadata = self._admin.list_topics(name, timeout=10).topics[name]
        return sum(partition.leader >= 0 for partition in metadata.partitions.values())

    def leaders(self, topic):
        """{partition: id of the broker that leads it}"""
        return {number: p.leader for number, p in self._admin.list_topics(topic, timeout=10).topics[topic].partitions.items()}

    def behind(self):
        """[(topic, partition)] whose replicas are not all in sync, over all topics, Kafka's own included."""
        return [(topic.topic, number) for topic in self._admin.list_topics(timeout=10).topics.values()
                for number, p in topic.partitions.items() if len(p.isrs) < len(p.replicas) or p.leader < 0]

    def set_config(self, topic, config):
        """Replaces the topic's own configuration."""
        resource = confluent_kafka.admin.ConfigResource("topic", topic, config)
        self._admin.alter_configs([resource])[resource].result(30)

    def delete(self, topic):
        self._admin.delete_topics([topic])[topic].result(30)

    def produce(self, topic, value, key=None, headers=None, timestamp=None, partition=None, timeout=30):
        """Returns when the broker has the record; (partition, offset). value None is a tombstone; timestamp in ms."""
        return self.produce_all(topic, [dict(value=value, key=key, headers=headers, timestamp=timestamp,
                                             partition=partition)], timeout)[0]

    def produce_all(self, topic, records, timeout=60):
        """As produce(), for many: each record is a dict of its arguments. Places come back in the records' order."""
        places = [None] * len(records)

        def delivered(index):
            def callback(error, record):
                places[index] = error or (record.partition(), record.offset())
            return callback

        for index, record in enumerate(records):
            options = {name: value for name, value in record.items() if value is not None}
            self._producer.produce(topic, on_delivery=delivered(index), **options)
            self._producer.poll(0)
        left = self._producer.flush(timeout)
        failed = [place for place in places if not isinstance(place, tuple)]
        if left or failed:
            raise AssertionError(f"{len(failed)} of {len(records)} records not delivered to {topic}: {failed[:3]}")
        return places

    def consume(self, topic, count, timeout=30, settle=0.0):
        """Reads from the beginning until `count` records came, and `settle` seconds longer to see what is too many.

        Reads the partitions directly, without a group: joining one takes seconds.
        """
        consumer = confluent_kafka.Consumer(self._config(**{"group.id": unique("reader"), "enable.auto.commit": False}))
        try:
            partitions = consumer.list_topics(topic, timeout=10).topics[topic].partitions
            consumer.assign([confluent_kafka.TopicPartition(topic, p, confluent_kafka.OFFSET_BEGINNING) for p in partitions])
            records = self._poll(consumer, count, timeout)
            if len(records) < count:
                raise AssertionError(f"{len(records)} of {count} records in {topic} after {timeout} s")
            if settle:
                records += self._poll(consumer, None, settle)
            return records
        finally:
            consumer.close()

    @staticmethod
    def _poll(consumer, limit, timeout):
        records = []
        end = time.monotonic() + timeout
        while (limit is None or len(records) < limit) and time.monotonic() < end:
            record = consumer.poll(0.1)
            if record is not None and record.error() is None:
                records.append(record)
        return records

    def end_offsets(self, topic):
        """{partition: offset that the next record will get}"""
        return self._with_consumer(unique("reader"), lambda consumer: {
            p: consumer.get_watermark_offsets(confluent_kafka.TopicPartition(topic, p), timeout=10)[1]
            for p in self._partitions(consumer, topic)})

    def committed(self, group, topic):
        """{partition: committed offset}, without the partitions for which the group has none."""
        def look(consumer):
            wanted = [confluent_kafka.TopicPartition(topic, p) for p in self._partitions(consumer, topic)]
            return {found.partition: found.offset for found in consumer.committed(wanted, timeout=10) if found.offset >= 0}
        return self._with_consumer(group, look)

    def _with_consumer(self, group, look):
        # Neither subscribed nor assigned, so the group does not notice it.
        end = time.monotonic() + 45
        while True:
            try:
                return in_time(lambda: self._look(group, look), 15)
            except TimeoutError:
                if time.monotonic() > end:
                    raise

    def _look(self, group, look):
        consumer = confluent_kafka.Consumer(self._config(**{"group.id": group, "enable.auto.commit": False}))
        end = time.monotonic() + 20
        try:
            while True:
                try:
                    return look(consumer)
                except confluent_kafka.KafkaException as e:
                    # A partition that has just been made has no leader yet.
                    young = (confluent_kafka.KafkaError.NOT_LEADER_FOR_PARTITION, confluent_kafka.KafkaError.LEADER_NOT_AVAILABLE)
                    if e.args[0].code() not in young or time.monotonic() > end:
                        raise
                    time.sleep(0.1)
        finally:
            consumer.close()

    @staticmethod
    def _partitions(consumer, topic):
        return sorted(consumer.list_topics(topic, timeout=10).topics[topic].partitions)

    def close(self):
        self._producer.flush(5)


class NotifySocket:
    """The daemon's side of sd_notify: a daemon that nobody listens to would block once the socket's queue is full."""

    def __init__(self, path):
        self.path = str(path)
        self.messages = []
        self._changed = threading.Condition()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while data := self._socket.recv(65536):
            with self._changed:
                self.messages += data.decode().splitlines()
                self._changed.notify_all()

    def wait(self, message, timeout, since=0):
        with self._changed:
            return self._changed.wait_for(lambda: message in self.messages[since:], timeout)

    def close(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"", self.path)  # an empty datagram ends the reader, which close() would leave in recv()
        self._socket.close()


class Bridge:
    """`mombridge run -c FILE` as a process.

    config is YAML text or what yaml.safe_dump takes. The log of all its lives is in `log`; wait_log() looks at the
    present life. Anything but exit code 0 at stop() is a failure, unless the test has killed it or called expect_exit().
    """

    def __init__(self, folder, config, arguments=(), environment=None):
        self.folder = pathlib.Path(folder)
        self.file = self.folder / "mombridge.yaml"
        self.log = self.folder / "mombridge.log"
        self.configure(config)
        self._arguments = [str(a) for a in arguments]
        # Unix socket paths are short; pytest's folders are not.
        self._notify_folder = pathlib.Path(f"/tmp/mombridge-notify-{uuid.uuid4().hex[:12]}")
        self._notify_folder.mkdir(mode=0o700)
        self._notify = NotifySocket(self._notify_folder / "socket")
        self._environment = {**os.environ, "NOTIFY_SOCKET": self._notify.path,
                             "RUNTIME_DIRECTORY": str(self._notify_folder), **(environment or {})}
        self._process = None
        self._log_start = 0
        self._notify_start = 0

    def configure(self, config):
        """Writes another configuration; the daemon sees it at its next start."""
        self.file.write_text(config if isinstance(config, str) else yaml.safe_dump(config, sort_keys=False))

    @property
    def pid(self):
        return self._process.pid

    @property
    def running(self):
        return self._process is not None and self._process.poll() is None

    def start(self, ready=True, timeout=30):
        """ready: waits for READY=1, which comes before any broker is connected."""
        self._log_start = self.log.stat().st_size if self.log.exists() else 0
        self._notify_start = len(self._notify.messages)
        with self.log.open("ab") as log:
            # setpriv becomes the daemon; the kernel ends it when the test run is killed.
            self._process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", os.environ["MOMBRIDGE"], "run", "-c", str(self.file), *self._arguments],
                env=self._environment, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        if ready:
            self.wait_ready(timeout)
        return self

    def wait_ready(self, timeout=30):
        self._wait(lambda: self._notify.wait("READY=1", 0.1, self._notify_start), timeout, "READY=1")

    def wait_log(self, pattern, timeout=30):
        """Waits until the present life's log matches the regular expression; returns the match."""
        return self._wait(lambda: re.search(pattern, self.read_log(), re.MULTILINE), timeout, f"log matching {pattern!r}")

    def wait_connected(self, link, timeout=60):
        """Waits until this link has been up in the present life: "publisher", "queue NAME", "exchange NAME", "topic NAME".

        "connected again" counts, because a broker that is still starting may refuse the first attempt.
        """
        return self.wait_log(f'"msg":"connected( again)?".*"link":"{re.escape(link)}"', timeout)

    def command(self, name, *arguments):
        """`mombridge NAME -c FILE`, as its operator would call it beside the bridge."""
        return subprocess.run([os.environ["MOMBRIDGE"], name, "-c", str(self.file), *arguments], env=self._environment,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60)

    def totals(self):
        """The counters at the end of a drained life: {"delivered": 3, "received{shop}": 3, …}"""
        text = re.search(r'"msg":"stopped[^"]*".*"totals":"([^"]*)"', self.read_log()).group(1)
        return {name: int(value) for name, value in re.findall(r"(\w+(?:{[^}]*})?)=(\d+)", text)}

    def _wait(self, check, timeout, what):
        end = time.monotonic() + timeout
        while True:
            alive = self.running  # asked first, so that a last line before the end is still found
            if result := check():
                return result
            if not alive:
                raise AssertionError(f"the bridge ended with {self._process.returncode} before {what}")
            if time.monotonic() >= end:
                raise AssertionError(f"no {what} within {timeout} s")
            time.sleep(0.05)

    def read_log(self):
        with self.log.open("rb") as log:
            log.seek(self._log_start)
            return log.read().decode(errors="replace")

    def notified(self, message):
        """Whether the present life has sent this line to sd_notify."""
        return message in self._notify.messages[self._notify_start:]

    def signal(self, number):
        self._process.send_signal(number)

    def pause(self):
        self.signal(signal.SIGSTOP)

    def resume(self):
        self.signal(signal.SIGCONT)

    def terminate(self, code=0, timeout=60):
        """TERM, which drains; returns the seconds that took."""
        since = time.monotonic()
        self.signal(signal.SIGTERM)
        self.expect_exit(code, timeout)
        return time.monotonic() - since

    def kill(self):
        self.signal(signal.SIGKILL)
        self.expect_exit(-signal.SIGKILL)

    def expect_exit(self, code, timeout=60):
        process, self._process = self._process, None
        try:
            found = process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise AssertionError(f"the bridge did not end within {timeout} s") from None
        assert found == code, f"the bridge ended with {found}, expected {code}"

    def restart(self, **options):
        self.terminate()
        return self.start(**options)

    def stop(self):
        """The end of the test: a bridge that is still there must drain and end with 0."""
        try:
            if self._process is not None:
                if self.running:
                    self.resume()
                    self.terminate()
                else:
                    self.expect_exit(0)
        finally:
            self._notify.close()
            shutil.rmtree(self._notify_folder)  # a bridge that was killed leaves its own socket

    def log_tail(self, size=6000):
        return self.log.read_text(errors="replace")[-size:] if self.log.exists() else ""
