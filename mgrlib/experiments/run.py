"""`cross_validate`: a recipe trained and tested on every fold and seed, under any conditions."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from tqdm.auto import tqdm

from mgrlib.data.corpus import Corpus, Split
from mgrlib.errors import RecipeError, StorageError, explain
from mgrlib.evaluation.intervals import Interval, over_runs, over_seeds
from mgrlib.evaluation.predictions import Predictions
from mgrlib.evaluation.runs import same_clips
from mgrlib.experiments.protocol import Division, Protocol
from mgrlib.experiments.record import Record, Records, read_records, result_name
from mgrlib.provenance import provenance
from mgrlib.segments import Segments
from mgrlib.storage import home, read_json, write_json
from mgrlib.systems.classifiers import Detailed
from mgrlib.systems.keys import digest, key_text
from mgrlib.systems.learn import changed, learn, segments_of
from mgrlib.systems.recipe import Recipe
from mgrlib.systems.system import System
from mgrlib.training.config import config_dict

Condition = Callable[[System, Corpus, Segments], Predictions]
PLAIN = ""  # the name of the condition that nothing was done to
FOLD_FIELDS = {"seconds", "best_epoch", "history", "train_accuracy", "details", "predictions"}
"""What a fold gives."""


@dataclass(frozen=True, eq=False)
class Result:
    """What cross-validating a recipe gave.

    Args:
        recipe: that was run.
        data: name, n_clips and fingerprint of the corpus.
        protocol: how it was divided.
        runs: for each seed and fold: seed, split, seconds, best_epoch, history, train_accuracy,
            details, and `predictions` by the name of the condition.
        changes: settings of the training that are not the recipe's.
        about: versions, machine, commit and date.
        groups: the artist of each clip where the corpus knows artists: intervals are then over
            artists, not over clips, since the clips of one artist are often classified alike.
    """

    recipe: Recipe
    data: dict[str, Any]
    protocol: Division
    runs: tuple[dict[str, Any], ...]
    changes: dict[str, Any]
    about: dict[str, Any]
    groups: Mapping[str, str] = field(default_factory=dict)

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds that were run, in order."""
        return tuple(dict.fromkeys(run["seed"] for run in self.runs))

    @property
    def conditions(self) -> tuple[str, ...]:
        """The names of the conditions; the first is `PLAIN`."""
        return tuple(self.runs[0]["predictions"])

    @property
    def train_accuracy(self) -> float:
        """On the training clips after training, the mean over the runs."""
        return float(np.mean([run["train_accuracy"] for run in self.runs]))

    def predictions(self, seed: int, condition: str = PLAIN) -> Predictions:
        """The predictions of one seed under one condition, all of its folds as one table.

        Raises:
            RecipeError: a seed or a condition that was not run.
        """
        parts = [run["predictions"].get(condition) for run in self.runs if run["seed"] == seed]
        if not parts or None in parts:
            where = f"result of {self.recipe.name}"
            expected = f"a seed among {self.seeds} and a condition among {self.conditions}"
            raise RecipeError(explain(where, expected, f"{seed}, {condition!r}"))
        return Predictions.concat([Predictions.from_dict(part) for part in parts])

    def runs_under(self, condition: str) -> list[dict[str, Any]]:
        """The predictions of every seed and fold under one condition, as a record keeps them."""
        return [
            {
                "seed": run["seed"],
                "split": run["split"],
                "predictions": run["predictions"][condition],
            }
            for run in self.runs
        ]

    def accuracy(self, condition: str = PLAIN) -> Interval:
        """Mean accuracy over the seeds with its interval.

        When every seed tested the same clips, as in folds, it covers other seeds and other clips
        or, where artists are known, other artists; holdouts differ from seed to seed, and theirs is
        the t interval over seeds.
        """
        tables = [self.predictions(seed, condition) for seed in self.seeds]
        return mean_accuracy(tables, self.groups)

    def record(self, condition: str = PLAIN, **condition_fields: Any) -> Record:
        """One condition as a record.

        Args:
            condition_fields: the record's condition in words, such as `noise="25 %"`; a recipe that
                runs unchanged has none.
        """
        interval = self.accuracy(condition)
        runs = [{**run, "predictions": run["predictions"][condition]} for run in self.runs]
        return Record(
            source=self.recipe.name,
            version=self.recipe.version,
            data=self.data,
            protocol=str(self.protocol),
            seeds=self.seeds,
            metric="accuracy",
            value=round(interval.value, 4),
            low=_rounded(interval.low),
            high=_rounded(interval.high),
            n=self.predictions(self.seeds[0], condition).n,
            condition=condition_fields,
            train_accuracy=round(self.train_accuracy, 4),
            seconds=round(sum(run["seconds"] for run in self.runs), 1),
            changes=self.changes,
            details=over_clips(
                [self.predictions(seed, condition) for seed in self.seeds], self.groups
            ),
            runs=tuple(runs),
            about=self.about,
        )

    def records(self) -> Records:
        """The recipe as it is, as records to be written."""
        return Records((self.record(),))


