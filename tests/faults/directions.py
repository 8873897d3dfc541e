"""The directions a message can take through the bridge, and the bridge's configuration for them.

The bridge knows each broker twice, once as a source and once as a destination, through a proxy each: so the network to
the one can fail while the other works, also from a broker to itself.
"""
import dataclasses

PREFETCH_AMQP = 200
PREFETCH_KAFKA = 200   # per partition
PARTITIONS = 2
COMMIT_INTERVAL = 1.0  # seconds; librdkafka's auto.commit.interval.ms as the driver sets it
SINK_PREFETCH = 200    # of fault-load's AMQP sink


@dataclasses.dataclass(frozen=True)
class Direction:
    name: str
    source: str           # "amqp" or "kafka": where the sender puts it
    sink: str             # where it must arrive
    handler: bool = False
    request: bool = False  # the sender asks for a reply, the sink checks whose it is
    by_queue: bool = False  # order holds for the whole queue, not just per key


DIRECTIONS = {d.name: d for d in (
    Direction("aa", "amqp", "amqp", by_queue=True),
    Direction("ak", "amqp", "kafka"),
    Direction("ka", "kafka", "amqp"),
    Direction("kk", "kafka", "kafka"),
    Direction("ah", "amqp", "amqp", handler=True),
    Direction("kh", "kafka", "kafka", handler=True),
    Direction("ra", "amqp", "amqp", handler=True, request=True),
    Direction("rk", "kafka", "kafka", handler=True, request=True),
)}


def short_sessions(config, plan):
    """A Kafka group waits for the session of a killed member to end, 10 s by default, before another gets its partitions."""
    if "kin" in config["brokers"]:
        config["brokers"]["kin"]["librdkafka"] |= {"session.timeout.ms": 4000, "heartbeat.interval.ms": 1000}


class Plan:
    """Names of queues and topics of one run, and what the bridge is told about them."""

    def __init__(self, prefix, directions, partitions=PARTITIONS):
        self.prefix = prefix
        self.directions = [DIRECTIONS[name] for name in directions]
        self.partitions = partitions
        self.dead = f"{prefix}.dead"
        self.handlers = None  # folder of the good and the bad ones

    def source(self, direction):
        return f"{self.prefix}.{direction.name}.in"

    def sink(self, direction):
        return f"{self.prefix}.{direction.name}.out"

    def of(self, source=None, sink=None):
        return [d for d in self.directions if source in (None, d.source) and sink in (None, d.sink)]

    def queues(self):
        return ([self.source(d) for d in self.of(source="amqp")] + [self.sink(d) for d in self.of(sink="amqp")] + [self.dead])

    def topics(self):
        return [self.source(d) for d in self.of(source="kafka")] + [self.sink(d) for d in self.of(sink="kafka")]

    def route(self, config, name):
        return next(route for route in config["routes"] if route["name"] == name)

    def uses_kafka(self):
        return bool(self.topics())

    def config(self, ways, echo):
        """ways: {"ain": url or urls, "kin": bootstrap servers, …} for each of the bridge's broker sections; echo: path of the handler."""
        amqp = {"type": "amqp", "reconnect_delay": "100ms", "reconnect_delay_max": "2s", "heartbeat": "4s",
                "prefetch_count": PREFETCH_AMQP}
        kafka = {"type": "kafka", "group_id": f"{self.prefix}.group", "reconnect_delay": "100ms", "reconnect_delay_max": "2s",
                 "prefetch_count": PREFETCH_KAFKA,
                 "librdkafka": {"socket.timeout.ms": 10000, "reconnect.backoff.ms": 100, "reconnect.backoff.max.ms": 2000}}
        brokers = {name: {**amqp, "url": ways[name]} for name in ("ain", "aout")}
        if self.uses_kafka():
            brokers |= {name: {**kafka, "bootstrap_servers": ways[name]} for name in ("kin", "kout")}
        return {
            "version": 1, "name": self.prefix, "brokers": brokers,
            "handlers": {"echo": {"plugin": str(echo), "timeout": "10s"}},
            "routes": [self._route(d) for d in self.directions],
            "failures": {"attempts": 5, "backoff": "100ms..2s", "dead_letter": {"broker": "aout", "target": self.dead}},
            "shutdown_timeout": "20s", "log": {"format": "json", "level": "info"},
        }

    def _route(self, d):
        if d.source == "amqp":
            start = {"broker": "ain", "queue": self.source(d)}
        else:
            start = {"broker": "kin", "topic": self.source(d)}
        end = {"broker": "aout" if d.sink == "amqp" else "kout", "target": self.sink(d)}
        if d.source == "amqp" and d.sink == "kafka":
            end["key"] = "c.{header.customer}"
        if d.handler:
            end = {"handler": "echo"} | ({} if d.request else {"reply_to": end})
        return {"name": d.name, "from": start, "to": end}
