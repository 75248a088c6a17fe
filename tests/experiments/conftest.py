"""A tiny recipe and twelve short clips by six artists that it can learn."""

from __future__ import annotations

from pathlib import Path

import pytest
from tiny import clips_of_tones_and_noise

from mgrlib.data.corpus import Corpus


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty store for each test."""
    monkeypatch.setenv("MGRLIB_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """Low tones and noise."""
    return clips_of_tones_and_noise(tmp_path)
