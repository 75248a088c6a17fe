"""Knowledge distillation: a small network learns what a large one says, and not only what is true.

Hinton et al. (2015): the teacher's logits, divided by a temperature T, become soft probabilities;
they tell which wrong genres are less wrong. The student is asked to match them at the same
temperature, and the truth at temperature 1:

    loss = (1 - w) CE(student, truth) + w T² KL(teacher / T || student / T)

T² keeps the gradients of the soft part as large as they are at T = 1.

Teacher and student need not look at the same thing. The teacher answers once for every segment;
its logits travel with the segments as one more modality, which the loss reads and the student,
inside `Passenger`, does not see.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import nn

from mgrlib.errors import MgrError, ShapeError, explain
from mgrlib.segments import Segments
from mgrlib.training.config import Run, TrainConfig
from mgrlib.training.loop import fit

Loss = Callable[[torch.Tensor, torch.Tensor, tuple[torch.Tensor, ...]], torch.Tensor]


def with_teacher(segments: Segments, logits: torch.Tensor) -> Segments:
    """The same segments with the teacher's logits (S, K) as their last modality.

    Raises:
        ShapeError: logits of other segments or classes.
    """
    expected = (len(segments), segments.n_classes)
    if tuple(logits.shape) != expected:
        raise ShapeError(explain("with_teacher", f"logits {expected}", str(tuple(logits.shape))))
    return replace(segments, inputs=(*segments.inputs, logits))


class Passenger(nn.Module):
    """A student that is handed its teacher's logits with the inputs and does not look at them."""

    def __init__(self, student: nn.Module) -> None:
        super().__init__()
        self.student = student

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """The student's logits (B, K), from all inputs but the last."""
        logits: torch.Tensor = self.student(*inputs[:-1])
        return logits


def distillation_loss(temperature: float = 4.0, weight: float = 0.9) -> Loss:
    """The loss above, for `fit`, over segments made by `with_teacher`.

    Args:
        temperature: T, above 0; the higher, the more the wrong genres count.
        weight: w, the share of the teacher from 0 (truth alone) to 1 (teacher alone).

    Raises:
        MgrError: a temperature or weight outside these bounds.

    >>> loss = distillation_loss(temperature=2.0, weight=1.0)
    >>> logits = torch.tensor([[1.0, -1.0]])
    >>> loss(logits, torch.tensor([0]), (logits,)).item()
    0.0
    """
    if temperature <= 0 or not 0 <= weight <= 1:
        got = f"temperature {temperature}, weight {weight}"
        raise MgrError(explain("distillation_loss", "T > 0 and 0 <= w <= 1", got))

    def loss(
        logits: torch.Tensor, y: torch.Tensor, inputs: tuple[torch.Tensor, ...]
    ) -> torch.Tensor:
        hard = nn.functional.cross_entropy(logits, y)
        soft = nn.functional.kl_div(
            (logits / temperature).log_softmax(1),
            (inputs[-1] / temperature).log_softmax(1),
            reduction="batchmean",
            log_target=True,
        )
        return (1 - weight) * hard + weight * temperature**2 * soft

    return loss


def distilled(
    student: nn.Module,
    train: Segments,
    logits: torch.Tensor,
    config: TrainConfig,
    *,
    temperature: float = 4.0,
    weight: float = 0.9,
) -> Run:
    """Train a student in place, on the truth and on its teacher's logits.

    Args:
        train: prepared training segments.
        logits: the teacher's for each of them, (S, K).
        temperature, weight: as in `distillation_loss`.
    """
    loss = distillation_loss(temperature, weight)
    return fit(Passenger(student), with_teacher(train, logits), config=config, loss=loss)
