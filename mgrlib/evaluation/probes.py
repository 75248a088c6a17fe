"""Robustness probes: the same clips, spoilt by degrees, and what a model still makes of them.

A probe is a function from waveform to waveform with a level. One line puts any classifier on a
curve: `curve(model, corpus, MEL)` for a network, a fitted scikit-learn estimator, or any function
from segments to predictions. `mgrlib.plots.plot_robustness` draws what it returns.

The damage is done to the waveform, before the features are taken, so that models of different
inputs meet the very same sound. Where a feature is a `Crop`, the stretch is chosen first: it is the
same, clean or spoilt.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from scipy import signal
from torch import nn

from mgrlib.augment import add_noise
from mgrlib.data.corpus import Corpus
from mgrlib.errors import EvaluationError, explain
from mgrlib.evaluation.intervals import wilson
from mgrlib.evaluation.predictions import Predictions, predict, predict_sklearn
from mgrlib.features.base import Feature
from mgrlib.features.compose import Dropped
from mgrlib.features.crop import Crop
from mgrlib.features.mel import LogMel
from mgrlib.features.spectrum import Sound, check_waveform
from mgrlib.segments import Cut, Segments, cut

__all__ = ["PROBES", "Probe", "Probed", "answers", "as_table", "curve", "probed"]

Change = Callable[[np.ndarray, int, float, int], np.ndarray]
Answer = Callable[[Segments], Predictions]
Prepare = Callable[[Segments], Segments]

DECAY_DB = 60.0  # a reverberation time is the time in which the sound falls by this


@dataclass(frozen=True)
class Probe:
    """A kind of damage and the levels at which it is tried.

    Args:
        name: what tables and plots call it.
        change: `(y, sample_rate, level, seed) -> y'`, (N,) -> (N,); pure, all randomness from
            `seed`.
        levels: from mild to hard.
        unit: of the levels.
        version: rises when the same level comes to give other samples; stored features depend on
            it.
    """

    name: str
    change: Change
    levels: tuple[float, ...]
    unit: str
    version: int = 1

    def __call__(
        self, y: np.ndarray, sample_rate: int, level: float, *, seed: int = 0
    ) -> np.ndarray:
        """The spoilt waveform, (N,) -> (N,) float32; silence stays silence.

        The same sound and seed give the same samples; another sound is given other noise.
        """
        y = check_waveform(self.name, y)
        if not y.any():
            return y
        own = int(np.random.default_rng([seed, zlib.crc32(y.tobytes())]).integers(2**31))
        return np.asarray(self.change(y, sample_rate, level, own), dtype=np.float32)

    def label(self, level: float) -> str:
        """The level in words, for tables and axes.

        >>> PROBES["low-pass"].label(2000.0)
        '2000 Hz'
        """
        return f"{level:g} {self.unit}".strip()


def _lost_cells(y: np.ndarray, sample_rate: int, level: float, seed: int) -> np.ndarray:
    """That share of the STFT's cells at zero, back as a waveform: Minhas et al. (2019), by ear."""
    lost = Dropped(LogMel(sample_rate), fraction=level / 100.0, seed=seed)
    return lost.masked_sound(Sound(y, sample_rate)).y


def _pink_noise(y: np.ndarray, sample_rate: int, level: float, seed: int) -> np.ndarray:
    return add_noise(y, level, seed, colour="pink")


def _low_pass(y: np.ndarray, sample_rate: int, level: float, seed: int) -> np.ndarray:
    """Nothing left above a cutoff: what a low bit rate takes first."""
    if level >= sample_rate / 2:
        return y
    sections = signal.butter(10, level, fs=sample_rate, output="sos")
    return signal.sosfiltfilt(sections, y)


def _clipping(y: np.ndarray, sample_rate: int, level: float, seed: int) -> np.ndarray:
    """Peaks cut off so many dB below the highest, and the loudness of before."""
    limit = float(np.abs(y).max()) * 10.0 ** (-level / 20.0)
    cut_off = np.clip(y, -limit, limit)
    return cut_off * (_rms(y) / _rms(cut_off))


def _gain(y: np.ndarray, sample_rate: int, level: float, seed: int) -> np.ndarray:
    return y * 10.0 ** (level / 20.0)


def _reverb(y: np.ndarray, sample_rate: int, level: float, seed: int) -> np.ndarray:
    """A room of that reverberation time, as loud as the dry sound; together as loud as before."""
    time = np.arange(max(round(level * sample_rate), 1)) / sample_rate
    noise = np.random.default_rng(seed).standard_normal(len(time))
    tail = noise * 10.0 ** (-DECAY_DB / 20.0 * time / level)
    wet = signal.fftconvolve(y, tail)[: len(y)]
    mixed = y + wet * (_rms(y) / _rms(wet))
    return mixed * (_rms(y) / _rms(mixed))


def _rms(y: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(y, dtype=np.float64)))) + 1e-12


PROBES: Mapping[str, Probe] = {
    probe.name: probe
    for probe in (
        Probe("lost cells", _lost_cells, (25.0, 50.0, 75.0), "%"),
        Probe("pink noise", _pink_noise, (30.0, 20.0, 10.0, 0.0), "dB SNR"),
        Probe("low-pass", _low_pass, (8000.0, 4000.0, 2000.0, 1000.0), "Hz"),
        Probe("clipping", _clipping, (6.0, 12.0, 18.0, 24.0), "dB"),
        Probe("gain", _gain, (-6.0, -12.0, -24.0, -48.0), "dB"),
        Probe("reverb", _reverb, (0.3, 0.9, 2.7, 8.1), "s"),
    )
}
"""The kinds of damage that come with the package, by name."""


