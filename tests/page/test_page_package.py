from __future__ import annotations

import subprocess
import sys

import pytest

from mgrlib import page


def test_every_name_is_found_in_its_home() -> None:
    assert sorted(name for names in page.SUBMODULES.values() for name in names) == page.__all__
    assert all(callable(getattr(page, name)) for name in page.__all__)
    assert not set(page.__all__) & set(page.SUBMODULES)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        page.nonsense  # noqa: B018


def test_the_checks_of_an_assignment_start_without_torch() -> None:
    program = (
        "import sys, mgrlib.grading.checks; print('torch' in sys.modules, 'IPython' in sys.modules)"
    )
    process = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert process.stdout.split() == ["False", "False"]
