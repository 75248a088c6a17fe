from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import RATE, TINY

from mgrlib.errors import EvaluationError, RecipeError, StorageError
from mgrlib.models.baselines import boosted_trees, k_nn, linear, rbf_svm
from mgrlib.models.tree import Tree
from mgrlib.segments import Segments
from mgrlib.systems import Estimator, Network, NodeByNode, System, learn, segments_of


def pair_tree(train: Segments, seed: int) -> Tree:
    """The tree of two genres."""
    return Tree.of(list(train.genres))


NETWORK = TINY
ESTIMATORS = [
    replace(TINY, name=f"luo2021/{model.__name__}", model=model, learner=Estimator())
    for model in (linear, k_nn, rbf_svm, boosted_trees)
]
TREE = replace(TINY, name="luo2021/tree", learner=NodeByNode(pair_tree))
KINDS = [NETWORK, *ESTIMATORS, TREE]


@pytest.mark.parametrize("recipe", KINDS, ids=lambda recipe: recipe.name)
def test_system_learns_predicts_and_comes_back_from_its_file(recipe, corpus, tmp_path):
    system = learn(recipe, corpus, seed=3)
    predictions = system.predict(corpus)
    assert predictions.clip_ids == tuple(corpus.clips.index)
    assert system.about["train_accuracy"] == pytest.approx(predictions.correct.mean(), abs=1e-4)
    loaded = System.load(system.save(tmp_path / "system.pt"), recipe)
    assert np.array_equal(loaded.predict(corpus).probs, predictions.probs)
    assert (loaded.genres, loaded.about) == (system.genres, system.about)


def test_segments_and_a_waveform_give_what_the_corpus_gives(corpus):
    system = learn(TINY, corpus)
    predictions = system.predict(corpus)
    assert np.array_equal(system.predict(segments_of(TINY, corpus)).probs, predictions.probs)
    clip_id = corpus.clips.index[5]
    alone = system.predict(corpus.audio(clip_id, RATE))
    np.testing.assert_allclose(alone.probs, predictions.select([clip_id]).probs, atol=1e-6)
    assert not alone.labeled
    with pytest.raises(EvaluationError, match="known genre"):
        alone.correct  # noqa: B018


def test_validation_clips_choose_the_best_epoch(corpus):
    train, valid = corpus.clips.index[:8], corpus.clips.index[8:]
    system = learn(TINY, corpus.select(clip_ids=train), corpus.select(clip_ids=valid))
    history = system.training.history
    assert system.training.best_epoch == history["valid_loss"].idxmin() + 1


def test_the_same_seed_gives_the_same_system_and_another_seed_another(corpus):
    first, same, other = (learn(TINY, corpus, seed=s, epochs=2).predict(corpus) for s in (0, 0, 1))
    assert np.array_equal(first.probs, same.probs)
    assert not np.array_equal(first.probs, other.probs)


def test_test_clips_are_never_fitted_to(corpus):
    train = corpus.select(clip_ids=corpus.clips.index[:8])
    state = learn(TINY, train, epochs=1).preparation.states[0]
    x = segments_of(TINY, train).inputs[0]
    np.testing.assert_allclose(state["mean"][:, 0], x.mean(dim=(0, 2)), rtol=1e-4)


def test_unknown_settings_are_refused(corpus):
    with pytest.raises(RecipeError, match="patients"):
        learn(TINY, corpus, patients=3)


def test_clips_of_other_genres_are_refused(corpus):
    system = learn(TINY, corpus, epochs=1)
    turned = corpus.select(genres=corpus.genres[::-1])
    with pytest.raises(RecipeError, match="clips of the genres"):
        system.predict(turned)


def test_network_can_be_replaced_but_only_where_there_is_one(corpus):
    system = learn(TINY, corpus)
    other = copy.deepcopy(system.network)
    assert system.with_network(other).network is other
    assert system.network is not other
    with pytest.raises(RecipeError, match="one network"):
        learn(ESTIMATORS[0], corpus).network  # noqa: B018


@pytest.mark.parametrize(
    ("learner", "n_epochs", "batch_size"),
    [
        (Network(steps_per_epoch=7), 35, 8),  # 15 times 7 steps; 24 segments are 3 steps of 8
        (Network(batch_per_genre=0.5), 15, 6),  # half of the 12 segments of a genre
    ],
)
def test_pace_of_training_follows_the_number_of_segments(corpus, learner, n_epochs, batch_size):
    run = learn(replace(TINY, learner=learner), corpus).training
    assert (len(run.history), run.config.batch_size) == (n_epochs, batch_size)


# --- files


@pytest.fixture
def path(corpus, tmp_path) -> Path:
    """A saved system."""
    return learn(TINY, corpus, epochs=1).save(tmp_path / "tiny.pt")


def test_a_system_of_another_recipe_is_refused(path):
    with pytest.raises(RecipeError, match="a system of luo2021/tiny"):
        System.load(path, TREE)


def test_a_system_of_other_settings_is_refused(path):
    with pytest.raises(RecipeError, match="other settings"):
        System.load(path, replace(TINY, options={"width": 5}))


@pytest.mark.parametrize("size", [0, 1, 100, -1])
def test_a_damaged_file_is_named(path, size):
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(StorageError, match=r"tiny\.pt"):
        System.load(path, TINY)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(StorageError, match=r"nothing\.pt"):
        System.load(tmp_path / "nothing.pt", TINY)


class Evil:
    """An object that would run code when it is unpickled."""

    def __reduce__(self):
        return (print, ("code was run",))


def test_a_file_that_would_run_code_is_refused(tmp_path, capsys):
    path = tmp_path / "evil.pt"
    torch.save({"format": 1, "recipe": TINY.name, "key": Evil()}, path)
    with pytest.raises(StorageError, match=r"evil\.pt"):
        System.load(path, TINY)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("entry", ["states", "classifier", "genres", "about"])
@pytest.mark.parametrize("value", [None, 7, [], {}])
def test_odd_content_is_a_storage_error(path, tmp_path, entry, value):
    content = torch.load(path, weights_only=True)
    content[entry] = value
    torch.save(content, tmp_path / "odd.pt")
    if (entry, value) == ("about", {}):  # a table, from which nothing is read
        System.load(tmp_path / "odd.pt", TINY)
        return
    with pytest.raises((StorageError, RecipeError)):
        System.load(tmp_path / "odd.pt", TINY)
