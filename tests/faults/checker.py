"""The total-queue check: what went in must come out, at least once, at its own place, and nothing else.

    lost        confirmed to its sender, never seen again
    unexpected  seen, but never sent, or seen at another flow's place
    broken      a body that is not, byte for byte, what was sent
    duplicates  copies beyond the first
    disorder    before anything failed: a message seen after a later one of its queue or key
    mismatched  a reply that carries another request's correlation id
    dead        dead-lettered
"""
import dataclasses

from directions import DIRECTIONS


@dataclasses.dataclass
class Verdict:
    sent: int = 0
    lost: int = 0
    unexpected: int = 0
    broken: int = 0
    duplicates: int = 0
    disorder: int = 0
    mismatched: int = 0
    dead: int = 0
    examples: list = dataclasses.field(default_factory=list)
    by_flow: dict = dataclasses.field(default_factory=dict)  # name: (sent, lost, duplicates)


def copies(arrivals):
    """How many copies of one message the bridge made.

    Kafka names each by its offset. An AMQP broker delivers one copy again when the sink's acknowledgement got lost, and
    says so: a redelivery is no copy of its own, unless there is nothing that it could be the redelivery of.
    """
    named = {(a.place, a.copy) for a in arrivals if a.copy != "-"}
    fresh = sum(a.copy == "-" and not a.redelivered for a in arrivals)
    again = any(a.copy == "-" and a.redelivered for a in arrivals)
    return len(named) + max(fresh, again)


def disorder(flow, until, keys):
    """Messages that came after a later one of their queue or key, among those that came before `until` (ms)."""
    by_queue = DIRECTIONS[flow.name].by_queue
    highest, found = {}, []
    for arrival in flow.order:
        if arrival.ms >= until:
            break
        key = 0 if by_queue else arrival.seq % keys
        if arrival.seq < highest.get(key, 0):
            found.append(arrival.seq)
        highest[key] = max(highest.get(key, 0), arrival.seq)
    return found


def check(journals, plan, ordered_until, extra_places=None, keys=8):
    """ordered_until: {flow: ms} before which order is promised; absent: never. extra_places: of flows outside the plan."""
    verdict = Verdict(broken=len(journals.broken))
    places = {d.name: plan.sink(d) for d in plan.directions} | (extra_places or {})
    for name, flow in journals.flows.items():
        lost = flow.missing()
        duplicates = 0
        for seq, arrivals in flow.arrivals.items():
            duplicates += copies(arrivals) - 1
            strange = [a for a in arrivals if a.place not in (places.get(name), plan.dead)]
            if seq not in flow.attempted or strange:
                verdict.unexpected += 1
                verdict.examples.append(f"unexpected: {name}-{seq} at {arrivals[0].place}")
            verdict.dead += any(a.place == plan.dead for a in arrivals)
            if name in DIRECTIONS and DIRECTIONS[name].request:
                wrong = [a for a in arrivals if a.place == places[name] and a.correlation != f"{name}-{seq}"]
                verdict.mismatched += len(wrong)
                verdict.examples += [f"mismatched: {name}-{seq} answered as {a.correlation}" for a in wrong[:3]]
        wrong_order = disorder(flow, ordered_until[name], keys) if name in ordered_until else []
        verdict.disorder += len(wrong_order)
        verdict.examples += [f"lost: {name}-{seq}" for seq in lost[:3]] + [f"disorder: {name}-{seq}" for seq in wrong_order[:3]]
        verdict.sent += len(flow.confirmed)
        verdict.lost += len(lost)
        verdict.duplicates += duplicates
        verdict.by_flow[name] = (len(flow.confirmed), len(lost), duplicates)
    return verdict


def recovery(journals, healed):
    """{flow: seconds from `healed` (ms) until something arrived that was sent after it}; None: nothing did."""
    found = {}
    for name, flow in journals.flows.items():
        late = [flow.arrivals[seq][0].ms for seq, ms in flow.attempted.items() if ms >= healed and seq in flow.arrivals]
        found[name] = (min(late) - healed) / 1000 if late else None
    return found


def arrivals_between(flow, begin, end):
    return sum(begin <= a.ms <= end for a in flow.order)


def peak_rate(flow, seconds):
    """The most messages of the flow that arrived within `seconds`."""
    times = [a.ms for a in flow.order]
    best = start = 0
    for end, ms in enumerate(times):
        while ms - times[start] > seconds * 1000:
            start += 1
        best = max(best, end - start + 1)
    return best
