"""Marking a class: from a folder of submissions to a table, pages, and a platform's gradebook.

Each finished mark is kept in a journal beside the table, so that a marking that was killed goes on
where it stopped, and a second marking only looks at what has changed. `fresh` begins anew. Points
given by hand live in the rubric's table and are never overwritten.
"""

from __future__ import annotations

import base64
import csv
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

from mgrlib.errors import MgrError, explain
from mgrlib.grading.assignment import Assignment, Secret, Source, load_assignment
from mgrlib.grading.box import Limits, choose_box
from mgrlib.grading.marking import Mark, Marker, Score
from mgrlib.grading.pages import answers_page, feedback_page, page_name
from mgrlib.grading.rubric import Rubric, neutral
from mgrlib.grading.submissions import Submission, find_submissions, read_roster, safe_read
from mgrlib.storage import atomic_write

Platform = Literal["canvas", "moodle"]


@dataclass(frozen=True)
class ClassRun:
    """What to mark, and what to write.

    Args:
        assignment: the instructor's folder of the assignment.
        submissions: the folder that holds what was handed in.
        out: the table of marks, a CSV.
        seed: the class's secret.
        feedback: folder for a page for each student.
        rubric: folder for the written answers and `rubric.csv`.
        roster: CSV with the columns `id` and `name`.
        gradebook: also write a table that this platform takes, beside `out`.
        due: what is changed later is late.
        box: kind of box; "" is bubblewrap.
        jobs: submissions marked at a time.
        limits: of each submission.
        fresh: mark everything again.
        progress: show a bar.
    """

    assignment: Path
    submissions: Path
    out: Path
    seed: Path
    feedback: Path | None = None
    rubric: Path | None = None
    roster: Path | None = None
    gradebook: Platform | None = None
    due: datetime | None = None
    box: str = ""
    jobs: int = 1
    limits: Limits | None = None
    fresh: bool = False
    progress: bool = False


def mark_class(run: ClassRun) -> list[dict[str, Any]]:
    """Mark a class and write what `run` asks for; returns the rows of the table.

    Raises:
        MgrError: no assignment, no secret, no submissions, no box, or a rubric or roster that
            cannot be read. What a submission does wrong raises nothing: it is reported in its row.
    """
    source = load_assignment(run.assignment)
    secret = Secret.read(run.seed, source.name)
    kind = choose_box(run.box)
    roster = read_roster(run.roster) if run.roster else None
    submissions = find_submissions(run.submissions, due=run.due, roster=roster)
    rubric = Rubric.read(run.rubric / "rubric.csv") if run.rubric else None
    journal = Journal(run.out.with_suffix(".journal"), source, secret, fresh=run.fresh)
    earlier_marks = [(submission, journal.stored_mark(submission)) for submission in submissions]
    waiting = [submission for submission, mark in earlier_marks if mark is None]
    marks = {_identity(submission): mark for submission, mark in earlier_marks if mark is not None}
    with tempfile.TemporaryDirectory(prefix="mgrlib-") as folder:
        marker = Marker(source, secret, Path(folder), limits=run.limits, kind=kind)
        if waiting:
            marker.check()
        for mark in marker.mark_all(waiting, jobs=run.jobs, progress=run.progress):
            journal.add(mark)
            marks[mark.student, mark.identity] = mark
    ordered = [marks[_identity(submission)] for submission in submissions]
    rows = table(ordered, source.assignment, rubric)
    write_table(rows, run.out)
    if rubric is not None and run.rubric is not None:
        write_rubric(ordered, source.assignment, rubric, run.rubric)
    if run.gradebook:
        write_gradebook(ordered, rows, source.assignment, run.gradebook, run.out)
    if run.feedback is not None:
        for mark in ordered:
            page = feedback_page(mark, source.assignment, rubric)
            _write(run.feedback / page_name(mark), page)
    return rows


def _identity(submission: Submission) -> tuple[str, str]:
    return submission.student, submission.identity


class Journal:
    """Finished marks of one marking, a line for each, in a file beside the table.

    Args:
        path: of the file.
        source: the assignment; when it changes, the journal begins anew.
        secret: of the class.
        fresh: begin anew in any case.
    """

    def __init__(self, path: Path, source: Source, secret: Secret, *, fresh: bool = False) -> None:
        self.path = path
        about = f"{source.digest} {secret.key} {secret.variant}"
        self.head = sha256(about.encode()).hexdigest()
        self.marks: dict[tuple[str, str], Mark] = {}
        lines = _lines(path) if path.exists() and not fresh else []
        if lines and lines[0].get("head") == self.head:
            for fields in lines[1:]:
                mark = _mark_from(fields)
                self.marks[mark.student, mark.identity] = mark
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            with atomic_write(path) as part:
                part.write_text(json.dumps({"head": self.head}) + "\n", encoding="utf-8")

    def stored_mark(self, submission: Submission) -> Mark | None:
        """The mark of a submission whose file has not changed since it was marked."""
        mark = self.marks.get(_identity(submission))
        if mark is None or submission.path is None or not mark.scores:
            return None
        try:
            digest = sha256(safe_read(submission.path)).hexdigest()
        except (OSError, ValueError):
            return None
        return replace(mark, late=submission.late) if digest == mark.digest else None

    def add(self, mark: Mark) -> None:
        """Keep a mark, on the disk before this returns."""
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(_fields(mark)) + "\n")
            file.flush()
            os.fsync(file.fileno())


