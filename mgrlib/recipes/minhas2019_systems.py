"""What goes into the networks of Minhas et al. (2019), and how long they are trained.

A *preparation* is fitted on training segments and returns the function that all parts of a split
are put through; a *learner* is what a recipe calls. `trained` gives a system as a function from
segments to predictions, for studies that ask it about more than one set of clips.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from torch import nn

from mgrlib.evaluation.predictions import Predictions, predict, predict_sklearn
from mgrlib.features.crop import Crop
from mgrlib.features.pixels import MelPixels
from mgrlib.features.scale import MinMax, Standardize, UnitNorm
from mgrlib.features.vectors import Vector26
from mgrlib.models.contract import count_parameters
from mgrlib.recipes.core import Learned, Recipe, learn_estimator, learn_network
from mgrlib.segments import Segments
from mgrlib.storage import home
from mgrlib.training.config import Run, TrainConfig, config_dict
from mgrlib.training.loop import fit
from mgrlib.training.seeds import seeded

__all__ = ["CLIP_SECONDS", "PICTURE", "VECTOR", "in_steps", "n_steps", "trained"]

Prepare = Callable[[Segments], Segments]
Answer = Callable[[Segments], Predictions]

CLIP_SECONDS = 5.0  # Minhas et al. (2019), section "Dataset"
VECTOR = Crop(Vector26(22050), seconds=CLIP_SECONDS)
PICTURE = Crop(MelPixels(22050, n_mels=128, n_frames=216), seconds=CLIP_SECONDS)

FRAGILE = ("spectral_flatness", "spectral_contrast")
STEADY = [i for i, name in enumerate(Vector26.columns) if name not in FRAGILE]

STEPS = 7  # an epoch of the paper: 800 clips in batches of 128
LARGE = 40_000  # parameters; what has more takes minutes to train


def in_steps(config: TrainConfig, n_segments: int) -> TrainConfig:
    """The config with as many epochs as make the paper's number of steps, whatever the data.

    An epoch of the paper is seven steps. Eighty clips are a single batch of 128, and ten epochs of
    them would be ten steps in place of the paper's seventy.

    >>> in_steps(TrainConfig(epochs=10, batch_size=128), 80).epochs
    70
    >>> in_steps(TrainConfig(epochs=10, batch_size=128), 800).epochs
    10
    """
    return replace(config, epochs=math.ceil(config.epochs * STEPS / n_steps(config, n_segments)))


def n_steps(config: TrainConfig, n_segments: int) -> int:
    """The steps in one pass over the segments; a rest of one segment joins the batch before it."""
    return max(1, math.ceil((n_segments - 1) / config.batch_size))


def min_max_unit(train: Segments) -> Prepare:
    """Each value to [0, 1] over the training vectors, then each vector to length 1: the paper's."""
    scale, unit = MinMax.fit(train.inputs[0]), UnitNorm()
    return lambda part: part.map(lambda x: unit(scale(x)))


def row_means(train: Segments) -> Prepare:
    """The mean of each row of the picture, (S, 128, T) -> (S, 128), not scaled: the paper's."""
    return lambda part: part.map(lambda x: x.mean(2))


def as_they_are(train: Segments) -> Prepare:
    """Nothing done."""
    return lambda part: part


def standardised(train: Segments) -> Prepare:
    """Each value, or row of a picture, to mean 0 and deviation 1 over the training segments."""
    scale = Standardize.fit(train.inputs[0])
    return lambda part: part.map(scale)


def standardised_rows(train: Segments) -> Prepare:
    """The mean of each row of the picture, standardised."""
    scale = Standardize.fit(train.inputs[0].mean(2))
    return lambda part: part.map(lambda x: scale(x.mean(2)))


def steady_values(train: Segments) -> Prepare:
    """The 24 values without flatness and contrast, standardised.

    Both take the logarithm of single cells, and a cell that is lost has none.
    """
    scale = Standardize.fit(train.inputs[0][:, STEADY])
    return lambda part: part.map(lambda x: scale(x[:, STEADY]))


