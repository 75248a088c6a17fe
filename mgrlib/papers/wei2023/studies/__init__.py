"""Wei et al. (n.d.): experiments that are more than one system's accuracy."""

from __future__ import annotations

from mgrlib.experiments.study import Study

__all__ = ["STUDIES"]

STUDIES: tuple[Study, ...] = ()
