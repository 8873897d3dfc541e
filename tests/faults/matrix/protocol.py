"""Errors of Kafka's protocol, ordered of the mock cluster."""
import mock
from registry import fault

KAFKA = ("ak", "ka", "kk", "kh")


@fault("D22", "leaders move every second", mock=True, directions=KAFKA, interruptions=4)
def leaders_move(run):
    run.faulted()
    for _ in range(15):
        topic = run.random.choice(run.plan.topics())
        run.mock.say("leader", topic, run.random.randrange(run.plan.partitions), run.random.choice((1, 2, 3)))
        run.sleep(1)
    for topic in run.plan.topics():
        run.mock.lead(topic, run.plan.partitions, mock.SINK if topic.endswith(".out") else mock.SOURCE)
    run.healed()


@fault("D22d", "one broker of three down at a time", mock=True, directions=KAFKA, interruptions=6)
def one_down(run):
    run.faulted()
    for broker in (mock.SOURCE, mock.SINK, mock.GROUPS):
        run.mock.say("down", broker)
        run.sleep(6)
        run.mock.say("up", broker)
        run.sleep(3)
    run.healed()


@fault("D25", "coordinator moves; commits and heartbeats are refused", mock=True, directions=("ka", "kk", "kh"), interruptions=12)
def commits_refused(run):
    run.faulted()
    group = f"{run.plan.prefix}.group"
    for broker in (2, 1, 3):
        run.mock.say("coordinator", group, broker)
        run.sleep(4)
    for code in (mock.REBALANCE_IN_PROGRESS, mock.ILLEGAL_GENERATION, mock.COORDINATOR_LOAD_IN_PROGRESS, mock.NOT_COORDINATOR):
        for broker in (1, 2, 3):
            run.mock.say("error", broker, mock.OFFSET_COMMIT, code, 2)
        run.sleep(3)
    for code in (mock.REBALANCE_IN_PROGRESS, mock.UNKNOWN_MEMBER):
        for broker in (1, 2, 3):
            run.mock.say("error", broker, mock.HEARTBEAT, code, 1)
        run.sleep(6)
    run.healed()


def one_at_a_time(config, plan):
    """The mock does not check sequence numbers as a broker does: it takes the request behind one that it has refused, from
    which librdkafka concludes that the refused one was stored as well (an implicit acknowledgement)."""
    for name in ("kin", "kout"):
        section = config["brokers"][name]
        section["librdkafka"] = {**section["librdkafka"], "max.in.flight.requests.per.connection": 1}


@fault("D26", "Produce refused: too few replicas, time-out, sequence, producer id", mock=True, directions=("ak", "kk", "kh"),
       configure=one_at_a_time, interruptions=10)
def produces_refused(run):
    run.faulted()
    for code, count in ((mock.NOT_ENOUGH_REPLICAS, 20), (mock.REQUEST_TIMED_OUT, 5), (mock.NOT_LEADER, 5),
                        (mock.OUT_OF_ORDER_SEQUENCE, 1), (mock.UNKNOWN_PRODUCER_ID, 1), (mock.INVALID_PID_MAPPING, 1)):
        run.mock.say("error", mock.SINK, mock.PRODUCE, code, count)
        run.sleep(4)
    run.healed()
