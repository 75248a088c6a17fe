"""The studies of the published taggers: their figures by hand, and their folds."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mgrlib import papers
from mgrlib.data.corpus import Corpus
from mgrlib.data.gtzan import GENRES
from mgrlib.models.published import TAGS
from mgrlib.papers.reddy2024.studies import taggers
from mgrlib.papers.reddy2024.studies.taggers import PAIRS, Folding


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
    genre = [clip_id.split(".")[0] for clip_id in ids]
    table = {"path": "", "genre": genre, "group": ids, "seconds": 1.0}
    clips = pd.DataFrame(table, index=pd.Index(ids, name="clip_id"))
    return Corpus("toy", ("blues", "jazz", "pop"), clips, Silence())


def test_perfect_tags_have_an_auc_of_one_and_no_spread(corpus):
    genre = corpus.clips["genre"].to_numpy()
    probs = np.zeros((30, 50))
    for name in corpus.genres:
        probs[genre == name, TAGS.index(PAIRS[name])] = 1
    row = taggers._auc_row({"variant": "perfect"}, probs, corpus, 0)
    assert row["value"] == row["low"] == row["high"] == 1
    assert row["details"]["pairs"] == {"blues": 1, "jazz": 1, "pop": 1}


@pytest.mark.parametrize("n_blocks", [2, 5])
def test_neighbors_are_left_out_together(corpus, n_blocks):
    splits = Folding("blocks", n_blocks=n_blocks).splits(corpus, 0)
    tested = [clip for split in splits for clip in split.test]
    assert sorted(tested) == sorted(corpus.clips.index)
    size = 10 // n_blocks
    first = {f"{genre}.{i:05d}" for genre in corpus.genres for i in range(size)}
    assert set(splits[0].test) == first


def test_random_folds_test_every_clip_once(corpus):
    splits = Folding("random", n_folds=5).splits(corpus, 0)
    assert sorted(c for split in splits for c in split.test) == sorted(corpus.clips.index)


def test_blocks_do_not_ask_for_more_seeds():
    assert Folding("blocks", n_blocks=5).seeds((0, 1, 2)) == (0,)
    assert Folding("random", n_folds=5).seeds((0, 1, 2)) == (0, 1, 2)


def test_the_blues_of_the_mini_set_are_one_artists_whatever_the_fold(corpus):
    blues = corpus.select(genres=("blues", "jazz"))
    splits = Folding("blocks", n_blocks=2).splits(blues, 0)
    assert taggers.artists_on_both_sides(blues, splits) >= 0.5


def test_clips_of_unknown_artists_give_no_share(corpus):
    strange = corpus.clips.rename(index=lambda clip_id: f"x{clip_id}")
    other = Corpus("other", corpus.genres, strange, Silence())
    splits = Folding("blocks", n_blocks=2).splits(other, 0)
    assert taggers.artists_on_both_sides(other, splits) is None


@pytest.mark.parametrize("penalty", [10.0, (1.0, 10.0)])
def test_the_machine_tells_apart_what_lies_apart(corpus, penalty):
    y = corpus.labels(corpus.clips.index)
    x = y[:, None] * 5.0 + np.random.default_rng(0).normal(size=(30, 4))
    splits = Folding("random", n_folds=5).splits(corpus, 0)
    answers, trained = taggers.machine_answers(corpus, x, splits, penalty)
    assert answers.correct.all()
    assert trained == 1
    assert set(answers.clip_ids) == set(corpus.clips.index)


def test_every_genre_but_reggae_has_a_tag():
    assert set(GENRES) - set(PAIRS) == {"reggae"}
    assert set(PAIRS.values()) <= set(TAGS)


def test_forty_probabilities_are_printed_likeliest_first():
    forty = [e for e in papers.printed("reddy2024") if e.source == taggers.README_STUDY]
    tracks = {e.condition["track"] for e in forty}
    values = [[e.value for e in forty if e.condition["track"] == track] for track in tracks]
    assert [len(ten) for ten in values] == [10] * 4
    assert all(ten == sorted(ten, reverse=True) for ten in values)
    assert {e.condition["tag"] for e in forty} <= set(TAGS)


def measured(name, **condition):
    """A record of the hundred real clips."""
    return papers.records("reddy2024", name, data="gtzan-mini").only(**condition)


def test_all_forty_probabilities_came_out():
    rows = list(papers.compare("reddy2024", data="gtzan-mini").of("tagger-readme"))
    assert len(rows) == 40
    assert max(abs(pair.record.value - pair.printed.value) for pair in rows) < 6e-4


def test_the_misread_tagger_is_far_behind():
    misread = measured("tagger-auc", network="CRNN", std_read_as="variance", input="dB")
    right = measured("tagger-auc", network="CRNN", std_read_as="std", input="standardized")
    assert misread.value == pytest.approx(0.727, abs=0.005)
    assert right.value == pytest.approx(0.972, abs=0.005)


def test_the_ten_genre_network_is_right_on_three_clips_of_four():
    assert measured("genre-net", variant="first 29.12 s").value == pytest.approx(0.75, abs=0.02)
    assert measured("genre-net", variant="running_std taken as std").value < 0.2


@pytest.mark.parametrize(
    ("features", "accuracy"),
    [("tagger gru2", 0.854), ("tagger pools + gru2", 0.866), ("MFCC", 0.772)],
)
def test_machines_on_layers_reach_what_was_found_before(features, accuracy):
    row = measured("tagger-svm", features=features, folds="10 random folds")
    assert row.low < accuracy < row.high
    assert row.value == pytest.approx(accuracy, abs=0.03)


@pytest.mark.parametrize("folds", ["10 random folds, C = 10", "2 blocks of neighbors, C = 10"])
def test_the_gain_of_layers_is_their_accuracy_minus_that_of_mfcc(folds):
    layers, mfcc = (
        measured("tagger-svm", features=name, folds=folds)
        for name in ("tagger pools + gru2", "MFCC")
    )
    gain, low, high = layers.details["gain"]
    assert gain == pytest.approx(layers.value - mfcc.value, abs=1e-3)
    assert low < gain < high
    assert mfcc.details["gain"] == [0, 0, 0]
