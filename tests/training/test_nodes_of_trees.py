from __future__ import annotations

import pytest
import torch
from torch import nn

from mgrlib.errors import TrainingError
from mgrlib.models.tree import Tree
from mgrlib.segments import Segments
from mgrlib.training import node_parts, node_segments

TREE = Tree.of([["rock", "metal"], "jazz"])


def toy(n: int = 12, per_clip: int = 1) -> Segments:
    """Clips of three genres in turn; row k of a segment is 1 where the genre is k."""
    clip = torch.arange(n).repeat_interleave(per_clip)
    y = clip % 3
    x = nn.functional.one_hot(y, 3).float()
    return Segments((x,), y, clip, tuple(f"c{m}" for m in range(n)), ("jazz", "metal", "rock"))


def test_a_node_sees_only_its_own_genres_labeled_by_child():
    own = node_segments(TREE.nodes["2"], toy(per_clip=2))
    assert own.genres == ("rock", "metal")
    assert own.clip_ids == ("c1", "c2", "c4", "c5", "c7", "c8", "c10", "c11")
    assert own.y.tolist() == [1, 1, 0, 0] * 4


def test_the_root_has_groups_for_classes():
    own = node_segments(TREE, toy())
    assert own.genres == ("rock+metal", "jazz")
    assert own.y.tolist() == [1, 0, 0] * 4


def test_a_node_without_clips_is_refused():
    only_jazz = toy().of(["c0", "c3"])
    with pytest.raises(TrainingError, match="clips of"):
        node_segments(TREE.nodes["2"], only_jazz)
    with pytest.raises(TrainingError, match=r"node 1.*rock\+metal"):
        list(node_parts(TREE, only_jazz))


def test_validation_clips_reach_the_nodes_that_have_some():
    parts = node_parts(TREE, toy(), toy().of(["c0", "c3"]))
    valid_clips = {name: valid and valid.clip_ids for name, _, valid in parts}
    assert valid_clips == {"1": ("c0", "c3"), "2": None}
