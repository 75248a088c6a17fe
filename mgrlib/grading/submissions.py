"""A folder of submissions as it comes: whose is what, and reading a file that may be anything.

Every entry gets a row in the marks. A file is opened only if it is a regular one of limited size,
without following links and without waiting, so that a FIFO or a link in place of a notebook is a
note and not a hang or somebody else's work.
"""

from __future__ import annotations

import csv
import os
import re
import stat
import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from mgrlib.errors import MgrError, explain

MAX_BYTES = 30_000_000
MAX_DEPTH = 8
MAX_ENTRIES = 5_000
LITTER = ("__macosx", "thumbs.db", "desktop.ini")
TABLES = (".csv", ".tsv")  # an instructor's own, as a roster beside the submissions
CANVAS = re.compile(r"^(?P<name>[^_]+)(?P<late>_LATE)?_(?P<id>\d+)_(?P<number>\d+)_.+$")
MOODLE = re.compile(r"^(?P<name>.+)_(?P<id>\d+)_assignsubmission_[a-z]+_?$")
COPY = re.compile(r"^(?P<name>.+?)(?: \(\d+\)|[ -]copy|-\d)$")


@dataclass(frozen=True)
class Submission:
    """One row of the marks.

    Args:
        student: the name that the row has.
        path: the notebook; None if there is none to mark.
        identity: a learning platform's number of the student, if the name holds one.
        late: the platform or the due date says so.
        note: why there is nothing to mark, or what the instructor should know.
    """

    student: str
    path: Path | None
    identity: str = ""
    late: bool = False
    note: str = ""


def find_submissions(
    folder: Path, *, due: datetime | None = None, roster: dict[str, str] | None = None
) -> list[Submission]:
    """The submissions in a folder, a row for each student, sorted by name.

    `STUDENT.ipynb`, a folder for each student with one notebook in it, Canvas's
    `name_ID_NUMBER_file.ipynb`, and Moodle's `Name_ID_assignsubmission_file_` are understood.

    Args:
        folder: what was handed in.
        due: a file that was changed later is late.
        roster: names by identity; those who handed in nothing get a row too.

    Raises:
        MgrError: not a folder, or nothing in it.
    """
    if not folder.is_dir():
        raise MgrError(explain("mark", f"a folder {folder}", "none there"))
    entries = [entry for entry in _entries(folder) if not _is_litter(entry.name)]
    entries = [e for e in entries if not (e.name.endswith(TABLES) and _kind(e) == "file")]
    if not entries:
        hint = "put a notebook for each student, or a folder for each student, into it."
        raise MgrError(explain("mark", f"submissions in {folder}", "none", hint))
    merged = _merged([_submission(entry, due) for entry in entries])
    return sorted(_enrolled(merged, roster or {}), key=lambda submission: submission.student)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def _is_litter(name: str) -> bool:
    return name.startswith((".", "~$")) or name.lower() in LITTER


def _kind(entry: os.DirEntry[str]) -> str:
    if entry.is_symlink():
        return "link"
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    return "file" if entry.is_file(follow_symlinks=False) else "special"


def readable(name: str) -> str:
    """A name as text that can be written anywhere: no control characters, no broken encoding."""
    text = os.fsencode(name).decode("utf-8", "replace")
    text = unicodedata.normalize("NFC", text)
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def _submission(entry: os.DirEntry[str], due: datetime | None) -> Submission:
    kind, path = _kind(entry), Path(entry.path)
    stem = entry.name if kind == "folder" else path.stem
    base = Submission(readable(stem), None)
    canvas, moodle = CANVAS.match(stem), MOODLE.match(stem)
    if canvas:
        base = Submission(readable(canvas["name"]), None, canvas["id"], bool(canvas["late"]))
    elif moodle:
        base = Submission(readable(moodle["name"]), None, moodle["id"])
    if kind == "link":
        return replace(base, note="It is a link; links are not followed.")
    if kind == "special":
        return replace(base, note="It is neither a file nor a folder.")
    if kind == "file" and path.suffix.lower() != ".ipynb":
        what = path.suffix.lower() or "no ending"
        return replace(base, note=f"It is not a notebook ({readable(what)}); nothing was unpacked.")
    if kind == "folder":
        path_or_note = only_notebook(path)
        if isinstance(path_or_note, str):
            return replace(base, note=path_or_note)
        path = path_or_note
    late = base.late or (due is not None and _changed(path) > due)
    return replace(base, path=path, late=late)


def _changed(path: Path) -> datetime:
    return datetime.fromtimestamp(path.lstat().st_mtime).astimezone()


