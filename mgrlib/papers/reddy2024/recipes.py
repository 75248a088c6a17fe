"""Reddy et al. (n.d.): both networks from scratch, transferred, and on frames of whole songs.

What the paper leaves open and what we chose:

- *Training from scratch* is said to need more data, and no figure is given. Ours: Adam, .001,
  batches of 8, 30 epochs, bfloat16; each clip is standardized as in `mgrlib.features.TaggerMel`.
- *A smaller network*: the paper's CRNN with narrower layers, on 6.6 seconds, and our own tagger as
  the network that is transferred.
- *Rates.* From scratch, that of the source task. Fine-tuning, "a bit slower than in the original
  model": ours is a third of it.
- *The published network.* Jiménez and José fixed the four convolutional blocks and trained what
  stands behind them; the weights that they published show it. With the convolutions fixed, what
  they say of a segment is computed once, and the rest trains in seconds on a CPU. Theirs, on frames
  of songs, overfitted after some 25 epochs of Adam, at a rate that is not printed; ours are 20
  epochs at .001.
- *The classifier of frames.* Fine-tuning the published network on 1,468 frames takes hours on a
  CPU. Ours is a softmax on the published tagger's pooled layers, or on statistics of the mel bands,
  which needs no file at all; and the paper's CRNN from scratch, with narrower layers.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from mgrlib.features import TaggerMel
from mgrlib.models.baselines import k_nn, linear, rbf_svm
from mgrlib.models.reddy2024 import Crnn, Fcn5, RecurrentHalf
from mgrlib.papers.reddy2024.features import (
    FRAME,
    FRAMES,
    PIECES,
    SHORT,
    START,
    BandStatistics,
    PublishedLayers,
    PublishedMaps,
    PublishedTags,
)
from mgrlib.papers.reddy2024.learners import (
    OutOfFold,
    TaggerLayers,
    tuned_half,
    tuned_tagger,
    tuned_whole,
)
from mgrlib.papers.reddy2024.tagger import CNN_OPTIONS, CNN_SHA256, TAGGER_SHA256, WIDTHS
from mgrlib.systems.learners import Estimator, Network
from mgrlib.systems.prepare import PerClip
from mgrlib.systems.recipe import Recipe
from mgrlib.training.config import TrainConfig

FULL = TrainConfig(epochs=30, batch_size=8, lr=1e-3, precision="bfloat16")
SETTINGS = "training settings are not printed; Adam, .001, batches of 8, 30 epochs, bfloat16"

FROM_SCRATCH = tuple(
    Recipe(
        f"reddy2024/{model.__name__.lower()}",
        f"{model.__name__} from scratch, 29.12 s",
        (TaggerMel(12000, part="start"),),
        model,
        FULL,
        deviations=(SETTINGS,),
    )
    for model in (Fcn5, Crnn)
)

SCRATCH = TrainConfig(epochs=60, batch_size=16, lr=3e-3, precision="bfloat16")
TUNING = replace(SCRATCH, lr=1e-3)

SMALL = Recipe(
    "reddy2024/small-crnn",
    "Small CRNN from scratch, 6.6 s",
    (SHORT,),
    Crnn,
    SCRATCH,
    options={"widths": WIDTHS},
    prepare=(PerClip(),),
    deviations=("a narrower CRNN, on 6.6 s",),
)
_IN_CURVE = "the study reddy2024/learning-curve has it, on the embedded corpus"
TUNED = replace(
    SMALL,
    name="reddy2024/small-tuned",
    title="Our tagger fine-tuned",
    config=TUNING,
    learner=Network(make=partial(tuned_tagger, sha256=TAGGER_SHA256)),
    no_record=_IN_CURVE,
)
TUNED_RECURRENT = replace(
    TUNED,
    name="reddy2024/small-tuned-recurrent",
    title="Our tagger, convolutions fixed",
    learner=Network(make=partial(tuned_tagger, sha256=TAGGER_SHA256, n_frozen=5)),
)
SMALL_SVM, SMALL_SOFTMAX, SMALL_KNN = (
    replace(
        SMALL,
        name=f"reddy2024/small-{key}",
        title=f"Our tagger's features, {title}",
        model=make,
        options={},
        prepare=(PerClip(), TaggerLayers(TAGGER_SHA256)),
        learner=Estimator(use_valid=False),
    )
    for key, title, make in (
        ("svm", "SVM", rbf_svm),
        ("softmax", "softmax", linear),
        ("knn", "k-NN", k_nn),
    )
)
_IN_CNN_CURVE = "the study reddy2024/cnn-curve has it, on the embedded corpus"
SMALL_CNN = replace(
    SMALL,
    name="reddy2024/small-cnn",
    title="Small CNN from scratch, 6.6 s",
    model=Fcn5,
    options=CNN_OPTIONS,
    deviations=("a narrower CNN, on 6.6 s",),
    no_record=_IN_CNN_CURVE,
)
CNN_TUNED = replace(
    SMALL_CNN,
    name="reddy2024/small-cnn-tuned",
    title="Our convolutional tagger fine-tuned",
    config=TUNING,
    learner=Network(make=partial(tuned_tagger, sha256=CNN_SHA256, kind="CNN")),
)

LIGHT = "a softmax in place of fine-tuning, which takes hours on a CPU"
OURS = "songs of the embedded corpus; the original's are not published"
IN_PIECES = "frames of 5 s, six a clip, nothing trimmed"
CONVOLUTIONS = "the convolutions and the normalization of frames stay as published"

STRENGTH = 0.01
"""How freely the softmax' weights may grow: little, on hundreds of values."""

