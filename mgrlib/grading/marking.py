"""Marks for a folder of submissions: values are collected from a box and judged outside of it.

For each submission a job is written (cells to run, then questions with their inputs), a box runs
it, and the judge looks at the values that came back. This process never executes what a student
wrote. Whatever goes wrong with a submission ends up in its row; the table of marks is written
before any page.
"""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from tqdm.auto import tqdm

from mgrlib.errors import MgrError, explain
from mgrlib.grading import notebooks, values
from mgrlib.grading.assignment import Hidden, Question, Secret, Source, Verdict, load_assignment
from mgrlib.grading.box import Kind, Limits, Outcome, describe_job, run_job
from mgrlib.grading.submissions import Submission, safe_read

RESTARTS = 4
LEFT_BLANK = "This part was left blank."


@dataclass(frozen=True)
class Score:
    """What one question earned: its part's task, titles, points, and why."""

    task: str
    title: str
    points: float
    out_of: float
    reason: str = ""


@dataclass(frozen=True)
class Mark:
    """What a submission earned.

    Args:
        student: the submission's name.
        scores: of each question; empty if it could not be marked.
        written: the written answers, by task.
        pictures: their pictures, by task.
        note: what the instructor should know, and why it could not be marked if so.
        seconds: that the marking took.
        identity: a learning platform's number of the student.
        late: whether it came late.
        digest: of the submission's file.
    """

    student: str
    scores: tuple[Score, ...] = ()
    written: dict[str, str] = field(default_factory=dict)
    pictures: dict[str, tuple[bytes, ...]] = field(default_factory=dict)
    note: str = ""
    seconds: float = 0.0
    identity: str = ""
    late: bool = False
    digest: str = ""

    @property
    def points(self) -> float | None:
        """Points earned by questions; None if the submission could not be marked."""
        return round(sum(score.points for score in self.scores), 2) if self.scores else None

    def of_task(self, task: str) -> float | None:
        """Points earned in one part."""
        if not self.scores:
            return None
        return round(sum(score.points for score in self.scores if score.task == task), 2)


def release(
    folder: Path, out: Path, *, seed: Path | None = None, variant: str | None = None
) -> Path:
    """Write the student's edition of an assignment, and draw the class's secret if asked to.

    Args:
        folder: the assignment's, with its source notebook and judge.
        out: the notebook to write.
        seed: the class's secret; drawn and written there if there is no such file yet. Its
            variant is the one that is released.
        variant: of a new secret, or of an edition without one; by default drawn at random, or the
            first one if there is no secret.

    Raises:
        MgrError: no assignment in the folder, an unknown variant, or a secret of another one.
    """
    source = load_assignment(folder)
    variants = source.assignment.variants
    if variant is not None and variant not in variants:
        raise MgrError(explain("release", f"a variant among {variants}", repr(variant)))
    if seed is None:
        variant_name = variant or variants[0]
    elif seed.exists():
        variant_name = Secret.read(seed, source.name).variant
        if variant not in (None, variant_name):
            got = f"the class has {variant_name!r} by {seed}"
            raise MgrError(explain("release", f"the variant {variant!r}", got))
    else:
        variant_name = variant or secrets.choice(variants)
        Secret.draw(source.name, variant_name).write(seed)
    return notebooks.write_edition(source.notebook, variant_name, out)


