from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from mgrlib import __version__, papers
from mgrlib.cli import PROTOCOLS, main
from mgrlib.experiments.protocol import NAMED
from mgrlib.experiments.record import read_records

pytestmark = pytest.mark.usefixtures("home")

RATE = 8000
FILE = "cnn-mfcc.music.2-folds-by-group.epochs-1.json.gz"


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
    text = capsys.readouterr().err
    assert status == expected
    assert text.startswith("mgrlib: ")
    assert "Traceback" not in text
    return text


def test_list_shows_every_recipe_with_what_its_paper_reports(capsys):
    assert main(["list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line.split()[0] for line in lines} == {item.name for item in papers.listing()}
    assert len(lines) == len(papers.listing())
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
    path = home / "results" / "luo2021" / "cnn-mfcc.music.2-folds-by-group.epochs-1.json.gz"
    assert str(path) in capsys.readouterr().out
    (record,) = read_records(path)
    assert record.seeds == (0, 1)
    assert record.protocol == "2 folds by group"  # the folder's artists are known
    assert record.changes == {"epochs": 1}
    assert record.data["n_clips"] == 8


def test_a_run_adds_seeds_to_an_earlier_result(music, home, tmp_path, monkeypatch, capsys):
    assert run(music, "--out", str(tmp_path)) == 0
    (first,) = read_records(tmp_path / "luo2021" / FILE)
    monkeypatch.setenv("MGRLIB_HOME", str(tmp_path / "another computer"))
    assert run(music, "--out", str(tmp_path), "--known", str(tmp_path), "--seeds", "2") == 0
    assert f"2 folds of {tmp_path} are not trained again" in capsys.readouterr().out
    (second,) = read_records(tmp_path / "luo2021" / FILE)
    assert second.seeds == (0, 1)
    assert [run["seconds"] for run in second.runs[:2]] == [run["seconds"] for run in first.runs]
    assert [run["about"]["date"] for run in second.runs[:2]] == [first.about["date"]] * 2


def test_a_result_goes_to_the_folder_asked_for(music, tmp_path):
    assert run(music, "--out", str(tmp_path / "own")) == 0
    assert (tmp_path / "own" / "luo2021" / FILE).exists()


def test_artists_are_kept_together_where_they_are_known(music, home):
    assert run(music) == 0
    (record,) = read_records(home / "results" / "luo2021" / FILE)
    for fold in record.runs:
        assert len({clip.split("/")[1] for clip in fold["predictions"]["clip_ids"]}) == 2


def test_clips_are_divided_at_random_when_asked(music, home):
    assert run(music, "--by", "clip") == 0
    path = home / "results" / "luo2021" / FILE.replace("group", "clip")
    assert read_records(path)[0].protocol == "2 folds by clip"


def test_clips_without_artists_are_split_by_clip_and_may_be_left_out(music, home, capsys):
    for k, path in enumerate(sorted(music.rglob("*.wav"))):
        path.rename(path.parent.parent / f"{'abcdefgh'[k]}.wav")
        if not any(path.parent.iterdir()):
            path.parent.rmdir()
    assert run(music, "--exclude", "bright/a", "dull/h") == 0
    assert "2 folds by clip" in capsys.readouterr().out
    path = home / "results" / "luo2021" / FILE.replace("group", "clip")
    assert read_records(path)[0].data["n_clips"] == 6


def test_no_folds_are_one_holdout(music, home):
    assert run(music, "--folds", "0", "--by", "clip") == 0
    name = "cnn-mfcc.music.80-20-by-clip.epochs-1.json.gz"
    assert read_records(home / "results" / "luo2021" / name)[0].protocol == "80%/20% by clip"


def test_compare_sets_own_runs_beside_the_book_only_when_asked(music, home, capsys):
    run(music)
    capsys.readouterr()
    assert main(["compare", "luo2021"]) == 0
    assert "music" not in capsys.readouterr().out
    assert main(["compare", "luo2021", "--results", str(home / "results")]) == 0
    lines = capsys.readouterr().out.splitlines()
    (own,) = [line for line in lines if "music" in line]
    assert own.startswith("luo2021/cnn-mfcc ")
    assert "0.210" in own
    assert "music, 8 clips, 2 folds by group, 1 seed, epochs=1, only ." in own
    assert own.endswith(" on its training clips, your run")
    names = {item.name for item in papers.listing("luo2021")}
    assert {line.split()[0] for line in lines[1:]} == names


def test_compare_shows_one_corpus_when_asked(capsys):
    assert main(["compare", "luo2021", "--data", "gtzan-mini"]) == 0
    lines = capsys.readouterr().out.splitlines()[1:]
    assert lines and all("gtzan-mini" in line for line in lines)


def test_compare_says_what_was_not_run_and_why(capsys):
    assert main(["compare", "luo2021"]) == 0
    lines = [line for line in capsys.readouterr().out.splitlines() if "lstm-mel-stacked" in line]
    assert ["not run: takes a GPU" in line for line in lines] == [True]


@pytest.mark.parametrize("name", ["luo2021/cnn", "luo1999", "luo2021/x*"])
def test_an_unknown_recipe_is_refused_with_the_remedy(music, capsys, name):
    message = refused(capsys, main(["run", name, "--data", "folder", "--root", str(music)]))
    assert name in message
    assert "mgrlib list" in message


@pytest.mark.parametrize("data", ["gtzan", "folder"])
def test_data_without_their_folder_are_refused_with_the_remedy(capsys, data):
    message = refused(capsys, main(["run", "luo2021/cnn-mfcc", "--data", data]))
    assert "add --root PATH" in message


@pytest.mark.parametrize("data", ["gtzan", "folder"])
def test_a_folder_that_is_not_there_is_named(capsys, tmp_path, data):
    nowhere = str(tmp_path / "nowhere")
    message = refused(capsys, main(["run", "luo2021/cnn-mfcc", "--data", data, "--root", nowhere]))
    assert nowhere in message


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
    from mgrlib.experiments import run as experiments_run

    learn, trained = experiments_run.learn, []

    def interrupt(*arguments, **options):
        trained.append(1)
        if len(trained) == 2:
            raise KeyboardInterrupt
        return learn(*arguments, **options)

    monkeypatch.setattr(experiments_run, "learn", interrupt)
    assert run(music) == 130
    assert "what was finished is kept" in capsys.readouterr().err
    assert run(music) == 0
    assert len(trained) == 3
    assert run(music, "--fresh") == 0
    assert len(trained) == 5


def test_folds_in_two_processes_leave_the_record_of_one(music, tmp_path):
    records = []
    for jobs in ("1", "2"):
        assert run(music, "--jobs", jobs, "--fresh", "--out", str(tmp_path / jobs)) == 0
        (record,) = read_records(tmp_path / jobs / "luo2021" / FILE)
        records.append([run["predictions"] for run in record.runs])
    assert records[0] == records[1]


def test_processes_of_torchrun_have_no_processes_of_their_own(capsys, music, monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert "torchrun" in refused(capsys, run(music, "--jobs", "2"))


def test_a_cluster_has_its_own_number_of_processes(capsys, music):
    message = refused(capsys, run(music, "--cluster", "tcp://127.0.0.1:1", "--jobs", "2"))
    assert "--jobs" in message


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
    with pytest.raises(SystemExit) as exit_info:
        main(arguments)
    assert exit_info.value.code == 2
    assert "usage: mgrlib" in capsys.readouterr().err


def test_the_module_is_the_command():
    """One process of its own: what the shell sees."""
    process = subprocess.run(
        [sys.executable, "-m", "mgrlib", "compare", "luo1999"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 1
    assert process.stdout == ""
    assert process.stderr.startswith("mgrlib: papers: expected a paper among")


def test_the_version_is_told(capsys):
    with pytest.raises(SystemExit) as exit_info:
        main(["--version"])
    assert exit_info.value.code == 0
    assert capsys.readouterr().out == f"mgrlib {__version__}\n"


@pytest.mark.parametrize("option", [("--folds", "3"), ("--by", "clip")])
def test_a_published_division_takes_no_other_option_of_division(music, capsys, option):
    message = refused(
        capsys, main(["run", "luo2021/cnn-mfcc", "--protocol", "artist-folds", *option])
    )
    assert option[0] in message


def test_a_published_division_is_refused_for_other_data(music, capsys):
    arguments = ["--data", "folder", "--root", str(music), "--protocol", "fault-filtered"]
    message = refused(capsys, main(["run", "luo2021/cnn-mfcc", *arguments]))
    assert "this split is for GTZAN" in message


def test_the_named_divisions_are_those_of_the_package():
    assert tuple(NAMED) == PROTOCOLS


def test_pictures_and_vectors_are_data_as_sound_is(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("MGRLIB_HOME", str(tmp_path / "home"))
    ids = [f"{genre}.{n:05d}" for genre in ("blues", "jazz") for n in (0, 30, 60)]
    maps = np.random.default_rng(0).integers(0, 256, (6, 128, 535), dtype=np.uint8)
    np.savez(tmp_path / "maps.npz", maps=maps, clip_ids=ids)
    short = ["--epochs", "1", "--by", "group", "--folds", "3", "--out", str(tmp_path / "out")]
    data = ["--data", "gtzan-pictures", "--root", str(tmp_path / "maps.npz")]
    assert main(["run", "luo2021/cnn-mfcc", *data, *short]) == 0
    assert "cnn-mfcc, 3 folds by group: accuracy" in capsys.readouterr().out
    (path,) = (tmp_path / "out" / "luo2021").glob("cnn-mfcc.gtzan-pictures-6.3-folds-by-group.*")
    assert read_records(path)[0].n == 6
    assert "Stored" in refused(
        capsys, main(["run", "luo2021/cnn-mfcc", *vectors_in(tmp_path, ids)])
    )


def test_vectors_of_any_collection_run_with_artists_apart(tmp_path, capsys):
    place = tmp_path / "openl3"
    place.mkdir()
    rows = [(f"{i:06d}", ("polka", "ska")[i % 2], f"artist {i // 4}") for i in range(16)]
    x = np.array([[float(genre == "ska")] * 512 for _, genre, _ in rows])
    np.save(place / "openl3_music_mel128_512.npy", x)
    lines = [",".join(row) for row in rows]
    (place / "clips.csv").write_text("\n".join(["clip_id,genre,artist", *lines]))
    data = ["--data", "vectors", "--root", str(place), "--folds", "2"]
    assert main(["run", "baselines/linear-openl3", *data]) == 0
    assert "2 folds by group: accuracy 1.000" in capsys.readouterr().out


def vectors_in(place: Path, ids: list[str]) -> list[str]:
    """The options for a folder of made-up vectors of these clips."""
    (place / "vectors").mkdir()
    np.save(place / "vectors/x.npy", np.ones((len(ids), 4)))
    (place / "vectors/ids.csv").write_text("\n".join(["clip_id", *ids]))
    return ["--data", "vectors", "--root", str(place / "vectors")]
