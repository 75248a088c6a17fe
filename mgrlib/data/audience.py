"""A simulated audience of the embedded artists: who listens to whom, and which tags they write.

Everything here is assumed, nothing is measured: popularity falls as a power of an artist's rank,
each listener has favorite genres, and a tag is written for a fraction of the plays. What can be
learned from it is arithmetic: what follows *if* attention is distributed in this way. How real
attention is distributed is a question for real listening data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mgrlib.errors import CorpusError, explain


@dataclass(frozen=True)
class Audience:
    """How an audience is made.

    Args:
        n_listeners: number of listeners.
        n_plays: plays of each listener.
        exponent: the artist of rank r gets a share proportional to ``r ** -exponent``; 0 makes all
            artists equally popular.
        n_favorites: genres that a listener prefers.
        loyalty: the fraction of plays that go to artists of the preferred genres.

    Raises:
        CorpusError: a number that is out of range.
    """

    n_listeners: int = 200
    n_plays: int = 20
    exponent: float = 1.2
    n_favorites: int = 2
    loyalty: float = 0.7

    def __post_init__(self) -> None:
        counts = (self.n_listeners, self.n_plays, self.n_favorites)
        if min(counts) < 1 or self.exponent < 0 or not 0 <= self.loyalty <= 1:
            expected = "counts of at least 1, exponent >= 0, loyalty from 0 to 1"
            raise CorpusError(explain("Audience", expected, str(self)))

    def listen(self, genres: Sequence[str], seed: int) -> Listening:
        """Plays of artists with these genres, one genre per artist."""
        rng = np.random.default_rng(seed)
        kinds, kind = np.unique(np.asarray(genres), return_inverse=True)
        rank = rng.permutation(len(genres)) + 1
        popularity = rank**-self.exponent / np.sum(rank**-self.exponent)
        plays = np.zeros((self.n_listeners, len(genres)), dtype=np.int64)
        for listener in plays:
            n_favorites = min(self.n_favorites, len(kinds))
            favorites = rng.choice(len(kinds), size=n_favorites, replace=False)
            inside = popularity * np.isin(kind, favorites)
            taste = self.loyalty * inside / inside.sum() + (1 - self.loyalty) * popularity
            listener += rng.multinomial(self.n_plays, taste / taste.sum())
        return Listening(plays, rank)


@dataclass(frozen=True, eq=False)
class Listening:
    """What an audience listened to.

    Args:
        plays: number of plays, (L, A) listeners by artists.
        rank: the popularity rank of each artist, (A,), 1 for the most popular.
    """

    plays: np.ndarray
    rank: np.ndarray

    def held_out(self, fraction: float, seed: int) -> tuple[Listening, np.ndarray]:
        """The listening without a fraction of each listener's artists, and what was taken, (L, A).

        Args:
            fraction: of the artists that a listener has played.
        """
        rng = np.random.default_rng(seed)
        mask = (self.plays > 0) & (rng.random(self.plays.shape) < fraction)
        return Listening(np.where(mask, 0, self.plays), self.rank), mask

    def thirds(self) -> np.ndarray:
        """0 for the most popular third of the artists, 1 for the middle, 2 for the rarest, (A,)."""
        return np.minimum((self.rank - 1) * 3 // len(self.rank), 2)


def co_listening(plays: np.ndarray, n_dimensions: int = 16) -> np.ndarray:
    """A vector for each artist from who listens to it, (L, A) -> (A, D); zero if nobody does.

    Plays become 0 or 1, each artist's column gets length 1, and a singular value decomposition
    keeps the largest directions: artists with the same listeners get similar vectors.
    """
    listens = (plays > 0).astype(np.float64)
    listens /= np.maximum(np.sqrt(listens.sum(axis=0)), 1.0)
    _, strength, directions = np.linalg.svd(listens, full_matrices=False)
    n = min(n_dimensions, len(strength))
    return np.asarray((strength[:n, None] * directions[:n]).T)


def tag_counts(
    plays: np.ndarray, tags: np.ndarray, *, rate: float = 0.05, noise: float = 0.2, seed: int = 0
) -> np.ndarray:
    """How often each tag was written for each artist, (A, V).

    Args:
        plays: (L, A).
        tags: whether a tag is true of an artist, (A, V) bool.
        rate: the fraction of plays after which somebody writes a tag.
        noise: the fraction of written tags that are drawn from all tags and not from the true ones.
    """
    rng = np.random.default_rng(seed)
    n_written = rng.binomial(plays.sum(axis=0), rate)
    counts = np.zeros(tags.shape, dtype=np.int64)
    for artist, n in enumerate(n_written):
        true = tags[artist] / max(tags[artist].sum(), 1)
        share = (1 - noise) * true + noise / tags.shape[1]
        counts[artist] = rng.multinomial(n, share / share.sum())
    return counts
