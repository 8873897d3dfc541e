"""Proof of the harness: a bridge that acknowledges before its destination has confirmed must be found out."""
from directions import short_sessions
from registry import fault

DIRECT = ("aa", "ak", "ka", "kk")


def kill_with_much_in_flight(run):
    # More than the second between two commits: every kill finds something committed and not confirmed.
    run.slow_destinations(0.6)
    for _ in range(4):
        run.wait_flowing()
        run.sleep(2, 3)
        run.faulted(interruptions=1)
        run.bridge.kill()
        run.bridge.start()
    run.slow_destinations(0)
    run.healed()


@fault("P1", "proof: as built, killed four times with much in flight", directions=DIRECT, hidden=True, configure=short_sessions, failpoints=True)
def honest(run):
    kill_with_much_in_flight(run)


@fault("P2", "proof: the same with acknowledgements that come too early", directions=DIRECT, hidden=True, configure=short_sessions, failpoints=True,
       environment={"MOMBRIDGE_FAIL": "early_ack"}, settles=False)
def early(run):
    kill_with_much_in_flight(run)
