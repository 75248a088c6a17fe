"""The page "Try it" without a browser: what it holds, and what its program computes."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from mgrlib.compression.export import export
from mgrlib.compression.listening import SoundClassifier
from mgrlib.errors import MgrError
from mgrlib.features import LogMel, Mfcc
from mgrlib.models.luo2021 import DilatedCNN
from mgrlib.models.reddy2024 import Crnn, Keras1Gru
from mgrlib.models.wei2023 import SegmentCnn
from mgrlib.page import tryout
from mgrlib.page.try_models import worth_of
from mgrlib.page.tryout import TryModel, demo_page, model_of, try_it
from mgrlib.segments import Segments
from mgrlib.systems import Recipe, learn
from mgrlib.systems.prepare import PerClip, Standardize
from mgrlib.training import TrainConfig

RATE = 8000
MEL = LogMel(RATE, n_fft=512, hop_length=256, n_mels=24, n_frames=32)
MFCC = Mfcc(RATE, n_fft=512, hop_length=256, n_mels=24, n_mfcc=13, n_frames=32)
SCRIPT = Path(tryout.__file__).with_name("onnx.js")
PROGRAM = """
const fs = require("fs"), [, , script, file, sounds] = process.argv, mgrOnnx = require(script);
const net = mgrOnnx(new Uint8Array(fs.readFileSync(file)));
const answers = JSON.parse(fs.readFileSync(sounds)).map(
  (y) => [...net.run(Float32Array.from(y), [net.outputs[0]])[0].data]);
console.log(JSON.stringify({answers: answers, quick: net.quick, genres: net.about.genres}));
"""
needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")


class Recurrent(nn.Module):
    """One recurrent layer and its last state."""

    def __init__(self, n_classes: int, input_shape: tuple[int, int], *, unit: str) -> None:
        super().__init__()
        kinds = {"lstm": nn.LSTM, "gru": nn.GRU}
        n_in = input_shape[0]
        options = {"batch_first": True}
        self.unit = kinds[unit](n_in, 8, **options) if unit in kinds else Keras1Gru(n_in, 8)
        self.linear = nn.Linear(8, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, F, T) -> logits (B, K)."""
        states = self.unit(x.transpose(1, 2))
        return self.linear((states[0] if isinstance(states, tuple) else states)[:, -1])


NETWORKS = {
    "pooling that keeps odd rows": (SegmentCnn, MFCC, {"widths": (4, 8), "pool_after": (1, 2)}),
    "residual blocks": (DilatedCNN, MEL, {}),
    "LSTM": (Recurrent, MEL, {"unit": "lstm"}),
    "GRU": (Recurrent, MEL, {"unit": "gru"}),
    "GRU of Keras 1": (Recurrent, MEL, {"unit": "keras1"}),
    "convolutions, frame norm, GRU": (
        Crnn,
        MEL,
        {"widths": (4, 4, 6, 6), "pools": ((2, 2), (2, 2), (2, 2), (3, 2))},
    ),
}


def sound(seed: int) -> np.ndarray:
    """A falling tone in noise, as long as the features look."""
    rng = np.random.default_rng(seed)
    time = np.arange(31 * 256 + 256) / RATE
    tone = np.sin(2 * np.pi * (1000 + 300 * seed - 200 * time) * time) * np.exp(-time)
    return (0.3 * tone + 0.01 * rng.standard_normal(len(time))).astype(np.float32)


def exported(name: str, folder: Path, *, int8: bool = False) -> Path:
    """The file of a network after two epochs."""
    model, feature, options = NETWORKS[name]
    x = torch.from_numpy(np.stack([feature(sound(seed)) for seed in range(6)]))
    labels = torch.arange(6) % 3
    segments = Segments((x,), labels, torch.arange(6), tuple("abcdef"), ("low", "middle", "high"))
    recipe = Recipe(
        "test/net",
        "a network",
        (feature,),
        model,
        TrainConfig(epochs=2, batch_size=3),
        prepare=(PerClip(), Standardize()),
        options=options,
    )
    calibration = segments if int8 else None
    return export(learn(recipe, segments), folder / "net.onnx", calibration=calibration)


