"""Plots of sound: waveforms, spectrograms, and filters."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage

from mgrlib.features.mel import LogMel, Mfcc, hz_to_mel
from mgrlib.plots.style import SERIES, describe, new_axes
from mgrlib.shapes import check_shape

COLUMNS = 1200  # more than the pixels of a page; longer sounds are drawn as an envelope
TICKS_HZ = (250, 500, 1000, 2000, 4000, 8000, 16000)


def plot_waveform(
    y: np.ndarray, sample_rate: int, *, ax: Axes | None = None, color: str = SERIES[0]
) -> Axes:
    """Plot a waveform (N,) over time; a long one as the range of values in each pixel column."""
    y = np.asarray(y)
    check_shape("plot_waveform", y, "average the channels: y.mean(axis=0).", N=None)
    ax = new_axes(ax, "strip")
    seconds, peak = len(y) / sample_rate, float(np.abs(y).max(initial=0.0))
    if len(y) > 2 * COLUMNS:
        starts = np.linspace(0, len(y), COLUMNS, endpoint=False).astype(int)
        low, high = np.minimum.reduceat(y, starts), np.maximum.reduceat(y, starts)
        ax.fill_between(starts / sample_rate, low, high, color=color, linewidth=0.5)
    else:
        ax.plot(np.arange(len(y)) / sample_rate, y, color=color, linewidth=1.2)
    limit = max(peak * 1.05, 0.01)
    ax.set(xlim=(0, seconds), ylim=(-limit, limit))
    ax.set(xlabel="time (s)", ylabel="amplitude (1 = full scale)")
    return describe(ax, f"Waveform of {seconds:.3g} s with a peak amplitude of {peak:.2f}.")


def plot_mel(
    x: Any, feature: LogMel, *, ax: Axes | None = None, unit: str = "dB", color_bar: bool = True
) -> Axes:
    """Plot a log-mel spectrogram (n_mels, T), with low frequencies at the bottom.

    Args:
        x: the array that `feature` computed, or a tensor.
        feature: the settings, from which the axes get their units.
        ax: the axes; new ones by default.
        unit: of the values, which changes if `x` was standardized.
        color_bar: whether to draw a color bar.

    Raises:
        ShapeError: if `x` is not (n_mels, T).
    """
    x = np.asarray(x)
    check_shape("plot_mel", x, "take one segment, without its channel.", F=feature.n_mels, T=None)
    ax = new_axes(ax)
    seconds = x.shape[1] * feature.hop_length / feature.sample_rate
    image = _picture(ax, x, seconds, cmap="magma")
    fmax = feature.fmax or feature.sample_rate / 2
    low, high = hz_to_mel(feature.fmin), hz_to_mel(fmax)
    ticks = [f for f in TICKS_HZ if feature.fmin <= f <= fmax]
    # Band m is centered on edge m + 1 of n_mels + 2 edges, which are evenly spaced in mel.
    rows = (hz_to_mel(np.array(ticks)) - low) / (high - low) * (feature.n_mels + 1) - 1
    ax.set_yticks(rows, [str(f) for f in ticks])
    ax.set(xlabel="time (s)", ylabel="frequency (Hz)", ylim=(-0.5, feature.n_mels - 0.5))
    if color_bar:
        _bar(ax, image, f"level ({unit})")
    text = f"Mel spectrogram, {feature.n_mels} bands up to {fmax:.0f} Hz, {seconds:.3g} s, values "
    return describe(ax, f"{text}from {x.min():.3g} to {x.max():.3g} {unit}.")


def plot_mfcc(
    x: Any, feature: Mfcc, *, ax: Axes | None = None, by_row: bool = False, color_bar: bool = True
) -> Axes:
    """Plot mel-frequency cepstral coefficients (n_rows, T), white where they are zero.

    Args:
        x: the array that `feature` computed, or a tensor.
        feature: the settings, from which the axes get their units and names.
        ax: the axes; new ones by default.
        by_row: whether to standardize each row. Otherwise C0, the loudness, and C1 are so large
            that the other rows look pale; the colors then cover nine tenths of the values, and the
            rest is saturated.
        color_bar: whether to draw a color bar.

    Raises:
        ShapeError: if `x` is not (n_rows, T).
    """
    x = np.asarray(x)
    check_shape("plot_mfcc", x, "take one segment.", F=feature.n_rows, T=None)
    ax = new_axes(ax)
    if by_row:
        std = x.std(axis=1, keepdims=True)
        x = (x - x.mean(axis=1, keepdims=True)) / np.where(std > 0, std, 1)
    limit = 3.0 if by_row else float(np.quantile(np.abs(x), 0.9)) or 1.0
    seconds = x.shape[1] * feature.hop_length / feature.sample_rate
    image = _picture(ax, x, seconds, cmap="PuOr", vmin=-limit, vmax=limit)
    names = _coefficient_names(feature)
    step = -(-len(names) // 8)
    ax.set_yticks(range(0, len(names), step), names[::step])
    ax.set(xlabel="time (s)", ylabel="coefficient")
    if color_bar:
        _bar(ax, image, "standard deviations" if by_row else "value", extend="both")
    return describe(ax, f"{len(names)} cepstral coefficients over {seconds:.3g} s.")


def _coefficient_names(feature: Mfcc) -> list[str]:
    first = 0 if feature.c0 else 1
    numbers = range(first, first + feature.n_mfcc)
    return [f"{slope}C{i}" for slope in ("", "Δ", "Δ²")[: 1 + feature.n_deltas] for i in numbers]


def plot_filterbank(weights: np.ndarray, sample_rate: int, *, ax: Axes | None = None) -> Axes:
    """Plot the weights (n_mels, F) of a filter bank over frequency, with one line per band.

    >>> import matplotlib.pyplot as plt
    >>> from mgrlib.features import mel_filterbank
    >>> ax = plot_filterbank(mel_filterbank(22050, 2048, 12), 22050)
    >>> ax.get_xlabel(), len(ax.lines)
    ('frequency (Hz)', 12)
    >>> plt.close()
    """
    check_shape("plot_filterbank", weights, F=None, bins=None)
    ax = new_axes(ax, "strip")
    hz = np.linspace(0, sample_rate / 2, weights.shape[1])
    for m, band in enumerate(weights):
        support = np.flatnonzero(band)
        bins = slice(max(support[0] - 1, 0), support[-1] + 2) if support.size else slice(0, 1)
        ax.plot(hz[bins], band[bins], color=SERIES[m % 2], linewidth=1.2)
    ax.set(xlim=(0, sample_rate / 2), ylim=(0, None))
    ax.set(xlabel="frequency (Hz)", ylabel="weight (1/Hz)")
    return describe(ax, f"{len(weights)} overlapping bands up to {sample_rate / 2:.0f} Hz.")


def _picture(ax: Axes, x: np.ndarray, seconds: float, **colors: Any) -> AxesImage:
    """Draw the rows of `x` (F, T) from bottom to top over time, with a frame around them."""
    extent = (0.0, seconds, -0.5, len(x) - 0.5)
    ax.spines[:].set_visible(True)
    return ax.imshow(
        x, origin="lower", aspect="auto", extent=extent, interpolation="nearest", **colors
    )


def _bar(ax: Axes, image: AxesImage, label: str, extend: str = "neither") -> None:
    bar = ax.figure.colorbar(image, ax=ax, label=label, extend=extend, pad=0.02, fraction=0.06)
    bar.outline.set_visible(False)
