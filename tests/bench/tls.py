"""What TLS costs: the same backlog is drained over TLS and without it, in turn, with both ends alike.

Processor time is the bridge's own, of all its threads, in microseconds a message. The ratios are medians of the rounds.
"""
import argparse

import drain_bed


def with_tls(bed):
    """Changes a configuration so that both ends are reached over TLS."""
    over_tls = {"shop": {"url": bed.rabbit.tls.url, "tls": {"ca": str(bed.rabbit.tls.authority.certificate)}},
                "lake": {"bootstrap_servers": bed.kafka.secure["TLS"], "tls": {"ca": str(bed.kafka.logins.ca.certificate)}}}

    def change(config):
        for name, section in config["brokers"].items():
            section.update(over_tls[name])

    return change


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench tls", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    options = drain_bed.options_of(parser)
    with drain_bed.Bed(options.build, b"x" * options.size, secure=True) as bed:
        drain_bed.compare(bed, options, ("plain", "TLS"), ({}, {"change": with_tls(bed)}))


if __name__ == "__main__":
    main()
