"""The exact sliding median of 31 values, computed for a whole array at once.

Sixteen neighboring windows of 31 values have 16 values in common, which are sorted once for all
sixteen. Each window has 15 more values; whatever they are, the median of all 31 is among the 16.
Next, the windows are split into two halves of eight. The windows of a half have 8 more values in
common, and of these 24 values only the middle 8 can still be a median. The windows are then split
into fours, pairs and single windows. Each time half as many values are added and the middle third
is kept, until a single value is left, which is the median.

The added values are runs of 8, 4, 2 or 1, which are already sorted: sorting the 16 values by
merging sorted these runs on the way. Sorting and keeping the middle third are fixed sequences of
minima and maxima of whole arrays, about 20 operations per median, without any branches.
"""

from __future__ import annotations

import numpy as np

from mgrlib.features.spectrum import FloatArray

KERNEL = 31
GROUP = 16  # windows whose medians are computed together
PIECE = 12_000  # values per buffer: many compared with the cost of a call, few enough for the cache
COLUMNS = 1100

Rows = list[np.ndarray]


def sliding_median(x: np.ndarray) -> FloatArray:
    """The median of every 31 neighbors along the first axis: (L, W) -> (L, W) float32.

    The ends are mirrored. The result equals `scipy.ndimage.median_filter(x, size=(31, 1),
    mode="reflect")` bit for bit and takes a thirtieth of the time.

    >>> spike = np.zeros((60, 1))
    >>> spike[20:30] = 1.0
    >>> float(sliding_median(spike).max())
    0.0
    """
    length, width = x.shape
    n_groups = -(-length // GROUP)
    padded = _mirror_ends(x, GROUP * (n_groups + 2))
    out = np.empty((GROUP * n_groups, width), dtype=np.float32)
    n_columns = _piece_size(width, COLUMNS)
    step = _piece_size(n_groups, max(1, PIECE // n_columns))
    for start in range(0, n_groups, step):
        stop = min(start + step, n_groups)
        for first_column in range(0, width, n_columns):
            columns = slice(first_column, first_column + n_columns)
            medians = _medians(padded[GROUP * start : GROUP * (stop + 2), columns])
            for i, median in enumerate(medians):
                out[GROUP * start + i : GROUP * stop : GROUP, columns] = median
    return out[:length]


def _piece_size(n: int, largest: int) -> int:
    """The size, at most `largest`, of the pieces that divide `n` most evenly."""
    return -(-n // -(-n // largest))


def _mirror_ends(x: np.ndarray, length: int) -> FloatArray:
    """Mirror 15 values at each end, and copy all to index 1 and later of a longer array.

    No window in the result contains index 0 or anything after the end.
    """
    half = KERNEL // 2
    out = np.zeros((length, x.shape[1]), dtype=np.float32)
    out[1 : 1 + len(x) + 2 * half] = np.pad(x, ((half, half), (0, 0)), mode="symmetric")
    return out


def _medians(values: np.ndarray) -> Rows:
    """(16 (G + 2), W) -> the medians of G groups of windows: 16 arrays (G, W), one per window.

    Window i of group g contains the values from index 16 g + i + 1 to 16 g + i + 31.
    """
    n_groups = len(values) // GROUP - 2
    runs = {1: [[np.ascontiguousarray(values[i::GROUP])] for i in range(GROUP)]}
    for size in (2, 4, 8, 16):
        shorter = runs[size // 2]
        runs[size] = [_merge(a, b) for a, b in zip(shorter[::2], shorter[1::2], strict=True)]

    def of_block(run: Rows, block: int) -> Rows:
        return [row[block : block + n_groups] for row in run]

    def descend(candidates: Rows, first: int, half: int) -> Rows:
        """The medians of 2 * half windows from `first` on, given their common candidates."""
        if half == 0:
            return candidates
        values_before = of_block(runs[half][first // half + 1], 0)
        values_after = of_block(runs[half][first // half], 2)
        medians = descend(_middle(candidates, values_before), first, half // 2)
        return medians + descend(_middle(candidates, values_after), first + half, half // 2)

    return descend(of_block(runs[GROUP][0], 1), 0, GROUP // 2)


def _merge(a: Rows, b: Rows) -> Rows:
    """Merge two sorted runs of the same length (Batcher's odd-even merge)."""
    if len(a) == 1:
        return [np.minimum(a[0], b[0]), np.maximum(a[0], b[0])]
    evens, odds = _merge(a[::2], b[::2]), _merge(a[1::2], b[1::2])
    out = [evens[0]]
    for x, y in zip(odds[:-1], evens[1:], strict=True):
        out += [np.minimum(x, y), np.maximum(x, y)]
    return [*out, odds[-1]]


def _middle(long: Rows, short: Rows) -> Rows:
    """The middle third, sorted, of a sorted run of 2 n values and a sorted run of n values.

    First the smaller two thirds are found, as the minima of one run against the other in reverse
    order, and then their larger half. Both steps give bitonic runs, which `_sort_bitonic` sorts.
    """
    n = len(short)
    smaller = [np.minimum(a, b) for a, b in zip(long[n:], short[::-1], strict=True)]
    return _sort_bitonic([np.maximum(a, b) for a, b in zip(long[:n], smaller, strict=True)])


def _sort_bitonic(run: Rows) -> Rows:
    """Sort a run that rises and falls once (Batcher's bitonic sequence)."""
    half = len(run) // 2
    if half == 0:
        return run
    low = [np.minimum(a, b) for a, b in zip(run[:half], run[half:], strict=True)]
    high = [np.maximum(a, b) for a, b in zip(run[:half], run[half:], strict=True)]
    return _sort_bitonic(low) + _sort_bitonic(high)