def mean_accuracy(
    tables: Sequence[Predictions], groups: Mapping[str, str] | None = None
) -> Interval:
    """The mean accuracy of one table for each seed: over seeds and clips where all test the same.

    Args:
        tables: one for each seed.
        groups: the artist of each clip, to draw artists in place of clips.

    Raises:
        EvaluationError: no table.
    """
    order = tables[0].clip_ids if tables else ()
    if not same_clips(tables):
        return over_seeds([float(table.correct.mean()) for table in tables])
    artists = [groups[clip] for clip in order] if groups else None
    return over_runs([table.select(order) for table in tables], groups=artists)


def over_clips(
    tables: Sequence[Predictions], groups: Mapping[str, str] | None = None
) -> dict[str, Any]:
    """The bounds of the mean accuracy if clips are drawn, where those of a record draw artists.

    Args:
        tables: one for each seed.
        groups: the artist of each clip; without, there is nothing to set beside a record's bounds,
            nor where each seed tests clips of its own and the bounds draw seeds.

    Returns:
        `n_groups`, `low_over_clips` and `high_over_clips`, or nothing.
    """
    if not groups or not same_clips(tables):
        return {}
    interval = mean_accuracy(tables)
    return {
        "n_groups": len({groups[clip] for clip in tables[0].clip_ids}),
        "low_over_clips": _rounded(interval.low),
        "high_over_clips": _rounded(interval.high),
    }


def _rounded(value: float) -> float | None:
    return None if value != value else round(float(value), 4)


def corpus_record(corpus: Corpus) -> dict[str, Any]:
    """Name, number of clips and fingerprint of a corpus, as records have them."""
    return {"name": corpus.name, "n_clips": len(corpus), "fingerprint": corpus.content()}


def cross_validate(
    recipe: Recipe,
    corpus: Corpus,
    protocol: Division | None = None,
    *,
    seeds: Sequence[int] = (0,),
    on: Mapping[str, Condition] | None = None,
    changes: Mapping[str, Any] | None = None,
    progress: bool = False,
) -> Result:
    """Train and test a recipe on a corpus: every seed, every fold, every condition.

    Each finished fold is kept under `mgrlib.storage.home()`, so a run that was killed goes on where
    it stopped. `forget` deletes what was kept.

    Args:
        protocol: default: five folds by clip.
        seeds: of split, initial weights and training together; each once.
        on: further conditions by name, `(system, test clips, their segments) -> Predictions`: noise
            on the sound, lost pixels, fewer bits. The system is trained once for each fold and
            asked under each condition; the clean test clips come first by themselves.
        changes: settings of the recipe's TrainConfig to change, as `{"epochs": 5}`; the result says
            so.
        progress: show bars.

    Raises:
        RecipeError: no seed, or one twice; a condition without a name.
        AudioError, FeatureError, SplitError, StorageError, TrainingError: from the layers below.
    """
    folds = Folds(recipe, corpus, protocol or Protocol(), tuple(seeds), on or {}, changes or {})
    bar = tqdm(folds.jobs, desc=recipe.name, disable=not progress, file=sys.stdout)
    return folds.result([folds.run(seed, split, progress=progress) for seed, split in bar])


