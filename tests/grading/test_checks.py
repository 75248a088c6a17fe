from __future__ import annotations

import numpy as np
import pytest

from mgrlib.features import mel_filterbank
from mgrlib.grading.checks import close, has_shape


def test_arrays_that_agree_pass() -> None:
    close([[1.0, 2.0]], np.array([[1.0, 2.0 + 1e-9]]), "it")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "nothing was returned"),
        ([1.0, 2.0, 3.0], r"shape \(3,\)"),
        ([1.0, 3.0], r"50% of the values differ; 3 at \[1\] where 2 was expected"),
        ([1.0, np.nan], "nan at"),
        (["a", "b"], "numbers were expected"),
    ],
)
def test_the_message_says_where_arrays_part(value, words) -> None:
    with pytest.raises(AssertionError, match=words):
        close(value, [1.0, 2.0], "the powers", "square them.")


def test_the_hint_is_told() -> None:
    with pytest.raises(AssertionError, match=r"Hint: square them\."):
        has_shape(np.zeros(3), (2,), "the powers", "square them.")


def borrowed(n):
    return mel_filterbank(22050, 512, n)


def behind(n):
    return borrowed(n)


def squared(x):
    return np.square(x)
