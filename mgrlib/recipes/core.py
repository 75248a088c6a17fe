"""Recipe, Reported, Result: one row of one paper's table as a value, and what running it gave."""

from __future__ import annotations

import ast
import datetime
import functools
import hashlib
import inspect
import json
import platform
import re
import sys
import textwrap
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import torch
from torch import nn
from tqdm.auto import tqdm

from mgrlib.data.corpus import Corpus, Split
from mgrlib.data.splits import by_group, folds, stratified
from mgrlib.errors import RecipeError, explain
from mgrlib.evaluation.intervals import Interval, over_runs, over_seeds
from mgrlib.evaluation.predictions import Predictions, predict, predict_sklearn
from mgrlib.features.base import Feature
from mgrlib.segments import Cut, Segments, cut, standardize
from mgrlib.storage import atomic_write, home
from mgrlib.training.config import TrainConfig, config_dict
from mgrlib.training.loop import Augment, fit
from mgrlib.training.seeds import seeded

__all__ = [
    "Learned",
    "Learner",
    "Protocol",
    "Recipe",
    "Reported",
    "Result",
    "learn_estimator",
    "learn_network",
    "read_result",
    "run",
    "write_result",
]

SCALINGS = ("none", "coefficient", "array")
PACKAGES = ("mgrlib", "torch", "librosa", "numpy", "scipy", "scikit-learn", "soundfile")
OURS = ("mgrlib.models", "mgrlib.recipes")


@dataclass(frozen=True)
class Reported:
    """A number that a paper prints.

    Args:
        value: as printed, a share and not a percentage.
        metric: "accuracy", "validation accuracy", "mean recall", ...
        n: the number of test clips behind it; None when the paper does not tell.
        split: the protocol in the paper's terms.
        place: where it stands, as "table 2".
        note: what a reader should know about it.
    """

    value: float
    metric: str
    n: int | None
    split: str
    place: str
    note: str = ""

    def __post_init__(self) -> None:
        if not self.place.strip():
            hint = "name the table, figure or section."
            raise RecipeError(explain("Reported", "the number's place in the paper", "none", hint))


@dataclass(frozen=True)
class Protocol:
    """How a corpus is split for a run: folds that test every clip once, or one holdout.

    Args:
        n_folds: number of folds, or None for a single holdout of `test`.
        by: "clip" splits clips at random within genres; "group" keeps an artist's clips together.
        test: share of test clips of a holdout.
    """

    n_folds: int | None = 5
    by: Literal["clip", "group"] = "clip"
    test: float = 0.2

    def __post_init__(self) -> None:
        if self.by not in ("clip", "group"):
            raise RecipeError(explain("Protocol", 'by="clip" or by="group"', repr(self.by)))

    def __str__(self) -> str:
        if self.n_folds is not None:
            return f"{self.n_folds} folds by {self.by}"
        return f"{100 * (1 - self.test):g}%/{100 * self.test:g}% by {self.by}"

    def splits(self, corpus: Corpus, seed: int) -> list[Split]:
        """The splits of this protocol, which differ from seed to seed."""
        if self.n_folds is not None:
            made = folds(corpus, self.n_folds, seed=seed, by=self.by)
        else:
            splitter = stratified if self.by == "clip" else by_group
            made = [splitter(corpus, test=self.test, seed=seed)]
        return [split.check(corpus, leaky=self.by == "clip") for split in made]


@dataclass(frozen=True)
class Learned:
    """What training and testing on one split gave.

    Args:
        predictions: of the split's test clips.
        seconds: spent on training.
        best_epoch: whose weights were tested, where there were epochs.
        history: columns of the training's history by name.
        extra: whatever else the result should keep, as plain values for a JSON file.
        model: the trained network, for those who want to keep it; no result does.
    """

    predictions: Predictions
    seconds: float
    best_epoch: int | None = None
    history: Mapping[str, list[float]] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    model: nn.Module | None = None


Learner = Callable[["Recipe", Segments, Segments, Segments, TrainConfig], Learned]