def _lines(path: Path) -> list[dict[str, Any]]:
    """The complete lines of a journal; an interrupted write can leave the last one incomplete."""
    lines = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            lines.append(json.loads(line))
        except ValueError:
            break
    return lines


def _fields(mark: Mark) -> dict[str, Any]:
    fields = asdict(mark)
    fields["pictures"] = {
        task: [base64.b64encode(picture).decode() for picture in pictures]
        for task, pictures in mark.pictures.items()
    }
    return fields


def _mark_from(fields: dict[str, Any]) -> Mark:
    pictures = {
        task: tuple(base64.b64decode(picture) for picture in several)
        for task, several in fields["pictures"].items()
    }
    scores = tuple(Score(**score) for score in fields["scores"])
    return Mark(**{**fields, "pictures": pictures, "scores": scores})


def table(
    marks: Sequence[Mark], assignment: Assignment, rubric: Rubric | None
) -> list[dict[str, Any]]:
    """A row for each student; what could not be marked has empty points and a note."""
    rows = []
    for mark in marks:
        points = {
            w.task: rubric.of_task(mark, w.task) if rubric and mark.scores else None
            for w in assignment.written
        }
        adjustment = rubric.adjustment(mark) if rubric else 0.0
        missing = [w.title for w in assignment.written if points[w.task] is None]
        notes = [mark.note]
        if mark.scores and rubric and missing:
            notes.append(f"Not marked yet: {', '.join(missing)}.")
        if mark.scores and rubric and rubric.is_outdated(mark):
            notes.append("The file changed after its written answers were marked.")
        total = _total(mark, list(points.values()), adjustment)
        rows.append(
            {
                "student": neutral(mark.student),
                "id": neutral(mark.identity),
                "points": total,
                "out_of": assignment.out_of,
                "automatic": mark.points,
                **{part.task: mark.of_task(part.task) for part in assignment.parts},
                **points,
                "adjustment": adjustment or None,
                "late": "late" if mark.late else "",
                "seconds": round(mark.seconds, 1),
                "note": neutral(" ".join(filter(None, notes))),
                "page": page_name(mark),
            }
        )
    return rows


def _total(mark: Mark, by_hand: list[float | None], adjustment: float) -> float | None:
    if mark.points is None:
        return adjustment or None
    return round(mark.points + sum(points or 0 for points in by_hand) + adjustment, 2)


def write_table(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Write rows as a CSV, whole or not at all; None is an empty cell."""
    with atomic_write(path) as part, part.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        for row in rows:
            writer.writerow({k: "" if v is None else _short(v) for k, v in row.items()})


def _short(value: Any) -> Any:
    return f"{value:g}" if isinstance(value, float) else value


def write_rubric(
    marks: Sequence[Mark], assignment: Assignment, rubric: Rubric, folder: Path
) -> None:
    """Write the written answers, a page for each student, and complete the table of boxes."""
    markable = [mark for mark in marks if mark.scores]
    rubric.complete(markable, assignment)
    rubric.write(folder / "rubric.csv")
    for mark in markable:
        _write(folder / page_name(mark), answers_page(mark, assignment))


def _write(path: Path, text: str) -> None:
    with atomic_write(path) as part:
        part.write_text(text, encoding="utf-8", errors="replace")


def write_gradebook(
    marks: Sequence[Mark],
    rows: Sequence[dict[str, Any]],
    assignment: Assignment,
    platform: Platform,
    out: Path,
) -> Path:
    """Write the table that a learning platform takes, beside the table of marks.

    Raises:
        MgrError: an unknown platform.
    """
    target = out.with_name(f"{out.stem}-{platform}.csv")
    pairs = list(zip(marks, rows, strict=True))
    if platform == "canvas":
        column = f"{assignment.title}"
        lines: list[dict[str, Any]] = [
            {"Student": "    Points Possible", "ID": "", column: assignment.out_of}
        ]
        lines += [
            {"Student": neutral(m.student), "ID": row["id"], column: row["points"]}
            for m, row in pairs
        ]
    elif platform == "moodle":
        lines = [
            {
                "Identifier": f"Participant {m.identity}" if m.identity else "",
                "Full name": neutral(m.student),
                "Grade": row["points"],
                "Maximum grade": assignment.out_of,
            }
            for m, row in pairs
        ]
    else:
        raise MgrError(explain("mark", "a gradebook, canvas or moodle", repr(platform)))
    write_table(lines, target)
    return target
