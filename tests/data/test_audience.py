"""A simulated audience has the popularity, the taste and the tags that it is made with."""

from __future__ import annotations

import numpy as np
import pytest

from mgrlib.data.audience import Audience, co_listening, tag_counts
from mgrlib.errors import CorpusError

GENRES = [genre for genre in ("blues", "jazz", "rock") for _ in range(10)]


def test_every_listener_has_as_many_plays():
    plays = Audience(n_listeners=20, n_plays=15).listen(GENRES, seed=0).plays
    assert plays.shape == (20, 30)
    assert (plays.sum(axis=1) == 15).all()


def test_popular_artists_are_played_more_and_flat_popularity_is_flat():
    steep = Audience(n_listeners=300).listen(GENRES, seed=0)
    total = steep.plays.sum(axis=0)
    assert total[steep.rank == 1][0] > 5 * np.median(total)
    flat = Audience(n_listeners=300, exponent=0.0, n_favorites=3).listen(GENRES, seed=0)
    counts = flat.plays.sum(axis=0)
    assert counts.max() < 1.5 * counts.min()  # 200 each, with a standard deviation of 14


def test_loyal_listeners_play_their_genres_only():
    plays = Audience(n_listeners=40, n_favorites=1, loyalty=1.0).listen(GENRES, seed=2).plays
    by_genre = plays.reshape(40, 3, 10).sum(axis=2)
    assert ((by_genre > 0).sum(axis=1) == 1).all()


def test_thirds_are_equally_large_and_in_order():
    listening = Audience(n_listeners=5).listen(GENRES, seed=0)
    thirds = listening.thirds()
    assert np.bincount(thirds).tolist() == [10, 10, 10]
    assert listening.rank[thirds == 0].max() < listening.rank[thirds == 2].min()


def test_held_out_artists_are_those_taken_from_the_plays():
    listening = Audience(n_listeners=50).listen(GENRES, seed=0)
    rest, mask = listening.held_out(1 / 3, seed=1)
    assert (rest.plays[mask] == 0).all() and (listening.plays[mask] > 0).all()
    assert np.array_equal(np.where(mask, 0, listening.plays), rest.plays)


def test_artists_with_the_same_listeners_have_the_same_vector_and_unheard_ones_zero():
    plays = np.array([[3, 1, 0, 0], [2, 2, 0, 0], [0, 0, 5, 0]])
    vectors = co_listening(plays, 3)
    assert np.allclose(vectors[0], vectors[1])
    assert abs(vectors[0] @ vectors[2]) < 1e-9
    assert np.allclose(vectors[3], 0)


def test_tags_are_written_for_plays_and_are_true_without_noise():
    plays = np.array([[1000, 0, 100]])
    true = np.array([[True, False], [True, True], [False, True]])
    counts = tag_counts(plays, true, rate=0.5, noise=0.0, seed=0)
    assert counts[0, 1] == 0 and counts[2, 0] == 0
    assert counts[1].sum() == 0
    assert 400 < counts[0, 0] < 600


@pytest.mark.parametrize("change", [{"n_plays": 0}, {"exponent": -1.0}, {"loyalty": 1.2}])
def test_an_impossible_audience_is_refused(change):
    with pytest.raises(CorpusError, match="loyalty from 0 to 1"):
        Audience(**change)
