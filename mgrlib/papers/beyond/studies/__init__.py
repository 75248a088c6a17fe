"""The studies beyond the papers, in the order of the book's chapters."""

from mgrlib.experiments.study import Study
from mgrlib.papers.beyond.studies import attacks, domains, listeners, listening

STUDIES: tuple[Study, ...] = (
    *listening.STUDIES,
    *attacks.STUDIES,
    *domains.STUDIES,
    *listeners.STUDIES,
)