@dataclass(frozen=True)
class Recipe:
    """One system of one paper: what goes in, what it is, how it is trained, what the paper got.

    Args:
        name: "paper/system", as `mgrlib run` takes it.
        title: what tables call it.
        features: what is computed of each clip, one a modality.
        model: a class that keeps the model contract, or what else `learn` makes its classifier of.
        config: the training.
        options: the model's keyword arguments beyond the paper's values.
        how: how a clip is cut into segments.
        scaling: "none", "coefficient" or "array": see `mgrlib.segments.standardize`.
        augment: applied to each training batch.
        reported: what the paper prints for this system; empty for systems of ours.
        deviations: where ours is not the paper's, and what the paper leaves open.
        learn: `(recipe, train, valid, test, config) -> Learned`, how one split is trained and
            tested; `learn_network` unless told otherwise.
    """

    name: str
    title: str
    features: tuple[Feature, ...]
    model: Callable[..., Any]
    config: TrainConfig
    options: Mapping[str, Any] = field(default_factory=dict)
    how: Cut = field(default_factory=Cut)
    scaling: str = "none"
    augment: Augment | None = None
    reported: tuple[Reported, ...] = ()
    deviations: tuple[str, ...] = ()
    learn: Learner | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "options", MappingProxyType(dict(self.options)))
        if self.name.count("/") != 1:
            raise RecipeError(explain("Recipe", 'a name "paper/system"', repr(self.name)))
        if self.scaling not in SCALINGS:
            where = f"Recipe {self.name!r}"
            raise RecipeError(explain(where, f"scaling among {SCALINGS}", repr(self.scaling)))

    @property
    def paper(self) -> str:
        """The paper's key."""
        return self.name.split("/")[0]

    @property
    def fingerprint(self) -> str:
        """Changes when anything that a result depends on changes, the model's code included."""
        parts = [
            *(feature.key for feature in self.features),
            repr(self.how),
            code_of(self.model),
            code_of(self.augment) if self.augment else "",
            json.dumps([config_dict(self.config), dict(self.options), self.scaling], default=str),
        ]
        if self.learn is not None:
            parts.append(code_of(self.learn, within=OURS))
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]

    def make(self, segments: Segments) -> nn.Module:
        """A fresh model for these segments."""
        shapes = [tuple(x.shape[1:]) for x in segments.inputs]
        made: nn.Module = self.model(segments.n_classes, *shapes, **self.options)
        return made


def code_of(thing: Callable[..., Any], within: tuple[str, ...] = ("mgrlib.",)) -> str:
    """The source of a class or function, and of all of mgrlib's that it uses, without docstrings.

    Layout, comments and explanations may change without making a result look out of date.
    `within` are the beginnings of the names of the modules that count as used.

    >>> print(code_of(Protocol.__str__).splitlines()[0])
    def __str__(self) -> str:
    """
    if isinstance(thing, functools.partial):
        return f"{code_of(thing.func, within)}\n{thing.args!r} {sorted(thing.keywords.items())!r}"
    sources: dict[str, str] = {}
    waiting = [inspect.unwrap(thing)]
    while waiting:
        one = waiting.pop()
        name = f"{one.__module__}.{one.__qualname__}"
        if name not in sources:
            tree = _bare(one)
            sources[name] = ast.unparse(tree)
            waiting += [used for used in _used_by(tree, one) if used.__module__.startswith(within)]
    first, *rest = sources.values()
    return "\n".join([first, *sorted(rest)])


@functools.cache  # a paper's studies share most of their code
def _bare(thing: Callable[..., Any]) -> ast.Module:
    """The syntax tree of a class or function with its docstrings taken out."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(thing)))
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            value = body[0].value
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                body[:1] = [] if len(body) > 1 else [ast.Pass()]
    return tree


def _used_by(tree: ast.Module, thing: Callable[..., Any]) -> list[Callable[..., Any]]:
    """The package's classes and functions that the code names, but for errors and checks."""
    known = vars(sys.modules[thing.__module__])
    named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    found = [known[name] for name in sorted(named) if name in known]
    return [
        one
        for one in found
        if (inspect.isclass(one) or inspect.isfunction(one))
        and one.__module__.startswith("mgrlib.")
        and one.__module__ not in ("mgrlib.errors", "mgrlib.shapes", __name__)
    ]


