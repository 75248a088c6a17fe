"""One generated course a module, since nbgrader takes seconds to make one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mgrlib.grading import marking


@pytest.fixture(scope="module")
def one_course(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let nbgrader generate each assignment once a module, for its edition and for all marks."""
    made: dict[Path, Path] = {}
    generate = marking._course

    def course(source: Path, folder: Path, limits: marking.Limits) -> Path:
        if source not in made:
            made[source] = generate(source, tmp_path_factory.mktemp("course"), limits)
        return made[source]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(marking, "_course", course)
        yield
