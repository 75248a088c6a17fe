"""Wei et al. (n.d.): pictures and sequences (section 4), segments (5), and what section 6 shrinks.

What the paper leaves open and what we chose:

- *Pictures and sequences.* No optimizer, learning rate or number of epochs is printed for section
  4; the batch of 8 stands in section 6.1. Ours: Adam, 0.0005 falling to zero along a cosine, 12
  epochs. 1290 frames are what the shortest clip of GTZAN has at 22,050 Hz and a hop of 512; the
  first 1290 of each clip are taken. For the pictures see `mgrlib.features.pictures`.
- *Fusion* is proposed, not tried: everything about its training is ours. So that it can be repeated
  often on a CPU it has pictures of 96 pixels, a ResNet18 an eighth as wide, a frame for each 4096
  samples, and an LSTM whose states are averaged; `fusion-full` has the sizes of section 4.
- *Segments.* The parameters of the network are printed and no layer is: see
  `mgrlib.models.wei2023`. "80% on trainset, and 20% on testset", of segments, it seems; the recipes
  keep the segments of a clip together, and `studies.leak` does both. Batches of 16 and 40 epochs
  are printed; optimizer and learning rate are not. Ours: Adam, 0.001, and inputs standardized.
  `segment-whole` reads whole clips, our reading of the paper's "raw" data, and
  `segment-3s-short` makes as few gradient steps.
- *Teacher and student.* Distillation is named in section 6.2 and no result is given. Ours: the
  teacher is a ResNet18 on pictures of 96 pixels, the student a ShallowCNN on the log-mel
  spectrogram, with a twenty-fifth of its weights.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import torch

from mgrlib.features import (
    Concat,
    LogMel,
    MelPicture,
    Mfcc,
    MfccPicture,
    Rms,
    Vector57,
    WavePlot,
    ZcrPlot,
)
from mgrlib.features.base import Feature
from mgrlib.models.luo2021 import ShallowCNN
from mgrlib.models.wei2023 import FeatureMlp57, FusionNet, ResNet18, SegmentCnn, SequenceLstm
from mgrlib.papers.wei2023.learners import Averaging, FromImageNet, Taught
from mgrlib.segments import Cut
from mgrlib.systems.prepare import ImageNet, Standardize
from mgrlib.systems.recipe import Recipe
from mgrlib.training.config import TrainConfig

PICTURES: dict[str, Callable[..., Feature]] = {
    "wave": partial(WavePlot, 22050, channels="first"),
    "zcr": partial(ZcrPlot, 22050, channels="first"),
    "mel": partial(MelPicture, 22050, channels="first"),
    "mfcc": partial(MfccPicture, 22050, channels="first"),
}
SEQUENCE = Mfcc(22050, n_mfcc=13, n_frames=1290)
SMALL = MelPicture(22050, size=96, channels="first")
SHORT = Mfcc(22050, n_mfcc=13, n_fft=4096, hop_length=4096, n_frames=162)
SEGMENT_MFCC = Mfcc(22050, n_mfcc=13)
SEGMENT_MFCC_RMS = Concat(SEGMENT_MFCC, Rms(22050))
MEL = LogMel(22050, n_mels=128, n_frames=1024)

MISSING = 0.25  # how often a training segment loses its picture, and how often its sequence

_STANDARDIZED = (Standardize(),)

# Section 4: pictures, sequences and both

_TRAINING = "optimizer, learning rate and epochs are not printed; Adam, 0.0005 on a cosine, 12"
_PRETRAINED = (
    '"pre-trained", on what is not printed; ImageNet weights if available, else from scratch'
)
_SMALL = "pictures of 96 pixels, from scratch, each channel standardized"
_TITLES = {"wave": "wave plot", "zcr": "zero-crossing rate", "mel": "mel", "mfcc": "MFCC"}


def _branch(kind: str) -> tuple[Recipe, Recipe]:
    """A row of table 1 at the paper's 224 pixels, and the same at 96."""
    paper = Recipe(
        f"wei2023/resnet-{kind}",
        f"ResNet18, picture of {_TITLES[kind]}",
        (PICTURES[kind](),),
        ResNet18,
        TrainConfig(epochs=12, batch_size=8, lr=5e-4, schedule="cosine"),
        prepare=(ImageNet(),),
        learner=FromImageNet(),
        deviations=(_TRAINING, _PRETRAINED),
    )
    small = replace(
        paper,
        name=f"{paper.name}-96",
        title=f"{paper.title}, 96 px",
        features=(PICTURES[kind](size=96),),
        prepare=_STANDARDIZED,
        learner=None,
        deviations=(_TRAINING, _SMALL),
    )
    return paper, small


