"""Genres as numbers: label encoding, one-hot encoding, and classes made unequal on purpose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mgrlib.data.corpus import Corpus
from mgrlib.errors import CorpusError, explain, some


def encode_labels(names: Sequence[str], genres: Sequence[str]) -> np.ndarray:
    """Class numbers (M,) int64 of genres by name, counted as in `genres`.

    What scikit-learn's `LabelEncoder` does, but for the order: that one always sorts, ours is the
    order given, which models and results share.

    Raises:
        CorpusError: a name that is not among the genres.

    >>> encode_labels(["rock", "jazz", "rock"], ("jazz", "rock"))
    array([1, 0, 1])
    """
    number = {genre: k for k, genre in enumerate(genres)}
    unknown = [name for name in names if name not in number]
    if unknown:
        raise CorpusError(explain("encode_labels", f"genres among {tuple(genres)}", some(unknown)))
    return np.array([number[name] for name in names], dtype=np.int64)


def one_hot(y: np.ndarray, n_classes: int) -> np.ndarray:
    """Class numbers (M,) as rows (M, K) float32 with a single 1.

    No genre is then nearer to one than to another, as numbers would have it. They are also
    probabilities, those of somebody who is sure.

    Raises:
        CorpusError: numbers outside 0..K-1.

    >>> one_hot(np.array([2, 0]), 3)
    array([[0., 0., 1.],
           [1., 0., 0.]], dtype=float32)
    """
    y = np.asarray(y)
    wrong = y[(y < 0) | (y >= n_classes)]
    if wrong.size:
        got = some(wrong.tolist())
        raise CorpusError(explain("one_hot", f"class numbers 0..{n_classes - 1}", got))
    return np.eye(n_classes, dtype=np.float32)[y]


def make_rare(
    corpus: Corpus, clip_ids: Sequence[str], keep: Mapping[str, int], *, seed: int
) -> tuple[str, ...]:
    """The clips without all but a few of some genres, in the order given.

    Apply it to the training clips only, so that the test clips stay balanced.

    Args:
        keep: how many clips of a genre to keep; other genres keep all of theirs.
        seed: of the choice of clips to keep.

    Raises:
        CorpusError: an unknown genre, or one with fewer clips than it should keep.
    """
    genre = corpus.rows(clip_ids)["genre"].to_numpy()
    rng = np.random.default_rng(seed)
    mask = np.ones(len(genre), dtype=bool)
    for name, n in keep.items():
        clips = np.flatnonzero(genre == name)
        if name not in corpus.genres or not 0 < n <= len(clips):
            got = f"{n} of {name!r}, which has {len(clips)}"
            hint = "a genre without a clip cannot be learned; take it out of the corpus instead."
            raise CorpusError(explain("make_rare", "1 clip or more of those there are", got, hint))
        mask[rng.permutation(clips)[n:]] = False
    return tuple(clip_id for clip_id, stays in zip(clip_ids, mask, strict=True) if stays)
