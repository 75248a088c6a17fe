"""How long the networks of Minhas et al. (2019) need, and what the 26 values are worth to them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from mgrlib.data.corpus import Corpus
from mgrlib.evaluation.intervals import over_seeds
from mgrlib.evaluation.predictions import Predictions
from mgrlib.experiments.protocol import Protocol, best_by
from mgrlib.experiments.run import Condition, Result, cross_validate
from mgrlib.experiments.study import Row, Study, row
from mgrlib.features.vectors import Vector26
from mgrlib.papers.minhas2019.recipes import (
    FEATURES_LONG,
    FEATURES_SCALED,
    LONG,
    ROWS,
    ROWS_SCALED,
)
from mgrlib.segments import Segments
from mgrlib.systems import Preparation, Recipe, System, segments_of
from mgrlib.systems.learners import Network
from mgrlib.systems.prepare import Columns
from mgrlib.training.loop import fit
from mgrlib.training.seeds import seeded

__all__ = ["FAMILIES", "STUDIES"]

N_FOLDS = 5
N_REPEATS = 10
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
    rows: list[Row] = []
    for name, recipe in systems.items():
        curves = [learning_curve(corpus, recipe, seed) for seed in seeds]
        for i, after in enumerate(AFTER):
            tested, learnt = (over_seeds([curve[part][i] for curve in curves]) for part in (0, 1))
            condition = {"system": name, "steps": after}
            rows.append(
                row(
                    "accuracy",
                    tested,
                    condition=condition,
                    n=len(corpus),
                    train_accuracy=learnt.value,
                )
            )
    return rows


def learning_curve(corpus: Corpus, recipe: Recipe, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Accuracy on the test and the training clips of all folds after the steps of `AFTER`."""
    segments, learner = segments_of(recipe, corpus), recipe.learner
    assert isinstance(learner, Network)
    tested, learnt = [], []
    for split in Protocol(N_FOLDS, best_by(corpus, N_FOLDS)).splits(corpus, seed):
        preparation = Preparation.fit(recipe.prepare, segments.of(split.train))
        train, test = (preparation(segments.of(ids)) for ids in (split.train, split.test))
        config = replace(learner.paced(recipe.config, train), seed=seed)
        with seeded(seed):
            network = recipe.network(train.n_classes, [train.input_shape])
        history = fit(network, train, test, config).history
        steps = history["epoch"].to_numpy() * math.ceil(max(len(train) - 1, 1) / config.batch_size)
        at = [int(np.abs(steps - after).argmin()) for after in AFTER]
        tested.append(history["valid_accuracy"].to_numpy()[at] * len(test))
        learnt.append(history["train_accuracy"].to_numpy()[at] * len(test))
    return np.sum(tested, axis=0) / len(corpus), np.sum(learnt, axis=0) / len(corpus)


@dataclass(frozen=True)
class Permuted:
    """A condition: some columns taken from other test clips, those of one clip together.

    Args:
        columns: their numbers.
        repeat: one of several permutations, all different.
    """

    columns: tuple[int, ...]
    repeat: int

    def __call__(self, system: System, clips: Corpus, test: Segments) -> Predictions:
        """The system's predictions for the mixed values."""
        rng = np.random.default_rng((self.repeat, *self.columns))
        order = torch.from_numpy(rng.permutation(len(test)))
        (values,) = test.in_memory().inputs
        x = values.clone()
        x[:, list(self.columns)] = values[order][:, list(self.columns)]
        return system.predict(replace(test, inputs=(x,)))


def importance(
    corpus: Corpus, seeds: Sequence[int], progress: bool = False, *, recipe: Recipe
) -> list[Row]:
    """What each of the 26 values is worth, in three ways; intervals are over seeds.

    "permuted": how much accuracy is lost when the test clips' values of that column (or of a
    family's columns together) are shuffled. "without", "alone": accuracy of a network trained
    without a family, and on it alone.
    """
    everything = tuple(range(len(Vector26.columns)))
    shuffled = {name: (i,) for i, name in enumerate(Vector26.columns)} | {
        f"all {name}": columns for name, columns in FAMILIES.items() if len(columns) > 1
    }
    subsets = {("all", "26"): everything}
    subsets |= {("without", f): tuple(set(everything) - set(c)) for f, c in FAMILIES.items()}
    subsets |= {("alone", family): columns for family, columns in FAMILIES.items()}
    protocol = Protocol(N_FOLDS, best_by(corpus, N_FOLDS))
    rows: list[Row] = []
    for (kind, family), columns in subsets.items():
        part = replace(recipe, prepare=(Columns(columns), *recipe.prepare))
        on: dict[str, Condition] = {}
        if kind == "all":
            on = {f"{n} {i}": Permuted(c, i) for n, c in shuffled.items() for i in range(N_REPEATS)}
        result = cross_validate(part, corpus, protocol, seeds=seeds, on=on, progress=progress)
        right = [float(result.predictions(seed).correct.mean()) for seed in result.seeds]
        condition = {"values": family, "kind": kind}
        train = result.train_accuracy
        rows.append(
            row(
                "accuracy",
                over_seeds(right),
                condition=condition,
                n=len(corpus),
                train_accuracy=train,
            )
        )
        if kind == "all":
            rows += [_permutation_row(result, name) for name in shuffled]
    return rows


def _permutation_row(result: Result, values: str) -> Row:
    """The accuracy lost by shuffling some columns, averaged over the repeats."""
    losses = []
    for seed in result.seeds:
        intact = result.predictions(seed).correct.mean()
        names = [f"{values} {i}" for i in range(N_REPEATS)]
        parts = [result.predictions(seed, name).correct.mean() for name in names]
        losses.append(float(intact - np.mean(parts)))
    condition = {"values": values, "kind": "permuted"}
    n = result.data["n_clips"]
    return row("loss of accuracy", over_seeds(losses), condition=condition, n=n)


STEPS = Study(
    "minhas2019/steps",
    "Accuracy after so many steps",
    steps,
    {
        "systems": {
            "features": FEATURES_LONG,
            "rows": replace(ROWS, config=replace(LONG, optimizer="rmsprop")),
            "features standardized": replace(FEATURES_SCALED, config=LONG),
            "rows standardized": replace(ROWS_SCALED, config=LONG),
        }
    },
    "5 folds, held-out clips",
)
IMPORTANCE = Study(
    "minhas2019/importance",
    "What the 26 values are worth",
    importance,
    {"recipe": FEATURES_SCALED},
    "5 folds, held-out clips",
)
STUDIES = (STEPS, IMPORTANCE)
