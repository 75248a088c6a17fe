"""`mgrlib features`: a table from a folder, whatever lies in it, and on from where it stopped."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf

from mgrlib.cli import main
from mgrlib.features import Vector57

pytestmark = pytest.mark.usefixtures("home")

RATE = 22_050


def noise(seed: int = 0, rate: int = RATE) -> np.ndarray:
    """A second of noise that 16 bits hold exactly."""
    y = 0.1 * np.random.default_rng(seed).standard_normal(rate)
    return np.round(y * 2**14) / 2**15


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two genres of two clips, a second each."""
    for seed, name in enumerate(("jazz/a", "jazz/b", "rock/c", "rock/d")):
        path = tmp_path / "music" / f"{name}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        sf.write(path, noise(seed), RATE)
    return tmp_path / "music"


def table(folder: Path, *more: str, status: int = 0, name: str = "table.parquet") -> pd.DataFrame:
    """What the command writes."""
    out = folder.parent / name
    assert main(["features", str(folder), "--out", str(out), *more]) == status
    return pd.read_parquet(out) if out.suffix == ".parquet" else pd.read_csv(out)


def test_a_row_is_a_clip_with_its_genre_and_57_values(folder):
    rows = table(folder)
    assert list(rows.columns) == ["clip_id", "segment", "genre", *Vector57.columns]
    assert rows["clip_id"].tolist() == ["jazz/a", "jazz/b", "rock/c", "rock/d"]
    assert rows["genre"].tolist() == ["jazz", "jazz", "rock", "rock"]
    values = rows[list(Vector57.columns)].to_numpy(dtype=np.float32)
    np.testing.assert_allclose(values[2], Vector57(RATE)(noise(2).astype(np.float32)), rtol=1e-5)


def test_rows_are_segments_when_asked_for(folder):
    frame = table(folder, "--segment-seconds", "0.3", "--spec", "melrows128", name="table.csv")
    assert frame.shape == (12, 3 + 128)
    assert frame["segment"].tolist() == [0, 1, 2] * 4


def test_two_processes_make_the_table_of_one(folder, home):
    alone = table(folder, name="one.parquet")
    for file in home.rglob("*.npy"):
        file.unlink()
    pd.testing.assert_frame_equal(table(folder, "--jobs", "2", name="two.parquet"), alone)


def test_progress_is_shown(folder, capsys):
    table(folder)
    output = capsys.readouterr().out
    assert "4/4" in output and "4 rows of 4 clips" in output


def test_a_name_of_another_kind_is_refused_before_anything_is_computed(folder, home, capsys):
    assert main(["features", str(folder), "--out", "table.xlsx"]) == 1
    assert ".parquet or .csv" in capsys.readouterr().err
    assert not home.exists()


def test_a_bad_file_ends_the_command_and_is_named(folder, capsys):
    (folder / "rock/c.wav").write_bytes(b"")
    assert main(["features", str(folder), "--out", str(folder.parent / "t.csv")]) == 1
    assert "c.wav" in capsys.readouterr().err


def test_bad_files_are_left_out_on_request_each_with_its_reason(folder, capsys):
    content = (folder / "rock/d.wav").read_bytes()
    (folder / "rock/corrupt.wav").write_bytes(content[:3000])
    (folder / "rock/text.wav").write_text("not music at all")
    (folder / "rock/empty.wav").write_bytes(b"")
    sf.write(folder / "rock/one_sample.wav", np.ones(1), RATE)
    sf.write(folder / "rock/no_samples.wav", np.ones(0), RATE)
    y = noise()
    y[50] = np.nan
    sf.write(folder / "rock/nan.wav", y, RATE, subtype="FLOAT")
    frame = table(folder, "--skip-bad", status=2)
    assert frame["clip_id"].tolist() == ["jazz/a", "jazz/b", "rock/c", "rock/d"]
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("skipped:")]
    assert len(lines) == 6
    for name in ("corrupt", "text", "empty", "one_sample", "no_samples", "nan"):
        assert sum(f"{name}.wav" in line for line in lines) == 1


def test_a_folder_of_nothing_but_bad_files_gets_their_reasons(folder, capsys):
    for path in folder.rglob("*.wav"):
        path.write_text("not music at all")
    assert main(["features", str(folder), "--skip-bad", "--out", str(folder.parent / "t.csv")]) == 1
    message = capsys.readouterr().err
    assert "none of 4" in message and "a.wav" in message and "mgrlib audit" in message
    assert "clip_ids" not in message


@pytest.mark.parametrize("error", [MemoryError(), RecursionError("too deep")])
def test_a_clip_too_large_for_the_memory_is_skipped_like_any_bad_one(
    folder, capsys, monkeypatch, error
):
    original = Vector57.of

    def of(self, sound):
        if len(sound.y) > RATE:
            raise error
        return original(self, sound)

    monkeypatch.setattr(Vector57, "of", of)
    sf.write(folder / "rock/large.wav", noise(rate=RATE + 1), RATE)
    frame = table(folder, "--skip-bad", status=2)
    assert frame["clip_id"].tolist() == ["jazz/a", "jazz/b", "rock/c", "rock/d"]
    assert "rock/large" in capsys.readouterr().out


def test_what_is_passed_over_is_said_in_one_plain_line(folder, capsys):
    sf.write(folder / "loose.wav", noise(), RATE)
    table(folder)
    lines = [line for line in capsys.readouterr().err.splitlines() if "passed over" in line]
    assert len(lines) == 1
    assert lines[0].startswith("mgrlib: folder(")
    assert "1 × audio outside of the genres' folders" in lines[0]


def test_odd_but_sound_files_have_finite_rows(folder):
    sf.write(folder / "rock/silent.wav", np.zeros(RATE), RATE)
    sf.write(folder / "rock/stereo.wav", np.stack([noise(2), noise(2)], axis=1), RATE)
    sf.write(folder / "rock/8khz.wav", noise(rate=8000), 8000)
    sf.write(folder / "rock/loud.flac", np.sign(noise()), RATE)
    rows = table(folder).set_index("clip_id")
    assert np.isfinite(rows[list(Vector57.columns)].to_numpy()).all()
    assert rows.loc["rock/silent", "rms_mean"] == rows.loc["rock/silent", "tempo"] == 0.0
    stereo, mono = (rows.loc[f"rock/{n}", list(Vector57.columns)] for n in ("stereo", "c"))
    np.testing.assert_allclose(stereo.astype(float), mono.astype(float), rtol=1e-4, atol=1e-6)


KILLED = """
import os, sys
import numpy as np
from mgrlib.cli import main
whole, saved = np.save, []
def save(stream, array):
    saved.append(1)
    if len(saved) == 3:
        os._exit(9)
    whole(stream, array)
np.save = save
main(["features", sys.argv[1], "--out", sys.argv[2]])
"""


def test_a_killed_run_goes_on_where_it_stopped(folder, home, monkeypatch):
    arguments = [str(folder), str(folder.parent / "table.parquet")]
    died = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED), *arguments],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        check=False,
    )
    assert died.returncode == 9
    assert not (folder.parent / "table.parquet").exists()
    assert len(list(home.rglob("*.npy"))) == 2
    computed = []
    once = Vector57.of
    monkeypatch.setattr(Vector57, "of", lambda self, sound: computed.append(1) or once(self, sound))
    assert len(table(folder)) == 4
    assert len(computed) == 2
