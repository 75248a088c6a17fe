"""Pictures of sound: waveforms, spectrograms, filters."""

from __future__ import annotations

from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.image import AxesImage

from mgrlib.features.mel import LogMel, Mfcc, hz_to_mel
from mgrlib.plots.style import FAINT, SERIES, described, new_axes
from mgrlib.shapes import check_shape

__all__ = ["plot_filterbank", "plot_filters", "plot_mel", "plot_mfcc", "plot_waveform"]

COLUMNS = 1200  # more than a page has pixels; longer sounds are drawn as an envelope
TICKS_HZ = (250, 500, 1000, 2000, 4000, 8000, 16000)


def plot_waveform(
    y: np.ndarray, sample_rate: int, *, ax: Axes | None = None, colour: str = SERIES[0]
) -> Axes:
    """The waveform (N,) over time; a long one as the range that each column of pixels covers."""
    y = np.asarray(y)
    check_shape("plot_waveform", y, "average the channels: y.mean(axis=0).", N=None)
    ax = new_axes(ax, "strip")
    seconds, peak = len(y) / sample_rate, float(np.abs(y).max(initial=0.0))
    if len(y) > 2 * COLUMNS:
        starts = np.linspace(0, len(y), COLUMNS, endpoint=False).astype(int)
        low, high = np.minimum.reduceat(y, starts), np.maximum.reduceat(y, starts)
        ax.fill_between(starts / sample_rate, low, high, color=colour, linewidth=0.5)
    else:
        ax.plot(np.arange(len(y)) / sample_rate, y, color=colour, linewidth=1.2)
    reach = max(peak * 1.05, 0.01)
    ax.set(xlim=(0, seconds), ylim=(-reach, reach))
    ax.set(xlabel="time (s)", ylabel="amplitude (1 = full scale)")
    return described(ax, f"Waveform of {seconds:.3g} s with a peak amplitude of {peak:.2f}.")


def plot_mel(
    x: Any, feature: LogMel, *, ax: Axes | None = None, unit: str = "dB", colour_bar: bool = True
) -> Axes:
    """A log-mel spectrogram (n_mels, T), low frequencies at the bottom.

    Args:
        x: what `feature` gave, or a tensor made of it.
        feature: gives both axes their units.
        unit: of the values; write another if `x` was standardised.
        colour_bar: leave it out where several pictures share one.

    Raises:
        ShapeError: `x` is not (n_mels, T).
    """
    x = np.asarray(x)
    check_shape("plot_mel", x, "take one segment, without its channel.", F=feature.n_mels, T=None)
    ax = new_axes(ax)
    seconds = x.shape[1] * feature.hop_length / feature.sample_rate
    image = _picture(ax, x, seconds, cmap="magma")
    fmax = feature.fmax or feature.sample_rate / 2
    low, high = hz_to_mel(feature.fmin), hz_to_mel(fmax)
    ticks = [f for f in TICKS_HZ if feature.fmin <= f <= fmax]
    # band m is centred on edge m + 1 of n_mels + 2, which are evenly spaced in mel
    rows = (hz_to_mel(np.array(ticks)) - low) / (high - low) * (feature.n_mels + 1) - 1
    ax.set_yticks(rows, [str(f) for f in ticks])
    ax.set(xlabel="time (s)", ylabel="frequency (Hz)", ylim=(-0.5, feature.n_mels - 0.5))
    if colour_bar:
        _bar(ax, image, f"level ({unit})")
    text = f"Mel spectrogram, {feature.n_mels} bands up to {fmax:.0f} Hz, {seconds:.3g} s, values "
    return described(ax, f"{text}from {x.min():.3g} to {x.max():.3g} {unit}.")


