"""What a tree of classifiers says of clips: each node's answers, the routes, and what errs where.

Tang et al. (2018) multiply the accuracies along a path of their tree. `NodeAnswers.groups` sets
that product beside what is measured, and takes their difference apart.
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

__all__ = ["NodeAnswers"]


@dataclass(frozen=True, eq=False)
class NodeAnswers:
    """What every node of a tree says of every clip, beside what is true.

    A node is asked about all clips, also about those of genres that it was never trained on:
    routing needs its answer when a node before it has erred.

    Args:
        tree: whose nodes were asked.
        clip_ids: M different clips.
        truth: (M,), the class number of each clip, counted as in `genres`.
        genres: the K genres of the tree, in the corpus' order.
        probs: by node name, the probabilities of its children, (M, n_children).

    Raises:
        ShapeError: lengths that do not fit together.
        EvaluationError: a node without answers, or genres that are not the tree's.
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
            wanted = (len(self.clip_ids), len(node.children))
            found = np.shape(self.probs.get(name, ()))
            if found != wanted:
                raise ShapeError(explain(f"node {name}", f"probabilities {wanted}", f"{found}"))

    def __repr__(self) -> str:
        return f"NodeAnswers({len(self.tree.nodes)} nodes, {len(self.clip_ids)} clips)"

    def route(self, how: str = "hard") -> Predictions:
        """The clips' genres by "hard" or "soft" routing: see `mgrlib.models.tree.route`."""
        probs = route(self.tree, self.probs, self.genres, how=how)
        return Predictions(self.clip_ids, self.truth, probs, self.genres)

    def below(self, name: str) -> np.ndarray:
        """Which clips are of the genres below a node, (M,) bool."""
        return self._children(name) >= 0

    def right(self, name: str) -> np.ndarray:
        """Where a node chooses the child that the clip's genre is in, (M,) bool."""
        return self._children(name) == self.probs[name].argmax(axis=1)

    def reached(self, name: str) -> np.ndarray:
        """Where all nodes on the way from the root to this one choose rightly, (M,) bool."""
        below = set(self.tree.nodes[name].genres)
        others = (n for n, node in self.tree.nodes.items() if n != name)
        way = [n for n in others if below < set(self.tree.nodes[n].genres)]
        return self.below(name) & np.all([self.below(name), *map(self.right, way)], axis=0)

    def node(self, name: str) -> Predictions:
        """A node's answers to the clips of its own genres; its classes are its children.

        Raises:
            EvaluationError: no such clip.
        """
        rows, children = np.flatnonzero(self.below(name)), self._children(name)
        clip_ids = tuple(self.clip_ids[m] for m in rows)
        labels = self.tree.nodes[name].labels
        return Predictions(clip_ids, children[rows], self.probs[name][rows], labels)

    def table(self) -> pd.DataFrame:
        """A row a node: what it decides, and how often it is right.

        Columns: asks; n, correct, accuracy, low, high on all clips of its genres, as a paper would
        report the node; n_reached, accuracy_reached on those that all nodes before it have sent the
        right way; n_astray, accuracy_astray on the others (NaN where there are none).
        """
        rows = []
        for name, node in self.tree.nodes.items():
            own, right, reached = self.below(name), self.right(name), self.reached(name)
            interval = wilson(int(right[own].sum()), int(own.sum()))
            astray = own & ~reached
            rows.append(
                {
                    "node": name,
                    "asks": " or ".join(node.labels),
                    "n": interval.n,
                    "correct": int(right[own].sum()),
                    "accuracy": interval.value,
                    "low": interval.low,
                    "high": interval.high,
                    "n_reached": int(reached.sum()),
                    "accuracy_reached": _share(right, reached),
                    "n_astray": int(astray.sum()),
                    "accuracy_astray": _share(right, astray),
                }
            )
        return pd.DataFrame(rows).set_index("node")

    def groups(self) -> pd.DataFrame:
        """A row for the genres of each lowest node: the paper's product and what is measured.

        Columns: genres, n; `product` of the accuracies of the nodes on the way, each over all of
        its clips, as in Tang et al. (2018), table 4; `own_product`, the same with each node's
        accuracy on the clips of this group; `measured`, the share of the group's clips that hard
        routing gets right. own_product - product is there because a node is not equally good at all
        of its genres, measured - own_product because its errors depend on those of the others.
        """
        ways: dict[tuple[str, ...], list[str]] = {}
        for genre in self.genres:
            ways.setdefault(tuple(name for name, _ in self.tree.path(genre)), []).append(genre)
        rows = []
        for way, genres in ways.items():
            clips = np.isin(self.truth, [self.genres.index(g) for g in genres])
            rows.append(
                {
                    "node": way[-1],
                    "genres": ", ".join(g for g in self.tree.genres if g in genres),
                    "n": int(clips.sum()),
                    "product": np.prod([_share(self.right(n), self.below(n)) for n in way]),
                    "own_product": np.prod([_share(self.right(n), clips) for n in way]),
                    "measured": _share(np.all([self.right(n) for n in way], axis=0), clips),
                }
            )
        return pd.DataFrame(rows).set_index("node").sort_index()

    def to_dict(self) -> dict[str, Any]:
        """As lists and numbers that JSON can hold, probabilities to four digits."""
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
        """What `to_dict` wrote; every node decides as it did."""
        tree, ids = Tree.of(content["tree"]), tuple(content["clip_ids"])
        same = {"clip_ids": ids, "truth": [0] * len(ids)}
        probs = {
            name: Predictions.from_dict(
                {**same, "genres": node.labels, "probs": content["probs"][name]}
            ).probs
            for name, node in tree.nodes.items()
        }
        truth = np.asarray(content["truth"], dtype=np.int64)
        return NodeAnswers(tree, ids, truth, tuple(content["genres"]), probs)

    @staticmethod
    def concat(parts: Sequence[NodeAnswers]) -> NodeAnswers:
        """The answers of several folds as one table.

        Raises:
            EvaluationError: nothing to join, or other trees or genres.
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

    def _children(self, name: str) -> np.ndarray:
        """The child of a node that each clip's genre is in, (M,), -1 for other genres."""
        node = self.tree.nodes[name]
        return np.array([node.child_of(genre) for genre in self.genres])[self.truth]


def _share(right: np.ndarray, among: np.ndarray) -> float:
    return float(right[among].mean()) if among.any() else float("nan")
