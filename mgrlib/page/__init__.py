"""What a chapter puts on a page: players, drawings, shown source, sliders, quizzes, tables.

Every function returns an object that a notebook displays; none prints. They work on a rendered page
without a kernel or a network, and on Colab without Jupyter Book.

A submodule is imported when one of its names is first used, so that the checks of an assignment,
which use none of them, start quickly.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mgrlib.page.diagrams import drawing
    from mgrlib.page.dots import Axis, DotRow, dot_figure
    from mgrlib.page.explorer import explore
    from mgrlib.page.frames import choices, frames_slider
    from mgrlib.page.player import listen, listen_grid
    from mgrlib.page.protocols import (
        contrast_figure,
        contrast_table,
        full_size_records,
        main_systems,
        protocol_figure,
        protocol_table,
    )
    from mgrlib.page.quizzes import Question, chapter_quiz, quiz
    from mgrlib.page.results import results_table, run_commands, scoreboard
    from mgrlib.page.sentences import in_percent, in_points
    from mgrlib.page.source import show_source
    from mgrlib.page.tryout import TryClip, TryModel, demo_page, try_it

__all__ = [
    "Axis",
    "DotRow",
    "Question",
    "TryClip",
    "TryModel",
    "chapter_quiz",
    "choices",
    "contrast_figure",
    "contrast_table",
    "demo_page",
    "dot_figure",
    "drawing",
    "explore",
    "frames_slider",
    "full_size_records",
    "in_percent",
    "in_points",
    "listen",
    "listen_grid",
    "main_systems",
    "protocol_figure",
    "protocol_table",
    "quiz",
    "results_table",
    "run_commands",
    "scoreboard",
    "show_source",
    "try_it",
]

# No submodule may have the name of an object in it: once imported, it would hide the object.
SUBMODULES = {
    "diagrams": ("drawing",),
    "dots": ("Axis", "DotRow", "dot_figure"),
    "explorer": ("explore",),
    "frames": ("choices", "frames_slider"),
    "player": ("listen", "listen_grid"),
    "protocols": (
        "contrast_figure",
        "contrast_table",
        "full_size_records",
        "main_systems",
        "protocol_figure",
        "protocol_table",
    ),
    "quizzes": ("Question", "chapter_quiz", "quiz"),
    "results": ("results_table", "run_commands", "scoreboard"),
    "sentences": ("in_percent", "in_points"),
    "source": ("show_source",),
    "tryout": ("TryClip", "TryModel", "demo_page", "try_it"),
}


def __getattr__(name: str) -> Any:
    for submodule, names in SUBMODULES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{submodule}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
