"""Assignments from one source: the student's edition of a notebook, and marks for submissions.

nbgrader makes the one and does the marking of the other; here it is put to work without its
course folder: a source notebook and a folder of submissions are enough. Each submission is
marked in a throw-away course of its own, by a limited and watched process (`grading.guard`), so
that one that hangs, prints without end or deletes files costs nobody else anything.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import psutil
from tqdm.auto import tqdm

from mgrlib.errors import MgrError, explain
from mgrlib.grading import checks, guard
from mgrlib.storage import atomic_write, home

__all__ = ["Limits", "Mark", "mark", "mark_all", "release"]

STUDENT = "student"
CONFIG = """c = get_config()
c.CourseDirectory.course_id = "mgrlib"
c.CourseDirectory.root = {root!r}
c.Execute.timeout = {cell_seconds}
c.Execute.iopub_timeout = {cell_seconds}
c.Execute.startup_timeout = 300
c.ClearSolutions.code_stub = {{"python": "raise NotImplementedError()"}}
"""
STARTUP = """import checks, guard
guard.limit_output(get_ipython(), checks)
del checks, guard
"""
Notebook = nbformat.NotebookNode
# nbgrader as a program. Without the one package that checks addresses of a kind no notebook holds:
# building its grammar takes longer than all of nbgrader.
NBGRADER = """import sys
sys.modules["rfc3987_syntax"] = None
from nbgrader.apps.nbgraderapp import main
main()
"""


@dataclass(frozen=True)
class Limits:
    """What the marking of one submission may use.

    Args:
        cell_seconds: a cell that runs longer is interrupted and earns nothing; the next one goes
            on.
        seconds: all of the submission, by the clock and of the CPU.
        gigabytes: memory.
    """

    cell_seconds: int = 60
    seconds: int = 600
    gigabytes: int = 8


@dataclass(frozen=True)
class Mark:
    """What a submission earned.

    Args:
        student: the submission's name.
        parts: points earned and to be had, by the name of the test.
        messages: what the tests that failed said, by the name of the test.
        note: why it could not be marked as it was, if so.
        seconds: that the marking took.
    """

    student: str
    parts: dict[str, tuple[float, float]]
    messages: dict[str, str] = field(default_factory=dict)
    note: str = ""
    seconds: float = 0.0

    @property
    def points(self) -> float:
        """Points earned."""
        return sum(earned for earned, _ in self.parts.values())

    @property
    def out_of(self) -> float:
        """Points to be had."""
        return sum(most for _, most in self.parts.values())

    def feedback(self) -> str:
        """A page for the student, as Markdown."""
        lines = [f"# {self.student}: {self.points:g} of {self.out_of:g} points", ""]
        lines += [f"{self.note}", ""] if self.note else []
        for name, (earned, most) in self.parts.items():
            lines.append(f"- **{name}**: {earned:g} of {most:g}")
            if name in self.messages:
                lines.append(f"  {self.messages[name]}")
        return "\n".join(lines) + "\n"


def release(source: Path, out: Path) -> Path:
    """Write the student's edition of a source notebook: no solutions, no hidden tests.

    Raises:
        MgrError: nbgrader is not installed, or cannot make it; the message says why.
    """
    with tempfile.TemporaryDirectory() as folder:
        course = _course(source, Path(folder), Limits())
        made = course / "release" / source.stem / source.name
        out.parent.mkdir(parents=True, exist_ok=True)
        with atomic_write(out) as part:
            nbformat.write(_quiet(nbformat.read(made, 4)), part)
    return out


def _quiet(notebook: Notebook) -> Notebook:
    """Without execution counts, outputs and the checksums' noise of a second run."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def mark_all(
    source: Path,
    submissions: Path,
    *,
    feedback: Path | None = None,
    limits: Limits | None = None,
    n_jobs: int = 1,
    progress: bool = False,
) -> pd.DataFrame:
    """The marks of a folder of submissions, a row a student, in the order of their names.

    Args:
        source: the instructor's notebook.
        submissions: holds `STUDENT.ipynb`, or a folder a student with one notebook in it.
        feedback: where to write a page for each student.
        limits: of each submission.
        n_jobs: submissions marked at a time.
        progress: show a bar.

    Raises:
        MgrError: no submission, or a source that is no assignment. What a submission does wrong
            raises nothing: it stands in its row.
    """
    paths = _submissions(submissions)
    limits = limits or Limits()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(max(n_jobs, 1)) as pool:
        course = _course(source, Path(folder), limits)
        work = [pool.submit(_mark, course, source.stem, *item, limits) for item in paths.items()]
        bar = tqdm(work, desc=source.stem, disable=not progress, file=sys.stdout)
        marks = [future.result() for future in bar]
    if feedback is not None:
        for one in marks:
            with atomic_write(feedback / f"{one.student}.md") as part:
                part.write_text(one.feedback())
    rows = [
        {
            "student": one.student,
            "points": one.points,
            "out_of": one.out_of,
            **{name: earned for name, (earned, _) in one.parts.items()},
            "seconds": round(one.seconds, 1),
            "note": one.note,
        }
        for one in marks
    ]
    return pd.DataFrame(rows)


