"""Fused networks, tested with one of their two modalities missing. The paper does not do this."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import torch

from mgrlib.data.corpus import Corpus
from mgrlib.evaluation.aggregation import mean_probs
from mgrlib.evaluation.predictions import Predictions
from mgrlib.experiments.protocol import Protocol, best_by
from mgrlib.experiments.run import PLAIN, cross_validate
from mgrlib.experiments.study import Study, accuracy_row
from mgrlib.papers.wei2023.recipes import RECIPES
from mgrlib.segments import Segments
from mgrlib.systems.recipe import Recipe
from mgrlib.systems.system import System


def without(segments: Segments, modality: int) -> Segments:
    """Prepared segments with one modality, counted from 0, missing: all zeros."""
    blank = [torch.zeros_like if i == modality else None for i in range(len(segments.inputs))]
    return segments.map(*blank)


def predict_without(
    system: System, clips: Corpus, segments: Segments, *, modality: int
) -> Predictions:
    """What a system says of test clips of which one modality is missing."""
    return system.classifier.predict(without(system.segments(segments), modality), mean_probs)


CONDITIONS = {
    "picture": partial(predict_without, modality=0),
    "sequence": partial(predict_without, modality=1),
}


def missing(
    corpus: Corpus,
    seeds: Sequence[int],
    *,
    progress: bool = False,
    systems: Mapping[str, Recipe],
    n_folds: int = 3,
) -> list[dict[str, Any]]:
    """Accuracy of each fused network with both modalities and with either one: a row each.

    Where a network learned how to weigh its branches, the weights of each run are in the details.
    """
    protocol, rows = Protocol(n_folds, best_by(corpus, n_folds)), []
    for name, recipe in systems.items():
        result = cross_validate(
            recipe, corpus, protocol, seeds=seeds, on=CONDITIONS, progress=progress
        )
        weights = [run["details"]["weights"] for run in result.runs if "weights" in run["details"]]
        for condition in (PLAIN, *CONDITIONS):
            accuracy = accuracy_row(
                [result.predictions(seed, condition) for seed in result.seeds],
                result.groups,
                condition={"system": name, "missing": condition or "nothing"},
                train_accuracy=result.train_accuracy,
                **({"weights": weights} if weights else {}),
            )
            rows.append({**accuracy, "runs": result.runs_under(condition)})
    return rows


_SYSTEMS = ("early", "late", "weighted", "dropout")

MISSING = (
    Study(
        "wei2023/missing",
        "fused networks with one modality missing",
        missing,
        {"systems": {n: r for n in _SYSTEMS for r in RECIPES if r.name == f"wei2023/fusion-{n}"}},
        protocol=lambda corpus: Protocol(3, best_by(corpus, 3)),
        deviations=("ours; the paper proposes fusion and does not try it",),
    ),
)
