"""What the package says of GTZAN's public table: whole, in order, and possible."""

from __future__ import annotations

import json
from importlib.resources import files

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
    filtered = [run["n"] for run in facts["accuracy"] if run["split"] == "fault-filtered"]
    assert filtered == [290, 290]  # Kereliuk et al. (2015)


def test_an_artist_is_worth_more_than_the_spread_over_seeds(facts):
    runs = {(run["model"], run["split"]): run["correct"] for run in facts["accuracy"]}
    for model in {model for model, _ in runs}:
        assert min(runs[model, "clips at random"]) > max(runs[model, "by artist"])


def test_the_embedded_corpus_teaches_something_about_real_music(facts):
    result = facts["trained on the embedded corpus alone"]
    assert result["n"] == 1000
    assert result["correct"]["linear model"] > 300  # chance is 100; this bound may only be raised