_BRANCHES = tuple(_branch(kind) for kind in PICTURES)

_LSTM = Recipe(
    "wei2023/lstm",
    "SequenceLstm, MFCC",
    (SEQUENCE,),
    SequenceLstm,
    TrainConfig(epochs=40, batch_size=16, lr=1e-3, schedule="cosine"),
    deviations=("training is not printed; Adam, 0.001 on a cosine, 40 epochs, batch 16",),
)
_LSTM_SCALED = replace(
    _LSTM,
    name="wei2023/lstm-scaled",
    title="SequenceLstm, MFCC, standardized",
    prepare=_STANDARDIZED,
    deviations=(*_LSTM.deviations, "inputs standardized; the paper mentions no scaling"),
)
_LSTM_MEAN = replace(
    _LSTM_SCALED,
    name="wei2023/lstm-mean",
    title="SequenceLstm, MFCC, standardized, states averaged",
    options={"read": "mean"},
    deviations=(*_LSTM_SCALED.deviations, "the mean of all states is read, not the last one"),
)


def drop_modality(
    inputs: tuple[torch.Tensor, ...], y: torch.Tensor, generator: torch.Generator
) -> tuple[tuple[torch.Tensor, ...], torch.Tensor]:
    """A quarter of the segments without picture, a quarter without sequence: modality dropout."""
    draw = torch.rand(len(y), generator=generator)
    present = (draw >= MISSING), (draw < 1 - MISSING)
    pairs = zip(inputs, present, strict=True)
    return tuple(x * p.to(x).view(-1, *[1] * (x.ndim - 1)) for x, p in pairs), y


_PROPOSED = "proposed by the paper in section 4.2 and not tried there"
_ALONE = "a branch alone, with as many parameters as early fusion and the same training"

_EARLY = Recipe(
    "wei2023/fusion-early",
    "FusionNet, early",
    (SMALL, SHORT),
    FusionNet,
    TrainConfig(epochs=30, batch_size=16, lr=1e-3, schedule="cosine"),
    options={"width": 8, "read": "mean"},
    prepare=(Standardize(), Standardize(modality=1)),
    learner=Averaging(),
    deviations=(_PROPOSED, "CPU-sized"),
)


_LATE = {name: {**_EARLY.options, "fusion": name} for name in ("late", "weighted")}


def _fused(system: str, title: str, **changes: Any) -> Recipe:
    return replace(_EARLY, name=f"wei2023/fusion-{system}", title=title, **changes)


def _alone(system: str, feature: Feature, model: type, **options: Any) -> Recipe:
    """One branch of the fusion by itself."""
    return _fused(
        system,
        f"{system} alone, same size",
        features=(feature,),
        model=model,
        options=options,
        prepare=_STANDARDIZED,
        learner=None,
        deviations=(_ALONE,),
    )


_FUSIONS = (
    _alone("picture", SMALL, ResNet18, width=10),
    _alone("sequence", SHORT, SequenceLstm, n_hidden=254, read="mean"),
    _EARLY,
    _fused("late", "FusionNet, late", options=_LATE["late"]),
    _fused("weighted", "FusionNet, late, weighted", options=_LATE["weighted"]),
    _fused("dropout", "FusionNet, early, modality dropout", augment=drop_modality),
    _fused(
        "full",
        "FusionNet, early, 224 px and 1290 frames",
        features=(PICTURES["mel"](), SEQUENCE),
        options={},
        deviations=(_PROPOSED, "from scratch; optimizer, learning rate and epochs are ours"),
    ),
)

