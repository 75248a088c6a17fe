"""Features of level maps: what can be computed of a spectrogram's picture in place of its sound."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from mgrlib.errors import FeatureError, explain
from mgrlib.features.spectrum import FloatArray, Sound
from mgrlib.levels import LevelMap

__all__ = ["LevelSound"]


class LevelSound(Sound):
    """A level map in the place of a sound: it has a log-mel spectrogram and nothing else.

    Features that are made of the log-mel spectrogram (`LogMel`, `Mfcc`, `MelPicture`, ...) take it
    as they take a `Sound`; everything else is refused.

    Args:
        levels: the map.
    """

    def __init__(self, levels: LevelMap) -> None:
        self.levels = levels
        self._cache = {}

    def log_mel(
        self, rows: np.ndarray, seconds: np.ndarray, *, top_db: float | None, exponent: float
    ) -> FloatArray:
        """(T, n_mels) in dB below the loudest cell.

        Args:
            rows: where the bands lie among the map's rows.
            seconds: of the frames.
            top_db, exponent: as in `LogMel`.
        """
        db = self.levels.at(rows, seconds) * np.float32(exponent)
        if top_db is not None:
            np.maximum(db, db.max() - np.float32(top_db), out=db)
        return np.ascontiguousarray(db.T)

    @property
    def y(self) -> np.ndarray:  # type: ignore[override]
        """Raises FeatureError: a map has no samples."""
        self._refuse()

    @property
    def sample_rate(self) -> int:  # type: ignore[override]
        """Raises FeatureError: a map has no samples."""
        self._refuse()

    def spectrum(self, *settings: Any, **named: Any) -> NoReturn:
        """Raises FeatureError: a map has no spectrum."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        hint = "log-mel spectrograms, MFCC and pictures of both can be had; others need the sound."
        raise FeatureError(explain("a level map", "a feature of mel levels", "another", hint))