@dataclass(frozen=True)
class Probed:
    """A feature of the spoilt sound: (N,) -> the feature's shape. A feature like any other.

    Args:
        feature: any feature.
        probe, level, seed: the damage.
    """

    feature: Feature
    probe: Probe
    level: float
    seed: int = 0

    @property
    def sample_rate(self) -> int:
        """The rate in Hz that the feature wants."""
        return self.feature.sample_rate

    @property
    def key(self) -> str:
        """Stable text that names the feature and the damage."""
        damage = f"{self.probe.name}-v{self.probe.version}, {self.level:g}, seed={self.seed}"
        return f"Probed({self.feature.key}, {damage})"

    def shape(self, seconds: float) -> tuple[int, ...]:
        """The feature's own shape."""
        return self.feature.shape(seconds)

    def __call__(self, y: np.ndarray) -> np.ndarray:
        """(N,) float waveform -> the feature of the spoilt sound."""
        return self.feature(self.probe(y, self.sample_rate, self.level, seed=self.seed))


def probed(feature: Feature, probe: Probe, level: float, *, seed: int = 0) -> Feature:
    """The feature of spoilt sound; of a `Crop`, of the same stretch as of clean sound."""
    if isinstance(feature, Crop):
        return replace(feature, feature=probed(feature.feature, probe, level, seed=seed))
    return Probed(feature, probe, level, seed)


def answers(
    model: nn.Module | Answer | Any,
    corpus: Corpus,
    features: Feature | Sequence[Feature],
    probe: str | Probe,
    *,
    prepare: Prepare | None = None,
    how: Cut | None = None,
    seed: int = 0,
) -> dict[float | None, Predictions]:
    """What a classifier says of a corpus at each level of a probe; under None, of untouched sound.

    Args:
        model: a trained network, a fitted scikit-learn classifier, or a function from `Segments` to
            `Predictions`.
        corpus: clips that the model was not trained on: `corpus.select(clip_ids=split.test)`.
        features: what the model was trained on, one or a sequence of them.
        probe: one of `PROBES` by name, or one of your own.
        prepare: what is done to the segments before the model gets them, such as the scaling that
            was fitted on the training clips.
        how: the cutting that the model was trained with.
        seed: of the damage.

    Raises:
        EvaluationError: an unknown probe.
        AudioError, FeatureError, ShapeError: as from `cut` and `predict`.
    """
    probe, features = _known(probe), [features] if isinstance(features, Feature) else features
    found: dict[float | None, Predictions] = {}
    for level in (None, *probe.levels):
        heard = (
            features if level is None else [probed(f, probe, level, seed=seed) for f in features]
        )
        segments = cut(corpus, *heard, how=how)
        found[level] = _answer(model, prepare(segments) if prepare else segments)
    return found


def _known(probe: str | Probe) -> Probe:
    if isinstance(probe, Probe):
        return probe
    if probe not in PROBES:
        raise EvaluationError(explain("probe", f"one of {sorted(PROBES)}, or a Probe", repr(probe)))
    return PROBES[probe]


def _answer(model: Any, segments: Segments) -> Predictions:
    if isinstance(model, nn.Module):
        return predict(model, segments)
    if hasattr(model, "classes_"):
        return predict_sklearn(model, segments)
    said: Predictions = model(segments)
    return said


def as_table(probe: str | Probe, found: Mapping[float | None, Predictions]) -> pd.DataFrame:
    """What `answers` gave as rows: probe, level, label, accuracy, low, high, n, same.

    `low` and `high` are Wilson's 95 % interval of the accuracy on the `n` clips; `same` is the
    share of clips that get the answer that they got untouched. The first row, of level NaN, is the
    untouched sound.
    """
    probe, rows = _known(probe), []
    untouched = found[None]
    for level, said in found.items():
        said = said.select(untouched.clip_ids)
        interval = wilson(int(said.correct.sum()), said.n)
        rows.append(
            {
                "probe": probe.name,
                "level": np.nan if level is None else level,
                "label": "untouched" if level is None else probe.label(level),
                "accuracy": interval.value,
                "low": interval.low,
                "high": interval.high,
                "n": said.n,
                "same": float((said.predicted == untouched.predicted).mean()),
            }
        )
    return pd.DataFrame(rows)


def curve(
    model: nn.Module | Answer | Any,
    corpus: Corpus,
    features: Feature | Sequence[Feature],
    *,
    probes: Sequence[str | Probe] = tuple(PROBES),
    prepare: Prepare | None = None,
    how: Cut | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """The robustness curve of any classifier: its accuracy at each level of each probe.

    Arguments are those of `answers`, but for `probes`: names, or probes of your own. Columns are
    those of `as_table`; every probe begins with a row for the untouched sound.

    Raises:
        EvaluationError: no probe, or an unknown one.
    """
    if not probes:
        raise EvaluationError(explain("curve", "at least one probe", "none"))
    tables = []
    for probe in probes:
        found = answers(model, corpus, features, probe, prepare=prepare, how=how, seed=seed)
        tables.append(as_table(probe, found))
    return pd.concat(tables, ignore_index=True)
