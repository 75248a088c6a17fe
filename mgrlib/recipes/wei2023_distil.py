"""Wei et al. (n.d.), section 6.2: a large network teaches a small one, which the paper proposes.

What the paper leaves open and what we chose:
- *Everything*: distillation is named and no result is told. Ours: the teacher is a `ResNet18` on
  pictures of 96 pixels, the student a `ShallowCNN` on the log-mel spectrogram, of a twenty-fifth of
  its weights. The teacher trains on the same clips as its student, answers once for each, and
  weighs 0.9 in the loss.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from torch import nn

from mgrlib.compression.cost import macs
from mgrlib.compression.distil import Passenger, distillation_loss, logits_of, with_teacher
from mgrlib.data.corpus import Corpus
from mgrlib.evaluation.intervals import over_runs
from mgrlib.evaluation.paired import corrected_t_test
from mgrlib.evaluation.predictions import Predictions, predict
from mgrlib.models.contract import count_parameters
from mgrlib.models.luo2021 import ShallowCNN
from mgrlib.models.wei2023 import ResNet18
from mgrlib.recipes.core import Learned, Protocol, Recipe
from mgrlib.recipes.luo2021 import MEL
from mgrlib.recipes.studies import Study
from mgrlib.recipes.wei2023_fusion import SMALL
from mgrlib.recipes.wei2023_int8 import by_of, trained
from mgrlib.segments import Segments, cut, standardize
from mgrlib.training.config import TrainConfig
from mgrlib.training.loop import fit
from mgrlib.training.seeds import seeded

__all__ = ["DISTILLATION", "STUDENT", "TEACHER", "learn_student", "taught"]

Rows = list[dict[str, Any]]

TEMPERATURE, WEIGHT = 4.0, 0.9

TEACHER = Recipe(
    "wei2023/teacher",
    "ResNet18, 96 px",
    (SMALL,),
    ResNet18,
    TrainConfig(epochs=15, batch_size=8, lr=5e-4, schedule="cosine", precision="bfloat16"),
    scaling="coefficient",
    deviations=("the teacher of `wei2023/student`, by itself",),
)
ALONE = Recipe(
    "wei2023/student-alone",
    "ShallowCNN without a teacher",
    (MEL,),
    ShallowCNN,
    TrainConfig(epochs=30, batch_size=32, lr=1e-3, precision="bfloat16"),
    scaling="coefficient",
    deviations=("the student of `wei2023/student`, without a teacher",),
)


def taught(
    recipe: Recipe, train: Segments, logits: Any, *, temperature: float, weight: float, seed: int
) -> nn.Module:
    """The recipe's network, trained on the truth and on a teacher's logits (S, K)."""
    with seeded(seed):
        student = Passenger(recipe.make(train))
    loss = distillation_loss(temperature, weight)
    fit(student, with_teacher(train, logits), config=replace(recipe.config, seed=seed), loss=loss)
    return student.student.eval()


def learn_student(
    recipe: Recipe, train: Segments, valid: Segments, test: Segments, config: TrainConfig
) -> Learned:
    """A teacher on the second modality, then its student on the first, which alone is tested."""
    started = time.perf_counter()
    pictures = standardize(replace(train, inputs=train.inputs[1:]))[0]
    train, test = (replace(part, inputs=part.inputs[:1]) for part in (train, test))
    logits = logits_of(trained(TEACHER, pictures, config.seed), pictures)
    told, settings = replace(recipe, config=config), {"temperature": TEMPERATURE, "weight": WEIGHT}
    student = taught(told, train, logits, **settings, seed=config.seed)
    seconds = time.perf_counter() - started
    return Learned(predict(student, test), seconds, model=student)


def of_the_first(n_classes: int, *shapes: Any, **options: Any) -> ShallowCNN:
    """A `ShallowCNN` for the first of several modalities; the others are its teacher's."""
    return ShallowCNN(n_classes, shapes[0], **options)


STUDENT = replace(
    ALONE,
    name="wei2023/student",
    title="ShallowCNN taught by ResNet18",
    features=(MEL, SMALL),
    model=of_the_first,
    deviations=("distillation is named in section 6.2, without a result", "CPU-sized"),
    learn=learn_student,
)


def distillation(
    corpus: Corpus,
    seeds: Sequence[int],
    *,
    progress: bool = False,
    teacher: Recipe,
    student: Recipe,
    temperatures: Sequence[float],
    n_folds: int = 5,
) -> Rows:
    """Accuracy of teacher, student, and student taught at several temperatures: a row each.

    All are trained and tested on the same folds. `gain` is the difference to the student without a
    teacher, fold by fold, by the corrected t test.
    """
    pictures, spectra = (
        cut(corpus, *recipe.features, how=recipe.how, progress=progress)
        for recipe in (teacher, student)
    )
    said: dict[str, list[list[Predictions]]] = {}
    for seed in seeds:
        runs: dict[str, list[Predictions]] = {}
        for split in Protocol(n_folds, by=by_of(corpus)).splits(corpus, seed):  # type: ignore[arg-type]
            seen = standardize(*(pictures.of(part) for part in (split.train, split.test)))
            heard = standardize(*(spectra.of(part) for part in (split.train, split.test)))
            big, small = trained(teacher, seen[0], seed), trained(student, heard[0], seed)
            answers = {"teacher": predict(big, seen[1]), "student alone": predict(small, heard[1])}
            logits = logits_of(big, seen[0])
            for one in temperatures:
                made = taught(student, heard[0], logits, temperature=one, weight=WEIGHT, seed=seed)
                answers[f"student, temperature {one:g}"] = predict(made, heard[1])
            for name, answer in answers.items():
                runs.setdefault(name, []).append(answer)
        for name, parts in runs.items():
            said.setdefault(name, []).append(parts)
    costs = {"teacher": _costs(teacher, pictures), "student": _costs(student, spectra)}
    return [_row(name, said, costs, f"{n_folds} folds by {by_of(corpus)}") for name in said]


def _costs(recipe: Recipe, segments: Segments) -> dict[str, int]:
    model = recipe.make(segments)
    shape = tuple(segments.inputs[0].shape[1:])
    return {"parameters": count_parameters(model), "macs": macs(model, shape)}


def _row(
    name: str,
    said: Mapping[str, Sequence[Sequence[Predictions]]],
    costs: Mapping[str, Mapping[str, int]],
    protocol: str,
) -> dict[str, Any]:
    """One network's accuracy over all clips and seeds, and its gain on the student alone."""
    runs = [Predictions.concat(parts) for parts in said[name]]
    interval = over_runs([run.select(runs[0].clip_ids) for run in runs])
    mine, base = (
        np.array([one.correct.mean() for parts in said[key] for one in parts])
        for key in (name, "student alone")
    )
    n_test, n_all = len(said[name][0][0]), len(runs[0])
    gain = corrected_t_test(mine - base, n_train=n_all - n_test, n_test=n_test)
    return {
        "row": name,
        "metric": "accuracy",
        "value": interval.value,
        "low": interval.low,
        "high": interval.high,
        "n": interval.n,
        "gain": [gain.value, gain.low, gain.high],
        "p": gain.p,
        "protocol": protocol,
        **costs["teacher" if name == "teacher" else "student"],
    }


DISTILLATION = (
    ALONE,
    STUDENT,
    TEACHER,
    Study(
        "wei2023/distillation",
        "ResNet18 teaches ShallowCNN",
        distillation,
        {"teacher": TEACHER, "student": ALONE, "temperatures": (1.0, 4.0, 16.0), "n_folds": 2},
        deviations=("named in section 6.2; no result is told",),
    ),
)
