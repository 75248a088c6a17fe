"""Minhas et al. (2019): three networks of table 1, variants of ours, and four baselines.

What the paper leaves open and what we chose:

- *How long.* Ten epochs of 800 clips in batches of 128 are seventy steps. Ours are counted in
  steps: ten epochs of fewer clips take more passes over them. The authors' public code
  (katonminhas/MusicGenreClassifier) has fifty epochs for both dense networks, which are 350 steps,
  25 in the noise experiment, and ten with Adam and wider layers in an earlier version.
- *The optimizer and its rate.* Not printed; the authors' public code has RMSprop for the dense
  networks and Adam for the convolutional one, each with its library's own rate, 0.001. Ours are
  PyTorch's, whose RMSprop averages over more steps.
- *The pixels.* "Multiplied by a scalar": the code takes the magnitude of the decibels below the
  loudest cell, times 4.5. A zero is then the loudest cell, not silence.
- *The scale of the row means.* None is mentioned and the code has none: they go up to 360.
- *The scaling of the vectors.* Over all 1,000 clips, test clips included, in the code; ours is
  fitted on the training clips.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mgrlib.features.crop import Crop
from mgrlib.features.pixels import MelPixels
from mgrlib.features.vectors import Vector26, Vector57
from mgrlib.models.baselines import boosted_trees, k_nn, linear, rbf_svm
from mgrlib.models.minhas2019 import FeatureMlp, MelCnn, RowsMlp
from mgrlib.systems import Estimator, Network, Recipe
from mgrlib.systems.prepare import Columns, MinMaxUnit, RowMeans, Standardize
from mgrlib.training.config import TrainConfig

CLIP_SECONDS = 5.0  # Minhas et al. (2019), section "Dataset"
VECTOR = Crop(Vector26(22050), seconds=CLIP_SECONDS)
PICTURE = Crop(MelPixels(22050, n_mels=128, n_frames=216), seconds=CLIP_SECONDS)

PACE = Network(steps_per_epoch=7)  # an epoch of the paper: 800 clips in batches of 128
STANDARDIZED = Standardize(eps=0.0)

FRAGILE = ("spectral_flatness", "spectral_contrast")
STEADY_COLUMNS = tuple(i for i, name in enumerate(Vector26.columns) if name not in FRAGILE)
"""The values that do not take the logarithm of single cells: a cell that is lost has none."""

TABLE_NAMES = {"tempo": "tempo", "chroma": "chroma_stft_mean"}
TABLE_COLUMNS = tuple(
    Vector57.columns.index(TABLE_NAMES.get(name, f"{name}_mean"))
    for name in Vector26.columns
    if name not in FRAGILE
)
"""Where GTZAN's public table has them, of whole clips; it has no flatness and no contrast."""

STEPPED = "seventy steps in place of ten epochs: the paper's number of steps, whatever the data"
OPTIMIZER = "the optimizer is not printed; that of the authors' public code, rate 0.001"
PIXELS = "pixels as in the authors' public code: decibels below the loudest cell, times 4.5"

SHORT = TrainConfig(epochs=10, batch_size=128, optimizer="rmsprop", lr=1e-3)
LONG = TrainConfig(epochs=200, batch_size=128, optimizer="adam", lr=1e-3)

FEATURES = Recipe(
    "minhas2019/features",
    "FeatureMlp, 26 values",
    (VECTOR,),
    FeatureMlp,
    SHORT,
    prepare=(MinMaxUnit(),),
    learner=PACE,
    deviations=(STEPPED, OPTIMIZER, "scaling fitted on training clips only"),
)
ROWS = Recipe(
    "minhas2019/rows",
    "RowsMlp, 128 row means",
    (PICTURE,),
    RowsMlp,
    SHORT,
    prepare=(RowMeans(),),
    learner=PACE,
    deviations=(STEPPED, OPTIMIZER, PIXELS),
)
CNN = Recipe(
    "minhas2019/cnn",
    "MelCnn, mel picture",
    (PICTURE,),
    MelCnn,
    replace(SHORT, optimizer="adam", precision="bfloat16"),
    learner=PACE,
    deviations=(STEPPED, OPTIMIZER, PIXELS, "bfloat16, for speed on a CPU"),
)

FEATURES_LONG = replace(
    FEATURES,
    name="minhas2019/features-long",
    title="FeatureMlp, 1,400 steps",
    config=replace(LONG, optimizer="rmsprop"),
    deviations=("twenty times the paper's steps, nothing else changed", OPTIMIZER),
)
FEATURES_SCALED = replace(
    FEATURES_LONG,
    name="minhas2019/features-scaled",
    title="FeatureMlp, standardized, 350 steps",
    config=replace(LONG, epochs=50),
    prepare=(STANDARDIZED,),
    deviations=("values standardized in place of the paper's scaling; five times its steps",),
)
ROWS_SCALED = replace(
    ROWS,
    name="minhas2019/rows-scaled",
    title="RowsMlp, standardized, 350 steps",
    config=replace(LONG, epochs=50),
    prepare=(RowMeans(), STANDARDIZED),
    deviations=("row means standardized, where the paper has none; five times its steps",),
)
CNN_POOLED = replace(
    CNN,
    name="minhas2019/cnn-pooled",
    title="MelCnn with pooling, standardized, 140 steps",
    config=replace(LONG, epochs=20, precision="bfloat16"),
    options={"pool": 4},
    prepare=(STANDARDIZED,),
    deviations=("max-pooling by 4 behind both convolutions, standardized; twice the steps",),
)
WHOLE = replace(
    FEATURES_SCALED,
    name="minhas2019/features-whole",
    title="FeatureMlp, standardized, whole clips",
    features=(Vector26(22050),),
    deviations=("the values of all thirty seconds in place of five",),
)
STEADY = replace(
    FEATURES_SCALED,
    name="minhas2019/features-steady",
    title="FeatureMlp, without flatness and contrast",
    prepare=(Columns(STEADY_COLUMNS), STANDARDIZED),
    deviations=("the 24 values that lost cells hardly move, standardized; five times the steps",),
)
TABLE = replace(
    FEATURES,
    name="minhas2019/features-table",
    title="FeatureMlp, 24 of the 26 values",
    features=(Vector57(22050),),
    prepare=(Columns(TABLE_COLUMNS), MinMaxUnit()),
    deviations=(*FEATURES.deviations, "whole clips, without flatness and contrast"),
)
"""The values that the public table of all 1,000 clips has."""


def _baseline(system: str, title: str, model: Any) -> Recipe:
    return Recipe(
        f"minhas2019/{system}",
        f"{title}, 26 values",
        (VECTOR,),
        model,
        TrainConfig(),
        learner=Estimator(),
        deviations=("a system of ours on the paper's inputs",),
    )


SVM = _baseline("svm", "RBF SVM", rbf_svm)
RECIPES = (
    FEATURES,
    ROWS,
    CNN,
    FEATURES_LONG,
    FEATURES_SCALED,
    STEADY,
    ROWS_SCALED,
    CNN_POOLED,
    WHOLE,
    TABLE,
    _baseline("linear", "Logistic regression", linear),
    _baseline("k-nn", "5 nearest neighbors", k_nn),
    SVM,
    _baseline("trees", "Boosted trees", boosted_trees),
)
