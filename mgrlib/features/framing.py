"""Cutting waveforms: segments with overlap, padding and truncation, trimmed ends, distances.

Pure functions of arrays, for the reader's own loops; a whole corpus is cut by `mgrlib.segments`.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from mgrlib.errors import FeatureError, explain
from mgrlib.features.base import n_samples
from mgrlib.features.spectrum import FloatArray, check_waveform


def pad_or_truncate(
    y: np.ndarray, length: int, *, where: Literal["end", "centre"] = "end"
) -> FloatArray:
    """(N,) -> (length,): zeros added, or samples cut off, at the end or on both sides.

    >>> pad_or_truncate(np.array([1.0, 2.0, 3.0]), 5)
    array([1., 2., 3., 0., 0.], dtype=float32)
    >>> pad_or_truncate(np.array([1.0, 2.0, 3.0]), 1, where="centre")
    array([2.], dtype=float32)
    """
    y = check_waveform("pad_or_truncate", y)
    if length < 1:
        raise FeatureError(explain("pad_or_truncate", "a length of at least 1", str(length)))
    if where not in ("end", "centre"):
        raise FeatureError(explain("pad_or_truncate", "where='end' or 'centre'", repr(where)))
    surplus = len(y) - length
    before = 0 if where == "end" else abs(surplus) // 2
    if surplus >= 0:
        return y[before : before + length].copy()
    return np.pad(y, (before, -surplus - before))


def trim_ends(y: np.ndarray, sample_rate: int, seconds: float) -> FloatArray:
    """The waveform without its first and last `seconds`: (N,) -> (N - 2 * seconds * rate,).

    Whole songs begin and end with what says little about them (Jiménez and José 2016).

    Raises
    ------
    FeatureError: nothing would be left.
    """
    y = check_waveform("trim_ends", y)
    n_trimmed = n_samples(seconds, sample_rate)
    if n_trimmed < 0 or len(y) <= 2 * n_trimmed:
        raise FeatureError(
            explain(
                "trim_ends",
                f"more than {2 * seconds:g} s of sound",
                f"{len(y) / sample_rate:.2f} s",
                "trim less, or leave the sound out.",
            )
        )
    return y[n_trimmed : len(y) - n_trimmed].copy()


def split_into_segments(
    y: np.ndarray,
    sample_rate: int,
    segment_seconds: float,
    *,
    overlap: float = 0.0,
    rest: Literal["drop", "pad"] = "drop",
) -> FloatArray:
    """Segments of equal length, (N,) -> (S, N').

    Parameters
    ----------
    y: (N,) float waveform.
    sample_rate: in Hz.
    segment_seconds: length of a segment.
    overlap: the share of a segment that the next one repeats, from 0 to below 1.
    rest: what is too short for a segment is dropped, or filled up with zeros.

    Raises
    ------
    FeatureError: the sound is shorter than one segment and its rest is to be dropped.

    >>> split_into_segments(np.arange(7.0), 2, 2.0, overlap=0.5)
    array([[0., 1., 2., 3.],
           [2., 3., 4., 5.]], dtype=float32)
    >>> split_into_segments(np.arange(7.0), 2, 2.0, rest="pad")
    array([[0., 1., 2., 3.],
           [4., 5., 6., 0.]], dtype=float32)
    """
    where = "split_into_segments"
    y = check_waveform(where, y)
    length = n_samples(segment_seconds, sample_rate)
    if length < 1 or not 0.0 <= overlap < 1.0 or rest not in ("drop", "pad"):
        got = f"{length} samples, overlap {overlap}, rest {rest!r}"
        expected = "at least one sample, 0 <= overlap < 1, rest 'drop' or 'pad'"
        raise FeatureError(explain(where, expected, got))
    hop = max(1, round(length * (1.0 - overlap)))
    if rest == "pad":
        n_hops = -(-max(0, len(y) - length) // hop)
        y = np.pad(y, (0, max(0, n_hops * hop + length - len(y))))
    elif len(y) < length:
        got, hint = f"{len(y) / sample_rate:.2f} s", "write rest='pad', or shorten segments."
        raise FeatureError(explain(where, f"at least {segment_seconds:g} s", got, hint))
    return np.lib.stride_tricks.sliding_window_view(y, length)[::hop].copy()


def segment_distances(
    features: np.ndarray, *, metric: Literal["euclidean", "correlation"] = "euclidean"
) -> np.ndarray:
    """How different the segments are from each other, (S, ...) -> (S, S) float64.

    "correlation" is 1 minus the correlation of two segments' values: 0 the same up to loudness,
    1 unrelated, 2 opposite. Wei et al. (n.d.) compare the segments of a clip in this way.

    >>> segment_distances(np.array([[0.0, 0.0], [3.0, 4.0]]))
    array([[0., 5.],
           [5., 0.]])
    """
    from scipy.spatial.distance import cdist  # a slow import that few need

    features = np.asarray(features, dtype=np.float64)
    if features.ndim < 2 or features.size == 0 or not np.isfinite(features).all():
        got = f"shape {features.shape}"
        raise FeatureError(explain("segment_distances", "finite features (S, ...)", got))
    if metric not in ("euclidean", "correlation"):
        choices = "metric 'euclidean' or 'correlation'"
        raise FeatureError(explain("segment_distances", choices, repr(metric)))
    rows = features.reshape(len(features), -1)
    if metric == "correlation" and (np.ptp(rows, axis=1) == 0).any():
        flat = int(np.flatnonzero(np.ptp(rows, axis=1) == 0)[0])
        got, hint = f"one value throughout in segment {flat}", "leave silent segments out."
        raise FeatureError(explain("segment_distances", "segments that vary", got, hint))
    distances: np.ndarray = cdist(rows, rows, metric=metric)
    return distances
