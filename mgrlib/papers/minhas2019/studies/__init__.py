"""The experiments on Minhas et al. (2019) whose outcome is a table."""

from mgrlib.papers.minhas2019.studies import features, genres, noise, table

STUDIES = (*noise.STUDIES, *features.STUDIES, *table.STUDIES, *genres.STUDIES)
