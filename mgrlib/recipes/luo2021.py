"""Luo (2021): the six trials of table 2, and the experiments that the paper leaves to its readers.

What the paper leaves open and what we chose:
- *The spectrogram's settings.* 128 bands and 1024 frames are printed, no FFT size and no hop. Ours:
  22,050 Hz, FFT 2048, hop 512, the first 1024 frames (23.8 s).
- *The scale of the inputs.* Not mentioned; the six trials take decibels as they are, and a second
  set of six standardises each coefficient on the training clips.
- *Training.* The optimiser, learning rate and batch size are not printed: ours is Adam, 0.001 and
  32. The epochs are those of table 2, "till convergence"; nothing is chosen on the test clips.
"""

from __future__ import annotations

from dataclasses import replace

import torch

from mgrlib.augment import spec_augment
from mgrlib.features import LogMel, Mfcc
from mgrlib.models.luo2021 import DilatedCNN, MeanLSTM, ResNet1d, ShallowCNN
from mgrlib.recipes.core import Recipe, Reported
from mgrlib.training.config import TrainConfig

__all__ = ["MEL", "MFCC", "RECIPES"]

MEL = LogMel(22050, n_mels=128, n_frames=1024)
MFCC = Mfcc(22050, n_mfcc=16, n_frames=1024)

SETTINGS = "optimiser, learning rate and batch size are not printed; Adam, 0.001, 32"
FRAMES = "FFT size and hop are not printed; 2048 and 512 at 22,050 Hz, the first 1024 frames"


def _table2(value: float) -> tuple[Reported, ...]:
    return (Reported(value, "accuracy", 200, "random 80/20 of 1,000 clips", "table 2"),)


def _trial(
    system: str, title: str, model: type, inputs: str, value: float, epochs: int
) -> tuple[Recipe, Recipe]:
    """A row of table 2, and the same with each input coefficient standardised."""
    paper = Recipe(
        f"luo2021/{system}-{inputs}",
        f"{title}, {'MFCC' if inputs == 'mfcc' else 'log-mel'}",
        (MFCC if inputs == "mfcc" else MEL,),
        model,
        TrainConfig(epochs=epochs, batch_size=32, lr=1e-3),
        reported=_table2(value),
        deviations=(SETTINGS, FRAMES),
    )
    scaled = replace(
        paper,
        name=f"{paper.name}-scaled",
        title=f"{paper.title}, standardised",
        scaling="coefficient",
        reported=(),
        deviations=(*paper.deviations, "inputs standardised; the paper mentions no scaling"),
    )
    return paper, scaled


_TRIALS = (
    _trial("cnn", "ShallowCNN", ShallowCNN, "mfcc", 0.21, 20),
    _trial("cnn", "ShallowCNN", ShallowCNN, "mel", 0.705, 100),
    _trial("lstm", "MeanLSTM", MeanLSTM, "mfcc", 0.25, 80),
    _trial("lstm", "MeanLSTM", MeanLSTM, "mel", 0.68, 280),
    _trial("resnet", "ResNet1d", ResNet1d, "mfcc", 0.43, 20),
    _trial("resnet", "ResNet1d", ResNet1d, "mel", 0.66, 80),
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
        title=f"DilatedCNN, {title}, standardised",
        model=DilatedCNN,
        config=replace(scaled.config, epochs=60),
        deviations=(*scaled.deviations, _DILATED),
    )
    for scaled, inputs, title in ((_MEL_SCALED, "mel", "log-mel"), (_MFCC_SCALED, "mfcc", "MFCC"))
)

AUGMENTED = replace(
    _MEL_SCALED,
    name="luo2021/cnn-mel-augmented",
    title="ShallowCNN, log-mel, standardised, masked",
    augment=mask,
    deviations=(*_MEL_SCALED.deviations, "augmentation is named as future work in section 7"),
)

RECIPES = (
    *(paper for paper, _ in _TRIALS),
    *(scaled for _, scaled in _TRIALS),
    *DILATED,
    AUGMENTED,
)
