"""Notebooks as marking needs them: the student's edition made from the source, and what of a
student's file belongs to which task.

A cell says what it is in its metadata, `{"mgrlib": {"task": NAME, "kind": KIND}}`, with the kinds

- `setup`: prepares what the notebook works on; replaced by the judge's own when work is marked;
- `given`: helpers that the box runs as they are in the source;
- `answer`: a task; the source has its solution between `### BEGIN SOLUTION` and `### END SOLUTION`;
- `plot`: code whose picture belongs to a written answer;
- `written`: a written answer, as Markdown;
- `test` and `demo`: run by students, skipped when work is marked, unless they were changed.

A cell of the source with `"variants": [...]` is in these variants only.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mgrlib.errors import MgrError, explain
from mgrlib.storage import atomic_write

SOLUTION = re.compile(r"\n+([ \t]*)### BEGIN SOLUTION.*?### END SOLUTION[ \t]*$", re.M | re.S)
MODEL_ANSWER = re.compile(r"<!-- BEGIN MODEL ANSWER -->.*?<!-- END MODEL ANSWER -->", re.S)
BLANK = "raise NotImplementedError()"
BLANK_WORDS = "*Write your answer here.*"
RUN_AS_GIVEN = ("setup", "given")
MAX_CELLS = 2_000
MAX_CHARACTERS = 400_000
MAX_PICTURE = 3_000_000
PNG = b"\x89PNG\r\n\x1a\n"


class UnreadableNotebookError(ValueError):
    """A student's file that is not a notebook; the message is for the student."""