FRAMES_STATISTICS = Recipe(
    "reddy2024/frames-statistics",
    "Whole songs, softmax on band statistics",
    (BandStatistics(),),
    linear,
    TrainConfig(epochs=1),
    options={"strength": STRENGTH},
    cut=FRAMES,
    learner=OutOfFold(),
    deviations=(LIGHT, OURS),
)
FRAMES_TAGGER = replace(
    FRAMES_STATISTICS,
    name="reddy2024/frames-tagger",
    title="Whole songs, softmax on the published tagger",
    features=(PublishedLayers(),),
)
PIECES_STATISTICS = replace(
    FRAMES_STATISTICS,
    name="reddy2024/pieces-statistics",
    title="Clips in six pieces, softmax on band statistics",
    features=(BandStatistics(n_frames=235),),
    cut=PIECES,
    deviations=(IN_PIECES, LIGHT),
)
FRAMES_CRNN = Recipe(
    "reddy2024/frames-crnn",
    "Whole songs, small CRNN from scratch",
    (FRAME,),
    Crnn,
    TrainConfig(epochs=4, batch_size=16, lr=3e-3, precision="bfloat16"),
    options={"widths": WIDTHS},
    cut=FRAMES,
    prepare=(PerClip(),),
    deviations=("from scratch, with narrower layers", OURS),
    no_record="takes a GPU: convolutions on every frame of whole songs",
)
FRAMES_TUNED = Recipe(
    "reddy2024/frames-tuned",
    "Whole songs, the published tagger fine-tuned",
    (PublishedMaps(),),
    RecurrentHalf,
    TrainConfig(epochs=20, batch_size=16, lr=1e-3),
    cut=FRAMES,
    learner=Network(make=tuned_half),
    deviations=(CONVOLUTIONS, OURS),
)
PUBLISHED_TUNED = replace(
    FRAMES_TUNED,
    name="reddy2024/published-tuned",
    title="The published tagger, recurrent layers fine-tuned",
    config=replace(FRAMES_TUNED.config, epochs=60),
    cut=START,
    deviations=(CONVOLUTIONS,),
)

PUBLISHED_WHOLE = Recipe(
    "reddy2024/published-whole",
    "The published tagger, all layers fine-tuned",
    (TaggerMel(12000, part="start"),),
    Crnn,
    TrainConfig(epochs=10, batch_size=8, lr=1e-3),
    cut=START,
    learner=Network(make=tuned_whole),
    deviations=("no layer is fixed; training settings are not printed, ours are ten epochs",),
)

TAGS_SOFTMAX = Recipe(
    "reddy2024/tags-softmax",
    "The published tagger's 50 tags, softmax",
    (PublishedTags(),),
    linear,
    TrainConfig(epochs=1),
    cut=START,
    learner=Estimator(use_valid=False),
    deviations=("a softmax on what the tagger says, in place of a fine-tuned head",),
)
"""Ten genres from fifty tags: the head of the page on which readers try the tagger."""

RECIPES = (
    *FROM_SCRATCH,
    SMALL,
    TUNED,
    TUNED_RECURRENT,
    SMALL_CNN,
    CNN_TUNED,
    SMALL_SVM,
    SMALL_SOFTMAX,
    SMALL_KNN,
    FRAMES_STATISTICS,
    FRAMES_TAGGER,
    PIECES_STATISTICS,
    FRAMES_CRNN,
    PUBLISHED_TUNED,
    PUBLISHED_WHOLE,
    FRAMES_TUNED,
    TAGS_SOFTMAX,
)
