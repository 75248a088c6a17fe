"""Generators that depend on names alone: the same names, the same numbers, on every machine."""

from __future__ import annotations

import hashlib

import numpy as np


def generator(*names: object) -> np.random.Generator:
    """A PCG64 generator seeded by the SHA-256 of the names, in order.

    Python's own `hash` changes from process to process; this one never does.

    >>> int(generator("blues", 3).integers(1000)) == int(generator("blues", 3).integers(1000))
    True
    """
    text = "\x1f".join(str(name) for name in names)
    digest = hashlib.sha256(text.encode()).digest()
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(list(digest))))


def pick(rng: np.random.Generator, options: tuple, weights: tuple[float, ...] = ()):  # type: ignore[no-untyped-def]  # any type in, the same out
    """One of the options, by weight when weights are given."""
    if not weights:
        return options[int(rng.integers(len(options)))]
    edges = np.cumsum(weights) / np.sum(weights)
    return options[min(int(np.searchsorted(edges, rng.random(), side="right")), len(options) - 1)]
