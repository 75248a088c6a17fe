"""Wei et al. (n.d.), section 6.2: a large network teaches a small one, which the paper proposes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mgrlib.compression.cost import macs
from mgrlib.data.corpus import Corpus
from mgrlib.evaluation.paired import corrected_t_test
from mgrlib.evaluation.predictions import Predictions
from mgrlib.experiments.protocol import Protocol, best_by
from mgrlib.experiments.run import PLAIN, Result, cross_validate
from mgrlib.experiments.study import Study, accuracy_row
from mgrlib.models.contract import count_parameters
from mgrlib.papers.wei2023.learners import Taught
from mgrlib.papers.wei2023.recipes import STUDENT_ALONE, TEACHER
from mgrlib.systems.recipe import Recipe

Rows = list[dict[str, Any]]


def distillation(
    corpus: Corpus,
    seeds: Sequence[int],
    *,
    progress: bool = False,
    teacher: Recipe,
    student: Recipe,
    temperatures: Sequence[float],
    n_folds: int = 2,
) -> Rows:
    """Accuracy of teacher, student, and student taught at several temperatures: a row each.

    All are trained and tested on the same folds. `gain` is the difference to the student without a
    teacher, fold by fold, by the corrected t test.
    """
    protocol = Protocol(n_folds, best_by(corpus, n_folds))
    conditions: list[tuple[dict[str, Any], Recipe]] = [
        ({"system": "teacher"}, teacher),
        ({"system": "student alone"}, student),
    ]
    for temperature in temperatures:
        taught = replace(student, learner=Taught(teacher, temperature))
        conditions.append(({"system": "student", "temperature": temperature}, taught))
    results = [
        cross_validate(recipe, corpus, protocol, seeds=seeds, progress=progress)
        for _, recipe in conditions
    ]
    base = _by_fold(results[1])
    rows = []
    for (condition, recipe), result in zip(conditions, results, strict=True):
        values = _by_fold(result)
        n_test = len(result.runs[0]["predictions"][PLAIN]["clip_ids"])
        gain = corrected_t_test(values - base, n_train=len(corpus) - n_test, n_test=n_test)
        rows.append(
            accuracy_row(
                [result.predictions(seed) for seed in result.seeds],
                result.groups,
                condition=condition,
                train_accuracy=result.train_accuracy,
                gain=[gain.value, gain.low, gain.high],
                p=gain.p,
                **_size(recipe, corpus),
            )
        )
    return rows


def _by_fold(result: Result) -> np.ndarray:
    """The accuracy of each seed and fold."""
    tables = [Predictions.from_dict(run["predictions"][PLAIN]) for run in result.runs]
    return np.array([table.correct.mean() for table in tables])


def _size(recipe: Recipe, corpus: Corpus) -> dict[str, Any]:
    """Parameters and multiplications of a recipe's network for one segment of a clip."""
    seconds = recipe.cut.segment_seconds or float(corpus.clips["seconds"].iloc[0])
    shapes = [feature.shape(seconds) for feature in recipe.features]
    network = recipe.network(len(corpus.genres), shapes)
    return {"parameters": count_parameters(network), "macs": macs(network, *shapes)}


DISTILLATION = (
    Study(
        "wei2023/distillation",
        "ResNet18 teaches ShallowCNN",
        distillation,
        {
            "teacher": TEACHER,
            "student": STUDENT_ALONE,
            "temperatures": (1.0, 4.0, 16.0),
            "n_folds": 2,
        },
        protocol=lambda corpus: Protocol(2, best_by(corpus, 2)),
        deviations=("named in section 6.2; no result is printed",),
    ),
)
