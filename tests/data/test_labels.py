from __future__ import annotations

import numpy as np
import pytest
from sklearn.preprocessing import LabelEncoder

from mgrlib.data.labels import encode_labels, make_rare, one_hot
from mgrlib.data.synthetic import synthetic
from mgrlib.errors import CorpusError

NAMES = ["rock", "blues", "jazz", "blues"]
GENRES = ("blues", "jazz", "rock")


def test_of_sorted_genres_the_codes_are_scikit_learns():
    assert encode_labels(NAMES, GENRES).tolist() == LabelEncoder().fit_transform(NAMES).tolist()


def test_an_unknown_genre_has_no_number():
    with pytest.raises(CorpusError, match="'polka'"):
        encode_labels(["polka"], GENRES)


def test_one_hot_rows_have_a_single_one_where_the_class_is():
    y = encode_labels(NAMES, GENRES)
    rows = one_hot(y, 3)
    assert rows.shape == (4, 3)
    assert rows.sum(axis=1).tolist() == [1.0] * 4
    assert np.array_equal(rows.argmax(axis=1), y)


def test_a_number_without_a_class_is_refused():
    with pytest.raises(CorpusError, match=r"0\.\.2"):
        one_hot(np.array([3]), 3)


def test_only_the_genres_named_become_rare():
    corpus = synthetic(6)
    clip_ids = make_rare(corpus, corpus.clips.index, {"jazz": 2, "rock": 1}, seed=0)
    counts = corpus.select(clip_ids=clip_ids).counts()
    assert (counts.pop("jazz"), counts.pop("rock")) == (2, 1)
    assert set(counts.values()) == {6}


def test_another_seed_leaves_other_clips():
    corpus = synthetic(6)
    corpora = [make_rare(corpus, corpus.clips.index, {"jazz": 2}, seed=s) for s in (0, 0, 1)]
    assert corpora[0] == corpora[1] != corpora[2]


@pytest.mark.parametrize("keep", [{"jazz": 0}, {"jazz": 7}, {"polka": 1}])
def test_a_genre_cannot_be_made_to_vanish_or_to_grow(keep):
    corpus = synthetic(6)
    with pytest.raises(CorpusError, match="make_rare"):
        make_rare(corpus, corpus.clips.index, keep, seed=0)
