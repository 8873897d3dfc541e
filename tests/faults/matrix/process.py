"""What happens to the bridge's own process."""
import time

from directions import short_sessions
from registry import fault


@fault("D0", "no fault at all", ordered=True, short=True)
def nothing(run):
    run.sleep(8)
    run.healed()


@fault("D1", "bridge killed (-9), 50 times")
def killed(run):
    pauses = [run.random.uniform(0.05, 1.5) for _ in range(50)]
    slowest = 0
    for round, pause in enumerate(pauses):
        # Half of the times destinations are slow, so that much is in flight.
        run.slow_destinations(0.05 if round % 2 else 0)
        time.sleep(pause)
        run.faulted(interruptions=1)
        run.bridge.kill()
        since = time.monotonic()
        run.bridge.start()
        slowest = max(slowest, time.monotonic() - since)
    run.slow_destinations(0)
    run.healed()
    run.expect(slowest < 2, f"slowest restart {slowest:.2f} s")
    run.note(f"slowest restart {slowest:.2f} s")


@fault("D1k", "the same 8 times, each with traffic in every direction", configure=short_sessions)
def killed_in_traffic(run):
    run.slow_destinations(0.05)
    for pause in [run.random.uniform(0.1, 2) for _ in range(8)]:
        run.wait_flowing()
        time.sleep(pause)
        run.faulted(interruptions=1)
        run.bridge.kill()
        run.bridge.start()
    run.slow_destinations(0)
    run.healed()


@fault("D1s", "bridge killed (-9), 5 times", short=True)
def killed_few(run):
    for pause in [run.random.uniform(0.2, 2.5) for _ in range(5)]:
        time.sleep(pause)
        run.faulted(interruptions=1)
        run.bridge.kill()
        run.bridge.start()
    run.healed()


@fault("D2", "bridge ends between a confirm and its acknowledgement, 8 times", failpoints=True, start=False)
def ends_after_confirm(run):
    """The window is open at least for the message at whose confirm it ends: without a duplicate, nothing was tried."""
    run.start_senders()
    for count in [run.random.randrange(1, 400) for _ in range(8)]:
        run.bridge._environment["MOMBRIDGE_FAIL"] = f"after_confirm:exit:{count}"
        run.bridge.start()
        run.faulted(interruptions=1)
        run.bridge.expect_exit(1)
    del run.bridge._environment["MOMBRIDGE_FAIL"]
    run.bridge.start()
    run.healed()
    run.least_duplicates = 8


@fault("D3", "TERM under load, 5 times: drains, makes no duplicates", short=True)
def terminated(run):
    run.faulted()
    for pause in [run.random.uniform(0.5, 2) for _ in range(5)]:
        time.sleep(pause)
        took = run.bridge.terminate()
        run.expect(took < 20, f"drain took {took:.1f} s")
        run.bridge.start()
    run.healed()


@fault("D4", "bridge stopped (SIGSTOP) for 60 s", interruptions=2)
def stopped(run):
    run.faulted()
    run.bridge.pause()
    run.sleep(60)
    run.bridge.resume()
    run.healed()
    storms = run.bridge.read_log().count("406 ")
    run.expect(storms <= 2, f"{storms} channels closed with 406")
