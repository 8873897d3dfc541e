"""--random: rounds of faults drawn from a seed, over all directions, each round checked like a fault of the matrix."""
import dataclasses
import random
import typing

from matrix.rabbit import close_connections
from registry import ALL, Fault

ROUND = 120  # seconds of faults, about; a journal for much longer would not fit the checker's memory


@dataclasses.dataclass
class Action:
    name: str
    begin: typing.Callable
    end: typing.Callable = lambda run: None
    interruptions: int = 2
    sink: int = 0         # interruptions of the harness's own AMQP sink
    longest: float = 12   # seconds
    alone: bool = False   # may not overlap with another


def conditions(**what):
    """For one section of the bridge's, drawn when the round is."""
    return lambda name: Action(f"{name} {' '.join(f'{k}={v:g}' for k, v in what.items())}",
                               lambda run: run.bed.proxies[name].set(**what), lambda run: run.bed.proxies[name].heal())


def reset(name):
    return Action(f"{name} reset", lambda run: run.bed.proxies[name].reset())


def half_close(name):
    return Action(f"{name} half closed", lambda run: run.bed.proxies[name].half_close())


def restart_bridge(end):
    def begin(run):
        getattr(run.bridge, end)()
        run.bridge.start()
    return begin


def watermark(value):
    return lambda run: run.bed.rabbit.eval(f"vm_memory_monitor:set_vm_memory_high_watermark({value})")


PROCESSES = [
    Action("bridge killed", restart_bridge("kill"), interruptions=1, longest=1, alone=True),
    Action("bridge terminated", restart_bridge("terminate"), interruptions=1, longest=1, alone=True),
    Action("bridge stopped", lambda run: run.bridge.pause(), lambda run: run.bridge.resume(), longest=20, alone=True),
    Action("RabbitMQ killed", lambda run: run.bed.rabbit.kill(), lambda run: run.bed.rabbit.start(), sink=1, alone=True),
    Action("RabbitMQ stopped", lambda run: run.bed.rabbit.pause(), lambda run: run.bed.rabbit.resume(), longest=25, sink=1),
    Action("RabbitMQ closes connections", close_connections),
    Action("memory alarm", watermark("0"), watermark("0.4")),
]
KAFKA = [
    Action("Kafka killed", lambda run: run.bed.kafka.kill(), lambda run: run.bed.kafka.start()),
    Action("Kafka stopped", lambda run: run.bed.kafka.pause(), lambda run: run.bed.kafka.resume(), longest=25),
]
NETWORK = [reset, half_close, conditions(hole=True), conditions(refuse=True), conditions(latency=0.3), conditions(rate=30_000),
           conditions(slice=1)]


def draw(generator, bed, seconds):
    """[(pause, [action], duration)] for one round."""
    steps, left = [], seconds
    processes = PROCESSES + (KAFKA if bed.kafka else [])
    while left > 0:
        count = 1 if generator.random() < 0.7 else 2
        actions = []
        for _ in range(count):
            if generator.random() < 0.5:
                actions.append(generator.choice(processes))
            else:
                actions.append(generator.choice(NETWORK)(generator.choice(list(bed.proxies))))
        if len({a.name for a in actions}) < count or any(a.alone for a in actions):
            actions = actions[:1]
        duration = generator.uniform(0.2, max(a.longest for a in actions))
        pause = generator.uniform(0.5, 6)
        steps.append((pause, actions, duration))
        left -= pause + duration
    return steps


def rounds(options, bed):
    """The faults of the whole run; the same for the same seed."""
    generator = random.Random(f"{options.seed}:random")
    directions = ALL if bed.kafka else tuple(d for d in ALL if "k" not in d)
    for number in range(1, max(1, round(options.seconds / (ROUND + 30))) + 1):
        steps = draw(generator, bed, min(ROUND, options.seconds))
        yield Fault(f"R{number}", f"random, {sum(len(s[1]) for s in steps)} faults", play(steps), directions=directions,
                    sink_interruptions=sum(a.sink for _, actions, _ in steps for a in actions))


def play(steps):
    def body(run):
        for pause, actions, duration in steps:
            run.sleep(pause)
            names = " and ".join(a.name for a in actions)
            print(f"     {names} for {duration:.1f} s", flush=True)
            run.faulted(interruptions=sum(a.interruptions for a in actions))
            for action in actions:
                action.begin(run)
            run.sleep(duration)
            for action in reversed(actions):
                action.end(run)
        run.bed.heal()
        run.healed()
    return body
