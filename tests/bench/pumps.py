"""What passes messages on from a source to a sink: the bridge, its former build, the bare loop, and other bridges."""
import contextlib
import dataclasses
import os
import pathlib
import shutil
import subprocess
import sys

import yaml

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parent.parent / name) for name in ("brokers", "integration")]

from configs import configuration, route  # noqa: E402
from harness import Bridge  # noqa: E402

MIB = 1 << 20
KINDS = {"a": "amqp", "k": "kafka"}


@dataclasses.dataclass
class Way:
    """Where messages come from and go to. `direction` has a letter for each end: a for AMQP, k for Kafka."""
    direction: str
    source: str
    sink: str
    group: str  # of the Kafka consumer
    size: int  # of the bodies
    partitions: int  # of each topic
    amqp: str  # a URL
    kafka: str  # bootstrap.servers
    folder: pathlib.Path

    @property
    def prefetch(self):
        """The same for all, and no more than 16 MiB, so that backlogs of large bodies need not be long."""
        return max(1, min(2000, 16 * MIB // self.size))

    @property
    def window(self):
        """Messages from Kafka that are under way."""
        return max(1, min(10000, 16 * MIB // self.size))

    linger_ms = 5


class Pump:
    """running(way) starts it as one process, gives something that has its `pid`, and ends it in order."""
    name = "pump"

    def missing(self):
        """What has to be installed before it can run; empty: nothing."""
        return ""

    @contextlib.contextmanager
    def running(self, way):
        with (way.folder / f"{self.name}.log").open("ab") as log, subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *self.command(way)], stdin=subprocess.DEVNULL, stdout=log,
                stderr=subprocess.STDOUT, env={**os.environ, **self.environment(way)}) as process:
            try:
                yield process
                process.terminate()
                if process.wait(60):
                    raise SystemExit(f"{self.name} ended with {process.returncode}: {self.log_tail(way)}")
            finally:
                process.kill()

    def command(self, way):
        raise NotImplementedError

    def environment(self, way):
        return {}

    def log_tail(self, way):
        log = way.folder / f"{self.name}.log"
        return log.read_text(errors="replace")[-1000:] if log.exists() else ""


class Mombridge(Pump):
    """`change` is called with the configuration before it is used; `beside(bridge)` is entered while the bridge runs."""

    def __init__(self, program, name="bridge", change=None, beside=contextlib.nullcontext):
        self.name, self.program = name, program_of(program)
        self._change, self._beside = change, beside

    @contextlib.contextmanager
    def running(self, way):
        config = bridge_configuration(way)
        if self._change:
            self._change(config)
        os.environ["MOMBRIDGE"] = str(self.program)
        bridge = Bridge(way.folder, config)
        try:
            bridge.start()
            with self._beside(bridge):
                yield bridge
            if bridge.running:  # otherwise it was killed on purpose, or stop() says how it ended
                bridge.terminate()
            bridge.stop()
        except AssertionError as error:
            raise SystemExit(f"{self.name}: {error}: {self.log_tail(way)}") from error
        finally:
            if bridge.running:  # what happened is worth more than that it had no time to end in order
                bridge.kill()

    def log_tail(self, way):
        log = way.folder / "mombridge.log"
        return log.read_text(errors="replace")[-1000:] if log.exists() else ""


def program_of(build):
    """Of a build folder, or the program itself."""
    path = pathlib.Path(build)
    return path / "daemon/mombridge" if path.is_dir() else path


def bridge_configuration(way):
    ends = {"a": ("shop", "queue", {"type": "amqp", "url": way.amqp, "accept_replies": False, "prefetch_count": way.prefetch}),
            "k": ("lake", "topic", {"type": "kafka", "bootstrap_servers": way.kafka, "group_id": way.group,
                                    "accept_replies": False, "prefetch_count": way.window, "librdkafka": {"linger.ms": way.linger_ms}})}
    (source, subscribed, _), (sink, _, _) = (ends[kind] for kind in way.direction)
    config = configuration(route({"broker": source, subscribed: way.source}, {"broker": sink, "target": way.sink}),
                           log={"level": "warn"})
    config["brokers"] = {ends[kind][0]: ends[kind][2] for kind in dict.fromkeys(way.direction)}
    return config


class BareLoop(Pump):
    """The tightest pump that the two client libraries allow. `rest_us`: it rests so long after each busy round, which costs
    less processor time a message, and sometimes rate: the measure is the better of both."""

    def __init__(self, build, rest_us=0):
        self.name = "bare-rests" if rest_us else "bare"
        self._program, self._rest_us = pathlib.Path(build) / "tests/bench/bare-loop", rest_us

    def command(self, way):
        source, sink = (KINDS[kind] for kind in way.direction)
        return [self._program, source, way.source, sink, way.sink, "--group", way.group, "--prefetch", str(way.prefetch),
                "--window", str(way.window), "--linger", str(way.linger_ms), "--rest", str(self._rest_us)]

    def environment(self, way):
        return {"MOMBRIDGE_TEST_AMQP": way.amqp, "MOMBRIDGE_TEST_KAFKA": way.kafka}


class Benthos(Pump):
    """Benthos 4.27, the last release before it got another name: at least once, with batches where Kafka is an end."""
    name = "benthos"

    def __init__(self):
        self._program = os.environ.get("BENTHOS") or shutil.which("benthos")

    def missing(self):
        return "" if self._program else "benthos on the PATH, or BENTHOS with its path"

    def command(self, way):
        file = way.folder / "benthos.yaml"
        file.write_text(yaml.safe_dump({"http": {"enabled": False}, "logger": {"level": "WARN"}, "shutdown_timeout": "20s",
                                        "input": self._input(way), "output": self._output(way)}))
        return [self._program, "-c", str(file)]

    def _input(self, way):
        if way.direction[0] == "a":
            return {"amqp_0_9": {"urls": [way.amqp], "queue": way.source, "prefetch_count": way.prefetch}}
        return {"kafka_franz": {"seed_brokers": [way.kafka], "topics": [way.source], "consumer_group": way.group,
                                "start_from_oldest": True, "checkpoint_limit": way.window, "commit_period": "1s",
                                "batching": self._batching(way)}}

    def _output(self, way):
        if way.direction[1] == "a":
            return {"amqp_0_9": {"urls": [way.amqp], "exchange": "", "key": way.sink, "persistent": True, "mandatory": True,
                                 "max_in_flight": way.prefetch, "metadata": {"exclude_prefixes": ["kafka_", "amqp_"]}}}
        return {"kafka_franz": {"seed_brokers": [way.kafka], "topic": way.sink, "max_in_flight": 10,
                                "batching": self._batching(way),
                                "metadata": {"include_prefixes": ["number", "target", "traceparent"]}}}

    @staticmethod
    def _batching(way):
        return {"count": min(500, way.window), "period": f"{way.linger_ms}ms"}


def bare_loops(build):
    return [BareLoop(build), BareLoop(build, rest_us=1000)]


def peers(wanted):
    """Those that are installed; of the others it is said that they are not."""
    found = []
    for peer in [Benthos()] if wanted else []:
        if peer.missing():
            print(f"{peer.name}: not installed (needs {peer.missing()})", flush=True)
        else:
            found.append(peer)
    return found
