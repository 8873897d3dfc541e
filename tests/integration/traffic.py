"""Numbered messages through a bridge: what comes out is compared with what went in, id by id."""
from configs import configuration, lake, route, shop
from harness import eventually


class QueueEnd:
    """A durable queue as source or sink."""

    def __init__(self, client):
        self.client = client
        self.name = client.queue()
        self.source = shop(queue=self.name)
        self.target = shop(target=self.name)

    def fill(self, ids):
        self.client.publish_all(self.name, (b"%d" % i for i in ids))

    def count(self):
        return self.client.depth(self.name)

    def passed_on(self, group):
        """Whether nothing is left for the bridge to take; what it holds shows once it has stopped."""
        return self.count() == 0

    def ids(self):
        count = self.count()
        return [int(message.body) for message in self.client.consume(self.name, count, timeout=60)] if count else []


class TopicEnd:
    """A topic as source or sink; one partition for what has to be in order."""

    def __init__(self, client, partitions=2):
        self.client = client
        self.name = client.topic(partitions=partitions)
        self.source = lake(topic=self.name)
        self.target = lake(target=self.name)

    def fill(self, ids):
        self.client.produce_all(self.name, [{"value": b"%d" % i} for i in ids])

    def count(self):
        return sum(self.client.end_offsets(self.name).values())

    def passed_on(self, group):
        ends = {partition: end for partition, end in self.client.end_offsets(self.name).items() if end}
        return self.client.committed(group, self.name) == ends

    def ids(self):
        count = self.count()
        return [int(record.value()) for record in self.client.consume(self.name, count, timeout=60)] if count else []


class Crossing:
    """A route from one end to another, and the numbers that were sent through it."""

    def __init__(self, source, sink, **more):
        self.source, self.sink = source, sink
        self.route = route(source.source, sink.target)
        self.config = configuration(self.route, **more)
        self.sent = 0

    def send(self, count):
        self.source.fill(range(self.sent, self.sent + count))
        self.sent += count

    def wait_arrived(self, count, timeout=120):
        """The moment to disturb: at least `count` have arrived."""
        eventually(lambda: self.sink.count() >= count, timeout, f"{count} arrivals in {self.sink.name}")

    def passed_on(self):
        return self.source.passed_on(self.config["name"])

    def check(self, duplicates=True):
        """After finish(): everything that was sent has arrived, nothing else has."""
        arrived = self.sink.ids()
        assert set(arrived) == set(range(self.sent)), _difference(set(arrived), set(range(self.sent)))
        if not duplicates:
            assert len(arrived) == self.sent, f"{len(arrived) - self.sent} duplicates of {self.sent}"


def finish(life, *crossings, timeout=180):
    """Lets the bridge take all that is left, and stops it.

    What was on its way to it when it stopped has gone back: then it starts again, until nothing has.
    """
    for _ in range(10):
        for crossing in crossings:
            eventually(crossing.passed_on, timeout, f"the end of {crossing.source.name}")
        life.terminate(timeout=timeout)
        if all(crossing.passed_on() for crossing in crossings):
            return
        life.start()
    raise AssertionError("the bridge gave messages back ten times")


def _difference(arrived, sent):
    lost, strange = sent - arrived, arrived - sent
    return f"{len(lost)} lost {sorted(lost)[:5]}, {len(strange)} that nobody sent {sorted(strange)[:5]}"
