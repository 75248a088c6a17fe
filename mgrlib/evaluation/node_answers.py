"""The answers of every node in a tree of classifiers, and how their errors combine.

Tang et al. (2018) multiply the accuracies along a path of their tree. `NodeAnswers.groups` compares
that product with the measured accuracy and decomposes their difference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from mgrlib.errors import EvaluationError, ShapeError, explain
from mgrlib.evaluation.intervals import wilson
from mgrlib.evaluation.predictions import Predictions
from mgrlib.models.tree import Tree, route


@dataclass(frozen=True, eq=False)
class NodeAnswers:
    """The probabilities that every node of a tree assigns to every clip, and the true genres.

    A node is applied to all clips, including those of genres that it was not trained on, because a
    clip can reach it through an error of an earlier node.

    Args:
        tree: the tree of genres.
        clip_ids: M different clips.
        truth: (M,), the index of each clip's genre in `genres`.
        genres: the K genres of the tree, in the order of the corpus.
        probs: for each node name, the probabilities of the node's children, (M, n_children).

    Raises:
        ShapeError: if the shapes do not match.
        EvaluationError: if a node has no probabilities, or if `genres` differ from the tree's.
    """

    tree: Tree
    clip_ids: tuple[str, ...]
    truth: np.ndarray
    genres: tuple[str, ...]
    probs: Mapping[str, np.ndarray]

    def __post_init__(self) -> None:
        if set(self.genres) != set(self.tree.genres):
            got = f"{self.tree.genres}"
            raise EvaluationError(explain("NodeAnswers", f"a tree of {self.genres}", got))
        for name, node in self.tree.nodes.items():
            expected = (len(self.clip_ids), len(node.children))
            shape = np.shape(self.probs.get(name, ()))
            if shape != expected:
                raise ShapeError(explain(f"node {name}", f"probabilities {expected}", f"{shape}"))

    def __repr__(self) -> str:
        return f"NodeAnswers({len(self.tree.nodes)} nodes, {len(self.clip_ids)} clips)"

    def route(self, how: str = "hard") -> Predictions:
        """Predict genres by "hard" or "soft" routing; see `mgrlib.models.tree.route`."""
        probs = route(self.tree, self.probs, self.genres, how=how)
        return Predictions(self.clip_ids, self.truth, probs, self.genres)

    def below(self, name: str) -> np.ndarray:
        """Whether each clip's genre is below this node, (M,) bool."""
        return self._true_children(name) >= 0

    def right(self, name: str) -> np.ndarray:
        """Whether the node chooses the child that contains the clip's genre, (M,) bool."""
        return self._true_children(name) == self.probs[name].argmax(axis=1)

    def arrivals(self, name: str) -> np.ndarray:
        """Whether each clip of this node's genres is routed to it from the root, (M,) bool."""
        genres = set(self.tree.nodes[name].genres)
        ancestors = [n for n, node in self.tree.nodes.items() if genres < set(node.genres)]
        return self.below(name) & np.all([self.below(name), *map(self.right, ancestors)], axis=0)

    def node(self, name: str) -> Predictions:
        """A node's predictions for the clips of its genres; its classes are its children.

        Raises:
            EvaluationError: if there is no such clip.
        """
        rows, children = np.flatnonzero(self.below(name)), self._true_children(name)
        clip_ids = tuple(self.clip_ids[m] for m in rows)
        labels = self.tree.nodes[name].labels
        return Predictions(clip_ids, children[rows], self.probs[name][rows], labels)

    def table(self) -> pd.DataFrame:
        """A table with one row per node: what the node decides, and its accuracy.

        The columns are asks (the node's children); n, correct, accuracy, low and high on all clips
        of its genres, which is what a paper would report; n_reached and accuracy_reached on those
        clips that all earlier nodes route correctly; n_astray and accuracy_astray on the remaining
        clips (NaN if there are none).
        """
        rows = []
        for name, node in self.tree.nodes.items():
            clips, right, arrivals = self.below(name), self.right(name), self.arrivals(name)
            interval = wilson(int(right[clips].sum()), int(clips.sum()))
            astray = clips & ~arrivals
            rows.append(
                {
                    "node": name,
                    "asks": " or ".join(node.labels),
                    "n": interval.n,
                    "correct": int(right[clips].sum()),
                    "accuracy": interval.value,
                    "low": interval.low,
                    "high": interval.high,
                    "n_reached": int(arrivals.sum()),
                    "accuracy_reached": _fraction(right, arrivals),
                    "n_astray": int(astray.sum()),
                    "accuracy_astray": _fraction(right, astray),
                }
            )
        return pd.DataFrame(rows).set_index("node")

    def groups(self) -> pd.DataFrame:
        """A table with one row per lowest node: the paper's product and the measured accuracy.

        The columns are genres and n; `product`, the product of the accuracies of the nodes on the
        path, each over all of its clips, as in Tang et al. (2018), table 4; `own_product`, the same
        product with each node's accuracy on the clips of this group; and `measured`, the fraction
        of the group's clips that hard routing classifies correctly. The difference own_product -
        product arises because a node is not equally accurate on all of its genres, and measured -
        own_product because the errors of different nodes are not independent.
        """
        paths: dict[tuple[str, ...], list[str]] = {}
        for genre in self.genres:
            paths.setdefault(tuple(name for name, _ in self.tree.path(genre)), []).append(genre)
        rows = []
        for path, genres in paths.items():
            clips = np.isin(self.truth, [self.genres.index(g) for g in genres])
            rows.append(
                {
                    "node": path[-1],
                    "genres": ", ".join(g for g in self.tree.genres if g in genres),
                    "n": int(clips.sum()),
                    "product": np.prod([_fraction(self.right(n), self.below(n)) for n in path]),
                    "own_product": np.prod([_fraction(self.right(n), clips) for n in path]),
                    "measured": _fraction(np.all([self.right(n) for n in path], axis=0), clips),
                }
            )
        return pd.DataFrame(rows).set_index("node").sort_index()

    def to_dict(self) -> dict[str, Any]:
        """Convert to lists and numbers for JSON, with probabilities rounded to four digits."""
        zeros = np.zeros(len(self.clip_ids), dtype=np.int64)
        return {
            "tree": self.tree.nested,
            "clip_ids": list(self.clip_ids),
            "truth": self.truth.tolist(),
            "genres": list(self.genres),
            "probs": {
                name: Predictions(self.clip_ids, zeros, self.probs[name], node.labels).to_dict()[
                    "probs"
                ]
                for name, node in self.tree.nodes.items()
            },
        }

    @staticmethod
    def from_dict(content: Mapping[str, Any]) -> NodeAnswers:
        """Read what `to_dict` returned; every node makes the same decisions."""
        tree, ids = Tree.of(content["tree"]), tuple(content["clip_ids"])
        clips = {"clip_ids": ids, "truth": [0] * len(ids)}
        probs = {
            name: Predictions.from_dict(
                {**clips, "genres": node.labels, "probs": content["probs"][name]}
            ).probs
            for name, node in tree.nodes.items()
        }
        truth = np.asarray(content["truth"], dtype=np.int64)
        return NodeAnswers(tree, ids, truth, tuple(content["genres"]), probs)

    @staticmethod
    def concat(parts: Sequence[NodeAnswers]) -> NodeAnswers:
        """Join the answers of several folds.

        Raises:
            EvaluationError: if there are no parts, or if their trees or genres differ.
        """
        if not parts or any((p.tree, p.genres) != (parts[0].tree, parts[0].genres) for p in parts):
            got = f"{len(parts)} parts of several trees" if parts else "none"
            raise EvaluationError(explain("NodeAnswers.concat", "parts of one tree", got))
        return NodeAnswers(
            parts[0].tree,
            tuple(clip_id for part in parts for clip_id in part.clip_ids),
            np.concatenate([part.truth for part in parts]),
            parts[0].genres,
            {n: np.concatenate([part.probs[n] for part in parts]) for n in parts[0].probs},
        )

    def _true_children(self, name: str) -> np.ndarray:
        """The index of the node's child that contains each clip's genre, (M,), or -1."""
        node = self.tree.nodes[name]
        return np.array([node.child_of(genre) for genre in self.genres])[self.truth]


def _fraction(right: np.ndarray, clips: np.ndarray) -> float:
    return float(right[clips].mean()) if clips.any() else float("nan")
