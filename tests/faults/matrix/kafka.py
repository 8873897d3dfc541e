"""What Kafka does to its clients: topics that vanish and grow, members that come and go, offsets that are lost."""
import confluent_kafka
import harness
import rules
from confluent_kafka.admin import NewPartitions
from registry import fault

from .rabbit import dead_of

KAFKA = ("ak", "ka", "kk", "kh", "rk")


@fault("D23", "destination's topic deleted, made again 8 s later", dead=True, interruptions=1)
def topic_deleted(run):
    """Unknown topics are refusals: what meets one is dead-lettered after its attempts."""
    kafka, topic = run.bed.kafka_client(), run.plan.sink(next(d for d in run.plan.directions if d.name == "ak"))
    run.quiesce()
    run.faulted()
    run.clients["kafka-sink"].stop()
    kafka.delete(topic)
    run.go_on()
    run.sleep(8)
    kafka.topic(topic, run.plan.partitions)
    run.clients["kafka-sink"].start()
    run.healed()
    run.sleep(5)
    dead = {n: c for n in run.journals.read().flows if (c := dead_of(run, n))}
    run.expect(set(dead) <= {"ak"}, f"dead-lettered: {dead}")
    run.note(f"dead-lettered: {dead}")


def from_earliest(config, plan):
    from_earliest_at_leisure(config, plan)
    quick_metadata(config, plan)


def from_earliest_at_leisure(config, plan):
    plan.route(config, "kk")["from"]["on_offset_lost"] = "earliest"


@fault("D23s", "source's topic deleted and made again, on_offset_lost: earliest", configure=lambda c, p: from_earliest(c, p),
       directions=("kk", "ak"), interruptions=1)
def source_made_again(run):
    """Its offsets begin again at 0, below those that were read already."""
    kafka, topic = run.bed.kafka_client(), run.plan.source(next(d for d in run.plan.directions if d.name == "kk"))
    run.sleep(5)
    run.quiesce()
    run.faulted()
    kafka.delete(topic)
    run.sleep(3)
    kafka.topic(topic, run.plan.partitions)
    run.go_on()
    run.healed()


@fault("D23q", "source's topic deleted and made again at once, with many records before and few after", directions=("kk", "ak"),
       configure=from_earliest_at_leisure, interruptions=1)
def source_replaced(run):
    """The group keeps its partitions, whose positions are far beyond the new ends: the offsets that were read already come again,
    on other records."""
    kafka, topic = run.bed.kafka_client(), run.plan.source(next(d for d in run.plan.directions if d.name == "kk"))
    run.sleep(8)
    run.quiesce()
    run.faulted()
    kafka.delete(topic)
    harness.eventually(lambda: made(run, topic), 20, "the topic to be made again")
    run.go_on()
    run.healed()
    run.sleep(3)


def made(run, topic):
    try:
        run.make_topic(topic)
    except confluent_kafka.KafkaException:  # not gone yet
        return False
    return True


@fault("D23o", "topics of a source and of a destination deleted and made again while the bridge is down", directions=("kk", "ka", "ak"),
       interruptions=1)
def topics_made_again(run):
    """Kafka forgets what was committed for a topic that it deletes: the new one begins at its beginning, and it has begun before
    the bridge is back."""
    kafka, kk = run.bed.kafka_client(), next(d for d in run.plan.directions if d.name == "kk")
    run.sleep(5)
    run.quiesce()
    run.faulted()
    run.bridge.terminate()
    run.clients["kafka-sink"].stop()
    for topic in (run.plan.source(kk), run.plan.sink(kk)):
        kafka.delete(topic)
    run.sleep(3)
    for topic in (run.plan.source(kk), run.plan.sink(kk)):
        run.make_topic(topic)
    run.clients["kafka-sink"].start()
    run.go_on()
    harness.eventually(lambda: sum(kafka.end_offsets(run.plan.source(kk)).values()) > 100, 30, "records in the new source")
    run.bridge.start()
    run.healed()


