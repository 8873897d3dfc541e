"""The whole suite in a short form: each part with smaller counts, on one RabbitMQ and one Kafka. Each part by itself, such as
`scripts/bench drain`, has longer runs and more options: scripts/bench PART --help.
"""
import drain
import idle
import large_body
import latency
import memory
import round_trip
import routes
from drain_bed import Bed, parser_of, report

# In this order; what is heavy for the brokers comes last.
PARTS = (
    (idle, ["--seconds", "10"]),
    (drain, ["--sizes", "256", "--count", "20000"]),
    (drain, ["--sizes", "65536", "--count", "2000", "--directions", "ak", "aa"]),
    (large_body, []),
    (routes, ["--count", "20000"]),
    (round_trip, ["--seconds", "5"]),
    (latency, ["--count", "20000", "--seconds", "5", "--directions", "ak", "aa"]),
    # Memory differs little from round to round, and only a backlog that is larger than the budget proves something.
    (memory, ["--count", "100000", "--backlog", "300000", "--rounds", "1", "--memory", "64MiB"]),
)


def options_for(part, words, options):
    """A part's own options, with what is said for all of them."""
    words = ["--build", str(options.build), "--rounds", str(options.rounds), *words]
    if options.before:
        words += ["--before", str(options.before)]
    if options.peers and part is drain:
        words.append("--peers")
    return part.parser().parse_args(words)


def parser():
    made = parser_of("", __doc__)
    made.add_argument("--peers", action="store_true", help="other bridges, too, where they are installed (Benthos)")
    return made


def main():
    options = parser().parse_args()
    rows = []
    with Bed(options.build) as bed:
        for part, words in PARTS:
            rows += part.measure(bed, options_for(part, words, options))
        report(options, bed, rows)


if __name__ == "__main__":
    main()
