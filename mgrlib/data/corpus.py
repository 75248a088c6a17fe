"""Corpus and Split: a table of labeled clips, and three lists of clip ids."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
import pandas as pd

from mgrlib.errors import CorpusError, SplitError, explain, some

COLUMNS = ("path", "genre", "group", "seconds")


class AudioSource(Protocol):
    """How the clips of a corpus become sound. Picklable, so that other processes can read too."""

    def audio(self, row: pd.Series, sample_rate: int) -> np.ndarray:
        """The clip's mono waveform, (N,) float32 in [-1, 1] at `sample_rate` Hz."""

    def fingerprint(self, row: pd.Series) -> str:
        """A text that changes when the clip's samples change; cache keys are derived from it."""


class Cutting(Protocol):
    """How a clip is cut into segments, as `mgrlib.segments.Cut` says it."""

    @property
    def whole(self) -> bool:
        """Whether each clip is one segment, nothing left out."""

    def __call__(self, y: np.ndarray, sample_rate: int) -> list[np.ndarray]:
        """The segments of a waveform, or of any array with one value per sample."""


@runtime_checkable
class FeatureSource(Protocol):
    """A source that holds features in the place of sound: a table, pictures, embeddings.

    It is an `AudioSource` too, whose `audio` says that there is none.
    """

    def segments(self, row: pd.Series, feature: Any, how: Cutting) -> np.ndarray:
        """A feature of each segment of a clip, (S, ...) float32.

        Raises:
            FeatureError: the source does not hold this feature, or not in this cutting.
        """


@dataclass(frozen=True, eq=False)
class Corpus:
    """Labeled clips as a table; holds no audio.

    Args:
        name: what results call it, for example `"gtzan-mini"`.
        genres: the classes, in the order of their numbers.
        clips: one row per clip, indexed by `clip_id`, with at least the columns `path` (empty when
            the clip is generated), `genre`, `group` (artist or song: what must not be on both
            sides of a split; the clip's own id when nothing is known) and `seconds`.
        source: reads or renders the audio.

    Raises:
        CorpusError: columns missing, ids not unique, an unknown genre, no clip, or a single genre.
    """

    name: str
    genres: tuple[str, ...]
    clips: pd.DataFrame
    source: AudioSource

    def __post_init__(self) -> None:
        where = f"Corpus {self.name!r}"
        missing = [c for c in COLUMNS if c not in self.clips.columns]
        if missing:
            raise CorpusError(explain(where, f"columns {COLUMNS}", f"none named {some(missing)}"))
        if self.clips.empty:
            raise CorpusError(explain(where, "at least one clip", "none"))
        if len(self.genres) < 2 or len(set(self.genres)) < len(self.genres):
            hint = "a classifier needs two classes; check the folder that holds one folder a genre."
            raise CorpusError(explain(where, "two or more genres", str(self.genres), hint))
        ids = self.clips.index
        if ids.has_duplicates:
            repeated = some(ids[ids.duplicated()].unique())
            raise CorpusError(explain(where, "every clip_id once", f"repeated {repeated}"))
        unknown = sorted(set(self.clips["genre"]) - set(self.genres))
        if unknown:
            raise CorpusError(explain(where, f"genres among {self.genres}", some(unknown)))

    def __len__(self) -> int:
        return len(self.clips)

    def __repr__(self) -> str:
        counts = ", ".join(f"{genre} {n}" for genre, n in self.counts().items())
        return f"Corpus({self.name!r}, {len(self)} clips: {counts})"

    def counts(self) -> dict[str, int]:
        """The number of clips of each genre, in the order of `genres`."""
        n_by_genre = self.clips["genre"].value_counts()
        return {genre: int(n_by_genre.get(genre, 0)) for genre in self.genres}

    def rows(self, clip_ids: Iterable[str]) -> pd.DataFrame:
        """The table's rows for these clips, in the order asked for.

        Raises:
            CorpusError: a clip that the corpus does not have.
        """
        ids = list(clip_ids)
        unknown = [c for c in ids if c not in self.clips.index]
        if unknown:
            hint = "clip ids are the index of `corpus.clips`."
            where = f"Corpus {self.name!r}"
            raise CorpusError(explain(where, "known clip ids", some(unknown), hint))
        return self.clips.loc[ids]

    def labels(self, clip_ids: Iterable[str]) -> np.ndarray:
        """Class numbers of these clips, (M,) int64, counted as in `genres`."""
        number = {genre: k for k, genre in enumerate(self.genres)}
        return np.array([number[g] for g in self.rows(clip_ids)["genre"]], dtype=np.int64)

    def groups(self, clip_ids: Iterable[str]) -> np.ndarray:
        """The artist or song of each of these clips, (M,) texts."""
        return self.rows(clip_ids)["group"].to_numpy(dtype=str)

    def audio(self, clip_id: str, sample_rate: int) -> np.ndarray:
        """The clip's mono waveform, (N,) float32, read or rendered at `sample_rate` Hz.

        Raises:
            AudioError: the file is missing, empty, broken or not audio; the message names it.
            CorpusError: an unknown clip.
        """
        row = self.rows([clip_id]).iloc[0]
        return self.source.audio(row, sample_rate)

    def fingerprint(self, clip_id: str) -> str:
        """A text that changes when the clip's samples change."""
        return self.source.fingerprint(self.rows([clip_id]).iloc[0])

    def content(self) -> str:
        """A text for the content of all clips, whatever their order or place."""
        contents = sorted(
            f"{clip_id} {row['genre']} {self.source.fingerprint(row)}"
            for clip_id, row in self.clips.iterrows()
        )
        return hashlib.sha256("\n".join(contents).encode()).hexdigest()[:16]

    @property
    def grouped(self) -> bool:
        """Whether the corpus knows which clips belong together: some group has several clips.

        This is the one place where that is decided. Where groups are the clips themselves, nothing
        is known of artists or songs, and a split by group would be one by clip under a better name.
        """
        return bool(self.clips["group"].duplicated().any())

    def without(self, clip_ids: Iterable[str]) -> Corpus:
        """A corpus of all clips but these.

        Raises:
            CorpusError: a clip that the corpus does not have.
        """
        excluded = set(self.rows(clip_ids).index)
        return self.select(clip_ids=[c for c in self.clips.index if c not in excluded])

    def select(
        self, *, genres: Sequence[str] | None = None, clip_ids: Sequence[str] | None = None
    ) -> Corpus:
        """A corpus of only these genres (numbered in the order given) or clips."""
        corpus = self if clip_ids is None else replace(self, clips=self.rows(clip_ids))
        if genres is None:
            return corpus
        unknown = [g for g in genres if g not in self.genres]
        if unknown:
            where = f"Corpus {self.name!r}"
            raise CorpusError(explain(where, f"genres among {self.genres}", some(unknown)))
        clips = corpus.clips[corpus.clips["genre"].isin(list(genres))]
        return replace(corpus, genres=tuple(genres), clips=clips)


