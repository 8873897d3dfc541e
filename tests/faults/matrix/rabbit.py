"""What RabbitMQ does to its clients: alarms, deletions, refusals, closed connections, limits."""
import contextlib
import signal
import time

import harness
from harness import eventually
from registry import fault


def alarm(run, on, off):
    """An alarm blocks the senders, too, and tells a connection only when it publishes: so the bridge must have a backlog."""
    run.faulted()
    run.bridge.pause()
    run.sleep(2)
    run.bed.rabbit.eval(on)
    run.bridge.resume()
    run.log_has("blocked by the broker", timeout=30)
    run.sleep(12)
    run.bed.rabbit.eval(off)
    run.healed()
    run.log_has("unblocked", timeout=30)


def destinations_away(run):
    for name in ("aout", "kout"):
        if name in run.bed.proxies:
            run.bed.proxies[name].set(refuse=True)
            run.bed.proxies[name].reset()


@fault("D13", "memory alarm for 12 s: connections blocked", short=True)
def memory_alarm(run):
    alarm(run, "vm_memory_monitor:set_vm_memory_high_watermark(0)", "vm_memory_monitor:set_vm_memory_high_watermark(0.4)")


@fault("D14", "disk alarm for 12 s: connections blocked")
def disk_alarm(run):
    alarm(run, 'rabbit_disk_monitor:set_disk_free_limit("1000GB")', 'rabbit_disk_monitor:set_disk_free_limit("50MB")')


@fault("D15", "queue deleted under its consumer, made again 5 s later", interruptions=1)
def queue_deleted(run):
    run.quiesce()
    run.faulted()
    queue = run.plan.source(run.plan.directions[0])
    with contextlib.closing(run.bed.amqp()) as amqp:
        since = time.monotonic()
        amqp.delete(queue)
        if run.log_has("cancelled the subscription", timeout=30):
            run.note(f"noticed after {time.monotonic() - since:.2f} s")
        run.log_has("404", timeout=30)
        run.sleep(5)
        amqp.channel.queue_declare(queue, durable=True)
    run.go_on()
    run.healed()


@fault("D15o", "queues of a source and of a destination deleted and made again while the bridge is down", interruptions=1)
def queues_made_again(run):
    """The new source fills before the bridge is back."""
    d = run.plan.directions[0]
    run.quiesce()
    run.faulted()
    run.bridge.terminate()
    run.clients["amqp-sink"].stop()
    with contextlib.closing(run.bed.amqp()) as amqp:
        for queue in (run.plan.source(d), run.plan.sink(d)):
            amqp.delete(queue)
            amqp.channel.queue_declare(queue, durable=True)
        run.clients["amqp-sink"].start()
        run.go_on()
        eventually(lambda: amqp.depth(run.plan.source(d)) > 100, 30, "messages in the new source")
    run.bridge.start()
    run.healed()


def through_exchange(config, plan):
    """The first route goes through an exchange of its own, to which its sink is bound."""
    config["routes"][0]["to"]["exchange"] = f"{plan.prefix}.x"


def make_exchange(run, amqp):
    d = run.plan.directions[0]
    amqp.channel.exchange_declare(f"{run.plan.prefix}.x", "direct", durable=True)
    amqp.bind(run.plan.sink(d), f"{run.plan.prefix}.x", run.plan.sink(d))


def dead_of(run, flow):
    return sum(any(a.place == run.plan.dead for a in arrivals) for arrivals in run.journals.read().flow(flow).arrivals.values())


def only_dead(run, flow):
    """Whatever was dead-lettered is of this flow, and something was."""
    dead = {name: found for name in run.journals.read().flows if (found := dead_of(run, name))}
    run.expect(set(dead) == {flow}, f"dead-lettered by flow: {dead}, expected just {flow}")
    run.note(f"dead-lettered: {dead}")


@fault("D16", "exchange missing at the start, there, deleted, there again", start=False, dead=True, configure=through_exchange,
       interruptions=1)
def exchange_missing(run):
    run.faulted()
    run.bridge.start()
    run.start_senders()
    eventually(lambda: dead_of(run, "aa"), 60, "dead letters of what had no exchange")
    with contextlib.closing(run.bed.amqp()) as amqp:
        make_exchange(run, amqp)
        run.wait_warm()
        before = {d.name: run.arrived(d.name) for d in run.plan.directions}
        amqp.channel.exchange_delete(f"{run.plan.prefix}.x")
        run.sleep(5)
        stopped = [name for name, count in before.items() if name != "aa" and run.arrived(name) <= count]
        run.expect(not stopped, f"stood still with the exchange: {stopped}")
        make_exchange(run, amqp)
    run.healed()
    run.sleep(3)
    only_dead(run, "aa")