def quick_metadata(config, plan):
    for name in ("kin", "kout"):
        config["brokers"][name]["librdkafka"]["topic.metadata.refresh.interval.ms"] = 2000


@fault("D23p", "partitions added to sources and destinations", configure=quick_metadata, interruptions=1)
def partitions_added(run):
    admin = run.bed.kafka_client()._admin
    run.faulted()
    for topic, future in admin.create_partitions([NewPartitions(t, 5) for t in run.plan.topics()]).items():
        future.result(30)
    run.plan.partitions = 5
    run.healed()
    run.sleep(12)
    source = run.plan.source(next(d for d in run.plan.directions if d.name == "kk"))
    ends = run.bed.kafka_client().end_offsets(source)
    run.expect(sum(end > 0 for end in ends.values()) >= 3, f"nothing was sent to the new partitions: {ends}")


def from_latest(config, plan):
    for name in ("ka", "kk"):
        plan.route(config, name)["from"]["start"] = "latest"
    quick_metadata(config, plan)


def start_reading(run):
    """The load begins when the group stands at the ends: with start: latest, what came before is nobody's."""
    run.bridge.start()
    run.bridge.wait_log('"msg":"partitions assigned"', timeout=60)
    run.start_senders()
    run.wait_warm()


@fault("D23l", "partitions added to sources while the bridge is down, start: latest", configure=from_latest, start=False,
       directions=("ka", "kk"), interruptions=1)
def partitions_added_while_down(run):
    start_reading(run)
    run.faulted()
    run.bridge.terminate()
    sources = [run.plan.source(d) for d in run.plan.of(source="kafka")]
    admin = run.bed.kafka_client()._admin
    for topic, future in admin.create_partitions([NewPartitions(t, 5) for t in sources]).items():
        future.result(30)
    run.plan.partitions = 5
    run.sleep(8)  # the senders use them before the bridge knows of them
    ends = run.bed.kafka_client().end_offsets(sources[0])
    run.expect(sum(end > 0 for end in ends.values()) >= 3, f"nothing was sent to the new partitions: {ends}")
    run.bridge.start()
    run.healed()


def by_expression(config, plan):
    """One subscription for both sources; the routes tell their messages apart by the topic."""
    topics = "|".join(plan.source(d).replace(".", "\\.") for d in plan.of(source="kafka"))
    for d in plan.of(source="kafka"):
        plan.route(config, d.name)["from"] = {"broker": "kin", "target": plan.source(d)}
    config["brokers"]["kin"]["subscribe"] = [{"topic": f"^({topics})$", "start": "latest"}]
    quick_metadata(config, plan)


@fault("D23x", "a topic that an expression matches is made while the bridge is down, another while it runs, start: latest",
       configure=by_expression, start=False, directions=("ka", "kk"), interruptions=2)
def topic_appears(run):
    """Deleted first, and with it the group's offsets: to the group, it is a topic that it has never seen."""
    start_reading(run)
    run.faulted()
    kafka = run.bed.kafka_client()
    for down, name in ((True, "kk"), (False, "ka")):
        topic = run.plan.source(next(d for d in run.plan.directions if d.name == name))
        run.quiesce()
        if down:
            run.bridge.terminate()
        kafka.delete(topic)
        run.sleep(4)
        kafka.topic(topic, run.plan.partitions)
        run.go_on()
        run.sleep(4)
        if down:
            run.bridge.start()
        run.wait_flowing()
    run.healed()


@fault("D28e", "the group's offsets have expired while the bridge was down, start: earliest", directions=("kk", "ak"),
       interruptions=12)
def offsets_expired(run):
    """Deleted, which to the group is the same. All that Kafka still has comes again, so the budget is a large one."""
    run.faulted()
    run.bridge.terminate()
    group = f"{run.plan.prefix}.group"
    run.bed.kafka.tool("org.apache.kafka.tools.consumer.group.ConsumerGroupCommand", "--bootstrap-server",
                       run.bed.kafka.bootstrap, "--delete", "--group", group)
    run.bridge.start()
    run.log_has('"msg":"partition begins without a committed offset".*"begins":"beginning".*expired', timeout=40)
    run.least_duplicates = 1
    run.healed()


