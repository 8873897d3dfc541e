"""The list of faults, and what each asks of its run."""
import dataclasses
import typing

from directions import PREFETCH_AMQP, PREFETCH_KAFKA

ALL = ("aa", "ak", "ka", "kk", "ah", "kh", "ra", "rk")
FAULTS = {}


@dataclasses.dataclass
class Fault:
    id: str
    title: str
    body: typing.Callable
    directions: tuple = ALL
    interruptions: int = 0       # how often it may make what is in flight come again; body may add some with faulted()
    sink_interruptions: int = 0  # the same of the harness's own AMQP sink
    dead: bool = False           # dead letters are part of it
    recovers: bool = True        # everything must flow again within 30 s of the heal
    settles: bool = True         # nothing is left at the sources in the end
    ordered: bool = False        # nothing fails in it, so order is promised throughout
    start: bool = True           # the bridge and the load run before the body does
    short: bool = False          # part of the short version
    load: dict = dataclasses.field(default_factory=dict)         # {direction: options of its flow}
    queues: dict = dataclasses.field(default_factory=dict)       # {"aa.in": arguments}
    topics: dict = dataclasses.field(default_factory=dict)       # of all topics: {property: value}
    environment: dict = dataclasses.field(default_factory=dict)  # of the bridge
    configure: typing.Callable = lambda config, plan: None       # changes the bridge's configuration
    windows: tuple = (PREFETCH_AMQP, PREFETCH_KAFKA)  # prefetch_count of both kinds, where configure() changes it
    mock: bool = False           # Kafka is the mock cluster, run.mock
    cluster: bool = False        # run.bed has clusters: ClusterBed
    failpoints: bool = False     # needs the build that makes mistakes on purpose
    hidden: bool = False         # not of the matrix


def fault(id, title, **options):
    """Registers body(run)."""
    def register(body):
        assert id not in FAULTS, id
        FAULTS[id] = Fault(id, title, body, **options)
        return body
    return register
