"""What Minhas et al. (2019) leave open: steps, features, the full table, clips of two genres."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import torch
from tqdm.auto import tqdm

from mgrlib.data.blends import blended, genre_targets
from mgrlib.data.corpus import Corpus, Split
from mgrlib.data.gtzan import known_artists
from mgrlib.data.splits import by_group, fault_filtered, folds, stratified
from mgrlib.evaluation.intervals import Interval, over_runs, over_seeds, wilson
from mgrlib.evaluation.multilabel import (
    LabelPredictions,
    all_found,
    mean_average_precision,
    micro_f1,
    predict_labels,
)
from mgrlib.evaluation.predictions import Predictions
from mgrlib.features.vectors import Vector26, Vector57
from mgrlib.models.baselines import boosted_trees, k_nn, linear, rbf_svm
from mgrlib.models.minhas2019 import FeatureMlp
from mgrlib.recipes.core import Recipe, learn_estimator
from mgrlib.recipes.minhas2019_systems import (
    VECTOR,
    in_steps,
    learn_standardised,
    n_steps,
    preparation,
    standardised,
    trained,
)
from mgrlib.segments import Segments, cut
from mgrlib.training.config import TrainConfig
from mgrlib.training.loop import Loss, cross_entropy, fit
from mgrlib.training.losses import multi_label
from mgrlib.training.seeds import seeded

__all__ = ["FAMILIES", "importance", "steps", "table57", "two_genres"]

Row = dict[str, Any]

N_FOLDS = 5
AFTER = (10, 20, 40, 70, 140, 280, 560, 1120, 1400)  # the paper stops after 70

FAMILIES: dict[str, tuple[int, ...]] = {
    "tempo": (0,),
    "zero crossings": (1,),
    "centroid": (2,),
    "flatness": (3,),
    "chroma": (4,),
    "contrast": (5,),
    "MFCC": tuple(range(6, 26)),
}
"""The seven features of the paper, as columns of `Vector26`."""


def _row(name: str, metric: str, interval: Interval, n: int, **more: Any) -> Row:
    values = {key: getattr(interval, key) for key in ("value", "low", "high")}
    rounded = {key: None if np.isnan(v) else round(float(v), 4) for key, v in values.items()}
    return {"row": name, "metric": metric, **rounded, "n": n, **more}


def steps(
    corpus: Corpus,
    seeds: Sequence[int],
    progress: bool = False,
    *,
    systems: Mapping[str, Recipe],
) -> list[Row]:
    """Accuracy on held-out and on training clips after so many steps: learning curves as a table.

    The held-out clips are looked at after every epoch and choose nothing. Intervals are over seeds.
    """
    rows = []
    for name, recipe in systems.items():
        curves = []
        for seed in tqdm(seeds, desc=name, disable=not progress, file=sys.stdout):
            curves.append(_learning_curve(corpus, recipe, seed))
        for i, after in enumerate(AFTER):
            tested, learnt = (over_seeds([curve[part][i] for curve in curves]) for part in (0, 1))
            more = {"system": name, "steps": after, "train": round(learnt.value, 4)}
            label = f"{name}, {after} steps"
            rows.append(_row(label, "accuracy", tested, len(corpus), **more))
    return rows


def _learning_curve(corpus: Corpus, recipe: Recipe, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Accuracy on the test and the training clips of all folds after the steps of `AFTER`."""
    segments, tested, learnt = cut(corpus, *recipe.features), [], []
    for split in folds(corpus, N_FOLDS, seed=seed, by="group"):
        train, test = segments.of(split.train), segments.of(split.test)
        prepare = preparation(recipe)(train)
        config = in_steps(replace(recipe.config, seed=seed), len(train))
        with seeded(seed):
            model = recipe.make(prepare(train))
        history = fit(model, prepare(train), prepare(test), config).history
        done = history["epoch"].to_numpy() * n_steps(config, len(train))
        at = [int(np.abs(done - after).argmin()) for after in AFTER]
        tested.append(history["valid_accuracy"].to_numpy()[at] * len(test))
        learnt.append(history["train_accuracy"].to_numpy()[at] * len(test))
    return np.sum(tested, axis=0) / len(corpus), np.sum(learnt, axis=0) / len(corpus)


