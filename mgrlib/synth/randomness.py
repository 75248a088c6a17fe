"""Random generators that depend only on names and give the same numbers on every computer."""

from __future__ import annotations

import hashlib

import numpy as np


def generator(*names: object) -> np.random.Generator:
    """Return a PCG64 generator seeded with the SHA-256 of the names, in order.

    Unlike Python's `hash`, SHA-256 is the same in every process.

    >>> int(generator("blues", 3).integers(1000)) == int(generator("blues", 3).integers(1000))
    True
    """
    text = "\x1f".join(str(name) for name in names)
    digest = hashlib.sha256(text.encode()).digest()
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(list(digest))))


def pick(rng: np.random.Generator, options: tuple, weights: tuple[float, ...] = ()):  # type: ignore[no-untyped-def]  # any type in, the same out
    """Choose one of the options at random, with these weights if there are any."""
    if not weights:
        return options[int(rng.integers(len(options)))]
    edges = np.cumsum(weights) / np.sum(weights)
    return options[min(int(np.searchsorted(edges, rng.random(), side="right")), len(options) - 1)]
