"""What happens to the tools that send dead letters on their way again."""
import contextlib
import copy
import subprocess
import time

from harness import eventually
from registry import fault

LETTERS = 1000
KILLS = 5


def letter_ends(plan, d):
    """(source, sink that is missing at first, dead letter)"""
    return tuple(f"{plan.prefix}.letters.{d.name}.{end}" for end in ("in", "out", "dead"))


def letter_routes(config, plan):
    """Beside each direction one more, which has a dead letter of its own."""
    for d in plan.directions:
        route = copy.deepcopy(plan.route(config, d.name))
        route["name"] = f"letters-{d.name}"
        source, route["to"]["target"], dead = letter_ends(plan, d)
        route["from"]["queue" if d.source == "amqp" else "topic"] = source
        route["failures"] = {"attempts": 1, "dead_letter": {"broker": route["to"]["broker"], "target": dead}}
        config["routes"].append(route)


def replay(run, d, *arguments):
    place = f"{'aout' if d.sink == 'amqp' else 'kout'}/{letter_ends(run.plan, d)[2]}"
    return subprocess.Popen([run.bed.mombridge, "dead-letters", "replay", "--from", place, "-c", run.bridge.file, *arguments],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@fault("D60", f"{LETTERS} dead letters of a queue and of a topic, their replay killed (-9) {KILLS} times", start=False,
       recovers=False, configure=letter_routes, directions=("aa", "kk"))
def replay_killed(run):
    """Nobody counts them but this fault: each arrives, and at most one for each kill arrives twice."""
    kafka = run.bed.kafka_client() if run.bed.kafka else None
    with contextlib.closing(run.bed.amqp()) as amqp:
        def make(kind, place):
            amqp.channel.queue_declare(place, durable=True) if kind == "amqp" else kafka.topic(place, partitions=2)

        def count(kind, place):
            return amqp.depth(place) if kind == "amqp" else sum(kafka.end_offsets(place).values())

        def bodies(kind, place, least):
            consume = amqp.consume if kind == "amqp" else kafka.consume
            return [int(m.body if kind == "amqp" else m.value()) for m in consume(place, least, timeout=60, settle=1)]

        for d in run.plan.directions:
            source, _, dead = letter_ends(run.plan, d)
            make(d.source, source)
            make(d.sink, dead)
        run.bridge.start()
        run.start_senders()
        for d in run.plan.directions:
            source, _, dead = letter_ends(run.plan, d)
            all = [b"%d" % n for n in range(LETTERS)]
            amqp.publish_all(source, all) if d.source == "amqp" else kafka.produce_all(source, [dict(value=body) for body in all])
            eventually(lambda: count(d.sink, dead) >= LETTERS, 60, f"dead letters of {d.name}")
            make(d.sink, letter_ends(run.plan, d)[1])
        run.faulted()
        for d in run.plan.directions:
            for _ in range(KILLS):
                process = replay(run, d, "--rate", "200/s")
                time.sleep(run.random.uniform(0.8, 1.6))
                process.kill()
                process.communicate()
            process = replay(run, d)
            out, _ = process.communicate(timeout=120)
            run.expect(process.returncode == 0, f"{d.name}: the last replay: {out}")
            arrived = bodies(d.sink, letter_ends(run.plan, d)[1], LETTERS)
            run.expect(set(arrived) == set(range(LETTERS)), f"{d.name}: {LETTERS - len(set(arrived))} lost")
            run.expect(len(arrived) <= LETTERS + KILLS, f"{d.name}: {len(arrived) - LETTERS} twice")
            run.note(f"{d.name}: {len(arrived) - LETTERS} of {LETTERS} twice")
    run.healed()
