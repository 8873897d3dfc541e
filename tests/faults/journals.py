"""Reads what senders and sinks write, while they write it."""
import collections
import dataclasses


@dataclasses.dataclass
class Arrival:
    ms: int
    place: str
    flow: str
    seq: int
    copy: str         # tells copies of one message apart, "-" where the broker cannot
    redelivered: bool
    correlation: str


class Flow:
    """One flow of messages, from its sender to wherever its messages came out."""

    def __init__(self, name):
        self.name = name
        self.attempted = {}  # seq: ms
        self.confirmed = {}
        self.refused = {}    # nacked or returned: the broker does not have it
        self.arrivals = collections.defaultdict(list)  # seq: [Arrival]
        self.forgotten = set()  # a fault has deleted these itself: nobody waits for them
        self.order = []      # first arrivals, as they came

    def under_way(self):
        """Attempted, and neither confirmed nor refused: the broker may have it or not, or get it yet."""
        return self.attempted.keys() - self.confirmed.keys() - self.refused.keys()

    def missing(self):
        """Confirmed, and not arrived anywhere."""
        return sorted(self.confirmed.keys() - self.arrivals.keys() - self.forgotten)


class Tail:
    def __init__(self, path):
        self._path, self._at, self._rest = path, 0, ""

    def lines(self):
        if not self._path.exists():
            return []
        with self._path.open() as file:
            file.seek(self._at)
            text = self._rest + file.read()
            self._at = file.tell()
        *whole, self._rest = text.split("\n")
        return whole


class Journals:
    def __init__(self):
        self.flows = {}
        self.broken = []     # bodies that no sender made
        self._sent, self._arrived = [], []

    def add(self, path, sent):
        (self._sent if sent else self._arrived).append(Tail(path))

    def flow(self, name):
        return self.flows.setdefault(name, Flow(name))

    def read(self):
        """Takes in what is new. Sinks first: nothing has arrived that its sender had not written down before."""
        arrived = [line for tail in self._arrived for line in tail.lines()]
        for tail in self._sent:
            for line in tail.lines():
                kind, ms, name, seq = line.split(" ")
                flow = self.flow(name)
                into = {"A": flow.attempted, "C": flow.confirmed}.get(kind, flow.refused)
                into[int(seq)] = int(ms)
        for line in arrived:
            place, ms, name, seq, copy, redelivered, correlation = line.split(" ")
            arrival = Arrival(int(ms), place, name, int(seq), copy, redelivered == "1", correlation)
            if name == "?":
                self.broken.append(arrival)
                continue
            flow = self.flow(name)
            if arrival.seq not in flow.arrivals:
                flow.order.append(arrival)
            flow.arrivals[arrival.seq].append(arrival)
        return self

    def missing(self):
        """{flow: sequence numbers that were confirmed and have not arrived anywhere}"""
        return {name: found for name, flow in self.flows.items()
                if (found := flow.missing())}