class Marker:
    """Marks submissions of one assignment for one class.

    Args:
        source: the assignment.
        secret: of the class.
        folder: for hidden corpora and jobs; the caller removes it.
        limits: of each submission.
        kind: of box.
    """

    def __init__(
        self,
        source: Source,
        secret: Secret,
        folder: Path,
        *,
        limits: Limits | None = None,
        kind: Kind = "bwrap",
    ) -> None:
        if secret.variant not in source.assignment.variants:
            got = repr(secret.variant)
            variants = source.assignment.variants
            raise MgrError(explain("mark", f"a secret with a variant among {variants}", got))
        self.source, self.folder, self.kind = source, folder, kind
        seconds = source.assignment.cell_seconds
        self.limits = limits or Limits(cell_seconds=seconds, cpu_seconds=6 * seconds)
        self.hidden = Hidden(secret, secrets.token_hex(16), folder)
        self.pattern = notebooks.edition(source.notebook, secret.variant)
        self.questions: list[tuple[str, Question]] = []
        for part in source.assignment.parts:
            self.questions += [(part.task, question) for question in part.questions(self.hidden)]
        self.setup = source.assignment.setup(self.hidden)
        self.data = dict(source.assignment.data(self.hidden))

    def check(self) -> None:
        """Run an empty notebook: a box that does not work is found before a class is marked.

        Raises:
            MgrError: the box does not start, or the assignment's set-up fails in it.
        """
        nobody = notebooks.Reading([], {}, {}, {}, frozenset())
        with (
            tempfile.TemporaryDirectory(dir=self.folder, prefix="job-") as place,
            tempfile.TemporaryFile() as errors,
        ):
            job = self._job(nobody, Path(place)) | {"questions": []}
            outcome = self._run(job, Path(place), errors.fileno())
            kinds = [message.get("kind") for message, _ in values.frames(outcome.data)]
            if kinds != ["end"]:
                errors.seek(0)
                log = plain_text(errors.read().decode("utf-8", "replace")[-300:])
                problem = log or outcome.reason or "no answer"
                hint = "run the command that installs the box again, or choose another `--box`."
                raise MgrError(
                    explain(f"the box {self.kind!r}", "an empty job done", problem, hint)
                )

    def _run(self, job: dict[str, Any], place: Path, errors: int = subprocess.DEVNULL) -> Outcome:
        (place / "job.json").write_text(json.dumps(job), encoding="utf-8")
        if self.kind == "user":
            for folder in (self.folder, place):
                folder.chmod(0o711 if folder == self.folder else 0o755)
        return run_job(
            place,
            self.limits,
            kind=self.kind,
            hidden=self.source.assignment.hidden_modules,
            data=self.data,
            errors=errors,
        )

    def mark(self, submission: Submission) -> Mark:
        """The mark of one submission; never raises because of what is in it."""
        started = time.perf_counter()
        base = Mark(
            submission.student,
            note=submission.note,
            identity=submission.identity,
            late=submission.late,
        )
        if submission.path is None:
            return base
        try:
            mark = self._marked(base, submission.path)
        except notebooks.UnreadableNotebookError as error:
            mark = _noted(base, str(error))
        except (OSError, ValueError) as error:
            reason = f"The file could not be read: {getattr(error, 'strerror', '') or error}."
            mark = _noted(base, reason)
        except Exception as error:  # a judge's mistake must not stop the class's marking
            mark = _noted(base, f"It could not be marked ({type(error).__name__}).")
        return replace(mark, seconds=time.perf_counter() - started)

    def mark_all(
        self, submissions: list[Submission], *, jobs: int = 1, progress: bool = False
    ) -> Iterator[Mark]:
        """The marks of several submissions, in their order, as they come."""
        with ThreadPoolExecutor(max(jobs, 1)) as pool:
            work = [pool.submit(self.mark, submission) for submission in submissions]
            bar = tqdm(work, desc=self.source.name, disable=not progress, file=sys.stdout)
            for future in bar:
                yield future.result()

    def _marked(self, base: Mark, path: Path) -> Mark:
        data = safe_read(path)
        base = replace(base, digest=sha256(data).hexdigest())
        cells = notebooks.parse(data)
        try:
            reading = notebooks.match(cells, self.pattern)
        except notebooks.UnreadableNotebookError as error:
            raise notebooks.UnreadableNotebookError(f"{error}{_other_title(cells)}") from error
        results = self._collected(reading)
        scores = tuple(
            self._score(task, question, results.get(number), reading)
            for number, (task, question) in enumerate(self.questions)
        )
        note = " ".join(filter(None, [base.note, *reading.notes]))
        return replace(
            base, scores=scores, written=reading.written, pictures=reading.pictures, note=note
        )

    def _score(
        self, task: str, question: Question, result: _Result | None, reading: notebooks.Reading
    ) -> Score:
        if task not in reading.answered:
            fraction, reason = 0.0, LEFT_BLANK
        elif result is None:
            fraction, reason = 0.0, "It was not reached."
        elif result.problem:
            fraction, reason = 0.0, result.problem
        else:
            fraction, reason = judged(question, result.value)
        points = round(fraction * question.points, 2)
        return Score(task, question.title, points, question.points, plain_text(reason))

    def _collected(self, reading: notebooks.Reading) -> dict[int, _Result]:
        """Run the job, and repeat it without a step that ended it; results by question."""
        with tempfile.TemporaryDirectory(dir=self.folder, prefix="job-") as place:
            job = self._job(reading, Path(place))
            log = _Log(reading.task_of)
            for _ in range(RESTARTS):
                outcome = self._run(job, Path(place))
                if log.read(outcome.data, outcome.reason):
                    break
                job["skip_cells"] = sorted(log.fatal_cells)
                job["skip_questions"] = sorted({*log.fatal_questions, *log.results})
        return log.results_by(self.questions)

    def _job(self, reading: notebooks.Reading, place: Path) -> dict[str, Any]:
        rows = [self.setup, *((q.code, q.inputs) for _, q in self.questions)]
        hidden = self.source.assignment.hidden_modules
        return describe_job(place, self.limits, rows, cells=reading.code, hidden=hidden)


