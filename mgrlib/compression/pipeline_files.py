"""Trained pipelines in files: what must be in one before a network is built from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from mgrlib.compression.classifier_files import genre_fault
from mgrlib.errors import StorageError, explain
from mgrlib.tensor_files import read_tensors

__all__ = ["check_pipeline_file"]

HINT = "`mgrlib export --keep` writes such files."
PARTS = ("about", "genres", "mean", "deviation", "weights")


def check_pipeline_file(path: Path) -> Path:
    """The path itself, if the file holds what `mgrlib export --keep` writes.

    Raises:
        StorageError: no such file, one that is damaged, or one whose parts are of another kind.
    """
    content = read_tensors(path, content="a trained pipeline", hint=HINT)
    fault = _fault(content)
    if fault:
        raise StorageError(explain(str(path), "a trained pipeline", fault, HINT))
    return path


def _fault(content: dict[str, Any]) -> str:
    """What is wrong with the content of a file; empty if nothing is."""
    missing = [part for part in PARTS if part not in content]
    if missing:
        return f"a file without {', '.join(missing)}"
    about, genres, weights = content["about"], content["genres"], content["weights"]
    if not isinstance(about, dict) or not isinstance(about.get("recipe"), str):
        return "no name of a recipe"
    if genre_fault(genres):
        return genre_fault(genres)
    for name in ("mean", "deviation"):
        if not _finite_floats(content[name]):
            return f"a {name} that is no tensor of finite numbers"
    if not (content["deviation"] > 0).all():
        return "a deviation that is not above 0"
    if not isinstance(weights, dict) or not all(isinstance(key, str) for key in weights):
        return "weights that are no table of names and tensors"
    if not all(isinstance(value, torch.Tensor) for value in weights.values()):
        return "weights that are no tensors"
    return ""


def _finite_floats(value: Any) -> bool:
    return (
        isinstance(value, torch.Tensor)
        and value.is_floating_point()
        and value.ndim <= 2
        and bool(torch.isfinite(value).all())
    )
