"""Corpora made up on the spot, of which a test says no more than how they sound."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from mgrlib.data.corpus import Corpus

Sound = Callable[[pd.Series, np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class MadeUp:
    """Sounds from a function of a clip's row, the time (N,) in seconds and noise (N,)."""

    name: str
    sound: Sound

    def audio(self, row: pd.Series, sample_rate: int) -> np.ndarray:
        """The clip's sound, of the row's length."""
        time = np.arange(round(row["seconds"] * sample_rate)) / sample_rate
        noise = np.random.default_rng(int(row["number"])).standard_normal(len(time))
        return self.sound(row, time, noise).astype(np.float32)

    def fingerprint(self, row: pd.Series) -> str:
        """What the sound hangs on."""
        return f"{self.name} {row.name} {row['number']} {row['seconds']}"


@pytest.fixture(scope="session")
def made_up() -> Callable[..., Corpus]:
    """A function that makes a corpus: its clips are numbered through, genre after genre."""

    def make(
        name: str,
        sound: Sound,
        genres: Sequence[str],
        n: int,
        seconds: float,
        n_artists: int | None = None,
    ) -> Corpus:
        rows = [
            {"path": "", "genre": genre, "group": f"{genre}-{i % (n_artists or n)}"}
            | {"seconds": seconds, "number": n * k + i, "clip_id": f"{genre}.{i}"}
            for k, genre in enumerate(genres)
            for i in range(n)
        ]
        clips = pd.DataFrame(rows).set_index("clip_id")
        return Corpus(name, tuple(genres), clips, MadeUp(name, sound))

    return make
