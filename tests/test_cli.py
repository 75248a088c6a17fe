from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from mgrlib import __version__
from mgrlib.cli import main
from mgrlib.recipes import ledger
from mgrlib.recipes.core import read_result

RATE = 8000


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty store for each test."""
    monkeypatch.setenv("MGRLIB_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Two genres of two artists with two clips each, a second long: noise, bright and dull."""
    rng = np.random.default_rng(0)
    for genre in ("bright", "dull"):
        for i in range(4):
            path = tmp_path / "music" / genre / f"artist{i // 2}{genre}" / f"{i}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            y = 0.1 * rng.standard_normal(RATE)
            sf.write(path, y if genre == "bright" else np.cumsum(y) / 50, RATE)
    return tmp_path / "music"


def run(music: Path, *more: str) -> int:
    """The status of a short run of the smallest trial."""
    short = ["--data", "folder", "--root", str(music), "--folds", "2", "--epochs", "1"]
    return main(["run", "luo2021/cnn-mfcc", *short, *more])


def refused(capsys, status: int, expected: int = 1) -> str:
    """What stderr tells of a refusal: one line in the house form, and no traceback."""
    told = capsys.readouterr().err
    assert status == expected
    assert told.startswith("mgrlib: ")
    assert "Traceback" not in told
    return told


def test_list_shows_every_recipe_with_what_its_paper_reports(capsys):
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines} == {one.name for one in ledger.listed()}
    assert len(lines) == len(ledger.listed())
    (mel,) = [line for line in lines if line.startswith("luo2021/cnn-mel ")]
    assert "accuracy 0.705 (table 2)" in mel


def test_list_takes_a_paper(capsys):
    assert main(["list", "luo2021"]) == 0
    assert all(line.startswith("luo2021/") for line in capsys.readouterr().out.splitlines())


def test_an_unknown_paper_is_refused_with_the_ones_there_are(capsys):
    assert "luo2021" in refused(capsys, main(["list", "luo1999"]))
    assert "luo2021" in refused(capsys, main(["compare", "luo1999"]))


def test_a_run_writes_its_result_and_says_where(music, home, capsys):
    assert run(music, "--seeds", "2") == 0
    path = home / "results" / "luo2021" / "cnn-mfcc.music.2-folds-by-group.json"
    assert str(path) in capsys.readouterr().out
    result = read_result(path)
    assert result.seeds == (0, 1)
    assert result.protocol == "2 folds by group"
    assert result.config["epochs"] == 1
    assert result.data["n_clips"] == 8


def test_a_result_goes_to_the_folder_asked_for(music, tmp_path):
    assert run(music, "--out", str(tmp_path / "mine")) == 0
    assert (tmp_path / "mine" / "luo2021" / "cnn-mfcc.music.2-folds-by-group.json").exists()


def test_artists_with_folders_are_kept_together(music, home):
    assert run(music) == 0
    result = read_result(home / "results" / "luo2021" / "cnn-mfcc.music.2-folds-by-group.json")
    assert result.protocol == "2 folds by group"
    for one in result.runs:
        tested = one["predictions"]["clip_ids"]
        assert len({clip.split("/")[1] for clip in tested}) == 2


def test_clips_without_artists_are_split_by_clip_and_may_be_left_out(music, home, capsys):
    for k, path in enumerate(sorted(music.rglob("*.wav"))):
        path.rename(path.parent.parent / f"{'abcdefgh'[k]}.wav")
        if not any(path.parent.iterdir()):
            path.parent.rmdir()
    assert run(music, "--exclude", "bright/a", "dull/h") == 0
    assert "2 folds by clip" in capsys.readouterr().out
    result = read_result(home / "results" / "luo2021" / "cnn-mfcc.music.2-folds-by-clip.json")
    assert result.data["n_clips"] == 6


def test_no_folds_are_one_holdout(music, home):
    assert run(music, "--folds", "0", "--by", "clip") == 0
    result = read_result(home / "results" / "luo2021" / "cnn-mfcc.music.80-20-by-clip.json")
    assert result.protocol == "80%/20% by clip"


