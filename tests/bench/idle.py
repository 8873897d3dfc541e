"""What a bridge costs that has nothing to do: between both brokers with a route each way, and with many queues."""
import contextlib
import dataclasses
import time

import figures
import pumps
from drain_bed import bridges, eventually, parser_of, processor_seconds, run, status_of
from figures import Row

PATIENCE = 120
FIELDS = (("memory", "memory", "MiB"), ("threads", "threads", ""), ("cpu", "CPU", "% of a core"))


@dataclasses.dataclass
class Idle:
    memory: float  # MiB
    threads: float
    cpu: float  # per cent of a core


def watched(bridge, seconds):
    begun, since = processor_seconds(bridge.pid), time.monotonic()
    time.sleep(seconds)
    share = (processor_seconds(bridge.pid) - begun) / (time.monotonic() - since)
    return Idle(status_of(bridge.pid, "VmRSS") / 1024, status_of(bridge.pid, "Threads"), 100 * share)


def both_ways(bed, program, seconds):
    """One queue and one topic, and a route from each to the other broker."""
    with bed.way("ak") as there, bed.way("ka") as back:
        def change(config):
            config["log"]["level"] = "info"
            config["routes"].append({"from": {"broker": "lake", "topic": back.source}, "to": {"broker": "shop", "target": back.sink}})

        with pumps.Mombridge(program, change=change).running(there) as bridge:
            for link in (f"queue {there.source}", "consumer"):
                bridge.wait_connected(link)
            return watched(bridge, seconds)


def many_queues(bed, program, seconds, number):
    with bed.way("aa") as way, contextlib.ExitStack() as stack:
        queues = [f"{way.source}.{i}" for i in range(number)]
        for queue in queues:
            bed.amqp.queue(queue)
            stack.callback(bed.amqp.delete, queue)

        def change(config):
            config["log"]["level"] = "info"
            config["routes"] = [{"from": {"broker": "shop", "queue": queue}, "to": {"broker": "shop", "target": way.sink}}
                                for queue in queues]

        with pumps.Mombridge(program, change=change).running(way) as bridge:
            eventually(lambda: bridge.read_log().count('"link":"queue ') >= number, PATIENCE, f"{number} queues consumed from")
            return watched(bridge, seconds)


def measure_part(part, options, measure_one):
    """Rows for the bridge and the former one: measure_one(program) of each round."""
    contestants = bridges(options)
    found = figures.measure_in_turn(contestants, options.rounds, lambda bridge: measure_one(bridge.program))
    rows = []
    for field, what, unit in FIELDS:
        series = {bridge.name: figures.series_of(rounds, field) for bridge, rounds in found.items()}
        rows.append(Row(part, what, series["bridge"], unit or "threads", beside={n: (s, unit) for n, s in series.items() if n != "bridge"}))
    print(f"{part}: done", flush=True)
    return rows


def measure(bed, options):
    return (measure_part("idle", options, lambda program: both_ways(bed, program, options.seconds))
            + measure_part(f"{options.queues} queues", options, lambda program: many_queues(bed, program, options.seconds, options.queues)))


def parser():
    made = parser_of("idle", __doc__)
    made.add_argument("--seconds", type=float, default=20, help="watched (20)")
    made.add_argument("--queues", type=int, default=300, help="how many are many (300)")
    return made


if __name__ == "__main__":
    run(parser(), measure)
