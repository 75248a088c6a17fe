"""Wei et al. (n.d.): three studies, gathered from their modules.

`wei2023_fusion` has the pictures, the LSTM and both fused; `wei2023_segments` the network for
segments, `wei2023_leak` what a random split of segments is worth, and `wei2023_compression` what
makes networks smaller.
"""

from __future__ import annotations

from mgrlib.recipes.wei2023_compression import COMPRESSION
from mgrlib.recipes.wei2023_fusion import FUSION
from mgrlib.recipes.wei2023_leak import LEAK
from mgrlib.recipes.wei2023_segments import SEGMENTS

__all__ = ["RECIPES"]

RECIPES = (*FUSION, *SEGMENTS, *LEAK, *COMPRESSION)
