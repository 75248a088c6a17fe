"""The command line with odd names, odd encodings, options that do not apply, and hasty readers."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
from hypothesis import given, settings
from hypothesis import strategies as st

from mgrlib import cli, errors
from mgrlib.cli import main
from mgrlib.storage import write_table

pytestmark = pytest.mark.usefixtures("home")

RATE = 8000


def command(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """One command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "mgrlib", *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
    )


def refusal(capsys, arguments: list[str]) -> str:
    """The message of a command that is refused."""
    assert main(arguments) == 1
    return capsys.readouterr().err


def cpu_seconds(*arguments: str) -> float:
    """Processor time of one command."""
    before = os.times()
    assert command(*arguments).returncode == 0
    after = os.times()
    return after.children_user + after.children_system - before[2] - before[3]


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_help_and_version_cost_little(option):
    assert min(cpu_seconds(option) for _ in range(3)) <= 0.5


ENCODINGS = {
    "cp1252": {"PYTHONIOENCODING": "cp1252"},
    "C locale": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
}


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("arguments", [("list",), ("compare", "tang2018"), ("--help",)])
def test_output_in_any_encoding(encoding, arguments):
    process = command(*arguments, **ENCODINGS[encoding])
    assert process.returncode == 0, process.stderr
    assert process.stderr == b""


@pytest.fixture
def odd_names(tmp_path: Path) -> Path:
    """Two genres whose folders and files have names in Latin-1, Chinese, and with line breaks."""
    rng = np.random.default_rng(0)
    for genre in (b"caf\xe9", "爵士".encode()):
        folder = os.fsencode(tmp_path / "music") + b"/" + genre
        os.makedirs(folder)
        for name in (b"\xff\xfe.wav", "歌.wav".encode(), b"two\nlines.wav"):
            with open(folder + b"/" + name, "wb") as stream:
                sf.write(stream, 0.1 * rng.standard_normal(2 * RATE), RATE, format="WAV")
    return tmp_path / "music"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_table_of_files_with_odd_names(odd_names, tmp_path, encoding):
    for kind in ("csv", "parquet"):
        out = tmp_path / f"table.{kind}"
        process = command("features", str(odd_names), "--out", str(out), **ENCODINGS[encoding])
        assert b"Traceback" not in process.stderr
        assert process.returncode == 0, process.stderr
        read = pd.read_csv if kind == "csv" else pd.read_parquet
        assert len(read(out)) == 6
        assert read(out)["clip_id"].nunique() == 6


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_an_audit_of_files_with_odd_names(odd_names, tmp_path, encoding):
    out = tmp_path / "findings.csv"
    (odd_names / os.fsdecode(b"caf\xe9/\xfc.wav")).write_bytes(b"no audio")
    process = command("audit", str(odd_names), "--out", str(out), **ENCODINGS[encoding])
    assert b"Traceback" not in process.stderr
    assert process.returncode == 2, process.stderr
    assert len(pd.read_csv(out)) >= 1


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_training_on_files_with_odd_names(odd_names):
    data = ["--data", "folder", "--root", str(odd_names), "--folds", "2", "--epochs", "1"]
    process = command("run", "luo2021/cnn-mfcc", *data, **ENCODINGS["C locale"])
    assert b"Traceback" not in process.stderr
    assert process.returncode == 0, process.stderr


