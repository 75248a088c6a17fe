"""Luo (2021): the six trials of table 2, and experiments that the paper leaves to its readers.

What the paper leaves open and what we chose:

- *The spectrogram's settings.* 128 bands and 1024 frames are printed, no FFT size and no hop. Ours:
  22,050 Hz, FFT 2048, hop 512, the first 1024 frames (23.8 s).
- *The scale of the inputs.* Not mentioned. The six trials take decibels as they are; a second set
  of six standardizes each coefficient on the training clips.
- *Training.* The optimizer, learning rate and batch size are not printed: ours is Adam, 0.001 and
  32. The epochs are those of table 2, "till convergence"; nothing is chosen on the test clips.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch

from mgrlib.augment import spec_augment
from mgrlib.features import LogMel, Mfcc
from mgrlib.models.luo2021 import DilatedCNN, MeanLSTM, ResNet1d, ShallowCNN
from mgrlib.systems.prepare import Standardize
from mgrlib.systems.recipe import Recipe
from mgrlib.training.config import TrainConfig

MEL = LogMel(22050, n_mels=128, n_frames=1024)
MFCC = Mfcc(22050, n_mfcc=16, n_frames=1024)

SETTINGS = "optimizer, learning rate and batch size are not printed; Adam, 0.001, 32"
LONG = "takes a GPU: an LSTM reads 1,024 frames one after another, for 80 or 280 epochs"
SLOW = "takes a GPU: a hundred epochs of a residual network on all 1,000 clips"
FRAMES = "FFT size and hop are not printed; 2048 and 512 at 22,050 Hz, the first 1024 frames"


def _trial(system: str, title: str, model: type, inputs: str, epochs: int) -> tuple[Recipe, Recipe]:
    """A row of table 2, and the same with each input coefficient standardized."""
    paper = Recipe(
        f"luo2021/{system}-{inputs}",
        f"{title}, {'MFCC' if inputs == 'mfcc' else 'log-mel'}",
        (MFCC if inputs == "mfcc" else MEL,),
        model,
        TrainConfig(epochs=epochs, batch_size=32, lr=1e-3),
        deviations=(SETTINGS, FRAMES),
    )
    scaled = replace(
        paper,
        name=f"{paper.name}-scaled",
        title=f"{paper.title}, standardized",
        prepare=(Standardize(),),
        deviations=(*paper.deviations, "inputs standardized; the paper mentions no scaling"),
    )
    return paper, scaled


_TRIALS = (
    _trial("cnn", "ShallowCNN", ShallowCNN, "mfcc", 20),
    _trial("cnn", "ShallowCNN", ShallowCNN, "mel", 100),
    _trial("lstm", "MeanLSTM", MeanLSTM, "mfcc", 80),
    _trial("lstm", "MeanLSTM", MeanLSTM, "mel", 280),
    _trial("resnet", "ResNet1d", ResNet1d, "mfcc", 20),
    _trial("resnet", "ResNet1d", ResNet1d, "mel", 80),
)


def mask(
    inputs: tuple[torch.Tensor, ...], y: torch.Tensor, generator: torch.Generator
) -> tuple[tuple[torch.Tensor, ...], torch.Tensor]:
    """Each segment with a stretch of up to 64 frames and one of up to 16 bands blanked out."""
    return tuple(spec_augment(x, generator, fill=0.0) for x in inputs), y


_MFCC_SCALED, _MEL_SCALED = _TRIALS[0][1], _TRIALS[1][1]
_DILATED = "dilation is named as future work in section 7"

DILATED = tuple(
    replace(
        scaled,
        name=f"luo2021/dilated-{inputs}",
        title=f"DilatedCNN, {title}, standardized",
        model=DilatedCNN,
        config=replace(scaled.config, epochs=60),
        deviations=(*scaled.deviations, _DILATED),
    )
    for scaled, inputs, title in ((_MEL_SCALED, "mel", "log-mel"), (_MFCC_SCALED, "mfcc", "MFCC"))
)

AUGMENTED = replace(
    _MEL_SCALED,
    name="luo2021/cnn-mel-augmented",
    title="ShallowCNN, log-mel, standardized, masked",
    augment=mask,
    deviations=(*_MEL_SCALED.deviations, "augmentation is named as future work in section 7"),
)


def _variant(recipe: Recipe, suffix: str, title: str, reason: str, **changes: Any) -> Recipe:
    """A trial with one thing changed that the paper leaves open or names without a figure."""
    return replace(
        recipe,
        name=f"{recipe.name}-{suffix}",
        title=f"{recipe.title}, {title}",
        deviations=(*recipe.deviations, reason),
        **changes,
    )


UNDILATED = tuple(
    replace(
        recipe,
        name=recipe.name.replace("dilated", "undilated"),
        title=recipe.title.replace("DilatedCNN", "DilatedCNN without dilation"),
        options={"dilations": (1,) * 6},
        deviations=(*recipe.deviations, "control: the same network and pooling, all dilations 1"),
    )
    for recipe in DILATED
)

_CNN_MFCC, _CNN_MEL, _LSTM_MFCC, _LSTM_MEL, _RESNET_MFCC, _ = (paper for paper, _ in _TRIALS)

STACKED = tuple(
    _variant(
        recipe,
        "stacked",
        "two layers",
        "two LSTM layers: hypothesis 4.2, for which no figure is printed",
        options={"n_layers": 2},
        no_record=LONG if recipe is _LSTM_MEL else "",
    )
    for recipe in (_LSTM_MFCC, _LSTM_MEL)
)

_TRIED = "section 6.1 says that it was tried against overfitting; no figure is printed"

REGULARIZED = tuple(
    variant
    for recipe in (_CNN_MFCC, _RESNET_MFCC)
    for variant in (
        _variant(
            recipe,
            "decay",
            "L2 penalty 0.01",
            _TRIED,
            config=replace(recipe.config, weight_decay=1e-2),
        ),
        _variant(recipe, "dropout", "dropout 0.5", _TRIED, options={"dropout": 0.5}),
        _variant(
            recipe,
            "slow",
            "a tenth of the rate, five times the epochs",
            _TRIED,
            config=replace(recipe.config, lr=1e-4, epochs=5 * recipe.config.epochs),
            no_record=SLOW if recipe is _RESNET_MFCC else "",
        ),
    )
)

READINGS = (
    _variant(
        _CNN_MEL,
        "dct",
        "then a DCT",
        "section 3.2 read literally: a DCT of all 128 bands follows the logarithm",
        features=(Mfcc(22050, n_mfcc=128, n_frames=1024),),
    ),
    _variant(
        _CNN_MEL,
        "hop1024",
        "hop 1024",
        "hop 1024, which fits the 21 frames per second of section 3.3.1; a clip then has 646",
        features=(LogMel(22050, n_mels=128, hop_length=1024, n_frames=646),),
    ),
)

RECIPES = (
    *(paper for paper, _ in _TRIALS),
    *(scaled for _, scaled in _TRIALS),
    *DILATED,
    AUGMENTED,
    *UNDILATED,
    *STACKED,
    *REGULARIZED,
    *READINGS,
)
