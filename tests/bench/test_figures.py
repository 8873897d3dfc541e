"""The statistics and the tables of the benchmarks; nothing here is timed."""
import json

import pytest

import drain
import drain_bed
import figures
import memory
import pumps
import routes
import suite
from drain_bed import Drained
from figures import Goal, Row, Series


def test_a_series_has_its_median_and_its_spread():
    series = Series([3, 1, 2, 10])
    assert (series.median, series.low, series.high) == (2.5, 1, 10)
    with pytest.raises(ValueError):
        Series([])


def test_ratios_and_differences_are_made_round_by_round():
    # A slow third round does not show in the ratios, because it was slow for both.
    mine, other = Series([10, 11, 30]), Series([5, 5, 15])
    assert mine.over(other).values == pytest.approx([2, 2.2, 2])
    assert mine.less(other).values == [5, 6, 15]
    for bad in (mine.over, mine.less):
        with pytest.raises(ValueError):
            bad(Series([1, 2]))


@pytest.mark.parametrize("goal, values, verdict", [
    (Goal(1.3), [1.2, 1.3, 1.25], "met"),
    (Goal(1.3), [1.2, 1.25, 1.4], "met (~)"),
    (Goal(1.3), [1.2, 1.35, 1.4], "not met (~)"),
    (Goal(1.3), [1.4, 1.35, 1.4], "not met"),
    (Goal(0.95, at_most=False), [0.95, 1.2], "met"),
    (Goal(0.95, at_most=False), [0.7, 0.8, 0.96], "not met (~)"),
])
def test_a_goal_is_judged_by_the_median_and_says_when_rounds_differ(goal, values, verdict):
    assert goal.verdict(Series(values)) == verdict


@pytest.mark.parametrize("value, text", [(0.954, "0.95"), (9.999, "10.00"), (12.34, "12.3"), (150.4, "150"), (-0.5, "-0.50")])
def test_numbers_have_the_digits_that_mean_something(value, text):
    assert figures.number(value) == text


def test_the_table_has_a_line_for_each_row_and_columns_of_one_width():
    rows = [Row("drain", "CPU", Series([1.2, 1.1, 1.4]), goal=Goal(1.3), beside={"bridge": (Series([9, 8, 7]), "µs/msg")}),
            Row("idle", "memory", Series([20]), "MiB", goal=Goal(512))]
    lines = figures.table(rows).splitlines()
    assert len(lines) == 4 and len({len(line) for line in lines}) == 1
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]
    assert cells[2] == ["drain", "CPU", "1.20 (1.10..1.40)", "≤ 1.30", "met (~)", "bridge 8.00 µs/msg"]
    assert cells[3] == ["idle", "memory", "20.0 MiB", "≤ 512 MiB", "met", ""]


def test_the_json_has_every_round_the_goal_and_what_it_depends_on():
    row = Row("drain", "CPU", Series([1.2, 1.5]), goal=Goal(1.3), beside={"bare": (Series([5, 6]), "µs/msg")})
    found = json.loads(figures.json_text([row], {"cores": 2}))
    assert found["form"] == figures.FORM and found["about"] == {"cores": 2}
    assert found["rows"] == [{
        "part": "drain", "what": "CPU", "unit": "ratio", "median": 1.35, "low": 1.2, "high": 1.5, "rounds": [1.2, 1.5],
        "goal": {"at_most": 1.3}, "met": False, "sure": False,
        "beside": {"bare": {"unit": "µs/msg", "median": 5.5, "low": 5, "high": 6, "rounds": [5, 6]}}}]


def test_everyone_is_measured_in_every_round_and_begins_in_turn():
    assert list(figures.in_turn(["a", "b", "c"], 2)) == [(0, "a"), (0, "b"), (0, "c"), (1, "b"), (1, "c"), (1, "a")]
    calls = []
    assert figures.measure_in_turn("ab", 3, lambda one: calls.append(one) or len(calls)) == {"a": [1, 4, 5], "b": [2, 3, 6]}


@pytest.mark.parametrize("percent, value", [(50, 50), (99, 99), (100, 100), (1, 1)])
def test_percentiles(percent, value):
    assert figures.percentile(range(100, 0, -1), percent) == value


def drained(rate, cpu, peak=30):
    return Drained(1000 * rate, 1000, rate * cpu / 1000, peak)


def test_what_was_drained_has_a_rate_and_a_cost_unless_too_little_was_seen():
    found = Drained(2000, 4, 0.01, 30)
    assert (found.rate, found.cpu) == pytest.approx((500, 5))
    seen_at_once = Drained(2000, 0.001, 0, 30, share=0.05)
    assert seen_at_once.peak == 30
    with pytest.raises(SystemExit, match="--count"):
        seen_at_once.rate