@given(texts=st.lists(st.text(st.characters()), min_size=1))
def test_any_text_goes_into_a_table(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("tables") / "table.csv"
    write_table(pd.DataFrame({"text": texts, "n": range(len(texts))}), path)
    write_table(pd.DataFrame({"text": texts}), path.with_suffix(".parquet"))
    assert pd.read_parquet(path.with_suffix(".parquet"))["text"].tolist() == [
        errors.printable(text) for text in texts
    ]
    path.read_bytes().decode("utf-8")


def test_the_table_is_there_before_anything_is_printed(tmp_path, monkeypatch):
    for genre in ("a", "b"):
        (tmp_path / "music" / genre).mkdir(parents=True)
        (tmp_path / "music" / genre / "x.wav").write_bytes(b"no audio")

    class Broken:
        def write(self, text: str) -> None:
            raise ValueError("no output")

        def flush(self) -> None:
            """Do nothing."""

    out = tmp_path / "findings.csv"
    report = cli.main
    monkeypatch.setattr(sys, "stdout", Broken())
    monkeypatch.setattr("mgrlib.data.audit.tqdm", lambda work, **_: work)
    with pytest.raises(ValueError, match="no output"):
        report(["audit", str(tmp_path / "music"), "--out", str(out)])
    assert out.exists()


def test_a_reader_who_leaves_early_costs_no_traceback():
    first = f"{sys.executable} -m mgrlib list | head -1; exit ${{PIPESTATUS[0]}}"
    process = subprocess.run(["bash", "-c", first], capture_output=True, check=False)
    assert process.returncode in (0, cli.NO_READER)
    assert process.stderr == b""


@pytest.mark.parametrize("value", ["0", "nan", "inf", "-1", "x"])
@pytest.mark.parametrize(
    "arguments",
    [
        ["predict", "net.onnx", "song.mp3", "--hop"],
        ["features", "music", "--out", "t.csv", "--segment-seconds"],
        ["export", "luo2021/cnn-mfcc", "--onnx", "x.onnx", "--seed"],
    ],
)
def test_a_number_that_makes_no_sense_is_wrong_usage(capsys, arguments, value):
    if (arguments[-1], value) == ("--seed", "0"):
        return
    with pytest.raises(SystemExit) as exit_info:
        main([*arguments, value])
    assert exit_info.value.code == 2
    assert arguments[-1] in capsys.readouterr().err


def test_a_picture_of_no_kind_is_refused_before_anything_is_read(capsys):
    message = refusal(capsys, ["predict", "no.onnx", "no.mp3", "--plot", "out.xyz"])
    assert "out.xyz" in message and ".png" in message


def test_a_folder_of_results_that_is_not_there_is_refused(capsys, tmp_path):
    assert "TYPO" in refusal(capsys, ["compare", "luo2021", "--results", str(tmp_path / "TYPO")])


def test_a_folder_without_results_of_the_paper_is_named(capsys, tmp_path):
    message = refusal(capsys, ["compare", "luo2021", "--results", str(tmp_path)])
    assert str(tmp_path) in message and "mgrlib run" in message


def test_a_file_that_cannot_be_written_is_not_blamed_on_the_store(capsys, tmp_path):
    (tmp_path / "file").write_text("in the way")
    for genre in ("a", "b"):
        (tmp_path / "music" / genre).mkdir(parents=True)
        sf.write(tmp_path / "music" / genre / "x.wav", np.ones(RATE) / 2, RATE)
    out = str(tmp_path / "file" / "t.csv")
    message = refusal(capsys, ["features", str(tmp_path / "music"), "--out", out])
    assert out in message
    assert "MGRLIB_HOME" not in message


@pytest.mark.parametrize("options", [("--epochs", "2"), ("--fresh",), ("--bfloat16",)])
def test_options_that_a_study_ignores_are_refused_before_training(capsys, monkeypatch, options):
    monkeypatch.setattr(cli, "_run_recipes", lambda *_: pytest.fail("trained"))
    message = refusal(capsys, ["run", "minhas2019", "--per-genre", "1", *options])
    assert options[0] in message


@pytest.mark.parametrize("options", [("--epochs", "2"), ("--seed", "0"), ("--bfloat16",)])
def test_options_that_kept_weights_ignore_are_refused(capsys, options):
    state = ["--state", "weights.pt", "--onnx", "x.onnx"]
    message = refusal(capsys, ["export", "luo2021/cnn-mfcc", *state, *options])
    assert options[0] in message and "--state" in message


def test_a_package_of_an_extra_is_named_with_the_extra(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "psutil", None)
    for name in [name for name in sys.modules if name.startswith("mgrlib.grading")]:
        monkeypatch.delitem(sys.modules, name)
    message = refusal(capsys, ["mark", "a", "b", "--out", "c.csv", "--seed", "d"])
    assert "psutil" in message
    assert 'pip install "mgrlib[grading]"' in message


def test_a_package_of_no_extra_is_named_by_itself():
    message = errors.missing_package(ModuleNotFoundError("no", name="torch_of_tomorrow.parts"))
    assert "pip install torch_of_tomorrow" in message


@pytest.fixture
def music(tmp_path: Path) -> Path:
    """Two genres of three clips, a second long."""
    for seed in range(6):
        path = tmp_path / "music" / ("a", "b")[seed % 2] / f"{seed}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        sf.write(path, 0.1 * np.random.default_rng(seed).standard_normal(RATE), RATE)
    return tmp_path / "music"


def test_clips_are_left_out_of_any_data(capsys, music):
    data = ["--data", "folder", "--root", str(music), "--exclude", "a/0", "b/1"]
    options = cli._parser().parse_args(["run", "luo2021", *data])
    assert list(cli._corpus(options).clips.index) == ["a/2", "a/4", "b/3", "b/5"]
    assert "'a/9'" in refusal(capsys, ["run", "luo2021/cnn-mfcc", *data[:4], "--exclude", "a/9"])


def test_a_file_that_answers_otherwise_than_the_system_is_not_kept(capsys, music, monkeypatch):
    monkeypatch.setattr("mgrlib.compression.export.parity", lambda *_: 0.5)
    out = music.parent / "net.onnx"
    data = ["--data", "folder", "--root", str(music), "--epochs", "1", "--onnx", str(out)]
    message = refusal(capsys, ["export", "luo2021/cnn-mfcc", *data])
    assert "the system's probabilities" in message and str(out) in message
    assert not out.exists()
    assert not list(music.parent.glob("*.part"))


def test_clips_shorter_than_the_window_are_compared_too(capsys, music):
    out = music.parent / "net.onnx"
    data = ["--data", "folder", "--root", str(music), "--epochs", "1", "--onnx", str(out)]
    assert main(["export", "luo2021/cnn-mfcc", *data]) == 0
    assert "on 3 clips" in capsys.readouterr().out


def test_interrupting_is_quick_to_say_so(capsys, monkeypatch):
    def interrupt(options: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_list", interrupt)
    started = time.perf_counter()
    assert main(["list"]) == cli.INTERRUPTED
    assert time.perf_counter() - started < 1


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="a device of Linux")
def test_output_to_a_full_disk_is_one_line():
    with open("/dev/full", "wb") as full:
        process = subprocess.run(
            [sys.executable, "-m", "mgrlib", "list"], stdout=full, stderr=-1, check=False
        )
    assert process.returncode == 1
    assert process.stderr.count(b"\n") == 1


@pytest.mark.parametrize(
    "name", ["wei2023/fusion-early", "minhas2019/cnn", "wei2023/resnet-mel", "tang2018/hierarchy"]
)
def test_what_cannot_be_exported_is_refused_before_training(capsys, monkeypatch, name):
    monkeypatch.setattr("mgrlib.systems.learn", lambda *_, **__: pytest.fail("!"))
    message = refusal(capsys, ["export", name, "--onnx", "x.onnx"])
    assert message.startswith(f"mgrlib: {name} cannot be exported: ")


COMMANDS = ["list", "run", "compare", "export", "predict", "audit", "features"]
COMMANDS += ["prepare", "join", "release", "mark"]
OPTIONS = [
    *("--data", "--root", "--exclude", "--per-genre", "--folds", "--by", "--seeds", "--epochs"),
    *("--jobs", "--out", "--onnx", "--state", "--int8", "--hop", "--plot", "--spec", "--split"),
    *("--segment-seconds", "--skip-bad", "--results", "--fresh", "--version", "--into"),
]
VALUES = [
    *("luo2021", "luo2021/cnn-mfcc", "luo1999", "folder", "gtzan", "gtzan-table", "vector57"),
    *("nowhere", "nowhere.onnx", "nowhere.wav", "nan", "inf", "0", "-1", "1e99"),
]
WORDS = st.sampled_from(COMMANDS + OPTIONS + VALUES)


@settings(deadline=None, max_examples=100)
@given(st.lists(WORDS | st.text(st.characters(exclude_characters="-"), max_size=4), max_size=6))
def test_any_words_are_answered_without_a_traceback(words):
    costly = {"run", "export"} & set(words) and not {"gtzan", "folder", "gtzan-table"} & set(words)
    folders = {".", "..", "/"} & {os.path.normpath(word) for word in words if "\0" not in word}
    if costly or folders:  # it would begin to work
        return
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        try:
            assert main(words) in (0, 1, 2)
        except SystemExit as left:
            assert left.code in (0, 2)