@fault("D17", "unroutable: the destination's queue is unbound for 5 s", start=False, dead=True, configure=through_exchange, short=True)
def unroutable(run):
    with contextlib.closing(run.bed.amqp()) as amqp:
        make_exchange(run, amqp)
        run.bridge.start()
        run.start_senders()
        run.wait_warm()
        run.faulted()
        sink, exchange = run.plan.sink(run.plan.directions[0]), f"{run.plan.prefix}.x"
        amqp.channel.queue_unbind(sink, exchange, sink)
        run.sleep(5)
        amqp.bind(sink, exchange, sink)
    run.healed()
    run.sleep(3)
    only_dead(run, "aa")


@fault("D18", "destination's queue full: publishes nacked for 10 s", short=True,
       queues={"aa.out": {"x-max-length": 50, "x-overflow": "reject-publish"}})
def nacked(run):
    run.faulted()
    run.clients["amqp-sink"].pause()
    run.log_has("nacked by the broker", timeout=40)
    run.sleep(10)
    run.clients["amqp-sink"].resume()
    run.healed()


def close_connections(run):
    """Every connection of the bridge, and of nobody else: they are the ones that come through the proxies."""
    ports = [port for name in ("ain", "aout") for port in run.bed.proxies[name].broker_ports()]
    return int(run.bed.rabbit.eval(
        f"length([rabbit_networking:close_connection(P, \"closed by the test\") || P <- rabbit_networking:connections(), "
        f"[{{peer_port, N}}] <- [rabbit_networking:connection_info(P, [peer_port])], lists:member(N, {ports})])"))


@fault("D19", "every connection closed by the broker (320), twice", interruptions=4)
def connections_closed(run):
    for _ in range(2):
        run.faulted()
        closed = close_connections(run)
        run.expect(closed >= 4, f"only {closed} connections of the bridge found")
        run.healed()
        run.sleep(4)
    run.log_has("320 |CONNECTION_FORCED")


def rabbit_timeouts(run, consumer_ms, tick_ms):
    run.bed.rabbit.eval(f"application:set_env(rabbit, consumer_timeout, {consumer_ms}), "
                        f"application:set_env(rabbit, channel_tick_interval, {tick_ms})")


@contextlib.contextmanager
def consumer_timeout(run, seconds):
    """For channels that are opened while it holds. The defaults are half an hour and a look every minute."""
    rabbit_timeouts(run, seconds * 1000, 1000)
    try:
        yield
    finally:
        rabbit_timeouts(run, 1_800_000, 60_000)


def hanging_handler(config, plan):
    config["handlers"]["hangs"] = {"plugin": str(plan.handlers / "bad_never_completes.so"), "timeout": "2s", "concurrency": 4}
    route = next(r for r in config["routes"] if r["name"] == "ah")
    route["to"] = {"handler": "hangs", "reply_to": route["to"]["reply_to"]}
    route["failures"] = {**config["failures"], "attempts": 2}


@fault("D20", "handler hangs, consumer_timeout 10 s: the bridge's own time-out comes first", start=False, dead=True,
       configure=hanging_handler, load={"ah": {"rate": 2, "count": 20}}, recovers=False)
def handler_hangs(run):
    with consumer_timeout(run, 10):
        run.bridge.start()
        run.start_senders()
        run.faulted()
        eventually(lambda: dead_of(run, "ah") == 20, 60, "all of them dead-lettered")
        only_dead(run, "ah")
        run.expect(not run.bridge.read_log().count("PRECONDITION"), "a channel was closed by consumer_timeout")


@fault("D20c", "consumer_timeout 10 s while destinations are away for 30 s", start=False, interruptions=8)
def consumer_times_out(run):
    with consumer_timeout(run, 10):
        run.bridge.start()
        run.start_senders()
        run.wait_warm()
        run.faulted()
        destinations_away(run)
        run.sleep(30)
        run.bed.heal()
        run.healed()
        closed = run.bridge.read_log().count("delivery acknowledgement on channel")
        run.note(f"{closed} channels closed by consumer_timeout")
        run.expect(closed <= 12, f"{closed} channels closed: a storm")


GRAVEYARD = "mombridge-faults.dlx"
LIMITED = {"x-queue-type": "quorum", "x-delivery-limit": 3, "x-dead-letter-exchange": "", "x-dead-letter-routing-key": GRAVEYARD}


@fault("D21", "quorum queue with x-delivery-limit 3, destination away for 40 s", directions=("aa", "ak"), interruptions=2,
       queues={"aa.in": LIMITED, "ak.in": LIMITED})
def delivery_limit(run):
    with contextlib.closing(run.bed.amqp()) as amqp:
        graveyard = amqp.queue(GRAVEYARD)
        run.faulted()
        destinations_away(run)
        run.sleep(40)
        run.bed.heal()
        run.healed()
        run.sleep(5)
        found = amqp.depth(graveyard)
        run.expect(not found, f"{found} messages dead-lettered by the queue's delivery limit")


