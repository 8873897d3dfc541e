"""What the bridge adds to a request's round trip.

The same requester and responder, compiled and without the bridge's code, ask each other directly on either broker and
through the bridge on all four ways, in turns, in one run. A request through the bridge takes two hops to the responder
and its reply two back, so it costs what a round trip on each of the two brokers costs, and what the bridge adds to that.
"""
import argparse
import pathlib

from request_bed import KINDS, NAMES, WAYS, Bed, name_of, percentile


def measure(bed, options):
    """{way: milliseconds of each request}; a way of one kind is direct."""
    plans = {(kind,): (kind, kind, f"direct.{kind}", f"direct.{kind}") for kind in KINDS}
    plans |= {way: (*way, bed.source(way), bed.sink(way)) for way in WAYS}
    times = {way: [] for way in plans}
    for i in range(options.rounds):
        for way, (source, sink, requests, served) in plans.items():
            times[way] += bed.times((source, sink), requests, served, int(options.rate * options.seconds), options.rate)
        print(f"round {i + 1} of {options.rounds} done", flush=True)
    return times


def show(times, options):
    print(f"\n{options.rate:g} requests a second on each way, {options.rounds} × {options.seconds:g} s; milliseconds\n")
    print(f"{'':24}{'round trip':^18}{'added':^18}{'beyond the hops':>17}")
    print(f"{'':24}" + f"{'median':>9}{'p99':>9}" * 2 + f"{'median':>17}")
    at = {way: (percentile(t, 50), percentile(t, 99)) for way, t in times.items()}
    for way, (median, p99) in at.items():
        if len(way) == 1:
            print(f"{'directly on ' + NAMES[way[0]]:24}{median:9.2f}{p99:9.2f}")
            continue
        direct, other = at[way[:1]], at[way[1:]]
        print(f"{name_of(way):24}{median:9.2f}{p99:9.2f}{median - direct[0]:9.2f}{p99 - direct[1]:9.2f}"
              f"{median - direct[0] - other[0]:17.2f}")
    print("\nadded: more than directly on the requester's broker; beyond the hops: more than directly on both brokers together")


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench round_trip", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--rate", type=float, default=200, help="requests a second (200)")
    parser.add_argument("--seconds", type=float, default=10, help="of each way in a round (10)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--librdkafka", action="append", default=[], metavar="KEY=VALUE", help="a setting of the bridge's")
    options = parser.parse_args()
    with Bed(options.build) as bed:
        for kind in KINDS:
            bed.end(kind, f"direct.{kind}")
        bed.bridge(WAYS, dict(text.split("=", 1) for text in options.librdkafka))
        show(measure(bed, options), options)


if __name__ == "__main__":
    main()
