from __future__ import annotations

import csv
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from mgrlib.errors import MgrError
from mgrlib.grading import classes, notebooks
from mgrlib.grading.assignment import Secret
from mgrlib.grading.box import choose_box
from mgrlib.grading.classes import ClassRun, mark_class
from mgrlib.grading.marking import release

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="needs bubblewrap")


@pytest.fixture(scope="module")
def run(tiny, hand_in, good, tmp_path_factory) -> ClassRun:
    """A class of three, one of whom has a name that a spreadsheet would take for a formula."""
    place = tmp_path_factory.mktemp("class")
    folder = place / "in"
    folder.mkdir()
    words = "**Your answer**\n\nBecause <script>alert(1)</script> of this."
    hand_in(folder / "ada_1_1_x.ipynb", good | {"words": words})
    wrong = "def twice(x):\n    raise ValueError('<b>bold</b>' + In[-1])"
    hand_in(folder / "ben.ipynb", {"twice": wrong, "half": "def half(x)\n    return x"})
    (folder / "=cmd|x.ipynb").write_text("no notebook")
    Secret.draw("tiny", "a").write(place / "seed.json")
    run = ClassRun(
        tiny, folder, place / "marks.csv", place / "seed.json",
        feedback=place / "pages", rubric=place / "rubric", gradebook="canvas", jobs=2,
    )  # fmt: skip
    mark_class(run)
    return run


def table(path: Path) -> dict[str, dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return {row.get("student") or row["Student"]: row for row in rows}


def test_the_table_has_a_row_for_each_student(run) -> None:
    rows = table(run.out)
    assert set(rows) == {"ada", "ben", "'=cmd|x"}
    assert (rows["ada"]["points"], rows["ada"]["id"], rows["ada"]["out_of"]) == ("3", "1", "5")
    assert rows["ben"]["points"] == "0"
    assert rows["'=cmd|x"]["points"] == "" and "not a notebook" in rows["'=cmd|x"]["note"]


def test_feedback_says_why_and_escapes_what_students_wrote(run) -> None:
    text = (run.feedback / table(run.out)["ben"]["page"]).read_text()
    assert "ValueError" in text and "&lt;b&gt;bold" in text and "<b>" not in text
    assert "Doubling: 0 of 2 points" in text and "not valid Python in line 1" in text
    for secret in ("judge", "result =", "close(", str(run.seed), "hidden"):
        assert secret not in text


def test_written_answers_are_collected_escaped(run) -> None:
    text = (run.rubric / table(run.out)["ada"]["page"]).read_text()
    assert "&lt;script&gt;" in text and "<script>" not in text and "says why" in text


def test_filled_boxes_count_and_survive_another_marking(run, hand_in, good) -> None:
    path = run.rubric / "rubric.csv"
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["student"] == "ada":
            row["points"] = {"says why": "1", "says how": "0,5"}.get(row["box"], "-0.25")
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    mark_class(run)
    assert table(run.out)["ada"]["points"] == "4.25"
    text = (run.feedback / table(run.out)["ada"]["page"]).read_text()
    assert "In words: 1.5 of 2 points" in text
    hand_in(run.submissions / "ada_1_1_x.ipynb", good | {"half": "def half(x):\n    return x"})
    mark_class(run)
    row = table(run.out)["ada"]
    assert row["points"] == "3.25" and "changed after" in row["note"]


def test_points_beyond_a_box_are_refused(run) -> None:
    path = run.rubric / "rubric.csv"
    text = path.read_text(encoding="utf-8-sig")
    path.write_text(text.replace("says why,1,1", "says why,1,7"))
    with pytest.raises(MgrError, match="from 0 to 1"):
        mark_class(run)
    path.write_text(text)


def test_a_gradebook_has_the_platforms_columns(run) -> None:
    rows = table(run.out.with_name("marks-canvas.csv"))
    assert set(rows["ada"]) == {"Student", "ID", "Tiny"} and rows["ada"]["ID"] == "1"
    assert rows["    Points Possible"]["Tiny"] == "5" and rows["'=cmd|x"]["Tiny"] == ""


def test_a_moodle_gradebook_names_participants(run) -> None:
    mark_class(replace(run, gradebook="moodle", rubric=None, feedback=None))
    with run.out.with_name("marks-moodle.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["Full name"]: row for row in csv.DictReader(file)}
    assert rows["ada"]["Identifier"] == "Participant 1" and rows["ada"]["Maximum grade"] == "5"


def test_a_killed_marking_goes_on_where_it_stopped(run, monkeypatch, tmp_path) -> None:
    again = replace(run, out=tmp_path / "marks.csv", rubric=None, feedback=None, jobs=1)
    add, added = classes.Journal.add, []

    def dying(self, mark):
        add(self, mark)
        added.append(mark.student)
        if len(added) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(classes.Journal, "add", dying)
    with pytest.raises(KeyboardInterrupt):
        mark_class(again)
    assert not again.out.exists()
    with (tmp_path / "marks.journal").open("a") as file:
        file.write('{"student": "half a li')
    added.clear()
    monkeypatch.setattr(classes.Journal, "add", lambda self, m: added.append(m.student))
    assert len(mark_class(again)) == 3
    assert "ada" not in added and "ben" in added


def test_a_judge_that_fails_costs_one_row_only(run, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(notebooks, "match", lambda *_: 1 / 0)
    rows = mark_class(replace(run, out=tmp_path / "marks.csv", feedback=None, rubric=None))
    assert len(rows) == 3 and all(row["points"] is None and row["note"] for row in rows)


def test_a_class_needs_its_own_secret(run, tiny, tmp_path) -> None:
    with pytest.raises(MgrError, match="release"):
        mark_class(replace(run, seed=tmp_path / "none.json"))
    Secret.draw("other", "a").write(tmp_path / "other.json")
    with pytest.raises(MgrError, match="other"):
        mark_class(replace(run, seed=tmp_path / "other.json"))


def test_without_walls_the_marks_are_the_same(run, tmp_path) -> None:
    names = ("student", "automatic")
    settings = {"feedback": None, "rubric": None, "gradebook": None, "fresh": True}
    boxed = mark_class(replace(run, out=tmp_path / "a.csv", **settings))
    plain = mark_class(replace(run, out=tmp_path / "b.csv", box="unsafe", **settings))
    assert [[row[n] for n in names] for row in boxed] == [[row[n] for n in names] for row in plain]


def test_release_draws_a_secret_once(tiny, tmp_path) -> None:
    seed = tmp_path / "seed.json"
    release(tiny, tmp_path / "a.ipynb", seed=seed, variant="b")
    first = seed.read_text()
    release(tiny, tmp_path / "b.ipynb", seed=seed)
    assert seed.read_text() == first and seed.stat().st_mode & 0o077 == 0
    assert Secret.read(seed, "tiny").variant == "b"
    assert Secret.draw("tiny", "a").key != Secret.draw("tiny", "a").key


def test_without_a_box_marking_is_refused_with_the_remedy(monkeypatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(MgrError, match="--unsafe"):
        choose_box()
    assert choose_box("unsafe") == "unsafe"
