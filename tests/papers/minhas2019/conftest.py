"""Tones and noise by three artists each, and recipes that learn them in a moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mgrlib.data.corpus import Corpus
from mgrlib.papers.minhas2019.studies import features, noise
from mgrlib.systems import Recipe


def beaten(row: pd.Series, time: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Low tones, high tones or noise, on two beats a second."""
    i, beat = row["number"], 0.3 + 0.7 * (time % 0.5 < 0.2)
    if row["genre"] == "noise":
        return 0.1 * noise * beat
    hz = 200 + 8 * i if row["genre"] == "low" else 2500 + 60 * i
    return 0.3 * beat * np.sin(2 * np.pi * hz * time) + 0.01 * noise


@pytest.fixture(scope="session")
def sounds(made_up) -> Corpus:
    """Three genres of three clips, each another artist's, a little longer than the stretch."""
    return made_up("sounds", beaten, ("low", "high", "noise"), 3, 5.3)


@pytest.fixture(autouse=True, scope="session")
def store(tmp_path_factory):
    """A store of the tests' own, in which features that were computed once are found again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MGRLIB_HOME", str(tmp_path_factory.mktemp("store")))
        yield


@pytest.fixture(autouse=True, scope="session")
def three_folds():
    """As many folds as a genre here has artists."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(noise, "N_FOLDS", 3)
        patch.setattr(features, "N_FOLDS", 3)
        yield


@pytest.fixture(scope="session")
def quick() -> Callable[..., Recipe]:
    """A function that gives a recipe fewer epochs."""

    def shorten(recipe: Recipe, epochs: int = 8) -> Recipe:
        return replace(recipe, config=replace(recipe.config, epochs=epochs))

    return shorten