def second_bridge(run):
    """A replica with the same configuration."""
    folder = run.folder / "second"
    folder.mkdir()
    return harness.Bridge(folder, run.bridge.file.read_text(), environment={"MALLOC_ARENA_MAX": "2"})


def rebalances(run):
    """Much is in flight at every rebalance: destinations are slow."""
    second = second_bridge(run)
    try:
        run.slow_destinations(0.1)
        for round in range(6):
            run.faulted(interruptions=2)
            second.start()
            run.sleep(4, 6)
            if round % 2:
                second.kill()
            else:
                second.terminate()
            run.sleep(3, 5)
        run.slow_destinations(0)
        run.healed()
    finally:
        if second.running:
            second.kill()
        second._process = None
        second.stop()


@fault("D24", "a second member joins and leaves every 5 s, by TERM and by kill -9", directions=("ak", "ka", "kk", "kh"),
       load={n: {"rate": 400} for n in ("ka", "kk")})
def rebalance(run):
    rebalances(run)


def cooperative(config, plan):
    config["brokers"]["kin"]["librdkafka"]["partition.assignment.strategy"] = "cooperative-sticky"


@fault("D24c", "the same with cooperative rebalancing", directions=("ka", "kk", "kh"), configure=cooperative,
       load={n: {"rate": 400} for n in ("ka", "kk")})
def rebalance_cooperative(run):
    rebalances(run)


@fault("D27", "Produce responses dropped after the records were appended, 4 times", directions=("ak", "kk", "kh"), interruptions=0)
def response_dropped(run):
    """The idempotent producer sends again, and the broker recognises what it has."""
    run.faulted()
    for skip in [run.random.randrange(0, 30) for _ in range(4)]:
        rule = rules.DropProduceResponse(skip=skip)
        run.bed.proxies["kout"].arm(rule)
        run.sleep(5)
        run.expect(rule.hits == 1, "no response was dropped")
    run.bed.heal()
    run.healed()


def delete_records(run, topic):
    """Everything that is in the topic now goes, as retention would have it."""
    client = run.bed.kafka_client()
    offsets = client.end_offsets(topic)
    spec = run.folder / "offsets.json"
    parts = ",".join(f'{{"topic":"{topic}","partition":{p},"offset":{o}}}' for p, o in offsets.items())
    spec.write_text(f'{{"partitions":[{parts}],"version":1}}')
    run.bed.kafka.tool("org.apache.kafka.tools.DeleteRecordsCommand", "--bootstrap-server", run.bed.kafka.bootstrap,
                       "--offset-json-file", spec)


@fault("D28", "offsets lost to retention: the state says so; on_offset_lost: earliest goes on", directions=("kk", "ak"), interruptions=1)
def offsets_lost(run):
    d = next(x for x in run.plan.directions if x.name == "kk")
    run.faulted()
    run.bridge.terminate()
    run.sleep(4)
    run.hold()
    run.sleep(1)
    delete_records(run, run.plan.source(d))
    # What retention took is lost by whoever set it so short, not by the bridge.
    flow = run.journals.read().flow("kk")
    gone = flow.attempted.keys() - flow.arrivals.keys()
    flow.forgotten |= gone
    run.expect(gone, "nothing was deleted")
    run.bridge.start()
    run.go_on()
    before = run.arrived("kk")
    run.log_has("offset.*(lost|no longer|out of range|gone)|OFFSET_OUT_OF_RANGE", timeout=40)
    run.sleep(4)
    run.expect(run.arrived("kk") == before, "it jumped silently over what was lost")
    run.bridge.terminate()
    config = harness.yaml.safe_load(run.bridge.file.read_text())
    run.plan.route(config, "kk")["from"]["on_offset_lost"] = "earliest"
    run.bridge.configure(config)
    run.bridge.start()
    run.healed()
