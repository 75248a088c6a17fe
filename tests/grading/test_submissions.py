from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from mgrlib.errors import MgrError
from mgrlib.grading.notebooks import Cell, UnreadableNotebookError, as_notebook, match, parse
from mgrlib.grading.submissions import find_submissions, read_roster, safe_read

NOTEBOOK = json.dumps(as_notebook([Cell("code", "x = 1", "x", "answer")]))


fifos = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs FIFOs and links")


def rows(folder: Path, **settings) -> dict[str, tuple[bool, str]]:
    submissions = find_submissions(folder, **settings)
    assert len({(submission.student, submission.identity) for submission in submissions}) == len(
        submissions
    )
    return {
        submission.student: (submission.path is not None, submission.note)
        for submission in submissions
    }


def test_ordinary_files_and_folders_are_found(tmp_path) -> None:
    (tmp_path / "ada.ipynb").write_text(NOTEBOOK)
    (tmp_path / "Åsa Ødegård").mkdir()
    (tmp_path / "Åsa Ødegård/final (2).ipynb").write_text(NOTEBOOK)
    assert rows(tmp_path) == {"ada": (True, ""), "Åsa Ødegård": (True, "")}


@fifos
def test_odd_things_get_a_row_with_a_note(tmp_path) -> None:
    os.mkfifo(tmp_path / "fifo.ipynb")
    (tmp_path / "link.ipynb").symlink_to("/etc/passwd")
    (tmp_path / "linked folder").symlink_to("/etc")
    (tmp_path / "packed.zip").write_bytes(b"PK")
    for name in ("exported.html", "script.py", "plain.json", "no ending"):
        (tmp_path / name).write_text("x")
    (tmp_path / "roster.csv").write_text("id,name")
    (tmp_path / "empty").mkdir()
    (tmp_path / "two").mkdir()
    for name in "ab":
        (tmp_path / f"two/{name}.ipynb").write_text(NOTEBOOK)
    (tmp_path / "fifo inside").mkdir()
    os.mkfifo(tmp_path / "fifo inside/x.ipynb")
    (tmp_path / os.fsdecode(b"\xff\xfe.ipynb")).write_text("x")
    (tmp_path / ("n" * 249 + ".ipynb")).write_text(NOTEBOOK)
    (tmp_path / "line\nbreak\x1b[31m.ipynb").write_text(NOTEBOOK)
    row_of = rows(tmp_path)
    unmarkable = {name for name, (there, note) in row_of.items() if not there and note}
    expected = {"fifo", "link", "linked folder", "packed", "empty", "two", "fifo inside"}
    expected |= {"exported", "script", "plain", "no ending"}
    assert unmarkable == expected and len(row_of) == len(expected) + 3
    assert all(name.isprintable() for name in row_of)
    for name in row_of:
        name.encode("utf-8")


def test_litter_is_no_student(tmp_path) -> None:
    (tmp_path / "ada.ipynb").write_text(NOTEBOOK)
    for litter in ("._ada.ipynb", ".DS_Store", "desktop.ini"):
        (tmp_path / litter).write_text("")
    for litter in ("__MACOSX", ".git", ".ipynb_checkpoints"):
        (tmp_path / litter).mkdir()
        (tmp_path / litter / "ada.ipynb").write_text(NOTEBOOK)
    (tmp_path / "ben/.ipynb_checkpoints").mkdir(parents=True)
    (tmp_path / "ben/.ipynb_checkpoints/hw.ipynb").write_text(NOTEBOOK)
    (tmp_path / "ben/hw.ipynb").write_text(NOTEBOOK)
    assert rows(tmp_path) == {"ada": (True, ""), "ben": (True, "")}


@pytest.mark.parametrize("inside", [False, True])
def test_a_folder_beside_a_file_overrides_nothing_silently(tmp_path, inside) -> None:
    (tmp_path / "ada.ipynb").write_text(NOTEBOOK)
    (tmp_path / "ada").mkdir()
    if inside:
        (tmp_path / "ada/other.ipynb").write_text(NOTEBOOK)
    there, note = rows(tmp_path)["ada"]
    assert note and there is not inside


