"""Wei et al. (n.d.), section 4: four pictures through a ResNet18, an LSTM, and both fused.

What the paper leaves open and what we chose:
- *Training.* No optimiser, learning rate or number of epochs is printed for this section; the batch
  of 8 stands in section 6.1. Ours: Adam, 0.0005 falling to zero along a cosine, 12 epochs.
- *The pictures.* See `mgrlib.features.pictures`.
- *The sequence.* 1290 frames are what the shortest clip of GTZAN has at 22,050 Hz and a hop of 512;
  the first 1290 of each clip are taken.
- *Fusion* is proposed, not tried: everything about its training is ours. So that it can be repeated
  often on a CPU it has pictures of 96 pixels, a ResNet18 an eighth as wide, a frame for each 4096
  samples, and an LSTM whose states are averaged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from mgrlib.errors import DownloadError
from mgrlib.evaluation.predictions import predict
from mgrlib.features import MelPicture, Mfcc, MfccPicture, WavePlot, ZcrPlot
from mgrlib.features.base import Feature
from mgrlib.models.wei2023 import (
    IMAGENET_DEVIATION,
    IMAGENET_MEAN,
    FusionNet,
    ResNet18,
    SequenceLstm,
    pretrained_resnet18,
)
from mgrlib.recipes.core import Learned, Recipe, Reported, learn_network
from mgrlib.segments import Segments, standardize
from mgrlib.training.config import TrainConfig
from mgrlib.training.loop import fit
from mgrlib.training.seeds import seeded

__all__ = ["FUSION", "PICTURES", "SEQUENCE", "SHORT", "SMALL"]

PICTURES: dict[str, Callable[..., Feature]] = {
    "wave": partial(WavePlot, 22050, channels="first"),
    "zcr": partial(ZcrPlot, 22050, channels="first"),
    "mel": partial(MelPicture, 22050, channels="first"),
    "mfcc": partial(MfccPicture, 22050, channels="first"),
}
SEQUENCE = Mfcc(22050, n_mfcc=13, n_frames=1290)
SMALL = MelPicture(22050, size=96, channels="first")
SHORT = Mfcc(22050, n_mfcc=13, n_fft=4096, hop_length=4096, n_frames=162)

MISSING = 0.25  # how often a training segment loses its picture, and how often its sequence


def imagenet_scaled(x: torch.Tensor) -> torch.Tensor:
    """Pictures (S, 3, H, W) in [0, 1], shifted and scaled as those of ImageNet were."""
    mean, deviation = (torch.tensor(v).view(3, 1, 1) for v in (IMAGENET_MEAN, IMAGENET_DEVIATION))
    return (x - mean) / deviation


def learn_pretrained(
    recipe: Recipe, train: Segments, valid: Segments, test: Segments, config: TrainConfig
) -> Learned:
    """The network trained on from its ImageNet weights; from scratch where they cannot be had.

    The result's `extra` says which.
    """
    train, valid, test = (part.map(imagenet_scaled) for part in (train, valid, test))
    shape: Any = train.input_shape
    weights = "ImageNet"
    try:
        with seeded(config.seed):
            model = pretrained_resnet18(train.n_classes, shape)
    except DownloadError:
        weights = "from scratch: the ImageNet weights could not be fetched"
        learned = learn_network(recipe, train, valid, test, config)
    else:
        ready = replace(recipe, model=lambda *_: model, options={})
        learned = learn_network(ready, train, valid, test, config)
    return replace(learned, extra={"weights": weights})


def standardize_all(*parts: Segments) -> tuple[Segments, ...]:
    """The parts with every modality standardised by the first part, the training one."""
    for _ in parts[0].inputs:
        parts = tuple(_rolled(part) for part in standardize(*parts))
    return parts


def _rolled(segments: Segments) -> Segments:
    first, *rest = segments.inputs
    return replace(segments, inputs=(*rest, first))


def without(segments: Segments, modality: int) -> Segments:
    """The segments with one modality, counted from 0, missing: all zeros."""
    blank = [torch.zeros_like if i == modality else None for i in range(len(segments.inputs))]
    return segments.map(*blank)


def drop_modality(
    inputs: tuple[torch.Tensor, ...], y: torch.Tensor, generator: torch.Generator
) -> tuple[tuple[torch.Tensor, ...], torch.Tensor]:
    """A quarter of the segments without picture, a quarter without sequence: modality dropout."""
    draw = torch.rand(len(y), generator=generator)
    kept = (draw >= MISSING), (draw < 1 - MISSING)
    pairs = zip(inputs, kept, strict=True)
    return tuple(x * k.to(x).view(-1, *[1] * (x.ndim - 1)) for x, k in pairs), y


def learn_fusion(
    recipe: Recipe, train: Segments, valid: Segments, test: Segments, config: TrainConfig
) -> Learned:
    """A network of two inputs, trained on both, tested with both and with either one missing.

    The result's `extra` holds the predictions without picture and without sequence, and the
    weights of the average where it has any.
    """
    train, valid, test = standardize_all(train, valid, test)
    with seeded(config.seed):
        model = recipe.make(train)
    outcome = fit(model, train, valid if len(valid) else None, config, augment=recipe.augment)
    extra: dict[str, Any] = {
        "without picture": predict(model, without(test, 0)).to_dict(),
        "without sequence": predict(model, without(test, 1)).to_dict(),
    }
    weights = dict(model.named_parameters()).get("weights")
    if weights is not None:
        extra["weights"] = torch.softmax(weights.detach(), 0).tolist()
    history = outcome.history.round(4).drop(columns=["lr"]).dropna(axis=1)
    columns = {str(name): column.tolist() for name, column in history.items()}
    return Learned(predict(model, test), outcome.seconds, outcome.best_epoch, columns, extra)


_TRAINING = "optimiser, learning rate and epochs are not printed; Adam, 0.0005 on a cosine, 12"
_PRETRAINED = "from the ImageNet weights where they can be fetched, as the paper; else from scratch"
_SMALL = "pictures of 96 pixels, from scratch, each channel standardised"
_CONFIG = TrainConfig(epochs=12, batch_size=8, lr=5e-4, schedule="cosine")
_TITLES = {"wave": "wave plot", "zcr": "zero-crossing rate", "mel": "mel", "mfcc": "MFCC"}
_VALUES = {"wave": 0.48, "zcr": 0.50, "mel": 0.84, "mfcc": 0.70}


def _table1(value: float) -> tuple[Reported, ...]:
    split = "90/10 of 1,000 clips, stratified, validation clips"
    note = "100 clips, or 99 without the corrupt one; whether they also chose the epoch is not told"
    return (Reported(value, "validation accuracy", 100, split, "table 1", note),)


def _branch(kind: str) -> tuple[Recipe, Recipe]:
    """A row of table 1 at the paper's 224 pixels, and the same at 96."""
    paper = Recipe(
        f"wei2023/resnet-{kind}",
        f"ResNet18, picture of {_TITLES[kind]}",
        (PICTURES[kind](),),
        ResNet18,
        _CONFIG,
        reported=_table1(_VALUES[kind]),
        deviations=(_TRAINING, _PRETRAINED),
        learn=learn_pretrained,
    )
    small = replace(
        paper,
        name=f"{paper.name}-96",
        title=f"{paper.title}, 96 px",
        features=(PICTURES[kind](size=96),),
        scaling="coefficient",
        deviations=(_TRAINING, _SMALL),
        learn=None,
    )
    return paper, small


