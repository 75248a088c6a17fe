"""Facts about data sets as small tables: splits, artists, known faults. No audio."""

from __future__ import annotations

from importlib.resources import files

import pandas as pd


def read(name: str) -> pd.DataFrame:
    """The table `name`.csv of this folder, its comments left out and empty cells empty texts."""
    with (files(__name__) / f"{name}.csv").open("r", encoding="utf-8") as stream:
        return pd.read_csv(stream, comment="#", dtype=str).fillna("")


def expand(genre: str, numbers: str) -> list[str]:
    """The GTZAN clips that ranges of numbers stand for.

    >>> expand("jazz", "0-2 54")
    ['jazz.00000', 'jazz.00001', 'jazz.00002', 'jazz.00054']
    """
    clips: list[str] = []
    for item in numbers.split():
        first, _, last = item.partition("-")
        clips += [f"{genre}.{n:05d}" for n in range(int(first), int(last or first) + 1)]
    return clips
