"""The public feature tables of GTZAN: 57 values of each clip, or of each 3 s segment of it.

A table made with librosa around 2019 and passed on by Kaggle in two files, one row per clip
(`features_30_sec.csv`) and one row per segment (`features_3_sec.csv`, ten per clip). Most work with
the second file splits its *rows* at random, so that nine segments of a clip train and the tenth
tests: the clip ids below are what keeps them together.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import os
import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from mgrlib.data.corpus import Corpus, Cutting
from mgrlib.data.gtzan_artists import artist_groups
from mgrlib.data.vectors import gtzan_name
from mgrlib.errors import AudioError, CorpusError, FeatureError, explain, some

N_COLUMNS = 57
FEATURE_KEY = (
    "Vector57-v1(sample_rate=22050, n_fft=2048, hop_length=512, n_frames=None, pad_mode='reflect')"
)
"""What the columns are, as a feature's key; data knows nothing of features but their keys."""
MAX_BYTES = 1 << 28
OPENERS: dict[str, Callable[..., Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
BROKEN = (OSError, ValueError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile,
          NotImplementedError, RuntimeError)  # fmt: skip


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """Rows of a public feature table, labeled and tied to their clips.

    Args:
        x: (R, 57) float64, one row per clip or segment, not scaled.
        columns: the 57 names, in the order of `x`.
        labels: (R,) int64, class numbers counted as in `genres`.
        clip_ids: (R,) the clip of each row, such as `"blues.00000"`; segments of a clip share it.
        groups: (R,) what must stay on one side of a split: the clip, or the first of the clips
            whose rows are the same.
        segments: (R,) int64, the number of the segment in its clip; 0 in a table of whole clips.
        genres: the classes, in the order of their numbers.
    """

    x: np.ndarray
    columns: tuple[str, ...]
    labels: np.ndarray
    clip_ids: np.ndarray
    groups: np.ndarray
    segments: np.ndarray
    genres: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.x)

    def __repr__(self) -> str:
        n_clips = len(set(self.clip_ids))
        return f"FeatureTable({len(self)} rows of {n_clips} clips, {len(self.genres)} genres)"

    def duplicates(self) -> list[tuple[str, ...]]:
        """Sets of clips that share a row with all 57 values the same, each in the table's order."""
        sets: dict[str, dict[str, None]] = {}
        for clip, group in zip(self.clip_ids, self.groups, strict=True):
            sets.setdefault(str(group), {})[str(clip)] = None
        return [tuple(clips) for clips in sets.values() if len(clips) > 1]

    def corpus(self) -> Corpus:
        """The table's clips as a corpus whose only feature is `Vector57`, already computed.

        The groups are the artists, as for `mgrlib.data.gtzan.gtzan`; clips tied by equal rows
        share a group too. There is no audio: `seconds` is what GTZAN's clips have, 30. A part of
        the clips is named by their number, "gtzan-table-300".
        """
        _, first = np.unique(self.clip_ids, return_index=True)
        first = np.sort(first)
        ids = [str(clip) for clip in self.clip_ids[first]]
        ties = zip(ids, map(str, self.groups[first]), strict=True)
        clips = pd.DataFrame(
            {
                "path": "",
                "genre": [self.genres[k] for k in self.labels[first]],
                "group": artist_groups(ids, (tie for tie in ties if tie[0] != tie[1])),
                "seconds": 30.0,
            },
            index=pd.Index(ids, name="clip_id"),
        )
        name = gtzan_name("gtzan-table", len(clips))
        return Corpus(name, self.genres, clips, TableSource(self))


@dataclass(frozen=True, eq=False)
class TableSource:
    """Gives the rows of a feature table where other corpora give audio."""

    table: FeatureTable

    def rows(self, clip_id: str) -> np.ndarray:
        """The 57 values of a clip, or of each of its segments in order: (S, 57) float32."""
        places = np.flatnonzero(self.table.clip_ids == clip_id)
        order = np.argsort(self.table.segments[places], kind="stable")
        return self.table.x[places[order]].astype(np.float32)

    def segments(self, row: pd.Series, feature: Any, how: Cutting) -> np.ndarray:
        """The rows of a clip, (S, 57), if that is what was asked for.

        Raises:
            FeatureError: another feature than `Vector57(22050)`, or rows cut once more.
        """
        if feature.key != FEATURE_KEY or not how.whole:
            hint = "the table's rows are its segments, and other features need the recordings."
            want = "Vector57(22050) of whole clips from a feature table"
            raise FeatureError(explain("cut", want, f"{feature}, {how}", hint))
        return self.rows(str(row.name))

    def audio(self, row: pd.Series, sample_rate: int) -> np.ndarray:
        """Raises AudioError: a table holds no audio."""
        hint = "of this corpus only Vector57(22050) can be had; for sound use GTZAN itself."
        raise AudioError(explain(f"clip {row.name!r}", "audio", "a feature table", hint))

    def fingerprint(self, row: pd.Series) -> str:
        """A text that changes when the clip's rows change."""
        return hashlib.sha256(self.rows(str(row.name)).tobytes()).hexdigest()


def kaggle_features(path: str | os.PathLike[str]) -> FeatureTable:
    """The rows of `features_30_sec.csv` or `features_3_sec.csv`, plain or gzipped.

    `length` is left out of `x`, and may be missing: it describes the recording, not the music. A
    column that counts the rows, as pandas writes its index, is left out too. Rows that agree in
    all 57 values are kept (the 30 s table has 14 such pairs, GTZAN's repeated recordings) and
    their clips are given one group.

    Raises:
        CorpusError: no such file, not this table, other than 57 features, values that are not
            finite numbers, a file name or genre that does not fit, or a repeated file name.
    """
    path = Path(path)
    table = _read(path)
    columns = [c for c in table.columns if c not in ("filename", "length", "label")]
    columns = [c for c in columns if not _counts_rows(str(c), table[c])]
    if len(columns) != N_COLUMNS:
        hint = "give features_30_sec.csv or features_3_sec.csv as they are."
        raise CorpusError(explain(str(path), f"{N_COLUMNS} features", str(len(columns)), hint))
    names = table["filename"].astype(str)
    repeated = names[names.duplicated()]
    if len(repeated):
        raise CorpusError(explain(str(path), "each file name once", some(repeated)))
    clip_ids, segments = _clips(path, names, table["label"])
    x = _values(path, table[columns], names)
    genres = tuple(sorted(table["label"].unique()))
    number = {genre: k for k, genre in enumerate(genres)}
    labels = np.array([number[g] for g in table["label"]], dtype=np.int64)
    groups = _groups(x, clip_ids)
    return FeatureTable(x, tuple(columns), labels, clip_ids, groups, segments, genres)


def _counts_rows(name: str, column: pd.Series) -> bool:
    """Whether a column is an index that was saved with the table."""
    if name.lower() not in ("", "index") and not name.startswith("Unnamed:"):
        return False
    values = pd.to_numeric(column, errors="coerce").to_numpy()
    return bool((np.diff(values) == 1).all())


def _content(path: Path) -> bytes:
    """The bytes of a table, decompressed according to its file name.

    Raises:
        CorpusError: more than `MAX_BYTES`, as from an archive made to fill the memory.
        OSError: no such file, or no regular one.
    """
    if path.exists() and not path.is_file():
        raise OSError("not a regular file")
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if len(names) != 1:
                raise ValueError(f"an archive of {len(names)} files, not of one table")
            with archive.open(names[0]) as stream:
                content = stream.read(MAX_BYTES + 1)
    else:
        with OPENERS.get(path.suffix, open)(path, "rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        hint = "the public tables have 4 and 11 MB: check the file."
        want = f"a table of at most {MAX_BYTES >> 20} MB, unpacked"
        raise CorpusError(explain(str(path), want, "more", hint))
    return content


def _read(path: Path) -> pd.DataFrame:
    form = "a table with columns filename, 57 features and label"
    try:
        table = pd.read_csv(io.BytesIO(_content(path)), encoding="utf-8-sig")
    except BROKEN as error:  # ValueError: pandas' own parsing errors too
        hint = "check the path; the file is called features_30_sec.csv in the public archive."
        raise CorpusError(explain(str(path), form, str(error), hint)) from error
    missing = [c for c in ("filename", "label") if c not in table.columns]
    if missing:
        raise CorpusError(explain(str(path), form, f"none named {some(missing)}"))
    if table.empty:
        raise CorpusError(explain(str(path), form, "no row"))
    return table


def _clips(path: Path, names: pd.Series, labels: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """The clip of each row, and the number of its segment: jazz.00012.3.wav is 3 of jazz.00012."""
    form = re.compile(r"((\w+)\.\d{5})(?:\.(\d+))?\.\w+")
    matches = [form.fullmatch(name) for name in names]
    wrong = [
        f"{name} labeled {label}"
        for name, label, match in zip(names, labels, matches, strict=True)
        if match is None or match[2] != label
    ]
    if wrong:
        want = "file names such as jazz.00012.wav with the label jazz"
        raise CorpusError(explain(str(path), want, some(wrong)))
    valid = [match for match in matches if match]
    segments = np.array([int(match[3] or 0) for match in valid], dtype=np.int64)
    return np.array([match[1] for match in valid]), segments


def _values(path: Path, table: pd.DataFrame, names: pd.Series) -> np.ndarray:
    x = table.apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)
    bad = np.argwhere(~np.isfinite(x))
    if len(bad):
        got = some([f"{names.iloc[r]}, {table.columns[c]}: {table.iloc[r, c]}" for r, c in bad])
        raise CorpusError(explain(str(path), "finite numbers", got, "take a whole copy."))
    return np.ascontiguousarray(x)


def _groups(x: np.ndarray, clip_ids: np.ndarray) -> np.ndarray:
    """For each row, the first clip among those with identical rows."""
    first: dict[str, str] = {}

    def top(clip: str) -> str:
        while first.get(clip, clip) != clip:
            clip = first[clip]
        return clip

    clip_of: dict[bytes, str] = {}
    for row, clip in zip(x, clip_ids, strict=True):
        other = clip_of.setdefault(row.tobytes(), clip)
        first[top(clip)] = top(other)
    return np.array([top(clip) for clip in clip_ids])
