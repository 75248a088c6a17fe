from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from mgrlib.compression.huffman import (
    canonical_codes,
    code_lengths,
    decode,
    encode,
    entropy_bits,
)
from mgrlib.errors import MgrError


def test_frequent_symbols_get_short_codes():
    """The example of every textbook: 45, 13, 12, 16, 9 and 5 of a hundred need 224 bits."""
    counts = np.array([45, 13, 12, 16, 9, 5])
    lengths = code_lengths(counts)
    assert lengths.tolist() == [1, 3, 3, 3, 4, 4]
    assert (counts * lengths).sum() == 224


def test_no_code_begins_another():
    lengths = code_lengths(np.array([3, 1, 4, 1, 5, 9, 2, 6]))
    words = [f"{c:0{n}b}" for c, n in zip(canonical_codes(lengths), lengths, strict=True)]
    assert not [1 for a, b in product(words, words) if a != b and b.startswith(a)]
    assert sum(2.0**-n for n in lengths) == 1.0


def test_the_mean_length_is_within_a_bit_of_the_entropy():
    counts = np.random.default_rng(0).integers(1, 1000, 50)
    mean = (counts * code_lengths(counts)).sum() / counts.sum()
    assert entropy_bits(counts) <= mean < entropy_bits(counts) + 1


@pytest.mark.parametrize(
    "symbols",
    [
        [],
        [7],
        [0] * 1000,
        [255, 0, 255],
        [int(s) for s in np.random.default_rng(1).geometric(0.3, 5000) % 256],
        [int(s) for s in np.random.default_rng(2).integers(0, 256, 3000)],
    ],
    ids=["nothing", "one", "constant", "ends", "skew", "even"],
)
def test_what_is_encoded_is_decoded(symbols):
    data = encode(np.array(symbols, dtype=np.int64))
    assert decode(data, len(symbols)).tolist() == symbols


def test_bits_are_spent_as_the_lengths_say():
    symbols = np.array([0] * 45 + [1] * 13 + [2] * 12 + [3] * 16 + [4] * 9 + [5] * 5)
    assert len(encode(symbols)) == 1 + 6 + 224 // 8


def test_codes_longer_than_a_machine_word_would_be_are_no_trouble():
    fibonacci = [1, 1]
    while len(fibonacci) < 24:
        fibonacci.append(fibonacci[-1] + fibonacci[-2])
    symbols = np.repeat(np.arange(24), fibonacci)
    assert code_lengths(np.array(fibonacci)).max() == 23
    assert np.array_equal(decode(encode(symbols), len(symbols)), symbols)


def test_data_that_end_too_early_are_refused():
    data = encode(np.arange(200) % 7)
    with pytest.raises(MgrError, match="200 symbols"):
        decode(data[:-20], 200)


def test_symbols_beyond_a_byte_are_refused():
    with pytest.raises(MgrError, match="256"):
        encode(np.array([0, 256]))