class Folds:
    """The folds of one recipe on one corpus, each of which can be run by itself.

    Args:
        recipe: to be trained.
        corpus, protocol, seeds, on, changes: as for `cross_validate`.

    Attributes:
        jobs: a seed and a split for every fold, in order.
        data: name, n_clips and fingerprint of the corpus.

    Raises:
        RecipeError: no seed, or one twice; a condition without a name.
    """

    def __init__(
        self,
        recipe: Recipe,
        corpus: Corpus,
        protocol: Division,
        seeds: Sequence[int] = (0,),
        on: Mapping[str, Condition] = MappingProxyType({}),
        changes: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        if not seeds or len(set(seeds)) < len(seeds):
            got = str(list(seeds))
            raise RecipeError(explain("cross_validate", "one or more seeds, each once", got))
        if PLAIN in on:
            raise RecipeError(explain("cross_validate", "a name for each condition", "none"))
        self.recipe, self.corpus, self.protocol, self.on = recipe, corpus, protocol, dict(on)
        self.config = changed(recipe.config, dict(changes))
        self.jobs = [(seed, split) for seed in seeds for split in protocol.splits(corpus, seed)]
        self.data = corpus_record(corpus)
        self._segments: Segments | None = None

    def stored_run(self, seed: int, split: Split) -> dict[str, Any] | None:
        """What an earlier run of a fold left in the store; None if there is nothing."""
        return _stored_run(self._path(seed, split), split)

    def run(self, seed: int, split: Split, *, progress: bool = False) -> dict[str, Any]:
        """What a fold gives, from the store or by training; then it is in the store."""
        run = self.stored_run(seed, split)
        if run is None:
            self._segments = self._segments or segments_of(
                self.recipe, self.corpus, progress=progress
            )
            recipe = replace(self.recipe, config=self.config)
            system = _trained(recipe, self._segments, split, seed)
            run = _tested(system, self.corpus, self._segments, split, self.on)
            self.store(run, seed, split)
        return run

    def store(self, run: dict[str, Any], seed: int, split: Split) -> None:
        """Write what a fold gave to the store, unless its conditions cannot be named."""
        path = self._path(seed, split)
        if path:
            write_json(run, path)

    def restore(self, record: Record) -> int:
        """Store the folds of a record, so that they are not run again; returns how many.

        A fold that is in the store already stays as it is. The others keep the date, the commit and
        the device of the record, as `about`. Folds of old records that lack a part of what a run
        gives now are left out, and so trained again.

        Raises:
            RecipeError: a record of another version, of other clips, another division or other
                settings.
        """
        wanted = (self.recipe.name, self.recipe.version, self.data, str(self.protocol))
        found = (record.source, record.version, dict(record.data), record.protocol)
        if (*found, dict(record.changes)) != (*wanted, self.changes):
            expected = f"a record of version {wanted[1]} of {wanted[0]} on these clips, {wanted[3]}"
            got = f"version {found[1]} of {found[0]} on {record.data.get('name')}, {found[3]}"
            hint = "train these folds again: leave the earlier record out."
            raise RecipeError(explain("restore", expected, f"{got}, {record.changes}", hint))
        whole = [run for run in record.runs if run.keys() >= FOLD_FIELDS]
        known = {(run["seed"], run["split"]): run for run in whole}
        about = {name: record.about.get(name) for name in ("date", "commit", "device")}
        n = 0
        for seed, split in self.jobs:
            run = known.get((seed, split.name))
            if run is None or self.stored_run(seed, split) is not None:
                continue
            fields = {name: value for name, value in run.items() if name not in ("seed", "split")}
            fields["predictions"] = {PLAIN: run["predictions"]}
            self.store({"about": about, **fields}, seed, split)
            n += 1
        return n

    def result(self, runs: Sequence[dict[str, Any]]) -> Result:
        """All folds together.

        Args:
            runs: what each fold gave, in the order of `jobs`.
        """
        rows = tuple(
            {"seed": seed, "split": split.name, **run}
            for (seed, split), run in zip(self.jobs, runs, strict=True)
        )
        groups, about, changes = groups_of(self.corpus), provenance(), self.changes
        return Result(self.recipe, self.data, self.protocol, rows, changes, about, groups)

    @property
    def changes(self) -> dict[str, Any]:
        """The settings of the training that are not the recipe's."""
        usual, config = config_dict(self.recipe.config), config_dict(self.config)
        return {k: v for k, v in config.items() if k != "seed" and usual[k] != v}

    def _path(self, seed: int, split: Split) -> Path | None:
        """The file of a fold in the store of this process."""
        settings = config_dict(self.config)
        folder = _folder(self.recipe, self.data["fingerprint"], self.protocol, settings, self.on)
        return folder / f"{seed}-{split.name}.json" if folder else None


def groups_of(corpus: Corpus) -> dict[str, str]:
    """The artist of each clip, or nothing where the corpus knows no artists."""
    if not corpus.grouped:
        return {}
    return {str(clip): str(group) for clip, group in corpus.clips["group"].items()}


def _trained(recipe: Recipe, segments: Segments, split: Split, seed: int) -> System:
    valid = segments.of(split.valid) if split.valid else None
    return learn(recipe, segments.of(split.train), valid, seed=seed)


def _tested(
    system: System, corpus: Corpus, segments: Segments, split: Split, on: Mapping[str, Condition]
) -> dict[str, Any]:
    """Test a system on one fold, and return the results as plain values."""
    clips, test = corpus.select(clip_ids=split.test), segments.of(split.test)
    predictions = {PLAIN: system.predict(test)}
    for name, condition in on.items():
        predictions[name] = condition(system, clips, test)
    details = dict(system.about["details"])
    if isinstance(system.classifier, Detailed):
        details |= system.classifier.details(system.segments(test))
    history: dict[str, list[float]] = {}
    if system.training is not None:
        frame = system.training.history.round(4).drop(columns=["lr"]).dropna(axis=1)
        history = {str(name): column.tolist() for name, column in frame.items()}
    return {
        "seconds": system.about["seconds"],
        "best_epoch": None if system.training is None else system.training.best_epoch,
        "history": history,
        "train_accuracy": system.about["train_accuracy"],
        "details": details,
        "predictions": {name: table.to_dict() for name, table in predictions.items()},
    }


def _folder(
    recipe: Recipe,
    fingerprint: str,
    protocol: Division,
    config: Mapping[str, Any],
    on: Mapping[str, Condition],
) -> Path | None:
    """The folder for the finished folds, or None if the conditions have no unique names."""
    try:
        parts = (recipe.key, fingerprint, str(protocol), dict(config), key_text(on))
    except RecipeError:
        return None
    return home() / "runs" / recipe.name / digest(*parts)


def restore(
    folder: Path,
    recipe: Recipe,
    corpus: Corpus,
    protocol: Division | None = None,
    *,
    changes: Mapping[str, Any] | None = None,
) -> int:
    """Store the folds of an earlier run's result file, so that only further seeds are trained.

    Args:
        folder: of result files; if none is of this run, nothing happens.
        recipe, corpus, protocol, changes: as for `cross_validate`.

    Returns:
        How many folds were stored.

    Raises:
        RecipeError: no such folder; the file is damaged, or was made by another version of the
            recipe or from other clips of the same name.
    """
    if not folder.is_dir():
        raise RecipeError(explain("restore", "a folder of result files", str(folder)))
    first = Folds(recipe, corpus, protocol or Protocol(), changes=changes or {})
    name = first.data["name"]
    path = folder / result_name(recipe.name, name, str(first.protocol), first.changes)
    if not path.exists():
        return 0
    record = read_records(path).only()
    folds = Folds(recipe, corpus, first.protocol, record.seeds, changes=changes or {})
    return folds.restore(record)


def forget(recipe: Recipe) -> None:
    """Delete the folds of a recipe that were kept from earlier runs."""
    import shutil

    shutil.rmtree(home() / "runs" / recipe.name, ignore_errors=True)


def compute_once(
    source: str, settings: Sequence[Any], compute: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """What was computed before for the same settings, or what is computed now, and then stored.

    For studies that train in a way of their own and have to go on where they were killed.

    Args:
        source: the recipe or study, whose folder of the store is used.
        settings: everything that the outcome depends on: see `mgrlib.systems.keys.key_text`.
        compute: gives plain values by name.
    """
    path = home() / "runs" / source / f"{digest(*settings)}.json"
    outcome = _stored(path)
    if outcome is None:
        write_json(compute(), path)
        outcome = read_json(path)
    return dict(outcome)


def _stored(path: Path) -> dict[str, Any] | None:
    """Read the file of an earlier run; None if it is missing or damaged."""
    if not path.exists():
        return None
    try:
        return dict(read_json(path))
    except (StorageError, TypeError, ValueError) as error:
        warnings.warn(f"{path} is damaged ({error}); it is computed again", stacklevel=4)
        return None


def _stored_run(path: Path | None, split: Split) -> dict[str, Any] | None:
    """The stored result of an earlier run of the same split, or None.

    If groups or the order of clips change, a split of the same name has other clips.
    """
    run = _stored(path) if path else None
    if run is None:
        return None
    try:
        same = set(run["predictions"][PLAIN]["clip_ids"]) == set(split.test)
    except (KeyError, TypeError) as error:
        warnings.warn(f"{path} is damaged ({error!r}); it is computed again", stacklevel=3)
        return None
    return run if same else None
