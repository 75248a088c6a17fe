from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf

from mgrlib.data.audio import FileSource
from mgrlib.data.corpus import Corpus

RATE = 22_050


@pytest.fixture
def noise() -> np.ndarray:
    """Half a second of quiet seeded noise at 22,050 Hz."""
    rng = np.random.default_rng(0)
    return (0.1 * rng.standard_normal(RATE // 2)).astype(np.float32)


@pytest.fixture
def write(tmp_path: Path, noise: np.ndarray) -> Callable[..., Path]:
    """Write a sound file below tmp_path, noise unless told otherwise, and return its path."""

    def write_file(name: str, y: np.ndarray | None = None, rate: int = RATE, **form: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        sf.write(path, noise if y is None else y, rate, **form)
        return path

    return write_file


@pytest.fixture
def make_corpus() -> Callable[..., Corpus]:
    """A corpus of clips without files: `n` a genre, in groups of `n_per_group`."""

    def make(genres: str = "abc", n: int = 10, n_per_group: int = 1) -> Corpus:
        ids = [f"{genre}.{i:05d}" for genre in genres for i in range(n)]
        table = pd.DataFrame(
            {
                "path": "",
                "genre": [clip[0] for clip in ids],
                "group": [f"{clip[0]}{int(clip[2:]) // n_per_group}" for clip in ids],
                "seconds": 30.0,
            },
            index=pd.Index(ids, name="clip_id"),
        )
        return Corpus("made-up", tuple(genres), table, FileSource())

    return make
