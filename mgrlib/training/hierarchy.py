"""Training a tree of classifiers, node by node, each on the clips of its own genres."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import nn

from mgrlib.errors import TrainingError, explain, some
from mgrlib.models.hierarchy import Classify, Hierarchy, Tree
from mgrlib.segments import Segments
from mgrlib.training.config import TrainConfig
from mgrlib.training.loop import batches, fit
from mgrlib.training.seeds import seeded

__all__ = ["estimators", "fit_hierarchy", "networks", "node_parts", "node_segments"]

Teach = Callable[[str, Segments, Segments | None], Classify]
BATCH = 64


def node_segments(node: Tree, segments: Segments) -> Segments:
    """The segments of a node's genres, labelled by the number of the child they belong to.

    Raises:
        TrainingError: no clip of any of these genres.
    """
    child = torch.tensor([node.child_of(genre) for genre in segments.genres])
    wanted = set(segments.clip[child[segments.y] >= 0].tolist())
    if not wanted:
        got = f"none among {segments.n_clips} clips"
        raise TrainingError(explain("node_segments", f"clips of {node.genres}", got))
    own = segments.of([c for m, c in enumerate(segments.clip_ids) if m in wanted])
    return replace(own, y=child[own.y], genres=node.labels)


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


def node_parts(
    tree: Tree, train: Segments, valid: Segments | None = None
) -> Iterator[tuple[str, Segments, Segments | None]]:
    """Each node's name, its training segments, and its validation segments where it has any.

    Raises:
        TrainingError: a child of some node without a training clip.
    """
    for name, node in tree.nodes.items():
        own = node_segments(node, train)
        empty = [node.labels[k] for k in range(own.n_classes) if not bool((own.y == k).any())]
        if empty:
            got = f"none of {some(empty)}"
            raise TrainingError(explain(f"node {name}", "clips of every child", got))
        known = valid is not None and any(g in node.genres for g in _present(valid))
        yield name, own, node_segments(node, valid) if valid is not None and known else None


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


def _present(segments: Segments) -> set[str]:
    return {segments.genres[k] for k in segments.y.unique().tolist()}


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
