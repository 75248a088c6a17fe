"""Wei et al. (n.d.), section 6: compression, gathered from its modules.

`wei2023_pruning` has the MLP made smaller, `wei2023_int8` networks in eight bits,
`wei2023_distil` the large network that teaches a small one, and `wei2023_costs` what every network
of the book costs.
"""

from __future__ import annotations

from mgrlib.recipes.wei2023_costs import COSTS
from mgrlib.recipes.wei2023_distil import DISTILLATION
from mgrlib.recipes.wei2023_int8 import INT8
from mgrlib.recipes.wei2023_pruning import PRUNING

__all__ = ["COMPRESSION"]

COMPRESSION = (*PRUNING, *INT8, *DISTILLATION, *COSTS)
