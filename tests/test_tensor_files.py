"""Files of tensors from anywhere: read, or refused by a message that names them."""

from __future__ import annotations

import os
import pickle
import zipfile
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mgrlib.errors import StorageError
from mgrlib.systems.system import read_saved
from mgrlib.tensor_files import read_tensors

STATE = {"mean": torch.zeros(3, 1), "std": torch.ones(3, 1)}
GOOD = {
    "format": 1,
    "recipe": "luo2021/cnn-mfcc",
    "key": "luo2021/cnn-mfcc-v1",
    "genres": ["blues", "rock"],
    "about": {"seed": 0},
    "states": [STATE],
    "classifier": {"kind": "network", "weights": {"layer.weight": torch.ones(4)}},
}
QUICK = settings(
    deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def refusal(path: Path) -> str:
    """The message that refuses a file; it names the file, and no way around the refusal."""
    with pytest.raises(StorageError) as caught:
        read_saved(path)
    message = str(caught.value)
    assert str(path) in message
    assert "weights_only" not in message
    assert len(message) < 1000
    return message


def saved(path: Path, content: object) -> Path:
    torch.save(content, path)
    return path


def test_a_good_file_is_read(tmp_path):
    path = saved(tmp_path / "net.pt", GOOD)
    assert read_saved(path)["recipe"] == GOOD["recipe"]
    assert read_tensors(path)["genres"] == ["blues", "rock"]


class Program:
    """What runs a command when a careless program unpickles it."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.system, ("touch /tmp/never",)


@pytest.mark.parametrize("old_form", [False, True])
def test_a_program_is_refused_without_advice_to_run_it(tmp_path, old_form):
    path = tmp_path / "net.pt"
    torch.save({**GOOD, "about": Program()}, path, _use_new_zipfile_serialization=not old_form)
    assert "could run a program" in refusal(path)
    path.write_bytes(pickle.dumps(Program()))
    refusal(path)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("format", 2),
        ("recipe", 3),
        ("about", None),
        ("genres", "blues"),
        ("genres", [1, 2]),
        ("genres", []),
        ("genres", ["blues", "blues"]),
        ("genres", ["x"] * 20_000),
        ("genres", [str(k) for k in range(20_000)]),
        ("states", 0.0),
        ("states", [torch.zeros(3)]),
        ("states", [{**STATE, "mean": torch.full((3, 1), float("nan"))}]),
        ("states", [{**STATE, "mean": torch.zeros(3, 1, dtype=torch.int64)}]),
        ("states", [{**STATE, "mean": torch.zeros(1).expand(1 << 40)}]),
        ("classifier", [torch.ones(4)]),
    ],
)
def test_a_part_of_another_kind_is_refused(tmp_path, part, value):
    refusal(saved(tmp_path / "net.pt", {**GOOD, part: value}))


@pytest.mark.parametrize("part", GOOD)
def test_a_missing_part_is_named(tmp_path, part):
    content = {name: value for name, value in GOOD.items() if name != part}
    assert part in refusal(saved(tmp_path / "net.pt", content))


def test_a_list_of_fifty_million_genres_is_refused_before_it_is_read(tmp_path):
    path = saved(tmp_path / "net.pt", GOOD)
    names = b"\x80\x02](" + b"K\x01" * 50_000_000 + b"e."
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(tmp_path / "big.pt", "w") as target:
        for entry in source.infolist():
            is_list = entry.filename.endswith(".pkl")
            target.writestr(entry.filename, names if is_list else source.read(entry))
    assert "too long" in refusal(tmp_path / "big.pt")


def test_a_file_that_unpacks_to_far_more_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.pt", "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("archive/data.pkl", b"\0" * 30_000_000)
        target.writestr("archive/data/0", b"\0" * 30_000_000)
    assert "unpacks" in refusal(tmp_path / "bomb.pt")


@pytest.mark.parametrize("content", [3, [1], torch.ones(3), None, "text"])
def test_what_is_no_table_is_refused(tmp_path, content):
    refusal(saved(tmp_path / "net.pt", content))


@pytest.mark.skipif(os.name != "posix", reason="FIFOs and device files")
def test_what_is_no_regular_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "fifo.pt")
    (tmp_path / "zero.pt").symlink_to("/dev/zero")
    for name in ("fifo.pt", "zero.pt", "nowhere.pt", "no\0name.pt"):
        refusal(tmp_path / name)


@QUICK
@given(position=st.integers(0), bit=st.integers(0, 7))
def test_a_changed_bit_changes_no_value(tmp_path, position, bit):
    path = saved(tmp_path / "net.pt", GOOD)
    content = bytearray(path.read_bytes())
    content[position % len(content)] ^= 1 << bit
    path.write_bytes(content)
    try:
        loaded = read_tensors(path)
    except StorageError as error:
        assert str(path) in str(error)
    else:  # a bit that means nothing, such as a date in the archive's list
        assert loaded["genres"] == GOOD["genres"]
        assert torch.equal(loaded["classifier"]["weights"]["layer.weight"], torch.ones(4))
        assert torch.equal(loaded["states"][0]["mean"], torch.zeros(3, 1))


@QUICK
@given(st.binary(max_size=300))
def test_any_bytes_are_refused(tmp_path, content):
    (tmp_path / "net.pt").write_bytes(content)
    refusal(tmp_path / "net.pt")
