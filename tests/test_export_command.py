from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from mgrlib.cli import main
from mgrlib.compression.listening import SoundClassifier

RATE = 22050


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two genres, a network trained on them for an epoch, and its file."""
    folder, rng = tmp_path_factory.mktemp("export"), np.random.default_rng(0)
    for genre in ("bright", "dull"):
        for i in range(2):
            path = folder / "music" / genre / f"{i}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            y = 0.1 * rng.standard_normal(RATE)
            sf.write(path, y if genre == "bright" else np.cumsum(y) / 50, RATE)
    sf.write(folder / "song.mp3", 0.1 * rng.standard_normal(3 * RATE), RATE)
    data = ["--data", "folder", "--root", str(folder / "music"), "--epochs", "1"]
    files = ["--onnx", str(folder / "net.onnx"), "--keep", str(folder / "net.pt")]
    assert main(["export", "luo2021/cnn-mfcc", *data, *files]) == 0
    return folder


def test_export_writes_a_classifier_of_the_folders_genres(exported):
    classifier = SoundClassifier(exported / "net.onnx")
    assert classifier.genres == ("bright", "dull")
    assert classifier.about["recipe"] == "luo2021/cnn-mfcc"
    assert classifier.window == pytest.approx(23.8, abs=0.1)


def test_a_kept_system_is_exported_again_in_int8(exported, capsys):
    data = ["--data", "folder", "--root", str(exported / "music")]
    files = ["--onnx", str(exported / "net8.onnx"), "--state", str(exported / "net.pt"), "--int8"]
    assert main(["export", "luo2021/cnn-mfcc", *data, *files]) == 0
    assert "int8" in capsys.readouterr().out
    large, small = ((exported / name).stat().st_size for name in ("net.onnx", "net8.onnx"))
    assert small < large / 2


def test_export_writes_a_page_with_the_model_inside(exported, capsys):
    data = ["--data", "folder", "--root", str(exported / "music")]
    files = ["--page", str(exported / "demo.html"), "--state", str(exported / "net.pt")]
    assert main(["export", "luo2021/cnn-mfcc", *data, *files]) == 0
    assert "opens in a browser without a network" in capsys.readouterr().out
    text = (exported / "demo.html").read_text("utf-8")
    assert "one of 2 genres: bright, dull" in text
    assert "This copy was trained on" in text


def test_export_without_a_file_to_write_is_refused_before_anything_is_trained(capsys):
    assert main(["export", "luo2021/cnn-mfcc"]) == 1
    assert "--page out.html" in capsys.readouterr().err


def test_predict_tells_genres_over_time_and_draws_them(exported, capsys, tmp_path):
    picture = tmp_path / "song.png"
    song = str(exported / "song.mp3")
    assert main(["predict", str(exported / "net.onnx"), song, "--plot", str(picture)]) == 0
    output = capsys.readouterr().out
    assert "overall: " in output
    assert "real-time factor" in output
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_predict_draws_here_unless_told_otherwise(exported, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["predict", str(exported / "net.onnx"), str(exported / "song.mp3")]) == 0
    assert (tmp_path / "song.genres.png").exists()


@pytest.mark.parametrize(
    ("files", "message"),
    [
        (("net.onnx", "nowhere.mp3"), "no such file"),
        (("net.onnx", "net.pt"), "an audio file"),
        (("nowhere.onnx", "song.mp3"), "an ONNX file"),
        (("song.mp3", "song.mp3"), "an ONNX model"),
    ],
)
def test_files_that_cannot_be_used_are_named(exported, capsys, files, message):
    assert main(["predict", *(str(exported / name) for name in files)]) == 1
    assert message in capsys.readouterr().err


def test_predict_asks_a_kept_system_too(exported, capsys, tmp_path):
    """The same genres as the file that was exported of it, but for the length of a window."""
    picture, song = str(tmp_path / "song.png"), str(exported / "song.mp3")
    assert main(["predict", str(exported / "net.pt"), song, "--plot", picture]) == 0
    assert "overall: " in capsys.readouterr().out


def test_an_unknown_recipe_is_refused(exported, capsys):
    data = ["--data", "folder", "--root", str(exported / "music")]
    assert main(["export", "luo2021/none", *data, "--onnx", str(exported / "x.onnx")]) == 1
    assert "mgrlib list" in capsys.readouterr().err


def test_a_recipe_that_cannot_be_exported_is_refused_before_training(exported, capsys, monkeypatch):
    monkeypatch.setattr("mgrlib.systems.learn", lambda *_, **__: pytest.fail("trained"))
    data = ["--data", "folder", "--root", str(exported / "music")]
    out = exported / "teacher.onnx"
    assert main(["export", "wei2023/teacher", *data, "--onnx", str(out)]) == 1
    assert "MelPicture" in capsys.readouterr().err
    assert not out.exists()
