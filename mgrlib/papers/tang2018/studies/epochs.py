"""Experiment 1 of Tang et al. (2018): six genres, and how many epochs are enough."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from mgrlib.data.corpus import Corpus
from mgrlib.evaluation.intervals import Interval, over_seeds
from mgrlib.evaluation.predictions import Predictions, predict
from mgrlib.experiments.protocol import Protocol, best_by
from mgrlib.experiments.run import compute_once, groups_of, mean_accuracy
from mgrlib.experiments.study import row
from mgrlib.segments import Segments
from mgrlib.systems.learn import learn, segments_of
from mgrlib.systems.learners import Network
from mgrlib.systems.recipe import Recipe
from mgrlib.training.stages import fit_in_stages

Course = dict[str, Any]

PATIENCE = 20  # epochs without a lower validation loss
ENOUGH = 300  # clips from which a holdout of a tenth is worth testing on
EARLY = "stopped early"
LATE = "best epoch on the test clips"

MEASURES = (
    "training loss",
    "training accuracy",
    "validation loss",
    "validation accuracy",
    "test loss",
    "test accuracy",
)


def sweep_protocol(corpus: Corpus, genres: Sequence[str]) -> Protocol:
    """The paper's 70/20/10 % from 300 clips up; with fewer, five folds of which one validates.

    A tenth of a small corpus would be a handful of clips; the folds test every clip once.
    """
    own = corpus.select(genres=genres)
    by = best_by(own)
    if len(own) < ENOUGH:
        return Protocol(5, by, n_valid=1)
    return Protocol(None, by, test=0.1, valid=0.2)


def sweep_epochs(
    corpus: Corpus,
    seeds: Sequence[int],
    progress: bool = False,
    *,
    recipe: Recipe,
    genres: Sequence[str],
    stages: Sequence[int],
    literal: bool = False,
) -> list[dict[str, Any]]:
    """Accuracy and loss after each of these numbers of epochs, one trial per seed.

    With a constant learning rate a training of 5 epochs is the beginning of one of 400, so one long
    training per trial is measured on its way. `literal` trains each number of epochs on its own,
    from its own initial weights, as the paper seems to have done. Trainings that were finished
    before are not repeated.
    """
    own, protocol = corpus.select(genres=genres), sweep_protocol(corpus, genres)
    segments = segments_of(recipe, own, progress=progress)
    course = literal_course if literal else long_course
    trials = []
    for seed in seeds:
        courses = []
        for split in protocol.splits(own, seed):
            settings = (recipe.key, own.content(), split.source, seed, tuple(stages), course)
            parts = [segments.of(ids) for ids in split.parts().values()]

            def train(parts: Sequence[Segments] = parts, seed: int = seed) -> Course:
                return course(recipe, parts, seed, stages)

            courses.append(compute_once(recipe.name, settings, train))
            if progress:
                print(f"seed {seed}, {split.source}: trained", flush=True)
        trials.append(joined(courses))
    groups = groups_of(own)
    rows = [measured for epochs in stages for measured in stage_rows(trials, epochs, groups)]
    return rows + ([] if literal else choice_rows(trials, groups))


def long_course(
    recipe: Recipe, parts: Sequence[Segments], seed: int, stages: Sequence[int]
) -> Course:
    """One training of the longest number of epochs, measured after every epoch."""
    train, valid, test = parts
    learner = recipe.learner if isinstance(recipe.learner, Network) else Network()
    config = replace(learner.paced(recipe.config, train), seed=seed)
    network = learner.network(recipe, train.n_classes, (train.input_shape,), seed)
    course: Course = {"epochs": {}, "test": {}}
    lowest, stopped = math.inf, 0
    for run in fit_in_stages(network, train, config, range(1, max(stages) + 1)):
        epoch, last = len(run.history), run.history.iloc[-1]
        valid_answers, test_answers = predict(network, valid), predict(network, test)
        measures = measures_of(last, valid_answers, test_answers)
        course["epochs"][str(epoch)] = measures
        if epoch in stages:
            course["test"][str(epoch)] = test_answers.to_dict()
        valid_loss = measures[MEASURES.index("validation loss")]
        if valid_loss < lowest and epoch - stopped <= PATIENCE:
            lowest, stopped = valid_loss, epoch
            course["test"][EARLY] = test_answers.to_dict()
    return course | {"stopped": stopped}


def literal_course(
    recipe: Recipe, parts: Sequence[Segments], seed: int, stages: Sequence[int]
) -> Course:
    """A training of its own for each number of epochs."""
    train, valid, test = parts
    course: Course = {"epochs": {}, "test": {}}
    for i, epochs in enumerate(stages):
        system = learn(recipe, train, seed=1000 * (i + 1) + seed, epochs=epochs)
        assert system.training is not None  # a Network learner always has one
        last, answers = system.training.history.iloc[-1], system.predict(test)
        course["epochs"][str(epochs)] = measures_of(last, system.predict(valid), answers)
        course["test"][str(epochs)] = answers.to_dict()
    return course


def measures_of(last: pd.Series, valid: Predictions, test: Predictions) -> list[float]:
    """The values of `MEASURES` after an epoch; `last` is its row of the history."""
    values = [last["train_loss"], last["train_accuracy"]]
    for answers in (valid, test):
        of_truth = answers.probs[np.arange(answers.n), answers.truth]
        values.append(float(-np.log(np.maximum(of_truth, 1e-30)).mean()))  # nats
        values.append(float(answers.correct.mean()))
    return [round(float(value), 4) for value in values]


def joined(courses: Sequence[Course]) -> Course:
    """The folds of one trial: mean measures by epoch, and all tested clips in one table."""
    test = {
        name: Predictions.concat([Predictions.from_dict(c["test"][name]) for c in courses])
        for name in courses[0]["test"]
    }
    epochs = {e: np.mean([c["epochs"][e] for c in courses], axis=0) for e in courses[0]["epochs"]}
    stopped = [c["stopped"] for c in courses if "stopped" in c]
    column = MEASURES.index("training accuracy")
    accuracies = [c["epochs"][str(c["stopped"])][column] for c in courses if "stopped" in c]
    return {"epochs": epochs, "test": test, "stopped": stopped, "train_accuracy": accuracies}


def stage_rows(
    trials: Sequence[Course], epochs: int, groups: Mapping[str, str]
) -> list[dict[str, Any]]:
    """A row for each measure after so many epochs: its mean over the trials.

    Trials that test the same clips have an interval over artists, where they are known.
    """
    tables = [trial["test"][str(epochs)] for trial in trials]
    values = np.array([trial["epochs"][str(epochs)] for trial in trials])  # (trials, 6)
    values[:, MEASURES.index("test accuracy")] = [table.correct.mean() for table in tables]
    train_accuracy = values[:, MEASURES.index("training accuracy")].mean()
    rows = []
    for measure, column in zip(MEASURES, values.T, strict=True):
        is_test = measure == "test accuracy"
        interval = (
            mean_accuracy(tables, groups) if is_test else bounded(over_seeds(column), measure)
        )
        condition = {"epochs": epochs, "measure": measure}
        rows.append(
            row(
                measure,
                interval,
                condition=condition,
                n=tables[0].n if is_test else None,
                train_accuracy=train_accuracy,
                trials=column.round(4).tolist(),
            )
        )
    return rows


def bounded(interval: Interval, measure: str) -> Interval:
    """The interval without values that the measure cannot have."""
    most = 1.0 if measure.endswith("accuracy") else math.inf
    return replace(interval, low=max(interval.low, 0.0), high=min(interval.high, most))


def choice_rows(trials: Sequence[Course], groups: Mapping[str, str]) -> list[dict[str, Any]]:
    """Test accuracy when stopping by the validation loss, and when choosing by the test clips."""
    course = np.mean([[*trial["epochs"].values()] for trial in trials], axis=0)  # (epochs, 6)
    epochs = [e for e in range(1, len(course) + 1) if e <= 50 or e % 5 == 0]
    means = course[[e - 1 for e in epochs]].round(4).T.tolist()
    tables = [trial["test"][EARLY] for trial in trials]
    # Measures of the epoch with the best test accuracy, their last value.
    best = np.array([max(t["epochs"].values(), key=lambda m: float(m[-1])) for t in trials])
    column = MEASURES.index("training accuracy")
    early = row(
        "test accuracy",
        mean_accuracy(tables, groups),
        condition={"choice": EARLY, "measure": "test accuracy"},
        n=tables[0].n,
        train_accuracy=float(np.mean([trial["train_accuracy"] for trial in trials])),
        stopped=[trial["stopped"] for trial in trials],
        patience=PATIENCE,
        curves={"epoch": epochs, **dict(zip(MEASURES, means, strict=True))},
    )
    late = row(
        "test accuracy",
        over_seeds(best[:, -1]),
        condition={"choice": LATE, "measure": "test accuracy"},
        n=tables[0].n,
        train_accuracy=float(best[:, column].mean()),
    )
    return [early, late]
