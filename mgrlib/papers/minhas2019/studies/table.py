"""The public 57-column table: classifiers under five kinds of split, and one of its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from mgrlib.data.corpus import Corpus, Split
from mgrlib.data.gtzan_artists import repeat_groups
from mgrlib.data.splits import by_group, fault_filtered, stratified
from mgrlib.evaluation.intervals import Interval, over_groups
from mgrlib.evaluation.predictions import Predictions
from mgrlib.experiments.run import groups_of
from mgrlib.experiments.study import Row, Study, row
from mgrlib.features.vectors import Vector57
from mgrlib.models.baselines import boosted_trees, k_nn, linear, rbf_svm
from mgrlib.models.minhas2019 import FeatureMlp
from mgrlib.papers.minhas2019.recipes import LONG, PACE, STANDARDIZED
from mgrlib.systems import Estimator, Recipe, learn, segments_of

DENSE = Recipe(
    "minhas2019/table57",
    "dense network",
    (Vector57(22050),),
    FeatureMlp,
    replace(LONG, epochs=30),
    prepare=(STANDARDIZED,),
    learner=PACE,
)
FITTED = replace(DENSE, prepare=(), learner=Estimator())
SYSTEMS = {
    "dense network": DENSE,
    "logistic regression": replace(FITTED, model=linear),
    "1 nearest neighbor": replace(FITTED, model=k_nn, options={"n_neighbors": 1}),
    "RBF SVM": replace(FITTED, model=rbf_svm),
    "boosted trees": replace(FITTED, model=boosted_trees, options={"n_rounds": 40}),
}


def table57(corpus: Corpus, seeds: Sequence[int], progress: bool = False) -> list[Row]:
    """Accuracy of each system under each kind of split, one split for each seed.

    "random" draws rows; "duplicates together" keeps rows that are equal on one side, "artists
    together" also rows that are known to be one artist's. "fault-filtered" is the split of Kereliuk
    et al. (2015), of which the training part alone trains; "random, same sizes" has parts about as
    large. Intervals draw artists, with all their test clips in all runs; the bounds that come from
    drawing clips are among the details.
    """
    segments = segments_of(DENSE, corpus)
    rows: list[Row] = []
    for name, recipe in SYSTEMS.items():
        for kind, splits in splits_by_kind(corpus, seeds).items():
            systems = [
                learn(recipe, segments.of(split.train), seed=seed)
                for seed, split in zip(seeds, splits, strict=True)
            ]
            runs = [
                system.predict(segments.of(split.test))
                for system, split in zip(systems, splits, strict=True)
            ]
            train = float(np.mean([system.about["train_accuracy"] for system in systems]))
            over_clips = over_splits(runs, {})
            rows.append(
                row(
                    "accuracy",
                    over_splits(runs, groups_of(corpus)),
                    condition={"system": name, "split": kind},
                    train_accuracy=train,
                    n_train=len(splits[0].train),
                    runs=len(runs),
                    low_over_clips=round(over_clips.low, 4),
                    high_over_clips=round(over_clips.high, 4),
                )
            )
    return rows


def over_splits(runs: Sequence[Predictions], groups: Mapping[str, str]) -> Interval:
    """The accuracy of all answers of all runs, drawing artists; n is one run's number of clips.

    Args:
        groups: the artist of each clip; a clip without one is a group of its own.
    """
    correct = np.concatenate([run.correct for run in runs]).astype(float)
    artists = np.array([groups.get(clip, clip) for run in runs for clip in run.clip_ids])
    return replace(over_groups(correct, artists), n=runs[0].n, unit="clips")


def splits_by_kind(corpus: Corpus, seeds: Sequence[int]) -> dict[str, list[Split]]:
    """For each kind of split, one split for each seed."""
    filtered = fault_filtered(corpus)
    repeats = repeat_groups(corpus.clips.index, kinds=("exact-duplicate",))
    by_repeat = replace(corpus, clips=corpus.clips.assign(group=repeats))
    n = len(corpus)
    test = len(filtered.test) / n
    sizes = {"test": test, "valid": 1 - test - len(filtered.train) / n}
    return {
        "random": [stratified(corpus, test=0.2, seed=seed) for seed in seeds],
        "duplicates together": [by_group(by_repeat, test=0.2, seed=seed) for seed in seeds],
        "artists together": [by_group(corpus, test=0.2, seed=seed) for seed in seeds],
        "random, same sizes": [stratified(corpus, **sizes, seed=seed) for seed in seeds],
        "fault-filtered": [filtered for _ in seeds],
    }


def zero_crossings(corpus: Corpus, seeds: Sequence[int], progress: bool = False) -> list[Row]:
    """The mean zero-crossing rate of each genre's clips, with an interval that draws artists.

    Minhas et al., section "Feature Analysis", expect it to be higher in rock and hip-hop than in
    classical music and jazz. Nothing is trained.
    """
    segments = segments_of(DENSE, corpus)
    rate = segments.inputs[0].numpy()[:, Vector57.columns.index("zero_crossing_rate_mean")]
    groups = groups_of(corpus)
    clips = [segments.clip_ids[i] for i in segments.clip.tolist()]
    artists = np.array([groups.get(clip, clip) for clip in clips])
    rows: list[Row] = []
    for k, genre in enumerate(segments.genres):
        of_genre = segments.y.numpy() == k
        interval = over_groups(rate[of_genre].astype(float), artists[of_genre])
        n_artists = len(np.unique(artists[of_genre]))
        condition = {"genre": genre}
        rows.append(
            row(
                "mean zero-crossing rate",
                replace(interval, unit="clips"),
                condition=condition,
                n_artists=n_artists,
            )
        )
    return rows


STUDIES = (
    Study(
        "minhas2019/table57",
        "The 57-column table under five splits",
        table57,
        protocol="one split for each seed",
        version=3,
    ),
    Study(
        "minhas2019/zero-crossings",
        "Zero-crossing rate by genre",
        zero_crossings,
        protocol="all clips, nothing trained",
    ),
)
