"""Functions that pad or truncate a waveform and that measure distances between segments.

They work on plain arrays. Clips are cut into segments by `mgrlib.segments.Cut`.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from mgrlib.errors import FeatureError, explain
from mgrlib.features.spectrum import FloatArray, check_waveform


def pad_or_truncate(
    y: np.ndarray, length: int, *, where: Literal["end", "center"] = "end"
) -> FloatArray:
    """(N,) -> (length,): add zeros or cut off samples, at the end or equally on both sides.

    >>> pad_or_truncate(np.array([1.0, 2.0, 3.0]), 5)
    array([1., 2., 3., 0., 0.], dtype=float32)
    >>> pad_or_truncate(np.array([1.0, 2.0, 3.0]), 1, where="center")
    array([2.], dtype=float32)
    """
    y = check_waveform("pad_or_truncate", y)
    if length < 1:
        raise FeatureError(explain("pad_or_truncate", "a length of at least 1", str(length)))
    if where not in ("end", "center"):
        raise FeatureError(explain("pad_or_truncate", "where='end' or 'center'", repr(where)))
    surplus = len(y) - length
    n_before = 0 if where == "end" else abs(surplus) // 2
    if surplus >= 0:
        return y[n_before : n_before + length].copy()
    return np.pad(y, (n_before, -surplus - n_before))


def segment_distances(
    features: np.ndarray, *, metric: Literal["euclidean", "correlation"] = "euclidean"
) -> np.ndarray:
    """The distance between every two segments, (S, ...) -> (S, S) float64.

    The distance "correlation" is 1 minus the correlation of two segments' values: 0 if they differ
    in offset and scale only, 1 if they are uncorrelated, 2 if they are opposite. Wei et al. (n.d.)
    compare the segments of a clip in this way.

    >>> segment_distances(np.array([[0.0, 0.0], [3.0, 4.0]]))
    array([[0., 5.],
           [5., 0.]])
    """
    from scipy.spatial.distance import cdist  # a slow import that few callers need

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
        got, hint = f"a constant segment {flat}", "leave silent segments out."
        raise FeatureError(explain("segment_distances", "segments that vary", got, hint))
    distances: np.ndarray = cdist(rows, rows, metric=metric)
    return distances
