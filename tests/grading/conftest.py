"""A tiny assignment with two tasks and one written answer, and a marker of it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mgrlib.grading import notebooks
from mgrlib.grading.assignment import Secret, load_assignment
from mgrlib.grading.box import Limits
from mgrlib.grading.marking import Mark, Marker
from mgrlib.grading.submissions import Submission

JUDGE = """
from mgrlib.grading.assignment import Assignment, Part, Question, Written
from mgrlib.grading.checks import close


def twice(hidden):
    x = float(hidden.rng("twice").integers(100, 100_000_000))
    def judge(value):
        close(value, 2 * x, "twice(x)")

    return [Question("A number", 2, "result = twice(x)", judge, {"x": x})]


def half(hidden):
    x = hidden.rng("half").normal(size=5)
    return [
        Question("Numbers", 1, "result = half(x)", lambda v: close(v, x / 2, "half(x)"), {"x": x}),
        Question("Loot", 0, "result = loot", lambda v: LOOT.append(v)),
    ]


LOOT = []
ASSIGNMENT = Assignment(
    title="Tiny",
    variants=("a", "b"),
    parts=(Part("twice", "Doubling", 2, twice), Part("half", "Halving", 1, half)),
    written=(Written("words", "In words", {"says why": 1, "says how": 1}),),
    setup=lambda hidden: ("import numpy as np\\n", {}),
    hidden_modules=("scipy", "mgrlib.synth"),
)
"""
GOOD = {
    "twice": "def twice(x):\n    return x + x",
    "half": "def half(x):\n    return np.asarray(x) / 2",
}


def source_cells() -> list[notebooks.Cell]:
    solution = "    ### BEGIN SOLUTION\n    return {}\n    ### END SOLUTION"
    words = "**Your answer**\n<!-- BEGIN MODEL ANSWER -->\nBecause.\n<!-- END MODEL ANSWER -->"
    return [
        notebooks.Cell("markdown", "# Tiny"),
        notebooks.Cell("code", "import numpy as np", "setup", "setup"),
        notebooks.Cell("code", "def twice(x):\n" + solution.format("2 * x"), "twice", "answer"),
        notebooks.Cell("code", "assert twice(3) == 6", "test_twice", "test"),
        notebooks.Cell("code", "def half(x):\n" + solution.format("x / 2"), "half", "answer"),
        notebooks.Cell("code", "# Plot", "words_plot", "plot"),
        notebooks.Cell("markdown", words, "words", "written"),
    ]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The instructor's folder of the tiny assignment."""
    folder = tmp_path_factory.mktemp("instructor") / "tiny"
    folder.mkdir()
    (folder / "judge.py").write_text(JUDGE)
    notebooks.write_notebook(source_cells(), folder / "tiny.ipynb")
    return folder


@pytest.fixture(scope="session")
def good() -> dict[str, str]:
    """Correct answers."""
    return GOOD


@pytest.fixture(scope="session")
def hand_in(tiny: Path) -> Callable[..., Path]:
    """Write a submission in which these tasks have these answers, and these cells come first."""

    def write(path: Path, answers: dict[str, str], *first: str) -> Path:
        cells = [notebooks.Cell("code", source) for source in first]
        for cell in notebooks.edition(tiny / "tiny.ipynb", "a"):
            source = answers.get(cell.task, cell.source)
            cells.append(notebooks.Cell(cell.type, source, cell.task, cell.kind))
        return notebooks.write_notebook(cells, path)

    return write


@pytest.fixture(scope="session")
def attempt(tiny: Path, hand_in, tmp_path_factory) -> Iterator[Callable[..., tuple[Mark, list]]]:
    """Mark a correct submission that runs these cells first; its mark, and what it could carry out.

    What a submission leaves in `loot` comes back as plain data.
    """
    if shutil.which("bwrap") is None:
        pytest.skip("needs bubblewrap")
    folder = tmp_path_factory.mktemp("marking")
    source = load_assignment(tiny)
    import sys

    caught = sys.modules["mgrlib_judge_tiny"].LOOT
    secret = Secret.draw("tiny", "a")

    def mark(*cells: str, limits: Limits | None = None, **answers: str) -> tuple[Mark, list]:
        caught.clear()
        marker = Marker(source, secret, folder, limits=limits)
        path = hand_in(folder / "attempt.ipynb", GOOD | answers, *cells)
        return marker.mark(Submission("attempt", path)), list(caught)

    yield mark
