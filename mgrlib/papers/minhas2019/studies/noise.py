"""The noise experiment of Minhas et al. (2019), under its own protocol and on held-out clips.

What the paper leaves open and what we chose:

- *How features are computed from a noisy picture.* Tempo and zero crossings need a waveform.
  Ours loses cells of the STFT, is turned into a waveform, and all features are computed from that.
  The file of noisy features in the authors' repository (katonminhas/MusicGenreClassifier) has
  values like those. Features taken from the cells that are left, without a waveform in between
  (`mgrlib.features.Dropped`), have a spectral contrast four times as high; rows called "in the
  spectrum" show what that does. The other two networks get the mel picture with cells at zero.
- *How many cells.* 25, 50 and 75 %, drawn without repetition. The public code draws with
  repetition, by which half as many draws as cells reach only 39 % of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import mean
from typing import Any

import numpy as np
import torch

from mgrlib.augment import drop_cells
from mgrlib.data.corpus import Corpus
from mgrlib.errors import RecipeError, explain
from mgrlib.evaluation.paired import paired_bootstrap
from mgrlib.evaluation.predictions import Predictions
from mgrlib.evaluation.probes import PROBES, probed
from mgrlib.experiments.conditions import OtherSegments, probes
from mgrlib.experiments.protocol import best_by
from mgrlib.experiments.run import (
    PLAIN,
    Condition,
    Protocol,
    cross_validate,
)
from mgrlib.experiments.study import Row, Study, accuracy_row, row
from mgrlib.features.compose import Dropped
from mgrlib.features.crop import Crop
from mgrlib.features.pixels import MelPixels
from mgrlib.papers.minhas2019.recipes import (
    CNN,
    FEATURES,
    FEATURES_SCALED,
    OPTIMIZER,
    PIXELS,
    ROWS,
    ROWS_SCALED,
    STEADY,
    STEPPED,
    SVM,
    VECTOR,
)
from mgrlib.segments import Segments, cut
from mgrlib.systems import Recipe, System, learn, segments_of

FRACTIONS = (0.25, 0.5, 0.75)
SILENCE = 360.0  # the pixel of a cell 80 dB below the loudest, at the paper's contrast
N_FOLDS = 5
SAME, HELD_OUT = "same clips", "held out"
CLEAN = "clean"


def noisy(corpus: Corpus, feature: Crop, fraction: float, *, fill: float = 0.0) -> Segments:
    """A corpus's segments with that fraction of their cells lost.

    A picture loses pixels. Anything else is computed from the waveform of an STFT that lost cells.

    Args:
        feature: a crop of a mel picture or of something else.
        fraction: 0 to 1.
        fill: what lost pixels become; 0, the paper's, is the loudest there is.
    """
    if not isinstance(feature.feature, MelPixels):
        return cut(corpus, probed(feature, PROBES["lost cells"], 100 * fraction))
    segments = cut(corpus, feature).in_memory()  # what is lost depends on the order of the clips
    generator = torch.Generator().manual_seed(0)
    return segments.map(lambda x: drop_cells(x, generator, fraction=fraction, fill=fill))


def in_spectrum(corpus: Corpus, feature: Crop, fraction: float) -> Segments:
    """A corpus's segments from the cells that an STFT has left, without a waveform in between."""
    return cut(corpus, replace(feature, feature=Dropped(feature.feature, fraction=fraction)))


def noise_conditions(recipe: Recipe, corpus: Corpus) -> dict[str, Condition]:
    """The kinds of noise of the paper, by name, and another reading of each.

    Lost pixels of a picture are also made silent; vectors are also computed without a waveform.

    Raises:
        RecipeError: a recipe whose feature is no `Crop`.
    """
    feature = recipe.features[0]
    if not isinstance(feature, Crop):
        raise RecipeError(explain(recipe.name, "a Crop, as the paper has it", str(feature)))
    segments: dict[str, Segments] = {}
    for fraction in FRACTIONS:
        segments[percent(fraction)] = noisy(corpus, feature, fraction)
    for fraction in FRACTIONS:
        if isinstance(feature.feature, MelPixels):
            name, other = "silent", noisy(corpus, feature, fraction, fill=SILENCE)
        else:
            name, other = "in the spectrum", in_spectrum(corpus, feature, fraction)
        segments[f"{percent(fraction)} {name}"] = other
    return {name: OtherSegments(f"{name}, v2", part) for name, part in segments.items()}


