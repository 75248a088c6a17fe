"""Learners: the ways to make a classifier of a recipe and prepared segments.

A learner is a frozen value with two methods: `learn` trains a classifier, `restore` makes the same
one again from what `Classifier.saved` wrote. A paper that trains in a way of its own defines one
more in its package; nothing has to be registered.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from torch import nn

from mgrlib.errors import RecipeError, StorageError, explain
from mgrlib.evaluation.aggregation import mean_probs
from mgrlib.models.tree import Tree
from mgrlib.segments import Segments
from mgrlib.systems.classifiers import (
    Classifier,
    EstimatorClassifier,
    NetworkClassifier,
    TreeClassifier,
    flat,
)
from mgrlib.systems.recipe import Recipe
from mgrlib.training.config import Run, TrainConfig
from mgrlib.training.loop import Augment, Loss, cross_entropy, fit
from mgrlib.training.nodes import node_parts
from mgrlib.training.seeds import seeded


@dataclass(frozen=True, eq=False)
class Learned:
    """What a learner made.

    Args:
        classifier: of prepared segments.
        seconds: spent on training.
        run: the training, where one network was trained by `fit`.
        details: whatever else a record should keep, as plain values.
    """

    classifier: Classifier
    seconds: float
    run: Run | None = None
    details: Mapping[str, Any] | None = None


class Learner(Protocol):
    """A way to train; a frozen dataclass, which is part of the recipe's key.

    A learner that looks at more than the classifier will, as one with a teacher does, has a
    property `features` with what it needs besides the recipe's; training segments have these
    modalities last.
    """

    def learn(
        self, recipe: Recipe, train: Segments, valid: Segments | None, config: TrainConfig
    ) -> Learned:
        """A classifier trained on prepared segments; `valid` is never empty."""

    def restore(self, recipe: Recipe, saved: Mapping[str, Any], n_classes: int) -> Classifier:
        """The classifier that `Classifier.saved` wrote."""


def epochs_of_steps(config: TrainConfig, n_segments: int, n_steps: float) -> int:
    """How many epochs of so many segments make at least `n_steps` steps.

    A last batch of one segment joins the batch before it, as in `mgrlib.training.fit`.

    >>> epochs_of_steps(TrainConfig(batch_size=128), 80, 70)
    70
    >>> epochs_of_steps(TrainConfig(batch_size=128), 800, 70)
    10
    """
    steps = max(1, math.ceil((n_segments - 1) / config.batch_size))
    return math.ceil(n_steps / steps)


@dataclass(frozen=True)
class Network:
    """A network trained with `fit`.

    Args:
        steps_per_epoch: an epoch of the recipe counts as so many steps, whatever the size of the
            corpus; None takes epochs as they are.
        batch_per_genre: the batch as a fraction of a genre's training segments, at least 2 of them;
            None takes the recipe's batch size.
        make: `(recipe, n_classes, shapes, seed) -> network`, for networks that do not begin from
            their own first weights; None takes the recipe's model.
    """

    steps_per_epoch: int | None = None
    batch_per_genre: float | None = None
    make: Callable[..., nn.Module] | None = None

    def paced(self, config: TrainConfig, train: Segments) -> TrainConfig:
        """The config with this learner's batch size and number of epochs."""
        if self.batch_per_genre is not None:
            size = round(self.batch_per_genre * len(train) / train.n_classes)
            config = replace(config, batch_size=max(2, size))
        if self.steps_per_epoch is not None:
            n_steps = config.epochs * self.steps_per_epoch
            config = replace(config, epochs=epochs_of_steps(config, len(train), n_steps))
        return config

    def loss(self, train: Segments) -> Loss:
        """What is minimized; a learner with another loss overrides this."""
        return cross_entropy

    def augment(self, recipe: Recipe, network: nn.Module) -> Augment | None:
        """What changes each training batch; a learner that attacks its network overrides this."""
        return recipe.augment

    def network(
        self, recipe: Recipe, n_classes: int, shapes: tuple[tuple[int, ...], ...], seed: int
    ) -> nn.Module:
        """The network before training."""
        with seeded(seed):
            if self.make is not None:
                return self.make(recipe, n_classes, shapes, seed)
            return recipe.network(n_classes, shapes)

    def learn(
        self, recipe: Recipe, train: Segments, valid: Segments | None, config: TrainConfig
    ) -> Learned:
        """The network after training."""
        config = self.paced(config, train)
        shapes = tuple(tuple(x.shape[1:]) for x in train.inputs)
        network = self.network(recipe, train.n_classes, shapes, config.seed)
        loss, augment = self.loss(train), self.augment(recipe, network)
        run = fit(network, train, valid, config, loss=loss, augment=augment)
        details: dict[str, Any] = {}
        if self.batch_per_genre is not None:
            details["batch_size"] = config.batch_size
        if config.precision == "auto":
            details["precision"] = run.config.precision
        return Learned(NetworkClassifier(network.eval(), shapes), run.seconds, run, details)

    def restore(self, recipe: Recipe, saved: Mapping[str, Any], n_classes: int) -> Classifier:
        """The network with the saved weights."""
        shapes = tuple(tuple(shape) for shape in saved["shapes"])
        network = self.network(recipe, n_classes, shapes, seed=0)
        _load(network, saved["weights"], recipe.name)
        return NetworkClassifier(network.eval(), shapes)


