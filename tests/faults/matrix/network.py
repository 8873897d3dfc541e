"""Networks that break, block, drip and lie. Each of the bridge's four sections has a proxy of its own."""
import time

import rules
from registry import fault


@fault("D9", "connections reset at every kind of byte, 40 KB bodies", load={"aa": {"size": 40000, "rate": 20}}, short=True)
def reset_at_byte(run):
    names = list(run.bed.proxies)
    for round in range(16):
        proxy = run.bed.proxies[names[round % len(names)]]
        # The sizes around a frame's borders first, then anywhere in the first 200 KB.
        size = [1, 7, 8, 9, 500, 4096][round] if round < 6 else run.random.randrange(1, 200_000)
        run.faulted(interruptions=2)
        proxy.limit(run.random.choice(("up", "down")), size)
        proxy.reset()
        time.sleep(1)
        proxy.heal()
        proxy.reset()
        time.sleep(0.5)
    run.healed()


@fault("D9c", "connections cut between publish and confirm, and within a publish", interruptions=8)
def cut_at_frame(run):
    run.faulted()
    for kind in (rules.CutBeforeConfirm, rules.CutAfterPublish):
        for skip in (0, run.random.randrange(1, 50)):
            rule = kind(skip=skip)
            run.bed.proxies["aout"].arm(rule)
            time.sleep(4)
            run.expect(rule.hits == 1, f"{kind.__name__} never saw its frame")
    run.bed.heal()
    run.healed()


@fault("D9f", "frames with a wrong end mark", interruptions=8)
def corrupt_frames(run):
    run.faulted()
    for name in ("ain", "aout") * 2:
        rule = rules.CorruptFrameEnd(skip=run.random.randrange(0, 20))
        run.bed.proxies[name].arm(rule)
        time.sleep(3)
        run.expect(rule.hits == 1, "no frame was altered")
    run.bed.heal()
    run.healed()


@fault("D9h", "connections half closed", interruptions=8)
def half_closed(run):
    run.faulted()
    for proxy in run.bed.proxies.values():
        proxy.half_close()
        time.sleep(2)
    run.healed()


@fault("D10", "networks swallow everything for 25 s", interruptions=2)
def black_hole(run):
    run.faulted()
    for proxy in run.bed.proxies.values():
        proxy.set(hole=True)
    run.log_has("no sign of life", timeout=16)
    run.sleep(15)
    run.bed.heal()
    run.healed()


@fault("D11", "destinations take 50 KB a second, sources offer more", load={n: {"rate": 100, "size": 2000} for n in ("aa", "ak", "ka", "kk")},
       directions=("aa", "ak", "ka", "kk"))
def slow_destination(run):
    run.faulted()
    for name in ("aout", "kout"):
        if name in run.bed.proxies:
            run.bed.proxies[name].set(rate=50_000)
    run.sleep(25)
    run.bed.heal()
    run.healed()
    lost = run.bridge.read_log().count("no sign of life")
    run.expect(not lost, f"{lost} connections given up although the broker answered slowly")


def default_windows(config, plan):
    for section in config["brokers"].values():
        del section["prefetch_count"]


LARGE = {"size": 100_000, "rate": 50}


def stopped_destination(run):
    """3 to 5 MB a second come in and nothing goes out, for long enough to fill every window many times."""
    run.faulted(interruptions=3)
    for name in ("aout", "kout"):
        if name in run.bed.proxies:
            run.bed.proxies[name].set(hole=True)
    run.sleep(35)
    run.watch.look()
    run.note(f"{run.watch.peak_rss >> 20} MiB after {run.bytes_on_their_way() >> 20} MiB came in")
    run.bed.heal()
    run.healed()


@fault("D11m", "destination stopped for 35 s, AMQP source unbounded, 100 KB bodies: memory", directions=("aa",),
       load={"aa": LARGE}, configure=default_windows, windows=(500, 10_000))
def memory_amqp(run):
    stopped_destination(run)


@fault("D11k", "destination stopped for 35 s, Kafka source unbounded, 100 KB bodies: memory", directions=("ka",),
       load={"ka": LARGE}, configure=default_windows, windows=(500, 10_000))
def memory_kafka(run):
    stopped_destination(run)


@fault("D12", "one byte at a time, then 200 ms each way", ordered=True)
def slow_network(run):
    for proxy in run.bed.proxies.values():
        proxy.set(slice=1)
    run.sleep(8)
    run.bed.heal()
    for proxy in run.bed.proxies.values():
        proxy.set(latency=0.2)
    run.sleep(3)
    before, since = run.arrived("aa"), time.monotonic()
    run.sleep(12)
    rate = (run.arrived("aa") - before) / (time.monotonic() - since)
    run.expect(rate > 0.8 * run.rate, f"{rate:.0f} of {run.rate} messages a second at 400 ms round trip")
    run.bed.heal()
    run.healed()
