"""Clips that belong to two genres: two clips of a corpus played at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from mgrlib.data.corpus import Corpus
from mgrlib.errors import CorpusError, explain, some


@dataclass(frozen=True)
class BlendSource:
    """Plays the two clips that a row names in `first` and `second`, each as loud as the other."""

    corpus: Corpus

    def audio(self, row: pd.Series, sample_rate: int) -> np.ndarray:
        """(N,) float32 in [-1, 1]: as long as the shorter of the two; alone if `second` is empty.

        A silent clip stays silent beside the other.
        """
        names = [name for name in (row["first"], row["second"]) if name]
        sounds = [self.corpus.audio(str(name), sample_rate) for name in names]
        if len(sounds) == 1:
            return sounds[0]
        length = min(len(y) for y in sounds)
        mixed = np.sum([_leveled(y[:length]) for y in sounds], axis=0)
        return np.asarray(mixed / max(1.0, float(np.abs(mixed).max())), dtype=np.float32)

    def fingerprint(self, row: pd.Series) -> str:
        """Both clips' own fingerprints."""
        names = [str(name) for name in (row["first"], row["second"]) if name]
        return "blend:" + "+".join(self.corpus.fingerprint(name) for name in names)


LEVEL = 0.1  # root mean square of either clip in a blend: 20 dB below full scale


def _leveled(y: np.ndarray) -> np.ndarray:
    """Scale the clip to `LEVEL`."""
    rms = float(np.sqrt(np.mean(np.square(y, dtype=np.float64))))
    return y * (LEVEL / rms) if rms > 0 else y


def blended(corpus: Corpus, n_blends: int, *, seed: int, alone: bool = False) -> Corpus:
    """A corpus of blends of two clips of different genres, drawn at random.

    Pairs of genres are as frequent as each other, to within one blend. Split the corpus first and
    blend each part: two blends that share a clip on both sides of a split are a leak.

    Args:
        corpus: what to draw from; at least two of its genres have clips.
        n_blends: how many.
        seed: of the draw.
        alone: put the corpus's own clips, each of one genre, before the blends.

    Besides the usual columns, the table has the clips `first` and `second`, and `other`, the genre
    of the second clip; the last two are empty for a single clip. `group` joins both groups.

    Raises:
        CorpusError: no blend, or clips of a single genre.
    """
    present = [genre for genre, n in corpus.counts().items() if n]
    if n_blends < 1 or len(present) < 2:
        got = f"{n_blends} of clips of {some(present)}"
        raise CorpusError(explain("blended", "at least one blend of two genres", got))
    rng = np.random.default_rng([seed, 11])
    by_genre = {g: list(corpus.clips.index[corpus.clips["genre"] == g]) for g in present}
    pairs = [(a, b) for i, a in enumerate(present) for b in present[i + 1 :]]
    genre_pairs = [pairs[i % len(pairs)] for i in range(n_blends)]
    rows = [_clip_row(str(clip_id), "", corpus) for clip_id in corpus.clips.index] if alone else []
    for number, pair in enumerate(genre_pairs):
        a, b = (by_genre[genre][int(rng.integers(len(by_genre[genre])))] for genre in pair)
        rows.append({**_clip_row(a, b, corpus), "clip_id": f"blend.{number:05d}"})
    clips = pd.DataFrame(rows).set_index("clip_id")
    name = f"{corpus.name}-blends-{n_blends}-seed{seed}"
    return Corpus(name, corpus.genres, clips, BlendSource(corpus))


def _clip_row(first: str, second: str, corpus: Corpus) -> dict[str, object]:
    """The table's row for a single clip or for a blend of two."""
    rows = corpus.rows([name for name in (first, second) if name])
    return {
        "clip_id": first,
        "path": "",
        "genre": rows["genre"].iloc[0],
        "group": "+".join(sorted({str(group) for group in rows["group"]})),
        "seconds": float(rows["seconds"].min()),
        "first": first,
        "second": second,
        "other": rows["genre"].iloc[1] if second else "",
    }


def genre_targets(corpus: Corpus, clip_ids: tuple[str, ...] | None = None) -> np.ndarray:
    """Which genres each clip has, (M, K) float32 of 0 and 1: one or two ones in a row.

    Any corpus will do: without a column `other` each clip has its one genre.
    """
    rows = corpus.clips if clip_ids is None else corpus.rows(clip_ids)
    number = {genre: k for k, genre in enumerate(corpus.genres)}
    targets = np.zeros((len(rows), len(number)), dtype=np.float32)
    targets[np.arange(len(rows)), corpus.labels(rows.index)] = 1.0
    for m, other in enumerate(rows.get("other", ())):
        if other:
            targets[m, number[other]] = 1.0
    return targets
