"""Wei et al. (n.d.), section 6: networks in eight bits, their size, accuracy and speed.

What the paper leaves open and what we chose:

- *How it was quantized.* "The torch library is used for preparing model quantization", with a
  ratio of 3.93 and nearly equal times. Ours is static, by ONNX Runtime, calibrated on training
  segments; beside it stand the two ways that give the same size and no speed.
- *What was timed.* "Average inference time", of a batch of 8 perhaps; the computer is not named.
  Ours: one segment, one thread, all files in turn.
- *Training*: as in the recipes of these networks, from scratch, in bfloat16; the three small ones
  for fewer epochs, after which they know nearly all of their training segments by heart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from mgrlib.compression.onnx_files import OnnxModel
from mgrlib.compression.quantize import onnx_files
from mgrlib.compression.timing import Latency, speedup, take_turns
from mgrlib.data.corpus import Corpus
from mgrlib.evaluation.intervals import Interval
from mgrlib.evaluation.paired import paired_bootstrap
from mgrlib.evaluation.predictions import Predictions
from mgrlib.experiments.protocol import Protocol, best_by
from mgrlib.experiments.run import groups_of
from mgrlib.experiments.study import Study, accuracy_row, row
from mgrlib.models.luo2021 import ResNet1d
from mgrlib.papers.wei2023.recipes import RECIPES, STUDENT_ALONE
from mgrlib.segments import Segments
from mgrlib.systems.learn import learn, segments_of
from mgrlib.systems.prepare import Standardize
from mgrlib.systems.recipe import Recipe
from mgrlib.systems.system import System

Rows = list[dict[str, Any]]
Answers = dict[str, list[Predictions]]  # by kind of file, one table for each seed

NOT_JOINED = "int8 static, not joined"


def int8_study(
    corpus: Corpus,
    seeds: Sequence[int],
    *,
    progress: bool = False,
    systems: Mapping[str, Recipe],
    n_folds: int = 2,
    rounds: int = 40,
) -> Rows:
    """Accuracy, bytes and time of each system in float32 and in three kinds of int8.

    Accuracies are over all folds; sizes and times are those of the first fold's files, which take
    turns. `speedup` is against float32 in the same rounds: median and quartiles. `gain` is against
    the float32 file of the same network, clip by clip; its last rows are over all systems. Where
    artists are known, intervals draw artists.
    """
    rows: Rows = []
    over_all: Answers = {}
    train_accuracies: list[float] = []
    groups = groups_of(corpus)
    for name, recipe in systems.items():
        segments = segments_of(recipe, corpus, progress=progress)
        answers: Answers = {}
        training: list[float] = []
        costs: dict[str, dict[str, Any]] = {}
        for seed in seeds:
            tables: Answers = {}
            for split in Protocol(n_folds, best_by(corpus, n_folds)).splits(corpus, seed):
                train, test = segments.of(split.train), segments.of(split.test)
                system = learn(recipe, train, seed=seed)
                training.append(system.about["train_accuracy"])
                with TemporaryDirectory() as folder:
                    paths = onnx_files(system, _mixed(train), Path(folder))
                    for kind, path in paths.items():
                        quantized = system.with_network(OnnxModel(path))
                        tables.setdefault(kind, []).append(quantized.predict(test))
                    costs = costs or _costs(paths, system, train, rounds)
            for kind, parts in tables.items():
                answers.setdefault(kind, []).append(Predictions.concat(parts))
        train_accuracies.append(float(np.mean(training)))
        rows += _rows(name, answers, costs, groups, train_accuracies[-1])
        for kind, runs in answers.items():
            over_all.setdefault(kind, []).extend(runs)
    return rows + _over_all(over_all, groups, float(np.mean(train_accuracies)))


def _mixed(train: Segments) -> Segments:
    """The same clips in another order, so that the first ones are of all genres."""
    order = np.random.default_rng(0).permutation(len(train.clip_ids))
    return train.of([train.clip_ids[i] for i in order])


def _costs(
    paths: Mapping[str, Path], system: System, train: Segments, rounds: int
) -> dict[str, dict[str, Any]]:
    """Bytes and milliseconds of each file, and of the static one when nothing is joined."""
    models = {kind: OnnxModel(path) for kind, path in paths.items()}
    models[NOT_JOINED] = OnnxModel(paths["int8 static"], fused=False)
    x = system.segments(train.of(train.clip_ids[:1])).inputs[0][:1].numpy()
    calls = {kind: (lambda model=model: model.run(x)) for kind, model in models.items()}
    times = take_turns(calls, rounds=rounds)
    sizes = {kind: path.stat().st_size for kind, path in paths.items()}
    sizes[NOT_JOINED] = sizes["int8 static"]
    costs: dict[str, dict[str, Any]] = {}
    for kind, size in sizes.items():
        latency = Latency.of(times[kind])
        costs[kind] = {
            "bytes": size,
            "ratio": sizes["float32"] / size,
            "milliseconds": [latency.median_ms, latency.low_ms, latency.high_ms],
            "speedup": list(speedup(times["float32"], times[kind])),
            "rounds": latency.n,
        }
    return costs


def _rows(
    system: str,
    answers: Answers,
    costs: Mapping[str, Mapping[str, Any]],
    groups: Mapping[str, str],
    train_accuracy: float,
) -> Rows:
    """A row for each kind with its accuracy; then the seconds and the ratios."""
    rows: Rows = []
    for kind, runs in answers.items():
        rows.append(
            accuracy_row(
                runs,
                groups,
                condition={"system": system, "file": kind},
                train_accuracy=train_accuracy,
                **_difference(runs, answers["float32"], groups),
                **costs[kind],
            )
        )
    for kind, values in costs.items():
        condition = {"system": system, "file": kind}
        middle, low, high = (values["milliseconds"][i] / 1000 for i in range(3))
        seconds = Interval(middle, low, high, values["rounds"], unit="rounds")
        rows.append(row("seconds", seconds, condition=condition))
        rows.append(row("compression ratio", values["ratio"], condition=condition))
    return rows


def _difference(
    runs: Sequence[Predictions], base: Sequence[Predictions], groups: Mapping[str, str]
) -> dict[str, Any]:
    """What a file gains on its float32 file over all runs; the interval draws artists or clips."""
    own, other = (
        Predictions.concat(
            [replace(p, clip_ids=tuple(f"{i} {c}" for c in p.clip_ids)) for i, p in enumerate(part)]
        )
        for part in (runs, base)
    )
    artists = [groups.get(clip, clip) for run in runs for clip in run.clip_ids]
    gain = paired_bootstrap(own, other, groups=artists)
    changed = own.predicted != other.select(own.clip_ids).predicted
    return {
        "gain": [gain.value, gain.low, gain.high],
        "answers": gain.n,
        "answers changed": float(np.mean(changed)),
    }


def _over_all(answers: Answers, groups: Mapping[str, str], train_accuracy: float) -> Rows:
    """A row for each kind of int8: what it gains on float32 over all systems, clip by clip."""
    rows: Rows = []
    for kind, runs in answers.items():
        if kind != "float32":
            details = _difference(runs, answers["float32"], groups)
            value, low, high = details["gain"]
            gain = Interval(value, low, high, runs[0].n, unit="clips")
            condition = {"system": "all", "file": kind}
            rows.append(
                row(
                    "difference of accuracy",
                    gain,
                    condition=condition,
                    train_accuracy=train_accuracy,
                    **details,
                )
            )
    return rows


def _quick(name: str, **changes: Any) -> Recipe:
    """A recipe from scratch, standardized, in bfloat16."""
    recipe = {r.name: r for r in RECIPES}[f"wei2023/{name}"]
    config = replace(recipe.config, precision="bfloat16", **changes)
    return replace(recipe, config=config, prepare=(Standardize(),), learner=None)


SYSTEMS = {
    "ResNet18": _quick("resnet-mel"),
    "ShallowCNN": STUDENT_ALONE,
    "ResNet1d": replace(_quick("student-alone", epochs=20), model=ResNet1d),
    "SegmentCnn": _quick("segment-3s", epochs=16),
}

INT8 = (
    Study(
        "wei2023/int8",
        "networks in eight bits",
        int8_study,
        {"systems": SYSTEMS, "n_folds": 2},
        protocol=lambda corpus: Protocol(2, best_by(corpus, 2)),
        deviations=(
            "static quantization by ONNX Runtime; the paper does not describe its own, which was "
            "no faster",
        ),
    ),
)