@fifos
def test_a_deep_or_crowded_folder_is_a_note(tmp_path) -> None:
    place = tmp_path / "deep"
    place.mkdir()
    descriptor = os.open(place, os.O_RDONLY)
    for _ in range(600):
        os.mkdir("d", dir_fd=descriptor)
        inner = os.open("d", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    os.close(descriptor)
    there, note = rows(tmp_path)["deep"]
    assert not there and "deep" in note
    for _ in range(600):  # one level at a time: deeper than a path may be long
        (place / "d").rename(tmp_path / "next")
        place.rmdir()
        (tmp_path / "next").rename(place)


def test_canvas_and_moodle_names(tmp_path) -> None:
    (tmp_path / "lovelaceada_11_700_features.ipynb").write_text(NOTEBOOK)
    (tmp_path / "lovelaceada_11_900_features-1.ipynb").write_text("newer" + NOTEBOOK)
    (tmp_path / "hopper_LATE_12_800_features.ipynb").write_text(NOTEBOOK)
    (tmp_path / "Alan Turing_13_assignsubmission_file_").mkdir()
    (tmp_path / "Alan Turing_13_assignsubmission_file_/x.ipynb").write_text(NOTEBOOK)
    by_identity = {submission.identity: submission for submission in find_submissions(tmp_path)}
    assert (
        by_identity["11"].path.read_text().startswith("newer")
        and "newest of 2" in by_identity["11"].note
    )
    assert by_identity["12"].late and by_identity["12"].student == "hopper"
    assert by_identity["13"].student == "Alan Turing" and not by_identity["13"].late


def test_a_roster_names_students_and_shows_who_is_missing(tmp_path) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text("\N{ZERO WIDTH NO-BREAK SPACE}id,name\n11,Ada Lovelace\n12,Grace Hopper\n")
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "lovelaceada_11_700_features.ipynb").write_text(NOTEBOOK)
    row_of = rows(folder, roster=read_roster(roster))
    assert row_of == {"Ada Lovelace": (True, ""), "Grace Hopper": (False, "Handed in nothing.")}


def test_a_file_that_changed_after_the_due_date_is_late(tmp_path) -> None:
    (tmp_path / "ada.ipynb").write_text(NOTEBOOK)
    now = datetime.now().astimezone()
    assert find_submissions(tmp_path, due=now - timedelta(hours=1))[0].late
    assert not find_submissions(tmp_path, due=now + timedelta(hours=1))[0].late


def test_nothing_handed_in_is_an_error(tmp_path) -> None:
    with pytest.raises(MgrError, match="submissions"):
        find_submissions(tmp_path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_notebooks_in_other_encodings_are_read(encoding) -> None:
    assert parse(NOTEBOOK.encode(encoding))[0].source == "x = 1"


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"null", b'{"cells": 3}', b"[" * 100_000, b"\xff\xfe\x00", b"PK\x03\x04",
     b'{"worksheets": []}', b'{"cells": [' + b"{}," * 3000 + b"{}]}"],
)  # fmt: skip
def test_other_files_are_refused(data) -> None:
    with pytest.raises(UnreadableNotebookError):
        match(parse(data), [Cell("code", "x", "x", "answer")])


@pytest.mark.parametrize(
    "cell",
    [3, {}, {"source": 3}, {"metadata": []}, {"metadata": {"mgrlib": []}}, {"source": [3, "x"]},
     {"outputs": [{"data": {"image/png": 3}}]}, {"cell_type": None}],
)  # fmt: skip
def test_malformed_cells_do_no_harm(cell) -> None:
    parse(json.dumps({"cells": [cell]}).encode())


def test_cells_without_metadata_are_recognized_and_copies_run_in_order() -> None:
    pattern = [Cell("code", "def f(x):\n    raise NotImplementedError()", "f", "answer")]
    cells = [Cell("code", "def f(x):\n    return 1"), Cell("code", "def f(x):\n    return 2")]
    reading = match(cells, pattern)
    assert reading.code == [cell.source for cell in cells] and reading.answered == {"f"}
    assert reading.notes


@fifos
def test_only_regular_files_of_limited_size_are_read(tmp_path) -> None:
    (tmp_path / "large").write_bytes(bytes(100))
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to(tmp_path / "large")
    assert len(safe_read(tmp_path / "large")) == 100
    for name, limit in (("large", 99), ("fifo", 100), ("link", 100), ("", 100)):
        with pytest.raises((OSError, ValueError)):
            safe_read(tmp_path / name, limit)