@dataclass(frozen=True)
class Split:
    """Three lists of clip ids, and where they come from.

    `valid` may be empty; `source` says how the split was made, for results and messages.

    Raises:
        SplitError: a clip in two parts, a repeated clip, or no clip to train or to test on.
    """

    name: str
    train: tuple[str, ...]
    valid: tuple[str, ...]
    test: tuple[str, ...]
    source: str = ""

    def __post_init__(self) -> None:
        part_of: dict[str, str] = {}
        for part, ids in self.parts().items():
            for clip_id in ids:
                if clip_id in part_of:
                    both = f"{clip_id!r} in {part_of[clip_id]} and {part}"
                    raise SplitError(explain(f"Split {self.name!r}", "each clip once", both))
                part_of[clip_id] = part
        for part in ("train", "test"):
            if not self.parts()[part]:
                where = f"Split {self.name!r}"
                raise SplitError(explain(where, f"at least one clip in {part}", "none"))

    def parts(self) -> dict[str, tuple[str, ...]]:
        """The three lists by name."""
        return {"train": self.train, "valid": self.valid, "test": self.test}

    def check(self, corpus: Corpus, *, leaky: bool = False) -> Split:
        """The split itself, if it is a fair one for `corpus`.

        Raises:
            SplitError: an unknown clip, or a group (artist or song) in two parts. A group in two
                parts lets a model recognize the artist in place of the genre; where that is the
                point of the experiment, write `leaky=True`.
        """
        where = f"Split {self.name!r} of {corpus.name!r}"
        ids = [c for part in self.parts().values() for c in part]
        unknown = [c for c in ids if c not in corpus.clips.index]
        if unknown:
            raise SplitError(explain(where, "clips of the corpus", f"unknown {some(unknown)}"))
        shared = self.shared_groups(corpus)
        if shared and not leaky:
            hint = "split with `by_group`, or write `leaky=True` if the leak is meant."
            raise SplitError(explain(where, "each group in one part", some(shared), hint))
        return self

    def shared_groups(self, corpus: Corpus) -> list[str]:
        """The groups that are in more than one part, sorted."""
        groups = [set(corpus.rows(ids)["group"]) for ids in self.parts().values()]
        train, valid, test = groups
        return sorted((train & valid) | (train & test) | (valid & test))
