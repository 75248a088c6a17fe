"""The clips that each node of a tree is trained on: those of its own genres."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch

from mgrlib.errors import TrainingError, explain, some
from mgrlib.models.tree import Tree
from mgrlib.segments import Segments

__all__ = ["node_parts", "node_segments"]


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


def _present(segments: Segments) -> set[str]:
    return {segments.genres[k] for k in segments.y.unique().tolist()}
