"""How the systems of Tang et al. (2018) are trained on one split: a network, or a tree of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from mgrlib.errors import RecipeError, explain
from mgrlib.models.baselines import linear
from mgrlib.models.tree import PAPER_TREE, Tree, agglomerate, random_tree
from mgrlib.recipes.core import Learned, Recipe, learn_network
from mgrlib.recipes.tang2018_reported import NODE_EPOCHS
from mgrlib.recipes.tang2018_trees import ask, fit_hierarchy, networks
from mgrlib.segments import Segments
from mgrlib.training.config import TrainConfig

__all__ = [
    "FLAT_EPOCHS",
    "as_in_paper",
    "budget",
    "learn_flat",
    "learn_hierarchy",
    "learnt_tree",
    "statistics",
]

# 420 clips of six genres, or 700 of ten, are 70 a genre, and a batch has 35.
CLIPS_A_GENRE, BATCH = 70, 35
INNER_FOLDS = 4


def budget(tree: Tree, epochs: Mapping[str, int]) -> int:
    """Genres that all nodes read together: one genre's clips read once count 1.

    >>> budget(Tree.of([["metal", "rock"], "jazz"]), {"1": 10, "2": 5})
    40
    """
    return sum(len(node.genres) * epochs[name] for name, node in tree.nodes.items())


FLAT_EPOCHS = -(-budget(PAPER_TREE, NODE_EPOCHS) // len(PAPER_TREE.genres))
"""Epochs in which one network of ten genres reads as many clips as the paper's seven together."""


def as_in_paper(config: TrainConfig, train: Segments) -> TrainConfig:
    """The config with batches of half a genre's training clips, at least 2.

    The paper's batch of 35 is half of its 70 clips a genre. Where a genre has fewer clips, an epoch
    then still has as many steps as the paper's, and numbers of epochs mean the same.
    """
    a_genre = len(train) / train.n_classes
    return replace(config, batch_size=max(2, round(BATCH * a_genre / CLIPS_A_GENRE)))


def learn_flat(
    recipe: Recipe, train: Segments, valid: Segments, test: Segments, config: TrainConfig
) -> Learned:
    """One network for all genres, in batches as in the paper."""
    told = as_in_paper(config, train)
    learned = learn_network(recipe, train, valid, test, told)
    return replace(learned, extra={"batch_size": told.batch_size})


def learn_hierarchy(
    recipe: Recipe, train: Segments, valid: Segments, test: Segments, config: TrainConfig
) -> Learned:
    """A network at every node of the tree that `recipe.options["tree"]` names, routed hard.

    "paper" is the paper's tree, "random" one of its form with its genres in places that depend on
    the seed, "learnt" one that is grown from the training clips. Nodes of the paper's form are
    trained for the paper's epochs, those of another form all for the same number, so that all nodes
    together read as many clips. `extra` keeps every node's answers.
    """
    options = dict(recipe.options)
    tree = _tree(options.pop("tree"), train, config.seed)
    told = as_in_paper(config, train)
    epochs = _node_epochs(tree, config.epochs / FLAT_EPOCHS)

    def make(segments: Segments) -> torch.nn.Module:
        made: torch.nn.Module = recipe.model(segments.n_classes, segments.input_shape, **options)
        return made

    started = time.perf_counter()
    teach = networks(make, told, epochs)
    hierarchy = fit_hierarchy(tree, teach, train, valid if len(valid) else None)
    seconds = time.perf_counter() - started
    answers = ask(hierarchy, test)
    extra = {"batch_size": told.batch_size, "epochs": epochs, "answers": answers.to_dict()}
    return Learned(answers.route("hard"), seconds, extra=extra)


def _tree(kind: str, train: Segments, seed: int) -> Tree:
    makers: dict[str, Callable[[], Tree]] = {
        "paper": lambda: PAPER_TREE,
        "random": lambda: random_tree(PAPER_TREE, seed),
        "learnt": lambda: learnt_tree(statistics(train), seed),
    }
    if kind not in makers:
        raise RecipeError(explain("tree", f"one of {sorted(makers)}", repr(kind)))
    return makers[kind]()


def _node_epochs(tree: Tree, share: float) -> dict[str, int]:
    """Each node's epochs: this share of the paper's budget."""
    told: Mapping[str, float] = NODE_EPOCHS
    if [len(n.genres) for n in tree.nodes.values()] != [
        len(n.genres) for n in PAPER_TREE.nodes.values()
    ]:
        even = budget(PAPER_TREE, NODE_EPOCHS) / sum(len(n.genres) for n in tree.nodes.values())
        told = dict.fromkeys(tree.nodes, even)
    return {name: max(1, round(epochs * share)) for name, epochs in told.items()}


def learnt_tree(
    train: Segments, seed: int, make: Callable[[int], Any] = linear, n_folds: int = INNER_FOLDS
) -> Tree:
    """The tree that joins first what a quick classifier confuses most *among the training clips*.

    Each training clip is judged by a classifier that was fitted on the others of its fold, so that
    the confusion is that of unheard clips; no test clip takes part.

    Args:
        train: rows of numbers, as `statistics` makes them.
        make: of the classifier, from a seed.
    """
    x, y = train.inputs[0].flatten(1).numpy(), train.y.numpy()
    fewest = int(np.bincount(y, minlength=train.n_classes).min())
    if fewest < 2:
        raise RecipeError(explain("learnt_tree", "two training clips a genre", str(fewest)))
    folds = StratifiedKFold(min(n_folds, fewest), shuffle=True, random_state=seed)
    guessed = cross_val_predict(make(seed), x, y, cv=folds)
    confusion = np.zeros((train.n_classes, train.n_classes), dtype=np.int64)
    np.add.at(confusion, (y, guessed), 1)
    return agglomerate(confusion, train.genres)


def statistics(segments: Segments) -> Segments:
    """Sequences (S, F, T) as the mean and the deviation of each row over time, (S, 2 F)."""

    def both(x: torch.Tensor) -> torch.Tensor:
        mean = x.mean(2, keepdim=True)  # (S, F, 1)
        deviation = (x - mean).square().mean(2).sqrt()  # (S, F)
        return torch.cat([mean[:, :, 0], deviation], dim=1)  # (S, 2 F)

    return segments.map(both)
