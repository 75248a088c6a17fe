"""The studies of the published taggers: their figures by hand, and their folds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from mgrlib.data.corpus import Corpus
from mgrlib.data.gtzan import GENRES
from mgrlib.models.published import TAGS
from mgrlib.recipes import reddy2024_taggers as taggers
from mgrlib.recipes.reddy2024_taggers import PAIRS, PRINTED, TAGGERS, tag_auc


class Silence:
    """A source of clips without sound; their content is their name."""

    def audio(self, row: pd.Series, sample_rate: int) -> np.ndarray:
        return np.zeros(sample_rate, dtype=np.float32)

    def fingerprint(self, row: pd.Series) -> str:
        return str(row.name)


@pytest.fixture(scope="module")
def corpus() -> Corpus:
    """Ten clips of three genres each, in a shuffled order, named as GTZAN's."""
    ids = [f"{genre}.{i:05d}" for genre in ("blues", "jazz", "pop") for i in range(10)]
    ids = list(np.random.default_rng(0).permutation(ids))
    genre = [one.split(".")[0] for one in ids]
    table = {"path": "", "genre": genre, "group": ids, "seconds": 1.0}
    clips = pd.DataFrame(table, index=pd.Index(ids, name="clip_id"))
    return Corpus("toy", ("blues", "jazz", "pop"), clips, Silence())


def test_auc_is_scikit_learns_ties_included():
    generator = np.random.default_rng(0)
    score, positive = generator.integers(0, 5, 40).astype(float), generator.random(40) < 0.3
    assert tag_auc(score, positive, np.ones((1, 40)))[0] == pytest.approx(
        roc_auc_score(positive, score)
    )


def test_a_clip_drawn_twice_counts_twice():
    score, positive = np.array([0.9, 0.4, 0.5, 0.1]), np.array([True, True, False, False])
    weights = np.array([[0, 2, 1, 0]])
    assert tag_auc(score, positive, weights)[0] == 0  # .4 against .5, twice


def test_draws_keep_the_number_of_clips_of_each_genre(corpus):
    genre = corpus.clips["genre"].to_numpy()
    weights = taggers._drawn(genre, 50, seed=0)
    assert (weights[0] == 1).all()
    for one in corpus.genres:
        assert (weights[:, genre == one].sum(1) == 10).all()


def test_perfect_tags_have_an_auc_of_one_and_no_spread(corpus):
    genre = corpus.clips["genre"].to_numpy()
    probs = np.zeros((30, 50))
    for one in corpus.genres:
        probs[genre == one, TAGS.index(PAIRS[one])] = 1
    row = taggers._auc_row("perfect", probs, corpus, 0)
    assert row["value"] == row["low"] == row["high"] == 1
    assert row["pairs"] == {"blues": 1, "jazz": 1, "pop": 1}


@pytest.mark.parametrize("n_blocks", [2, 5])
def test_neighbours_are_left_out_together(corpus, n_blocks):
    splits = taggers._splits(corpus, {"name": "blocks", "n_blocks": n_blocks}, 0)
    tested = [clip for split in splits for clip in split.test]
    assert sorted(tested) == sorted(corpus.clips.index)
    size = 10 // n_blocks
    first = {f"{genre}.{i:05d}" for genre in corpus.genres for i in range(size)}
    assert set(splits[0].test) == first


def test_random_folds_test_every_clip_once(corpus):
    splits = taggers._splits(corpus, {"name": "random", "n_folds": 5}, 0)
    assert sorted(c for split in splits for c in split.test) == sorted(corpus.clips.index)


def test_blocks_do_not_ask_for_more_seeds():
    assert taggers._seeds_of({"n_blocks": 5}, (0, 1, 2)) == (0,)
    assert taggers._seeds_of({"n_folds": 5}, (0, 1, 2)) == (0, 1, 2)


def test_the_blues_of_the_mini_set_are_one_artists_whatever_the_fold(corpus):
    blues = corpus.select(genres=("blues", "jazz"))
    splits = taggers._splits(blues, {"name": "blocks", "n_blocks": 2}, 0)
    assert taggers._artists_on_both_sides(blues, splits) >= 0.5


def test_clips_of_unknown_artists_give_no_share(corpus):
    strange = corpus.clips.rename(index=lambda one: f"x{one}")
    other = Corpus("other", corpus.genres, strange, Silence())
    splits = taggers._splits(other, {"name": "blocks", "n_blocks": 2}, 0)
    assert taggers._artists_on_both_sides(other, splits) is None


@pytest.mark.parametrize("penalty", [10.0, (1.0, 10.0)])
def test_the_machine_tells_apart_what_lies_apart(corpus, penalty):
    y = corpus.labels(corpus.clips.index)
    x = y[:, None] * 5.0 + np.random.default_rng(0).normal(size=(30, 4))
    splits = taggers._splits(corpus, {"name": "random", "n_folds": 5}, 0)
    made = taggers._svm(corpus, x, splits, penalty)
    assert made.correct.all()
    assert set(made.clip_ids) == set(corpus.clips.index)


def test_every_genre_but_reggae_has_a_tag():
    assert set(GENRES) - set(PAIRS) == {"reggae"}
    assert set(PAIRS.values()) <= set(TAGS)


def test_forty_probabilities_are_printed_likeliest_first():
    values = [list(tags.values()) for tags in PRINTED.values()]
    assert [len(one) for one in values] == [10] * 4
    assert all(one == sorted(one, reverse=True) for one in values)
    assert all(set(tags) <= set(TAGS) for tags in PRINTED.values())


def test_studies_have_names_of_their_own():
    names = [one.name for one in TAGGERS]
    assert len(set(names)) == len(names)
    assert all(name.startswith("reddy2024/") for name in names)
