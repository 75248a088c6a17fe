"""Mean normalization: subtract each coefficient's mean and leave its spread unchanged."""

from __future__ import annotations

from typing import Any

import numpy as np

from mgrlib.features.scale import Standardize


def centered_on(train: Any) -> Standardize:
    """Return the scaler that subtracts each coefficient's mean over the training data (S, F, ...).

    This is the "Mean Normalization" of Reddy et al. (n.d.). Other authors use that name for a
    subtraction followed by a division by the range; the paper divides in a separate step, "Feature
    Scaling", which is `MinMax`. Coefficients with large values still dominate any distance.

    >>> train = np.array([[0.0, 500.0], [2.0, 700.0]])
    >>> centered_on(train)(train)
    array([[  -1., -100.],
           [   1.,  100.]], dtype=float32)
    """
    scale = Standardize.fit(train)
    return Standardize(scale.mean, np.ones_like(scale.std))
