"""A tiny recipe and twelve short clips by six artists that it can learn."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny import clips_of_tones_and_noise

from mgrlib.data.corpus import Corpus


@pytest.fixture(autouse=True)
def _own_home(home: Path) -> None:
    """An empty store for each test."""


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """Low tones and noise."""
    return clips_of_tones_and_noise(tmp_path)
