"""Wei et al. (n.d.), section 6: networks in eight bits, their size, accuracy and speed.

What the paper leaves open and what we chose:
- *How it was quantised.* "The torch library is used for preparing model quantization": 3.93 times
  smaller and no faster. Ours is static, by ONNX Runtime, calibrated on training segments; beside it
  stand the two ways that give the same size and no speed.
- *What was timed.* "Average inference time", of a batch of 8 perhaps; the computer is not told.
  Ours: one segment, one thread, all files in turn.
- *Training*: as in the recipes of these networks, from scratch, in bfloat16; the three small ones
  for fewer epochs, after which they know nearly all of their training segments by heart.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from torch import nn

from mgrlib.compression.onnx_files import OnnxModel, to_onnx
from mgrlib.compression.quantize import quantize_dynamic, quantize_static, quantize_weights
from mgrlib.compression.timing import Latency, speedup, take_turns
from mgrlib.data.corpus import Corpus, Split
from mgrlib.evaluation.intervals import over_runs
from mgrlib.evaluation.paired import paired_bootstrap
from mgrlib.evaluation.predictions import Predictions, predict
from mgrlib.recipes.core import Protocol, Recipe, Reported, learn_network
from mgrlib.recipes.luo2021 import RECIPES as LUO2021
from mgrlib.recipes.studies import Study
from mgrlib.recipes.wei2023_fusion import FUSION
from mgrlib.recipes.wei2023_segments import SEGMENTS
from mgrlib.segments import Segments, cut, standardize

__all__ = ["INT8", "SYSTEMS", "by_of", "files_of", "standardized", "trained"]

Rows = list[dict[str, Any]]
Answers = dict[str, list[Predictions]]

KINDS: dict[str, Callable[[Path, Path], Path] | None] = {
    "float32": None,
    "int8 static": None,
    "int8 dynamic": quantize_dynamic,
    "int8 weights only": quantize_weights,
}


def by_of(corpus: Corpus) -> str:
    """How the clips are divided: artists apart where they are known, else clips."""
    return "group" if corpus.clips["group"].nunique() < 0.9 * len(corpus) else "clip"


def standardized(recipe: Recipe, segments: Segments, split: Split) -> tuple[Segments, Segments]:
    """The training and the test segments of a split, scaled as the recipe says."""
    train, test = (segments.of(part) for part in (split.train, split.test))
    if recipe.scaling != "none":
        train, test = standardize(train, test, per=recipe.scaling)
    return train, test


def trained(recipe: Recipe, train: Segments, seed: int) -> nn.Module:
    """The recipe's network after training."""
    config = replace(recipe.config, seed=seed)
    model = learn_network(recipe, train, train.of([]), train, config).model
    assert model is not None
    return model.eval()


def files_of(model: nn.Module, train: Segments, folder: Path) -> dict[str, Path]:
    """The network as a float32 file and as int8 files of three kinds."""
    source = to_onnx(model, tuple(train.inputs[0].shape[1:]), path=folder / "float32.onnx")
    made = {"float32": source}
    made["int8 static"] = quantize_static(source, folder / "static.onnx", _mixed(train))
    for kind, function in KINDS.items():
        if function is not None:
            made[kind] = function(source, folder / f"{kind}.onnx")
    return made


def _mixed(train: Segments) -> Segments:
    """The same clips in another order, so that the first ones are of all genres."""
    order = np.random.default_rng(0).permutation(len(train.clip_ids))
    return train.of([train.clip_ids[i] for i in order])


def int8(
    corpus: Corpus,
    seeds: Sequence[int],
    *,
    progress: bool = False,
    systems: Mapping[str, Recipe],
    n_folds: int = 5,
    rounds: int = 40,
) -> Rows:
    """Accuracy, bytes and time of each system in float32 and in three kinds of int8.

    Accuracies are over all folds; sizes and times are those of the first fold's files, which take
    turns. `speedup` is against float32 in the same rounds: median and quartiles. `gain` is against
    the float32 file of the same network, clip by clip; its last rows are over all systems.
    """
    rows: Rows = []
    answers: Answers = {kind: [] for kind in KINDS}
    for name, recipe in systems.items():
        segments = cut(corpus, *recipe.features, how=recipe.how, progress=progress)
        said: dict[str, list[list[Predictions]]] = {kind: [] for kind in KINDS}
        measured: dict[str, dict[str, Any]] = {}
        for seed in seeds:
            for kind in KINDS:
                said[kind].append([])
            for split in Protocol(n_folds, by=by_of(corpus)).splits(corpus, seed):  # type: ignore[arg-type]
                train, test = standardized(recipe, segments, split)
                model = trained(recipe, train, seed)
                with TemporaryDirectory() as folder:
                    paths = files_of(model, train, Path(folder))
                    for kind, path in paths.items():
                        said[kind][-1].append(predict(OnnxModel(path), test))
                    measured = measured or _measured(paths, train, rounds)
        runs = {kind: [Predictions.concat(part) for part in parts] for kind, parts in said.items()}
        rows += _rows(name, f"{n_folds} folds by {by_of(corpus)}", runs, measured)
        for kind, made in runs.items():
            answers[kind] += made
    return rows + _over_all(answers, len(systems))


