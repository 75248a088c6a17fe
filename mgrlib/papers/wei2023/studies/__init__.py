"""Wei et al. (n.d.): experiments that are more than one system's accuracy."""

from __future__ import annotations

from mgrlib.papers.wei2023.studies.distillation import DISTILLATION
from mgrlib.papers.wei2023.studies.int8 import INT8
from mgrlib.papers.wei2023.studies.leak import LEAK
from mgrlib.papers.wei2023.studies.missing import MISSING
from mgrlib.papers.wei2023.studies.pocket import POCKET
from mgrlib.papers.wei2023.studies.pruning import PRUNING

STUDIES = (*MISSING, *LEAK, *PRUNING, *INT8, *DISTILLATION, *POCKET)