def by_program(path: Path, sounds: list[np.ndarray], *, before: str = "") -> dict[str, object]:
    """What the page's program says of sounds."""
    (path.parent / "sounds.json").write_text(json.dumps([y.tolist() for y in sounds]), "utf-8")
    (path.parent / "program.js").write_text(before + PROGRAM, "utf-8")
    words = [path.parent / "program.js", SCRIPT, path, path.parent / "sounds.json"]
    run = subprocess.run(["node", *map(str, words)], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-1000:]
    answer: dict[str, object] = json.loads(run.stdout)
    return answer


@needs_node
@pytest.mark.parametrize("name", NETWORKS)
def test_the_program_says_what_the_classifier_says(name, tmp_path):
    path = exported(name, tmp_path)
    sounds = [*map(sound, (7, 8)), np.zeros(32 * 256, np.float32)]
    answer, classifier = by_program(path, sounds), SoundClassifier(path)
    expected = np.stack([classifier(y) for y in sounds])
    assert np.abs(np.array(answer["answers"]) - expected).max() < 1e-5
    assert answer["genres"] == list(classifier.genres)


@needs_node
def test_without_webassembly_it_says_the_same(tmp_path):
    path, y = exported("residual blocks", tmp_path), sound(7)
    answer = by_program(path, [y], before="delete globalThis.WebAssembly;")
    assert answer["quick"] is False
    assert np.abs(np.array(answer["answers"][0]) - SoundClassifier(path)(y)).max() < 1e-5


@needs_node
def test_an_int8_file_is_understood(tmp_path):
    path, y = exported("residual blocks", tmp_path, int8=True), sound(7)
    answer = by_program(path, [y])["answers"][0]
    assert np.abs(np.array(answer) - SoundClassifier(path)(y)).max() < 0.02  # it rounds elsewhere


@needs_node
def test_a_file_of_another_kind_is_refused(tmp_path):
    (tmp_path / "net.onnx").write_bytes(b"\x0a\x03abc")
    with pytest.raises(AssertionError, match="not an ONNX file"):
        by_program(tmp_path / "net.onnx", [])


MODEL = TryModel("one", "A <network>", b"onnx", (("Trained on", "`x`"),), "Right in *half*.")


def test_the_page_is_valid_and_asks_for_nothing(page):
    reader = page(try_it([MODEL]))
    assert "Nothing leaves your computer" in reader.text
    assert {"status"} <= set(reader.all("role"))
    assert "A &lt;network&gt;" not in reader.text  # one network leaves no choice


def test_two_networks_are_a_choice_with_a_card_each(page):
    two = TryModel("two", "Another", b"onnx", (), "Unknown.")
    reader = page(try_it([MODEL, two]))
    assert [a["value"] for a in reader.named("input") if a.get("type") == "radio"] == ["one", "two"]
    assert reader.all("data-card") == ["one", "two"]


def test_a_demo_page_may_not_use_the_network(tmp_path):
    text = demo_page(MODEL, tmp_path / "demo.html").read_text("utf-8")
    assert "connect-src 'none'" in text
    assert "<title>What genre is this?</title>" in text


def test_a_folder_holds_the_parts_of_large_files(tmp_path):
    large = TryModel("large", "Large", np.random.default_rng(0).bytes(400_000), (), "Unknown.")
    text = try_it([large], folder=tmp_path, address="here/").data
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["large.0.js", "large.1.js", "large.2.js"]
    assert "here/large.2.js" in text
    assert len(text) < 200_000


def test_faults_are_refused(tmp_path):
    with pytest.raises(MgrError, match="one or more models"):
        try_it([])
    with pytest.raises(MgrError, match="different keys"):
        try_it([MODEL, MODEL])
    with pytest.raises(MgrError, match="letters, digits and hyphens"):
        TryModel("a b", "", b"", (), "")


def test_the_card_of_a_file_says_what_it_is(tmp_path):
    model = model_of(exported("LSTM", tmp_path), worth="Unknown.")
    card = dict(model.card)
    assert card["Answers"] == "one of 3 genres: low, middle, high"
    assert card["Listens to"] == "1.0 s at once, at 8,000 Hz"
    assert card["Trained on"].startswith("6 clips")


def test_how_good_a_recipe_is_comes_from_its_record():
    words = worth_of("luo2021/cnn-mel", {"data": "my-music"})
    assert words.startswith("This copy was trained on `my-music`. Of 100 recorded clips")
    assert "95 % interval" in words
    assert "no record" in worth_of("wei2023/student", {})
