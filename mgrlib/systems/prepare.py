"""Preparation: what happens to a segment between its feature and its classifier.

A *step* is a frozen value. It is fitted on training inputs, which gives its *state* (arrays by
name, empty where there is nothing to fit), and applied to any inputs with that state. `Preparation`
is several steps with their states: the same function for training clips, test clips and a sound
from the microphone.

Inputs are a tuple of arrays, one for each modality, each (S, ...): tensors, or `mgrlib.rows.Rows`
of an array that is larger than memory. Such an array is read once to fit a step, and applying the
step changes each batch when it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch

from mgrlib.errors import FeatureError, explain
from mgrlib.features import scale
from mgrlib.features.tagger import standardize_clips
from mgrlib.models.wei2023 import IMAGENET_MEAN, IMAGENET_STD
from mgrlib.rows import Array, applied
from mgrlib.segments import Segments

Inputs = tuple[Array, ...]
Change = Callable[[torch.Tensor], torch.Tensor]
State = Mapping[str, np.ndarray]


class Step(Protocol):
    """One step of preparation; a frozen dataclass, whose `repr` identifies it."""

    def fit(self, inputs: Inputs) -> State:
        """What the step learns from training inputs."""

    def apply(self, inputs: Inputs, state: State) -> Inputs:
        """The inputs after this step."""


def _modality_of(inputs: Inputs, modality: int) -> Array:
    """The array of one modality; raise an error if there is none."""
    if not 0 <= modality < len(inputs):
        got = f"modality {modality} of {len(inputs)}"
        raise FeatureError(explain("prepare", "a modality that the recipe has", got))
    return inputs[modality]


def _changed(inputs: Inputs, modality: int, *changes: Change) -> Inputs:
    """The inputs with one modality changed."""
    x = _modality_of(inputs, modality)
    for change in changes:
        x = applied(x, change)
    return (*inputs[:modality], x, *inputs[modality + 1 :])


@dataclass(frozen=True)
class Standardize:
    """Mean 0 and standard deviation 1 over the training segments.

    Args:
        per: "coefficient" has one mean and standard deviation for each row (band, MFCC, column),
            "array" one for everything.
        eps: added to the standard deviation, so that a row that hardly changes stays small.
        modality: which of the inputs.
    """

    per: str = "coefficient"
    eps: float = 1e-5
    modality: int = 0

    def fit(self, inputs: Inputs) -> State:
        """The means and standard deviations, `mean` and `std`."""
        scaler = scale.Standardize.fit(
            _modality_of(inputs, self.modality), per=self.per, eps=self.eps
        )
        return {"mean": scaler.mean, "std": scaler.std}

    def apply(self, inputs: Inputs, state: State) -> Inputs:
        """(S, F, ...) -> the same shape."""
        scaler = scale.Standardize(state["mean"], state["std"])
        return _changed(inputs, self.modality, scaler)


@dataclass(frozen=True)
class MinMaxUnit:
    """Each value to [0, 1] over the training vectors, then each vector to length 1.

    Minhas et al. (2019), section "Feature extraction".
    """

    def fit(self, inputs: Inputs) -> State:
        """The smallest values and the ranges, `low` and `span`."""
        scaler = scale.MinMax.fit(inputs[0])
        return {"low": scaler.low, "span": scaler.span}

    def apply(self, inputs: Inputs, state: State) -> Inputs:
        """(S, D) -> (S, D)."""
        scaler = scale.MinMax(state["low"], state["span"])
        return _changed(inputs, 0, scaler, scale.UnitNorm())


class Fixed:
    """A step with nothing to fit: subclasses say what they do to the first modality."""

    def fit(self, inputs: Inputs) -> State:
        """Nothing."""
        return {}

    def apply(self, inputs: Inputs, state: State) -> Inputs:
        """The inputs with the first modality changed."""
        return _changed(inputs, 0, self.change)

    def change(self, x: torch.Tensor) -> torch.Tensor:
        """The first modality, (S, ...), after this step."""
        raise NotImplementedError


@dataclass(frozen=True)
class RowMeans(Fixed):
    """The mean of each row over time, (S, F, T) -> (S, F)."""

    def change(self, x: torch.Tensor) -> torch.Tensor:
        """(S, F, T) -> (S, F)."""
        return x.mean(2)


@dataclass(frozen=True)
class RowStatistics(Fixed):
    """Mean and standard deviation of each row over time, (S, F, T) -> (S, 2 F)."""

    def change(self, x: torch.Tensor) -> torch.Tensor:
        """(S, F, T) -> (S, 2 F)."""
        mean = x.mean(2, keepdim=True)  # (S, F, 1)
        std = (x - mean).square().mean(2).sqrt()  # (S, F)
        return torch.cat([mean[:, :, 0], std], dim=1)  # (S, 2 F)


@dataclass(frozen=True)
class Columns(Fixed):
    """Some columns of a vector, (S, D) -> (S, len(columns)).

    Args:
        columns: their numbers.
    """

    columns: tuple[int, ...]

    def change(self, x: torch.Tensor) -> torch.Tensor:
        """(S, D) -> (S, len(columns))."""
        return x[:, list(self.columns)]


@dataclass(frozen=True)
class PerClip(Fixed):
    """Each segment by itself at mean 0 and standard deviation 1, as the published taggers ask."""

    def change(self, x: torch.Tensor) -> torch.Tensor:
        """(S, F, T) -> (S, F, T)."""
        return standardize_clips(x)


@dataclass(frozen=True)
class ImageNet(Fixed):
    """Pictures as networks trained on ImageNet want them.

    Values of [0, 1] in three channels, less the mean of ImageNet's pictures and divided by their
    standard deviation, channel by channel.
    """

    def change(self, x: torch.Tensor) -> torch.Tensor:
        """(S, 3, H, W) -> (S, 3, H, W)."""
        mean, std = (x.new_tensor(v).view(1, 3, 1, 1) for v in (IMAGENET_MEAN, IMAGENET_STD))
        return (x - mean) / std


@dataclass(frozen=True, eq=False)
class Preparation:
    """Steps with what they were fitted to.

    Args:
        steps: in the order in which they are applied.
        states: one for each step.
    """

    steps: tuple[Step, ...] = ()
    states: tuple[State, ...] = ()

    @classmethod
    def fit(cls, steps: Sequence[Step], train: Segments) -> Preparation:
        """Fitted to training segments, each step on what the steps before it leave."""
        inputs, states = train.inputs, []
        for step in steps:
            states.append(dict(step.fit(inputs)))
            inputs = step.apply(inputs, states[-1])
        return cls(tuple(steps), tuple(states))

    def inputs(self, inputs: Inputs) -> Inputs:
        """Inputs (S, ...), one for each modality, after all steps."""
        for step, state in zip(self.steps, self.states, strict=True):
            inputs = step.apply(inputs, state)
        return inputs

    def __call__(self, segments: Segments) -> Segments:
        """The same segments, prepared; empty ones stay as they are."""
        if not self.steps or not len(segments):
            return segments
        return replace(segments, inputs=self.inputs(segments.inputs))
