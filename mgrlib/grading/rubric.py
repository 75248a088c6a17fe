"""Written answers: a table of boxes to fill for the whole class, and a page for each student.

The table is a CSV with a row for each box. It is written with empty boxes, filled in any
spreadsheet, and read back at the next marking. What was filled stays, whatever else changes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mgrlib.errors import MgrError, explain
from mgrlib.grading.assignment import Assignment
from mgrlib.grading.marking import Mark
from mgrlib.storage import atomic_write

COLUMNS = ("student", "id", "task", "box", "out_of", "points", "comment", "file")
ADJUSTMENT = "adjustment"
Key = tuple[str, str, str, str]


def neutral(text: str) -> str:
    """A text that a spreadsheet does not take for a formula."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r", "|") else text


@dataclass
class Rubric:
    """The rows of a class's rubric, by student, identity, task, and box."""

    rows: dict[Key, dict[str, str]]

    @classmethod
    def read(cls, path: Path) -> Rubric:
        """The rubric in a file, or an empty one if there is no file yet.

        Raises:
            MgrError: the file has other columns, or points that are not numbers.
        """
        if not path.exists():
            return cls({})
        data = path.read_bytes()
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", "replace")
        head = text.split("\n", 1)[0]
        delimiter = max(",;\t", key=head.count)
        rows: dict[Key, dict[str, str]] = {}
        for number, row in enumerate(csv.DictReader(io.StringIO(text), delimiter=delimiter), 2):
            if not set(COLUMNS[:6]) <= set(row):
                hint = "delete the file to have it written anew, or restore its first line."
                raise MgrError(explain(str(path), f"the columns {COLUMNS}", head.strip(), hint))
            _number(row, f"{path}, line {number}")
            rows[_key(row["student"], row["id"], row["task"], row["box"])] = row
        return cls(rows)

    def complete(self, marks: Sequence[Mark], assignment: Assignment) -> None:
        """Add an empty row for each box of each student that has none yet."""
        for mark in marks:
            for task, box, out_of in boxes(assignment):
                key = _key(mark.student, mark.identity, task, box)
                if key not in self.rows:
                    fields = (*key, f"{out_of:g}" if out_of else "", "", "", mark.digest[:12])
                    self.rows[key] = dict(zip(COLUMNS, fields, strict=True))

    def write(self, path: Path) -> None:
        """Write the table, whole or not at all."""
        with atomic_write(path) as part, part.open("w", encoding="utf-8", newline="") as file:
            table = csv.DictWriter(file, COLUMNS, extrasaction="ignore", restval="")
            table.writeheader()
            table.writerows(self.rows.values())

    def of_task(self, mark: Mark, task: str) -> float | None:
        """Points of a written answer; None if a box is still empty."""
        numbers = [
            _number(row, "rubric")
            for key, row in self.rows.items()
            if key[:3] == _key(mark.student, mark.identity, task, "")[:3]
        ]
        filled = [number for number in numbers if number is not None]
        return sum(filled) if numbers and len(filled) == len(numbers) else None

    def adjustment(self, mark: Mark) -> float:
        """Points that were given or taken by hand."""
        return self.of_task(mark, ADJUSTMENT) or 0.0

    def comments(self, mark: Mark, task: str) -> list[str]:
        """The marker's comments on a written answer."""
        start = _key(mark.student, mark.identity, task, "")[:3]
        texts = [row.get("comment") or "" for key, row in self.rows.items() if key[:3] == start]
        return [comment for comment in texts if comment.strip()]

    def is_outdated(self, mark: Mark) -> bool:
        """Whether boxes were filled for another version of the student's file."""
        start = _key(mark.student, mark.identity, "", "")[:2]
        return any(
            row.get("points", "").strip() and row.get("file", "") not in ("", mark.digest[:12])
            for key, row in self.rows.items()
            if key[:2] == start
        )


def boxes(assignment: Assignment) -> list[tuple[str, str, float]]:
    """Task, box, and points of each box; the last one is for points given by hand."""
    rows = [(w.task, box, most) for w in assignment.written for box, most in w.rubric.items()]
    return [*rows, (ADJUSTMENT, "points given or taken by hand", 0.0)]


def _key(student: str, identity: str, task: str, box: str) -> Key:
    return neutral(student), identity, task, box


def _number(row: dict[str, str], where: str) -> float | None:
    text = (row.get("points") or "").strip().replace(",", ".")
    most = (row.get("out_of") or "").strip().replace(",", ".")
    if not text:
        return None
    try:
        number, limit = float(text), float(most) if most else None
    except ValueError:
        number, limit = float("nan"), None
    if not -1000 < number < 1000 or (limit is not None and not 0 <= number <= limit):
        expectation = f"points from 0 to {most}" if most else "points"
        raise MgrError(explain(where, expectation, repr(text)))
    return number