def live_by_consumer(config, plan):
    """What the bridge declares must be what the fault has made."""
    config["brokers"]["ain"]["give_back_after"] = "5s"
    plan.route(config, "aa")["from"]["declare"] = {"auto_delete": True}
    plan.route(config, "ak")["from"]["declare"] = {"arguments": {"x-expires": 15_000}}


@fault("D21c", "queues that live by their consumer (auto_delete, x-expires 15 s), destinations away for 40 s",
       directions=("aa", "ak"), interruptions=2, start=False, configure=live_by_consumer,
       settles=False)  # with the bridge, the auto_delete queue has gone
def queues_that_live_by_their_consumer(run):
    aa, ak = (run.plan.source(d) for d in run.plan.directions)
    with contextlib.closing(run.bed.amqp()) as amqp:
        for queue in (aa, ak):
            amqp.delete(queue)
    run.bridge.start()
    for queue in (aa, ak):
        run.bridge.wait_connected(f"queue {queue}")
    run.start_senders()
    run.wait_warm()
    run.faulted()
    destinations_away(run)
    run.log_has("messages wait here and are not given back", timeout=30)
    run.sleep(40)
    run.bed.heal()
    run.healed()
    log = run.bridge.read_log()
    run.expect('"paused"' not in log, "something was given back")
    run.expect("messages were missed" not in log, "a queue was deleted")


def ends_the_process(config, plan):
    config["handlers"]["echo"] |= {"plugin": str(plan.handlers / "bad_crashes_echo.so"), "isolation": "in_process"}
    plan.route(config, "ah")["from"]["delivery_limit"] = LIMITED["x-delivery-limit"]


@fault("D21p", "messages that end the process, on a quorum queue with x-delivery-limit 3: started anew until it stays",
       directions=("ah",), dead=True, queues={"ah.in": LIMITED}, configure=ends_the_process)
def poison_ends_the_process(run):
    """Their neighbours must arrive, and they themselves at the dead letter, not in the queue's own."""
    with contextlib.closing(run.bed.amqp()) as amqp:
        graveyard, source = amqp.queue(GRAVEYARD), run.plan.source(run.plan.directions[0])
        run.faulted()
        for _ in range(2):
            amqp.publish(source, b"crash")
            run.sleep(0.3)
        run.allowed_broken = 2
        crashes, since = 0, time.monotonic()
        while time.monotonic() - since < 10 and crashes < 20:
            if not run.bridge.running:
                run.bridge.expect_exit(-signal.SIGABRT)
                crashes, since = crashes + 1, time.monotonic()
                run.faulted(interruptions=1)
                run.bridge.start(ready=False)
            time.sleep(0.1)
        run.healed()
        run.note(f"{crashes} crashes")
        run.log_has("message dead-lettered.*x-delivery-limit 3")
        run.expect(2 <= crashes <= 8, f"it crashed {crashes} times")
        found = amqp.depth(graveyard)
        run.expect(not found, f"{found} messages dropped by the queue's delivery limit")


def held_at_an_exchange(config, plan):
    through_exchange(config, plan)
    config["failures"] = {"attempts": 2, "backoff": "100ms..1s"}
    config["routes"][0]["from"]["delivery_limit"] = LIMITED["x-delivery-limit"]


@fault("D21h", "messages that are held, without a dead letter, on a quorum queue with x-delivery-limit 3: seven restarts",
       directions=("aa",), start=False, queues={"aa.in": LIMITED}, configure=held_at_an_exchange)
def held_over_restarts(run):
    with contextlib.closing(run.bed.amqp()) as amqp:
        graveyard = amqp.queue(GRAVEYARD)
        run.start_senders()
        run.faulted()
        for number in range(7):
            run.bridge.start()
            run.log_has("message held")
            run.sleep(1)
            if number % 2:
                run.bridge.kill()
            else:
                took = run.bridge.terminate(harness.UNDRAINED)
                run.expect(took < 10, f"a stop with held messages took {took:.1f} s")
            run.faulted(interruptions=1)
        make_exchange(run, amqp)
        run.bridge.start()
        run.healed()
        run.sleep(3)
        found = amqp.depth(graveyard)
        run.expect(not found, f"{found} messages dropped by the queue's delivery limit")


@fault("D21g", "destinations away for 80 s: sources get their messages back once", interruptions=3, sink_interruptions=0)
def gives_back(run):
    run.faulted()
    destinations_away(run)
    run.sleep(30)
    queue = run.plan.source(run.plan.directions[0])
    run.expect(unacked(run, queue) > 0, "nothing was held while the destination was away for less than a minute")
    eventually(lambda: unacked(run, queue) == 0, 90, "the unacknowledged messages to be given back")
    run.bed.heal()
    run.healed()


def unacked(run, queue):
    return int(run.bed.rabbit.eval(
        f"{{ok, Q}} = rabbit_amqqueue:lookup(rabbit_misc:r(<<\"/\">>, queue, <<\"{queue}\">>)), "
        "proplists:get_value(messages_unacknowledged, rabbit_amqqueue:info(Q, [messages_unacknowledged]))"))
