"""Which networks of nine layers have exactly as many parameters as the paper prints."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any


def layouts(
    n_parameters: int, widths: Sequence[int], dense: Sequence[int], *, n_frames: int = 130
) -> list[dict[str, Any]]:
    """List the nets of nine layers on 13 MFCC of a segment that have exactly so many parameters.

    Tried are four to eight convolutions of 3×3 whose width never falls, with batch normalization
    or without, with every number of poolings of 2×2 that keep or drop an odd row, and linear layers
    up to nine layers in all, to ten genres.

    Args:
        widths, dense: the widths that a convolution and a linear layer may have, in rising order.
        n_frames: of a segment; 3 s at 22,050 Hz and a hop of 512 have 130.
    """
    fitting = []
    for n_convolutions in range(4, 9):
        chains = itertools.combinations_with_replacement(widths, n_convolutions)
        for chain, norm in itertools.product(chains, (False, True)):
            pairs = zip((1, *chain), chain, strict=False)
            n = sum((9 * a + 1) * b for a, b in pairs) + 2 * norm * sum(chain)
            for n_poolings, ceil in itertools.product(range(n_convolutions + 1), (False, True)):
                n_places = _halved(13, n_poolings, ceil) * _halved(n_frames, n_poolings, ceil)
                n_inputs = chain[-1] * n_places
                for hidden in _falling(dense, 8 - n_convolutions):
                    if n + _n_dense((n_inputs, *hidden, 10)) == n_parameters:
                        net = {"widths": chain, "norm": norm, "dense": hidden}
                        fitting.append({**net, "n_poolings": n_poolings, "ceil": ceil})
    return fitting


def _halved(n: int, times: int, ceil: bool) -> int:
    for _ in range(times):
        n = (n + ceil) // 2
    return n


def _falling(dense: Sequence[int], n: int) -> Iterator[tuple[int, ...]]:
    """All choices of n widths that never rise."""
    return itertools.combinations_with_replacement(tuple(reversed(dense)), n)


def _n_dense(sizes: tuple[int, ...]) -> int:
    return sum((a + 1) * b for a, b in itertools.pairwise(sizes)) if sizes[0] else 0