def mark(source: Path, submission: Path, *, limits: Limits | None = None) -> Mark:
    """What one submission earns.

    Raises:
        MgrError: a source that is no assignment.
    """
    limits = limits or Limits()
    with tempfile.TemporaryDirectory() as folder:
        course = _course(source, Path(folder), limits)
        return _mark(course, source.stem, submission.stem, submission, limits)


def _submissions(folder: Path) -> dict[str, Path | None]:
    """The notebook of each student; None where a student's folder holds none, or several."""
    if not folder.is_dir():
        raise MgrError(explain("mark", f"a folder {folder}", "none there"))
    found: dict[str, Path | None] = {path.stem: path for path in sorted(folder.glob("*.ipynb"))}
    for place in sorted(path for path in folder.iterdir() if path.is_dir()):
        notebooks = sorted(place.rglob("*.ipynb"))
        notebooks = [path for path in notebooks if ".ipynb_checkpoints" not in path.parts]
        found[place.name] = notebooks[0] if len(notebooks) == 1 else None
    if not found:
        hint = "put a notebook a student, or a folder a student, into it."
        raise MgrError(explain("mark", f"submissions in {folder}", "none", hint))
    return dict(sorted(found.items()))


def _course(source: Path, folder: Path, limits: Limits) -> Path:
    """A course folder of nbgrader's that knows the assignment; returns the folder."""
    if not source.is_file():
        raise MgrError(explain("mark", f"the source notebook {source}", "no such file"))
    place = folder / "source" / source.stem
    place.mkdir(parents=True)
    shutil.copy(source, place / source.name)
    _configure(folder, limits)
    done = subprocess.run(
        [sys.executable, "-c", NBGRADER, "generate_assignment", source.stem, "--force"],
        cwd=folder,
        env=_environment(folder),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode or not (folder / "release" / source.stem / source.name).is_file():
        told = [line for line in done.stderr.splitlines() if line.strip()][-3:]
        hint = "nbgrader comes with the package's extra `grading`; see the page for instructors."
        raise MgrError(explain(str(source), "an assignment", " / ".join(told), hint))
    return folder


def _configure(folder: Path, limits: Limits) -> None:
    told = CONFIG.format(root=str(folder), cell_seconds=limits.cell_seconds)
    (folder / "nbgrader_config.py").write_text(told)


def _environment(folder: Path) -> dict[str, str]:
    """The variables of a process that keeps all of its files in `folder`."""
    own = {name: folder / ".own" / name for name in ("config", "data", "runtime", "ipython", "tmp")}
    for path in own.values():
        path.mkdir(parents=True, exist_ok=True)
    programs = str(Path(sys.executable).parent)  # nbgrader calls alembic by its name
    return {
        **os.environ,
        "PATH": os.pathsep.join([programs, os.environ.get("PATH", "")]),
        "JUPYTER_CONFIG_DIR": str(own["config"]),
        "JUPYTER_DATA_DIR": str(own["data"]),
        "JUPYTER_RUNTIME_DIR": str(own["runtime"]),
        "IPYTHONDIR": str(own["ipython"]),
        "TMPDIR": str(own["tmp"]),
        "MPLCONFIGDIR": str(own["tmp"]),
        "NUMBA_CACHE_DIR": str(own["tmp"]),
    }


def _mark(course: Path, name: str, student: str, submission: Path | None, limits: Limits) -> Mark:
    """Mark one submission in a copy of the course that is thrown away afterwards."""
    started = time.perf_counter()
    empty = _parts(course, name)
    if submission is None:
        return Mark(student, empty, note="There is no notebook, or more than one.")
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder).resolve()
        shutil.copy(course / "gradebook.db", own / "gradebook.db")
        (own / "source" / name).mkdir(parents=True)
        _configure(own, limits)
        place = own / "submitted" / STUDENT / name
        place.mkdir(parents=True)
        try:
            given = nbformat.read(submission, as_version=4)
            pattern = nbformat.read(course / "release" / name / f"{name}.ipynb", as_version=4)
            whole, note = repaired(given, pattern)
            nbformat.write(whole, place / f"{name}.ipynb")
        except Exception as error:  # anything may stand in a file that a student hands in
            told = f"The file is no notebook that can be read: {str(error)[:200]}"
            return Mark(student, empty, note=told, seconds=time.perf_counter() - started)
        failed = _autograde(own, name, limits)
        if failed:
            return Mark(student, empty, {}, failed, time.perf_counter() - started)
        messages = _messages(own / "autograded" / STUDENT / name / f"{name}.ipynb")
        return Mark(student, _parts(own, name), messages, note, time.perf_counter() - started)


