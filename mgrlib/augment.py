"""Data augmentation: changed waveforms, masked spectrograms, and balanced classes.

All functions are pure. Random ones take a seed (waveforms, indices) or a torch generator (batches),
and the same seed gives the same result. Augment training data only.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch

from mgrlib.errors import FeatureError, ShapeError, explain
from mgrlib.features.spectrum import FloatArray, check_waveform


def time_stretch(y: np.ndarray, rate: float) -> FloatArray:
    """Change the tempo and keep the pitch, (N,) -> about (N / rate,).

    Args:
        y: (N,) float waveform.
        rate: from 0.1 to 10; 2 is twice as fast and half as long.
    """
    import librosa  # a slow import that few callers need

    y = check_waveform("time_stretch", y)
    _check("time_stretch", "rate", rate, 0.1, 10.0)
    result: FloatArray = librosa.effects.time_stretch(y=y, rate=float(rate))
    return result.astype(np.float32, copy=False)


def pitch_shift(y: np.ndarray, sample_rate: int, semitones: float) -> FloatArray:
    """Change the pitch and keep the tempo, (N,) -> (N,).

    Args:
        y: (N,) float waveform.
        sample_rate: in Hz.
        semitones: from -24 to 24; 12 is an octave up, -12 an octave down.
    """
    import librosa  # a slow import that few callers need

    y = check_waveform("pitch_shift", y)
    _check("pitch_shift", "semitones", semitones, -24.0, 24.0)
    result: FloatArray = librosa.effects.pitch_shift(y=y, sr=sample_rate, n_steps=float(semitones))
    return result.astype(np.float32, copy=False)


def add_noise(
    y: np.ndarray, snr_db: float, seed: int, *, color: Literal["white", "pink"] = "white"
) -> FloatArray:
    """Add noise at a given signal-to-noise ratio, (N,) -> (N,).

    Args:
        y: (N,) float waveform, not silent.
        snr_db: the signal-to-noise ratio in dB: at 0 the noise is as loud as the sound, at 20 it is
            faint.
        seed: of the noise.
        color: "white" noise has the same power at every frequency, "pink" noise the same power in
            every octave, like most background noise.

    Raises:
        FeatureError: if the sound is silent.
    """
    y = check_waveform("add_noise", y)
    _check("add_noise", "snr_db", snr_db, -100.0, 200.0)
    power = float(np.mean(np.square(y, dtype=np.float64)))
    if power == 0:
        raise FeatureError(explain("add_noise", "a sound", "silence", "leave silent clips out."))
    noise = _noise(len(y), np.random.default_rng(seed), color)
    level = np.sqrt(power / np.mean(noise**2) / 10.0 ** (snr_db / 10.0))
    return (y + level * noise).astype(np.float32)


def _noise(length: int, rng: np.random.Generator, color: str) -> np.ndarray:
    if color not in ("white", "pink"):
        raise FeatureError(explain("add_noise", "color 'white' or 'pink'", repr(color)))
    noise = rng.normal(size=length)
    if color == "white" or length < 3:
        return noise
    spectrum = np.fft.rfft(noise)
    spectrum[0] = 0.0
    spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))  # power falls as 1 / frequency
    return np.fft.irfft(spectrum, n=length)


def _check(where: str, name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise FeatureError(explain(where, f"{name} from {low:g} to {high:g}", repr(value)))


def spec_augment(
    x: torch.Tensor,
    generator: torch.Generator,
    *,
    n_time_masks: int = 1,
    time_width: int = 64,
    n_band_masks: int = 1,
    band_width: int = 16,
    fill: float | None = None,
) -> torch.Tensor:
    """Mask random stripes of frames and of bands, (B, ..., F, T) -> the same shape.

    This is SpecAugment (Park et al. 2019) without time warping. Each segment gets different
    stripes.

    Args:
        x: a batch of log spectrograms.
        generator: on the CPU, for `x` on any device.
        n_time_masks, n_band_masks: the number of stripes per segment.
        time_width, band_width: the largest width of a stripe, in frames and in bands.
        fill: the value in the stripes; None uses each segment's mean.
    """
    if x.ndim < 3:
        raise ShapeError(explain("spec_augment", "shape (B, ..., F, T)", str(tuple(x.shape))))
    keep = torch.ones(len(x), x.shape[-2], x.shape[-1], dtype=torch.bool)  # (B, F, T)
    for _ in range(n_time_masks):
        keep &= ~_stripes(len(x), x.shape[-1], time_width, generator)[:, None, :]
    for _ in range(n_band_masks):
        keep &= ~_stripes(len(x), x.shape[-2], band_width, generator)[:, :, None]
    keep = keep.to(x.device).reshape(len(x), *[1] * (x.ndim - 3), *keep.shape[1:])
    if fill is None:
        return torch.where(keep, x, x.mean(dim=tuple(range(1, x.ndim)), keepdim=True))
    return torch.where(keep, x, torch.full((), fill, dtype=x.dtype, device=x.device))


def _stripes(n: int, length: int, width: int, generator: torch.Generator) -> torch.Tensor:
    """(n, length) bool, true in one random interval of 0 to `width` places in each row."""
    if width < 0:
        raise FeatureError(explain("spec_augment", "a width of at least 0", str(width)))
    widths = torch.randint(0, min(width, length) + 1, (n, 1), generator=generator)
    starts = (torch.rand((n, 1), generator=generator) * (length - widths + 1)).long()
    places = torch.arange(length)
    return (places >= starts) & (places < starts + widths)


def drop_cells(
    x: torch.Tensor, generator: torch.Generator, *, fraction: float, fill: float = 0.0
) -> torch.Tensor:
    """Set a random fraction of the cells of a tensor of any shape to `fill`.

    This is the noise of Minhas et al. (2019), who set 25, 50 or 75 % of the pixels of a mel
    spectrogram to zero. The fraction is exact, to the nearest cell, in each segment (first axis).
    """
    _check("drop_cells", "fraction", fraction, 0.0, 1.0)
    if x.ndim < 2:
        raise ShapeError(explain("drop_cells", "shape (B, ...)", str(tuple(x.shape))))
    n_cells = x[0].numel() if len(x) else 0
    order = torch.rand((len(x), n_cells), generator=generator).argsort(dim=1)
    mask = torch.zeros((len(x), n_cells), dtype=torch.bool)
    mask.scatter_(1, order[:, : round(fraction * n_cells)], True)
    return x.masked_fill(mask.reshape(x.shape).to(x.device), fill)


def over_sample(labels: Sequence[object] | np.ndarray, seed: int) -> np.ndarray:
    """Repeat indices until every class is as frequent as the most frequent one, (S,) -> (S',).

    Every index appears at least once; within a class, the numbers of repetitions differ by at most
    one. Over-sample after splitting, never before: a clip repeated in training and test is a leak.

    >>> over_sample(["jazz", "rock", "rock"], seed=0)
    array([0, 0, 1, 2])
    """
    groups = _by_class("over_sample", labels)
    most = max(len(group) for group in groups)
    rng = np.random.default_rng(seed)
    samples = []
    for group in groups:
        copies = [group] * (most // len(group))
        samples += [*copies, rng.permutation(group)[: most % len(group)]]
    return np.sort(np.concatenate(samples))


def under_sample(labels: Sequence[object] | np.ndarray, seed: int) -> np.ndarray:
    """Select indices so that every class is as rare as the rarest one, (S,) -> (S',).

    >>> len(under_sample(["jazz", "rock", "rock"], seed=0))
    2
    """
    groups = _by_class("under_sample", labels)
    least = min(len(group) for group in groups)
    rng = np.random.default_rng(seed)
    return np.sort(np.concatenate([rng.permutation(group)[:least] for group in groups]))


def _by_class(where: str, labels: Sequence[object] | np.ndarray) -> list[np.ndarray]:
    """The indices of each class, with the classes in sorted order."""
    labels = np.asarray(labels)
    if labels.ndim != 1 or labels.size == 0:
        raise ShapeError(explain(where, "labels (S,)", f"shape {labels.shape}"))
    return [np.flatnonzero(labels == label) for label in np.unique(labels)]