@dataclass(frozen=True, eq=False)
class Result:
    """What running a recipe gave, with all that is needed to judge it.

    Args:
        recipe, fingerprint: of which recipe, in which version.
        data: name, number of clips and fingerprint of the corpus.
        protocol: how it was split.
        config: the training, as values; it differs from the recipe's where the run was told so.
        runs: one entry a seed and fold: seed, split, predictions, history, seconds.
        about: versions, machine and date.
    """

    recipe: str
    fingerprint: str
    data: dict[str, Any]
    protocol: str
    config: dict[str, Any]
    runs: tuple[dict[str, Any], ...]
    about: dict[str, Any]

    @property
    def seeds(self) -> tuple[int, ...]:
        """The seeds that were run, in order."""
        return tuple(dict.fromkeys(one["seed"] for one in self.runs))

    @property
    def seconds(self) -> float:
        """Time spent on training, all runs together."""
        return sum(one["seconds"] for one in self.runs)

    def predictions(self, seed: int) -> Predictions:
        """The predictions of one seed, all of its folds as one table."""
        parts = [one["predictions"] for one in self.runs if one["seed"] == seed]
        if not parts:
            where = f"Result of {self.recipe}"
            raise RecipeError(explain(where, f"a seed among {self.seeds}", str(seed)))
        return Predictions.concat([Predictions.from_dict(part) for part in parts])

    def accuracy(self) -> Interval:
        """Mean accuracy over the seeds with its interval.

        When every seed tested the same clips, as in folds, it covers other seeds and other clips;
        holdouts differ from seed to seed, and theirs is the t interval over seeds.
        """
        tables = [self.predictions(seed) for seed in self.seeds]
        order = tables[0].clip_ids
        if any(set(table.clip_ids) != set(order) for table in tables):
            return over_seeds([float(table.correct.mean()) for table in tables])
        return over_runs([table.select(order) for table in tables])


def run(
    recipe: Recipe,
    corpus: Corpus,
    protocol: Protocol | None = None,
    *,
    seeds: Sequence[int] = (0,),
    changes: Mapping[str, Any] | None = None,
    fresh: bool = False,
    progress: bool = False,
) -> Result:
    """Train and test a recipe on a corpus: every seed, every fold.

    Each finished fold is kept under `mgrlib.storage.home()`, so a run that was killed goes on
    where it stopped.

    Args:
        seeds: of split, initial weights and training together; each once.
        changes: settings of the recipe's TrainConfig to change, as `{"epochs": 5}`; the result says
            so.
        fresh: forget folds kept from earlier.
        progress: show bars.

    Raises:
        RecipeError: no seed, or one twice.
        AudioError, FeatureError, SplitError, StorageError, TrainingError: from the layers below.
    """
    if not seeds or len(set(seeds)) < len(seeds):
        raise RecipeError(explain("run", "one or more seeds, each once", str(list(seeds))))
    protocol = protocol or Protocol()
    fingerprint = recipe.fingerprint  # of the code that runs, not of what the file holds afterwards
    config = replace(recipe.config, **(changes or {}))
    jobs = [(s, split) for s in seeds for split in protocol.splits(corpus, s)]
    segments = cut(corpus, *recipe.features, how=recipe.how, progress=progress)
    content = corpus_fingerprint(corpus)
    key = json.dumps([fingerprint, content, str(protocol), config_dict(config)])
    folder = home() / "runs" / hashlib.sha256(key.encode()).hexdigest()[:16]
    done = []
    bar = tqdm(jobs, desc=recipe.name, disable=not progress, file=sys.stdout)
    for seed, split in bar:
        path = folder / f"{seed}-{split.name}.json"
        outcome = None if fresh else _kept(path, split)
        if outcome is None:
            outcome = _train_and_test(recipe, segments, split, replace(config, seed=seed))
            with atomic_write(path) as part:
                part.write_text(json.dumps(outcome))
        done.append(outcome)
    data = {"name": corpus.name, "n_clips": len(corpus), "fingerprint": content}
    return Result(
        recipe.name,
        fingerprint,
        data,
        str(protocol),
        config_dict(config),
        tuple(done),
        about(),
    )


