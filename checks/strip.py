"""Remove outputs, execution counts, and editors' metadata from notebooks.

A cell with the tag `nbval-check-output` keeps its output, which nbval compares with a new run. To
store it: `jupyter nbconvert --execute --inplace NOTEBOOK; python -m checks.strip NOTEBOOK`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import nbformat

ROOT = Path(__file__).resolve().parent.parent
CELL_METADATA = {"tags", "mystnb", "mgrlib"}
NOTEBOOK_METADATA: dict[str, Any] = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
# Metadata that a chapter may have in addition to its kernel.
OWN_METADATA = {"mystnb", "execution", "mgrlib"}
CHECKED = "nbval-check-output"


def stripped(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """A copy of the notebook in the form in which it is stored."""
    clean = nbformat.from_dict(notebook)
    own = {key: value for key, value in clean.metadata.items() if key in OWN_METADATA}
    clean.metadata = nbformat.from_dict({**NOTEBOOK_METADATA, **own})
    clean.nbformat, clean.nbformat_minor = 4, 5
    for number, cell in enumerate(clean.cells):
        cell.setdefault("id", f"cell-{number}")
        metadata = {key: value for key, value in cell.metadata.items() if key in CELL_METADATA}
        cell.metadata = nbformat.from_dict({k: v for k, v in metadata.items() if v})
        if cell.cell_type == "code":
            keep_output(cell)
    while clean.cells and not clean.cells[-1].source.strip():
        clean.cells.pop()
    return clean


def keep_output(cell: nbformat.NotebookNode) -> None:
    """Remove the output of a code cell, or keep it if nbval compares it.

    nbval ignores cells without an execution count, so a cell with an output gets the count 1.
    """
    if CHECKED not in cell.metadata.get("tags", []) or not cell.get("outputs"):
        cell.outputs, cell.execution_count = [], None
        return
    cell.execution_count = 1
    for output in cell.outputs:
        output.pop("transient", None)
        if "metadata" in output:
            output.metadata = nbformat.NotebookNode()
        if "execution_count" in output:
            output.execution_count = 1


def text_of(notebook: nbformat.NotebookNode) -> str:
    """The text of the notebook's file."""
    return nbformat.writes(notebook, version=4).rstrip("\n") + "\n"


def strip(path: Path) -> bool:
    """Rewrite a notebook that differs from its stored form; returns whether it was rewritten."""
    before = path.read_text(encoding="utf-8")
    after = text_of(stripped(nbformat.reads(before, as_version=4)))
    if after != before:
        path.write_text(after, encoding="utf-8")
    return after != before


if __name__ == "__main__":
    paths = [Path(name) for name in sys.argv[1:]] or sorted(
        p for n in ("book", "instructors") for p in (ROOT / n).rglob("*.ipynb")
    )
    for path in paths:
        if strip(path):
            print(f"stripped {path}")