# Section 5: segments

_SETTINGS = "widths, optimizer and learning rate are not printed; Adam, 0.001; inputs standardized"
_CLIPS = "clips stay together, and the segments of a test clip answer as one; the paper's do not"

_THREE = Recipe(
    "wei2023/segment-3s",
    "SegmentCnn, MFCC of 3 s",
    (SEGMENT_MFCC,),
    SegmentCnn,
    TrainConfig(epochs=40, batch_size=16, lr=1e-3),
    cut=Cut(3.0),
    prepare=_STANDARDIZED,
    deviations=(_SETTINGS, _CLIPS),
)


def _segment(system: str, title: str, **changes: Any) -> Recipe:
    return replace(_THREE, name=f"wei2023/segment-{system}", title=title, **changes)


_SEGMENTS = (
    _THREE,
    *(_segment(f"{n:g}s", f"SegmentCnn, MFCC of {n:g} s", cut=Cut(n)) for n in (6.0, 9.0)),
    _segment("3s-rms", "SegmentCnn, MFCC and RMS of 3 s", features=(SEGMENT_MFCC_RMS,)),
    _segment("whole", "SegmentCnn, MFCC of whole clips", features=(SEQUENCE,), cut=Cut()),
    _segment(
        "3s-short",
        "SegmentCnn, MFCC of 3 s, as few steps as whole clips",
        config=replace(_THREE.config, epochs=5),
        deviations=(*_THREE.deviations, "5 epochs: about 200 steps"),
    ),
    *(
        _segment(f"3s-net{i}", f"same count: {title}", options=SegmentCnn.same_count[title])
        for i, title in enumerate(SegmentCnn.same_count, start=2)
    ),
)

# Section 6: what is made smaller, and who teaches whom

MLP57 = Recipe(
    "wei2023/mlp57",
    "FeatureMlp57, 57 values",
    (Vector57(22050),),
    FeatureMlp57,
    TrainConfig(epochs=60, batch_size=64, lr=1e-3),
    prepare=_STANDARDIZED,
    deviations=(
        "widths, optimizer, learning rate and epochs are not printed",
        "clips stay together, and the rows of a clip answer as one",
    ),
)
TEACHER = Recipe(
    "wei2023/teacher",
    "ResNet18, 96 px",
    (SMALL,),
    ResNet18,
    TrainConfig(epochs=15, batch_size=8, lr=5e-4, schedule="cosine", precision="bfloat16"),
    prepare=_STANDARDIZED,
    deviations=("the teacher of `wei2023/student`, by itself",),
)
STUDENT_ALONE = Recipe(
    "wei2023/student-alone",
    "ShallowCNN without a teacher",
    (MEL,),
    ShallowCNN,
    TrainConfig(epochs=30, batch_size=32, lr=1e-3, precision="bfloat16"),
    prepare=_STANDARDIZED,
    deviations=("the student of `wei2023/student`, without a teacher",),
)
STUDENT = replace(
    STUDENT_ALONE,
    name="wei2023/student",
    title="ShallowCNN taught by ResNet18",
    learner=Taught(TEACHER),
    deviations=("distillation is named in section 6.2, without a result", "CPU-sized"),
    no_record="the study wei2023/distillation has it",
)

RECIPES = (
    *(paper for paper, _ in _BRANCHES),
    _LSTM,
    *(small for _, small in _BRANCHES),
    _LSTM_SCALED,
    _LSTM_MEAN,
    *_FUSIONS,
    *_SEGMENTS,
    MLP57,
    STUDENT_ALONE,
    STUDENT,
    TEACHER,
)