def learn_vectors(
    recipe: Recipe, train: Segments, valid: Segments, test: Segments, config: TrainConfig
) -> Learned:
    """A network on vectors scaled as in the paper, for the paper's number of steps."""
    return _learned(recipe, min_max_unit(train), (train, valid, test), config)


def learn_rows(
    recipe: Recipe, train: Segments, valid: Segments, test: Segments, config: TrainConfig
) -> Learned:
    """A network on the row means of pictures, for the paper's number of steps."""
    return _learned(recipe, row_means(train), (train, valid, test), config)


def learn_pictures(
    recipe: Recipe, train: Segments, valid: Segments, test: Segments, config: TrainConfig
) -> Learned:
    """A network on pictures, for the paper's number of steps."""
    return _learned(recipe, as_they_are(train), (train, valid, test), config)


def learn_standardised(
    recipe: Recipe, train: Segments, valid: Segments, test: Segments, config: TrainConfig
) -> Learned:
    """A network on standardised inputs; an epoch is seven steps, as in the paper."""
    return _learned(recipe, standardised(train), (train, valid, test), config)


def learn_standardised_rows(
    recipe: Recipe, train: Segments, valid: Segments, test: Segments, config: TrainConfig
) -> Learned:
    """A network on standardised row means; an epoch is seven steps, as in the paper."""
    return _learned(recipe, standardised_rows(train), (train, valid, test), config)


def learn_steady(
    recipe: Recipe, train: Segments, valid: Segments, test: Segments, config: TrainConfig
) -> Learned:
    """A network on the standardised values that lost cells hardly move."""
    return _learned(recipe, steady_values(train), (train, valid, test), config)


def _learned(
    recipe: Recipe, prepare: Prepare, parts: tuple[Segments, ...], config: TrainConfig
) -> Learned:
    train, valid, test = (prepare(part) if len(part) else part for part in parts)
    config = in_steps(config, len(train))
    if len(valid):
        return learn_network(recipe, train, valid, test, config)
    model, outcome = network(recipe, train, config)
    history = outcome.history[["epoch", "train_loss", "train_accuracy"]].round(4)
    columns = {str(name): column.tolist() for name, column in history.items()}
    return Learned(predict(model, test), outcome.seconds, outcome.best_epoch, columns)


PREPARATIONS: dict[Callable[..., Learned], Callable[[Segments], Prepare]] = {
    learn_vectors: min_max_unit,
    learn_rows: row_means,
    learn_pictures: as_they_are,
    learn_standardised: standardised,
    learn_standardised_rows: standardised_rows,
    learn_steady: steady_values,
}


def trained(recipe: Recipe, train: Segments, config: TrainConfig) -> Answer:
    """The recipe's system, trained on these segments: a function from segments to predictions."""
    if recipe.learn is learn_estimator:
        estimator = recipe.model(config.seed, **recipe.options)
        estimator.fit(train.inputs[0].flatten(1).numpy(), train.y.numpy())
        return lambda part: predict_sklearn(estimator, part)
    prepare = preparation(recipe)(train)
    ready = prepare(train)
    model, _ = network(recipe, ready, in_steps(config, len(train)))
    return lambda part: predict(model, prepare(part))


def preparation(recipe: Recipe) -> Callable[[Segments], Prepare]:
    """How the recipe prepares its inputs."""
    return PREPARATIONS[recipe.learn] if recipe.learn else as_they_are


def network(recipe: Recipe, train: Segments, config: TrainConfig) -> tuple[nn.Module, Run]:
    """The recipe's network, trained on segments that are prepared already, and its training.

    The training of a large network is kept under `mgrlib.storage.home()`: whoever trains it on the
    same segments again, a recipe or a study, finds it done.
    """
    with seeded(config.seed):
        model = recipe.make(train)
    path = None
    if count_parameters(model) > LARGE:
        x = np.ascontiguousarray(train.inputs[0].numpy())
        told = json.dumps([recipe.fingerprint, config_dict(config), train.y.tolist()])
        key = hashlib.sha256(told.encode() + x.tobytes()).hexdigest()[:24]
        path = home() / "networks" / f"{key}.pt"
    return model, fit(model, train, config=config, checkpoint=path)
