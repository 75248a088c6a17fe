"""The recipes of Tang et al. (2018): trees, budgets, batches, and one tiny fold of each kind."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from mgrlib.experiments.protocol import Protocol
from mgrlib.experiments.run import cross_validate
from mgrlib.models.tree import PAPER_TREE, Tree
from mgrlib.papers.tang2018 import learners, recipes
from mgrlib.papers.tang2018.studies.nodes import node_answers
from mgrlib.segments import Segments
from mgrlib.training import TrainConfig

GOLDEN = {
    "hierarchy-short": {"1": [0.0113, 0.0111, 0.8419], "3d": [0.127, 0.9201, 0.9225]},
    "random-short": {"1": [0.0142, 0.9845, 0.984], "3d": [0.3909, 0.4028, 0.3908]},
    "grown-short": {"1": [0.9941, 0.9963, 0.9957], "3a": [0.0552, 0.0519, 0.8454]},
    "flat-short": {"": [0.7974, 0.0033, 0.0019]},
}
"""What every seventh test clip gets as the probability of each node's first child, or of blues."""


def test_the_flat_network_reads_as_much_as_the_seven_together():
    # genres times epochs: 10·35 + 5·20 + 5·35 + 3·40 + 2·20 + 2·20 + 3·40
    assert learners.budget(PAPER_TREE, learners.NODE_EPOCHS) == 945
    assert learners.FLAT_EPOCHS == 95


def sequences(n: int, genres: tuple[str, ...]) -> Segments:
    y = torch.arange(n) % len(genres)
    x = torch.randn(n, 3, 5, generator=torch.Generator().manual_seed(0))
    return Segments((x,), y, torch.arange(n), tuple(map(str, range(n))), genres)


@pytest.mark.parametrize("n_clips, batch_size", [(700, 35), (80, 4), (10, 2)])
def test_a_batch_is_half_a_genre(n_clips, batch_size):
    train = sequences(n_clips, tuple("abcdefghij"))
    assert recipes.LSTM.paced(TrainConfig(batch_size=35), train).batch_size == batch_size


def test_a_tree_of_another_form_has_the_same_budget():
    binary = Tree.of([["a", "b"], ["c", ["d", ["e", ["f", ["g", ["h", ["i", "j"]]]]]]]])
    epochs = learners.node_epochs(binary, learners.FLAT_EPOCHS)
    assert len(set(epochs.values())) == 1
    assert learners.budget(binary, epochs) == pytest.approx(945, rel=0.03)
    assert learners.node_epochs(PAPER_TREE, learners.FLAT_EPOCHS) == learners.NODE_EPOCHS


def test_random_trees_of_one_seed_and_of_others_differ():
    trees = [
        learners.RandomTree(number, 2)(sequences(4, ("a", "b")), seed)
        for seed in (0, 1)
        for number in (0, 1)
    ]
    assert len({str(tree.nested) for tree in trees}) == 4


@pytest.mark.parametrize("n_dimensions", [2, 3])
def test_the_grown_tree_joins_genres_that_sound_alike(n_dimensions):
    genres = ("jazz", "metal", "rock", "blues")
    rng = np.random.default_rng(0)
    y = np.arange(80) % 4
    center = np.array([[0, 0], [9, 9], [9.2, 9], [0.2, 0]])  # jazz by blues, metal by rock
    x = torch.from_numpy(center[y] + rng.normal(size=(80, 2))).float()
    x = x if n_dimensions == 2 else x[:, :, None].expand(-1, -1, 5)
    clips = torch.arange(80), tuple(map(str, range(80)))
    train = Segments((x,), torch.from_numpy(y), *clips, genres)
    pairs = {frozenset(node.genres) for node in learners.grown_tree(train, 0).nodes.values()}
    assert {frozenset({"jazz", "blues"}), frozenset({"metal", "rock"})} <= pairs


@pytest.mark.parametrize("name", GOLDEN)
def test_a_tiny_fold_is_what_it_was(tones, tiny, name):
    recipe = next(r for r in recipes.RECIPES if r.name == f"tang2018/{name}")
    quick = tiny(recipe, epochs=40)
    quick = replace(quick, config=replace(quick.config, lr=0.01))
    result = cross_validate(quick, tones, Protocol(2, by="group"))
    run = result.runs[0]
    assert run["details"]["batch_size"] == 2
    assert result.predictions(0).n == len(tones)
    nodes = run["details"]["answers"]["probs"] if "answers" in run["details"] else {}
    answers = {"": run["predictions"][""]["probs"], **nodes}
    for node, golden in GOLDEN[name].items():
        assert [row[0] for row in answers[node][:21:7]] == pytest.approx(golden, abs=0.02)


def test_a_hierarchy_records_the_answers_of_every_node(tones, tiny):
    result = cross_validate(tiny(recipes.HIERARCHY_SHORT, 3), tones, Protocol(2, by="group"))
    answers, table = node_answers(result.runs, 0), result.predictions(0)
    assert set(answers.clip_ids) == set(tones.clips.index)
    assert (answers.route("hard").select(table.clip_ids).predicted == table.predicted).all()
