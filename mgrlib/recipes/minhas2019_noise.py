"""The noise experiment of Minhas et al. (2019), under its own protocol and an honest one."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from tqdm.auto import tqdm

from mgrlib.augment import drop_cells
from mgrlib.data.corpus import Corpus
from mgrlib.data.splits import folds
from mgrlib.errors import RecipeError, explain
from mgrlib.evaluation.intervals import over_runs
from mgrlib.evaluation.predictions import Predictions
from mgrlib.evaluation.probes import PROBES, answers
from mgrlib.features.compose import Dropped
from mgrlib.features.crop import Crop
from mgrlib.features.pixels import MelPixels
from mgrlib.recipes.core import Recipe
from mgrlib.recipes.minhas2019_systems import trained
from mgrlib.segments import Segments, cut

__all__ = ["SILENCE", "noise", "noisy", "robustness"]

Row = dict[str, Any]

FRACTIONS = (0.25, 0.5, 0.75)
SILENCE = 360.0  # the pixel of a cell 80 dB below the loudest, at the paper's contrast
N_FOLDS = 5


def noisy(corpus: Corpus, feature: Crop, fraction: float, *, fill: float = 0.0) -> Segments:
    """A corpus's segments with that share of their cells lost; each clip loses its own, always.

    A picture loses pixels. Anything else is taken from an STFT that lost cells.

    Args:
        feature: a crop of a mel picture or of something else.
        fraction: 0 to 1.
        fill: what lost pixels become; 0, the paper's, is the loudest there is.
    """
    if not isinstance(feature.feature, MelPixels):
        return cut(corpus, replace(feature, feature=Dropped(feature.feature, fraction=fraction)))
    generator = torch.Generator().manual_seed(0)
    lose = partial(drop_cells, generator=generator, fraction=fraction, fill=fill)
    return cut(corpus, feature).map(lose)


def _heard(corpus: Corpus, recipe: Recipe) -> dict[str, Segments]:
    """The clean segments and the noisy ones, by what the rows call them."""
    feature = recipe.features[0]
    if not isinstance(feature, Crop):
        raise RecipeError(explain(recipe.name, "a Crop, as the paper has it", feature.key))
    heard = {"clean": cut(corpus, feature)}
    for fraction in FRACTIONS:
        heard[f"{fraction:.0%}".replace("%", " %")] = noisy(corpus, feature, fraction)
    if isinstance(feature.feature, MelPixels):
        for fraction in FRACTIONS:
            label = f"{fraction:.0%} silent".replace("%", " %")
            heard[label] = noisy(corpus, feature, fraction, fill=SILENCE)
    return heard


def noise(
    corpus: Corpus,
    seeds: Sequence[int],
    progress: bool = False,
    *,
    systems: Mapping[str, Recipe],
    slow: Mapping[str, Sequence[int]] | None = None,
) -> list[Row]:
    """Accuracy on clips whose picture lost cells, a row a system, share and protocol.

    "same clips": trained on all clips, tested on the same clips made noisy, as the paper does.
    "held out": folds by group, tested on the noisy clips of the fold that did not train. "silent"
    rows have lost pixels turned dark where the paper's zeros are bright.

    Args:
        systems: recipes by the names that rows begin with.
        slow: how many seeds and folds a system gets that is slow to train, by its name.
    """
    rows: list[Row] = []
    for name, recipe in systems.items():
        heard = _heard(corpus, recipe)
        n_seeds, n_folds = (slow or {}).get(name, (len(seeds), N_FOLDS))
        said: dict[tuple[str, str], list[Predictions]] = {}
        for seed in tqdm(seeds[:n_seeds], desc=name, disable=not progress, file=sys.stdout):
            config = replace(recipe.config, seed=seed)
            answer = trained(recipe, heard["clean"], config)
            for label, segments in heard.items():
                said.setdefault((label, "same clips"), []).append(answer(segments))
            for label, found in _held_out(corpus, recipe, heard, seed, n_folds).items():
                said.setdefault((label, "held out"), []).append(found)
        rows += [_row(name, label, protocol, runs) for (label, protocol), runs in said.items()]
    return rows


def _held_out(
    corpus: Corpus, recipe: Recipe, heard: Mapping[str, Segments], seed: int, n_folds: int
) -> dict[str, Predictions]:
    """The predictions of all folds, by the kind of noise."""
    parts: dict[str, list[Predictions]] = {label: [] for label in heard}
    for split in folds(corpus, n_folds, seed=seed, by="group"):
        train = heard["clean"].of(split.train)
        answer = trained(recipe, train, replace(recipe.config, seed=seed))
        for label, segments in heard.items():
            parts[label].append(answer(segments.of(split.test)))
    return {label: Predictions.concat(found) for label, found in parts.items()}


def _row(system: str, label: str, protocol: str, runs: Sequence[Predictions]) -> Row:
    interval = over_runs([run.select(runs[0].clip_ids) for run in runs])
    return {
        "row": f"{system}, {label}, {protocol}",
        "metric": "accuracy",
        "value": round(interval.value, 4),
        "low": round(interval.low, 4),
        "high": round(interval.high, 4),
        "n": interval.n,
        "runs": len(runs),
        "system": system,
        "noise": label,
        "protocol": protocol,
    }


def robustness(
    corpus: Corpus,
    seeds: Sequence[int],
    progress: bool = False,
    *,
    systems: Mapping[str, Recipe],
    slow: Mapping[str, Sequence[int]] | None = None,
) -> list[Row]:
    """Accuracy on held-out clips at each level of each of `mgrlib.evaluation.probes.PROBES`."""
    rows: list[Row] = []
    for name, recipe in systems.items():
        n_seeds, n_folds = (slow or {}).get(name, (len(seeds), N_FOLDS))
        said: dict[tuple[str, float | None], list[Predictions]] = {}
        for seed in tqdm(seeds[:n_seeds], desc=name, disable=not progress, file=sys.stdout):
            for place, found in _probed(corpus, recipe, seed, n_folds).items():
                said.setdefault(place, []).append(found)
        for (probe, level), runs in said.items():
            label = "untouched" if level is None else PROBES[probe].label(level)
            row = _row(name, f"{probe} {label}", "held out", runs)
            rows.append({**row, "noise": probe, "label": label, "level": level})
    return rows


def _probed(
    corpus: Corpus, recipe: Recipe, seed: int, n_folds: int
) -> dict[tuple[str, float | None], Predictions]:
    """The predictions of all folds, by probe and level."""
    parts: dict[tuple[str, float | None], list[Predictions]] = {}
    feature = recipe.features[0]
    clean = cut(corpus, feature)
    for split in folds(corpus, n_folds, seed=seed, by="group"):
        answer = trained(recipe, clean.of(split.train), replace(recipe.config, seed=seed))
        tested = corpus.select(clip_ids=split.test)
        for probe in PROBES:
            for level, found in answers(answer, tested, feature, probe).items():
                parts.setdefault((probe, level), []).append(found)
    return {place: Predictions.concat(found) for place, found in parts.items()}
