"""What measurements become: medians with their spread, ratios round by round, goals, a table and JSON."""
import dataclasses
import json
import statistics

FORM = 1  # of the JSON


class Series:
    """One quantity, measured once in each round."""

    def __init__(self, values):
        self.values = [float(value) for value in values]
        if not self.values:
            raise ValueError("a series without a value")

    @property
    def median(self):
        return statistics.median(self.values)

    @property
    def low(self):
        return min(self.values)

    @property
    def high(self):
        return max(self.values)

    def over(self, other):
        """The ratios to another series, round by round, because what disturbs a round disturbs all that is measured in it."""
        if len(self.values) != len(other.values):
            raise ValueError(f"{len(self.values)} rounds beside {len(other.values)}")
        return Series(mine / its for mine, its in zip(self.values, other.values))

    def less(self, other):
        """The differences to another series, round by round."""
        if len(self.values) != len(other.values):
            raise ValueError(f"{len(self.values)} rounds beside {len(other.values)}")
        return Series(mine - its for mine, its in zip(self.values, other.values))


@dataclasses.dataclass(frozen=True)
class Goal:
    """`at_most`: the figure is to be no larger than the limit; otherwise no smaller."""
    limit: float
    at_most: bool = True

    def met(self, series):
        """By the median."""
        return series.median <= self.limit if self.at_most else series.median >= self.limit

    def sure(self, series):
        """Whether all rounds say the same as the median."""
        return self.met(Series([series.low])) == self.met(Series([series.high]))

    def verdict(self, series):
        return ("met" if self.met(series) else "not met") + ("" if self.sure(series) else " (~)")

    def __str__(self):
        return ("≤ " if self.at_most else "≥ ") + number(self.limit)


@dataclasses.dataclass
class Row:
    """One line. A figure without a unit is a ratio. `beside` has what it was made of: {name: (series, unit)}."""
    part: str
    what: str
    figure: Series
    unit: str = ""
    goal: Goal | None = None
    beside: dict = dataclasses.field(default_factory=dict)

    def cells(self):
        spread = f" ({number(self.figure.low)}..{number(self.figure.high)})" if len(self.figure.values) > 1 else ""
        figure = number(self.figure.median) + (f" {self.unit}" if self.unit else "") + spread
        beside = ", ".join(f"{name} {number(series.median)} {unit}" for name, (series, unit) in self.beside.items())
        return [self.part, self.what, figure, f"{self.goal}{f' {self.unit}' if self.unit else ''}" if self.goal else "",
                self.goal.verdict(self.figure) if self.goal else "", beside]

    def as_json(self):
        found = {"part": self.part, "what": self.what, "unit": self.unit or "ratio", **_json_of(self.figure)}
        if self.goal:
            found |= {"goal": {"at_most" if self.goal.at_most else "at_least": self.goal.limit},
                      "met": self.goal.met(self.figure), "sure": self.goal.sure(self.figure)}
        if self.beside:
            found["beside"] = {name: {"unit": unit, **_json_of(series)} for name, (series, unit) in self.beside.items()}
        return found


def _json_of(series):
    return {"median": series.median, "low": series.low, "high": series.high, "rounds": series.values}


def number(value):
    """Three digits that mean something."""
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"


def table(rows):
    """A table that is Markdown and legible as text."""
    cells = [["part", "what", "figure", "goal", "", "measured"], *(row.cells() for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(cells[0]))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in cells]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def json_text(rows, about):
    """`about`: what the figures depend on, such as the machine and the versions."""
    return json.dumps({"form": FORM, "about": about, "rows": [row.as_json() for row in rows]}, indent=1, ensure_ascii=False) + "\n"


def in_turn(contestants, rounds):
    """Yields (round, contestant). Each round begins with another one, because the first of a round may find colder caches."""
    for turn in range(rounds):
        first = turn % len(contestants)
        for contestant in contestants[first:] + contestants[:first]:
            yield turn, contestant


def measure_in_turn(contestants, rounds, measure):
    """{contestant: [measure(contestant) of each round]}"""
    found = {contestant: [] for contestant in contestants}
    for _, contestant in in_turn(list(contestants), rounds):
        found[contestant].append(measure(contestant))
    return found


def series_of(measured, field):
    """One field of what was measured in each round."""
    return Series(getattr(one, field) for one in measured)


def percentile(values, percent):
    """The smallest value that so many per cent of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