def importance(
    corpus: Corpus,
    seeds: Sequence[int],
    progress: bool = False,
    *,
    recipe: Recipe,
    n_repeats: int = 10,
) -> list[Row]:
    """What each of the 26 values is worth, in three ways; intervals are over seeds.

    "permuted": how much accuracy is lost when the test clips' values of that column (or of a
    family's columns together) are shuffled. "without", "alone": accuracy of a network trained
    without a family, and on it alone.
    """
    segments = cut(corpus, *recipe.features)
    everything = tuple(range(len(Vector26.columns)))
    shuffled = {name: (i,) for i, name in enumerate(Vector26.columns)} | {
        f"all {name}": columns for name, columns in FAMILIES.items() if len(columns) > 1
    }
    kept = {"all 26": everything}
    kept |= {f"without {f}": tuple(set(everything) - set(c)) for f, c in FAMILIES.items()}
    kept |= {f"{f} alone": columns for f, columns in FAMILIES.items()}
    found: dict[str, list[float]] = {}
    for seed in tqdm(seeds, desc="importance", disable=not progress, file=sys.stdout):
        for name, columns in kept.items():
            some = segments.map(partial(torch.index_select, dim=1, index=torch.tensor(columns)))
            right, losses = _by_folds(corpus, recipe, some, seed, n_repeats, shuffled)
            found.setdefault(name, []).append(right)
            if name == "all 26":
                for column, loss in losses.items():
                    found.setdefault(f"{column} permuted", []).append(loss)
    rows = []
    for name, values in found.items():
        metric = "loss of accuracy" if name.endswith("permuted") else "accuracy"
        rows.append(_row(name, metric, over_seeds(values), len(corpus)))
    return rows


def _by_folds(
    corpus: Corpus,
    recipe: Recipe,
    segments: Segments,
    seed: int,
    n_repeats: int,
    shuffled: Mapping[str, tuple[int, ...]],
) -> tuple[float, dict[str, float]]:
    """Accuracy over all folds, and where all values are there what shuffling columns costs."""
    right, rng = 0, np.random.default_rng(seed)
    whole = segments.inputs[0].shape[1] == len(Vector26.columns)
    kept = dict.fromkeys(shuffled if whole else (), 0.0)
    for split in folds(corpus, N_FOLDS, seed=seed, by="group"):
        config = replace(recipe.config, seed=seed)
        answer = trained(recipe, segments.of(split.train), config)
        test = segments.of(split.test)
        right += int(answer(test).correct.sum())
        for name in kept:
            for _ in range(n_repeats):
                other = _shuffled(test, shuffled[name], rng)
                kept[name] += float(answer(other).correct.sum()) / n_repeats
    accuracy = right / len(corpus)
    return accuracy, {name: accuracy - n_right / len(corpus) for name, n_right in kept.items()}


def _shuffled(segments: Segments, columns: tuple[int, ...], rng: np.random.Generator) -> Segments:
    """The segments with some columns taken from other segments, those of one row together."""
    order = torch.from_numpy(rng.permutation(len(segments)))

    def shuffle(x: torch.Tensor) -> torch.Tensor:
        mixed = x.clone()
        mixed[:, list(columns)] = x[order][:, list(columns)]
        return mixed

    return segments.map(shuffle)


def table57(
    corpus: Corpus, seeds: Sequence[int], progress: bool = False, *, config: TrainConfig
) -> list[Row]:
    """A dense network and four baselines on the public 57-column table, under five splits.

    "random" draws rows; "duplicates together" keeps rows that are equal on one side, "artists
    together" also rows that are known to be one artist's. "fault-filtered" is the split of Kereliuk
    et al. (2015), of which the training part alone trains; "random, same sizes" has parts about as
    large. Each seed draws another split; the mean over seeds has Wilson's interval for the clips of
    one split. For the one fault-filtered split the interval is over seeds and clips.
    """
    segments = cut(corpus, Vector57(22050))
    rows = []
    for title, recipe in _table_systems(config).items():
        for split_name, splits in _table_splits(corpus, seeds).items():
            label = f"{title}, {split_name}"
            runs = []
            for seed, split in tqdm(
                zip(seeds, splits, strict=True), desc=label, disable=not progress, file=sys.stdout
            ):
                train = segments.of(split.train)
                answer = trained(recipe, train, replace(recipe.config, seed=seed))
                runs.append(answer(segments.of(split.test)))
            n_train, n_test = len(splits[0].train), runs[0].n
            more = {"system": title, "split": split_name, "n_train": n_train, "runs": len(runs)}
            rows.append(_row(label, "accuracy", _over(runs), n_test, **more))
    return rows


def _over(runs: Sequence[Predictions]) -> Interval:
    """Over clips and seeds when all runs test the same clips; else of one run's number of clips."""
    if len({run.clip_ids for run in runs}) == 1:
        return over_runs(runs)
    mean, n = float(np.mean([run.correct.mean() for run in runs])), runs[0].n
    return replace(wilson(round(mean * n), n), value=mean)


def _table_systems(config: TrainConfig) -> dict[str, Recipe]:
    """The dense network of the paper, wide enough for 57 values, and four baselines."""
    dense = Recipe(
        "minhas2019/table57",
        "dense network",
        (Vector57(22050),),
        FeatureMlp,
        config,
        learn=learn_standardised,
    )
    makers: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
        "logistic regression": (linear, {}),
        "1 nearest neighbour": (k_nn, {"n_neighbors": 1}),
        "RBF SVM": (rbf_svm, {}),
        "boosted trees": (boosted_trees, {"n_rounds": 40}),
    }
    baselines = {
        name: replace(dense, model=make, options=options, learn=learn_estimator)
        for name, (make, options) in makers.items()
    }
    return {"dense network": dense, **baselines}


