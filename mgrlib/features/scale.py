"""Scalers: fitted on training data only, then the same function for every part of the split.

A fitted scaler is a frozen value. It takes numpy arrays and torch tensors, of many segments or of
one, and returns the same kind; `mgrlib.segments.standardize` puts whole `Segments` through one.
Fitting on test data is the commonest leak there is: hand `fit` the training part and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from mgrlib.errors import FeatureError, explain


def _training_data(where: str, x: Any) -> Any:
    """A float32 tensor as it is, anything else as a float64 array, if it can be fitted to."""
    x = x.float() if _is_tensor(x) else np.asarray(x, dtype=np.float64)
    if x.ndim < 2 or 0 in x.shape:
        hint = "first axis: segments; second: coefficients."
        got = f"shape {tuple(x.shape)}"
        raise FeatureError(explain(where, "training data (S, F, ...)", got, hint))
    if not (x.isfinite() if _is_tensor(x) else np.isfinite(x)).all():
        raise FeatureError(explain(where, "finite training data", "NaN or infinite values"))
    return x


def _is_tensor(x: Any) -> bool:
    """Whether `x` is a torch tensor, without knowing of torch."""
    return hasattr(x, "new_tensor")


def _extremes(x: Any, axes: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """The smallest and the largest value over some axes, with as many axes as one segment."""
    if _is_tensor(x):
        return _array(x.amin(dim=axes, keepdim=True)), _array(x.amax(dim=axes, keepdim=True))
    return x.min(axis=axes, keepdims=True)[0], x.max(axis=axes, keepdims=True)[0]


def _moments(x: Any, axes: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation over some axes; of a tensor as torch reckons them, in float32."""
    if _is_tensor(x):
        deviation = x.std(dim=axes, keepdim=True, correction=0)
        return _array(x.mean(dim=axes, keepdim=True)), _array(deviation)
    return x.mean(axis=axes, keepdims=True)[0], x.std(axis=axes, keepdims=True)[0]


def _array(x: Any) -> np.ndarray:
    """A tensor (1, ...) as an array (...)."""
    values: np.ndarray = x[0].detach().cpu().numpy()
    return values


def _apply(where: str, x: Any, offset: np.ndarray, scale: np.ndarray) -> Any:
    """(x - offset) / scale in float32, for (S, F, ...) and (F, ...), as whatever `x` is."""
    values: Any = x.float() if _is_tensor(x) else np.asarray(x, dtype=np.float32)
    n_rows = len(offset)
    fits = values.ndim in (offset.ndim, offset.ndim + 1)
    if not fits or (n_rows > 1 and values.shape[-offset.ndim] != n_rows):
        rest = ", ..." if offset.ndim > 1 else ""
        expected = f"shape (S, F={n_rows}{rest}) or (F={n_rows}{rest})"
        raise FeatureError(explain(where, expected, str(tuple(values.shape))))
    if _is_tensor(x):
        offset, scale = values.new_tensor(offset), values.new_tensor(scale)
    return (values - offset) / scale


def _like(x: Any, values: np.ndarray) -> Any:
    """The values as a tensor if `x` is one."""
    values = values.astype(np.float32, copy=False)
    return x.new_tensor(values) if _is_tensor(x) else values


def _all_but_rows(x: Any) -> tuple[int, ...]:
    return (0, *range(2, x.ndim))


@dataclass(frozen=True, eq=False)
class Standardize:
    """Each coefficient brought to mean 0 and standard deviation 1 over the training data.

    Args:
        mean, deviation: one a coefficient, (F, 1, ...) with as many axes as one segment, or one for
            all, (1, 1, ...).

    >>> train = np.array([[0.0, 5.0], [2.0, 5.0]])
    >>> Standardize.fit(train)(train)
    array([[-1.,  0.],
           [ 1.,  0.]], dtype=float32)
    """

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def fit(cls, train: Any, *, per: str = "coefficient", eps: float = 0.0) -> Self:
        """Fitted to (S, F, ...): a coefficient's statistics are over segments and frames.

        Args:
            train: the training data; what never changes in them is only shifted to 0.
            per: "coefficient" has one mean and deviation a row (band, MFCC), over all frames and
                segments; "array" has one for everything and keeps the rows' differences.
            eps: added to the deviation, so that what hardly changes stays small.

        Raises:
            FeatureError: data that nothing can be fitted to, or another `per`.
        """
        x = _training_data("Standardize.fit", train)
        axes = {"coefficient": _all_but_rows(x), "array": tuple(range(x.ndim))}
        if per not in axes:
            raise FeatureError(explain("Standardize.fit", f"per among {sorted(axes)}", repr(per)))
        (low, high), (mean, deviation) = _extremes(x, axes[per]), _moments(x, axes[per])
        constant = low == high  # whose mean may be off by a rounding error
        mean, deviation = np.where(constant, low, mean), np.where(constant, 1.0, deviation + eps)
        return cls(mean.astype(np.float32), deviation.astype(np.float32))

    def __call__(self, x: Any) -> Any:
        """(S, F, ...) or (F, ...) -> the same shape, float32."""
        return _apply("Standardize", x, self.mean, self.deviation)


@dataclass(frozen=True, eq=False)
class MinMax:
    """Each coefficient brought to [0, 1] over the training data; other data may go beyond.

    Args:
        low, span: one a coefficient, (F, 1, ...) with as many axes as one segment.

    >>> train = np.array([[0.0, 5.0], [4.0, 5.0]])
    >>> MinMax.fit(train)(np.array([[1.0, 5.0], [6.0, 5.0]]))
    array([[0.25, 0.  ],
           [1.5 , 0.  ]], dtype=float32)
    """

    low: np.ndarray
    span: np.ndarray

    @classmethod
    def fit(cls, train: Any) -> Self:
        """Fitted to (S, F, ...): a coefficient's range is over segments and frames.

        One that never changes is only shifted to 0.
        """
        x = _training_data("MinMax.fit", train)
        low, high = _extremes(x, _all_but_rows(x))
        span = np.where(high > low, high - low, 1.0)
        return cls(low.astype(np.float32), span.astype(np.float32))

    def __call__(self, x: Any) -> Any:
        """(S, F, ...) or (F, ...) -> the same shape, float32."""
        return _apply("MinMax", x, self.low, self.span)


@dataclass(frozen=True)
class UnitNorm:
    """Each vector divided by its length, so that only its direction counts; nothing to fit.

    >>> UnitNorm()(np.array([[3.0, 4.0], [0.0, 0.0]]))
    array([[0.6, 0.8],
           [0. , 0. ]], dtype=float32)
    """

    def __call__(self, x: Any) -> Any:
        """(..., D) -> the same shape, float32; a vector of zeros stays one."""
        values = np.asarray(x, dtype=np.float32)
        length = np.linalg.norm(values, axis=-1, keepdims=True)
        return _like(x, values / np.where(length > 0, length, 1.0))
