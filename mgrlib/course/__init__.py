"""What only the chapters and assignments need: players, sources shown, sliders, quizzes, tables.

Everything here returns an object that a notebook displays; nothing prints. All of it works on a
rendered page without a kernel and without a network, and on Colab without Jupyter Book.
"""

from mgrlib.course.explorer import Explorer, explore
from mgrlib.course.frames import choices, frames_slider
from mgrlib.course.player import listen, listen_grid
from mgrlib.course.quizzes import Question, chapter_quiz, quiz
from mgrlib.course.scoreboard import scoreboard
from mgrlib.course.source import show_source
from mgrlib.course.table import ResultRow, results_table

__all__ = [
    "Explorer",
    "Question",
    "ResultRow",
    "chapter_quiz",
    "choices",
    "explore",
    "frames_slider",
    "listen",
    "listen_grid",
    "quiz",
    "results_table",
    "scoreboard",
    "show_source",
]
