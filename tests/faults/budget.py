"""How many duplicates a run's interruptions may make, per flow; derived in README.md."""
import checker
import directions


def duplicate_budget(fault, plan, journals, interruptions):
    """{flow: messages}. interruptions: [(ms, how many)] as they were made, besides those that the fault declares.

    An interruption can make duplicates of what was in flight; of a Kafka source also of what was done since the last
    commit.
    """
    made = interruptions + [(None, fault.interruptions)]
    found = {}
    for d in plan.directions:
        at_sink = directions.SINK_PREFETCH * fault.sink_interruptions if d.sink == "amqp" else 0
        found[d.name] = at_sink + sum(count * _window(fault, plan, d, journals, ms) for ms, count in made)
    return found


def _window(fault, plan, direction, journals, ms):
    """Of one interruption at a moment; None: at any."""
    if direction.source == "amqp":
        return fault.windows[0]
    flow = journals.flow(direction.name)
    uncommitted = (checker.peak_rate(flow, directions.COMMIT_INTERVAL) if ms is None else
                   checker.arrivals_between(flow, ms - 1500 * directions.COMMIT_INTERVAL, ms + 500))
    return fault.windows[1] * plan.partitions + uncommitted
