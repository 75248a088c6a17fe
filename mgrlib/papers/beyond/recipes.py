"""The networks that the experiments beyond the papers look into.

`LISTENER` is small and quick to train: dilated convolutions over the middle ten seconds of a clip,
with a mean and a maximum over time at the end, so that it takes clips of any length.
"""

from __future__ import annotations

from mgrlib.features import LogMel
from mgrlib.models.luo2021 import DilatedCNN
from mgrlib.segments import Cut
from mgrlib.systems.prepare import Standardize
from mgrlib.systems.recipe import Recipe
from mgrlib.training.config import TrainConfig

MEL = LogMel(22050, n_mels=64, top_db=None)
"""Levels in dB of 64 bands, without a floor that depends on the loudest cell."""

SHORT = Cut(segment_seconds=5.0, trim_seconds=12.5)
"""The middle five seconds of a clip of thirty, where an experiment costs much."""

LISTENER = Recipe(
    "beyond/listener",
    "Dilated CNN, log-mel, 10 s",
    (MEL,),
    DilatedCNN,
    TrainConfig(epochs=20, batch_size=32, lr=2e-3, schedule="cosine"),
    cut=Cut(segment_seconds=10.0, trim_seconds=10.0),
    prepare=(Standardize(),),
    deviations=("a network of ours; Adam, .002 with a cosine schedule, batches of 32, 20 epochs",),
    no_record="the studies of this package train it",
)

RECIPES = (LISTENER,)
