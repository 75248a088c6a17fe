from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from toys import small, toy

from mgrlib.errors import TrainingError
from mgrlib.training import TrainConfig, fit
from mgrlib.training.losses import class_weights, multi_label, weighted_cross_entropy


def test_a_tag_costs_log_two_when_nothing_is_known():
    logits, tags = torch.zeros(3, 4), torch.randint(0, 2, (3, 4)).float()
    assert multi_label(logits, tags, ()).item() == pytest.approx(0.6931, abs=1e-4)


def test_fit_learns_tags_with_their_loss():
    train = toy()
    tags = torch.stack([train.y, 1 - train.y], 1).float()
    tagged = replace(train, y=tags)
    run = fit(
        small(), tagged, config=TrainConfig(epochs=10, batch_size=8, lr=0.02), loss=multi_label
    )
    assert run.history["train_loss"].iloc[-1] < 0.5 * run.history["train_loss"].iloc[0]


def test_weights_make_every_class_count_the_same():
    y = torch.tensor([0] * 6 + [1] * 2)
    weights = class_weights(y, 2)
    assert weights.tolist() == pytest.approx([8 / 12, 2.0])
    assert torch.allclose(torch.bincount(y) * weights, torch.tensor([4.0, 4.0]))


def test_a_class_without_a_segment_has_no_weight():
    with pytest.raises(TrainingError, match="2"):
        class_weights(torch.tensor([0, 1]), 3)


def test_equal_weights_give_plain_cross_entropy():
    logits, y = torch.randn(5, 3), torch.tensor([0, 1, 2, 0, 1])
    plain = torch.nn.functional.cross_entropy(logits, y)
    assert torch.allclose(weighted_cross_entropy(torch.full((3,), 7.0))(logits, y, ()), plain)


def test_a_heavy_class_dominates_the_loss():
    logits, y = torch.tensor([[2.0, 0.0], [2.0, 0.0]]), torch.tensor([0, 1])
    light, heavy = (weighted_cross_entropy(torch.tensor([1.0, w]))(logits, y, ()) for w in (1, 9))
    assert heavy > light
