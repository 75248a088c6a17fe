"""Losses for `fit` beside plain cross-entropy: several tags a clip, and classes of unequal size."""

from __future__ import annotations

import torch
from torch import nn

from mgrlib.errors import TrainingError, explain, some
from mgrlib.training.loop import Inputs, Loss

__all__ = ["class_weights", "multi_label", "weighted_cross_entropy"]


def multi_label(logits: torch.Tensor, y: torch.Tensor, inputs: Inputs) -> torch.Tensor:
    """Mean binary cross-entropy in nats of logits (B, K) against tags (B, K), each 0 or 1.

    Every tag is a question of its own: the outputs do not compete as those of a softmax do.
    """
    return nn.functional.binary_cross_entropy_with_logits(logits, y)


def class_weights(y: torch.Tensor, n_classes: int) -> torch.Tensor:
    """The weight (K,) that makes each class count the same: S / (K S_k), for classes (S,).

    Raises:
        TrainingError: a class without a segment, which no weight can make up for.

    >>> class_weights(torch.tensor([0, 0, 0, 1]), 2)
    tensor([0.6667, 2.0000])
    """
    counts = torch.bincount(y, minlength=n_classes)
    empty = torch.nonzero(counts == 0).flatten().tolist()
    if empty:
        hint = "no weight makes up for a class that is not there; take it out of the genres."
        raise TrainingError(explain("class_weights", "a segment of each class", some(empty), hint))
    return len(y) / (n_classes * counts.float())


def weighted_cross_entropy(weights: torch.Tensor) -> Loss:
    """The loss for `fit` in which a segment of class k counts `weights[k]`, (K,) times.

    A mean weighted by the weights, so that the learning rate keeps its meaning.
    """

    def loss(logits: torch.Tensor, y: torch.Tensor, inputs: Inputs) -> torch.Tensor:
        return nn.functional.cross_entropy(logits, y, weight=weights.to(logits.device))

    return loss
