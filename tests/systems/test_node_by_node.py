"""A tree of classifiers is trained node by node, asked node by node, saved and loaded."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
import torch
from torch import nn

from mgrlib.errors import EvaluationError
from mgrlib.features import LogMel
from mgrlib.models.baselines import linear, rbf_svm
from mgrlib.models.tree import Tree
from mgrlib.segments import Segments
from mgrlib.systems import Estimator, Network, NodeByNode, Recipe, System, learn
from mgrlib.training import TrainConfig, fit

GENRES = ("jazz", "metal", "rock")
TREE = Tree.of([["rock", "metal"], "jazz"])


def toy(n: int = 12, per_clip: int = 1, seed: int = 0) -> Segments:
    """Clips of three genres in turn; row k of a segment is 3 where the genre is k, plus noise."""
    clip = torch.arange(n).repeat_interleave(per_clip)
    y = clip % 3
    noise = torch.randn(len(y), 3, generator=torch.Generator().manual_seed(seed))
    x = 3.0 * nn.functional.one_hot(y, 3) + 0.3 * noise
    return Segments((x,), y, clip, tuple(f"c{m}" for m in range(n)), GENRES)


def small_tree(train: Segments, seed: int) -> Tree:
    return TREE


def node_epochs(tree: Tree, epochs: int) -> Mapping[str, int]:
    return {"2": epochs // 2}


def line(n_classes: int, shape: tuple[int, ...]) -> nn.Module:
    return nn.Linear(shape[0], n_classes)


def recipe(model, learner: NodeByNode, epochs: int = 60) -> Recipe:
    config = TrainConfig(epochs=epochs, batch_size=4, lr=0.05, seed=3)
    return Recipe("test/tree", "", (LogMel(8000),), model, config, learner=learner)


NETWORKS = recipe(line, NodeByNode(small_tree, Network()))


@pytest.mark.parametrize("model", [linear, rbf_svm])
def test_estimators_answer_every_segment_with_probabilities(model):
    system = learn(recipe(model, NodeByNode(small_tree, Estimator())), toy(24))
    test = toy(9, seed=1)
    answers = system.classifier.answers(test)
    for name, node in TREE.nodes.items():
        assert answers.probs[name].shape == (9, len(node.children))
        assert np.allclose(answers.probs[name].sum(1), 1)
    rock = answers.probs["2"][:, 0] > 0.5
    assert rock[test.y == 2].all()
    assert not rock[test.y == 1].any()


def test_networks_learn_their_nodes_and_the_same_seed_learns_the_same():
    first, second = (learn(NETWORKS, toy(24)) for _ in range(2))
    test = toy(9, seed=1)
    assert first.predict(test).correct.all()
    assert np.array_equal(first.predict(test).probs, second.predict(test).probs)


def test_the_segments_of_a_clip_are_joined_node_by_node():
    system = learn(NETWORKS, toy(24))
    answers = system.classifier.answers(toy(9, per_clip=3, seed=1))
    alone = system.classifier.answers(toy(9, per_clip=3, seed=1).of(["c4"]))
    assert answers.clip_ids == tuple(f"c{m}" for m in range(9))
    assert answers.truth.tolist() == [0, 1, 2] * 3
    assert np.allclose(answers.probs["1"][4], alone.probs["1"][0])
    with pytest.raises(EvaluationError, match="at least one segment"):
        system.classifier.answers(toy().of([]))


def test_each_node_has_its_own_number_of_epochs(monkeypatch):
    epochs = []

    def counted(network, train, valid, config, **options):
        epochs.append(config.epochs)
        return fit(network, train, valid, config, **options)

    monkeypatch.setattr("mgrlib.systems.learners.fit", counted)
    learn(recipe(line, NodeByNode(small_tree, Network(), node_epochs), epochs=8), toy())
    assert epochs == [8, 4]


@pytest.mark.parametrize(
    "tree_recipe", [NETWORKS, recipe(rbf_svm, NodeByNode(small_tree, Estimator()))]
)
def test_a_saved_tree_answers_as_before(tree_recipe, tmp_path):
    system = learn(tree_recipe, toy(24))
    loaded = System.load(system.save(tmp_path / "tree.pt"), tree_recipe)
    assert np.array_equal(loaded.predict(toy(9)).probs, system.predict(toy(9)).probs)
