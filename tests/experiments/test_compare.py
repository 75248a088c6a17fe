from __future__ import annotations

import json
from dataclasses import replace

import pytest
from records import RECORD

from mgrlib.errors import RecipeError
from mgrlib.experiments.compare import Listed, compared
from mgrlib.experiments.ledger import Printed, read_ledger

NET = Listed("luo2021/net", "Net", "recipe", 1)
NOISE = Listed("luo2021/noise", "Noise", "study", 2)
NUMBER = Printed(0.7, "Net", "table 2", "accuracy", 200, source="luo2021/net")
NOISY = Printed(
    0.3, "Net, noisy", "table 3", "accuracy", source="luo2021/noise", condition={"noise": "25 %"}
)
MEASURED = replace(RECORD, source="luo2021/net")
ROWS = [
    replace(RECORD, source="luo2021/noise", version=2, condition={"noise": noise, "system": "net"})
    for noise in ("25 %", "50 %")
]


def test_a_printed_number_stands_beside_our_record():
    (pair,) = compared([NET], [MEASURED], [NUMBER])
    assert pair.printed is NUMBER and pair.record is MEASURED
    assert pair.title == "Net" and pair.current and not pair.own


def test_a_study_has_a_pair_for_every_record_and_the_numbers_of_its_conditions():
    pairs = compared([NOISE], ROWS, [NOISY])
    assert [pair.printed for pair in pairs] == [NOISY, None]
    assert [pair.title for pair in pairs] == ["25 %, net", "50 %, net"]


def test_numbers_that_were_not_run_and_recipes_without_either_keep_a_row():
    assert [(p.printed, p.record) for p in compared([NET], [], [NUMBER])] == [(NUMBER, None)]
    assert [(p.printed, p.record) for p in compared([NET], [], [])] == [(None, None)]


def test_equal_values_do_not_swallow_each_other():
    twin = replace(NUMBER, what="Net, again", place="table 4")
    assert [p.printed for p in compared([NET], [MEASURED], [NUMBER, twin])] == [NUMBER, twin]


def test_own_records_stand_beside_the_books_and_never_in_their_place():
    pairs = compared([NET], [MEASURED], [NUMBER], own=[replace(MEASURED, value=0.1)])
    assert [(p.record.value, p.own) for p in pairs] == [(0.75, False), (0.1, True)]


def test_records_of_an_older_version_are_marked():
    (pair,) = compared([NET], [replace(MEASURED, version=0)], [])
    assert not pair.current


def test_rows_are_chosen_by_name_and_by_data():
    table = compared([NET, NOISE], [MEASURED, *ROWS], [NUMBER, NOISY])
    assert [p.listed for p in table.of("noise", "net")] == [NOISE, NOISE, NET]
    assert len(table.where(data="music")) == 3 and len(table.where(data="other")) == 0
    frame = table.frame()
    assert list(frame["reported"].dropna()) == [0.7, 0.3]
    assert frame["n"].tolist() == [2, 2, 2]


def test_rows_with_a_printed_number_are_chosen_and_tables_joined():
    table = compared([NET, NOISE], [MEASURED, *ROWS], [NUMBER, NOISY])
    assert [pair.printed for pair in table.reported()] == [NUMBER, NOISY]
    assert list(table.of("noise") + table.of("net")) == list(table.of("noise", "net"))


def test_a_printed_number_may_name_the_metric_of_a_study_that_has_several():
    rows = [replace(ROWS[0], metric=metric) for metric in ("accuracy", "mean recall")]
    number = replace(NOISY, condition={**rows[0].condition, "metric": "mean recall"})
    pairs = compared([NOISE], rows, [number])
    assert [pair.printed for pair in pairs] == [None, number]


@pytest.mark.parametrize("wrong", [{"place": " "}, {"what": ""}])
def test_a_number_without_place_or_meaning_is_refused(wrong):
    with pytest.raises(RecipeError, match="what and where"):
        replace(NUMBER, **wrong)


@pytest.mark.parametrize("content", ["", "[1]", '[{"value": 1}]', '[{"speed": 1}]'])
def test_a_damaged_ledger_is_named(tmp_path, content):
    path = tmp_path / "printed.json"
    path.write_text(content)
    with pytest.raises(RecipeError, match=r"printed\.json"):
        read_ledger(path)


def test_a_ledger_is_read_in_its_order(tmp_path):
    path = tmp_path / "printed.json"
    entries = [{"value": v, "what": "a", "place": "b", "inferred": ["n"]} for v in (3, 1, 2)]
    path.write_text(json.dumps(entries))
    assert [entry.value for entry in read_ledger(path)] == [3, 1, 2]
    assert read_ledger(path)[0].inferred == ("n",)