def _measured(paths: Mapping[str, Path], train: Segments, rounds: int) -> dict[str, dict[str, Any]]:
    """Bytes and milliseconds of each file, and of the static one when nothing is joined."""
    models = {kind: OnnxModel(path) for kind, path in paths.items()}
    models["int8 static, not joined"] = OnnxModel(paths["int8 static"], fused=False)
    x = train.inputs[0][:1].numpy()
    calls = {kind: (lambda model=model: model.run(x)) for kind, model in models.items()}
    times = take_turns(calls, rounds=rounds)
    sizes = {kind: path.stat().st_size for kind, path in paths.items()}
    sizes["int8 static, not joined"] = sizes["int8 static"]
    found = {}
    for kind, size in sizes.items():
        latency, ratio = Latency.of(times[kind]), sizes["float32"] / size
        found[kind] = {
            "bytes": size,
            "ratio": ratio,
            "milliseconds": [latency.median_ms, latency.low_ms, latency.high_ms],
            "speedup": list(speedup(times["float32"], times[kind])),
            "rounds": latency.n,
        }
    return found


def _rows(
    name: str,
    protocol: str,
    runs: Mapping[str, Sequence[Predictions]],
    measured: Mapping[str, Mapping[str, Any]],
) -> Rows:
    """A row a kind with its accuracy; then the ratios, and the seconds."""
    rows: Rows = [
        {
            "row": f"{name}: {kind}",
            "metric": "accuracy",
            **_compared(runs[kind], runs["float32"]),
            "protocol": protocol,
            **measured[kind],
        }
        for kind in runs
    ]
    for kind, one in measured.items():
        middle, low, high = (value / 1000 for value in one["milliseconds"])
        told = {"protocol": f"one segment, one thread, {one['rounds']} rounds in turn"}
        of_time = {"metric": "seconds", "value": middle, "low": low, "high": high}
        rows.append({"row": f"{name}: seconds, {kind}", **of_time, **told})
        ratio = {"metric": "compression ratio", "value": one["ratio"], "protocol": "bytes of files"}
        rows.append({"row": f"{name}: ratio, {kind}", **ratio})
    return rows


def _compared(runs: Sequence[Predictions], base: Sequence[Predictions]) -> dict[str, Any]:
    """The accuracy of a file, and how it differs from the float32 file's on the same clips."""
    interval = over_runs([run.select(runs[0].clip_ids) for run in runs])
    return {
        "value": interval.value,
        "low": interval.low,
        "high": interval.high,
        "n": interval.n,
        **_difference(runs, base),
    }


def _difference(runs: Sequence[Predictions], base: Sequence[Predictions]) -> dict[str, Any]:
    """What a file gains on its float32 file over all runs; the interval is from drawing clips."""
    one, other = (
        Predictions.concat(
            [replace(p, clip_ids=tuple(f"{i} {c}" for c in p.clip_ids)) for i, p in enumerate(part)]
        )
        for part in (runs, base)
    )
    gain = paired_bootstrap(one, other, groups=[clip for run in runs for clip in run.clip_ids])
    changed = one.predicted != other.select(one.clip_ids).predicted
    return {
        "gain": [gain.value, gain.low, gain.high],
        "answers": gain.n,
        "answers changed": float(np.mean(changed)),
    }


def _over_all(answers: Answers, n_systems: int) -> Rows:
    """A row a kind of int8: what it gains on float32 over all systems, clip by clip."""
    rows: Rows = []
    for kind, runs in answers.items():
        if kind != "float32":
            found = _difference(runs, answers["float32"])
            value, low, high = found["gain"]
            told = {"metric": "difference of accuracy", "protocol": f"{n_systems} systems, paired"}
            of = {"value": value, "low": low, "high": high, "n": runs[0].n}
            rows.append({"row": f"all: {kind}", **told, **of, **found})
    return rows


def _quick(recipe: Recipe, **changes: Any) -> Recipe:
    """The recipe from scratch, standardised, in bfloat16."""
    config = replace(recipe.config, precision="bfloat16", **changes)
    return replace(recipe, config=config, scaling="coefficient", learn=None)


_NAMED = {recipe.name: recipe for recipe in (*LUO2021, *FUSION, *SEGMENTS)}

SYSTEMS = {
    "ResNet18": _quick(_NAMED["wei2023/resnet-mel"]),
    "ShallowCNN": _quick(_NAMED["luo2021/cnn-mel-scaled"], epochs=30),
    "ResNet1d": _quick(_NAMED["luo2021/resnet-mel"], epochs=20),
    "SegmentCnn": _quick(_NAMED["wei2023/segment-3s"], epochs=16),
}

_SPLIT = "not told; in section 4, 90/10 of 1,000 clips, stratified"
_PLACE = "section 6.3"
_ACCURACY = {"ResNet18: float32": 0.7374, "ResNet18: int8 static": 0.7273}
_SECONDS = {"ResNet18: seconds, float32": 0.14883461, "ResNet18: seconds, int8 static": 0.14791101}
_REPORTED = {
    **{
        name: Reported(value, "accuracy", 99, _SPLIT, _PLACE, "73 and 72 of 99 clips give it")
        for name, value in _ACCURACY.items()
    },
    **{
        name: Reported(value, "seconds", None, _SPLIT, _PLACE, "of what, and on what, is not told")
        for name, value in _SECONDS.items()
    },
    "ResNet18: ratio, int8 static": Reported(3.93, "compression ratio", None, _SPLIT, _PLACE),
}

INT8 = (
    Study(
        "wei2023/int8",
        "networks in eight bits",
        int8,
        {"systems": SYSTEMS, "n_folds": 2},
        _REPORTED,
        ("static quantisation by ONNX Runtime; the paper's way is not told, and was no faster",),
    ),
)
