from __future__ import annotations

import numpy as np
import pytest

from mgrlib.errors import EvaluationError, ShapeError
from mgrlib.models.tree import (
    PAPER_TREE,
    Tree,
    agglomerate,
    random_tree,
    route,
)

SMALL = Tree.of([["metal", "rock"], "jazz"])


def test_the_papers_tree_has_its_seven_nodes_by_name():
    genres = {name: set(node.genres) for name, node in PAPER_TREE.nodes.items()}
    assert list(genres) == ["1", "2a", "2b", "3a", "3b", "3c", "3d"]
    assert len(genres["1"]) == 10
    assert genres["2a"] == {"hiphop", "metal", "rock", "pop", "reggae"}
    assert genres["3d"] == {"jazz", "classical", "blues"}


def test_nested_lists_and_trees_are_the_same_thing():
    assert Tree.of(PAPER_TREE.nested) == PAPER_TREE
    assert SMALL.nested == [["metal", "rock"], "jazz"]


def test_a_path_names_each_node_and_the_child_to_take():
    assert PAPER_TREE.path("reggae") == (("1", 0), ("2a", 1), ("3b", 1))
    assert SMALL.path("jazz") == (("1", 1),)


def test_labels_say_what_each_child_stands_for():
    assert SMALL.labels == ("metal+rock", "jazz")


def test_a_tree_refuses_a_genre_twice_and_a_node_without_a_choice():
    with pytest.raises(EvaluationError, match=r"each genre once.*rock"):
        Tree.of([["metal", "rock"], "rock"])
    with pytest.raises(EvaluationError, match="two or more children"):
        Tree.of([["metal"], "rock"])
    with pytest.raises(EvaluationError, match="'samba'"):
        SMALL.path("samba")


def test_a_random_tree_keeps_form_and_genres_and_depends_on_the_seed():
    first, second = random_tree(PAPER_TREE, 1), random_tree(PAPER_TREE, 2)
    assert first == random_tree(PAPER_TREE, 1) != second
    assert set(first.genres) == set(PAPER_TREE.genres)
    sizes = [len(node.genres) for node in first.nodes.values()]
    assert sizes == [len(node.genres) for node in PAPER_TREE.nodes.values()]


def test_agglomeration_joins_first_what_is_confused_most():
    genres = ("metal", "rock", "jazz", "blues")
    confusion = np.array([[6, 4, 0, 0], [4, 6, 0, 0], [0, 1, 7, 2], [0, 1, 2, 7]])
    tree = agglomerate(confusion, genres)
    assert {node.genres for node in tree.nodes.values()} >= {("metal", "rock"), ("jazz", "blues")}


def test_agglomeration_goes_by_shares_and_not_by_counts():
    genres = ("many", "few", "twin")
    confusion = np.array([[900, 100, 0], [0, 5, 5], [0, 5, 5]])
    assert agglomerate(confusion, genres).nested == ["many", ["few", "twin"]]


def test_agglomeration_wants_a_square_of_the_genres():
    with pytest.raises(ShapeError):
        agglomerate(np.eye(3), ("a", "b"))


def test_hard_routing_follows_the_first_decision_for_better_or_worse():
    probs = {"1": np.array([[0.51, 0.49]]), "2": np.array([[0.5, 0.5]])}
    assert route(SMALL, probs, ("metal", "rock", "jazz")).tolist() == [[1.0, 0.0, 0.0]]


def test_soft_routing_multiplies_along_the_paths_and_sums_to_one():
    rng = np.random.default_rng(0)
    probs = {n: rng.dirichlet(np.ones(len(t.children)), 20) for n, t in PAPER_TREE.nodes.items()}
    genres = sorted(PAPER_TREE.genres)
    soft = route(PAPER_TREE, probs, genres, how="soft")
    assert np.allclose(soft.sum(1), 1)
    by_hand = probs["1"][:, 1] * probs["2b"][:, 0] * probs["3c"][:, 1]
    assert np.allclose(soft[:, genres.index("country")], by_hand)


def test_soft_routing_can_overrule_the_root():
    probs = {"1": np.array([[0.6, 0.4]]), "2": np.array([[0.5, 0.5]])}
    assert route(SMALL, probs, SMALL.genres, how="soft").argmax() == SMALL.genres.index("jazz")


def test_routing_refuses_other_genres_and_other_ways():
    probs = {"1": np.array([[1.0, 0.0]]), "2": np.array([[1.0, 0.0]])}
    with pytest.raises(EvaluationError, match="samba"):
        route(SMALL, probs, ("metal", "rock", "samba"))
    with pytest.raises(EvaluationError, match="'firm'"):
        route(SMALL, probs, SMALL.genres, how="firm")
