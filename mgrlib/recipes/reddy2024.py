"""Reddy et al. (n.d.): both networks, transfer learning, whole songs, unequal classes.

The paper follows a report of Jiménez and José (2016) section by section, and that one builds on
the networks of Choi et al. (2016, 2017). All three are meant where a recipe says "the paper".

What the paper leaves open and what we chose:
- *Training from scratch* is said to need more data, and no figure is given. Ours: Adam, .001,
  batches of 8, 30 epochs, bfloat16; each clip is standardised as in `mgrlib.features.TaggerMel`.
- *Imbalance* is a paragraph without an experiment. Ours makes five genres rare in training.
- What the parts chose stands in `reddy2024_transfer`, `reddy2024_songs` and `reddy2024_taggers`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch

from mgrlib.augment import over_sample, under_sample
from mgrlib.data.corpus import Corpus
from mgrlib.data.labels import make_rare
from mgrlib.data.splits import folds
from mgrlib.evaluation.intervals import bootstrap
from mgrlib.evaluation.metrics import accuracy, confusion, f1, genre_precision, genre_recall
from mgrlib.evaluation.predictions import Predictions, predict
from mgrlib.features import TaggerMel, Vector57
from mgrlib.models.baselines import k_nn, linear, rbf_svm
from mgrlib.models.minhas2019 import FeatureMlp
from mgrlib.models.reddy2024 import Crnn, Fcn5, RecurrentHalf
from mgrlib.recipes.core import Recipe
from mgrlib.recipes.reddy2024_published import (
    TUNED,
    PublishedMaps,
    cross_tuned,
    learn_recurrent,
    published_curve,
)
from mgrlib.recipes.reddy2024_reported import CROSS_DATA, SONGS
from mgrlib.recipes.reddy2024_songs import (
    FRAME,
    FRAMES,
    PIECES,
    START,
    STRENGTH,
    BandStatistics,
    PublishedLayers,
    cross_data,
    cross_pieces,
    learn_frame_network,
    learn_frame_rows,
    multiframe,
)
from mgrlib.recipes.reddy2024_taggers import TAGGERS
from mgrlib.recipes.reddy2024_transfer import (
    SCRATCH,
    SHORT,
    TAGGER_SHA256,
    TUNING,
    WIDTHS,
    frozen_layers,
    initialisations,
    learn_features,
    learn_scratch,
    learn_tuned,
    learning_curve,
    optimisers,
    pretrain,
)
from mgrlib.recipes.studies import Study
from mgrlib.segments import Segments, cut, standardize
from mgrlib.training.config import TrainConfig
from mgrlib.training.loop import cross_entropy, fit
from mgrlib.training.losses import class_weights, weighted_cross_entropy
from mgrlib.training.seeds import seeded

__all__ = ["RECIPES", "imbalance"]

Row = dict[str, Any]

RARE = ("blues", "disco", "jazz", "metal", "reggae")
MLP = TrainConfig(epochs=40, batch_size=32, lr=1e-3)


def imbalance(
    corpus: Corpus,
    seeds: Sequence[int],
    progress: bool = False,
    *,
    rare: Sequence[str],
    share: float,
    n_folds: int,
) -> list[Row]:
    """Some genres made rare in training, and three cures: accuracy, F1, precision and recall.

    Five folds test every clip in equal numbers; only what trains is unequal. A dense network on 57
    features, standardised on the training clips as they are then. Bounds are those of a single
    seed's bootstrap over clips, averaged over seeds.
    """
    segments = cut(corpus, Vector57(22050), progress=progress)
    splits = folds(corpus, n_folds, seed=0)
    said: dict[str, list[Predictions]] = {}
    for seed in seeds:
        parts: dict[str, list[Predictions]] = {}
        for split in splits:
            counts = corpus.select(clip_ids=split.train).counts()
            keep = {genre: max(1, round(share * counts[genre])) for genre in rare}
            few = make_rare(corpus, split.train, keep, seed=seed)
            for name, answer in _cures(segments, split.train, few, split.test, seed).items():
                parts.setdefault(name, []).append(answer)
        for name, answers in parts.items():
            said.setdefault(name, []).append(Predictions.concat(answers))
    return [row for name, runs in said.items() for row in _imbalance_rows(name, runs, rare)]


def _cures(
    segments: Segments, whole: Sequence[str], few: Sequence[str], test: Sequence[str], seed: int
) -> dict[str, Predictions]:
    """The answers for the test clips after each way of training."""
    rest, left = segments.of(test), segments.of(few)
    y = left.y.numpy()
    weighted = weighted_cross_entropy(class_weights(left.y, left.n_classes))
    ways: dict[str, tuple[Segments, Callable[..., torch.Tensor]]] = {
        "balanced": (segments.of(whole), cross_entropy),
        "imbalanced": (left, cross_entropy),
        "over-sampled": (left.of([few[i] for i in over_sample(y, seed)]), cross_entropy),
        "under-sampled": (left.of([few[i] for i in under_sample(y, seed)]), cross_entropy),
        "class weights": (left, weighted),
    }
    said = {}
    for name, (train, loss) in ways.items():
        scaled, clips = standardize(train, rest)
        with seeded(seed):
            model = FeatureMlp(scaled.n_classes, (scaled.input_shape[0],))
        fit(model, scaled, config=replace(MLP, seed=seed), loss=loss)
        said[name] = predict(model, clips)
    return said


def _imbalance_rows(name: str, runs: Sequence[Predictions], rare: Sequence[str]) -> list[Row]:
    """Five metrics of one way of training, and the confusions of the first seed."""
    few = np.isin(runs[0].genres, rare)

    def mean_of(values: Callable[[Predictions], np.ndarray], some: np.ndarray) -> Any:
        return lambda predictions: float(values(predictions)[some].mean())

    metrics = {
        "accuracy": accuracy,
        "macro F1": f1,
        "recall of rare genres": mean_of(genre_recall, few),
        "precision of rare genres": mean_of(genre_precision, few),
        "recall of other genres": mean_of(genre_recall, ~few),
    }
    rows = []
    for metric, function in metrics.items():
        found = [bootstrap(one, function, n=500) for one in runs]
        row: Row = {"row": f"{name}: {metric}", "metric": metric, "n": runs[0].n}
        for bound in ("value", "low", "high"):
            row[bound] = float(np.mean([getattr(one, bound) for one in found]))
        rows.append(row)
    rows[0]["confusion"] = confusion(runs[0]).tolist()
    return rows


FULL = TrainConfig(epochs=30, batch_size=8, lr=1e-3, precision="bfloat16")
FIRST = TaggerMel(12000, part="start")
SETTINGS = "training settings are not printed; Adam, .001, batches of 8, 30 epochs, bfloat16"

FROM_SCRATCH = tuple(
    Recipe(
        f"reddy2024/{model.__name__.lower()}",
        f"{model.__name__} from scratch, 29.12 s",
        (FIRST,),
        model,
        FULL,
        deviations=(SETTINGS,),
    )
    for model in (Fcn5, Crnn)
)

SMALLER = "a narrower CRNN, on 6.6 s"
_small = Recipe(
    "reddy2024/small-crnn",
    "Small CRNN from scratch, 6.6 s",
    (SHORT,),
    Crnn,
    replace(SCRATCH, epochs=60),
    options={"widths": WIDTHS},
    deviations=(SMALLER,),
    learn=learn_scratch,
)
_listening = partial(learn_features, tagger=TAGGER_SHA256)
TRANSFERRED = (
    _small,
    replace(
        _small,
        name="reddy2024/small-tuned",
        title="Our tagger fine-tuned",
        config=replace(TUNING, epochs=60),
        learn=partial(learn_tuned, tagger=TAGGER_SHA256, n_frozen=0),
    ),
    replace(
        _small,
        name="reddy2024/small-tuned-recurrent",
        title="Our tagger, convolutions fixed",
        config=replace(TUNING, epochs=60),
        learn=partial(learn_tuned, tagger=TAGGER_SHA256, n_frozen=5),
    ),
    *(
        replace(
            _small,
            name=f"reddy2024/small-{key}",
            title=f"Our tagger's features, {title}",
            model=make,
            options={},
            learn=_listening,
        )
        for key, title, make in (
            ("svm", "SVM", rbf_svm),
            ("softmax", "softmax", linear),
            ("knn", "k-NN", k_nn),
        )
    ),
)

LIGHT = "a softmax in place of fine-tuning, which takes hours on a CPU"
OURS = "songs of the embedded corpus; the original's are not published"
_statistics = Recipe(
    "reddy2024/frames-statistics",
    "Whole songs, softmax on band statistics",
    (BandStatistics(),),
    linear,
    TrainConfig(epochs=1),
    options={"strength": STRENGTH},
    how=FRAMES,
    deviations=(LIGHT, OURS),
    learn=learn_frame_rows,
)
WHOLE_SONGS = (
    _statistics,
    replace(
        _statistics,
        name="reddy2024/frames-tagger",
        title="Whole songs, softmax on the published tagger",
        features=(PublishedLayers(),),
    ),
    replace(
        _statistics,
        name="reddy2024/pieces-statistics",
        title="Clips in six pieces, softmax on band statistics",
        features=(BandStatistics(n_frames=235),),
        how=PIECES,
        deviations=("frames of 5 s, six a clip, nothing trimmed", LIGHT),
    ),
    Recipe(
        "reddy2024/frames-crnn",
        "Whole songs, small CRNN from scratch",
        (FRAME,),
        Crnn,
        TrainConfig(epochs=4, batch_size=16, lr=3e-3, precision="bfloat16"),
        options={"widths": WIDTHS},
        how=FRAMES,
        deviations=("from scratch, with narrower layers", OURS),
        learn=learn_frame_network,
    ),
)
CONVOLUTIONS = "the convolutions and the normalisation of frames stay as published"
TUNED_HALF = (
    Recipe(
        "reddy2024/published-tuned",
        "The published tagger, recurrent layers fine-tuned",
        (PublishedMaps(),),
        RecurrentHalf,
        replace(TUNED, epochs=60),
        how=START,
        deviations=(CONVOLUTIONS,),
        learn=learn_recurrent,
    ),
    Recipe(
        "reddy2024/frames-tuned",
        "Whole songs, the published tagger fine-tuned",
        (PublishedMaps(),),
        RecurrentHalf,
        TUNED,
        how=FRAMES,
        deviations=(CONVOLUTIONS, OURS),
        learn=learn_recurrent,
    ),
)
N_FRAMES = (1, 2, 3, 4, 6)
BY = {"by song": "clip", "by artist": "group"}

N_STEPS = 300
FEWER = 200
SIZE = 20

STUDIES = (
    Study(
        "reddy2024/tagger",
        "Our tagger, on artists it never heard",
        pretrain,
        {
            "worlds": tuple(range(1, 11)),
            "n_per_genre": 24,
            "config": TrainConfig(
                epochs=16,
                batch_size=16,
                lr=3e-3,
                schedule="cosine",
                precision="bfloat16",
                n_threads=1,
            ),
        },
    ),
    Study(
        "reddy2024/learning-curve",
        "Where transfer pays, by number of clips",
        learning_curve,
        {"sizes": (5, 10, 20, 50), "n_steps": N_STEPS, "tagger": TAGGER_SHA256},
    ),
    Study(
        "reddy2024/published-curve",
        "Where the published tagger pays, by number of clips",
        published_curve,
        {"sizes": (5, 10, 20, 50), "n_steps": N_STEPS},
    ),
    Study(
        "reddy2024/frozen-layers",
        "Fine-tuning with n layers fixed",
        frozen_layers,
        {
            "size": SIZE,
            "n_steps": FEWER,
            "n_frozen": (0, 3, 5, 7),
            "tagger": TAGGER_SHA256,
        },
    ),
    Study(
        "reddy2024/optimisers",
        "Three optimisers, from scratch and fine-tuning",
        optimisers,
        {
            "size": SIZE,
            "n_steps": FEWER,
            "rates": {"adam": 3e-3, "sgd": 0.03, "rmsprop": 3e-3},
            "tagger": TAGGER_SHA256,
        },
    ),
    Study(
        "reddy2024/initialisations",
        "Four ways to draw first weights, and the tagger's",
        initialisations,
        {
            "size": SIZE,
            "n_steps": FEWER,
            "hows": ("Xavier", "orthogonal", "normal .01"),
            "tagger": TAGGER_SHA256,
        },
    ),
    Study(
        "reddy2024/pieces",
        "The same with six pieces of clips of half a minute",
        multiframe,
        {"recipe": WHOLE_SONGS[2], "n_frames": N_FRAMES, "ways": BY, "n_folds": 5},
        deviations=("frames of 5 s, six a clip, nothing trimmed", LIGHT),
    ),
    Study(
        "reddy2024/multiframe",
        "Frames and songs, band statistics",
        multiframe,
        {"recipe": WHOLE_SONGS[0], "n_frames": N_FRAMES, "ways": BY, "n_folds": 3},
        reported=SONGS,
        deviations=(LIGHT, OURS),
    ),
    Study(
        "reddy2024/multiframe-tagger",
        "Frames and songs, the published tagger",
        multiframe,
        {"recipe": WHOLE_SONGS[1], "n_frames": N_FRAMES, "ways": BY, "n_folds": 3},
        reported=SONGS,
        deviations=(LIGHT, OURS),
    ),
    Study(
        "reddy2024/multiframe-tuned",
        "Frames and songs, the published tagger fine-tuned",
        multiframe,
        {"recipe": TUNED_HALF[1], "n_frames": N_FRAMES, "ways": BY, "n_folds": 3},
        reported=SONGS,
        deviations=(CONVOLUTIONS, OURS),
    ),
    Study(
        "reddy2024/cross-tuned",
        "Trained on the handmade set, fine-tuning the published tagger",
        cross_tuned,
        {"n_per_genre": 30},
        reported={"trained on the handmade set": CROSS_DATA},
        deviations=(CONVOLUTIONS, OURS),
    ),
    Study(
        "reddy2024/cross-data",
        "Trained on the handmade set, tested elsewhere",
        cross_data,
        {
            "n_per_genre": 30,
            "features": {"statistics": BandStatistics(), "tagger": PublishedLayers()},
        },
        reported={"tagger, trained on the handmade set": CROSS_DATA},
        deviations=(LIGHT, OURS),
    ),
    Study(
        "reddy2024/cross-pieces",
        "Trained on our clips, tested elsewhere, in pieces",
        cross_pieces,
        {"n_per_genre": 20, "feature": BandStatistics(n_frames=235)},
        reported={"trained on the embedded corpus": CROSS_DATA},
        deviations=("frames of 5 s, six a clip, nothing trimmed", LIGHT),
    ),
    Study(
        "reddy2024/imbalance",
        "Five genres made rare, and three cures",
        imbalance,
        {"rare": RARE, "share": 0.1, "n_folds": 5},
    ),
)

RECIPES: tuple[Recipe | Study, ...] = (
    *FROM_SCRATCH,
    *TRANSFERRED,
    *WHOLE_SONGS,
    *TUNED_HALF,
    *STUDIES,
    *TAGGERS,
)