def percent(fraction: float) -> str:
    """A fraction as rows name it."""
    return f"{100 * fraction:.0f} %"


def under_noise(
    corpus: Corpus,
    seeds: Sequence[int],
    progress: bool = False,
    *,
    systems: Mapping[str, Recipe],
    slow: Mapping[str, Sequence[int]] | None = None,
) -> list[Row]:
    """Accuracy on clips whose picture lost cells, one row per system, noise, and protocol.

    "same clips": trained on all clips, tested on the same clips made noisy, as the paper does.
    "held out": folds by group where groups are known, tested on the noisy clips of the fold that
    did not train. "silent" rows have lost pixels turned dark where the paper's zeros are bright;
    rows "in the spectrum" have values from the cells that are left, without a waveform. Where
    artists are known, intervals are over artists and seeds. Each row's details have the change of
    the accuracy from clean clips, clip by clip, with its interval.

    Args:
        systems: recipes by the names that rows have.
        slow: how many seeds and folds a system gets that is slow to train, by its name.
    """
    rows: list[Row] = []
    for name, recipe in systems.items():
        n_seeds, n_folds = (slow or {}).get(name, (len(seeds), N_FOLDS))
        conditions, run_seeds = noise_conditions(recipe, corpus), list(seeds[:n_seeds])
        clean_answers: dict[str, list[Predictions]] = {}
        trained = [learn(recipe, corpus, seed=seed) for seed in run_seeds]
        segments = segments_of(recipe, corpus)
        train_accuracy_on_all = mean([system.about["train_accuracy"] for system in trained])
        protocol = Protocol(n_folds, best_by(corpus, n_folds))
        result = cross_validate(
            recipe, corpus, protocol, seeds=run_seeds, on=conditions, progress=progress
        )
        clean: dict[str, Condition] = {CLEAN: untouched}
        for noise, condition in {**clean, **conditions}.items():
            key = PLAIN if noise == CLEAN else noise
            answers = {
                SAME: [condition(system, corpus, segments) for system in trained],
                HELD_OUT: [result.predictions(seed, key) for seed in run_seeds],
            }
            train_accuracy = {SAME: train_accuracy_on_all, HELD_OUT: result.train_accuracy}
            clean_answers = clean_answers or answers  # clean clips come first
            for clips, tables in answers.items():
                rows.append(
                    accuracy_row(
                        tables,
                        result.groups,
                        condition={"system": name, "noise": noise, "clips": clips},
                        train_accuracy=train_accuracy[clips],
                        runs=n_seeds,
                        **change(tables, clean_answers[clips], result.groups),
                    )
                )
    return rows


def change(
    tables: Sequence[Predictions], clean: Sequence[Predictions], groups: Mapping[str, str]
) -> dict[str, Any]:
    """The accuracy minus that on the same clips without noise, with its interval, for details.

    Args:
        tables: of noisy clips, one for each seed.
        clean: the same without noise.
        groups: the artist of each clip, or nothing.

    Returns:
        `change`, `change_low` and `change_high`.
    """
    artists = [groups[clip] for clip in tables[0].clip_ids] if groups else None
    result = paired_bootstrap(tables, clean, groups=artists)
    values = (result.value, result.low, result.high)
    names = ("change", "change_low", "change_high")
    return {name: round(float(v), 4) for name, v in zip(names, values, strict=True)}


def untouched(system: System, clips: Corpus, test: Segments) -> Predictions:
    """The condition that nothing was done to."""
    return system.predict(test)


def readings(
    corpus: Corpus, seeds: Sequence[int], progress: bool = False, *, feature: Crop
) -> list[Row]:
    """What lost cells do to each value, in two readings: medians over clips, lowest and highest.

    "waveform": computed from the waveform of the cells that are left, as `noisy` does it.
    "spectrum": computed from those cells.
    """
    parts = {("clean", "0 %"): cut(corpus, feature)}
    for fraction in FRACTIONS:
        parts["waveform", percent(fraction)] = noisy(corpus, feature, fraction)
        parts["spectrum", percent(fraction)] = in_spectrum(corpus, feature, fraction)
    rows: list[Row] = []
    for (reading, noise), segments in parts.items():
        columns = segments.inputs[0].double().numpy().T
        for name, values in zip(feature.columns, columns, strict=True):
            rows.append(
                row(
                    "median",
                    float(np.median(values)),
                    condition={"value": name, "reading": reading, "noise": noise},
                    n=len(values),
                    lowest=float(values.min()),
                    highest=float(values.max()),
                )
            )
    return rows