_BRANCHES = tuple(_branch(kind) for kind in PICTURES)

_LSTM = Recipe(
    "wei2023/lstm",
    "SequenceLstm, MFCC",
    (SEQUENCE,),
    SequenceLstm,
    TrainConfig(epochs=40, batch_size=16, lr=1e-3, schedule="cosine"),
    reported=_table1(0.42),
    deviations=("training is not printed; Adam, 0.001 on a cosine, 40 epochs, batch 16",),
)
_LSTM_SCALED = replace(
    _LSTM,
    name="wei2023/lstm-scaled",
    title="SequenceLstm, MFCC, standardised",
    scaling="coefficient",
    reported=(),
    deviations=(*_LSTM.deviations, "inputs standardised; the paper mentions no scaling"),
)
_LSTM_MEAN = replace(
    _LSTM_SCALED,
    name="wei2023/lstm-mean",
    title="SequenceLstm, MFCC, standardised, states averaged",
    options={"read": "mean"},
    deviations=(*_LSTM_SCALED.deviations, "the mean of all states is read, not the last one"),
)

_FUSED = Recipe(
    "wei2023/fusion-early",
    "FusionNet, early",
    (SMALL, SHORT),
    FusionNet,
    TrainConfig(epochs=30, batch_size=16, lr=1e-3, schedule="cosine"),
    options={"width": 8, "read": "mean"},
    deviations=("proposed by the paper in section 4.2 and not tried there", "CPU-sized"),
    learn=learn_fusion,
)


def _fused(system: str, title: str, **changes: Any) -> Recipe:
    return replace(_FUSED, name=f"wei2023/{system}", title=title, **changes)


def _options(**more: Any) -> dict[str, Any]:
    return {**_FUSED.options, **more}


_ALONE = ("a branch alone, with as many parameters as early fusion and the same training",)

_FUSIONS = (
    _fused(
        "fusion-picture",
        "picture alone, same size",
        features=(SMALL,),
        model=ResNet18,
        options={"width": 10},
        scaling="coefficient",
        deviations=_ALONE,
        learn=None,
    ),
    _fused(
        "fusion-sequence",
        "sequence alone, same size",
        features=(SHORT,),
        model=SequenceLstm,
        options={"n_hidden": 254, "read": "mean"},
        scaling="coefficient",
        deviations=_ALONE,
        learn=None,
    ),
    _FUSED,
    _fused("fusion-late", "FusionNet, late", options=_options(fusion="late")),
    _fused("fusion-weighted", "FusionNet, late, weighted", options=_options(fusion="weighted")),
    _fused("fusion-dropout", "FusionNet, early, modality dropout", augment=drop_modality),
    _fused(
        "fusion-full",
        "FusionNet, early, 224 px and 1290 frames",
        features=(PICTURES["mel"](), SEQUENCE),
        options={},
        deviations=("proposed by the paper in section 4.2 and not tried there", "for a GPU"),
    ),
)

FUSION = (
    *(paper for paper, _ in _BRANCHES),
    _LSTM,
    *(small for _, small in _BRANCHES),
    _LSTM_SCALED,
    _LSTM_MEAN,
    *_FUSIONS,
)
