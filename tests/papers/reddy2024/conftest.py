"""Tones of two genres, and a network in the place of the published one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from mgrlib.data.corpus import Corpus
from mgrlib.models.reddy2024 import Crnn
from mgrlib.papers.reddy2024 import features
from mgrlib.training import seeded


def low_or_high(row: pd.Series, time: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """A tone, of one genre low and of the other high, with a little noise."""
    pitch = (300 if row["genre"] == "low" else 2500) + 5 * row["number"]
    return 0.3 * np.sin(2 * np.pi * pitch * time) + 0.03 * noise


def mostly_hum_or_hiss(row: pd.Series, time: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """A sine and noise, much of the one or much of the other."""
    share = 0.9 if row["genre"] == "hum" else 0.3
    return 0.3 * (share * np.sin(2 * np.pi * (200 + row["number"]) * time) + (1 - share) * noise)


@pytest.fixture(scope="session")
def tones(made_up) -> Callable[[int], Corpus]:
    """A function that makes so many clips a genre, of ten seconds, each by an artist of its own."""
    return lambda n=12: made_up("tones", low_or_high, ("low", "high"), n, 10.0)


@pytest.fixture(scope="session")
def songs(made_up) -> Callable[..., Corpus]:
    """A function that makes so many songs a genre, of so many seconds, two by each artist."""

    def make(n: int = 6, seconds: float = 100.0) -> Corpus:
        genres = ("hum", "hiss")
        return made_up("humming", mostly_hum_or_hiss, genres, n, seconds, max(n // 2, 1))

    return make


@pytest.fixture
def network(monkeypatch) -> Crnn:
    """A network with first weights in the place of the published one, narrow before its end."""
    with seeded(0):
        stand_in = Crnn(50, (96, 1366), widths=(2, 2, 2, 128), gru="keras1").eval()
    monkeypatch.setattr(features, "published_network", lambda: stand_in)
    monkeypatch.setattr(features, "LAYERS", ("pool4", "gru2"))
    return stand_in
