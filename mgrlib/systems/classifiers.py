"""Classifiers: what learning leaves behind, from prepared segments to predictions.

Each kind answers, and can be written to a file and read from it without running anyone's code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import torch
from torch import nn

from mgrlib.evaluation.aggregation import Aggregate
from mgrlib.evaluation.hierarchy import NodeAnswers, ask
from mgrlib.evaluation.predictions import Predictions, predict, predict_sklearn
from mgrlib.models.hierarchy import Hierarchy, Tree
from mgrlib.segments import Segments

__all__ = ["Classifier", "EstimatorClassifier", "NetworkClassifier", "TreeClassifier", "flat"]


class Classifier(Protocol):
    """A trained classifier of prepared segments."""

    def predict(self, segments: Segments, aggregate: Aggregate) -> Predictions:
        """One row for each clip; `aggregate` joins the probabilities of a clip's segments."""

    def saved(self) -> Mapping[str, Any]:
        """All that is needed to make it again: tensors, numbers, texts, lists and dictionaries."""


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

    def answers(self, segments: Segments, aggregate: Aggregate) -> NodeAnswers:
        """What every node says of every clip."""
        hierarchy = Hierarchy(self.tree, {name: self._classify(name) for name in self.tree.nodes})
        return ask(hierarchy, segments, aggregate=aggregate)

    def _classify(self, name: str) -> Any:
        """A function from segments to the probabilities of a node's children, (S, n_children)."""
        node, labels = self.nodes[name], self.tree.nodes[name].labels

        def classify(segments: Segments) -> np.ndarray:
            n = len(segments)
            ids = tuple(str(i) for i in range(n))
            single = replace(
                segments,
                y=torch.zeros(n, dtype=torch.int64),
                clip=torch.arange(n),
                clip_ids=ids,
                genres=labels,
            )
            return node.predict(single, first_of_one).probs

        return classify

    def predict(self, segments: Segments, aggregate: Aggregate) -> Predictions:
        """The genre where the most probable children lead."""
        return self.answers(segments, aggregate).route("hard")

    def saved(self) -> Mapping[str, Any]:
        """The tree and each node's classifier."""
        nodes = {name: dict(node.saved()) for name, node in self.nodes.items()}
        return {"kind": "tree", "tree": self.tree.nested, "nodes": nodes}


def first_of_one(probs: np.ndarray, row: np.ndarray, n_clips: int) -> np.ndarray:
    """The probabilities as they are, for clips of one segment each."""
    return probs


def flat(segments: Segments) -> Segments:
    """The same segments with all modalities in one row each, (S, D)."""
    x = torch.cat([x.flatten(1) for x in segments.inputs], 1)
    return replace(segments, inputs=(x,))
