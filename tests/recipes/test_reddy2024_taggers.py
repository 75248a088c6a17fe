"""The studies of the published taggers: their figures by hand, and their folds."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from mgrlib.data.corpus import Corpus
from mgrlib.data.gtzan import GENRES
from mgrlib.models.published import TAGS
from mgrlib.recipes import reddy2024_taggers as taggers
from mgrlib.recipes.reddy2024_taggers import PAIRS, PRINTED, TAGGERS, tag_auc
from mgrlib.recipes.studies import read_findings


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


RESULTS = Path(str(files("mgrlib.recipes"))) / "results/reddy2024"


@pytest.fixture(scope="module")
def committed() -> dict[str, pd.DataFrame]:
    """The tables that came of the hundred real clips, by the study's name."""
    made = [read_findings(path) for path in RESULTS.glob("*.gtzan-mini.study.json")]
    return {one.study: one.table() for one in made}


@pytest.mark.parametrize("study", TAGGERS, ids=lambda one: one.name)
def test_the_committed_findings_are_of_the_present_code(study):
    name = study.name.split("/")[1]
    made = read_findings(RESULTS / f"{name}.gtzan-mini.study.json")
    assert made.fingerprint == study.fingerprint
    assert made.data["n_clips"] == 100


def test_all_forty_probabilities_came_out(committed):
    made = committed["reddy2024/tagger-readme"]["value"]
    printed = {f"{track}: {tag}": p for track, tags in PRINTED.items() for tag, p in tags.items()}
    assert (made - pd.Series(printed)).abs().max() < 6e-4


def test_the_misread_tagger_is_far_behind(committed):
    auc = committed["reddy2024/tagger-auc"]["value"]
    assert auc["CRNN, std read as variance, dB"] == pytest.approx(0.727, abs=0.005)
    assert auc["CRNN, std read as deviation, standardised"] == pytest.approx(0.972, abs=0.005)


def test_the_ten_genre_network_is_right_on_three_clips_of_four(committed):
    accuracy = committed["reddy2024/genre-net"]["value"]
    assert accuracy["first 29.12 s"] == pytest.approx(0.75, abs=0.02)
    assert accuracy["std read as deviation"] < 0.2


@pytest.mark.parametrize(
    ("features", "accuracy"),
    [("tagger gru2", 0.854), ("tagger pools + gru2", 0.866), ("MFCC", 0.772)],
)
def test_machines_on_layers_reach_what_was_found_before(committed, features, accuracy):
    row = committed["reddy2024/tagger-svm"].loc[f"{features}, 10 random folds"]
    assert row["low"] < accuracy < row["high"]
    assert row["value"] == pytest.approx(accuracy, abs=0.03)