@dataclass(frozen=True)
class _Result:
    """The result of a question: a value, or a description of the problem."""

    value: Any = None
    problem: str = ""


class _Log:
    """Reads the messages from a box, and uses them only as values or notes."""

    def __init__(self, task_of: dict[int, str]) -> None:
        self.task_of = task_of
        self.results: dict[int, _Result] = {}
        self.cell_errors: dict[str, str] = {}
        self.fatal_cells: set[int] = set()
        self.fatal_questions: set[int] = set()

    def read(self, data: bytes, reason: str) -> bool:
        """Read the messages of one run; whether it is complete or another run would add nothing."""
        at, number, ended = "", -1, False
        for message, blob in values.frames(data):
            kind, message_number = message.get("kind"), message.get("number", -1)
            if kind in ("cell", "question") and type(message_number) is int:
                at, number = kind, message_number
            elif kind == "value" and type(message_number) is int:
                self.results.setdefault(message_number, _value(message, blob))
                at = ""
            elif kind == "error" and type(message_number) is int:
                self._error(message, message_number)
                at = ""
            ended = kind == "end"
        if ended:
            return True
        why = reason or "Its code ended the process that ran it."
        if at == "cell" and number not in self.fatal_cells:
            self.fatal_cells.add(number)
            self.cell_errors[self.task_of.get(number, f"cell {number}")] = why
        elif at == "question" and number not in self.fatal_questions:
            self.fatal_questions.add(number)
            self.results.setdefault(number, _Result(problem=why))
        else:
            return True
        return False

    def _error(self, message: dict[str, Any], number: int) -> None:
        name, text = str(message.get("name", ""))[:80], str(message.get("text", ""))[:300]
        if message.get("of") == "question":
            self.results.setdefault(number, _Result(problem=_explained(name, text)))
        elif number in self.task_of:
            line = message.get("line")
            place = f" in line {line}" if isinstance(line, int) else ""
            words = "Your cell is not valid Python" if "Syntax" in name else "Your cell failed"
            self.cell_errors.setdefault(self.task_of[number], f"{words}{place}: {name}: {text}")

    def results_by(self, questions: list[tuple[str, Question]]) -> dict[int, _Result]:
        """Results by question; if the cell of a part failed, its error is the result."""
        results = dict(self.results)
        for number, (task, _) in enumerate(questions):
            result = results.get(number, _Result(problem="It was not reached."))
            if result.problem and task in self.cell_errors:
                results[number] = _Result(problem=self.cell_errors[task])
        return results


def _value(message: dict[str, Any], blob: bytes) -> _Result:
    try:
        return _Result(values.decode(message.get("tree"), blob))
    except Exception:  # data from a student's process
        return _Result(problem="What it returned could not be read.")


def _explained(name: str, text: str) -> str:
    if name == "OutOfTimeError":
        return f"It took too long: {text}."
    if name == "NotImplementedError":
        return LEFT_BLANK
    if name == "ValueFormatError":
        return f"It returned something else than was asked for: {text}."
    return f"It raised {name}: {text}"


def judged(question: Question, value: Any) -> tuple[float, str]:
    """The fraction of a question's points that a value earns, and why."""
    try:
        verdict = question.judge(value)
    except AssertionError as error:
        return 0.0, str(error) or "The answer is not the expected one."
    except Exception as error:  # the value is whatever a student returned
        kind = type(value).__name__
        return (
            0.0,
            f"The answer, a value of type {kind}, has another form ({type(error).__name__}).",
        )
    if verdict is None:
        return 1.0, ""
    if not isinstance(verdict, Verdict):
        verdict = Verdict(float(verdict))
    fraction = verdict.fraction if verdict.fraction == verdict.fraction else 0.0
    return min(max(fraction, 0.0), 1.0), verdict.reason


def plain_text(text: str, limit: int = 400) -> str:
    """A text on one line without control characters."""
    return "".join(c if c.isprintable() else " " for c in text[:limit]).strip()


def _noted(base: Mark, reason: str) -> Mark:
    return replace(base, note=" ".join(filter(None, [base.note, plain_text(reason)])))


def _other_title(cells: list[notebooks.Cell]) -> str:
    """The title of the submitted notebook, for a note if it is the wrong one."""
    for cell in cells[:20]:
        for line in cell.source.split("\n") if cell.type == "markdown" else ():
            if line.startswith("# "):
                return f' Its title is "{plain_text(line[2:], 80)}".'
    return ""
