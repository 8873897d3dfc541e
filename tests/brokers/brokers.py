#!/usr/bin/python3
"""Private RabbitMQ and Kafka for tests, the demo and benchmarks.

    brokers.py serve --state FILE     starts both, writes FILE when both are ready, stays until TERM; with --secure
                                      both have listeners with TLS and logins as well, and Kafka an authorizer
    brokers.py env -- COMMAND...      runs COMMAND with both, told where they are; ends with its exit code

COMMAND finds MOMBRIDGE_TEST_AMQP (a URL), MOMBRIDGE_TEST_KAFKA (host:port) and MOMBRIDGE_TEST_STATE (FILE's path).
In Python: `with Rabbit().start() as rabbit: rabbit.url`, `with Kafka().start() as kafka: kafka.bootstrap`, or
`with Pair() as pair` for both at once. Nothing outlives the process that started it, however that ends.
"""
import argparse
import contextlib
import json
import os
import pathlib
import select
import signal
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from kafka_node import Kafka, jars  # noqa: E402
from node import NodeError  # noqa: E402
from rabbit_node import Rabbit  # noqa: E402


class Pair(contextlib.ExitStack):
    """One RabbitMQ and one Kafka, started at the same time; `secure` as for each of them, `kafka_heap` of its JVM."""

    def __init__(self, secure=False, kafka_heap="512m"):
        super().__init__()
        try:
            jars()
            self.rabbit = self.enter_context(Rabbit(secure=secure))
            self.rabbit.launch()
            self.kafka = self.enter_context(Kafka(secure=secure, heap=kafka_heap))
            self.kafka.launch()
            self.rabbit.wait_ready()
            self.kafka.wait_ready()
        except BaseException:
            self.close()
            raise

    def state(self):
        tls = self.rabbit.tls
        return {"amqp_url": self.rabbit.url, "kafka_bootstrap": self.kafka.bootstrap,
                **({"amqps_url": tls.url, "amqps_ca": str(tls.authority.certificate)} if tls else {}),
                "rabbit": self.rabbit.state(), "kafka": self.kafka.state()}

    def write_state(self, path):
        """Readers wait for the file to appear, so it appears whole."""
        partial = path.with_name(f".{path.name}.{os.getpid()}")
        partial.write_text(json.dumps(self.state(), indent=2) + "\n")
        partial.replace(path)

    def environment(self, state):
        return {"MOMBRIDGE_TEST_AMQP": self.rabbit.url, "MOMBRIDGE_TEST_KAFKA": self.kafka.bootstrap,
                "MOMBRIDGE_TEST_STATE": str(state)}


def serve(state, until_pid, secure):
    # The descriptor before the brokers: a starter that ends while they start is seen as soon as they are ready.
    starter = [os.pidfd_open(until_pid)] if until_pid else []
    state.unlink(missing_ok=True)
    try:
        with Pair(secure) as pair:
            pair.write_state(state)
            while not select.select(starter, [], [], 1)[0]:
                for node in (pair.rabbit, pair.kafka):
                    if not node.running:
                        raise NodeError(f"{node.kind} ended by itself:\n{node.log_tail()}")
    finally:
        state.unlink(missing_ok=True)
    return 0


def run_with(command):
    with Pair() as pair, tempfile.TemporaryDirectory(prefix="mombridge-state-") as folder:
        state = pathlib.Path(folder) / "brokers.json"
        pair.write_state(state)
        return subprocess.run(command, env={**os.environ, **pair.environment(state)}).returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    server = commands.add_parser("serve", help="start both and stay until TERM")
    server.add_argument("--state", type=pathlib.Path, required=True, metavar="FILE")
    server.add_argument("--until-pid", type=int, metavar="PID", help="end when this process has ended, too")
    server.add_argument("--secure", action="store_true", help="both also listen with TLS and logins")
    runner = commands.add_parser("env", help="run a command with both")
    runner.add_argument("argv", nargs="+", metavar="COMMAND")
    arguments = parser.parse_args()

    # As an exception, TERM unwinds the `with` blocks above; by default it would end Python at once.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM if arguments.command == "env" else 0))
    try:
        if arguments.command == "env":
            return run_with(arguments.argv)
        return serve(arguments.state, arguments.until_pid, arguments.secure)
    except NodeError as error:
        print(f"brokers: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
