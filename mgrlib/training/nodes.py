"""The training segments of each node of a tree, which are those of its genres."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch

from mgrlib.errors import TrainingError, explain, some
from mgrlib.models.tree import Tree
from mgrlib.segments import Segments


def node_segments(node: Tree, segments: Segments) -> Segments:
    """Select the segments of a node's genres, and label each with the index of its child.

    Raises:
        TrainingError: if there is no clip of any of these genres.
    """
    child = torch.tensor([node.child_of(genre) for genre in segments.genres])
    numbers = set(segments.clip[child[segments.y] >= 0].tolist())
    if not numbers:
        got = f"none among {segments.n_clips} clips"
        raise TrainingError(explain("node_segments", f"clips of {node.genres}", got))
    selection = segments.of([c for m, c in enumerate(segments.clip_ids) if m in numbers])
    return replace(selection, y=child[selection.y], genres=node.labels)


def node_parts(
    tree: Tree, train: Segments, valid: Segments | None = None
) -> Iterator[tuple[str, Segments, Segments | None]]:
    """Yield each node's name, its training segments, and its validation segments or None.

    Raises:
        TrainingError: if a child of a node has no training clip.
    """
    for name, node in tree.nodes.items():
        part = node_segments(node, train)
        empty = [node.labels[k] for k in range(part.n_classes) if not bool((part.y == k).any())]
        if empty:
            got = f"none of {some(empty)}"
            raise TrainingError(explain(f"node {name}", "clips of every child", got))
        has_valid = valid is not None and any(g in node.genres for g in _genres_of(valid))
        yield name, part, node_segments(node, valid) if valid is not None and has_valid else None


def _genres_of(segments: Segments) -> set[str]:
    """The genres that at least one segment has."""
    return {segments.genres[k] for k in segments.y.unique().tolist()}
