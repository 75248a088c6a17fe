"""Robustness probes: the accuracy of a model on clips that are degraded step by step.

A probe is a function from waveform to waveform with a level. `curve(system.predict, corpus, MEL)`
measures the accuracy at every level of every probe.

Probes change the waveform before the features are computed, so that models with different inputs
are tested on the same sound. The excerpt of a `Crop` is chosen before the change, so that it is the
same for clean and degraded sound.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import soundfile as sf
from scipy import signal

from mgrlib.augment import add_noise, pitch_shift, time_stretch
from mgrlib.data.corpus import Corpus
from mgrlib.errors import EvaluationError, explain
from mgrlib.evaluation.intervals import wilson
from mgrlib.evaluation.predictions import Predictions
from mgrlib.features.base import Feature, checksum
from mgrlib.features.compose import Dropped
from mgrlib.features.crop import Crop
from mgrlib.features.mel import LogMel
from mgrlib.features.spectrum import Sound, check_waveform
from mgrlib.segments import Segments, cut

Change = Callable[[np.ndarray, int, float, int], np.ndarray]

MP3_DELAY = 1105  # samples, of the usual encoder and decoder
DECAY_DB = 60.0  # a reverberation time is the time in which the sound falls by this


@dataclass(frozen=True)
class Probe:
    """A kind of degradation and the levels at which it is tested.

    Args:
        name: the name in tables and plots.
        change: `(y, sample_rate, level, seed) -> y'`, (N,) -> (N,); a pure function whose
            randomness comes from `seed` only.
        levels: from mild to severe.
        unit: of the levels.
        version: raised when the same level begins to give different samples; stored features
            depend on it.
    """

    name: str
    change: Change
    levels: tuple[float, ...]
    unit: str
    version: int = 1

    def __call__(
        self, y: np.ndarray, sample_rate: int, level: float, *, seed: int = 0
    ) -> np.ndarray:
        """Degrade a waveform, (N,) -> (N,) float32; silence stays silence.

        The same sound and seed give the same samples; different sounds get different noise.
        """
        y = check_waveform(self.name, y)
        if not y.any():
            return y
        sound_seed = int(np.random.default_rng([seed, checksum(y)]).integers(2**31))
        return np.asarray(self.change(y, sample_rate, level, sound_seed), dtype=np.float32)

    def label(self, level: float) -> str:
        """The level with its unit, for tables and axes.

        >>> PROBES["low-pass"].label(2000.0)
        '2000 Hz'
        """
        return f"{level:g} {self.unit}".strip()


def _drop_cells(y: np.ndarray, sample_rate: int, level: float, seed: int) -> np.ndarray:
    """Set `level` percent of the STFT's cells to zero, as Minhas et al. (2019) do, and invert."""
    feature = Dropped(LogMel(sample_rate), fraction=level / 100.0, seed=seed)
    return feature.masked_sound(Sound(y, sample_rate)).y


def _pink_noise(y: np.ndarray, sample_rate: int, level: float, seed: int) -> np.ndarray:
    return add_noise(y, level, seed, color="pink")


def _low_pass(y: np.ndarray, sample_rate: int, level: float, seed: int) -> np.ndarray:
    """Remove the frequencies above a cutoff, which are the first to go at a low bit rate."""
    if level >= sample_rate / 2:
        return y
    sections = signal.butter(10, level, fs=sample_rate, output="sos")
    return signal.sosfiltfilt(sections, y)


def _clipping(y: np.ndarray, sample_rate: int, level: float, seed: int) -> np.ndarray:
    """Clip all peaks `level` dB below the highest peak, and restore the loudness."""
    limit = float(np.abs(y).max()) * 10.0 ** (-level / 20.0)
    cut_off = np.clip(y, -limit, limit)
    return cut_off * (_rms(y) / _rms(cut_off))