def plot_mfcc(
    x: Any, feature: Mfcc, *, ax: Axes | None = None, by_row: bool = False, colour_bar: bool = True
) -> Axes:
    """Mel-frequency cepstral coefficients (n_rows, T), white where they are zero.

    Args:
        x: what `feature` gave, or a tensor made of it.
        feature: gives the time axis its unit and the rows their names.
        by_row: show each row from its mean in its own standard deviations. As they are, C0, the
            loudness, and C1 are so large that the other rows look pale. The colors span nine
            tenths of the values, and the rest saturates.
        colour_bar: leave it out where several pictures share one.

    Raises:
        ShapeError: `x` is not (n_rows, T).
    """
    x = np.asarray(x)
    check_shape("plot_mfcc", x, "take one segment.", F=feature.n_rows, T=None)
    ax = new_axes(ax)
    if by_row:
        spread = x.std(axis=1, keepdims=True)
        x = (x - x.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1)
    reach = 3.0 if by_row else float(np.quantile(np.abs(x), 0.9)) or 1.0
    seconds = x.shape[1] * feature.hop_length / feature.sample_rate
    image = _picture(ax, x, seconds, cmap="PuOr", vmin=-reach, vmax=reach)
    names = _coefficient_names(feature)
    step = -(-len(names) // 8)
    ax.set_yticks(range(0, len(names), step), names[::step])
    ax.set(xlabel="time (s)", ylabel="coefficient")
    if colour_bar:
        _bar(ax, image, "standard deviations" if by_row else "value", extend="both")
    return described(ax, f"{len(names)} cepstral coefficients over {seconds:.3g} s.")


def _coefficient_names(feature: Mfcc) -> list[str]:
    first = 0 if feature.c0 else 1
    numbers = range(first, first + feature.n_mfcc)
    return [f"{slope}C{i}" for slope in ("", "Δ", "Δ²")[: 1 + feature.n_deltas] for i in numbers]


def plot_filterbank(weights: np.ndarray, sample_rate: int, *, ax: Axes | None = None) -> Axes:
    """The weights (n_mels, F) of a filter bank over frequency, each band a line.

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
        used = np.flatnonzero(band)
        around = slice(max(used[0] - 1, 0), used[-1] + 2) if used.size else slice(0, 1)
        ax.plot(hz[around], band[around], color=SERIES[m % 2], linewidth=1.2)
    ax.set(xlim=(0, sample_rate / 2), ylim=(0, None))
    ax.set(xlabel="frequency (Hz)", ylabel="weight (1/Hz)")
    return described(ax, f"{len(weights)} overlapping bands up to {sample_rate / 2:.0f} Hz.")


def plot_filters(weights: Any, *, ax: Axes | None = None, n_columns: int = 16) -> Axes:
    """Convolution kernels (n, F, T) side by side, orange below zero and purple above.

    Each has colours to itself: shapes can be compared, sizes cannot. One-dimensional kernels are
    given as (n, C, T).
    """
    kernels = np.asarray(weights)
    check_shape(
        "plot_filters", kernels, "take one input channel: weight[:, 0].", n=None, F=None, T=None
    )
    ax = new_axes(ax)
    n, F, T = kernels.shape
    n_columns = min(n, n_columns)
    n_rows = -(-n // n_columns)
    largest = np.abs(kernels).max(axis=(1, 2), keepdims=True)
    sheet = np.full((n_rows * n_columns, F + 1, T + 1), np.nan)  # an empty line between kernels
    sheet[:n, :F, :T] = kernels / np.where(largest > 0, largest, 1)
    mosaic = sheet.reshape(n_rows, n_columns, F + 1, T + 1).swapaxes(1, 2)
    mosaic = mosaic.reshape(n_rows * (F + 1), n_columns * (T + 1))[:-1, :-1]
    colours = matplotlib.colormaps["PuOr"].with_extremes(bad=FAINT)
    ax.imshow(mosaic, cmap=colours, vmin=-1, vmax=1, interpolation="nearest")
    ax.set_xticks(
        [(T + 1) * c + (T - 1) / 2 for c in range(n_columns)], list(map(str, range(n_columns)))
    )
    ax.set_yticks(
        [(F + 1) * r + (F - 1) / 2 for r in range(n_rows)],
        [str(r * n_columns) for r in range(n_rows)],
    )
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.set(xlabel="kernel of the row", ylabel="first kernel of the row")
    return described(ax, f"{n} convolution kernels of {F} by {T} weights.")


def _picture(ax: Axes, x: np.ndarray, seconds: float, **colours: Any) -> AxesImage:
    """The rows of `x` (F, T) from bottom to top over time, with all spines: a picture has edges."""
    extent = (0.0, seconds, -0.5, len(x) - 0.5)
    ax.spines[:].set_visible(True)
    return ax.imshow(
        x, origin="lower", aspect="auto", extent=extent, interpolation="nearest", **colours
    )


def _bar(ax: Axes, image: AxesImage, label: str, extend: str = "neither") -> None:
    bar = ax.figure.colorbar(image, ax=ax, label=label, extend=extend, pad=0.02, fraction=0.06)
    bar.outline.set_visible(False)
