"""Segments of three seconds one by one, and the ways to divide them."""

from __future__ import annotations

import numpy as np

from mgrlib.data.corpus import Corpus
from mgrlib.data.splits import folds
from mgrlib.data.tables import TableSource
from mgrlib.experiments.protocol import best_by
from mgrlib.features.base import Feature
from mgrlib.segments import Cut, Segments, cut

AT_RANDOM, BY_CLIP, BY_ARTIST = "segments at random", "clips apart", "artists apart"


def three_seconds(corpus: Corpus, feature: Feature, progress: bool = False) -> Segments:
    """Segments of 3 s; a table's rows are such segments already."""
    how = Cut() if isinstance(corpus.source, TableSource) else Cut(3.0)
    return cut(corpus, feature, how=how, progress=progress)


def divisions(corpus: Corpus) -> tuple[str, ...]:
    """The ways to divide that differ here: by artist only where artists can be kept apart."""
    by_artist = (BY_ARTIST,) if best_by(corpus) == "group" else ()
    return (AT_RANDOM, BY_CLIP, *by_artist)


def fold_numbers(
    corpus: Corpus, segments: Segments, division: str, n_folds: int, seed: int
) -> np.ndarray:
    """The fold that each segment is tested in, (S,).

    Args:
        division: one of `divisions`. At random, the segments of each genre are dealt like cards;
            else those of a clip, or of an artist, are in one fold.
    """
    if division == AT_RANDOM:
        rng, y = np.random.default_rng(seed), segments.y.numpy()
        fold = np.empty(len(segments), dtype=np.int64)
        for k in range(segments.n_classes):
            order = rng.permutation(np.flatnonzero(y == k))
            fold[order] = np.arange(len(order)) % n_folds
        return fold
    parts = folds(corpus, n_folds, seed=seed, by="clip" if division == BY_CLIP else "group")
    of_clip = {clip_id: k for k, part in enumerate(parts) for clip_id in part.test}
    return np.array([of_clip[clip_id] for clip_id in segments.clip_ids])[segments.clip.numpy()]
