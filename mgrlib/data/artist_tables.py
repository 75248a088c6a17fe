"""Tables that name the artist of each file of a folder, such as FMA's `tracks.csv`."""

from __future__ import annotations

import csv
import os
from collections.abc import Collection, Iterable
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from mgrlib.errors import CorpusError, explain, some

FILE_COLUMNS = ("clip_id", "path", "file", "filename", "track_id", "track")
ARTIST_COLUMNS = ("artist", "artist_name", "artist.name", "artist_id", "artist.id")
FORM = f"a column of files ({', '.join(FILE_COLUMNS)}) and one of artists ({ARTIST_COLUMNS[0]})"
FMA_HEADER_LINES = 3


def read_artists(path: str | os.PathLike[str]) -> dict[str, str]:
    """The artist of each file that a table names, files as texts without folder and extension.

    Read are a table with a column of files and one of artists, and the `tracks.csv` of FMA, whose
    columns have two names, such as `artist` and `name`, and whose track numbers are files' names.

    Raises:
        CorpusError: no such table, other columns, or two artists for one file.
    """
    table = read_table(path, FORM, columns=(*FILE_COLUMNS, *ARTIST_COLUMNS))
    columns = {str(name).strip().lower(): name for name in table.columns}
    selection = [next((columns[n] for n in names if n in columns), None)
              for names in (FILE_COLUMNS, ARTIST_COLUMNS)]  # fmt: skip
    if None in selection:
        raise CorpusError(explain(str(path), FORM, f"columns {some(table.columns)}"))
    pairs = table[selection].itertuples(index=False)
    artists: dict[str, str] = {}
    for file, artist in pairs:
        if not file or not artist:
            continue
        name = file_key(file)
        if artists.setdefault(name, artist.strip()) != artist.strip():
            got = f"{artists[name]!r} and {artist!r} for {file!r}"
            raise CorpusError(explain(str(path), "one artist for each file", got))
    return artists


def artists_of(clip_ids: Iterable[str], artists: dict[str, str]) -> list[str | None]:
    """The artist of each clip by its id, whose last part is a file's name; None if not named."""
    return [artists.get(file_key(clip)) for clip in clip_ids]


def file_key(file: str) -> str:
    """A file's name without folder and extension; numbers without zeros before them.

    >>> file_key("000/000002.mp3"), file_key("2"), file_key("blues.00012")
    ('2', '2', 'blues.00012')
    """
    name = file.replace("\\", "/").rsplit("/", 1)[-1]
    stem = name.rsplit(".", 1)[0] if "." in name and not name.rsplit(".", 1)[-1].isdigit() else name
    return stem.lstrip("0") or "0" if stem.isdigit() else stem


def read_table(
    path: str | os.PathLike[str], form: str, *, columns: Collection[str] | None = None
) -> pd.DataFrame:
    """A CSV table as texts, empty where it is empty, with one name for each column.

    The `tracks.csv` of FMA has two names for each column, which are joined by a dot, such as
    `artist.name`; its track numbers are the column `track_id`.

    Args:
        path: the table, in UTF-8.
        form: what the table should be, for messages.
        columns: of FMA's table, whose texts would fill the memory, read only these.

    Raises:
        CorpusError: the table cannot be read.
    """
    texts: Any = {"dtype": str, "keep_default_na": False, "encoding": "utf-8-sig"}
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as stream:
            head = list(islice(csv.reader(stream), FMA_HEADER_LINES))
        if not _is_fma(head):
            return pd.read_csv(path, **texts)
        names = [f"{a}.{b}" for a, b in zip(*head[:2], strict=True)]
        names[0] = "track_id"
        positions = [i for i, name in enumerate(names) if not columns or name in columns]
        table = pd.read_csv(
            path, header=None, skiprows=FMA_HEADER_LINES, usecols=positions, **texts
        )
        return table.set_axis([names[i] for i in positions], axis=1)
    except (OSError, ValueError, csv.Error) as error:
        hint = "check the path; FMA's is fma_metadata/tracks.csv."
        raise CorpusError(explain(str(path), form, str(error), hint)) from error


def _is_fma(head: list[list[str]]) -> bool:
    """Whether the first lines of a table are the three that FMA's begins with."""
    if len(head) < FMA_HEADER_LINES or len(head[0]) != len(head[1]) or len(head[0]) < 2:
        return False
    return head[0][0] == head[1][0] == "" and head[2][0] == "track_id"
