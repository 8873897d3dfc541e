"""One row per fault, as text while it runs and as a table in the end."""
import dataclasses

COLUMNS = ("id", "fault", "sent", "lost", "dup/budget", "recovery", "peak MiB", "verdict")


@dataclasses.dataclass
class Row:
    id: str
    title: str
    sent: int = 0
    lost: int = 0
    duplicates: int = 0
    budget: int = 0
    recovery: float | None = None
    peak: int = 0
    seconds: float = 0
    failures: list = dataclasses.field(default_factory=list)
    notes: list = dataclasses.field(default_factory=list)
    by_flow: dict = dataclasses.field(default_factory=dict)  # as checker.Verdict has it

    @property
    def passed(self):
        return not self.failures

    def cells(self):
        recovery = "–" if self.recovery is None else f"{self.recovery:.1f} s"
        return (self.id, self.title, str(self.sent), str(self.lost), f"{self.duplicates}/{self.budget}", recovery,
                str(self.peak >> 20), "pass" if self.passed else "FAIL")


def table(rows):
    """A table that is Markdown and legible as text."""
    cells = [COLUMNS, *(row.cells() for row in rows)]
    widths = [max(len(line[i]) for line in cells) for i in range(len(COLUMNS))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |" for line in cells]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def details(rows):
    lines = []
    for row in rows:
        lines += [f"{row.id}: {text}" for text in row.failures] + [f"{row.id} ({row.title}): {text}" for text in row.notes]
    return "\n".join(lines)