def _autograde(folder: Path, name: str, limits: Limits) -> str:
    """Run nbgrader on the one submission of `folder`; returns what went wrong, or nothing."""
    environment = _environment(folder)
    store = folder / ".own" / "home"
    clips = home() / "synthetic"
    if clips.is_dir():  # links: what was rendered before is there, and cannot be written to
        shutil.copytree(clips, store / "synthetic", copy_function=os.symlink)
    watch = folder / ".own" / "watch"
    watch.mkdir()
    (watch / "sitecustomize.py").write_text("from guard import watch_kernel\n\nwatch_kernel()\n")
    for module in (guard, checks):
        shutil.copy(str(module.__file__), watch)
    startup = folder / ".own" / "ipython" / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "limit.py").write_text(STARTUP)
    package = Path(__file__).resolve().parents[1]
    environment |= {
        "MGRLIB_HOME": str(store),
        "MGRLIB_GUARD_OWN": os.pathsep.join(str(folder / ".own" / n) for n in OWN),
        "MGRLIB_GUARD_READ": os.pathsep.join([str(package), str(clips)]),
        "PYTHONPATH": os.pathsep.join([str(watch), str(package.parent)]),
        "OMP_NUM_THREADS": "1",
    }
    nbgrader = [sys.executable, "-c", NBGRADER, "autograde", name, "--create"]
    command = [sys.executable, guard.__file__, str(limits.seconds), str(limits.gigabytes)]
    return _within(limits.seconds, [*command, *nbgrader], folder, environment)


OWN = ("runtime", "ipython", "tmp", "home")


def _within(seconds: int, command: list[str], folder: Path, environment: dict[str, str]) -> str:
    """Run a command and all that it starts for so long; returns what went wrong, or nothing."""
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
    )
    try:
        _, told = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        _end(process)
        return f"It ran longer than {seconds} s in all and was stopped; nothing could be marked."
    if process.returncode == 0:
        return ""
    lines = [line.strip() for line in told.splitlines() if "Error" in line]
    reason = next((line for line in reversed(lines) if "DeadKernel" in line), "")
    reason = "Its code ended the kernel" if reason else (lines[-1][:200] if lines else "no reason")
    return f"The notebook could not be run to its end: {reason}."


