"""Trees of genres, their construction from a confusion matrix, and routing.

A tree defines the order of decisions, such as "strong or mild?" first. It contains no classifiers:
`mgrlib.systems.NodeByNode` trains one for each of its nodes.

Nodes are named as in Tang et al. (2018), by the number of the level and, if the level has several
nodes, a letter: 1, 2a, 2b, 3a, ...
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from mgrlib.errors import EvaluationError, explain, some
from mgrlib.shapes import check_shape

GenreLists = Sequence[Any]


@dataclass(frozen=True)
class Tree:
    """A node with everything below it; the root represents the whole tree.

    Args:
        children: two or more genres or nodes.

    Raises:
        EvaluationError: if there are fewer than two children, or if a genre appears twice.

    >>> tree = Tree.of([["metal", "rock"], "jazz"])
    >>> tree.genres
    ('metal', 'rock', 'jazz')
    >>> list(tree.nodes), tree.nodes["2"].genres
    (['1', '2'], ('metal', 'rock'))
    >>> tree.path("rock")
    (('1', 0), ('2', 1))
    """

    children: tuple[Tree | str, ...]

    def __post_init__(self) -> None:
        if len(self.children) < 2:
            raise EvaluationError(explain("Tree", "two or more children", str(self.children)))
        if len(set(self.genres)) < len(self.genres):
            duplicates = [g for g in dict.fromkeys(self.genres) if self.genres.count(g) > 1]
            raise EvaluationError(explain("Tree", "each genre once", some(duplicates)))

    @staticmethod
    def of(lists: GenreLists) -> Tree:
        """Build a tree from nested lists or tuples of genres."""
        return Tree(tuple(c if isinstance(c, str) else Tree.of(c) for c in lists))

    @property
    def nested(self) -> list[Any]:
        """The tree as nested lists, for files; the inverse of `Tree.of`."""
        return [c if isinstance(c, str) else c.nested for c in self.children]

    @cached_property
    def genres(self) -> tuple[str, ...]:
        """The genres below, from the first child to the last."""
        return tuple(g for child in self.children for g in leaves(child))

    @property
    def labels(self) -> tuple[str, ...]:
        """The label of each child: its genre, or its genres joined by "+"."""
        return tuple("+".join(leaves(child)) for child in self.children)

    @cached_property
    def nodes(self) -> dict[str, Tree]:
        """All nodes by name, level by level; the root is the first."""
        nodes: dict[str, Tree] = {}
        level: list[Tree] = [self]
        depth = 1
        while level:
            for i, node in enumerate(level):
                nodes[f"{depth}{chr(ord('a') + i) if len(level) > 1 else ''}"] = node
            level = [c for node in level for c in node.children if isinstance(c, Tree)]
            depth += 1
        return nodes

    def path(self, genre: str) -> tuple[tuple[str, int], ...]:
        """The path to a genre: the name of each node, and the index of the child to follow.

        Raises:
            EvaluationError: if the genre is not in the tree.
        """
        if genre not in self.genres:
            raise EvaluationError(explain("Tree.path", f"one of {self.genres}", repr(genre)))
        nodes = {name: node for name, node in self.nodes.items() if genre in node.genres}
        return tuple((name, node.child_of(genre)) for name, node in nodes.items())

    def child_of(self, genre: str) -> int:
        """The index of the child that contains a genre, or -1."""
        return next((i for i, child in enumerate(self.children) if genre in leaves(child)), -1)


def leaves(child: Tree | str) -> tuple[str, ...]:
    """The genres of a child: the child itself, or all genres below it."""
    return (child,) if isinstance(child, str) else child.genres


STRONG = (("hiphop", "metal", "rock"), ("pop", "reggae"))
MILD = (("disco", "country"), ("jazz", "classical", "blues"))

PAPER_TREE = Tree.of([STRONG, MILD])
"""The tree of Tang et al. (2018), figure 14: strong or mild, then two groups each, then a genre."""


def random_tree(like: Tree, seed: int) -> Tree:
    """Return a tree of the same shape with its genres in random order.

    >>> random_tree(Tree.of([["metal", "rock"], "jazz"]), seed=1).nested
    [['jazz', 'metal'], 'rock']
    """
    order = np.random.default_rng(seed).permutation(sorted(like.genres))
    genres: Iterator[str] = iter(order.tolist())

    def fill(node: Tree) -> Tree:
        return Tree(tuple(next(genres) if isinstance(c, str) else fill(c) for c in node.children))

    return fill(like)


def agglomerate(confusion: np.ndarray, genres: Sequence[str]) -> Tree:
    """Build a binary tree that joins the most confused genres first.

    The similarity of two genres is the sum of the fractions of each that are classified as the
    other. The similarity of two groups is the mean over their pairs of genres (average linkage).
    The two most similar groups are joined until one is left.

    Args:
        confusion: counts (K, K) with true genres in rows.
        genres: the K genres.

    >>> agglomerate(np.array([[5, 4, 1], [3, 6, 1], [0, 1, 9]]), ("metal", "rock", "jazz")).nested
    ['jazz', ['metal', 'rock']]
    """
    counts = np.asarray(confusion, dtype=float)
    n, hint = len(genres), "one row and one column per genre."
    check_shape("agglomerate", counts, hint, K=n, L=n)
    fractions = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    similarity = fractions + fractions.T
    groups: list[tuple[Tree | str, list[int]]]
    groups = [(genre, [k]) for k, genre in enumerate(genres)]
    while len(groups) > 1:
        pairs = [(i, j) for j in range(len(groups)) for i in range(j)]
        members = [numbers for _, numbers in groups]
        blocks = [np.ix_(members[i], members[j]) for i, j in pairs]
        means = [similarity[block].mean() for block in blocks]
        i, j = pairs[int(np.argmax(means))]
        pair = (Tree((groups[i][0], groups[j][0])), members[i] + members[j])
        groups = [g for k, g in enumerate(groups) if k not in (i, j)] + [pair]
    root = groups[0][0]
    if isinstance(root, str):
        expected = "two or more genres"
        raise EvaluationError(explain("agglomerate", expected, repr(root)))
    return root


def route(
    tree: Tree, probs: Mapping[str, np.ndarray], genres: Sequence[str], *, how: str = "hard"
) -> np.ndarray:
    """Compute each clip's probabilities of the genres, (M, K), from those of the nodes.

    Args:
        tree: the tree.
        probs: for each node name, the probabilities of the node's children, (M, n_children).
        genres: the order of the columns.
        how: "hard" follows the most probable child at each node, as the paper does, and gives the
            genre at the end probability 1. "soft" multiplies the probabilities along each path.

    Raises:
        EvaluationError: if `how` is neither of the two, or if `genres` differ from the tree's.

    >>> tree = Tree.of([["metal", "rock"], "jazz"])
    >>> probs = {"1": np.array([[.6, .4]]), "2": np.array([[.5, .5]])}
    >>> route(tree, probs, ("jazz", "metal", "rock"))
    array([[0., 1., 0.]])
    >>> route(tree, probs, ("jazz", "metal", "rock"), how="soft")
    array([[0.4, 0.3, 0.3]])
    """
    if how not in ("hard", "soft"):
        raise EvaluationError(explain("route", 'how="hard" or how="soft"', repr(how)))
    if set(genres) != set(tree.genres):
        differences = sorted(set(genres) ^ set(tree.genres))
        got = f"{some(differences)} in only one of them"
        raise EvaluationError(explain("route", "the genres of the tree", got))
    if how == "hard":
        probs = {name: np.eye(p.shape[1])[p.argmax(axis=1)] for name, p in probs.items()}
    columns = [
        np.prod([probs[name][:, child] for name, child in tree.path(genre)], axis=0)
        for genre in genres
    ]
    return np.stack(columns, axis=1)