def _kept(path: Path, split: Split) -> dict[str, Any] | None:
    """What came of this very split when it was run before, if it was.

    The same clips in other groups or another order make other splits of the same name.
    """
    try:
        outcome: dict[str, Any] = json.loads(path.read_text())
        tested = set(outcome["predictions"]["clip_ids"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        warnings.warn(f"{path} is damaged ({error!r}); the fold is trained again", stacklevel=3)
        return None
    return outcome if tested == set(split.test) else None


def _train_and_test(
    recipe: Recipe, segments: Segments, split: Split, config: TrainConfig
) -> dict[str, Any]:
    """One fold: its predictions and history as plain values."""
    train, valid, test = (segments.of(part) for part in split.parts().values())
    if recipe.scaling != "none":
        train, valid, test = standardize(train, valid, test, per=recipe.scaling)
    learned = (recipe.learn or learn_network)(recipe, train, valid, test, config)
    outcome = {
        "seed": config.seed,
        "split": split.name,
        "seconds": round(learned.seconds, 2),
        "best_epoch": learned.best_epoch,
        "history": dict(learned.history),
        "predictions": learned.predictions.to_dict(),
    }
    return {**outcome, "extra": dict(learned.extra)} if learned.extra else outcome


def learn_network(
    recipe: Recipe, train: Segments, valid: Segments, test: Segments, config: TrainConfig
) -> Learned:
    """The recipe's network trained with `fit` on one split, and tested."""
    with seeded(config.seed):
        model = recipe.make(train)
    outcome = fit(model, train, valid if len(valid) else None, config, augment=recipe.augment)
    history = outcome.history.round(4).drop(columns=["lr"]).dropna(axis=1)
    columns = {str(name): column.tolist() for name, column in history.items()}
    said = predict(model, test)
    return Learned(said, outcome.seconds, outcome.best_epoch, columns, model=model)


def learn_estimator(
    recipe: Recipe, train: Segments, valid: Segments, test: Segments, config: TrainConfig
) -> Learned:
    """A scikit-learn classifier fitted on flattened inputs (S, D); validation segments train too.

    `recipe.model` is called with the seed and the recipe's options.
    """
    train, valid, test = (_flat(part) for part in (train, valid, test))
    started = time.perf_counter()
    estimator = recipe.model(config.seed, **recipe.options)
    estimator.fit(
        np.concatenate([part.inputs[0].numpy() for part in (train, valid)]),
        np.concatenate([part.y.numpy() for part in (train, valid)]),
    )
    seconds = time.perf_counter() - started
    return Learned(predict_sklearn(estimator, test), seconds)


def _flat(segments: Segments) -> Segments:
    """The same segments with all modalities in one row each, (S, D)."""
    x = torch.cat([x.flatten(1) for x in segments.inputs], 1)
    return replace(segments, inputs=(x,))


def corpus_fingerprint(corpus: Corpus) -> str:
    """One text for the content of all clips, whatever their order or place."""
    contents = sorted(
        f"{clip_id} {row['genre']} {corpus.source.fingerprint(row)}"
        for clip_id, row in corpus.clips.iterrows()
    )
    return hashlib.sha256("\n".join(contents).encode()).hexdigest()[:16]


def about() -> dict[str, Any]:
    """Versions, machine and date of a run."""
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        "n_threads": torch.get_num_threads(),
        "device": torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu",
        "versions": {name: _version(name) for name in PACKAGES},
    }


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def write_result(result: Result, folder: Path) -> Path:
    """Write a result to `folder / paper / system.data.protocol.json`; returns the path."""
    paper, system = result.recipe.split("/")
    protocol = re.sub(r"[^0-9a-z]+", "-", result.protocol.lower())
    path = folder / paper / f"{system}.{result.data['name']}.{protocol}.json"
    with atomic_write(path) as part:
        part.write_text(json.dumps(asdict(result), indent=None, separators=(",", ":")) + "\n")
    return path


def read_result(path: Path) -> Result:
    """The result that a file holds.

    Raises:
        RecipeError: not a result file.
    """
    try:
        content = json.loads(path.read_text())
        return Result(**{**content, "runs": tuple(content["runs"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        got = f"{type(error).__name__}: {error}"
        raise RecipeError(explain(str(path), "a result file", got)) from error
