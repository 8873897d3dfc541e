"""What routes cost: the same backlog is drained by a bridge with one route, with many routes that name their target, and with
many routes with patterns. Each message has one of 1,000 targets, and is taken by one route: all routes are in use. The ratios
are to the bridge with one route.
"""
import figures
import pumps
from drain_bed import DIRECTIONS, drain_options, parser_of, run
from figures import Goal, Row

PART = "routes"
TARGETS = 1000  # as load-messages has them: order.0.new to order.999.new
# As many of each form; they are hard to tell apart.
PATTERNS = ("order.{}.*", "*.{}.new", "#.{}.new", "order.{}.#", "order.#.{}.*")


def with_one(config):
    _with(config, ["#"])


def with_exact(config):
    _with(config, [f"order.{i}.new" for i in range(TARGETS)])


def with_patterns(config):
    _with(config, [PATTERNS[i % len(PATTERNS)].format(i) for i in range(TARGETS)])


def _with(config, targets):
    """A message's target is what its header says."""
    route, = config["routes"]
    broker = route["from"].pop("broker")
    config["brokers"][broker]["subscribe"] = [{**route["from"], "target_from": "header:target"}]
    config["routes"] = [{"from": {"broker": broker, "target": target}, "to": route["to"]} for target in targets]


WAYS = {"one": with_one, "exact": with_exact, "patterns": with_patterns}


def measure(bed, options):
    contestants = [pumps.Mombridge(options.build, name, change) for name, change in WAYS.items()]
    if options.before:
        contestants.append(pumps.Mombridge(options.before, "patterns before", with_patterns))
    rows = []
    for direction in options.directions:
        found = figures.measure_in_turn(contestants, options.rounds, lambda pump: bed.drain(pump, direction, options.count))
        for field, what, unit in (("cpu", "CPU", "µs/msg"), ("rate", "rate", "msg/s")):
            series = {pump.name: figures.series_of(rounds, field) for pump, rounds in found.items()}
            for name in ("patterns", "exact"):
                rows.append(Row(PART, f"{DIRECTIONS[direction]}: {what}, 1,000 {name} to one", series[name].over(series["one"]),
                                goal=Goal(1.1) if (field, name) == ("cpu", "patterns") else None,
                                beside={one: (series[one], unit) for one in (name, "one")}))
            if options.before:
                rows.append(Row(PART, f"{DIRECTIONS[direction]}: {what}, 1,000 patterns to before",
                                series["patterns"].over(series["patterns before"]),
                                beside={one: (series[one], unit) for one in ("patterns", "patterns before")}))
        print(f"routes: {DIRECTIONS[direction]} done", flush=True)
    return rows


def parser():
    made = parser_of(PART, __doc__)
    drain_options(made, directions=("kk", "ka", "ak"))
    return made


if __name__ == "__main__":
    run(parser(), measure)
