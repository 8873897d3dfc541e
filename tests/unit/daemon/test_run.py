"""`mombridge run` as a service: readiness, watchdog, signals, drain."""

import os
import signal
import time

import pytest

from program import OK, UNDRAINED, Bridge, eventually, plugin

# GCC's thread sanitizer knows no C11 threads, which librdkafka's are, and crashes in what they allocate.
has_kafka = pytest.mark.skipif(os.environ.get("MOMBRIDGE_SANITIZER") == "thread", reason="librdkafka under the thread sanitizer")

IDLE = "brokers: {local: {type: memory}}\n"


def chain(last, timeout="20s", messages=200):
    """A plugin publishes into memory, a handler transforms, a second one gets that through memory again."""
    return (
        "brokers: {local: {type: memory}}\n"
        "handlers:\n"
        f"  source: {{plugin: {plugin('good_source')}, config: {{broker: local, target: raw, messages: {messages}}}}}\n"
        f"  clean: {{plugin: {plugin('good_sync')}}}\n"
        f"  last: {last}\n"
        "routes:\n"
        "  - {name: clean, from: {broker: local, target: raw}, to: {handler: clean, reply_to: {broker: local, target: cleaned}}}\n"
        "  - {name: last, from: {broker: local, target: cleaned}, to: {handler: last}}\n"
        "  - {name: control, from: {broker: local, target: control}, to: {handler: source}}\n"
        f"shutdown_timeout: {timeout}\n")


def test_says_when_it_is_ready_and_when_it_stops(tmp_path):
    with Bridge(tmp_path, IDLE) as bridge:
        bridge.noted("READY=1")
        assert "STOPPING=1" not in bridge.notes
        assert bridge.stop() == OK
        assert "STOPPING=1" in bridge.notes
        assert "WATCHDOG=1" not in bridge.notes
        bridge.logged("mombridge is running")
        bridge.logged("stopped")


@has_kafka
def test_is_ready_before_its_brokers(tmp_path):
    with Bridge(tmp_path,
                "brokers: {shop: {type: amqp, url: 'amqp://127.0.0.1:1'}, lake: {type: kafka, bootstrap_servers: '127.0.0.1:1'}}\n"
                "routes: [{from: {broker: shop, queue: q}, to: {broker: lake, target: t}}]\n") as bridge:
        bridge.noted("READY=1")
        assert bridge.stop() == OK


@pytest.mark.skipif("MOMBRIDGE_SANITIZER" in os.environ, reason="there, exit handlers report what was found")
@pytest.mark.parametrize("isolation", ["in_process", "process"])
def test_runs_nobodys_exit_handlers(tmp_path, isolation):
    """They free what threads still use that end by themselves, and are none of the bridge's."""
    with Bridge(tmp_path, IDLE + f"handlers: {{h: {{plugin: {plugin('bad_at_exit')}, isolation: {isolation}}}}}\n"
                "routes: [{from: {broker: local, target: t}, to: {handler: h}}]\n") as bridge:
        bridge.noted("READY=1")
        assert bridge.stop() == OK
        assert "SIGABRT" not in bridge.log()


def test_feeds_the_watchdog(tmp_path):
    with Bridge(tmp_path, IDLE, WATCHDOG_USEC="200000") as bridge:
        bridge.noted("WATCHDOG=1", times=3)
        assert bridge.stop() == OK


def test_logs_json_where_there_is_no_terminal(tmp_path):
    with Bridge(tmp_path, IDLE) as bridge:
        line = bridge.logged("there are no routes")  # a warning of the configuration
        assert line["level"] == "warning"
        running = bridge.logged("mombridge is running")
        assert running["level"] == "info" and running["brokers"] == 1 and running["time"].endswith("Z")
        assert bridge.stop() == OK
        assert all("msg" in line for line in bridge.lines())


def test_an_interrupt_is_as_good_as_a_term(tmp_path):
    with Bridge(tmp_path, IDLE) as bridge:
        bridge.noted("READY=1")
        bridge.signal(signal.SIGINT)
        assert bridge.ended() == OK


# Closed at the beginning of the drain, the memory broker would keep what still has to pass through it.
def test_drains_through_memory(tmp_path):
    last = f"{{plugin: {plugin('bad_slow')}, config: {{sleep_ms: 5}}}}"
    with Bridge(tmp_path, chain(last)) as bridge:
        bridge.logged("published all")
        assert bridge.stop() == OK
        totals = bridge.totals()
        assert "handler_source{failed}" not in totals
        assert totals["handler_source{confirmed}"] == totals["routed{clean}"] == totals["routed{last}"] == 200
        assert next(line for line in bridge.lines() if line["msg"] == "stopped")["unsettled"] == 0


def test_everything_arrives(tmp_path):
    with Bridge(tmp_path, chain(f"{{plugin: {plugin('good_count')}}}", messages=300)) as bridge:
        eventually(lambda: bridge.log().count("counted a message") == 300, "300 messages through the chain")
        assert bridge.stop() == OK
        totals = bridge.totals()
        for name in ("handler_last{messages}", "handler_source{confirmed}", "routed{clean}", "routed{last}"):
            assert totals[name] == 300, name


def blocks(folder):
    return f"{{plugin: {plugin('bad_blocks')}, config: {{until: '{folder}/never'}}, timeout: 10ms, isolation: in_process}}"


def test_a_drain_ends_at_its_deadline_with_what_hangs(tmp_path):
    with Bridge(tmp_path, chain(blocks(tmp_path), timeout="200ms")) as bridge:
        bridge.noted("READY=1")
        bridge.logged("handler does not return from handle()")
        assert bridge.stop() == UNDRAINED
        assert bridge.logged("what was not settled stays at its source")["unsettled"] > 0
        bridge.logged("it is left behind with its thread")


def test_a_second_signal_ends_the_drain(tmp_path):
    with Bridge(tmp_path, chain(blocks(tmp_path), timeout="1h")) as bridge:
        bridge.noted("READY=1")
        bridge.logged("handler does not return from handle()")
        bridge.signal()
        bridge.logged("draining")
        bridge.signal()  # within a second it is the same one, sent twice
        time.sleep(1.1)
        assert bridge.process.poll() is None
        assert "stopping at once" not in bridge.log()
        bridge.signal()
        assert bridge.ended() == UNDRAINED
        bridge.logged("stopping at once")


@pytest.mark.parametrize("away", [
    pytest.param("shop: {type: amqp, url: 'amqp://127.0.0.1:1'}", id="amqp"),
    pytest.param("shop: {type: kafka, bootstrap_servers: '127.0.0.1:1'}", id="kafka", marks=has_kafka)])
def test_a_drain_ends_though_a_destination_is_away(tmp_path, away):
    with Bridge(tmp_path,
                f"brokers: {{local: {{type: memory}}, {away}}}\n"
                f"handlers: {{source: {{plugin: {plugin('good_source')}, config: {{broker: local, target: a}}}},"
                f" count: {{plugin: {plugin('good_count')}}}}}\n"
                "routes: [{from: {broker: local, target: a}, to: [{broker: shop, target: t}, {handler: count}]},"
                " {from: {broker: local, target: control}, to: {handler: source}}]\n"
                "shutdown_timeout: 300ms\n") as bridge:
        bridge.logged("counted a message")
        assert bridge.stop() == UNDRAINED
        assert bridge.logged("what was not settled stays at its source")["unsettled"] > 0
