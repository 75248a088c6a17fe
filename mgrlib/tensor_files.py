"""Files of tensors and plain values, read without running anyone's code and within limits."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch

from mgrlib.errors import StorageError, explain

MAX_PICKLE = 32_000_000  # bytes of what is no tensor: names, numbers, the tensors' shapes
SLACK = 1_000_000  # bytes that a file may hold more when unpacked; torch does not compress
DAMAGED = "it is damaged or was not written by mgrlib; delete it or fetch it again."


def read_tensors(
    path: Path, *, content: str = "a file of weights", hint: str = DAMAGED
) -> dict[str, Any]:
    """The named tensors and plain values of a file that `torch.save` wrote.

    Its checksums are compared, so a single changed bit is noticed. What is not a tensor or a plain
    value is refused, since loading it could run a program.

    Args:
        content: what the file should be, for messages.
        hint: what to do if it is not.

    Raises:
        StorageError: no such file, one that is damaged, or one of another kind.
    """
    try:
        _check_file(path)
        loaded = torch.load(path, map_location="cpu", weights_only=True)
        for tensor in _tensors(loaded):
            if tensor.numel() > tensor.untyped_storage().nbytes():
                raise ValueError("a tensor that is larger than its content")
    except StorageError:
        raise
    except FileNotFoundError as error:
        raise StorageError(explain(str(path), "a file", "nothing there")) from error
    except Exception as error:  # to a parser, damage can look like anything
        raise StorageError(explain(str(path), content, _reason(error), hint)) from error
    if not isinstance(loaded, dict):
        raise StorageError(explain(str(path), "named tensors", type(loaded).__name__, hint))
    return loaded


def _check_file(path: Path) -> None:
    """Refuse what is no regular file, unpacks to more than its size, or fails its checksums."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("no regular file")
    if not zipfile.is_zipfile(path):  # the form before torch 1.6
        return
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        if sum(entry.file_size for entry in entries) > status.st_size + SLACK:
            raise ValueError("a file that unpacks to more than its size")
        if any(e.file_size > MAX_PICKLE for e in entries if e.filename.endswith(".pkl")):
            raise ValueError("a list of names that is too long")
        bad = archive.testzip()
    if bad is not None:
        raise ValueError(f"a wrong checksum of {bad}")


def _tensors(value: Any) -> Iterator[torch.Tensor]:
    """All tensors inside a value."""
    if isinstance(value, torch.Tensor):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _tensors(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _tensors(inner)


def _reason(error: Exception) -> str:
    """The kind of an error and its first line, without torch's advice to load it anyway."""
    text = str(error)
    if "weights_only" in text or "eights only" in text:
        return "something that is no tensor or plain value, and could run a program"
    return ": ".join([type(error).__name__, *text.splitlines()[:1]])[:300]
