"""Unequal classes: a paragraph of the paper without an experiment. Ours makes five genres rare."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mgrlib.augment import over_sample, under_sample
from mgrlib.data.corpus import Corpus
from mgrlib.data.labels import make_rare
from mgrlib.data.splits import folds
from mgrlib.evaluation.intervals import Interval, bootstrap_values, percentile_bounds
from mgrlib.evaluation.metrics import accuracy, confusion, f1, genre_precision, genre_recall
from mgrlib.evaluation.predictions import Predictions
from mgrlib.experiments.study import Row, Study, row
from mgrlib.features import Vector57
from mgrlib.models.minhas2019 import FeatureMlp
from mgrlib.papers.reddy2024.learners import Weighted
from mgrlib.segments import Segments
from mgrlib.systems.learn import learn, segments_of
from mgrlib.systems.prepare import Standardize
from mgrlib.systems.recipe import Recipe
from mgrlib.systems.system import System
from mgrlib.training.config import TrainConfig

MLP57 = Recipe(
    "reddy2024/mlp57",
    "A dense network on 57 features",
    (Vector57(22050),),
    FeatureMlp,
    TrainConfig(epochs=40, batch_size=32, lr=1e-3),
    prepare=(Standardize(),),
)


def imbalance(
    corpus: Corpus,
    seeds: Sequence[int],
    progress: bool = False,
    *,
    recipe: Recipe,
    rare: Sequence[str],
    share: float,
    n_folds: int,
) -> list[Row]:
    """Some genres made rare in training, and three cures: accuracy, F1, precision and recall.

    The folds test every clip in equal numbers; only what trains is unequal. Features are
    standardized on the training clips as they are then. Intervals draw seeds and whole artists.
    `minus` has the difference to each other way of training, on the same draws, with its bounds.
    """
    segments = segments_of(recipe, corpus, progress=progress)
    splits = folds(corpus, n_folds, seed=0)
    runs: dict[str, list[Predictions]] = {}
    trained: dict[str, list[float]] = {}
    for seed in seeds:
        parts: dict[str, list[Predictions]] = {}
        for split in splits:
            counts = corpus.select(clip_ids=split.train).counts()
            keep = {genre: max(1, round(share * counts[genre])) for genre in rare}
            few = make_rare(corpus, split.train, keep, seed=seed)
            for name, system in _cures(recipe, segments, split.train, few, seed).items():
                parts.setdefault(name, []).append(system.predict(segments.of(split.test)))
                trained.setdefault(name, []).append(system.about["train_accuracy"])
        for name, answers in parts.items():
            runs.setdefault(name, []).append(Predictions.concat(answers))
    artists = corpus.groups(next(iter(runs.values()))[0].clip_ids)
    means = {name: float(np.mean(values)) for name, values in trained.items()}
    return [
        r
        for metric, function in _metrics(corpus.genres, rare).items()
        for r in _rows(metric, function, runs, artists, means)
    ]


def _cures(
    recipe: Recipe, segments: Segments, balanced: Sequence[str], few: Sequence[str], seed: int
) -> dict[str, System]:
    """The trained system of each remedy."""
    imbalanced = segments.of(few)
    y = imbalanced.y.numpy()
    ways: dict[str, tuple[Segments, Recipe]] = {
        "balanced": (segments.of(balanced), recipe),
        "imbalanced": (imbalanced, recipe),
        "over-sampled": (_sampled(imbalanced, over_sample(y, seed)), recipe),
        "under-sampled": (_sampled(imbalanced, under_sample(y, seed)), recipe),
        "class weights": (imbalanced, replace(recipe, learner=Weighted())),
    }
    return {name: learn(system, train, seed=seed) for name, (train, system) in ways.items()}


def _sampled(segments: Segments, numbers: Sequence[int] | np.ndarray) -> Segments:
    """Clips by their numbers; a number that occurs several times gives several clips."""
    sample = segments.of([segments.clip_ids[i] for i in numbers])
    names = tuple(f"{clip_id} {i}" for i, clip_id in enumerate(sample.clip_ids))
    return replace(sample, clip_ids=names)


def _metrics(
    genres: Sequence[str], rare: Sequence[str]
) -> dict[str, Callable[[Predictions], float]]:
    few = np.isin(genres, rare)

    def mean_of(
        values: Callable[[Predictions], np.ndarray], where: np.ndarray
    ) -> Callable[[Predictions], float]:
        return lambda predictions: float(values(predictions)[where].mean())

    return {
        "accuracy": accuracy,
        "macro F1": f1,
        "recall of rare genres": mean_of(genre_recall, few),
        "precision of rare genres": mean_of(genre_precision, few),
        "recall of other genres": mean_of(genre_recall, ~few),
    }


def _rows(
    metric: str,
    function: Callable[[Predictions], float],
    runs: Mapping[str, Sequence[Predictions]],
    artists: np.ndarray,
    train_accuracy: Mapping[str, float],
) -> list[Row]:
    """A row of one metric for each way of training; for the accuracy with the first confusions."""
    values = {name: float(np.mean([function(run) for run in runs[name]])) for name in runs}
    draws = {name: draws_of(runs[name], function, artists) for name in runs}
    rows: list[Row] = []
    for name, tables in runs.items():
        minus = {
            other: [values[name] - values[other], *percentile_bounds(draws[name] - draws[other])]
            for other in runs
            if other != name
        }
        details: dict[str, Any] = {
            "n_groups": len(set(artists)),
            "minus": {other: [round(value, 4) for value in gain] for other, gain in minus.items()},
        }
        if metric == "accuracy":
            details["confusion"] = confusion(tables[0]).tolist()
        bounds = percentile_bounds(draws[name])
        interval = Interval(values[name], *bounds, tables[0].n, unit="clips")
        condition = {"training": name}
        rows.append(
            row(
                metric,
                interval,
                condition=condition,
                train_accuracy=train_accuracy[name],
                **details,
            )
        )
    return rows


def draws_of(
    runs: Sequence[Predictions],
    function: Callable[[Predictions], float],
    artists: np.ndarray,
    n: int = 500,
) -> np.ndarray:
    """A metric's mean over runs for n draws of runs and artists, (n,)."""
    by_run = np.stack([bootstrap_values(run, function, groups=artists, n=n) for run in runs])
    R = len(runs)
    weight = np.random.default_rng(0).multinomial(R, np.full(R, 1 / R), size=n) / R  # (n, R)
    means: np.ndarray = (weight.T * by_run).sum(axis=0)
    return means


IMBALANCE = Study(
    "reddy2024/imbalance",
    "Five genres made rare, and three cures",
    imbalance,
    {
        "recipe": MLP57,
        "rare": ("blues", "disco", "jazz", "metal", "reggae"),
        "share": 0.1,
        "n_folds": 5,
    },
    "5 folds by clip",
)
