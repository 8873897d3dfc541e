"""Fixtures. `rabbit` and `kafka` are shared by everybody; a test that disturbs its broker takes a private one."""
import functools
import json
import os
import pathlib
import sys
import types

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "brokers"))

import brokers  # noqa: E402
import harness  # noqa: E402
import rabbit_node  # noqa: E402


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A failed test shows the end of its bridges' logs, also when they fail only when they are stopped."""
    report = (yield).get_result()
    if report.failed:
        for bridge in getattr(item, "bridges", []):
            report.sections.append((f"log of the bridge, {bridge.log}", bridge.log_tail()))


def shared_state(kind):
    path = os.environ.get("MOMBRIDGE_TEST_STATE")
    return json.loads(pathlib.Path(path).read_text())[kind] if path else None


def private(start):
    """A broker of our own, or a loud skip on a machine that cannot have one."""
    try:
        return start().start()
    except FileNotFoundError as error:
        pytest.skip(f"no broker: {error}; scripts/test installs what is missing")


@pytest.fixture(scope="session")
def rabbit():
    """The shared RabbitMQ: .url, .ctl(...), .eval(expression)."""
    url = os.environ.get("MOMBRIDGE_TEST_AMQP")
    if not url:
        with private(brokers.Rabbit) as node:
            yield node
        return
    state = shared_state("rabbit")

    def with_state(call):
        def skip(*_):
            pytest.skip("rabbitmqctl needs MOMBRIDGE_TEST_STATE beside MOMBRIDGE_TEST_AMQP")
        return functools.partial(call, state) if state else skip

    yield types.SimpleNamespace(url=url, ctl=with_state(rabbit_node.ctl), eval=with_state(rabbit_node.evaluate))


@pytest.fixture(scope="session")
def kafka():
    """The shared Kafka: .bootstrap."""
    bootstrap = os.environ.get("MOMBRIDGE_TEST_KAFKA")
    if not bootstrap:
        with private(brokers.Kafka) as node:
            yield node
        return
    yield types.SimpleNamespace(bootstrap=bootstrap)


@pytest.fixture
def private_rabbit():
    """A RabbitMQ of the test's own: .url, .ctl(...), .pause(), .resume(), .kill(), .start(), .restart()."""
    with private(brokers.Rabbit) as node:
        yield node


@pytest.fixture(scope="module")
def secure_rabbit():
    """A RabbitMQ of the file's own with a listener for TLS, .tls, whose certificates a test may replace."""
    with private(lambda: brokers.Rabbit(secure=True)) as node:
        yield node


@pytest.fixture
def private_kafka():
    """A Kafka of the test's own: .bootstrap, .tool(...), .pause(), .resume(), .kill(), .start(), .restart()."""
    with private(brokers.Kafka) as node:
        yield node


@pytest.fixture
def amqp(rabbit):
    """A plain client of the shared RabbitMQ."""
    client = harness.Amqp(rabbit.url)
    yield client
    client.close()


@pytest.fixture
def kafka_client(kafka):
    """A plain client of the shared Kafka."""
    client = harness.KafkaClient(kafka.bootstrap)
    yield client
    client.close()


@pytest.fixture
def bridge(request, tmp_path):
    """bridge(config, …) makes and starts a harness.Bridge; several in one test are replicas or a chain."""
    if "MOMBRIDGE" not in os.environ:
        pytest.skip("MOMBRIDGE does not name the daemon's binary; scripts/test and ctest set it")
    request.node.bridges = []

    def make(config, start=True, **options):
        folder = tmp_path / f"bridge{len(request.node.bridges)}"
        folder.mkdir()
        made = harness.Bridge(folder, config, **options)
        request.node.bridges.append(made)
        return made.start() if start else made

    yield make
    failures = []
    for made in request.node.bridges:
        try:
            made.stop()
        except AssertionError as error:
            failures.append(str(error))
    assert not failures, "; ".join(failures)
