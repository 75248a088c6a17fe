from __future__ import annotations

import json

import numpy as np
import pytest

from mgrlib.errors import EvaluationError, ShapeError
from mgrlib.evaluation import NodeAnswers
from mgrlib.models.tree import Tree

GENRES = ("jazz", "metal", "rock")
TREE = Tree.of([["metal", "rock"], "jazz"])  # node 1: metal+rock or jazz; node 2: metal or rock


def pick(*children: int) -> np.ndarray:
    """Probabilities of two children, .8 for the one chosen."""
    return np.array([[0.8, 0.2] if child == 0 else [0.2, 0.8] for child in children])


@pytest.fixture
def answers() -> NodeAnswers:
    """Two jazz, two metal and four rock clips.

    Node 1 errs on the second metal and the last rock clip; node 2 on the second metal and on the
    third rock clip.
    """
    truth = np.array([0, 0, 1, 1, 2, 2, 2, 2])
    first = pick(1, 1, 0, 1, 0, 0, 0, 1)
    two = pick(0, 0, 0, 1, 1, 1, 0, 1)
    return NodeAnswers(TREE, tuple("abcdefgh"), truth, GENRES, {"1": first, "2": two})


def test_hard_routing_is_right_where_every_node_on_the_way_is(answers):
    assert answers.route("hard").correct.tolist() == [1, 1, 1, 0, 1, 1, 0, 0]


def test_soft_routing_multiplies(answers):
    first = answers.route("soft").probs[0]  # jazz .8, metal .2 * .8, rock .2 * .2
    assert np.allclose(first, [0.8, 0.16, 0.04])


def test_a_nodes_predictions_are_of_its_own_clips_and_children(answers):
    two = answers.node("2")
    assert two.clip_ids == tuple("cdefgh")
    assert two.genres == ("metal", "rock")
    assert two.truth.tolist() == [0, 0, 1, 1, 1, 1]
    assert two.correct.tolist() == [1, 0, 1, 1, 0, 1]


def test_the_table_parts_clips_that_arrive_from_clips_gone_astray(answers):
    table = answers.table()
    assert table.loc["1", ["n", "correct"]].tolist() == [8, 6]
    assert table.loc["1", "n_reached"] == 8
    assert np.isnan(table.loc["1", "accuracy_astray"])
    two = table.loc["2"]
    assert (two["n"], two["correct"], two["n_reached"], two["n_astray"]) == (6, 4, 4, 2)
    assert two["accuracy_reached"] == 3 / 4
    assert two["accuracy_astray"] == 1 / 2


def test_product_and_measured_differ_by_the_two_named_reasons(answers):
    groups = answers.groups()
    low = groups.loc["2"]
    assert low["genres"] == "metal, rock"
    assert low["product"] == pytest.approx(6 / 8 * 4 / 6)  # each node on all of its clips
    assert low["own_product"] == pytest.approx(4 / 6 * 4 / 6)  # each on the six clips of the group
    assert low["measured"] == pytest.approx(3 / 6)
    assert groups.loc["1", "measured"] == 1.0


def test_independent_errors_make_product_and_measured_equal():
    truth = np.full(4, 1)
    both = {"1": pick(0, 0, 1, 1), "2": pick(0, 1, 0, 1)}  # right and wrong in all combinations
    group = NodeAnswers(TREE, tuple("abcd"), truth, GENRES, both).groups().loc["2"]
    assert group["product"] == group["measured"] == 0.25


def test_a_file_and_back_keeps_every_decision(answers):
    back = NodeAnswers.from_dict(json.loads(json.dumps(answers.to_dict())))
    assert back.tree == TREE
    assert back.table().equals(answers.table())
    assert np.array_equal(back.route().predicted, answers.route().predicted)


def test_folds_join_and_other_trees_do_not(answers):
    other = NodeAnswers(TREE, ("z",), np.array([0]), GENRES, {"1": pick(0), "2": pick(0)})
    assert len(NodeAnswers.concat([answers, other]).clip_ids) == 9
    strange = Tree.of([["metal", "jazz"], "rock"])
    turned = NodeAnswers(strange, ("z",), np.array([0]), GENRES, {"1": pick(0), "2": pick(0)})
    with pytest.raises(EvaluationError, match="one tree"):
        NodeAnswers.concat([answers, turned])


def test_answers_that_do_not_fit_the_tree_are_refused():
    with pytest.raises(ShapeError, match="node 2"):
        NodeAnswers(TREE, ("a",), np.array([0]), GENRES, {"1": pick(0)})
    with pytest.raises(EvaluationError, match="a tree of"):
        NodeAnswers(TREE, ("a",), np.array([0]), ("jazz", "pop", "rock"), {})