def robustness(
    corpus: Corpus,
    seeds: Sequence[int],
    progress: bool = False,
    *,
    systems: Mapping[str, Recipe],
) -> list[Row]:
    """Accuracy on held-out clips at each level of each of `mgrlib.evaluation.probes.PROBES`."""
    rows: list[Row] = []
    protocol = Protocol(N_FOLDS, best_by(corpus, N_FOLDS))
    for name, recipe in systems.items():
        damages = probes(recipe.features)
        on = {f"{kind} {level:g}": damage for (kind, level), damage in damages.items()}
        result = cross_validate(recipe, corpus, protocol, seeds=seeds, on=on, progress=progress)
        for kind, probe in PROBES.items():
            for level in (None, *probe.levels):
                key = PLAIN if level is None else f"{kind} {level:g}"
                label = "untouched" if level is None else probe.label(level)
                tables = [result.predictions(seed, key) for seed in result.seeds]
                rows.append(
                    accuracy_row(
                        tables,
                        result.groups,
                        condition={"system": name, "damage": kind, "level": level},
                        train_accuracy=result.train_accuracy,
                        label=label,
                    )
                )
    return rows


SLOW = {"cnn": (1, 2)}  # seeds and folds: a convolutional network takes minutes for each fold
BOTH = "70 steps; trained on all clips and tested on the same, or held out in folds"

NOISE = Study(
    "minhas2019/noise",
    "Lost cells of the STFT, 26 features",
    under_noise,
    {"systems": {"features": FEATURES}},
    BOTH,
    (STEPPED, OPTIMIZER),
    version=2,
)
NOISE_ROWS = replace(
    NOISE,
    name="minhas2019/noise-rows",
    title="Lost pixels of the picture, RowsMlp",
    settings={"systems": {"rows": ROWS}},
    deviations=(STEPPED, OPTIMIZER, PIXELS),
)
NOISE_CNN = replace(
    NOISE_ROWS,
    version=1,  # nothing has changed for it
    name="minhas2019/noise-cnn",
    title="Lost pixels of the picture, MelCnn",
    settings={"systems": {"cnn": CNN}, "slow": SLOW},
    deviations=(
        *NOISE_ROWS.deviations,
        "the paper has no number for the convolutional network at 50 and 75 %",
    ),
)
_LONG = "inputs standardized, five times the paper's steps"
NOISE_LONG = replace(
    NOISE,
    name="minhas2019/noise-trained",
    title=f"{NOISE.title}, standardized, 350 steps",
    settings={"systems": {"features": FEATURES_SCALED, "steady features": STEADY}},
    protocol=BOTH.replace("70 steps", "350 steps"),
    deviations=(_LONG,),
)
NOISE_ROWS_LONG = replace(
    NOISE_LONG,
    name="minhas2019/noise-rows-trained",
    title=f"{NOISE_ROWS.title}, standardized, 350 steps",
    settings={"systems": {"rows": ROWS_SCALED}},
    deviations=(*NOISE_ROWS.deviations, _LONG),
)
ROBUSTNESS = Study(
    "minhas2019/robustness",
    "Six kinds of damage to the waveform",
    robustness,
    {
        "systems": {
            "features": FEATURES_SCALED,
            "steady features": STEADY,
            "svm": SVM,
            "rows": ROWS_SCALED,
        }
    },
    "5 folds, held-out clips",
)
READINGS = Study(
    "minhas2019/readings",
    "What lost cells do to the 26 values",
    readings,
    {"feature": VECTOR},
    "all clips, nothing trained",
)
STUDIES = (NOISE, NOISE_ROWS, NOISE_CNN, NOISE_LONG, NOISE_ROWS_LONG, READINGS, ROBUSTNESS)
