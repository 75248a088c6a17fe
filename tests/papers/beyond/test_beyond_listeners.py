"""The studies of listeners and audiences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mgrlib.data.audience import Audience
from mgrlib.data.listeners import LISTENERS
from mgrlib.data.synthetic import synthetic
from mgrlib.papers import records
from mgrlib.papers.beyond.studies.listeners import (
    FROZEN,
    artist_table,
    personal,
    popularity,
    quarters,
)
from mgrlib.systems.learn import segments_of

QUICK = replace(FROZEN, config=replace(FROZEN.config, epochs=1))


@pytest.fixture(scope="module")
def corpus():
    return synthetic(12)


def test_no_artist_is_in_two_of_the_three_parts(corpus):
    part = quarters(QUICK, corpus, segments_of(QUICK, corpus), seed=0)
    artists = corpus.clips["group"]
    pool, test = (set(artists.loc[list(ids)]) for ids in (part.pool, part.test))
    assert not pool & test
    assert len(pool) == len(test) == 30
    assert part.x_pool.shape == (30, 128)


def test_artists_vectors_are_means_of_their_clips():
    corpus = synthetic(24)
    ids = ["jazz.00000", "jazz.00012", "rock.00003"]
    genres, means = artist_table(corpus, ids, np.array([[0.0], [2.0], [5.0]]))
    assert genres.to_dict() == {"jazz-a00": "jazz", "rock-a03": "rock"}
    assert means.tolist() == [[1.0], [5.0]]


def test_strategies_are_equal_at_the_start(corpus):
    rows = personal(
        corpus,
        (0,),
        recipe=QUICK,
        listeners={"merger": LISTENERS["merger"]},
        sizes=(5, 8),
        n_draws=2,
    )
    gains = {r["condition"]["labels"]: r for r in rows if r["metric"] == "gain of uncertainty"}
    assert gains[5]["value"] == gains[5]["low"] == gains[5]["high"] == 0


def test_shares_of_recommendations_add_up_to_one_and_random_ones_are_even(corpus):
    rows = popularity(corpus, (0,), recipe=QUICK, audience=Audience(n_listeners=60), n_audiences=1)
    shares: dict[str, dict[str, float]] = {}
    for row in rows:
        if row["metric"] == "fraction":
            condition = row["condition"]
            shares.setdefault(condition["system"], {})[condition["artists"]] = row["value"]
    for by_third in shares.values():
        assert sum(by_third.values()) == pytest.approx(1, abs=1e-3)
    assert shares["most played"]["rare"] < shares["random"]["rare"]


def test_records_hold_an_interval_for_every_curve_and_share():
    for name in ("personal", "popularity"):
        rows = records("beyond", name)
        assert len(rows)
        several = [row for row in rows if row.low is not None]
        assert len(several) > len(rows) / 2
        assert all(row.seeds == (0, 1, 2) for row in rows)
