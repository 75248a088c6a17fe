"""Recommenders take the best unplayed artists, and measures count what was wanted and who gains."""

from __future__ import annotations

import numpy as np
import pytest

from mgrlib.errors import EvaluationError
from mgrlib.evaluation.recommending import (
    by_content,
    by_neighbors,
    by_popularity,
    hit_rate,
    recommend,
    share_of,
)

PLAYS = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [1, 0, 1, 0]])


def test_popularity_counts_listeners_and_is_the_same_for_all():
    assert by_popularity(PLAYS).tolist() == [[3, 2, 1, 0]] * 3


def test_played_artists_are_not_recommended():
    best = recommend(by_popularity(PLAYS), PLAYS, 2)
    assert best.tolist() == [[2, 3], [2, 3], [1, 3]]


def test_neighbors_prefer_artists_with_the_same_listeners():
    plays = np.array([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 0, 0]])
    assert recommend(by_neighbors(plays), plays, 1)[3].tolist() == [1]


def test_an_artist_that_nobody_played_is_reached_by_sound_only():
    vectors = np.array([[1.0, 0], [0, 1], [0, 1], [1, 0.1]])
    plays = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]])
    assert by_neighbors(plays)[0, 3] == 0
    assert recommend(by_content(plays, vectors), plays, 1)[0].tolist() == [3]


def test_hit_rate_is_the_fraction_of_wanted_artists_and_nan_without_any():
    targets = np.array([[True, True, False], [False, False, False]])
    rates = hit_rate(np.array([[0, 2], [0, 1]]), targets)
    assert rates[0] == 0.5 and np.isnan(rates[1])


def test_shares_over_all_parts_add_up_to_one():
    best, third = np.array([[0, 1], [2, 3]]), np.array([0, 0, 1, 2])
    shares = sum(share_of(best, third == k) for k in range(3))
    assert shares.tolist() == [1, 1]


def test_more_recommendations_than_unplayed_artists_are_refused():
    with pytest.raises(EvaluationError, match="1 to 2"):
        recommend(by_popularity(PLAYS), PLAYS, 3)
    with pytest.raises(EvaluationError, match="scores and plays"):
        recommend(by_popularity(PLAYS)[:, :2], PLAYS, 1)
