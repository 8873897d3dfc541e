"""What the bridge adds to a request's round trip.

The same requester and responder, compiled and without the bridge's code, ask each other directly on either broker and
through the bridge on all four ways, in turns, in one run. A request through the bridge takes two hops to the responder
and its reply two back, so it costs what a round trip on each of the two brokers costs, and what the bridge adds to that.
"""
from drain_bed import parser_of, run
from figures import Row, measure_in_turn, percentile, series_of
from latency import Times
from request_bed import KINDS, NAMES, WAYS, RequestBed, name_of

PART = "round_trip"


def plans(options):
    """{(who, way): words for load-requests}; a way of one kind is direct."""
    found = {("direct", (kind,)): (kind, kind, f"direct.{kind}", f"direct.{kind}") for kind in KINDS}
    for who in who_of(options):
        for way in WAYS:
            found[who, way] = (*way, RequestBed.source(way, f"{who}."), RequestBed.sink(way, f"{who}."))
    return found


def who_of(options):
    return ["bridge", "before"] if options.before else ["bridge"]


def rows_of(series, options):
    """`series(who, way, field)`"""
    rows = []
    for way in WAYS:
        for field, what in (("p50", "median"), ("p99", "p99")):
            mine, there = series("bridge", way, field), series("direct", way[:1], field)
            rows.append(Row(PART, f"{name_of(way)}, {what}: more than directly on {NAMES[way[0]]}", mine.less(there), "ms",
                            beside={"round trip": (mine, "ms"), "directly": (there, "ms")}))
            if field == "p50":  # rare delays of two hops do not add up
                rows.append(Row(PART, f"{name_of(way)}, {what}: beyond both hops",
                                mine.less(there).less(series("direct", way[1:], field)), "ms"))
            if options.before:
                rows.append(Row(PART, f"{name_of(way)}, {what}: to before", mine.over(series("before", way, field))))
    return rows


def measure(bed, options):
    librdkafka = dict(text.split("=", 1) for text in options.librdkafka)

    def times(plan):
        source, sink, requests, served = ways[plan]
        found = requesters.times((source, sink), requests, served, int(options.rate * options.seconds), options.rate)
        return Times(percentile(found, 50), percentile(found, 99))

    with RequestBed(options.build, bed.pair) as requesters:
        ways = plans(options)
        for kind in KINDS:
            requesters.end(kind, f"direct.{kind}")
        for who in who_of(options):
            requesters.bridge(WAYS, librdkafka, f"{who}.", options.before if who == "before" else None)
        found = measure_in_turn(list(ways), options.rounds, times)
    print(f"{PART}: done", flush=True)
    return rows_of(lambda who, way, field: series_of(found[who, way], field), options)


def parser():
    made = parser_of(PART, __doc__)
    made.add_argument("--rate", type=float, default=200, help="requests a second (200)")
    made.add_argument("--seconds", type=float, default=10, help="of each way in a round (10)")
    made.add_argument("--librdkafka", action="append", default=[], metavar="KEY=VALUE", help="a setting of the bridge's")
    return made


if __name__ == "__main__":
    run(parser(), measure)