def _end(process: subprocess.Popen[str]) -> None:
    """End a process and everything that it has started."""
    try:
        family = [*psutil.Process(process.pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        family = []
    process.kill()
    for child in family:
        try:
            child.kill()
        except psutil.NoSuchProcess:
            continue
    process.communicate()


def _parts(folder: Path, name: str) -> dict[str, tuple[float, float]]:
    """Points earned and to be had of each test, in the notebook's order."""
    from nbgrader.api import Gradebook, MissingEntry

    url = f"sqlite:///{folder / 'gradebook.db'}"
    with Gradebook(url, "mgrlib") as book:
        cells = book.find_notebook(name, name).grade_cells
        most = {cell.name: float(cell.max_score) for cell in cells}
        try:
            given = book.find_submission_notebook(name, name, STUDENT)
            earned = {grade.name: float(grade.score or 0) for grade in given.grades}
        except MissingEntry:
            earned = {}
    return {test: (earned.get(test, 0.0), points) for test, points in most.items()}


def _messages(path: Path) -> dict[str, str]:
    """What the tests said that failed."""
    found = {}
    for cell in nbformat.read(path, as_version=4).cells:
        about = cell.metadata.get("nbgrader", {})
        if cell.cell_type == "code" and about.get("grade"):
            for output in cell.outputs:
                if output.output_type == "error":
                    found[about["grade_id"]] = _said(output)
                elif output.output_type == "stream" and output.name == "stderr":
                    found[about["grade_id"]] = f"It warned: {output.text.strip()[:200]}"
    return found


def _said(output: Any) -> str:
    text = str(output.evalue).strip().split("\n")[0][:300]
    if output.ename == "AssertionError":
        return text or "The test's condition does not hold."
    if output.ename == "NotImplementedError":
        return "This part was left blank, or it needs one that was."
    if output.ename == "CellTimeoutError":
        return "It took too long and was interrupted."
    return f"{output.ename}: {text}"


def repaired(given: Notebook, pattern: Notebook) -> tuple[Notebook, str]:
    """A submission whose cells nbgrader can tell, and a note if something had to be mended.

    Some editors drop the metadata that ties a cell to its task, and a copied cell has it twice;
    nbgrader would give nothing for the one and fail at the other. Then the cells are told by
    their first line instead.
    """
    told = [_task(cell) for cell in given.cells if _task(cell)]
    wanted = [_task(cell) for cell in pattern.cells if _task(cell)]
    if len(told) == len(set(told)) and set(wanted) <= set(told):
        return given, ""
    place = {_first_line(c): i for i, c in enumerate(pattern.cells) if _first_line(c)}
    known = {cell.source.strip() for cell in pattern.cells}
    cells: list[Notebook] = []
    done = 0
    for cell in given.cells:
        i = place.get(_first_line(cell), -1)
        solution = i >= done and pattern.cells[i].metadata.get("nbgrader", {}).get("solution")
        if solution:
            cells += pattern.cells[done:i]
            cells.append(nbformat.from_dict({**pattern.cells[i], "source": cell.source}))
            done = i + 1
        elif cell.cell_type == "code" and cell.source.strip() not in known and not _task(cell):
            cells.append(nbformat.v4.new_code_cell(cell.source))
    cells += pattern.cells[done:]
    whole = nbformat.from_dict({**pattern, "cells": cells})
    return whole, "Cells had lost the marks that tie them to their tasks; told by first lines."


def _task(cell: Notebook) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id", ""))


def _first_line(cell: Notebook) -> str:
    lines = cell.source.strip().split("\n")
    return lines[0].strip() if cell.cell_type == "code" else ""
