"""Mean normalisation: each coefficient's mean taken off, its spread left as it is."""

from __future__ import annotations

from typing import Any

import numpy as np

from mgrlib.features.scale import Standardize

__all__ = ["centred_on"]


def centred_on(train: Any) -> Standardize:
    """The scaler that takes off each coefficient's mean over the training data (S, F, ...).

    "Mean Normalization" of Reddy et al. (n.d.). Elsewhere the name also stands for a division by
    the range afterwards; the paper divides in a step of its own, "Feature Scaling", which is
    `MinMax`. Loud coefficients stay loud: a distance still hears them first.

    >>> train = np.array([[0.0, 500.0], [2.0, 700.0]])
    >>> centred_on(train)(train)
    array([[  -1., -100.],
           [   1.,  100.]], dtype=float32)
    """
    fitted = Standardize.fit(train)
    return Standardize(fitted.mean, np.ones_like(fitted.deviation))
