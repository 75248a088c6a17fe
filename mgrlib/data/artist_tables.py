"""Tables that name the artist of each file of a folder, such as FMA's `tracks.csv`."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from mgrlib.errors import CorpusError, explain, some

__all__ = ["artists_of", "read_artists"]

FILE_COLUMNS = ("clip_id", "path", "file", "filename", "track_id", "track")
ARTIST_COLUMNS = ("artist", "artist_name", "artist.name", "artist_id", "artist.id")
FORM = f"a column of files ({', '.join(FILE_COLUMNS)}) and one of artists ({ARTIST_COLUMNS[0]})"


def read_artists(path: str | os.PathLike[str]) -> dict[str, str]:
    """The artist of each file that a table names, files as texts without folder and extension.

    Read are a table with a column of files and one of artists, and the `tracks.csv` of FMA, whose
    columns have two names, such as `artist` and `name`, and whose track numbers are files' names.

    Raises:
        CorpusError: no such table, other columns, or two artists for one file.
    """
    table = _tracks(Path(path))
    columns = {str(name).strip().lower(): name for name in table.columns}
    selection = [next((columns[n] for n in names if n in columns), None)
              for names in (FILE_COLUMNS, ARTIST_COLUMNS)]  # fmt: skip
    if None in selection:
        raise CorpusError(explain(str(path), FORM, f"columns {some(table.columns)}"))
    pairs = table[selection].dropna().astype(str).itertuples(index=False)
    artists: dict[str, str] = {}
    for file, artist in pairs:
        name = _stem(file)
        if artists.setdefault(name, artist.strip()) != artist.strip():
            got = f"{artists[name]!r} and {artist!r} for {file!r}"
            raise CorpusError(explain(str(path), "one artist for each file", got))
    return artists


def artists_of(clip_ids: Iterable[str], artists: dict[str, str]) -> list[str | None]:
    """The artist of each clip by its id, whose last part is a file's name; None if not named."""
    return [artists.get(_stem(clip)) for clip in clip_ids]


def _stem(file: str) -> str:
    """A file's name without folder and extension; numbers without zeros before them."""
    name = file.replace("\\", "/").rsplit("/", 1)[-1]
    stem = name.rsplit(".", 1)[0] if "." in name and not name.rsplit(".", 1)[-1].isdigit() else name
    return stem.lstrip("0") or "0" if stem.isdigit() else stem


def _tracks(path: Path) -> pd.DataFrame:
    """The table with one name for each column: FMA's two are joined by a dot."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()[:3]
        if len(lines) == 3 and lines[0].startswith(",") and lines[2].startswith("track_id,"):
            table = pd.read_csv(path, header=[0, 1], index_col=0, dtype=str, low_memory=False)
            table.columns = pd.Index([".".join(map(str, names)) for names in table.columns])
            return table.rename_axis("track_id").reset_index()
        return pd.read_csv(path, dtype=str, encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        hint = "check the path; FMA's is fma_metadata/tracks.csv."
        raise CorpusError(explain(str(path), FORM, str(error), hint)) from error