def test_compare_sets_the_run_beside_the_paper(music, capsys):
    run(music)
    capsys.readouterr()
    assert main(["compare", "luo2021"]) == 0
    lines = capsys.readouterr().out.splitlines()
    (mine,) = [line for line in lines if "music" in line]
    assert mine.startswith("luo2021/cnn-mfcc ")
    assert "0.210" in mine
    assert "music, 8 clips, 2 folds by group, 1 seeds" in mine
    listed = {one.name for one in ledger.listed("luo2021")}
    assert {line.split()[0] for line in lines[1:]} == listed


def test_compare_says_what_was_not_run(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(ledger, "results", lambda paper, folder: ())
    assert main(["compare", "luo2021", "--results", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()[1:]
    assert all(line.endswith("not run") for line in lines)


def test_compare_works_for_a_paper_that_reports_nothing(capsys, monkeypatch):
    ours = [one for one in ledger.recipes("luo2021") if not one.reported]
    monkeypatch.setattr(ledger, "listed", lambda paper=None: ours)
    monkeypatch.setattr(ledger, "results", lambda paper, folder: ())
    assert main(["compare", "luo2021"]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1 + len(ours)


@pytest.mark.parametrize("name", ["luo2021/cnn", "luo1999", "luo2021/x*"])
def test_an_unknown_recipe_is_refused_with_the_remedy(music, capsys, name):
    told = refused(capsys, main(["run", name, "--data", "folder", "--root", str(music)]))
    assert name in told
    assert "mgrlib list" in told


@pytest.mark.parametrize("data", ["gtzan", "folder"])
def test_data_without_their_folder_are_refused_with_the_remedy(capsys, data):
    told = refused(capsys, main(["run", "luo2021/cnn-mfcc", "--data", data]))
    assert "add --root PATH" in told


@pytest.mark.parametrize("data", ["gtzan", "folder"])
def test_a_folder_that_is_not_there_is_named(capsys, tmp_path, data):
    nowhere = str(tmp_path / "nowhere")
    told = refused(capsys, main(["run", "luo2021/cnn-mfcc", "--data", data, "--root", nowhere]))
    assert nowhere in told


def test_a_folder_with_one_genre_is_refused(capsys, music):
    shutil.rmtree(music / "dull")
    assert "only 'bright'" in refused(capsys, run(music))


def test_a_file_that_is_no_audio_is_named(capsys, music):
    (music / "dull" / "artist0dull" / "0.wav").write_text("not music")
    assert "0.wav" in refused(capsys, run(music))


def test_a_clip_that_is_too_short_is_named(capsys, music):
    sf.write(music / "dull" / "artist0dull" / "0.wav", np.ones(1), RATE)
    assert "0.wav" in refused(capsys, run(music))


@pytest.mark.parametrize(
    "wrong",
    [
        ("--epochs", "0"),
        ("--folds", "1"),
        ("--folds", "-3"),
        ("--seeds", "0"),
    ],
)
def test_a_number_that_makes_no_sense_is_refused(capsys, music, wrong):
    refused(capsys, run(music, *wrong))


def test_a_store_that_cannot_be_written_names_the_remedy(capsys, music, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("MGRLIB_HOME", str(tmp_path / "file"))
    assert "MGRLIB_HOME" in refused(capsys, run(music))


def test_an_interruption_has_the_shells_status_and_keeps_what_was_done(capsys, music, monkeypatch):
    from mgrlib.recipes import core

    whole, trained = core.fit, []

    def interrupt(*args, **options):
        trained.append(1)
        if len(trained) == 2:
            raise KeyboardInterrupt
        return whole(*args, **options)

    monkeypatch.setattr(core, "fit", interrupt)
    assert run(music) == 130
    assert "what was finished is kept" in capsys.readouterr().err
    assert run(music) == 0
    assert len(trained) == 3
    assert run(music, "--fresh") == 0
    assert len(trained) == 5


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["dance"],
        ["run"],
        ["run", "luo2021", "--data", "spotify"],
        ["run", "luo2021", "--jobs", "0"],
        ["run", "luo2021", "--seeds", "two"],
    ],
)
def test_wrong_usage_has_status_2_and_shows_the_usage(capsys, arguments):
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    assert "usage: mgrlib" in capsys.readouterr().err


def test_the_module_is_the_command():
    """One process of its own: what the shell sees."""
    done = subprocess.run(
        [sys.executable, "-m", "mgrlib", "compare", "luo1999"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith("mgrlib: recipes: expected a paper among")


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit) as left:
        main(["--version"])
    assert left.value.code == 0
    assert capsys.readouterr().out == f"mgrlib {__version__}\n"
