from __future__ import annotations

import numpy as np
import pytest

from mgrlib.features import mel_filterbank
from mgrlib.grading.checks import by_hand, close, has_shape


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


def test_a_function_that_calls_a_package_is_found_out() -> None:
    with pytest.raises(AssertionError, match="mgrlib"):
        by_hand(borrowed, "mgrlib")


def test_a_function_of_the_same_notebook_is_looked_into() -> None:
    with pytest.raises(AssertionError, match="mgrlib"):
        by_hand(behind, "mgrlib")


def squared(x):
    return np.square(x)


def test_numpy_is_by_hand() -> None:
    by_hand(squared, "librosa", "scipy")


def test_an_import_inside_is_found_out() -> None:
    def sly(x):
        import scipy.fft

        return scipy.fft.dct(x)

    with pytest.raises(AssertionError, match="scipy"):
        by_hand(sly, "scipy")
