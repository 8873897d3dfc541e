"""Requesters and responders as plain clients write them: they know their own broker and nothing of the bridge."""
import struct
import threading

import confluent_kafka
import pika

from configs import lake, shop
from harness import Amqp, unique


def answer(body):
    return b"re: " + body


class Responder:
    """Answers what comes, on a thread of its own, as `with responder:` or between start() and close().

    While `holding` is set it takes requests without answering; what it took is answered when it is cleared.
    """

    def __init__(self):
        self.seen = []  # bodies, as they came
        self.replies = []  # (reply address, correlation id), as they were answered
        self.holding = threading.Event()
        self._waiting = []
        self._stop = threading.Event()
        self._ready = threading.Event()
        self._failure = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self._thread.start()
        assert self._ready.wait(60), "the responder did not start"
        return self

    def close(self):
        self._stop.set()
        self._thread.join(60)
        if self._failure:
            raise self._failure

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    def _run(self):
        try:
            self._serve()
        except Exception as failure:  # shown by close(), on the test's thread
            self._failure = failure
            self._ready.set()

    def _take(self, body, *request):
        self.seen.append(body)
        self._waiting.append((body, *request))

    def _answer_waiting(self):
        while self._waiting and not self.holding.is_set():
            self._answer(*self._waiting.pop(0))


class AmqpResponder(Responder):
    """Publishes to reply_to with the same correlation_id and headers, then acknowledges: as @RabbitListener does."""

    def __init__(self, url, queue):
        super().__init__()
        self._url, self._queue = url, queue

    def _serve(self):
        client = Amqp(self._url)
        # Without confirms: pika waits for each by itself, and a connection that stays loses nothing.
        self._channel = client.connection.channel()
        self._channel.basic_consume(self._queue, lambda _, method, properties, body: self._take(body, method, properties))
        self._ready.set()
        while not self._stop.is_set():
            client.connection.process_data_events(0.05)
            self._answer_waiting()
        client.connection.close()

    def _answer(self, body, method, properties):
        if properties.reply_to:
            self.replies.append((properties.reply_to, properties.correlation_id))
            self._channel.basic_publish("", properties.reply_to, answer(body), pika.BasicProperties(
                correlation_id=properties.correlation_id, headers=properties.headers, delivery_mode=2))
        self._channel.basic_ack(method.delivery_tag)


class KafkaResponder(Responder):
    """Produces to kafka_replyTopic with all headers and the key of the request: as Spring's @SendTo does."""

    def __init__(self, bootstrap, topic):
        super().__init__()
        self._bootstrap, self._topic = bootstrap, topic

    def _serve(self):
        consumer = confluent_kafka.Consumer({"bootstrap.servers": self._bootstrap, "group.id": unique("responder"),
                                             "auto.offset.reset": "earliest", "log_level": 0})
        self._producer = confluent_kafka.Producer({"bootstrap.servers": self._bootstrap, "linger.ms": 1, "acks": "all"})
        # Its partitions directly: joining a group takes seconds.
        partitions = consumer.list_topics(self._topic, timeout=10).topics[self._topic].partitions
        consumer.assign([confluent_kafka.TopicPartition(self._topic, p, confluent_kafka.OFFSET_BEGINNING) for p in partitions])
        self._ready.set()
        while not self._stop.is_set():
            for record in consumer.consume(500, 0.05):
                if record.error() is None:
                    self._take(record.value(), record)
            self._answer_waiting()
            self._producer.poll(0)
        self._producer.flush(30)
        consumer.close()

    def _answer(self, body, record):
        headers = dict(record.headers() or [])
        topic = headers.pop("kafka_replyTopic", None)
        if topic is None:
            return
        self.replies.append((topic.decode(), headers["kafka_correlationId"].decode()))
        while True:
            try:
                return self._producer.produce(topic.decode(), answer(body), record.key(), headers=list(headers.items()))
            except BufferError:
                self._producer.poll(0.1)


class AmqpSide:
    """A queue of requests and a private queue of replies on the shared RabbitMQ."""
    kind = "amqp"

    def __init__(self, client, url):
        self.client, self.url = client, url
        self.requests = client.queue()
        self.mailbox = client.queue()
        self.source, self.target = shop(queue=self.requests), shop(target=self.requests)

    def request(self, ids, **properties):
        """One request each, the id as its body and correlation id."""
        channel = self.client.connection.channel()
        channel.tx_select()  # pika waits for each confirm by itself
        for i in ids:
            channel.basic_publish("", self.requests, b"%d" % i, pika.BasicProperties(
                reply_to=self.mailbox, correlation_id=f"id {i}", delivery_mode=2, **properties))
        channel.tx_commit()
        channel.close()

    def replies(self, count, timeout=120, settle=0.0):
        """[(correlation id as bytes, body)]"""
        messages = self.client.consume(self.mailbox, count, timeout=timeout, settle=settle)
        return [(message.properties.correlation_id.encode(), message.body) for message in messages]

    def responder(self):
        return AmqpResponder(self.url, self.requests)


class KafkaSide:
    """A topic of requests and a topic of replies on the shared Kafka."""
    kind = "kafka"

    def __init__(self, client, bootstrap):
        self.client, self.bootstrap = client, bootstrap
        self.requests = client.topic(partitions=2)
        self.mailbox = client.topic(partitions=3)
        self.source, self.target = lake(topic=self.requests), lake(target=self.requests)

    def request(self, ids, partition=None, **headers):
        extra = list(headers.items()) + ([("kafka_replyPartition", struct.pack(">i", partition))] if partition is not None else [])
        self.client.produce_all(self.requests, [
            {"value": b"%d" % i, "key": b"key %d" % i,
             "headers": [("kafka_replyTopic", self.mailbox.encode()), ("kafka_correlationId", b"id %d" % i), *extra]} for i in ids])

    def records(self, count, timeout=120, settle=0.0):
        return self.client.consume(self.mailbox, count, timeout=timeout, settle=settle)

    def replies(self, count, timeout=120, settle=0.0):
        return [(dict(record.headers())["kafka_correlationId"], record.value())
                for record in self.records(count, timeout, settle)]

    def responder(self):
        return KafkaResponder(self.bootstrap, self.requests)


def expected(ids):
    return sorted((b"id %d" % i, answer(b"%d" % i)) for i in ids)
