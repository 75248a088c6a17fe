"""Wei et al. (n.d.), section 5: nine layers on segments of 3, 6 and 9 s.

What the paper leaves open and what we chose:
- *The network.* Its parameters are printed and no layer is: see `mgrlib.models.wei2023`.
- *The split.* "80% on trainset, and 20% on testset", of segments, it seems. The recipes here keep
  the segments of a clip together; `wei2023_leak` does both.
- *Training.* Batches of 16 and 40 epochs are printed; optimiser and learning rate are not. Ours:
  Adam, 0.001. Each coefficient is standardised on the training segments.
- *RMS* is named as a second feature for 3 s; the paper tells no result with it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from mgrlib.features import Concat, Mfcc, Rms
from mgrlib.models.wei2023 import SegmentCnn
from mgrlib.recipes.core import Recipe, Reported
from mgrlib.segments import Cut
from mgrlib.training.config import TrainConfig

__all__ = [
    "AROUND_95",
    "N_PARAMETERS",
    "SEGMENTS",
    "SEGMENT_MFCC",
    "SEGMENT_MFCC_RMS",
    "SETTINGS",
    "layouts",
]

N_PARAMETERS = 2_855_818
SEGMENT_MFCC = Mfcc(22050, n_mfcc=13)
SEGMENT_MFCC_RMS = Concat(SEGMENT_MFCC, Rms(22050))

AROUND_95 = Reported(
    0.95,
    "accuracy of segments",
    2000,
    "80/20 of 10,000 segments at random",
    "section 5.3",
    '"around 95%"; how the segments were divided is not told, but nothing else gives so much',
)
SETTINGS = "widths, optimiser and learning rate are not printed; Adam, 0.001; inputs standardised"
_CLIPS = "clips stay together, and the segments of a test clip answer as one; the paper's do not"

_THREE = Recipe(
    "wei2023/segment-3s",
    "SegmentCnn, MFCC of 3 s",
    (SEGMENT_MFCC,),
    SegmentCnn,
    TrainConfig(epochs=40, batch_size=16, lr=1e-3),
    how=Cut(3.0),
    scaling="coefficient",
    reported=(AROUND_95,),
    deviations=(SETTINGS, _CLIPS),
)


def _variant(system: str, title: str, **changes: Any) -> Recipe:
    ours = replace(_THREE, name=f"wei2023/segment-{system}", title=title, reported=())
    return replace(ours, **changes)


_LENGTHS = tuple(
    _variant(f"{seconds}s", f"SegmentCnn, MFCC of {seconds} s", how=Cut(float(seconds)))
    for seconds in (6, 9)
)
_RMS = _variant("3s-rms", "SegmentCnn, MFCC and RMS of 3 s", features=(SEGMENT_MFCC_RMS,))
_SAME_COUNT = tuple(
    _variant(f"3s-net{i}", f"same count: {title}", options=SegmentCnn.same_count[title])
    for i, title in enumerate(SegmentCnn.same_count, start=2)
)


SEGMENTS = (_THREE, *_LENGTHS, _RMS, *_SAME_COUNT)


def layouts(n_parameters: int, widths: Sequence[int], dense: Sequence[int]) -> list[dict[str, Any]]:
    """The nets of nine layers on 13 MFCC of 130 frames that have exactly so many parameters.

    Tried are four to eight convolutions of 3×3 whose width never falls, with batch normalisation
    or without, with every number of poolings of 2×2 that keep or drop an odd row, and linear layers
    up to nine layers in all, to ten genres.

    Args:
        widths, dense: the widths that a convolution and a linear layer may have, in rising order.
    """
    found = []
    for n_convolutions in range(4, 9):
        chains = itertools.combinations_with_replacement(widths, n_convolutions)
        for chain, norm in itertools.product(chains, (False, True)):
            pairs = zip((1, *chain), chain, strict=False)
            n = sum((9 * a + 1) * b for a, b in pairs) + 2 * norm * sum(chain)
            for n_poolings, ceil in itertools.product(range(n_convolutions + 1), (False, True)):
                n_inputs = (
                    chain[-1] * _halved(13, n_poolings, ceil) * _halved(130, n_poolings, ceil)
                )
                for hidden in _falling(dense, 8 - n_convolutions):
                    if n + _n_dense((n_inputs, *hidden, 10)) == n_parameters:
                        net = {"widths": chain, "norm": norm, "dense": hidden}
                        found.append({**net, "n_poolings": n_poolings, "ceil": ceil})
    return found


def _halved(n: int, times: int, ceil: bool) -> int:
    for _ in range(times):
        n = (n + ceil) // 2
    return n


def _falling(dense: Sequence[int], n: int) -> Iterator[tuple[int, ...]]:
    """All choices of n widths that never rise."""
    return itertools.combinations_with_replacement(tuple(reversed(dense)), n)


def _n_dense(sizes: tuple[int, ...]) -> int:
    return sum((a + 1) * b for a, b in itertools.pairwise(sizes)) if sizes[0] else 0
