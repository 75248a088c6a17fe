"""The studies beyond the papers, in the order of the book's chapters."""

from mgrlib.experiments.study import Study

__all__ = ["STUDIES"]

STUDIES: tuple[Study, ...] = ()
