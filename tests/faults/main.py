#!/usr/bin/python3
"""Breaks what can break around a bridge under load, and checks that nothing is lost. See README.md."""
import argparse
import os
import pathlib
import random
import shutil
import sys
import time
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "brokers"), str(HERE.parent / "integration")]

import matrix  # noqa: E402,F401
import report  # noqa: E402
import chaos  # noqa: E402
from prove import prove  # noqa: E402
from registry import FAULTS  # noqa: E402
from run import Run  # noqa: E402


def parse(argv):
    parser = argparse.ArgumentParser(prog="scripts/faults", description=__doc__)
    parser.add_argument("--list", action="store_true", help="the faults there are")
    parser.add_argument("--only", nargs="+", metavar="ID", help="just these")
    parser.add_argument("--short", action="store_true", help="the few that the tests run")
    parser.add_argument("--prove", action="store_true", help="shows that a bridge which acknowledges too early is found out")
    parser.add_argument("--random", action="store_true", help="faults drawn from the seed, over all directions, instead of the matrix")
    parser.add_argument("--seconds", type=float, default=600, help="how long --random goes on (600)")
    parser.add_argument("--brokers", choices=("old", "new", "cluster"), default="old",
                        help="RabbitMQ 3.10 and Kafka 3.9, or 4.0 and 4.1, or three nodes of each of the old (old)")
    parser.add_argument("--report", type=pathlib.Path, help="write the table there, too")
    parser.add_argument("--seed", type=int, default=1, help="same seed, same schedule (1)")
    parser.add_argument("--rate", type=float, default=100, help="messages a second in each direction (100)")
    parser.add_argument("--memory", metavar="SIZE", help="run the bridge with `memory: SIZE`, such as 64MiB")
    parser.add_argument("--build", default=HERE.parents[1] / "build" / "release", help="folder of the build (build/release)")
    parser.add_argument("--no-kafka", action="store_true", help="AMQP directions alone")
    parser.add_argument("--keep", action="store_true", help="keep journals and logs of what passed, too")
    return parser.parse_args(argv)


def chosen(options):
    clusters = options.brokers == "cluster"
    faults = [f for f in FAULTS.values() if not f.hidden and f.cluster == clusters]
    if clusters and (options.prove or options.random):
        sys.exit("scripts/faults: --prove and --random are for single nodes: leave --brokers cluster out")
    if options.only:
        unknown = set(options.only) - {f.id for f in FAULTS.values() if f.cluster == clusters}
        if unknown:
            sys.exit(f"scripts/faults: no fault {', '.join(sorted(unknown))} with {'clusters' if clusters else 'single nodes'}; --list shows them")
        faults = [FAULTS[id] for id in options.only]
    elif options.short:
        faults = [f for f in faults if f.short]
    if options.no_kafka:
        for f in [*faults, FAULTS["P1"], FAULTS["P2"]]:
            f.directions = tuple(d for d in f.directions if "k" not in d)
        faults = [f for f in faults if f.directions]
    return faults


def run_one(bed, fault, options):
    row, since = report.Row(fault.id, fault.title), time.monotonic()
    # Its own generator for each fault: the schedule of one does not depend on which others run.
    generator = random.Random(f"{options.seed}:{fault.id}")
    folder = bed.folder / fault.id
    run = Run(bed, fault, generator, options.rate, folder, options.memory)
    with run:
        try:
            bed.heal()
            run.open()
            fault.body(run)
            verdict, row.budget = run.finish()
            row.by_flow = verdict.by_flow
            row.sent, row.lost, row.duplicates = verdict.sent, verdict.lost, verdict.duplicates
            if run.recovery and None not in run.recovery.values():
                row.recovery = max(run.recovery.values())
        except Exception as error:  # whatever goes wrong with one fault, the others are still worth running
            traceback.print_exc()
            run.failures.append(f"{type(error).__name__}: {error}")
        row.peak = run.watch.peak_rss if hasattr(run, "watch") else 0
    try:
        bed.heal()
        bed.clear(run.plan)
    except Exception as error:  # the rows so far are still to be shown
        run.failures.append(f"the brokers did not come back: {error}")
    row.failures, row.notes, row.seconds = run.failures, run.notes, time.monotonic() - since
    if row.passed and not options.keep:
        shutil.rmtree(folder)
    else:
        row.notes.append(f"journals and logs in {folder}")
    return row


def open_bed(options):
    if options.brokers == "new":
        os.environ.setdefault("MOMBRIDGE_KAFKA_VERSION", "4.1.0")
    from bed import Bed, ClusterBed  # reads the version when it is imported
    from oauth_rabbit import with_oauth
    from rabbit_node import Rabbit
    if options.brokers == "cluster":
        return ClusterBed(options.build, with_kafka=not options.no_kafka)
    rabbit = Rabbit
    if options.brokers == "new":
        from trixie_rabbit import TrixieRabbit as rabbit
    return Bed(options.build, rabbit=with_oauth(rabbit), with_kafka=not options.no_kafka)


def show_list():
    for f in (f for f in FAULTS.values() if not f.hidden):
        print(f"{f.id:5} {'cluster' if f.cluster else 'short' if f.short else '':8} {f.title}")


def run_all(bed, faults, options):
    rows = []
    for fault in faults:
        row = run_one(bed, fault, options)
        rows.append(row)
        print(f"{'pass' if row.passed else 'FAIL'} {row.id} {row.title}: {row.sent} sent, {row.lost} lost, "
              f"{row.duplicates}/{row.budget} duplicates, {row.seconds:.0f} s", flush=True)
        for text in row.failures + row.notes:
            print(f"     {text}", flush=True)
    return rows


def main(argv=None):
    options = parse(argv)
    if options.list:
        show_list()
        return 0
    faults = chosen(options)
    with open_bed(options) as bed:
        title = f"{bed.versions()}; seed {options.seed}; {options.rate:g} messages a second and direction" + \
            (f"; memory: {options.memory}" if options.memory else "")
        print(title, flush=True)
        if options.prove:
            return prove(lambda fault: run_one(bed, fault, options))
        rows = run_all(bed, chaos.rounds(options, bed) if options.random else faults, options)
    text = f"{title}\n\n{report.table(rows)}\n"
    print("\n" + text + report.details(rows))
    if options.report:
        options.report.write_text(text)
    failed = [row.id for row in rows if not row.passed]
    print(f"{len(rows) - len(failed)} of {len(rows)} faults survived" + (f"; failed: {', '.join(failed)}" if failed else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
