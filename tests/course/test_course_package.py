from __future__ import annotations

import subprocess
import sys

import pytest

import mgrlib.course as course


def test_every_name_is_found_in_its_home() -> None:
    assert sorted(name for names in course.HOMES.values() for name in names) == course.__all__
    assert all(callable(getattr(course, name)) for name in course.__all__)
    assert not set(course.__all__) & set(course.HOMES)


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(AttributeError, match="nonsense"):
        course.nonsense  # noqa: B018


def test_the_checks_of_an_assignment_start_without_torch() -> None:
    told = (
        "import sys, mgrlib.course.checks; print('torch' in sys.modules, 'IPython' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
