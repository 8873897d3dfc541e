"""What TLS costs: the same backlog is drained over TLS and without it, in turn, with both ends alike.

Processor time is the bridge's own, of all its threads, in microseconds a message. The ratios are medians of the rounds.
"""
import drain_bed
import pumps


def with_tls(bed):
    """Changes a configuration so that both ends are reached over TLS."""
    over_tls = {"shop": {"url": bed.rabbit.tls.url, "tls": {"ca": str(bed.rabbit.tls.authority.certificate)}},
                "lake": {"bootstrap_servers": bed.kafka.secure["TLS"], "tls": {"ca": str(bed.kafka.logins.ca.certificate)}}}

    def change(config):
        for name, section in config["brokers"].items():
            section.update(over_tls[name])

    return change


def main():
    parser = drain_bed.parser_of("tls", __doc__, before=False)
    drain_bed.drain_options(parser)
    parser.add_argument("--size", type=int, default=256, help="bytes of a body (256)")
    options = parser.parse_args()
    with drain_bed.Bed(options.build, secure=True) as bed:
        plain, over_tls = (pumps.Mombridge(options.build, name, change) for name, change in (("plain", None), ("TLS", with_tls(bed))))
        drain_bed.report(options, bed, drain_bed.compare("tls", bed, options, plain, over_tls, options.size))


if __name__ == "__main__":
    main()
