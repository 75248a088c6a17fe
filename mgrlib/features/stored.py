"""Vectors that were computed elsewhere, such as embeddings, as a feature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mgrlib.errors import FeatureError, explain
from mgrlib.features.base import key_of, settle_integer
from mgrlib.features.spectrum import FloatArray


@dataclass(frozen=True)
class Stored:
    """Vectors that are stored in a corpus; see `mgrlib.data.vectors`.

    Args:
        name: of the vectors in the corpus.
        size: the number of values per vector.

    >>> Stored("openl3", 512).shape(30.0)
    (512,)
    """

    version: ClassVar[int] = 1

    name: str
    size: int

    def __post_init__(self) -> None:
        settle_integer(self, "size")

    @property
    def sample_rate(self) -> int:
        """Raises FeatureError: no sound is read."""
        return int(self(np.empty(0))[0])

    @property
    def key(self) -> str:
        """Text that names the vectors and their size."""
        return key_of(self)

    def shape(self, seconds: float) -> tuple[int, ...]:
        """(size,) for a sound of any length."""
        return (self.size,)

    def __call__(self, y: np.ndarray) -> FloatArray:
        """Raises FeatureError: the vectors cannot be computed from sound here."""
        hint = "take a corpus that holds them: `--data vectors`, or mgrlib.data.vectors."
        raise FeatureError(explain(f"Stored({self.name!r})", "a corpus of vectors", "sound", hint))
