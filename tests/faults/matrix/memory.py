"""What a small machine can bear: all that comes in at once, and nowhere to go with it."""
import contextlib
import os

import confluent_kafka
import harness
from container import Container
from registry import fault

LIMIT = 128 << 20  # bytes; the budget is half of it, by default
QUEUES, MESSAGES, PARTITIONS, RECORDS = 50, 4, 500, 250
BODY = 1_000_000  # Kafka's message.max.bytes is 1 MiB with the record's frame
STOPPED = 20       # seconds of each destination
PATIENCE = 180


def sources(run):
    return [f"{run.plan.prefix}.large.{i}" for i in range(QUEUES)], f"{run.plan.prefix}.large"


def sinks(run):
    return f"{run.plan.prefix}.large.out", f"{run.plan.prefix}.large.out"  # a queue and a topic


def fill(run):
    """Each source has much more than the limit before the bridge begins."""
    queues, topic = sources(run)
    out_queue, out_topic = sinks(run)
    body = os.urandom(BODY)
    with contextlib.closing(run.bed.amqp()) as amqp:
        for queue in (*queues, out_queue):
            amqp.channel.queue_declare(queue, durable=True, arguments={"x-queue-mode": "lazy"})
        for queue in queues:
            amqp.publish_all(queue, [body] * MESSAGES)
    kafka = run.bed.kafka_client()
    kafka.topic(topic, PARTITIONS)
    kafka.topic(out_topic, 1)
    producer = confluent_kafka.Producer({"bootstrap.servers": run.bed.kafka.bootstrap, "message.max.bytes": 2_000_000})
    for i in range(RECORDS):
        producer.produce(topic, body, partition=i * PARTITIONS // RECORDS)
        producer.poll(0)
    if producer.flush(PATIENCE):
        raise RuntimeError("the topic could not be filled")


def add_routes(config, plan):
    """The queues go to Kafka, the topic to RabbitMQ. `memory` is the default: half of what the container has."""
    prefix = plan.prefix
    for i in range(QUEUES):
        config["routes"].append({"name": f"large {i}", "from": {"broker": "ain", "queue": f"{prefix}.large.{i}"},
                                 "to": {"broker": "kout", "target": f"{prefix}.large.out"}})
    config["routes"].append({"name": "large", "from": {"broker": "kin", "topic": f"{prefix}.large"},
                             "to": {"broker": "aout", "target": f"{prefix}.large.out"}})
    for name in ("ain", "kin"):
        del config["brokers"][name]["prefetch_count"]
    config.pop("memory", None)


@fault("D11c", "container of 128 MiB, 500 partitions, 50 queues, 1 MB bodies, both destinations stopped in turn", start=False,
       directions=("aa", "kk"), interruptions=4, configure=add_routes, windows=(500, 10_000))
def small_container(run):
    fill(run)
    container = Container(run.folder, LIMIT)
    run.callback(container.close)
    os.environ["MOMBRIDGE"] = str(container.program)
    run.bed.proxies["aout"].set(hole=True)
    run.bed.proxies["kout"].set(hole=True)
    run.faulted()
    run.bridge.start()
    run.start_senders()
    run.sleep(STOPPED)
    run.bed.proxies["aout"].heal()
    run.sleep(STOPPED)
    run.bed.proxies["aout"].set(hole=True)
    run.bed.proxies["kout"].heal()
    run.sleep(STOPPED)
    run.expect(run.bridge.running, "the bridge ended")
    run.bed.heal()
    run.healed()
    out_queue, out_topic = sinks(run)
    with contextlib.closing(run.bed.amqp()) as amqp:
        kafka = run.bed.kafka_client()
        harness.eventually(lambda: amqp.depth(out_queue) >= RECORDS, PATIENCE, f"{RECORDS} large messages in RabbitMQ")
        harness.eventually(lambda: sum(kafka.end_offsets(out_topic).values()) >= QUEUES * MESSAGES, PATIENCE,
                           f"{QUEUES * MESSAGES} large messages in Kafka")
        amqp.delete(out_queue)
    run.watch.look()
    if not container.limited:
        run.expect(run.watch.peak_rss <= LIMIT, f"peak memory {run.watch.peak_rss >> 20} MiB")
    run.expect(container.kills() == 0, f"killed {container.kills()} times for its memory")
    where = f"a control group, {container.peak() >> 20} MiB of it" if container.limited else "no control group"
    run.note(f"{run.watch.peak_rss >> 20} MiB resident, in {where}")