@dataclass(frozen=True)
class Estimator:
    """A scikit-learn classifier on flattened inputs (S, D); validation segments train too.

    `recipe.model` is called with the seed and the recipe's options.

    Args:
        use_valid: whether validation segments are added to the training segments.
    """

    use_valid: bool = True

    def learn(
        self, recipe: Recipe, train: Segments, valid: Segments | None, config: TrainConfig
    ) -> Learned:
        """The fitted estimator."""
        parts = [train, valid] if self.use_valid and valid is not None else [train]
        x = np.concatenate([flat(part).inputs[0].numpy() for part in parts])
        y = np.concatenate([part.y.numpy() for part in parts])
        started = time.perf_counter()
        estimator = recipe.model(config.seed, **recipe.options).fit(x, y)
        seconds = time.perf_counter() - started
        return Learned(EstimatorClassifier(estimator), seconds)

    def restore(self, recipe: Recipe, saved: Mapping[str, Any], n_classes: int) -> Classifier:
        """The estimator, read by skops, which runs no code of the file."""
        return EstimatorClassifier(_estimator(saved, recipe.name))


@dataclass(frozen=True)
class NodeByNode:
    """A tree of genres, with a classifier for each node that is trained on the node's genres only.

    Args:
        tree: `(train, seed) -> Tree`, from prepared training segments.
        node: how each node's classifier is learned.
        epochs: `(tree, epochs of the recipe) -> epochs of each node, by its name`; None gives each
            node the recipe's.
    """

    tree: Callable[[Segments, int], Tree]
    node: Network | Estimator = Network()
    epochs: Callable[[Tree, int], Mapping[str, int]] | None = None

    def learn(
        self, recipe: Recipe, train: Segments, valid: Segments | None, config: TrainConfig
    ) -> Learned:
        """The trained tree."""
        tree, node = self.tree(train, config.seed), self.node
        if isinstance(node, Network):  # the batch is settled once, by the whole training set
            config = node.paced(config, train)
            node = Network(make=node.make)
        epochs = dict(self.epochs(tree, config.epochs)) if self.epochs else {}
        parts, seconds, train_accuracy = {}, 0.0, {}
        for name, part, checked in node_parts(tree, train, valid):
            own = replace(config, epochs=epochs.get(name, config.epochs))
            parts[name] = node.learn(recipe, part, checked, own)
            seconds += parts[name].seconds
            right = parts[name].classifier.predict(part, mean_probs).correct
            train_accuracy[name] = round(float(right.mean()), 4)
        nodes = {name: part.classifier for name, part in parts.items()}
        details = {
            "batch_size": config.batch_size,
            "epochs": epochs,
            "tree": tree.nested,
            "train_accuracy": train_accuracy,
        }
        if config.precision == "auto":
            details["precision"] = {n: (part.details or {}) for n, part in parts.items()}
        return Learned(TreeClassifier(tree, nodes), seconds, None, details)  # type: ignore[arg-type]

    def restore(self, recipe: Recipe, saved: Mapping[str, Any], n_classes: int) -> Classifier:
        """The tree with every node's classifier."""
        tree = Tree.of(saved["tree"])
        nodes = {
            name: self.node.restore(recipe, saved["nodes"][name], len(node.children))
            for name, node in tree.nodes.items()
        }
        return TreeClassifier(tree, nodes)  # type: ignore[arg-type]


def _load(network: nn.Module, weights: Mapping[str, Any], name: str) -> None:
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        got = str(error).splitlines()[-1].strip()
        raise StorageError(
            explain(f"weights of {name}", "the network's own layers", got)
        ) from error


def _estimator(saved: Mapping[str, Any], name: str) -> Any:
    from skops.io import get_untrusted_types, loads

    content = saved["skops"].numpy().tobytes()
    unknown = get_untrusted_types(data=content)
    foreign = [kind for kind in unknown if not kind.startswith(("sklearn.", "numpy."))]
    if foreign:
        hint = "do not open the file unless you know who made it."
        raise RecipeError(explain(f"system {name}", "scikit-learn's classes", str(foreign), hint))
    return loads(content, trusted=unknown)
