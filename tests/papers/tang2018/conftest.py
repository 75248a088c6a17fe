"""A corpus of tones and recipes that learn it in a moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mgrlib.data.corpus import Corpus
from mgrlib.features import Mfcc
from mgrlib.models.tree import PAPER_TREE
from mgrlib.systems import Recipe

TINY = Mfcc(8000, n_mfcc=4, n_fft=256, hop_length=128, n_mels=12, n_frames=12)


def tone_of_genre(row: pd.Series, time: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Each genre a tone of its own, with noise."""
    return 0.3 * np.sin(2 * np.pi * 200 * (row["number"] // 6 + 1) * time) + 0.02 * noise


@pytest.fixture(autouse=True)
def store(tmp_path, monkeypatch):
    """An empty store for every test."""
    monkeypatch.setenv("MGRLIB_HOME", str(tmp_path))


@pytest.fixture
def tones(made_up) -> Corpus:
    """Ten genres of six clips by five artists each, a fifth of a second long."""
    return made_up("tones", tone_of_genre, sorted(PAPER_TREE.genres), 6, 0.2, 5)


@pytest.fixture
def tiny() -> Callable[..., Recipe]:
    """A function that makes a recipe small: few coefficients, few units, few epochs."""

    def make(recipe: Recipe, epochs: int = 2, **options: object) -> Recipe:
        config = replace(recipe.config, epochs=epochs)
        small = {**recipe.options, "n_hidden": (6, 4), "pool": 4, **options}
        return replace(recipe, features=(TINY,), config=config, options=small)

    return make
