"""The trees of Tang et al. (2018), and how long their nodes are trained, for `NodeByNode`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from mgrlib.errors import RecipeError, explain
from mgrlib.models.baselines import linear
from mgrlib.models.tree import PAPER_TREE, Tree, agglomerate, random_tree
from mgrlib.rows import applied
from mgrlib.segments import Segments
from mgrlib.systems.prepare import RowStatistics

NODE_EPOCHS = {"1": 35, "2a": 20, "2b": 35, "3a": 40, "3b": 20, "3c": 20, "3d": 40}
"""How long each of the seven networks is trained: table 3."""

INNER_FOLDS = 4


def budget(tree: Tree, epochs: Mapping[str, int]) -> int:
    """Genres that all nodes read together: reading one genre's clips once counts 1.

    >>> budget(Tree.of([["metal", "rock"], "jazz"]), {"1": 10, "2": 5})
    40
    """
    return sum(len(node.genres) * epochs[name] for name, node in tree.nodes.items())


FLAT_EPOCHS = -(-budget(PAPER_TREE, NODE_EPOCHS) // len(PAPER_TREE.genres))
"""Epochs in which one network of ten genres reads as many clips as the paper's seven together."""


def node_epochs(tree: Tree, epochs: int) -> dict[str, int]:
    """Each node's epochs, so that all nodes read what one flat network reads in so many epochs.

    Nodes of a tree of the paper's form share them as in the paper, those of another form equally.
    """
    budgets: Mapping[str, float] = NODE_EPOCHS
    sizes = [len(node.genres) for node in tree.nodes.values()]
    if sizes != [len(node.genres) for node in PAPER_TREE.nodes.values()]:
        even = budget(PAPER_TREE, NODE_EPOCHS) / sum(sizes)
        budgets = dict.fromkeys(tree.nodes, even)
    fraction = epochs / FLAT_EPOCHS
    return {name: max(1, round(n * fraction)) for name, n in budgets.items()}


def paper_tree(train: Segments, seed: int) -> Tree:
    """The paper's tree, whatever the clips."""
    return PAPER_TREE


@dataclass(frozen=True)
class RandomTree:
    """A tree of the paper's form with its genres in random places, which depend on the seed.

    Args:
        number: which of the trees of one seed.
        n_per_seed: how many trees each seed has.
    """

    number: int = 0
    n_per_seed: int = 1

    def __call__(self, train: Segments, seed: int) -> Tree:
        """The tree."""
        return random_tree(PAPER_TREE, self.n_per_seed * seed + self.number)


def grown_tree(train: Segments, seed: int) -> Tree:
    """The tree that joins first what logistic regression confuses most *among the training clips*.

    Each training clip is judged by a classifier that was fitted on the others of its fold, so that
    the confusion is that of unseen clips; no test clip takes part. Sequences (S, F, T) are first
    reduced to the mean and standard deviation of each row.

    Raises:
        RecipeError: a genre with fewer than two training clips.
    """
    x, y = train.inputs[0], train.y.numpy()
    change = RowStatistics().change if x.ndim == 3 else partial(torch.flatten, start_dim=1)
    rows = applied(x, change).numpy()
    fewest = int(np.bincount(y, minlength=train.n_classes).min())
    if fewest < 2:
        raise RecipeError(explain("grown_tree", "two training clips per genre", str(fewest)))
    folds = StratifiedKFold(min(INNER_FOLDS, fewest), shuffle=True, random_state=seed)
    guesses = cross_val_predict(linear(seed), rows, y, cv=folds)
    confusion = np.zeros((train.n_classes, train.n_classes), dtype=np.int64)
    np.add.at(confusion, (y, guesses), 1)
    return agglomerate(confusion, train.genres)