def _gain(y: np.ndarray, sample_rate: int, level: float, seed: int) -> np.ndarray:
    return y * 10.0 ** (level / 20.0)


def _reverb(y: np.ndarray, sample_rate: int, level: float, seed: int) -> np.ndarray:
    """Add reverberation of `level` seconds, as loud as the dry sound, and restore the loudness."""
    time = np.arange(max(round(level * sample_rate), 1)) / sample_rate
    noise = np.random.default_rng(seed).standard_normal(len(time))
    tail = noise * 10.0 ** (-DECAY_DB / 20.0 * time / level)
    wet = signal.fftconvolve(y, tail)[: len(y)]
    mixture = y + wet * (_rms(y) / _rms(wet))
    return mixture * (_rms(y) / _rms(mixture))


def _mp3(y: np.ndarray, sample_rate: int, level: float, seed: int) -> np.ndarray:
    """Encode as MP3 with a constant bit rate in kbit/s, decode, and undo the codec's delay."""
    lowest, highest = (8.0, 160.0) if sample_rate < 32_000 else (32.0, 320.0)
    compression = float(np.clip((highest - level) / (highest - lowest), 0.0, 0.999))
    buffer = io.BytesIO()
    with sf.SoundFile(
        buffer,
        "w",
        sample_rate,
        channels=1,
        format="MP3",
        subtype="MPEG_LAYER_III",
        bitrate_mode="CONSTANT",
        compression_level=compression,
    ) as file:
        file.write(np.clip(y, -1.0, 1.0))
    buffer.seek(0)
    decoded, _ = sf.read(buffer, dtype="float32")
    decoded = np.pad(decoded, (0, len(y) + MP3_DELAY))
    # Below some bit rate the file has no room for a note of the delay, which then stays.
    return max(
        (decoded[delay : delay + len(y)] for delay in (0, MP3_DELAY)),
        key=lambda shifted: float(np.dot(shifted, y)),
    )


def _pitch(y: np.ndarray, sample_rate: int, level: float, seed: int) -> np.ndarray:
    return pitch_shift(y, sample_rate, level)


def _tempo(y: np.ndarray, sample_rate: int, level: float, seed: int) -> np.ndarray:
    """Change the tempo by `level` percent; a faster sound is repeated until it is as long."""
    stretched = time_stretch(y, 1.0 + level / 100.0)
    return np.resize(stretched, len(y))


def _rerecord(y: np.ndarray, sample_rate: int, level: float, seed: int) -> np.ndarray:
    """A small loudspeaker, a room of 0.3 s and a microphone, with noise at `level` dB SNR."""
    band = [150.0, min(7000.0, 0.45 * sample_rate)]
    speaker = signal.butter(2, band, btype="bandpass", fs=sample_rate, output="sos")
    played = _reverb(signal.sosfilt(speaker, y), sample_rate, 0.3, seed)
    return add_noise(played, level, seed, color="pink")


def _rms(y: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(y, dtype=np.float64)))) + 1e-12


PROBES: Mapping[str, Probe] = {
    probe.name: probe
    for probe in (
        Probe("lost cells", _drop_cells, (25.0, 50.0, 75.0), "%"),
        Probe("pink noise", _pink_noise, (30.0, 20.0, 10.0, 0.0), "dB SNR"),
        Probe("low-pass", _low_pass, (8000.0, 4000.0, 2000.0, 1000.0), "Hz"),
        Probe("clipping", _clipping, (6.0, 12.0, 18.0, 24.0), "dB"),
        Probe("gain", _gain, (-6.0, -12.0, -24.0, -48.0), "dB"),
        Probe("reverb", _reverb, (0.3, 0.9, 2.7, 8.1), "s"),
    )
}
"""The probes of the package, by name."""

