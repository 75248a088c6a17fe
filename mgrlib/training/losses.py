"""Losses for `fit` other than cross-entropy: for several tags per clip and unbalanced classes."""

from __future__ import annotations

import torch
from torch import nn

from mgrlib.errors import TrainingError, explain, some
from mgrlib.training.loop import Inputs, Loss


def multi_label(logits: torch.Tensor, y: torch.Tensor, inputs: Inputs) -> torch.Tensor:
    """Mean binary cross-entropy, in nats, of logits (B, K) and tags (B, K), each 0 or 1.

    Every tag is a separate binary classification, so the outputs do not compete as in a softmax.
    """
    return nn.functional.binary_cross_entropy_with_logits(logits, y)


def class_weights(y: torch.Tensor, n_classes: int) -> torch.Tensor:
    """The weights (K,) that give every class the same total, S / (K S_k), for classes (S,).

    Raises:
        TrainingError: if a class has no segment.

    >>> class_weights(torch.tensor([0, 0, 0, 1]), 2)
    tensor([0.6667, 2.0000])
    """
    counts = torch.bincount(y, minlength=n_classes)
    empty = torch.nonzero(counts == 0).flatten().tolist()
    if empty:
        hint = "remove classes without segments from the genres."
        raise TrainingError(explain("class_weights", "a segment of each class", some(empty), hint))
    return len(y) / (n_classes * counts.float())


def weighted_cross_entropy(weights: torch.Tensor) -> Loss:
    """Return a cross-entropy for `fit` in which a segment of class k has weight `weights[k]`.

    The loss is a weighted mean, so the learning rate does not have to change.
    """

    def loss(logits: torch.Tensor, y: torch.Tensor, inputs: Inputs) -> torch.Tensor:
        return nn.functional.cross_entropy(logits, y, weight=weights.to(logits.device))

    return loss
