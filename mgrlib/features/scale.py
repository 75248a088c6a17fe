"""Scalers: fitted on training data only, then the same function for every part of the split.

A fitted scaler is a frozen value. It takes numpy arrays and torch tensors, of many segments or of
one, and returns the same kind. Fitting on test data is the commonest leak there is: hand `fit` the
training part and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from mgrlib.errors import FeatureError, explain


def _training_data(where: str, x: Any) -> np.ndarray:
    x = np.asarray(x, dtype=np.float64)
    if x.ndim < 2 or x.size == 0:
        hint = "first axis: segments; second: coefficients."
        raise FeatureError(explain(where, "training data (S, F, ...)", f"shape {x.shape}", hint))
    if not np.isfinite(x).all():
        raise FeatureError(explain(where, "finite training data", "NaN or infinite values"))
    return x


def _apply(where: str, x: Any, offset: np.ndarray, scale: np.ndarray) -> Any:
    """(x - offset) / scale in float32, for (S, F, ...) and (F, ...), as whatever `x` is."""
    values = np.asarray(x, dtype=np.float32)
    if values.ndim not in (offset.ndim, offset.ndim + 1) or values.shape[-offset.ndim] != len(
        offset
    ):
        rest = ", ..." if offset.ndim > 1 else ""
        expected = f"shape (S, F={len(offset)}{rest}) or (F={len(offset)}{rest})"
        raise FeatureError(explain(where, expected, str(values.shape)))
    return _like(x, (values - offset) / scale)


def _like(x: Any, values: np.ndarray) -> Any:
    """The values as a tensor if `x` is one, without knowing of torch."""
    values = values.astype(np.float32, copy=False)
    return x.new_tensor(values) if hasattr(x, "new_tensor") else values


def _all_but_rows(x: np.ndarray) -> tuple[int, ...]:
    return (0, *range(2, x.ndim))


@dataclass(frozen=True, eq=False)
class Standardize:
    """Each coefficient brought to mean 0 and standard deviation 1 over the training data.

    Parameters
    ----------
    mean, deviation: one a coefficient, (F, 1, ...) with as many axes as one segment.

    >>> train = np.array([[0.0, 5.0], [2.0, 5.0]])
    >>> Standardize.fit(train)(train)
    array([[-1.,  0.],
           [ 1.,  0.]], dtype=float32)
    """

    mean: np.ndarray
    deviation: np.ndarray

    @classmethod
    def fit(cls, train: Any) -> Self:
        """Fitted to (S, F, ...): a coefficient's statistics are over segments and frames.

        One that never changes is only shifted to 0.
        """
        x = _training_data("Standardize.fit", train)
        axes = _all_but_rows(x)
        mean, deviation = x.mean(axis=axes, keepdims=True)[0], x.std(axis=axes, keepdims=True)[0]
        constant = deviation <= 1e-7 * np.maximum(np.abs(mean), 1.0)
        deviation = np.where(constant, 1.0, deviation)
        return cls(mean.astype(np.float32), deviation.astype(np.float32))

    def __call__(self, x: Any) -> Any:
        """(S, F, ...) or (F, ...) -> the same shape, float32."""
        return _apply("Standardize", x, self.mean, self.deviation)


@dataclass(frozen=True, eq=False)
class MinMax:
    """Each coefficient brought to [0, 1] over the training data; other data may go beyond.

    Parameters
    ----------
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
        axes = _all_but_rows(x)
        low, high = x.min(axis=axes, keepdims=True)[0], x.max(axis=axes, keepdims=True)[0]
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
