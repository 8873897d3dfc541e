"""The checker finds what it is there to find: each kind of fault, made by hand in a journal."""
import pathlib
import sys
import types

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import checker  # noqa: E402
import directions  # noqa: E402
from budget import duplicate_budget  # noqa: E402
from journals import Journals  # noqa: E402


@pytest.fixture
def plan():
    return directions.Plan("p", ("aa", "ak", "ra"))


@pytest.fixture
def judge(tmp_path, plan):
    """judge(sent, arrived, …) writes both journals and checks them."""
    journals = Journals()
    journals.add(tmp_path / "sent", sent=True)
    journals.add(tmp_path / "arrived", sent=False)

    def run(sent, arrived, ordered_until=None):
        with (tmp_path / "sent").open("a") as file:
            file.writelines(line + "\n" for line in sent)
        with (tmp_path / "arrived").open("a") as file:
            file.writelines(line + "\n" for line in arrived)
        return checker.check(journals.read(), plan, ordered_until or {})

    run.journals = journals
    return run


def sent(*numbers, flow="aa", confirmed=True):
    lines = []
    for seq in numbers:
        lines += [f"A {seq * 10} {flow} {seq}"] + ([f"C {seq * 10 + 1} {flow} {seq}"] if confirmed else [])
    return lines


def arrived(seq, flow="aa", ms=5000, place=None, copy="-", redelivered=0, correlation="-"):
    return f"{place or f'p.{flow}.out'} {ms} {flow} {seq} {copy} {redelivered} {correlation}"


def test_nothing_wrong(judge):
    verdict = judge(sent(1, 2, 3), [arrived(1), arrived(2), arrived(3)], {"aa": 10**9})
    assert (verdict.sent, verdict.lost, verdict.unexpected, verdict.duplicates, verdict.disorder) == (3, 0, 0, 0, 0)


def test_lost(judge):
    verdict = judge(sent(1, 2, 3), [arrived(1), arrived(3)])
    assert verdict.lost == 1 and "lost: aa-2" in verdict.examples


def test_unconfirmed_may_be_lost(judge):
    assert judge(sent(1) + sent(2, confirmed=False), [arrived(1)]).lost == 0


def test_what_is_under_way(judge):
    judge(sent(1) + sent(2, 3, 4, confirmed=False) + ["N 50 aa 3", "R 50 aa 4"], [arrived(2)])
    assert judge.journals.flow("aa").under_way() == {2}, "arrived, but its confirm can still come"


def test_unconfirmed_may_arrive(judge):
    verdict = judge(sent(1, confirmed=False), [arrived(1)])
    assert (verdict.lost, verdict.unexpected) == (0, 0)


def test_never_sent(judge):
    assert judge(sent(1), [arrived(1), arrived(99)]).unexpected == 1


def test_at_another_place(judge):
    assert judge(sent(1), [arrived(1, place="p.ak.out")]).unexpected == 1


def test_broken(judge):
    assert judge(sent(1), [arrived(1), arrived(0, flow="?", place="p.aa.out")]).broken == 1


def test_duplicates_in_kafka_are_told_by_their_offsets(judge):
    same = judge(sent(1, flow="ak"), [arrived(1, flow="ak", copy="0/7"), arrived(1, flow="ak", copy="0/7")])
    assert same.duplicates == 0
    assert judge([], [arrived(1, flow="ak", copy="0/8")]).duplicates == 1


def test_a_redelivery_is_no_duplicate(judge):
    assert judge(sent(1), [arrived(1), arrived(1, redelivered=1)]).duplicates == 0
    assert judge([], [arrived(1)]).duplicates == 1


def test_a_lone_redelivery_is_one_copy(judge):
    assert judge(sent(1), [arrived(1, redelivered=1)]).duplicates == 0


def test_disorder_before_the_fault(judge):
    verdict = judge(sent(1, 2), [arrived(2, ms=100), arrived(1, ms=200)], {"aa": 150})
    assert verdict.disorder == 0
    assert judge([], [], {"aa": 250}).disorder == 1


def test_order_between_keys_is_not_promised(judge):
    verdict = judge(sent(1, 2, 9, flow="ak"), [arrived(9, "ak", copy="0/0"), arrived(2, "ak", copy="1/0"), arrived(1, "ak", copy="0/1")],
                    {"ak": 10**9})
    assert verdict.disorder == 1  # 1 and 9 share a key


def test_a_reply_to_another_request(judge):
    verdict = judge(sent(1, 2, flow="ra"), [arrived(1, "ra", correlation="ra-1"), arrived(2, "ra", correlation="ra-1")])
    assert verdict.mismatched == 1


def test_dead_letters_are_not_lost(judge):
    verdict = judge(sent(1), [arrived(1, place="p.dead")])
    assert (verdict.lost, verdict.dead, verdict.unexpected) == (0, 1, 0)


def test_a_line_that_is_still_being_written(judge, tmp_path):
    (tmp_path / "arrived").write_text("p.aa.out 5000 aa")
    assert judge(sent(1), []).lost == 1
    assert judge([], [" 1 - 0 -"]).lost == 0


def test_recovery(judge):
    judge(sent(1, 300, 400), [arrived(1, ms=20), arrived(300, ms=3500), arrived(400, ms=4200)])
    assert checker.recovery(judge.journals, 3000) == {"aa": 0.5}
    assert checker.recovery(judge.journals, 9000) == {"aa": None}


def test_peak_rate(judge):
    judge(sent(1, 2, 3, 4), [arrived(1, ms=0), arrived(2, ms=900), arrived(3, ms=1000), arrived(4, ms=5000)])
    assert checker.peak_rate(judge.journals.flow("aa"), 1.0) == 3


def test_budget(judge, plan):
    fault = types.SimpleNamespace(windows=(10, 30), interruptions=0, sink_interruptions=0)

    def budget(*interruptions):
        return duplicate_budget(fault, plan, judge.journals, list(interruptions))

    assert not any(budget().values())
    assert budget((1000, 2)) == {"aa": 20, "ak": 20, "ra": 20}
    fault.interruptions, fault.sink_interruptions = 1, 1
    assert budget()["aa"] == 10 + directions.SINK_PREFETCH and budget()["ak"] == 10


def test_budget_of_a_kafka_source_has_what_is_not_committed(judge):
    plan = directions.Plan("p", ("ka",))
    fault = types.SimpleNamespace(windows=(10, 30), interruptions=0, sink_interruptions=0)
    judge([], [arrived(seq, "ka", ms=seq) for seq in (100, 1000, 2000, 2400, 9000)])
    in_flight = 30 * plan.partitions
    assert duplicate_budget(fault, plan, judge.journals, [(2000, 1)]) == {"ka": in_flight + 3}
    fault.interruptions = 1
    assert duplicate_budget(fault, plan, judge.journals, []) == {"ka": in_flight + 2}
