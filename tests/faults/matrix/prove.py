"""Proof of the harness: a bridge that acknowledges before its destination has confirmed must be found out."""
from registry import fault

DIRECT = ("aa", "ak", "ka", "kk")


def kill_with_much_in_flight(run):
    run.slow_destinations(0.2)
    run.sleep(3)
    for _ in range(3):
        run.faulted(interruptions=1)
        run.bridge.kill()
        run.bridge.start()
        run.sleep(3)
    run.slow_destinations(0)
    run.healed()
    run.least_duplicates = 0


@fault("P1", "proof: as built, killed three times with much in flight", directions=DIRECT, hidden=True, failpoints=True)
def honest(run):
    kill_with_much_in_flight(run)


@fault("P2", "proof: the same with acknowledgements that come too early", directions=DIRECT, hidden=True, failpoints=True,
       environment={"MOMBRIDGE_FAIL": "early_ack"}, settles=False)
def early(run):
    kill_with_much_in_flight(run)
