"""Scalers, which are fitted on the training set and then applied to every part of the split.

A fitted scaler is a frozen value. It takes numpy arrays and torch tensors, of many segments or of
one, and returns the same kind; `mgrlib.segments.standardize` applies one to whole `Segments`. To be
fitted, it also takes `mgrlib.rows.Rows`, which are read once, block by block. Fitting on test data
is the most common leak: pass only the training set to `fit`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from mgrlib.errors import FeatureError, explain


def _training_data(where: str, x: Any) -> Any:
    """Check training data; return a tensor as float32 and an array as float64.

    Rows (S, F, ...) that are read in blocks are returned as they are, and `_streamed` checks that
    they are finite. Vectors (S, D) are small enough to be read at once.
    """
    if _streams(x) and x.ndim == 2:
        x = x[:]
    if not _streams(x):
        x = x.float() if _is_tensor(x) else np.asarray(x, dtype=np.float64)
    if x.ndim < 2 or 0 in x.shape:
        hint = "first axis: segments; second: coefficients."
        got = f"shape {tuple(x.shape)}"
        raise FeatureError(explain(where, "training data (S, F, ...)", got, hint))
    if not _streams(x):
        _check_finite(where, x)
    return x


def _check_finite(where: str, x: Any) -> None:
    if not (x.isfinite() if _is_tensor(x) else np.isfinite(x)).all():
        raise FeatureError(explain(where, "finite training data", "NaN or infinite values"))


def _is_tensor(x: Any) -> bool:
    """Whether `x` is a torch tensor, found without importing torch."""
    return hasattr(x, "new_tensor")


def _streams(x: Any) -> bool:
    """Whether `x` is an array that is read in blocks, `mgrlib.rows.Rows`."""
    return hasattr(x, "blocks")


def _extremes(x: Any, axes: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The smallest and the largest value over the given axes, with as many axes as one segment."""
    if _is_tensor(x):
        return _array(x.amin(dim=axes, keepdim=True)), _array(x.amax(dim=axes, keepdim=True))
    return x.min(axis=axes, keepdims=True)[0], x.max(axis=axes, keepdims=True)[0]