def only_notebook(folder: Path) -> Path | str:
    """The one notebook below a folder, or why there is not exactly one."""
    notebooks, other = [], 0
    for entry in _below(folder):
        if entry is None:
            return "The folder is too deep or has too many files."
        if entry.name.lower().endswith(".ipynb"):
            if _kind(entry) == "file":
                notebooks.append(Path(entry.path))
            else:
                other += 1
    if len(notebooks) == 1:
        return notebooks[0]
    if notebooks:
        return f"There are {len(notebooks)} notebooks in the folder; one is expected."
    return "The notebook is a link or no file." if other else "There is no notebook in the folder."


def _below(folder: Path) -> Iterator[os.DirEntry[str] | None]:
    """Yield the entries below a folder without hidden files; None if there are too many."""
    waiting, n_entries = [(folder, 0)], 0
    while waiting:
        place, depth = waiting.pop()
        for entry in _entries(place):
            n_entries += 1
            if n_entries > MAX_ENTRIES:
                yield None
                return
            if _is_litter(entry.name):
                continue
            if _kind(entry) == "folder":
                if depth >= MAX_DEPTH:
                    yield None
                    return
                waiting.append((Path(entry.path), depth + 1))
            else:
                yield entry


def _merged(submissions: list[Submission]) -> list[Submission]:
    """One row for each student: the newest of a platform's resubmissions, and duplicates noted."""
    rows: dict[tuple[str, str], list[Submission]] = defaultdict(list)
    for submission in submissions:
        rows[submission.student, submission.identity].append(submission)
    names = {name for name, _ in rows}
    merged = []
    for (student, identity), several in rows.items():
        submission = _submission_that_counts(several)
        again = COPY.match(student)
        if again and again["name"] in names and not identity:
            note = f"Perhaps a second submission of {again['name']}; marked by itself."
            submission = replace(submission, note=" ".join(filter(None, [submission.note, note])))
        merged.append(submission)
    return merged


def _submission_that_counts(several: list[Submission]) -> Submission:
    with_notebook = [submission for submission in several if submission.path is not None]
    if len(several) == 1:
        return several[0]
    if len(with_notebook) == 1:
        note = "Something else of the same name was handed in and was not looked at."
        return replace(with_notebook[0], note=note)
    if not with_notebook:
        return several[0]
    if with_notebook[0].identity:
        newest = max(with_notebook, key=_number)
        return replace(newest, note=f"The newest of {len(with_notebook)} submissions was marked.")
    note = f"There are {len(with_notebook)} submissions of this name; say which counts."
    return replace(several[0], path=None, note=note)


def _number(submission: Submission) -> int:
    canvas = CANVAS.match(submission.path.stem) if submission.path is not None else None
    return int(canvas["number"]) if canvas else 0


def _enrolled(submissions: list[Submission], roster: dict[str, str]) -> list[Submission]:
    by_name = {name: identity for identity, name in roster.items()}
    rows = []
    for submission in submissions:
        if submission.identity in roster:
            submission = replace(submission, student=roster[submission.identity])
        elif submission.student in by_name:
            submission = replace(submission, identity=by_name[submission.student])
        elif roster:
            submission = replace(
                submission, note=" ".join(filter(None, [submission.note, "Not on the roster."]))
            )
        rows.append(submission)
    present = {submission.identity for submission in rows}
    rows += [
        Submission(name, None, identity, note="Handed in nothing.")
        for identity, name in roster.items()
        if identity not in present
    ]
    return rows


def read_roster(path: Path) -> dict[str, str]:
    """Names by identity from a CSV with the columns `id` and `name`.

    Raises:
        MgrError: the file cannot be read, or has no such columns.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        return {row["id"].strip(): row["name"].strip() for row in rows}
    except (OSError, KeyError, AttributeError, ValueError) as error:
        hint = "write a table with the columns id and name."
        got = type(error).__name__
        raise MgrError(explain(str(path), "a roster", got, hint)) from error


def safe_read(path: Path, limit: int = MAX_BYTES) -> bytes:
    """The bytes of a regular file of at most `limit` bytes.

    Raises:
        OSError: it cannot be opened without following a link.
        ValueError: it is not a regular file, or it is too large.
    """
    names = ("O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK", "O_BINARY")  # not all on every system
    handle = os.open(path, os.O_RDONLY | sum(getattr(os, name, 0) for name in names))
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode):
            raise ValueError("it is not a regular file")
        if about.st_size > limit:
            raise ValueError(f"it has {about.st_size:,} bytes, and {limit:,} are the most")
        return file.read(limit)
