"""Level maps: what a picture of a spectrogram says of a sound, without the sound.

A map has one row for each of F bands, evenly spaced in mel from 0 Hz up, and T columns evenly
spaced in time. Its values are decibels below the loudest cell, so that the absolute level of the
sound is lost, and so are phases and everything finer than the map's rows and columns.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from mgrlib.errors import FeatureError, explain

SPAN_DB = 80.0  # from the first color of a map to its last, as librosa draws spectrograms


@dataclass(frozen=True, eq=False)
class LevelMap:
    """A stretch of a level map.

    Args:
        db: (F, T) decibels, 0 at the loudest cell of the whole map, low bands first.
        total_seconds: of the whole map.
        top_hz: the upper edge of the highest band.
        start: where the stretch begins, in seconds.
        seconds: length of the stretch; None takes the rest. Beyond its end a map is silent.

    Raises:
        FeatureError: a map that is not of two dimensions, or has no length.
    """

    db: np.ndarray = field(repr=False)
    total_seconds: float
    top_hz: float
    start: float = 0.0
    seconds: float | None = None

    def __post_init__(self) -> None:
        if self.db.ndim != 2 or 0 in self.db.shape or not self.total_seconds > 0:
            got = f"shape {self.db.shape}, {self.total_seconds:g} s"
            raise FeatureError(explain("LevelMap", "a map (F, T) of some seconds", got))

    @property
    def length(self) -> float:
        """Seconds of the stretch."""
        return self.total_seconds - self.start if self.seconds is None else self.seconds

    def part(self, start: float, seconds: float) -> LevelMap:
        """A stretch of this stretch; `start` counts from its beginning."""
        begin = self.start + start
        return LevelMap(self.db, self.total_seconds, self.top_hz, begin, seconds)

    def at(self, rows: np.ndarray, seconds: np.ndarray) -> np.ndarray:
        """The levels (R, C) at fractional rows and at times from the stretch's beginning.

        Values between rows or columns are interpolated linearly in dB. Rows above the map and times
        outside of it have the lowest level of the map.
        """
        n_rows, n_columns = self.db.shape
        columns = (self.start + seconds) * (n_columns / self.total_seconds) - 0.5
        low, high, share = _neighbors(columns, n_columns)
        before = self.db[:, low]
        in_time = before + (self.db[:, high] - before) * share
        low, high, share = _neighbors(rows, n_rows)
        levels = in_time[low] + (in_time[high] - in_time[low]) * share[:, None]
        floor = np.float32(self.db.min())
        levels[rows > n_rows - 0.5] = floor
        levels[:, (columns < -1) | (columns > n_columns)] = floor
        return np.asarray(levels, dtype=np.float32)


def _neighbors(places: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The cells before and after each place, and how much of the second there is."""
    inside = np.clip(places, 0, n - 1)
    low = np.floor(inside).astype(np.intp)
    return low, np.minimum(low + 1, n - 1), (inside - low).astype(np.float32)
