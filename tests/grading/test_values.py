from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from mgrlib.grading.values import (
    HEAD,
    ValueFormatError,
    decode,
    encode,
    frames,
    packed_frame,
)

KINDS = st.sampled_from(["bool", "int16", "uint8", "int64", "float32", "float64", "complex64"])
ARRAYS = KINDS.flatmap(lambda d: npst.arrays(d, npst.array_shapes(min_dims=0, min_side=0)))
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers(-(2**62), 2**62)
    | st.floats(allow_nan=False)
    | st.text()
    | st.binary()
)
PLAIN = st.recursive(
    LEAVES | ARRAYS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(), inner, max_size=4)
        | st.tuples(inner, inner)
    ),
    max_leaves=12,
)


def same(a: object, b: object) -> bool:
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and np.array_equal(a, b, True)
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    return type(a) is type(b) and a == b


@given(PLAIN)
def test_what_is_encoded_comes_back(value: object) -> None:
    try:
        tree, blob = encode(value)
    except ValueFormatError:  # an object array that NumPy made of a nested one
        return
    ((message, data),) = frames(packed_frame({"tree": tree}, blob))
    assert same(value, decode(message["tree"], data))


def test_pairs_of_clips_come_back_as_sets_of_sets() -> None:
    pairs = {frozenset(["a", "b"]), frozenset(["c", "d"])}
    assert decode(*encode(pairs)) == pairs


@pytest.mark.parametrize("value", [object(), print, np.array([object()]), {"f": lambda: 0}])
def test_code_and_objects_cannot_leave(value: object) -> None:
    with pytest.raises(ValueFormatError):
        encode(value)


def test_a_list_that_holds_itself_is_refused() -> None:
    endless: list = []
    endless.append(endless)
    with pytest.raises(ValueFormatError):
        encode(endless)


@pytest.mark.parametrize(
    "tree",
    [
        {"$": "array", "dtype": "float64", "shape": [10**12], "at": 0, "size": 8},
        {"$": "array", "dtype": "object", "shape": [1], "at": 0, "size": 8},
        {"$": "array", "dtype": "float64", "shape": [-1], "at": 0, "size": 8},
        {"$": "array", "dtype": "float64", "shape": [1], "at": -8, "size": 8},
        {"$": "bytes", "at": 0, "size": 10**9},
        {"$": "pickle", "at": 0, "size": 1},
    ],
)
def test_data_that_lie_about_themselves_are_refused(tree: dict) -> None:
    with pytest.raises(ValueFormatError):
        decode(tree, b"12345678")


@given(st.binary(max_size=200))
def test_any_stream_of_bytes_is_read_without_an_error(data: bytes) -> None:
    list(frames(data))
    list(frames(packed_frame({"kind": "end"}) + data))


def test_a_frame_that_is_nested_without_end_is_the_last_one() -> None:
    text = b"[" * 100_000
    assert list(frames(HEAD.pack(len(text), 0) + text)) == []
    frame = json.dumps([1]).encode()
    assert list(frames(HEAD.pack(len(frame), 0) + frame)) == []
