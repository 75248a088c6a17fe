from __future__ import annotations

import gzip
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from records import RECORD

from mgrlib.errors import RecipeError, StorageError
from mgrlib.experiments.record import Records, read_records, write_records

ROWS = Records(
    tuple(
        replace(RECORD, condition={"system": system, "noise": noise}, value=value, runs=())
        for system, noise, value in (
            ("rows", "none", 0.5),
            ("rows", "25 %", 0.25),
            ("cnn", "none", 0.75),
            ("cnn", "25 %", 0.125),
        )
    )
)


def test_records_come_back_from_their_file_as_they_were(tmp_path):
    path = write_records([RECORD], tmp_path)
    assert path.name == "cnn-mel.music.2-folds-by-clip.epochs-2.json.gz"
    (back,) = read_records(path)
    assert {f: getattr(back, f) for f in ("source", "seeds", "value", "low", "changes")} == {
        f: getattr(RECORD, f) for f in ("source", "seeds", "value", "low", "changes")
    }
    assert back.runs == RECORD.runs
    assert back.details == {"curve": [1, 2]}
    assert np.array_equal(back.predictions().probs, [[0.9, 0.1], [0.2, 0.8]])


def test_the_same_records_give_the_same_bytes(tmp_path):
    first, second = (write_records(ROWS, tmp_path / name).read_bytes() for name in ("a", "b"))
    assert first == second


def test_a_file_holds_what_is_shared_once(tmp_path):
    lines = gzip.decompress(write_records(ROWS, tmp_path).read_bytes()).splitlines()
    content = json.loads(lines[0])
    assert set(content) == {"schema", "shared", "rows"}
    assert len(lines) == 1 + sum(bool(row.runs) for row in ROWS)
    assert all("about" not in row and "source" not in row for row in content["rows"])


def test_records_of_two_runs_are_not_written_to_one_file(tmp_path):
    with pytest.raises(RecipeError, match="one run"):
        write_records([RECORD, replace(RECORD, source="luo2021/other")], tmp_path)
    with pytest.raises(RecipeError, match="got none"):
        write_records([], tmp_path)


def test_numpy_values_are_written_as_numbers(tmp_path):
    record = replace(RECORD, value=np.float64(0.5), details={"n": np.int64(3)})
    (back,) = read_records(write_records([record], tmp_path))
    assert (back.value, back.details["n"]) == (0.5, 3)


def test_rows_are_found_by_their_fields():
    assert len(ROWS.where(system="rows")) == 2
    assert len(ROWS.where(noise=("none", "25 %"))) == 4
    assert len(ROWS.where(data="music", metric="accuracy")) == 4
    assert ROWS.only(system="cnn", noise="25 %").value == 0.125
    assert len(ROWS.where(train_accuracy=0.9, system="cnn")) == 2


@pytest.mark.parametrize("values", [{"system": "rows"}, {"system": "lstm"}])
def test_only_refuses_none_and_several(values):
    with pytest.raises(RecipeError, match="one record"):
        ROWS.only(**values)


def test_tables_keep_the_order_of_the_rows():
    texts = ROWS.pivot("system", "noise")
    assert list(texts.index) == ["rows", "cnn"] and list(texts.columns) == ["none", "25 %"]
    assert texts.loc["cnn", "none"] == ".750 [.500, 1.000] n=2"
    assert ROWS.values("system", "noise").loc["cnn", "25 %"] == 0.125
    assert ROWS.intervals("system", "noise")["rows"]["25 %"].value == 0.25
    assert list(ROWS.frame()["system"]) == ["rows", "rows", "cnn", "cnn"]


def test_tables_have_a_level_for_each_of_several_names():
    table = ROWS.values(("system", "noise"), ("data", "metric"))
    assert list(table.index) == [(row.get("system"), row.get("noise")) for row in ROWS]
    assert table.loc[("cnn", "25 %"), ("music", "accuracy")] == 0.125
    assert table.index.names == ["system", "noise"]


def test_a_table_has_no_room_for_two_records_in_one_cell():
    with pytest.raises(RecipeError, match=r"one record for each cell.*'rows'"):
        ROWS.values("system")


def test_a_cell_without_a_record_stays_empty():
    table = Records(ROWS.rows[:3]).values("system", "noise")
    assert np.isnan(table.loc["cnn", "25 %"])


def test_a_value_without_bounds_has_none():
    record = replace(RECORD, low=None, high=None, n=None)
    assert np.isnan(record.interval.low)
    assert Records((record,)).pivot("source").iloc[0, 0] == ".750"


def test_a_seed_that_was_not_run_is_refused():
    with pytest.raises(RecipeError, match=r"\(0, 3\)"):
        RECORD.predictions(5)


@pytest.mark.parametrize("content", [None, b"", b"text", b"[]", b'{"schema": 1}', b'{"schema": 3}'])
@pytest.mark.parametrize("packed", [True, False])
def test_what_is_no_file_of_records_is_refused_by_name(tmp_path, content, packed):
    path = tmp_path / "odd.json.gz"
    if content is not None:
        path.write_bytes(gzip.compress(content) if packed else content)
    with pytest.raises(RecipeError, match=r"odd\.json\.gz"):
        read_records(path)


def test_a_cut_off_file_is_refused(tmp_path):
    path = write_records(ROWS, tmp_path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(RecipeError, match=path.name.split(".")[0]):
        read_records(path)


def test_runs_are_unpacked_only_when_asked_for(tmp_path):
    path = write_records([RECORD], tmp_path)
    content = bytearray(path.read_bytes())
    content[-12] ^= 0xFF  # in the runs, behind the table
    path.write_bytes(content)
    (back,) = read_records(path)
    assert (back.value, len(back.runs)) == (RECORD.value, len(RECORD.runs))
    with pytest.raises(RecipeError, match=path.name.split(".")[0]):
        back.predictions()


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="cnn-mel"):
        write_records([RECORD], tmp_path / "file")
