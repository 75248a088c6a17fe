from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from nets import Small, small, toy

from mgrlib.segments import Segments


@pytest.fixture
def model() -> Small:
    """A small network in evaluation mode."""
    return small()


@pytest.fixture
def segments() -> Segments:
    """Segments that it can learn."""
    return toy()
