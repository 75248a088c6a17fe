"""The studies beyond the papers, in the order of the book's chapters."""

from mgrlib.experiments.study import Study
from mgrlib.papers.beyond.studies import domains, listeners

__all__ = ["STUDIES"]

STUDIES: tuple[Study, ...] = (*domains.STUDIES, *listeners.STUDIES)
