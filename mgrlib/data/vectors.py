"""Embeddings as a corpus: one vector a clip that a network of somebody else's has computed.

A pretrained network turns a clip into some hundred values. They come as an array beside a list of
clip ids, and a linear model on them is what every other system has to be compared with.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mgrlib.data.corpus import Corpus, Cutting
from mgrlib.data.gtzan_artists import artist_groups
from mgrlib.errors import AudioError, CorpusError, FeatureError, explain, some

GTZAN_ID = re.compile(r"(blues|classical|country|disco|hiphop|jazz|metal|pop|reggae|rock)\.\d{5}")
NEARLY_ALL = 990  # clips of GTZAN; the public copies lack one
LAYOUT = "one array (M, D) in a .npy file, and a table of its M clips with a column clip_id"


@dataclass(frozen=True, eq=False)
class VectorSource:
    """Gives stored vectors where other corpora give audio.

    Args:
        name: what the vectors are called.
        x: (M, D) float32.
        number: the row of each clip.
    """

    name: str
    x: np.ndarray
    number: dict[str, int]

    @property
    def key(self) -> str:
        """The key of the feature `Stored` that these vectors are."""
        return f"Stored-v1(name={self.name!r}, size={self.x.shape[1]})"

    def segments(self, row: pd.Series, feature: Any, how: Cutting) -> np.ndarray:
        """The vector of a clip, (1, D), if that is what was asked for.

        Raises:
            FeatureError: another feature, or clips cut into segments.
        """
        if feature.key != self.key or not how.whole:
            hint = "these vectors are all that the corpus has; other features need recordings."
            want = f"Stored({self.name!r}, {self.x.shape[1]}) of whole clips"
            raise FeatureError(explain("cut", want, f"{feature}, {how}", hint))
        return self.x[self.number[str(row.name)]][None]

    def audio(self, row: pd.Series, sample_rate: int) -> np.ndarray:
        """Raises AudioError: vectors hold no audio."""
        hint = f"of this corpus only Stored({self.name!r}, {self.x.shape[1]}) can be had."
        raise AudioError(explain(f"clip {row.name!r}", "audio", "a vector", hint))

    def fingerprint(self, row: pd.Series) -> str:
        """A text that changes when the clip's vector changes."""
        return hashlib.sha256(self.x[self.number[str(row.name)]].tobytes()).hexdigest()


def vectors(
    path: str | os.PathLike[str], *, name: str | None = None, corpus_name: str | None = None
) -> Corpus:
    """A corpus of stored vectors, whose only feature is `Stored(name, D)`.

    `path` is a folder with one array (M, D) in a `.npy` file and one `.csv` whose column `clip_id`
    names its M clips. For any collection but GTZAN the table has a column `genre`, and it may have
    `artist` (or `group`), `seconds` and `split`: clips of one artist are one group, and a clip
    without an artist is its own. Without a column `genre` the ids have to be those of GTZAN, such
    as `blues.00012`, whose genres and artists are known.

    Args:
        path: the folder.
        name: what the vectors are called; default: the array's file name.
        corpus_name: what results call the corpus; default: the name, for GTZAN after `gtzan-` and
            as `gtzan_name` has it.

    Raises:
        CorpusError: other files, another number of ids, values that are not finite, clips without
            a genre, or ids of which neither the genre is given nor known.
    """
    folder = Path(path)
    array, table = (_only(folder, suffix) for suffix in (".npy", ".csv"))
    x = _array(array)
    rows = _rows(table, len(x))
    name = name or array.stem
    clips = rows if "genre" in rows else gtzan_rows(rows.index, str(table))
    clips = clips.assign(**{c: "" for c in ("path",) if c not in clips})
    clips = clips.assign(**({} if "seconds" in clips else {"seconds": 30.0}))
    source = VectorSource(name, x, {str(clip): i for i, clip in enumerate(rows.index)})
    genres = tuple(sorted(clips["genre"].unique()))
    default = name if "genre" in rows else gtzan_name(f"gtzan-{name}", len(clips))
    return Corpus(corpus_name or default.replace("_", "-"), genres, clips, source)


def gtzan_rows(clip_ids: Iterable[str], where: str) -> pd.DataFrame:
    """The table of these clips of GTZAN, as a corpus wants it: genre, artists, 30 s.

    Raises:
        CorpusError: an id that is not one of GTZAN's.
    """
    ids = list(clip_ids)
    foreign = [clip for clip in ids if not GTZAN_ID.fullmatch(clip)]
    if foreign:
        hint = "give the columns genre and group (the artist) for clips of another data set."
        raise CorpusError(explain(where, "ids of GTZAN such as blues.00012", some(foreign), hint))
    return pd.DataFrame(
        {
            "path": "",
            "genre": [clip.split(".")[0] for clip in ids],
            "group": artist_groups(ids),
            "seconds": 30.0,
        },
        index=pd.Index(ids, name="clip_id"),
    )


def gtzan_name(name: str, n_clips: int) -> str:
    """What results call a corpus of these clips of GTZAN: a part has its number of clips.

    So the records of a part are not taken for those of all clips.

    >>> gtzan_name("gtzan-table", 999), gtzan_name("gtzan-table", 300)
    ('gtzan-table', 'gtzan-table-300')
    """
    return name if n_clips >= NEARLY_ALL else f"{name}-{n_clips}"


def _only(folder: Path, suffix: str) -> Path:
    """The only file in a folder with this suffix."""
    files = sorted(folder.glob(f"*{suffix}")) if folder.is_dir() else []
    if len(files) != 1:
        got = f"{len(files)} {suffix} files" if folder.is_dir() else "no such folder"
        raise CorpusError(explain(f"vectors({str(folder)!r})", LAYOUT, got))
    return files[0]


def _array(path: Path) -> np.ndarray:
    try:
        x = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise CorpusError(explain(str(path), "an array (M, D)", str(error))) from error
    if x.ndim != 2 or 0 in x.shape or x.dtype.kind != "f":
        got = f"shape {x.shape} of {x.dtype}"
        raise CorpusError(explain(str(path), "numbers of shape (M, D)", got))
    bad = np.flatnonzero(~np.isfinite(x).all(axis=1))
    if bad.size:
        raise CorpusError(explain(str(path), "finite numbers", f"others in rows {some(bad)}"))
    return np.ascontiguousarray(x, dtype=np.float32)


def _rows(path: Path, n: int) -> pd.DataFrame:
    """The table of clips, one for each vector."""
    try:
        texts = dict.fromkeys(("clip_id", "genre", "group", "artist", "split"), str)
        rows = pd.read_csv(path, dtype=texts, keep_default_na=False, na_values=[""])
    except (OSError, ValueError) as error:
        raise CorpusError(explain(str(path), "a table", str(error))) from error
    if "clip_id" not in rows or len(rows) != n:
        got = f"columns {some(rows.columns)}, {len(rows)} rows"
        raise CorpusError(explain(str(path), f"a column clip_id and {n} rows", got))
    rows = rows.set_index("clip_id")
    if "genre" not in rows:
        return rows
    if rows["genre"].isna().any():
        got = f"none for {some(rows.index[rows['genre'].isna()])}"
        raise CorpusError(explain(str(path), "a genre for each clip", got))
    groups = rows.get("group", rows.get("artist", pd.Series(rows.index, rows.index)))
    return rows.assign(group=groups.fillna(pd.Series(rows.index, rows.index)))
