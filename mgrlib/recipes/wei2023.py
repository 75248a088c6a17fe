"""Wei et al. (n.d.): three studies, gathered from a module each.

`wei2023_fusion` has the pictures, the LSTM and both fused.
"""

from __future__ import annotations

from mgrlib.recipes.wei2023_fusion import FUSION

__all__ = ["RECIPES"]

RECIPES = (*FUSION,)
