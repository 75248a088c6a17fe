"""Classifiers: what learning leaves behind, from prepared segments to predictions.

Each kind answers, and can be written to a file and read from it without running anyone's code.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np
import torch
from torch import nn

from mgrlib.evaluation.aggregation import Aggregate, mean_probs
from mgrlib.evaluation.node_answers import NodeAnswers
from mgrlib.evaluation.predictions import Predictions, predict, predict_sklearn
from mgrlib.models.tree import Tree
from mgrlib.segments import Segments


class Classifier(Protocol):
    """A trained classifier of prepared segments."""

    def predict(self, segments: Segments, aggregate: Aggregate) -> Predictions:
        """One row for each clip; `aggregate` joins the probabilities of a clip's segments."""

    def saved(self) -> Mapping[str, Any]:
        """All that is needed to make it again: tensors, numbers, texts, lists and dictionaries."""


@runtime_checkable
class Detailed(Protocol):
    """A classifier that has more to record of test clips than its predictions."""

    def details(self, segments: Segments) -> Mapping[str, Any]:
        """What a record keeps of these segments, as plain values by name."""


@dataclass(frozen=True, eq=False)
class NetworkClassifier:
    """A network from segments to logits.

    Args:
        network: trained, in evaluation mode.
        shapes: of one segment, one for each modality.
    """

    network: nn.Module
    shapes: tuple[tuple[int, ...], ...]

    def predict(self, segments: Segments, aggregate: Aggregate) -> Predictions:
        """Softmax of the logits, joined by clip."""
        return predict(self.network, segments, aggregate=aggregate)

    def saved(self) -> Mapping[str, Any]:
        """Weights and input shapes."""
        shapes = [list(shape) for shape in self.shapes]
        return {"kind": "network", "shapes": shapes, "weights": self.network.state_dict()}


@dataclass(frozen=True, eq=False)
class EstimatorClassifier:
    """A fitted scikit-learn classifier of rows (S, D)."""

    estimator: Any

    def predict(self, segments: Segments, aggregate: Aggregate) -> Predictions:
        """Its probabilities, or all probability for its answer, joined by clip."""
        return predict_sklearn(self.estimator, flat(segments), aggregate=aggregate)

    def saved(self) -> Mapping[str, Any]:
        """The estimator in the form of skops, which holds no code."""
        from skops.io import dumps

        content = np.frombuffer(dumps(self.estimator), dtype=np.uint8)
        return {"kind": "estimator", "skops": torch.from_numpy(content.copy())}


@dataclass(frozen=True, eq=False)
class TreeClassifier:
    """A tree of genres with a classifier at every node, routed hard.

    Args:
        tree: the questions.
        nodes: by node name, the classifier of the node's children.
    """

    tree: Tree
    nodes: Mapping[str, NetworkClassifier | EstimatorClassifier]

    def answers(self, segments: Segments, aggregate: Aggregate = mean_probs) -> NodeAnswers:
        """What every node says of every clip; a clip's segments are joined node by node.

        Raises:
            EvaluationError: no segment, or genres that are not the tree's.
        """
        tables = {}
        for name, node in self.tree.nodes.items():
            question = replace(segments, y=torch.zeros_like(segments.y), genres=node.labels)
            tables[name] = self.nodes[name].predict(question, aggregate)
        first = np.unique(segments.clip.numpy(), return_index=True)[1]  # a segment of each clip
        clip_ids = next(iter(tables.values())).clip_ids
        probs = {name: table.probs for name, table in tables.items()}
        truth = segments.y.numpy()[first]
        return NodeAnswers(self.tree, clip_ids, truth, segments.genres, probs)

    def predict(self, segments: Segments, aggregate: Aggregate) -> Predictions:
        """The genre where the most probable children lead."""
        return self.answers(segments, aggregate).route("hard")

    def details(self, segments: Segments) -> Mapping[str, Any]:
        """Every node's answers, from which other routes than the hard one can be taken."""
        return {"answers": self.answers(segments).to_dict()}

    def saved(self) -> Mapping[str, Any]:
        """The tree and each node's classifier."""
        nodes = {name: dict(node.saved()) for name, node in self.nodes.items()}
        return {"kind": "tree", "tree": self.tree.nested, "nodes": nodes}


def flat(segments: Segments) -> Segments:
    """The same segments with all modalities in one row each, (S, D), in memory."""
    n_columns = sum(math.prod(x.shape[1:]) for x in segments.inputs)
    rows, start = torch.empty(len(segments), n_columns), 0
    for inputs in segments.in_order():
        end = start + len(inputs[0])
        torch.cat([x.flatten(1) for x in inputs], 1, out=rows[start:end])
        start = end
    return replace(segments, inputs=(rows,))
