from __future__ import annotations

import copy
import os
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from mgrlib.errors import MgrError
from mgrlib.grading.marking import Limits, mark_all, release, repaired

SETUP = "import numpy as np\nfrom mgrlib.grading.checks import close"
pytestmark = pytest.mark.usefixtures("one_course")
BLANK = "raise NotImplementedError()"


def cell(source: str, kind: str = "", name: str = "", points: int | None = None):
    one = nbformat.v4.new_code_cell(source)
    if kind:
        about = {"grade": kind == "test", "solution": kind == "solution", "grade_id": name}
        about |= {"locked": kind != "solution", "schema_version": 3, "task": False}
        one.metadata["nbgrader"] = about | ({"points": points} if points else {})
    return one


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """Two tasks, three points each, one of them by a hidden test."""
    notebook = nbformat.v4.new_notebook()
    hidden = "### BEGIN HIDDEN TESTS\nclose(half(5), 2.5, 'half of 5')\n### END HIDDEN TESTS"
    solution = "    ### BEGIN SOLUTION\n    return {} \n    ### END SOLUTION"
    notebook.cells = [
        cell("from mgrlib.grading.checks import close", "locked", "setup"),
        cell("def twice(x):\n" + solution.format("2 * x"), "solution", "twice"),
        cell("close(twice(3), 6, 'twice 3')", "test", "test_twice", 3),
        cell("def half(x):\n" + solution.format("x / 2"), "solution", "half"),
        cell("close(half(4), 2, 'half of 4')\n" + hidden, "test", "test_half", 2),
        cell("min(1.0, half(1))", "test", "test_part", 1),
    ]
    path = tmp_path_factory.mktemp("source") / "tiny.ipynb"
    nbformat.write(notebook, path)
    return path


@pytest.fixture(scope="module")
def given(source, one_course, tmp_path_factory) -> Path:
    return release(source, tmp_path_factory.mktemp("release") / "tiny.ipynb")


GOOD = "def twice(x):\n    return x + x"
HALF = "def half(x):\n    return x / 2"
# In the checkout that an editable installation puts on Python's path.
SOLUTIONS = str(Path(__file__).parents[2] / "book/assignments/source/features.ipynb")


def submissions(given: Path, victim: Path, source: Path) -> dict[str, dict[str, str]]:
    """What each student wrote, by the name of the task."""
    return {
        "blank": {},
        "solved": {"twice": GOOD, "half": HALF},
        "floored": {"twice": GOOD, "half": "def half(x):\n    return x // 2"},
        "endless": {"twice": "def twice(x):\n    while True: pass", "half": HALF},
        "deleting": {"twice": f"import os\nos.remove({str(victim)!r})\n{GOOD}", "half": HALF},
        "writing": {"twice": f"open({str(victim)!r}, 'w').write('x')\n{GOOD}", "half": HALF},
        "calling": {"twice": f"import os\nos.system('rm {victim}')\n{GOOD}", "half": HALF},
        "reading": {"twice": f"text = open({str(source)!r}).read()\n{GOOD}", "half": HALF},
        "peeking": {"twice": f"text = open({SOLUTIONS!r}).read()\n{GOOD}", "half": HALF},
        "printing": {"twice": f"while True: print('x' * 10_000)\n{GOOD}", "half": HALF},
        "forging": {"twice": "close = lambda *a: None\ndef twice(x): pass", "half": HALF},
        "leaving": {"twice": "import os\nos._exit(0)", "half": HALF},
    }


@pytest.fixture(scope="module")
def marks(source, given, tmp_path_factory) -> pd.DataFrame:
    folder = tmp_path_factory.mktemp("handed-in")
    victim = tmp_path_factory.mktemp("home") / "precious.txt"
    victim.write_text("mine")
    assert Path(SOLUTIONS).is_file()
    blank = nbformat.read(given, 4)
    for student, written in submissions(given, victim, source).items():
        notebook = copy.deepcopy(blank)
        for one in notebook.cells:
            name = one.metadata.get("nbgrader", {}).get("grade_id")
            one.source = written.get(name, one.source)
        nbformat.write(notebook, folder / f"{student}.ipynb")
    stripped = nbformat.read(folder / "solved.ipynb", 4)
    for one in stripped.cells:
        one.metadata = {}
    stripped.cells.insert(1, cell("extra = 1"))
    nbformat.write(stripped, folder / "stripped.ipynb")
    (folder / "junk.ipynb").write_text("no notebook")
    (folder / "empty").mkdir()
    marks = mark_all(
        source,
        folder,
        feedback=folder / "feedback-pages",
        limits=Limits(cell_seconds=10, seconds=400),
        n_jobs=2,
    ).set_index("student")
    marks.attrs = {"victim": victim.read_text(), "feedback": folder / "feedback-pages"}
    return marks


def test_release_holds_no_solution_and_no_hidden_test(given) -> None:
    text = given.read_text()
    assert "x / 2" not in text and "half(5)" not in text
    assert BLANK in text and "half(4)" in text


def test_every_submission_has_its_row(marks) -> None:
    assert len(marks) == 15 and (marks["out_of"] == 6).all()


@pytest.mark.parametrize(
    ("student", "points"),
    [
        ("blank", 0),
        ("solved", 5.5),  # the last test gives what it returns, half of 1
        ("floored", 3),
        ("endless", 2.5),
        ("deleting", 2.5),
        ("writing", 2.5),
        ("calling", 2.5),
        ("reading", 2.5),
        ("peeking", 2.5),
        ("printing", 2.5),
        ("forging", 2.5),
        ("leaving", 0),
        ("stripped", 5.5),
        ("junk", 0),
        ("empty", 0),
    ],
)
def test_points(marks, student, points) -> None:
    assert marks.loc[student, "points"] == points, marks.loc[student].to_dict()


def test_nothing_outside_is_touched(marks) -> None:
    assert marks.attrs["victim"] == "mine"


@pytest.mark.parametrize(
    ("student", "words"),
    [("leaving", "ended the kernel"), ("junk", "no notebook"), ("stripped", "first lines")],
)
def test_the_note_says_why(marks, student, words) -> None:
    assert words in marks.loc[student, "note"]


def test_feedback_says_what_was_expected_without_the_hidden_test(marks) -> None:
    page = (marks.attrs["feedback"] / "floored.md").read_text()
    assert "half of 5 2 where 2.5 was expected" in page
    assert "close(" not in page


def test_a_copied_cell_is_counted_once(given) -> None:
    notebook = nbformat.read(given, 4)
    twice = copy.deepcopy(notebook)
    twice.cells.insert(2, copy.deepcopy(twice.cells[1]))
    mended, note = repaired(twice, notebook)
    names = [one.metadata.get("nbgrader", {}).get("grade_id") for one in mended.cells]
    assert note and len(names) == len(set(names)) == 6


def test_a_source_that_is_no_assignment_is_refused(tmp_path) -> None:
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [cell("x = 1", "test", "one", 1), cell("x = 2", "test", "one", 1)]
    nbformat.write(notebook, tmp_path / "twice.ipynb")
    with pytest.raises(MgrError, match=r"twice\.ipynb"):
        release(tmp_path / "twice.ipynb", tmp_path / "out.ipynb")


def test_a_folder_without_submissions_is_named(source, tmp_path) -> None:
    with pytest.raises(MgrError, match=os.fspath(tmp_path)):
        mark_all(source, tmp_path)