def test_the_bare_loop_is_measured_by_its_better_way_for_each_quantity():
    found = {"bridge": [drained(90, 12)], "bare": [drained(100, 10, 9)], "bare-rests": [drained(80, 6, 9)]}
    rows = {row.what: row for row in drain.rows_of("ka", 256, found)}
    assert rows["Kafka → AMQP, 256 B: rate to the bare loop's"].figure.median == pytest.approx(0.9)
    cpu = rows["Kafka → AMQP, 256 B: CPU to the bare loop's"]
    assert cpu.figure.median == pytest.approx(2) and cpu.goal == Goal(1.3) and set(cpu.beside) == set(found)
    assert rows["Kafka → AMQP, 256 B: peak memory"].figure.median == 30


def test_a_former_bridge_and_a_peer_have_rows_of_their_own():
    found = {"bridge": [drained(99, 10)], "before": [drained(100, 10)], "benthos": [drained(50, 20, 90)]}
    rows = {row.what: row for row in drain.rows_of("ak", 65_536, found)}
    assert rows["AMQP → Kafka, 64 KiB: CPU to Benthos'"].goal == Goal(0.8)
    assert rows["AMQP → Kafka, 64 KiB: rate to before"].goal.verdict(Series([0.99])) == "met"
    assert not any("bare" in what for what in rows)


def test_large_bodies_have_short_backlogs_and_small_windows(tmp_path):
    assert drain.count_of(60_000, 256) == 60_000 and drain.count_of(60_000, 1 << 20) == 256
    way = pumps.Way("ak", "in", "out", "group", 1 << 20, 1, "amqp://", "localhost", tmp_path)
    assert (way.prefetch, way.window) == (16, 16)


@pytest.mark.parametrize("direction, count", [("ak", 10_000), ("ka", 50_000), ("kk", 60_000)])
def test_a_backlog_keeps_the_window_full_while_it_is_measured(direction, count, tmp_path):
    way = pumps.Way(direction, "in", "out", "group", 256, 1, "amqp://", "localhost", tmp_path)
    assert drain_bed.backlog_of(way, 5000) == (count if direction != "kk" else 50_000)
    assert drain_bed.backlog_of(way, 20_000) == (20_000 if direction == "ak" else count)


@pytest.mark.parametrize("text, mib", [("64MiB", 64), ("1GiB", 1024), ("65536KiB", 64)])
def test_the_budget_is_what_was_asked_for(text, mib):
    assert memory.budget(text) == mib


def test_a_backlog_below_the_budget_has_no_goal():
    assert memory.goal_of("64MiB", 50_000_000) is None and memory.goal_of("64MiB", 200_000_000) == Goal(64)


def test_the_suite_gives_every_part_options_that_it_has():
    options = suite.parser().parse_args(["--build", ".", "--before", "former", "--rounds", "5", "--peers"])
    for part, words in suite.PARTS:
        found = suite.options_for(part, words, options)
        assert (found.build, found.before) == (options.build, options.before)
        assert found.rounds == (1 if part is memory else 5)
        assert getattr(found, "peers", False) == (part is drain)


def words_fit(pattern, words):
    if not pattern:
        return not words
    if pattern[0] == "#":
        return any(words_fit(pattern[1:], words[i:]) for i in range(len(words) + 1))
    return bool(words) and pattern[0] in ("*", words[0]) and words_fit(pattern[1:], words[1:])


@pytest.mark.parametrize("change", routes.WAYS.values())
def test_every_message_is_taken_by_one_route(change):
    config = {"brokers": {"lake": {}},
              "routes": [{"from": {"broker": "lake", "topic": "in.x"}, "to": {"broker": "lake", "target": "out.x"}}]}
    change(config)
    assert config["brokers"]["lake"]["subscribe"] == [{"topic": "in.x", "target_from": "header:target"}]
    patterns = [route["from"]["target"].split(".") for route in config["routes"]]
    for number in (0, 1, 17, 443, 999):
        assert sum(words_fit(pattern, ["order", str(number), "new"]) for pattern in patterns) == 1


def test_a_peer_that_is_not_installed_is_named(monkeypatch, capsys):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("BENTHOS", raising=False)
    assert pumps.peers(True) == []
    assert capsys.readouterr().out.startswith("benthos: not installed (needs ")
    assert pumps.peers(False) == [] and capsys.readouterr().out == ""


def test_the_configuration_of_a_peer_has_both_ends(tmp_path, monkeypatch):
    monkeypatch.setenv("BENTHOS", "/opt/benthos")
    peer, = pumps.peers(True)
    for direction in ("ak", "ka"):
        command = peer.command(pumps.Way(direction, "in", "out", "group", 256, 1, "amqp://here", "there:9092", tmp_path))
        assert command[:2] == ["/opt/benthos", "-c"]
        text = (tmp_path / "benthos.yaml").read_text()
        assert "amqp://here" in text and "there:9092" in text