EVERYDAY: Mapping[str, Probe] = {
    probe.name: probe
    for probe in (
        Probe("mp3", _mp3, (64.0, 32.0, 16.0), "kbit/s"),
        Probe("re-recording", _rerecord, (40.0, 20.0, 10.0), "dB SNR"),
        Probe("pitch shift", _pitch, (1.0, 3.0, 6.0), "semitones"),
        Probe("tempo", _tempo, (5.0, 15.0, 30.0), "%"),
    )
}
"""What happens to music on its way to a listener: a codec, a room, another key, another tempo.

They are kept apart from `PROBES`, which are computed much faster.
"""


@dataclass(frozen=True)
class Probed:
    """A feature of the degraded sound, (N,) -> the feature's shape.

    Args:
        feature: any feature.
        probe, level, seed: the degradation.
    """

    feature: Feature
    probe: Probe
    level: float
    seed: int = 0

    @property
    def sample_rate(self) -> int:
        """The feature's sample rate, in Hz."""
        return self.feature.sample_rate

    @property
    def key(self) -> str:
        """Text that names the feature and the degradation."""
        change = f"{self.probe.name}-v{self.probe.version}, {self.level:g}, seed={self.seed}"
        return f"Probed({self.feature.key}, {change})"

    def shape(self, seconds: float) -> tuple[int, ...]:
        """The feature's own shape."""
        return self.feature.shape(seconds)

    def __call__(self, y: np.ndarray) -> np.ndarray:
        """(N,) float waveform -> the feature of the degraded sound."""
        return self.feature(self.probe(y, self.sample_rate, self.level, seed=self.seed))


def probed(feature: Feature, probe: Probe, level: float, *, seed: int = 0) -> Feature:
    """Return the feature of degraded sound; a `Crop` uses the same excerpt as for clean sound."""
    if isinstance(feature, Crop):
        return replace(feature, feature=probed(feature.feature, probe, level, seed=seed))
    return Probed(feature, probe, level, seed)


def curve(
    predict: Callable[[Segments], Predictions],
    corpus: Corpus,
    features: Feature | Sequence[Feature],
    *,
    probes: Sequence[str | Probe] = tuple(PROBES),
) -> pd.DataFrame:
    """Measure a classifier's accuracy at each level of each probe.

    Args:
        predict: the classifier, such as `system.predict`.
        corpus: clips that it was not trained on: `corpus.select(clip_ids=split.test)`.
        features: the feature or features that it was trained on.
        probes: names of `PROBES` or `EVERYDAY`, or your own probes.

    Returns:
        A row for each level, with probe, level, label, accuracy, low, high, n and same. `low` and
        `high` are Wilson's 95 % interval of the accuracy on the `n` clips; `same` is the fraction
        of clips whose prediction is the same as for the clean sound. The first row of every probe,
        with level NaN, is the clean sound.

    Raises:
        EvaluationError: if a probe is unknown.
        AudioError, FeatureError, ShapeError: as from `cut` and `predict`.
    """
    features = [features] if isinstance(features, Feature) else features
    clean = predict(cut(corpus, *features))
    rows = []
    for probe in map(_as_probe, probes):
        for level in (None, *probe.levels):
            predictions = clean
            if level is not None:
                predictions = predict(cut(corpus, *(probed(f, probe, level) for f in features)))
            interval = wilson(int(predictions.correct.sum()), predictions.n)
            rows.append(
                {
                    "probe": probe.name,
                    "level": np.nan if level is None else level,
                    "label": "untouched" if level is None else probe.label(level),
                    "accuracy": interval.value,
                    "low": interval.low,
                    "high": interval.high,
                    "n": predictions.n,
                    "same": float((predictions.predicted == clean.predicted).mean()),
                }
            )
    return pd.DataFrame(rows)


def _as_probe(probe: str | Probe) -> Probe:
    if isinstance(probe, Probe):
        return probe
    known = {**PROBES, **EVERYDAY}
    if probe not in known:
        raise EvaluationError(explain("probe", f"one of {sorted(known)}, or a Probe", repr(probe)))
    return known[probe]
