"""What a random split of segments is worth: the same systems on segments divided in several ways.

Wei et al. (n.d.) report around .95 for segments of 3 s and .9274 for a table that probably has a
row for each such segment. Neighboring segments of a clip hardly differ, and under a random split of
segments nearly every test segment has such neighbors among those that trained. These studies
measure how much of the accuracy is that.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from scipy.spatial.distance import cdist

from mgrlib.data.corpus import Corpus
from mgrlib.evaluation.intervals import over_groups, ratio_over_values
from mgrlib.evaluation.multiframe import as_clips, joined, songs_of
from mgrlib.evaluation.predictions import Predictions
from mgrlib.experiments.study import Study, row
from mgrlib.features import Vector57
from mgrlib.features.base import Feature
from mgrlib.models.baselines import k_nn, rbf_svm
from mgrlib.models.wei2023 import SegmentCnn
from mgrlib.papers.wei2023.recipes import MLP57, SEGMENT_MFCC
from mgrlib.papers.wei2023.studies.divisions import (
    AT_RANDOM,
    BY_ARTIST,
    BY_CLIP,
    divisions,
    fold_numbers,
    three_seconds,
)
from mgrlib.segments import standardize
from mgrlib.systems.learn import learn
from mgrlib.systems.learners import Estimator
from mgrlib.systems.prepare import Standardize
from mgrlib.systems.recipe import Recipe
from mgrlib.training.config import TrainConfig

Rows = list[dict[str, Any]]

MLP = replace(MLP57, name="wei2023/leak-mlp", config=replace(MLP57.config, epochs=40))
CNN = Recipe(
    "wei2023/leak-cnn",
    "SegmentCnn",
    (SEGMENT_MFCC,),
    SegmentCnn,
    TrainConfig(epochs=40, batch_size=16, precision="bfloat16"),
    prepare=(Standardize(),),
)
NEAREST = Recipe(
    "wei2023/leak-nearest",
    "the genre of the nearest training segment: it learns nothing, it remembers",
    (Vector57(22050),),
    k_nn,
    TrainConfig(),
    options={"n_neighbors": 1},
    learner=Estimator(),
)
SVM = replace(NEAREST, name="wei2023/leak-svm", title="RBF SVM", model=rbf_svm, options={})


def leak(
    corpus: Corpus,
    seeds: Sequence[int],
    *,
    progress: bool = False,
    feature: Feature,
    systems: Mapping[str, Recipe],
    n_folds: int = 5,
    n_rounds: int = 5,
) -> Rows:
    """Accuracy of each system under each way to divide the segments, one row for each pair.

    Where clips stay together, a second row gives the accuracy of clips, whose segments vote.

    Args:
        feature: of segments of 3 s.
        n_rounds: how many of the folds are tested.
    """
    segments, rows = three_seconds(corpus, feature, progress), []
    for division, (name, recipe) in itertools.product(divisions(corpus), systems.items()):
        tables, training = [], []
        for seed in seeds:
            fold = fold_numbers(corpus, segments, division, n_folds, seed)
            for k in range(n_rounds):
                inside, outside = np.flatnonzero(fold != k), np.flatnonzero(fold == k)
                system = learn(recipe, as_clips(segments, inside), seed=seed)
                tables.append(system.predict(as_clips(segments, outside)))
                training.append(system.about["train_accuracy"])
        condition = {"system": name, "division": division}
        details: dict[str, Any] = {"train_accuracy": float(np.mean(training))}
        details["n"] = len({clip for table in tables for clip in songs_of(table)})
        rows.append(_accuracy(corpus, "segments", tables, condition, details))
        if division != AT_RANDOM:
            voted = [joined(table) for table in tables]
            rows.append(_accuracy(corpus, "clips", voted, condition, details))
    return rows


def _accuracy(
    corpus: Corpus,
    unit: str,
    tables: Sequence[Predictions],
    condition: Mapping[str, Any],
    details: Mapping[str, Any],
) -> dict[str, Any]:
    """The fraction of segments or clips classified correctly; the interval resamples artists."""
    clips = [name for table in tables for name in _clips_of(table)]
    correct = np.concatenate([table.correct for table in tables])
    interval = over_groups(correct, corpus.groups(clips))
    return row(f"accuracy of {unit}", interval, condition=condition, **details)


def _clips_of(table: Predictions) -> tuple[str, ...]:
    """The clip of each row, which is a segment or a clip."""
    return songs_of(table) if "#" in table.clip_ids[0] else table.clip_ids


def siblings(
    corpus: Corpus,
    seeds: Sequence[int],
    *,
    progress: bool = False,
    feature: Feature,
    systems: Mapping[str, Recipe],
    n_folds: int = 5,
) -> Rows:
    """From honest to leaky: accuracy with 0 to 9 other segments of the test clip in training.

    One segment of each clip is tested, the same one in every row. For each sibling that
    is added, a segment of another clip is removed, so that all training sets have the same size.
    Further rows give the share of the gain from all nine siblings that fewer of them bring.
    """
    segments, rows = three_seconds(corpus, feature, progress), []
    clip, correct = segments.clip.numpy(), {}
    for name, recipe in systems.items():
        for k in range(10):
            tables, training = [], []
            for seed in seeds:
                fold = fold_numbers(corpus, segments, BY_CLIP, n_folds, seed)
                for turn in range(n_folds):
                    inside, outside = with_siblings(clip, fold == turn, k, seed)
                    system = learn(recipe, as_clips(segments, inside), seed=seed)
                    tables.append(system.predict(as_clips(segments, outside)))
                    training.append(system.about["train_accuracy"])
            details = {"n": segments.n_clips, "train_accuracy": float(np.mean(training))}
            condition = {"system": name, "siblings": k}
            rows.append(_accuracy(corpus, "segments", tables, condition, details))
            correct[name, k] = _correct_by_clip(tables, n_folds)
    artists = corpus.groups(sorted(segments.clip_ids))
    for name, k in itertools.product(systems, range(1, 9)):
        none, gain = correct[name, 0], correct[name, 9] - correct[name, 0]
        share = ratio_over_values(correct[name, k] - none, gain, artists)
        condition = {"system": name, "siblings": k}
        rows.append(row("share of the gain", share, condition=condition))
    return rows


def _correct_by_clip(tables: Sequence[Predictions], n_folds: int) -> np.ndarray:
    """Whether the tested segment of each clip is right, in the order of the clips' ids, (R, M).

    Args:
        tables: of all folds of the first seed, then of the next.
    """
    values = []
    for i in range(0, len(tables), n_folds):
        table = Predictions.concat(tables[i : i + n_folds])
        values.append(table.correct[np.argsort(_clips_of(table))])
    return np.array(values, dtype=float)


def with_siblings(
    clip: np.ndarray, tested: np.ndarray, k: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Places of the segments that train, and of those tested: one of each test clip.

    Args:
        clip, tested: the clip of each segment (S,), and whether it is one of the test clips (S,).
        k: how many other segments of each test clip train.
    """
    rng = np.random.default_rng(seed)
    pool = rng.permutation(np.flatnonzero(~tested))
    tests, added = [], []
    for m in np.unique(clip[tested]):
        first, *others = rng.permutation(np.flatnonzero(clip == m))
        tests.append(first)
        added += others[:k]
    inside = np.concatenate([pool[len(added) :], np.array(added, dtype=np.int64)])
    return inside, np.array(tests)