def _moments(x: Any, axes: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation over the given axes; torch computes a tensor's in float32."""
    if _is_tensor(x):
        std = x.std(dim=axes, keepdim=True, correction=0)
        return _array(x.mean(dim=axes, keepdim=True)), _array(std)
    return x.mean(axis=axes, keepdims=True)[0], x.std(axis=axes, keepdims=True)[0]


def _streamed(where: str, rows: Any, axes: tuple[int, ...]) -> tuple[np.ndarray, ...]:
    """Extremes, mean and standard deviation of rows (S, F, ...) that are read in blocks.

    They are those that torch computes of one tensor on one thread, to the last digit, if each
    coefficient has its own: torch adds up the segments' sums in float32, one after the other, and
    computes the deviation in float64, as is done here. A single mean, of one coefficient or of all,
    is computed in float64 throughout and can differ in the last digit.
    """
    n_bands = 1 if 1 in axes else rows.shape[1]
    low, high = np.full(n_bands, np.inf, np.float32), np.full(n_bands, -np.inf, np.float32)
    total, n = np.zeros(n_bands, np.float32), 0
    mean, squares = np.zeros(n_bands), np.zeros(n_bands)  # float64: squared distances to the mean
    for block in rows.blocks():
        _check_finite(where, block)
        bands = block.float().reshape(len(block), n_bands, -1)  # (B, F, T)
        low = np.minimum(low, bands.amin((0, 2)).numpy())
        high = np.maximum(high, bands.amax((0, 2)).numpy())
        for sums in bands.sum(2).numpy():
            total += sums
        n_block = len(block) * bands.shape[2]
        moments = bands.double()
        block_mean = moments.mean((0, 2))
        moments -= block_mean[:, None]
        distance = block_mean.numpy() - mean
        squares += moments.square_().sum((0, 2)).numpy()
        squares += distance**2 * (n * n_block / (n + n_block))
        mean += distance * (n_block / (n + n_block))
        n += n_block
    std = np.sqrt(squares / n).astype(np.float32)
    means = total / np.float32(n) if n_bands > 1 else mean.astype(np.float32)
    shape = (n_bands, *[1] * (rows.ndim - 2))
    return tuple(values.reshape(shape) for values in (low, high, means, std))


def _array(x: Any) -> np.ndarray:
    """Convert a tensor (1, ...) to an array (...)."""
    values: np.ndarray = x[0].detach().cpu().numpy()
    return values


def _apply(where: str, x: Any, offset: np.ndarray, scale: np.ndarray) -> Any:
    """(x - offset) / scale in float32, for (S, F, ...) and (F, ...); a tensor stays a tensor."""
    values: Any = x.float() if _is_tensor(x) else np.asarray(x, dtype=np.float32)
    n_rows = len(offset)
    fits = values.ndim in (offset.ndim, offset.ndim + 1)
    if not fits or (n_rows > 1 and values.shape[-offset.ndim] != n_rows):
        more_axes = ", ..." if offset.ndim > 1 else ""
        expected = f"shape (S, F={n_rows}{more_axes}) or (F={n_rows}{more_axes})"
        raise FeatureError(explain(where, expected, str(tuple(values.shape))))
    if _is_tensor(x):
        offset, scale = values.new_tensor(offset), values.new_tensor(scale)
    changed = values - offset
    changed /= scale  # in place: large batches need no third array
    return changed


def _like(x: Any, values: np.ndarray) -> Any:
    """Return the values as float32, in a tensor if `x` is a tensor."""
    values = values.astype(np.float32, copy=False)
    return x.new_tensor(values) if _is_tensor(x) else values


def _axes_per_coefficient(x: Any) -> tuple[int, ...]:
    """All axes of (S, F, ...) except the one of the coefficients."""
    return (0, *range(2, x.ndim))


@dataclass(frozen=True, eq=False)
class Standardize:
    """Scale each coefficient to mean 0 and standard deviation 1 over the training data.

    Args:
        mean: the mean per coefficient, (F, 1, ...) with as many axes as one segment, or a single
            mean for all coefficients, (1, 1, ...).
        std: the standard deviation, of the same shape.

    >>> train = np.array([[0.0, 5.0], [2.0, 5.0]])
    >>> Standardize.fit(train)(train)
    array([[-1.,  0.],
           [ 1.,  0.]], dtype=float32)
    """

    mean: np.ndarray
    std: np.ndarray

    @classmethod
    def fit(cls, train: Any, *, per: str = "coefficient", eps: float = 0.0) -> Self:
        """Compute mean and standard deviation from training data (S, F, ...).

        Args:
            train: the training data. A coefficient that is constant there is only shifted to 0.
            per: "coefficient" computes a mean and a standard deviation for each row (mel band,
                MFCC) over all segments and frames; "array" computes one pair from all values, which
                keeps the differences between the rows.
            eps: added to the standard deviation, so that a nearly constant coefficient is not
                blown up.

        Raises:
            FeatureError: if the data are empty, have fewer than two axes or are not finite, or if
                `per` is neither of the two.
        """
        x = _training_data("Standardize.fit", train)
        axes = {"coefficient": _axes_per_coefficient(x), "array": tuple(range(x.ndim))}
        if per not in axes:
            raise FeatureError(explain("Standardize.fit", f"per among {sorted(axes)}", repr(per)))
        if _streams(x):
            low, high, mean, std = _streamed("Standardize.fit", x, axes[per])
        else:
            (low, high), (mean, std) = _extremes(x, axes[per]), _moments(x, axes[per])
        constant = low == high  # their mean may be off by a rounding error
        mean, std = np.where(constant, low, mean), np.where(constant, 1.0, std + eps)
        return cls(mean.astype(np.float32), std.astype(np.float32))

    def __call__(self, x: Any) -> Any:
        """(S, F, ...) or (F, ...) -> the same shape, float32."""
        return _apply("Standardize", x, self.mean, self.std)


@dataclass(frozen=True, eq=False)
class MinMax:
    """Scale each coefficient to [0, 1] over the training data; other data may fall outside.

    Args:
        low: the smallest value per coefficient, (F, 1, ...) with as many axes as one segment.
        span: the largest value minus the smallest, of the same shape.

    >>> train = np.array([[0.0, 5.0], [4.0, 5.0]])
    >>> MinMax.fit(train)(np.array([[1.0, 5.0], [6.0, 5.0]]))
    array([[0.25, 0.  ],
           [1.5 , 0.  ]], dtype=float32)
    """

    low: np.ndarray
    span: np.ndarray

    @classmethod
    def fit(cls, train: Any) -> Self:
        """Find each coefficient's range over all segments and frames of (S, F, ...).

        A coefficient that is constant is only shifted to 0.
        """
        x = _training_data("MinMax.fit", train)
        axes = _axes_per_coefficient(x)
        low, high = _streamed("MinMax.fit", x, axes)[:2] if _streams(x) else _extremes(x, axes)
        span = np.where(high > low, high - low, 1.0)
        return cls(low.astype(np.float32), span.astype(np.float32))

    def __call__(self, x: Any) -> Any:
        """(S, F, ...) or (F, ...) -> the same shape, float32."""
        return _apply("MinMax", x, self.low, self.span)


@dataclass(frozen=True)
class UnitNorm:
    """Divide each vector by its Euclidean length, so that only its direction counts.

    >>> UnitNorm()(np.array([[3.0, 4.0], [0.0, 0.0]]))
    array([[0.6, 0.8],
           [0. , 0. ]], dtype=float32)
    """

    def __call__(self, x: Any) -> Any:
        """(..., D) -> the same shape, float32; a vector of zeros stays zero."""
        values = np.asarray(x, dtype=np.float32)
        length = np.linalg.norm(values, axis=-1, keepdims=True)
        return _like(x, values / np.where(length > 0, length, 1.0))
