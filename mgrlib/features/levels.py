"""Level maps in place of sounds, for features that need only a log-mel spectrogram."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np

from mgrlib.errors import FeatureError, explain
from mgrlib.features.spectrum import FloatArray, Sound
from mgrlib.levels import LevelMap


class LevelSound(Sound):
    """A level map that replaces a sound and provides only its log-mel spectrogram.

    Features that are computed from the log-mel spectrogram (`LogMel`, `Mfcc`, `MelPicture`, ...)
    accept it like a `Sound`; all others raise an error.

    Args:
        levels: the level map.
    """

    def __init__(self, levels: LevelMap) -> None:
        self.levels = levels
        self._cache = {}

    def log_mel(
        self, rows: np.ndarray, seconds: np.ndarray, *, top_db: float | None, exponent: float
    ) -> FloatArray:
        """(T, n_mels) in dB below the loudest cell.

        Args:
            rows: the positions of the bands among the map's rows.
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

    def spectrum(self, *settings: Any, **options: Any) -> NoReturn:
        """Raises FeatureError: a map has no spectrum."""
        self._refuse()

    def _refuse(self) -> NoReturn:
        hint = "log-mel spectrograms, MFCC and pictures of both can be had; others need the sound."
        raise FeatureError(explain("a level map", "a feature of mel levels", "another", hint))
