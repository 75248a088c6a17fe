"""Two clips at once: who is drawn, how loud each is, and what the truth says."""

from __future__ import annotations

import numpy as np
import pytest

from mgrlib.data.blends import LEVEL, blended, genre_targets
from mgrlib.data.synthetic import synthetic
from mgrlib.errors import CorpusError

RATE = 22050


@pytest.fixture(scope="module")
def corpus():
    """Three genres, two clips each, of a fifth of a second."""
    return synthetic(2, seconds=0.2).select(genres=["blues", "jazz", "metal"])


def test_a_blend_is_both_clips_at_the_same_level(corpus):
    blend = blended(corpus, 1, seed=0)
    row = blend.clips.iloc[0]
    a, b = (corpus.audio(row[name], RATE) for name in ("first", "second"))
    mixed = sum(LEVEL * y / np.sqrt(np.mean(y.astype(float) ** 2)) for y in (a, b))
    assert np.allclose(
        blend.audio("blend.00000", RATE), mixed / max(1, np.abs(mixed).max()), atol=1e-6
    )


def test_pairs_of_genres_are_equally_frequent_and_never_the_same_twice(corpus):
    clips = blended(corpus, 9, seed=0).clips
    pairs = clips.groupby(["genre", "other"]).size()
    assert pairs.tolist() == [3, 3, 3]
    assert (clips["genre"] != clips["other"]).all()


def test_the_same_seed_draws_the_same_blends_and_another_others(corpus):
    a, b, c = (blended(corpus, 30, seed=seed).clips["first"].tolist() for seed in (0, 0, 1))
    assert a == b != c


def test_targets_have_both_genres_of_a_blend_and_one_of_a_clip_alone(corpus):
    both = blended(corpus, 3, seed=0, alone=True)
    targets = genre_targets(both)
    assert targets.sum(axis=1).tolist() == [1] * 6 + [2] * 3
    assert np.array_equal(genre_targets(corpus), targets[:6])
    assert genre_targets(both, ("blend.00000",)).tolist() == [[1, 1, 0]]


def test_a_clip_that_stands_alone_sounds_as_it_did(corpus):
    both = blended(corpus, 1, seed=0, alone=True)
    assert np.array_equal(both.audio("jazz.00001", RATE), corpus.audio("jazz.00001", RATE))


def test_a_blend_belongs_to_both_groups_and_its_fingerprint_names_both_clips(corpus):
    blend = blended(corpus, 1, seed=0)
    row = blend.clips.iloc[0]
    groups = set(corpus.rows([row["first"], row["second"]])["group"])
    assert set(row["group"].split("+")) == groups
    assert all(
        corpus.fingerprint(row[n]) in blend.fingerprint("blend.00000") for n in ("first", "second")
    )


def test_one_genre_alone_cannot_be_blended(corpus):
    only = corpus.select(clip_ids=["jazz.00000", "jazz.00001"])
    with pytest.raises(CorpusError, match="at least one blend of two genres"):
        blended(only, 3, seed=0)
