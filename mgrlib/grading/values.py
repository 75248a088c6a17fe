"""Plain data between the box that runs a submission and the process that judges it.

A value is written as a JSON tree and one run of bytes that holds its arrays. Reading it executes
nothing: there is no pickle, an array is a dtype from a short list, a shape, and as many bytes as
these two ask for. Everything that is read came from a student's process and is treated as hostile.

This module imports only NumPy and the standard library, because it also runs inside the box.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
FLOATS = ("float16", "float32", "float64", "complex64", "complex128")
DTYPES = {name: np.dtype(name) for name in ("bool", *INTEGERS, *FLOATS)}
HEAD = struct.Struct(">II")
MAX_DEPTH = 20
MAX_ITEMS = 200_000
MAX_JSON = 8_000_000
MAX_FRAME = 400_000_000


class ValueFormatError(ValueError):
    """A value that cannot leave the box, or data from it that cannot be read."""


def encode(value: Any) -> tuple[Any, bytes]:
    """A value as a JSON tree and the bytes of its arrays.

    Numbers, texts, bytes, None, lists, tuples, sets, dictionaries with text keys, NumPy arrays,
    and what can become an array without objects (a torch tensor, a pandas Series).

    Raises:
        ValueFormatError: a value of another type, or one that is too deep or has too many items.

    >>> tree, blob = encode({"hop": 512, "y": np.zeros(3)})
    >>> decode(tree, blob)["y"]
    array([0., 0., 0.])
    """
    blob: list[bytes] = []
    tree = _tree(value, blob, [0, 0], 0)
    return tree, b"".join(blob)


def _tree(value: Any, blob: list[bytes], totals: list[int], depth: int) -> Any:
    totals[1] += 1
    if depth > MAX_DEPTH or totals[1] > MAX_ITEMS:
        raise ValueFormatError("the value is nested too deeply or has too many items")
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return int(value) if abs(value) < 1 << 63 else {"$": "float", "text": repr(float(value))}
    if isinstance(value, float):
        plain = float(value)
        return plain if math.isfinite(plain) else {"$": "float", "text": repr(plain)}
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bytes | bytearray):
        return _bytes_leaf("bytes", bytes(value), blob, totals)
    if isinstance(value, dict):
        items = [
            [_tree(k, blob, totals, depth + 1), _tree(v, blob, totals, depth + 1)]
            for k, v in value.items()
        ]
        return {"$": "dict", "items": items}
    if isinstance(value, list):
        return [_tree(item, blob, totals, depth + 1) for item in value]
    if isinstance(value, tuple | set | frozenset):
        kind = "tuple" if isinstance(value, tuple) else "set"
        return {"$": kind, "items": [_tree(item, blob, totals, depth + 1) for item in value]}
    return _array(value, blob, totals, depth)


def _array(value: Any, blob: list[bytes], totals: list[int], depth: int) -> Any:
    if hasattr(value, "detach"):  # a torch tensor
        value = value.detach().cpu().numpy()
    array = np.asarray(value)
    if array.dtype.kind in "OUS":
        return _tree(array.tolist(), blob, totals, depth + 1) if array.ndim else _unknown(value)
    if array.dtype.name not in DTYPES:
        return _unknown(value)
    if isinstance(value, np.generic):
        return (
            _tree(array.item(), blob, totals, depth) if array.dtype.kind != "c" else _unknown(value)
        )
    leaf = _bytes_leaf("array", np.ascontiguousarray(array).tobytes(), blob, totals)
    return leaf | {"dtype": array.dtype.name, "shape": list(array.shape)}


def _unknown(value: Any) -> Any:
    raise ValueFormatError(f"a value of type {type(value).__name__} cannot be handed over")


def _bytes_leaf(kind: str, data: bytes, blob: list[bytes], totals: list[int]) -> dict[str, Any]:
    leaf = {"$": kind, "at": totals[0], "size": len(data)}
    blob.append(data)
    totals[0] += len(data)
    return leaf


def decode(tree: Any, blob: bytes, depth: int = 0) -> Any:
    """The value that `encode` wrote.

    Raises:
        ValueFormatError: data that `encode` would not write.
    """
    if depth > 2 * MAX_DEPTH:
        raise ValueFormatError("the data are nested too deeply")
    if tree is None or isinstance(tree, bool | int | float | str):
        return tree
    if isinstance(tree, list):
        return [decode(item, blob, depth + 1) for item in tree]
    kind = tree.get("$")
    if kind == "float":
        return float(str(tree["text"])[:40])
    if kind in ("tuple", "set", "dict"):
        items = [decode(item, blob, depth + 1) for item in tree["items"]]
        if kind == "dict":
            return {_hashable(key): value for key, value in items}
        return tuple(items) if kind == "tuple" else {_hashable(item) for item in items}
    if kind == "bytes":
        return _cut(tree, blob)
    if kind == "array" and tree.get("dtype") in DTYPES:
        return _read_array(tree, blob)
    raise ValueFormatError("the data hold something unknown")


def _hashable(item: Any) -> Any:
    if isinstance(item, set):
        return frozenset(item)
    if isinstance(item, list):
        return tuple(_hashable(element) for element in item)
    if isinstance(item, tuple):
        return tuple(_hashable(element) for element in item)
    if isinstance(item, np.ndarray | dict):
        raise ValueFormatError("a set or a dictionary's keys may not hold arrays or dictionaries")
    return item


def _cut(tree: dict[str, Any], blob: bytes) -> bytes:
    at, size = tree["at"], tree["size"]
    if type(at) is not int or type(size) is not int or not 0 <= at <= at + size <= len(blob):
        raise ValueFormatError("the data point outside themselves")
    return blob[at : at + size]


def _read_array(tree: dict[str, Any], blob: bytes) -> np.ndarray:
    shape = tree["shape"]
    if not isinstance(shape, list) or len(shape) > 8:
        raise ValueFormatError("an array has an impossible shape")
    if any(type(n) is not int or n < 0 for n in shape):
        raise ValueFormatError("an array has an impossible shape")
    dtype, data = DTYPES[tree["dtype"]], _cut(tree, blob)
    if math.prod(shape) * dtype.itemsize != len(data):
        raise ValueFormatError("an array has another size than its shape says")
    return np.frombuffer(data, dtype).reshape(shape).copy()


def packed_frame(message: dict[str, Any], blob: bytes = b"") -> bytes:
    """A message and its bytes, preceded by their lengths."""
    text = json.dumps(message).encode("utf-8")
    if len(text) > MAX_JSON or len(blob) > MAX_FRAME:
        raise ValueFormatError("the value is too large to be handed over")
    return HEAD.pack(len(text), len(blob)) + text + blob


def frames(data: bytes) -> Iterator[tuple[dict[str, Any], bytes]]:
    """The messages in a stream of frames, up to its end or to the first that cannot be read."""
    place = 0
    while place + HEAD.size <= len(data):
        n_text, n_blob = HEAD.unpack_from(data, place)
        start = place + HEAD.size
        place = start + n_text + n_blob
        if n_text > MAX_JSON or place > len(data):
            return
        try:
            message = json.loads(data[start : start + n_text])
        except (ValueError, RecursionError):
            return
        if not isinstance(message, dict):
            return
        yield message, data[start + n_text : place]