def _table_splits(corpus: Corpus, seeds: Sequence[int]) -> dict[str, list[Split]]:
    """For each kind of split, one split a seed."""
    filtered = fault_filtered(corpus)
    artists = known_artists()
    clips = corpus.clips.copy()
    pairs = clips["group"].items()
    clips["group"] = [artists.get(str(c), artists.get(str(g), str(g))) for c, g in pairs]
    by_artist = replace(corpus, clips=clips)
    n = len(corpus)
    test = len(filtered.test) / n
    shares = {"test": test, "valid": 1 - test - len(filtered.train) / n}
    return {
        "random": [stratified(corpus, test=0.2, seed=seed) for seed in seeds],
        "duplicates together": [by_group(corpus, test=0.2, seed=seed) for seed in seeds],
        "artists together": [by_group(by_artist, test=0.2, seed=seed) for seed in seeds],
        "random, same sizes": [stratified(corpus, **shares, seed=seed) for seed in seeds],
        "fault-filtered": [filtered for _ in seeds],
    }


def two_genres(
    corpus: Corpus,
    seeds: Sequence[int],
    progress: bool = False,
    *,
    config: TrainConfig,
    n_train: int = 450,
    n_test: int = 225,
) -> list[Row]:
    """Clips of two genres at once, asked of three networks that differ in loss and training clips.

    The corpus is split by group, and each part blended for itself. "softmax, single clips" and
    "binary, single clips" never heard a blend; "binary, with blends" did. Each is tested on blends
    (both genres found; mean average precision; micro F1 at 1/2) and on single clips (accuracy).
    Intervals are over seeds.
    """
    found: dict[tuple[str, str, str], list[float]] = {}
    n_single = 0
    for seed in tqdm(seeds, desc="two genres", disable=not progress, file=sys.stdout):
        split = by_group(corpus, test=0.25, seed=seed).check(corpus)
        parts = [corpus.select(clip_ids=ids) for ids in (split.train, split.test)]
        train, test = (
            labelled(blended(part, n, seed=seed, alone=True))
            for part, n in zip(parts, (n_train, n_test), strict=True)
        )
        n_single = len(parts[1])
        for name, model in _networks(train, replace(config, seed=seed)).items():
            for place, value in _scores(name, model, train, test).items():
                found.setdefault((name, *place), []).append(value)
    rows = []
    for (name, clips, metric), values in found.items():
        n = n_single if clips == "single clips" else n_test
        more = {"system": name, "clips": clips}
        rows.append(_row(f"{name}: {metric}", metric, over_seeds(values), n, **more))
    return rows


def labelled(corpus: Corpus) -> Segments:
    """The 26 values of five seconds of each clip or blend, with its genres as targets (S, K)."""
    segments = cut(corpus, VECTOR)
    return replace(segments, y=torch.from_numpy(genre_targets(corpus, segments.clip_ids)))


def _single(segments: Segments) -> Segments:
    """Those of one genre."""
    alone = segments.clip[segments.y.sum(1) == 1]
    return segments.of([segments.clip_ids[m] for m in alone])


def _networks(train: Segments, config: TrainConfig) -> dict[str, torch.nn.Module]:
    """The three networks, trained on standardised values."""
    prepare = standardised(_single(train))
    told: dict[str, tuple[Segments, Loss]] = {
        "softmax, single clips": (_single(train), cross_entropy),
        "binary, single clips": (_single(train), multi_label),
        "binary, with blends": (train, multi_label),
    }
    made: dict[str, torch.nn.Module] = {}
    for name, (clips, loss) in told.items():
        with seeded(config.seed):
            model = FeatureMlp(train.n_classes, (len(Vector26.columns),))
        fit(model, prepare(clips), config=in_steps(config, len(clips)), loss=loss)
        made[name] = model
    return made


def _scores(
    name: str, model: torch.nn.Module, train: Segments, test: Segments
) -> dict[tuple[str, str], float]:
    """The metrics of a network on the test clips, by kind of clip and metric."""
    prepare = standardised(_single(train))
    alone = set(_single(test).clip_ids)
    blends = test.of([c for c in test.clip_ids if c not in alone])
    said = {"blends": _answered(name, model, prepare(blends))}
    said["single clips"] = _answered(name, model, prepare(_single(test)))
    return {
        ("blends", "both genres found"): all_found(said["blends"]),
        ("blends", "mean average precision"): mean_average_precision(said["blends"]),
        ("blends", "micro F1"): micro_f1(said["blends"]),
        ("single clips", "accuracy on single clips"): all_found(said["single clips"]),
    }


def _answered(name: str, model: torch.nn.Module, segments: Segments) -> LabelPredictions:
    """Probabilities of each genre for itself, or of a softmax, as the network was trained."""
    said = predict_labels(model, segments)
    if not name.startswith("softmax"):
        return said
    with torch.inference_mode():
        probs = model(segments.inputs[0]).softmax(1).double().numpy()
    return LabelPredictions(said.clip_ids, said.truth, probs, said.genres)
