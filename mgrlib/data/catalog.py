"""A folder of audio in any order, and a table that names each file's genre and artist."""

from __future__ import annotations

import os
import warnings
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from mgrlib.data.artist_tables import ARTIST_COLUMNS, FILE_COLUMNS, file_key, read_table
from mgrlib.data.audio import FileSource
from mgrlib.data.corpus import Corpus
from mgrlib.data.folder import lengths
from mgrlib.data.layout import survey
from mgrlib.errors import CorpusError, MgrWarning, explain, printable, some

GENRE_COLUMNS = ("genre", "genre_top", "track.genre_top", "label", "style")
FORM = f"a column of files ({', '.join(FILE_COLUMNS)}) and a column genre"
HINT = "complete the download or the folder, or leave them out with partial=True or --partial."


def catalog(
    path: str | os.PathLike[str],
    table: str | os.PathLike[str],
    *,
    name: str | None = None,
    exclude: Sequence[str] = (),
    partial: bool = False,
    check: bool = True,
) -> Corpus:
    """A corpus of the audio files below `path` that a table lists with their genres.

    The table has a column of files (`file`, `path`, `clip_id`, ...) and a column `genre`; a column
    `artist` makes the clips of one artist one group. A file is named by its path below the folder
    or by its name alone, with or without the extension, and a number also without the zeros before
    it. Clip ids are the table's `clip_id`, or else paths below `path` without the extension. All
    other columns stay in `corpus.clips`. If one of them is called `split` and says which clips
    train, validate and test, `mgrlib.data.splits.own_split` divides by it.

    Rows without a genre, and audio files that the table does not list, are counted in one
    `MgrWarning`.

    Args:
        path: the folder of the audio files.
        table: a CSV file in UTF-8, or the `tracks.csv` of FMA.
        name: what results call the corpus; the folder's own name if not given.
        exclude: clips to leave out, by their ids; they need not be readable.
        partial: leave out rows whose files are missing, and count them, instead of refusing.
        check: refuse files that cannot be read. False keeps them, their `seconds` NaN, for `audit`
            to report.

    Raises:
        CorpusError: no such folder or table, columns missing, files that are missing, listed twice
            or cannot be read, fewer than two genres, or an unknown clip in `exclude`.
    """
    root = Path(path)
    where = f"catalog({str(path)!r}, {str(table)!r})"
    if not root.is_dir():
        got = "a file" if root.exists() else "no such folder"
        raise CorpusError(explain(where, "a folder of audio files", got, "check the path."))
    files, remarks = _Files.below(root, where)
    rows = _rows(read_table(table, FORM), str(table))
    rows_with_genre = rows[rows["genre"] != ""]
    places = rows_with_genre["file"].map(files.find)
    remarks += check_missing(
        rows_with_genre["file"][places.isna()].tolist(), len(rows_with_genre), where, partial
    )
    clips = _clips(rows_with_genre[places.notna()], places.dropna(), root)
    for n, what in (
        (len(rows) - len(rows_with_genre), "rows without a genre"),
        (len(files.paths) - places.nunique(), "audio files that the table does not list"),
    ):
        remarks += [f"{n} {what}"] if n else []
    if remarks:
        warnings.warn(f"{where}: passed over: {', '.join(remarks)}", MgrWarning, stacklevel=2)
    clips = without(clips, exclude, where)
    clips["seconds"] = lengths(clips["path"], where, check=check)
    genres = tuple(sorted(clips["genre"].unique()))
    return Corpus(printable(name or root.resolve().name), genres, clips, FileSource())


def check_missing(missing: Sequence[str], n: int, where: str, partial: bool) -> list[str]:
    """The part of a warning about missing files.

    Args:
        missing: the names of the missing files.
        n: how many files are listed.
        where: for the message.
        partial: whether some may be missing.

    Raises:
        CorpusError: files are missing and `partial` does not allow it, or all of them are.
    """
    if not len(missing):
        return []
    if not partial or len(missing) == n:
        got = f"{len(missing)} of {n} files missing: {some(missing)}"
        raise CorpusError(explain(where, "every listed audio file", got, HINT))
    return [f"{len(missing)} of {n} listed files, which are missing"]


def without(clips: pd.DataFrame, exclude: Sequence[str], where: str) -> pd.DataFrame:
    """A copy of the table without the clips with these ids.

    Raises:
        CorpusError: an id that is not among the clips.
    """
    unknown = [clip for clip in exclude if clip not in clips.index]
    if unknown:
        raise CorpusError(explain(where, "exclude to name clips of it", some(unknown)))
    return clips[~clips.index.isin(list(exclude))].copy()


@dataclass(frozen=True)
class _Files:
    """The audio files below a folder, indexed by the names that tables use for them."""

    paths: tuple[Path, ...]
    by_name: dict[str, list[Path]]
    where: str

    @classmethod
    def below(cls, root: Path, where: str) -> tuple[_Files, list[str]]:
        """The files, and remarks about what was skipped."""
        content = survey(root)
        by_name: dict[str, list[Path]] = defaultdict(list)
        for path in content.files:
            place = printable(path.relative_to(root).as_posix())
            bare = Path(place).with_suffix("").as_posix()
            for name in dict.fromkeys((place, bare, f"*/{file_key(place)}")):
                by_name[name].append(path)
        remarks = [content.remark()] if content.passed_over else []
        return cls(tuple(content.files), dict(by_name), where), remarks

    def find(self, name: str) -> Path | None:
        """The file of this name, None if there is none.

        Raises:
            CorpusError: several files have this name.
        """
        place = name.strip().replace("\\", "/").removeprefix("./")
        keys = (place, f"*/{file_key(place)}")
        candidates = next((self.by_name[key] for key in keys if key in self.by_name), [])
        if len(candidates) > 1:
            got = f"{len(candidates)} called {name!r}: {some(map(str, candidates))}"
            hint = "write the path below the folder, with the extension, into the table."
            raise CorpusError(explain(self.where, "one file for each row", got, hint))
        return candidates[0] if candidates else None


def _rows(table: pd.DataFrame, where: str) -> pd.DataFrame:
    """Rename the table's columns to file, genre and artist."""
    columns = {str(name).strip().lower(): name for name in reversed(table.columns)}
    roles = {"file": FILE_COLUMNS[1:] + FILE_COLUMNS[:1], "genre": GENRE_COLUMNS}
    roles["artist"] = ARTIST_COLUMNS
    names = {role: next((columns[c] for c in choice if c in columns), None)
             for role, choice in roles.items()}  # fmt: skip
    if names["file"] is None or names["genre"] is None:
        raise CorpusError(explain(where, FORM, f"columns {some(table.columns)}"))
    rows = table.rename(columns=lambda name: str(name).strip().lower())
    for role, name in names.items():
        rows[role] = table[name].str.strip() if name is not None else ""
    return rows


def _clips(rows: pd.DataFrame, places: pd.Series, root: Path) -> pd.DataFrame:
    """Convert the rows to those of a corpus, with all other columns of the table."""
    files = [Path(place) for place in places]
    ids = [printable(file.relative_to(root).with_suffix("").as_posix()) for file in files]
    ids = rows["clip_id"].tolist() if "clip_id" in rows else ids
    groups = [artist or clip for artist, clip in zip(rows["artist"], ids, strict=True)]
    own = rows.drop(columns=["file", "path", "group", "seconds", "clip_id"], errors="ignore")
    return own.assign(path=[str(file.absolute()) for file in files], group=groups).set_axis(
        pd.Index(ids, name="clip_id")
    )
