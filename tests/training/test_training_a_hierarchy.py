from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from mgrlib.errors import TrainingError
from mgrlib.models.baselines import linear, rbf_svm
from mgrlib.models.hierarchy import Tree
from mgrlib.segments import Segments
from mgrlib.training import TrainConfig, estimators, fit_hierarchy, networks, node_segments

GENRES = ("jazz", "metal", "rock")
TREE = Tree.of([["rock", "metal"], "jazz"])


def toy(n: int = 12, per_clip: int = 1, seed: int = 0) -> Segments:
    """Clips of three genres in turn; row k of a segment is 3 where the genre is k, plus noise."""
    clip = torch.arange(n).repeat_interleave(per_clip)
    y = clip % 3
    noise = torch.randn(len(y), 3, generator=torch.Generator().manual_seed(seed))
    x = 3.0 * nn.functional.one_hot(y, 3) + 0.3 * noise
    return Segments((x,), y, clip, tuple(f"c{m}" for m in range(n)), GENRES)


def small(segments: Segments) -> nn.Module:
    return nn.Linear(segments.input_shape[0], segments.n_classes)


def test_a_node_sees_only_its_own_genres_labelled_by_child():
    own = node_segments(TREE.nodes["2"], toy(per_clip=2))
    assert own.genres == ("rock", "metal")
    assert own.clip_ids == ("c1", "c2", "c4", "c5", "c7", "c8", "c10", "c11")
    assert own.y.tolist() == [1, 1, 0, 0] * 4


def test_the_root_has_groups_for_classes():
    own = node_segments(TREE, toy())
    assert own.genres == ("rock+metal", "jazz")
    assert own.y.tolist() == [1, 0, 0] * 4


def test_a_node_without_clips_is_refused():
    only_jazz = toy().of(["c0", "c3"])
    with pytest.raises(TrainingError, match="clips of"):
        node_segments(TREE.nodes["2"], only_jazz)
    with pytest.raises(TrainingError, match=r"node 1.*rock\+metal"):
        fit_hierarchy(TREE, estimators(lambda: linear(0)), only_jazz)


@pytest.mark.parametrize("make", [linear, rbf_svm])
def test_estimators_answer_every_segment_with_probabilities(make):
    hierarchy = fit_hierarchy(TREE, estimators(lambda: make(0)), toy(24))
    test = toy(9, seed=1)
    for name, node in TREE.nodes.items():
        probs = hierarchy.classifiers[name](test)
        assert probs.shape == (9, len(node.children))
        assert np.allclose(probs.sum(1), 1)
    rock = hierarchy.classifiers["2"](test)[:, 0] > 0.5
    assert rock[test.y == 2].all()
    assert not rock[test.y == 1].any()


def test_networks_learn_their_nodes_and_the_same_seed_learns_the_same():
    config = TrainConfig(epochs=60, batch_size=4, lr=0.05, seed=3)
    train, test = toy(24), toy(9, seed=1)
    one, two = (fit_hierarchy(TREE, networks(small, config), train) for _ in range(2))
    answers = one.classifiers["1"](test)
    assert ((answers.argmax(1) == 1) == (test.y == 0).numpy()).all()
    assert np.array_equal(answers, two.classifiers["1"](test))


def test_each_node_has_its_own_number_of_epochs(monkeypatch):
    told = []
    monkeypatch.setattr(
        "mgrlib.training.hierarchy.fit", lambda m, t, v, config: told.append(config.epochs)
    )
    fit_hierarchy(TREE, networks(small, TrainConfig(epochs=9), {"2": 4}), toy())
    assert told == [9, 4]


def test_validation_clips_reach_the_nodes_that_have_some():
    seen = {}

    def teach(name, train, valid):
        seen[name] = None if valid is None else valid.clip_ids
        return lambda segments: np.zeros((len(segments), train.n_classes))

    fit_hierarchy(TREE, teach, toy(), toy().of(["c0", "c3"]))
    assert seen == {"1": ("c0", "c3"), "2": None}