def distances(
    corpus: Corpus,
    seeds: Sequence[int],
    *,
    progress: bool = False,
    features: Mapping[str, Feature],
) -> Rows:
    """How often the nearest of all other segments is of the same clip, genre or artist.

    Values are standardized over all segments; distances are Euclidean, or one minus correlation.
    Each row also has the mean distance within clips (genres, artists) by that between them.
    """
    rows = []
    for (name, feature), metric in itertools.product(
        features.items(), ("euclidean", "correlation")
    ):
        segments = three_seconds(corpus, feature, progress)
        x = standardize(segments)[0].in_memory().inputs[0].flatten(1).numpy()
        clip = segments.clip.numpy()
        artist = corpus.groups(segments.clip_ids)[clip]
        kinds = {"clip": clip, "genre": segments.y.numpy()}
        kinds |= {"artist": artist} if BY_ARTIST in divisions(corpus) else {}
        apart = cdist(x, x, metric)
        np.fill_diagonal(apart, np.inf)
        closest = apart.argmin(axis=1)
        for kind, label in kinds.items():
            same = label[:, None] == label
            ratio = apart[same & np.isfinite(apart)].mean() / apart[~same].mean()
            nearest = over_groups(label[closest] == label, artist)
            condition = {"feature": name, "distance": metric, "same": kind}
            details: dict[str, Any] = {"n": len(corpus), "within by between": float(ratio)}
            rows.append(row("fraction of segments", nearest, condition=condition, **details))
    return rows


LEAK = (
    Study(
        "wei2023/leak-mfcc",
        "the leak: MFCC of 3 s",
        leak,
        {
            "feature": SEGMENT_MFCC,
            "systems": {"SegmentCnn": CNN, "1-NN": NEAREST, "RBF SVM": SVM},
            "n_rounds": 1,
        },
        protocol="1 of 5 folds",
        deviations=(
            "widths, optimizer and learning rate are not printed; Adam, 0.001; inputs standardized",
            "one of five folds is tested",
        ),
    ),
    Study(
        "wei2023/leak-57",
        "the leak: 57 values of 3 s",
        leak,
        {"feature": Vector57(22050), "systems": {"MLP": MLP, "1-NN": NEAREST, "RBF SVM": SVM}},
        protocol="5 folds",
        deviations=("five folds, so that every segment is tested; the paper has one split",),
    ),
    Study(
        "wei2023/siblings",
        "from honest to leaky: 57 values of 3 s",
        siblings,
        {"feature": Vector57(22050), "systems": {"1-NN": NEAREST, "RBF SVM": SVM}},
        protocol="5 folds by clip",
        deviations=("ours; the paper does not ask",),
    ),
    Study(
        "wei2023/distances",
        "nearest segments, and whose they are",
        distances,
        {"features": {"57 values": Vector57(22050), "MFCC": SEGMENT_MFCC}},
        protocol="all segments",
        deviations=("named in section 5.2 as a way to compare; no result is printed",),
    ),
)
