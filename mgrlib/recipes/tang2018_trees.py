"""What the old recipes of Tang et al. (2018) train a tree with; goes with them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import nn

from mgrlib.errors import EvaluationError, explain, some
from mgrlib.evaluation.aggregation import Aggregate, mean_probs
from mgrlib.evaluation.node_answers import NodeAnswers
from mgrlib.models.tree import Tree
from mgrlib.segments import Segments
from mgrlib.training.config import TrainConfig
from mgrlib.training.loop import batches, fit
from mgrlib.training.nodes import node_parts
from mgrlib.training.seeds import seeded

Classify = Callable[[Any], np.ndarray]
Teach = Callable[[str, Segments, Segments | None], Classify]
BATCH = 64


@dataclass(frozen=True)
class Hierarchy:
    """A tree with a trained classifier at each node.

    Args:
        tree: the questions.
        classifiers: by node name, a function from segments to the probabilities of the node's
            children, (S, n_children).

    Raises:
        EvaluationError: a node without classifier.
    """

    tree: Tree
    classifiers: Mapping[str, Classify]

    def __post_init__(self) -> None:
        missing = [name for name in self.tree.nodes if name not in self.classifiers]
        if missing:
            raise EvaluationError(
                explain("Hierarchy", "a classifier a node", f"no {some(missing)}")
            )


def fit_hierarchy(
    tree: Tree, teach: Teach, train: Segments, valid: Segments | None = None
) -> Hierarchy:
    """A classifier for every node of the tree, each trained on its own genres only.

    Args:
        teach: `(node name, train, valid) -> classifier`, as `networks` and `estimators` make it. It
            is given segments whose classes are the node's children.
        valid: may be missing or empty, as a whole or for a node.

    Raises:
        TrainingError: a child of some node without a training clip.
    """
    parts = node_parts(tree, train, valid)
    return Hierarchy(tree, {name: teach(name, own, checked) for name, own, checked in parts})


def networks(
    make: Callable[[Segments], nn.Module],
    config: TrainConfig,
    epochs: Mapping[str, int] | None = None,
) -> Teach:
    """Teach each node with `fit`.

    Args:
        make: a fresh network for these segments.
        config: of every node.
        epochs: those of a node, by its name, in place of the config's.
    """

    def teach(name: str, train: Segments, valid: Segments | None) -> Classify:
        own = replace(config, epochs=(epochs or {}).get(name, config.epochs))
        with seeded(own.seed):
            model = make(train)
        fit(model, train, valid, own)
        return lambda segments: _network_probs(model, segments)

    return teach


def estimators(make: Callable[[], Any]) -> Teach:
    """Teach each node with a scikit-learn classifier, on flattened segments; `valid` trains too.

    A classifier without `predict_proba` gives all probability to its answer.
    """

    def teach(name: str, train: Segments, valid: Segments | None) -> Classify:
        parts = [train] if valid is None else [train, valid]
        x = np.concatenate([_rows(part) for part in parts])
        estimator = make().fit(x, np.concatenate([part.y.numpy() for part in parts]))
        if hasattr(estimator, "predict_proba"):
            return lambda segments: np.asarray(estimator.predict_proba(_rows(segments)))
        one_hot = np.eye(train.n_classes)
        return lambda segments: one_hot[estimator.predict(_rows(segments))]

    return teach


def _rows(segments: Segments) -> np.ndarray:
    """Each segment in one row, (S, ...) -> (S, D)."""
    return segments.inputs[0].flatten(1).numpy()


def _network_probs(model: nn.Module, segments: Segments) -> np.ndarray:
    """(S, K) in evaluation mode, on the device where the weights are."""
    model.eval()
    device = next(model.parameters()).device
    with torch.inference_mode():
        parts = [
            model(*x).double().softmax(1).cpu() for x, _ in batches(segments, BATCH, None, device)
        ]
    return torch.cat(parts).numpy()


def ask(
    hierarchy: Hierarchy, segments: Segments, *, aggregate: Aggregate = mean_probs
) -> NodeAnswers:
    """Put every node's question to every clip; a clip's segments are joined node by node.

    Raises:
        EvaluationError: no segment, or genres that are not the tree's.
    """
    if not len(segments):
        raise EvaluationError(explain("ask", "at least one segment", "none"))
    clip = segments.clip.numpy()
    present, first, row = np.unique(clip, return_index=True, return_inverse=True)
    probs = {
        name: aggregate(classify(segments), row, len(present))
        for name, classify in hierarchy.classifiers.items()
    }
    clip_ids = tuple(segments.clip_ids[m] for m in present)
    return NodeAnswers(hierarchy.tree, clip_ids, segments.y.numpy()[first], segments.genres, probs)
