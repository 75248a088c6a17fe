"""Clips that belong to two genres: what Minhas et al. (2019) name as future work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from statistics import mean

import torch
from torch import nn

from mgrlib.data.blends import blended, genre_targets
from mgrlib.data.corpus import Corpus
from mgrlib.data.splits import by_group
from mgrlib.evaluation.intervals import over_seeds
from mgrlib.evaluation.multilabel import (
    LabelPredictions,
    all_found,
    mean_average_precision,
    micro_f1,
    predict_labels,
)
from mgrlib.experiments.study import Row, Study, row
from mgrlib.features.vectors import Vector26
from mgrlib.models.minhas2019 import FeatureMlp
from mgrlib.papers.minhas2019.recipes import LONG, PACE, STANDARDIZED, VECTOR
from mgrlib.segments import Segments, cut
from mgrlib.systems import Preparation
from mgrlib.training.config import TrainConfig
from mgrlib.training.loop import Loss, cross_entropy, fit
from mgrlib.training.losses import multi_label
from mgrlib.training.seeds import seeded

N_TRAIN, N_TEST = 450, 225  # blends


def two_genres(
    corpus: Corpus, seeds: Sequence[int], progress: bool = False, *, config: TrainConfig
) -> list[Row]:
    """Clips of two genres at once, asked of three networks that differ in loss and training clips.

    The corpus is split by group, and each part blended for itself. "softmax, single clips" and
    "binary, single clips" never heard a blend; "binary, with blends" did. Each is tested on blends
    (both genres found; mean average precision; micro F1 at 1/2) and on single clips (accuracy).
    Intervals are over seeds; training accuracies are those on single clips.
    """
    values: dict[tuple[str, str, str], list[float]] = {}
    on_training_clips: dict[str, list[float]] = {}
    n_single = 0
    for seed in seeds:
        split = by_group(corpus, test=0.25, seed=seed).check(corpus)
        parts = [corpus.select(clip_ids=ids) for ids in (split.train, split.test)]
        train, test = (
            labeled(blended(part, n, seed=seed, alone=True))
            for part, n in zip(parts, (N_TRAIN, N_TEST), strict=True)
        )
        n_single = len(parts[1])
        preparation = Preparation.fit((STANDARDIZED,), single(train))
        prepared = preparation(train), preparation(test)
        for name, network in networks(prepared[0], replace(config, seed=seed)).items():
            for place, value in scores(name, network, prepared[1]).items():
                values.setdefault((name, *place), []).append(value)
            own_clips = answers(name, network, single(prepared[0]))
            on_training_clips.setdefault(name, []).append(all_found(own_clips))
    return [
        row(
            metric,
            over_seeds(values_by_seed),
            condition={"system": name, "clips": clips},
            n=n_single if clips == "single clips" else N_TEST,
            train_accuracy=mean(on_training_clips[name]),
        )
        for (name, clips, metric), values_by_seed in values.items()
    ]


def labeled(corpus: Corpus) -> Segments:
    """The 26 values of five seconds of each clip or blend, with its genres as targets (S, K)."""
    segments = cut(corpus, VECTOR)
    return replace(segments, y=torch.from_numpy(genre_targets(corpus, segments.clip_ids)))


def single(segments: Segments) -> Segments:
    """Those of one genre."""
    alone = segments.clip[segments.y.sum(1) == 1]
    return segments.of([segments.clip_ids[m] for m in alone])


def networks(train: Segments, config: TrainConfig) -> dict[str, nn.Module]:
    """The three networks, trained on prepared segments."""
    ways: dict[str, tuple[Segments, Loss]] = {
        "softmax, single clips": (single(train), cross_entropy),
        "binary, single clips": (single(train), multi_label),
        "binary, with blends": (train, multi_label),
    }
    trained: dict[str, nn.Module] = {}
    for name, (clips, loss) in ways.items():
        with seeded(config.seed):
            network = FeatureMlp(train.n_classes, (len(Vector26.columns),))
        fit(network, clips, config=PACE.paced(config, clips), loss=loss)
        trained[name] = network
    return trained


def scores(name: str, network: nn.Module, test: Segments) -> dict[tuple[str, str], float]:
    """The metrics of a network on prepared test clips, by kind of clip and metric."""
    alone = set(single(test).clip_ids)
    blends = answers(name, network, test.of([c for c in test.clip_ids if c not in alone]))
    singles = answers(name, network, single(test))
    return {
        ("blends", "both genres found"): all_found(blends),
        ("blends", "mean average precision"): mean_average_precision(blends),
        ("blends", "micro F1"): micro_f1(blends),
        ("single clips", "accuracy on single clips"): all_found(singles),
    }


def answers(name: str, network: nn.Module, segments: Segments) -> LabelPredictions:
    """Probabilities of each genre for itself, or of a softmax, as the network was trained."""
    predictions = predict_labels(network, segments)
    if not name.startswith("softmax"):
        return predictions
    with torch.inference_mode():
        probs = network(*segments.in_memory().inputs).softmax(1).double().numpy()
    return LabelPredictions(predictions.clip_ids, predictions.truth, probs, predictions.genres)


STUDIES = (
    Study(
        "minhas2019/two-genres",
        "Clips that belong to two genres",
        two_genres,
        {"config": replace(LONG, epochs=50)},
        "75/25 % by group, each part blended",
    ),
)
