"""The ledger of Minhas et al. (2019): table 1 is complete, and says what its numbers count."""

from __future__ import annotations

import numpy as np

from mgrlib import papers

TABLE_1 = [e for e in papers.printed("minhas2019") if e.source]
CLEAN = [e for e in TABLE_1 if not e.condition]


def test_table_1_has_its_ten_numbers_and_lacks_the_two_that_were_not_run():
    assert sorted((e.value for e in TABLE_1), reverse=True) == [
        *(0.3341, 0.3215, 0.209, 0.205, 0.146, 0.146, 0.105, 0.1, 0.1, 0.1),
    ]
    noisy = [(e.condition["system"], e.condition["noise"]) for e in TABLE_1 if e.condition]
    assert ("cnn", "25 %") in noisy
    assert not {("cnn", "50 %"), ("cnn", "75 %")} & set(noisy)


def test_the_noisy_numbers_count_a_thousand_clips_and_the_clean_ones_two_hundred():
    for entry in TABLE_1:
        assert entry.n == (1000 if entry.condition else 200)
        assert entry.condition.get("clips", "same clips") == "same clips"


def test_two_of_the_clean_numbers_are_no_share_of_two_hundred_clips():
    shares = np.arange(201) / 200
    possible = {e.source: bool(np.isclose(shares, e.value, atol=1e-6).any()) for e in CLEAN}
    assert possible == {
        "minhas2019/features": False,
        "minhas2019/rows": True,
        "minhas2019/cnn": False,
    }


def test_every_number_of_table_1_has_a_record_on_real_clips():
    table = papers.compare("minhas2019", data="gtzan-mini").reported()
    assert sorted(pair.printed.value for pair in table) == sorted(e.value for e in TABLE_1)
