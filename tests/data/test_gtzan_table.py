"""What the package says of GTZAN's public table: whole, in order, and possible."""

from __future__ import annotations

import json
from importlib.resources import files

import numpy as np
import pytest

from mgrlib.data.gtzan import GENRES
from mgrlib.features import Vector57


@pytest.fixture(scope="module")
def facts():
    text = (files("mgrlib.data") / "facts" / "gtzan_table.json").read_text(encoding="utf-8")
    return json.loads(text)


def test_spread_has_every_genre_and_rising_quantiles(facts):
    assert set(facts["spread"]) <= set(Vector57.columns)
    for genres in facts["spread"].values():
        assert tuple(genres) == GENRES
        for values in genres.values():
            assert len(values) == len(facts["quantiles"])
            assert values == sorted(values)


def test_accuracies_are_counts_of_clips(facts):
    for run in facts["accuracy"]:
        assert all(0 < correct < run["n"] for correct in run["correct"])
        value, low, high = run["accuracy"]
        assert value == pytest.approx(np.mean(run["correct"]) / run["n"], abs=1e-4)
        assert low < value < high
    filtered = [run["n"] for run in facts["accuracy"] if run["split"] == "fault-filtered"]
    assert filtered == [290, 290]  # Kereliuk et al. (2015)


def test_an_artist_is_worth_more_than_the_spread_over_seeds(facts):
    runs = {(run["model"], run["split"]): run["correct"] for run in facts["accuracy"]}
    for model in {model for model, _ in runs}:
        assert min(runs[model, "clips at random"]) > max(runs[model, "by artist"])


def test_the_embedded_corpus_teaches_something_about_real_music(facts):
    models = facts["trained on the embedded corpus alone"]["models"]
    assert {result["n"] for result in models.values()} == {1000}
    (n_right,) = models["linear model"]["correct"]
    assert n_right > 300  # chance is 100; this bound may only be raised