@dataclass(frozen=True)
class Cell:
    """A cell: its type, its text, what it is, the pictures that stand below it, and its tags."""

    type: str
    source: str
    task: str = ""
    kind: str = ""
    variants: tuple[str, ...] = ()
    pictures: tuple[bytes, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def first_line(self) -> str:
        """The first line of its text that is not empty."""
        return next((line.strip() for line in self.source.split("\n") if line.strip()), "")


@dataclass(frozen=True)
class Reading:
    """What marking found in a student's notebook.

    Args:
        code: cells to run, in order.
        task_of: the task of a code cell that answers one, by its number in `code`.
        written: written answers by task.
        pictures: pictures by the task that they belong to.
        answered: tasks whose cell is there and was changed.
        notes: what had to be mended.
    """

    code: list[str]
    task_of: dict[int, str]
    written: dict[str, str]
    pictures: dict[str, tuple[bytes, ...]]
    answered: frozenset[str]
    notes: list[str] = field(default_factory=list)


def parse(data: bytes) -> list[Cell]:
    """The cells of a notebook's file, whatever its encoding.

    Raises:
        UnreadableNotebookError: not a notebook, or one of an impossible size.
    """
    try:
        fields = json.loads(_text(data))
    except (ValueError, RecursionError) as error:
        raise UnreadableNotebookError("The file is not a notebook: it is not JSON.") from error
    cells = fields.get("cells") if isinstance(fields, dict) else None
    if not isinstance(cells, list):
        raise UnreadableNotebookError("The file is not a notebook of version 4: it has no cells.")
    if len(cells) > MAX_CELLS:
        raise UnreadableNotebookError(f"The notebook has more than {MAX_CELLS:,} cells.")
    notebook_cells = [_cell(cell) for cell in cells if isinstance(cell, dict)]
    if sum(len(cell.source) for cell in notebook_cells) > MAX_CHARACTERS:
        raise UnreadableNotebookError(f"The notebook has more than {MAX_CHARACTERS:,} characters.")
    return notebook_cells


def _text(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16")
    if data[:2].count(0) == 1:
        return data.decode("utf-16-le" if data[1] == 0 else "utf-16-be")
    return data.decode("utf-8-sig")


def _cell(cell: dict[str, Any]) -> Cell:
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    metadata = cell.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    about = metadata.get("mgrlib")
    about = about if isinstance(about, dict) else {}
    variants, tags = about.get("variants"), metadata.get("tags")
    return Cell(
        type=str(cell.get("cell_type", "")),
        source=source if isinstance(source, str) else "",
        task=str(about.get("task", ""))[:100],
        kind=str(about.get("kind", ""))[:20],
        variants=tuple(map(str, variants)) if isinstance(variants, list) else (),
        pictures=tuple(_pictures(cell.get("outputs"))),
        tags=tuple(map(str, tags)) if isinstance(tags, list) else (),
    )


def _pictures(outputs: Any) -> Iterator[bytes]:
    """The PNG pictures among a cell's outputs, three at most."""
    for output in outputs[:50] if isinstance(outputs, list) else ():
        data = output.get("data") if isinstance(output, dict) else None
        text = data.get("image/png") if isinstance(data, dict) else None
        text = "".join(map(str, text)) if isinstance(text, list) else text
        if isinstance(text, str) and len(text) < MAX_PICTURE:
            try:
                picture = base64.b64decode(text, validate=False)
            except (binascii.Error, ValueError):
                continue
            if picture.startswith(PNG):
                yield picture


def edition(source: Path, variant: str) -> list[Cell]:
    """The cells of the student's edition: one variant, without solutions and model answers."""
    try:
        cells = parse(source.read_bytes())
    except UnreadableNotebookError as error:
        raise MgrError(explain(str(source), "a source notebook", str(error))) from error
    selection = [cell for cell in cells if not cell.variants or variant in cell.variants]
    tasks = [cell.task for cell in selection if cell.task]
    twice = sorted({task for task in tasks if tasks.count(task) > 1})
    if twice:
        raise MgrError(explain(str(source), "each task once in a variant", f"{twice} repeated"))
    return [replace(cell, source=_blank(cell), variants=(), pictures=()) for cell in selection]


def _blank(cell: Cell) -> str:
    if cell.type == "markdown":
        return MODEL_ANSWER.sub(BLANK_WORDS, cell.source)
    return SOLUTION.sub(rf"\n\g<1>{BLANK}", cell.source)


def solved(source: Path, variant: str) -> list[Cell]:
    """The student's edition with the solutions in it, as a perfect student would hand it in."""
    cells = [c for c in parse(source.read_bytes()) if not c.variants or variant in c.variants]
    marks = re.compile(r"^[ \t]*(?:###|<!--) (?:BEGIN|END) (?:SOLUTION|MODEL ANSWER).*\n?", re.M)
    return [Cell(cell.type, marks.sub("", cell.source), cell.task, cell.kind) for cell in cells]


def as_notebook(cells: list[Cell], assignment: str = "") -> dict[str, Any]:
    """Cells as a notebook's fields, in the form in which this project keeps notebooks."""
    rows = []
    for number, cell in enumerate(cells):
        about = {"task": cell.task, "kind": cell.kind}
        row: dict[str, Any] = {
            "cell_type": cell.type,
            "id": f"cell-{number}",
            "metadata": ({"mgrlib": about} if cell.task or cell.kind else {})
            | ({"tags": list(cell.tags)} if cell.tags else {}),
            "source": cell.source.splitlines(keepends=True),
        }
        if cell.type == "code":
            row |= {"execution_count": None, "outputs": []}
        rows.append(row)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    about_all: dict[str, Any] = {"kernelspec": kernel, "language_info": {"name": "python"}}
    if assignment:
        about_all["mgrlib"] = {"assignment": assignment}
        about_all["mystnb"] = {"execution_mode": "off"}  # the book shows it with its blanks
    return {"cells": rows, "metadata": about_all, "nbformat": 4, "nbformat_minor": 5}


def write_notebook(cells: list[Cell], path: Path, assignment: str = "") -> Path:
    """Write cells as a notebook's file, whole or not at all."""
    text = json.dumps(as_notebook(cells, assignment), indent=1, sort_keys=True, ensure_ascii=False)
    with atomic_write(path) as part:
        part.write_text(text + "\n", encoding="utf-8")
    return path


def write_edition(source: Path, variant: str, path: Path) -> Path:
    """Write the student's edition of a source notebook."""
    return write_notebook(edition(source, variant), path, source.stem)


def match(cells: list[Cell], pattern: list[Cell]) -> Reading:
    """Which cells of a student's notebook to run, and what they answer.

    Cells are recognized by their metadata, and where an editor has dropped that, by their first
    line. Given cells run first, as they are in the pattern.

    Raises:
        UnreadableNotebookError: the notebook has none of the assignment's tasks.
    """
    setup_code = [cell.source for cell in pattern if cell.kind == "given"]
    reading = Reading(setup_code, {}, {}, {}, frozenset())
    unchanged = {cell.source.strip() for cell in pattern if cell.type == "code"}
    pairs, lost = _recognized(cells, pattern)
    for cell, original in pairs:
        if original is not None and original.kind == "written":
            before = reading.written.get(original.task)
            reading.written[original.task] = "\n\n".join(filter(None, [before, cell.source]))
        elif cell.type == "code":
            _add_code(reading, cell, original, unchanged)
    answered = {
        original.task
        for cell, original in pairs
        if original is not None and cell.source.strip() != original.source.strip()
    }
    tasks = {cell.task for cell in pattern if cell.kind == "answer"}
    if not tasks & {original.task for _, original in pairs if original is not None}:
        raise UnreadableNotebookError("None of this assignment's tasks is in the notebook.")
    notes = ["Some cells had lost their metadata and were recognized by first lines."] * lost
    return replace(reading, answered=frozenset(answered), notes=notes)


def _recognized(
    cells: list[Cell], pattern: list[Cell]
) -> tuple[list[tuple[Cell, Cell | None]], bool]:
    """Pair each cell with its original in the pattern, and say whether metadata was lost."""
    by_task = {cell.task: cell for cell in pattern if cell.task}
    kinds = ("answer", "plot", "written")
    by_line = {(cell.type, cell.first_line): cell for cell in pattern if cell.kind in kinds}
    pairs, lost = [], False
    for cell in cells:
        original = by_task.get(cell.task)
        if original is None:
            original = by_line.get((cell.type, cell.first_line))
            lost = lost or original is not None
        pairs.append((cell, original))
    return pairs, lost


def _add_code(reading: Reading, cell: Cell, original: Cell | None, unchanged: set[str]) -> None:
    """Add a code cell's pictures to the reading, and its code if that has to run."""
    kind = original.kind if original is not None else ""
    if original is not None and kind == "plot":
        reading.pictures[original.task] = cell.pictures[:3]
    source = cell.source.strip()
    if kind in RUN_AS_GIVEN or source in unchanged or not source:
        return
    if original is not None:
        reading.task_of[len(reading.code)] = original.task
    reading.code.append(cell.source)
