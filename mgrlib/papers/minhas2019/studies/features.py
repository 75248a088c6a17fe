"""How long the networks of Minhas et al. (2019) need, and what the 26 values are worth to them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch

from mgrlib.data.corpus import Corpus
from mgrlib.evaluation.intervals import over_groups
from mgrlib.evaluation.predictions import Predictions
from mgrlib.evaluation.runs import accuracy_by_clip
from mgrlib.experiments.protocol import Protocol, best_by
from mgrlib.experiments.run import (
    Condition,
    Result,
    cross_validate,
    groups_of,
)
from mgrlib.experiments.study import Row, Study, accuracy_row, row
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
from mgrlib.training.loop import cross_entropy, fit
from mgrlib.training.seeds import seeded

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

    The held-out clips are looked at after every epoch and choose nothing. Intervals are over seeds
    and clips, or artists where they are known.
    """
    rows: list[Row] = []
    groups = groups_of(corpus)
    for name, recipe in systems.items():
        curves = [learning_curve(corpus, recipe, seed) for seed in seeds]
        for i, after in enumerate(AFTER):
            tables = [tested[i] for tested, _ in curves]
            train_accuracy = float(np.mean([train_correct[i] for _, train_correct in curves]))
            condition = {"system": name, "steps": after}
            rows.append(
                accuracy_row(tables, groups, condition=condition, train_accuracy=train_accuracy)
            )
    return rows


class Answering:
    """The cross-entropy, which keeps the answers to the validation segments.

    Batches without gradients are validation; their logits are in the order of the segments.
    """

    def __init__(self) -> None:
        self.logits: list[torch.Tensor] = []

    def __call__(self, logits: torch.Tensor, y: torch.Tensor, inputs: object) -> torch.Tensor:
        """The mean loss of a batch."""
        if not logits.requires_grad:
            self.logits.append(logits.detach())
        return cross_entropy(logits, y, ())

    def tables(self, test: Segments, epochs: Sequence[int]) -> list[Predictions]:
        """The predictions after these epochs, counted from 0."""
        logits = torch.cat(self.logits).reshape(-1, len(test), test.n_classes).double()
        probs = logits.softmax(-1).numpy()
        truth = test.y.numpy()
        return [Predictions(test.clip_ids, truth, probs[i], test.genres) for i in epochs]


def learning_curve(
    corpus: Corpus, recipe: Recipe, seed: int
) -> tuple[list[Predictions], np.ndarray]:
    """Predictions for all clips, and accuracy on training clips, after the steps of `AFTER`."""
    segments, learner = segments_of(recipe, corpus), recipe.learner
    assert isinstance(learner, Network)
    tested: list[list[Predictions]] = []
    train_correct = []
    for split in Protocol(N_FOLDS, best_by(corpus, N_FOLDS)).splits(corpus, seed):
        preparation = Preparation.fit(recipe.prepare, segments.of(split.train))
        train, test = (preparation(segments.of(ids)) for ids in (split.train, split.test))
        config = replace(learner.paced(recipe.config, train), seed=seed)
        with seeded(seed):
            network = recipe.network(train.n_classes, [train.input_shape])
        answers = Answering()
        history = fit(network, train, test, config, loss=answers).history
        steps = history["epoch"].to_numpy() * math.ceil(max(len(train) - 1, 1) / config.batch_size)
        at = [int(np.abs(steps - after).argmin()) for after in AFTER]
        tested.append(answers.tables(test, at))
        train_correct.append(history["train_accuracy"].to_numpy()[at] * len(test))
    parts = [Predictions.concat(after) for after in zip(*tested, strict=True)]
    return parts, np.sum(train_correct, axis=0) / len(corpus)


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
    """What each of the 26 values is worth, in three ways.

    "permuted": how much accuracy is lost when the test clips' values of that column (or of a
    family's columns together) are shuffled. "without", "alone": accuracy of a network trained
    without a family, and on it alone. Intervals are over seeds and clips, or artists where they are
    known; those of losses are over artists or clips, for the mean over seeds and shuffles.
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
        tables = [result.predictions(seed) for seed in result.seeds]
        rows.append(
            accuracy_row(
                tables,
                result.groups,
                condition={"values": family, "kind": kind},
                train_accuracy=result.train_accuracy,
            )
        )
        if kind == "all":
            rows += [_permutation_row(result, name) for name in shuffled]
    return rows


def _permutation_row(result: Result, values: str) -> Row:
    """The accuracy lost by shuffling some columns, averaged over the seeds and repeats."""
    shuffled = [
        result.predictions(seed, f"{values} {i}") for seed in result.seeds for i in range(N_REPEATS)
    ]
    intact = [result.predictions(seed) for seed in result.seeds]
    losses = accuracy_by_clip(intact) - accuracy_by_clip(shuffled)
    artists = np.array([result.groups.get(clip, clip) for clip in losses.index])
    return row(
        "loss of accuracy",
        over_groups(losses.to_numpy(), artists),
        condition={"values": values, "kind": "permuted"},
        n=len(losses),
        train_accuracy=result.train_accuracy,
    )


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
