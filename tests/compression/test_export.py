from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch
from torch import nn

from mgrlib.compression.export import PARITY, UNSCALED, Classifier, Pipeline, export, parity
from mgrlib.compression.front_end import fourier_tables, front_end, seen_samples
from mgrlib.compression.onnx_files import save, to_onnx
from mgrlib.errors import AudioError, FeatureError, MgrError, ShapeError
from mgrlib.features import LogMel, MelRows128, Mfcc, Standardize
from mgrlib.segments import Segments

RATE = 8000
MEL = LogMel(RATE, n_fft=512, hop_length=256, n_mels=20, n_frames=16)
GENRES = ("low", "middle", "high")


class Bands(nn.Module):
    """One convolution over time and the mean of what it finds."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.linear = nn.Conv1d(20, 8, 3), nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, F, T) -> logits (B, K)."""
        return self.linear(torch.relu(self.conv(x)).mean(2))


def sound(n_samples: int, seed: int = 0) -> np.ndarray:
    """A falling tone in noise."""
    rng = np.random.default_rng(seed)
    time = np.arange(n_samples) / RATE
    tone = np.sin(2 * np.pi * (2000 - 500 * time) * time) * np.exp(-time)
    return (0.3 * tone + 0.01 * rng.standard_normal(n_samples)).astype(np.float32)


def by_graph(feature, y: np.ndarray) -> np.ndarray:
    """A feature as its ONNX form computes it."""
    made = front_end(feature, len(y), UNSCALED)
    session = onnxruntime.InferenceSession(made.SerializeToString())
    return session.run(None, {"waveform": y[None]})[0][0]


@pytest.mark.parametrize(
    "feature",
    [
        MEL,
        LogMel(RATE, n_fft=2048, hop_length=512, n_mels=40, top_db=None),
        LogMel(RATE, n_fft=256, hop_length=128, n_mels=16, pad_mode="reflect", exponent=2.0),
        LogMel(RATE, n_fft=1024, hop_length=256, n_mels=30, fmin=50.0, fmax=3000.0),
        Mfcc(RATE, n_fft=512, hop_length=256, n_mels=24, n_mfcc=13),
        Mfcc(RATE, n_fft=512, hop_length=128, n_mels=24, n_mfcc=5, c0=False, n_frames=9),
    ],
    ids=lambda feature: feature.key,
)
def test_the_graph_computes_the_feature(feature):
    y = sound(6001)
    # In dB. A product of matrices and a fast transform round differently, most where it is silent.
    assert np.abs(by_graph(feature, y) - feature(y)).max() < 0.01


def test_silence_is_as_silent_in_the_graph():
    y = np.zeros(5000, dtype=np.float32)
    assert np.allclose(by_graph(MEL, y), MEL(y))


def test_the_tables_of_both_steps_make_a_fourier_transform():
    tables = fourier_tables(64)
    frame = np.random.default_rng(0).normal(size=64)
    step = (tables["cos_p"] + 1j * tables["sin_p"]) @ frame.reshape(8, 8)
    turned = step * (tables["cos_turn"] + 1j * tables["sin_turn"])
    bins = (turned @ (tables["cos_q"] + 1j * tables["sin_q"])).T.ravel()
    assert np.allclose(bins[:33], np.fft.rfft(frame))


@pytest.mark.parametrize(
    ("feature", "told"),
    [
        (MelRows128(RATE), "LogMel"),
        (Mfcc(RATE, n_deltas=1), "without deltas"),
        (LogMel(RATE, n_fft=600, hop_length=200, n_mels=20), "power of 2"),
        (LogMel(RATE, n_fft=512, hop_length=200, n_mels=20), "power of 2"),
        (LogMel(RATE, n_fft=512, hop_length=256, n_mels=20, n_frames=100), "take more"),
    ],
)
def test_a_feature_without_a_graph_is_refused(feature, told):
    with pytest.raises(FeatureError, match=told):
        front_end(feature, 6000, UNSCALED)


@pytest.fixture(scope="module")
def pipeline() -> Pipeline:
    """A network with its front end and a standardisation."""
    torch.manual_seed(0)
    mean = np.linspace(-40, -60, 20, dtype=np.float32)[:, None]
    deviation = np.full((20, 1), 12.0, dtype=np.float32)
    scale = Standardize(mean, deviation)
    return Pipeline(Bands().eval(), MEL, GENRES, None, scale, {"recipe": "test/bands"})


@pytest.fixture(scope="module")
def paths(pipeline, tmp_path_factory):
    """The pipeline as a float32 and as an int8 file."""
    folder = tmp_path_factory.mktemp("export")
    x = torch.cat([pipeline.inputs(sound(pipeline.n_samples, seed)) for seed in range(9)])
    ids = tuple(map(str, range(9)))
    segments = Segments((x,), torch.arange(9) % 3, torch.arange(9), ids, GENRES)
    whole = export(pipeline, folder / "float32.onnx")
    return whole, export(pipeline, folder / "int8.onnx", calibration=segments)


def test_a_file_says_what_pytorch_says(pipeline, paths):
    waveforms = [sound(pipeline.n_samples, seed) for seed in (20, 21)]
    waveforms.append(np.zeros(pipeline.n_samples, dtype=np.float32))
    assert parity(pipeline, paths[0], *waveforms) < PARITY


def test_an_int8_file_says_nearly_that(pipeline, paths):
    assert parity(pipeline, paths[1], sound(pipeline.n_samples, 20)) < 0.05


def test_a_file_knows_its_genres_and_what_it_wants(pipeline, paths):
    opened = Classifier(paths[1])
    assert (opened.genres, opened.sample_rate) == (GENRES, RATE)
    assert opened.n_samples == seen_samples(MEL) == 15 * 256 + 256
    assert (opened.about["recipe"], opened.about["weights"]) == ("test/bands", "int8")


def test_waveforms_go_through_as_a_batch(pipeline, paths):
    both = np.stack([sound(pipeline.n_samples, seed) for seed in (1, 2)])
    probs = Classifier(paths[0]).session.run(None, {"waveform": both})[0]
    expected = np.stack([pipeline(y) for y in both])
    assert np.allclose(probs, expected, atol=PARITY)
    assert np.allclose(probs.sum(1), 1, atol=1e-6)


def test_a_song_is_heard_window_by_window_to_its_end(paths):
    opened = Classifier(paths[0])
    y = sound(5 * RATE)
    heard = opened.over_time(y, hop_seconds=1.0)
    assert heard.starts.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, pytest.approx(5 - opened.window)]
    assert np.allclose(heard.probs[1], opened(y[RATE : RATE + opened.n_samples]))
    assert sum(heard.overall.values()) == pytest.approx(1)
    assert list(heard.overall.values()) == sorted(heard.overall.values(), reverse=True)
    assert heard.real_time_factor == heard.computing / 5


def test_a_short_sound_is_filled_up_with_silence(paths):
    opened = Classifier(paths[0])
    heard = opened.over_time(sound(1000))
    assert heard.probs.shape == (1, 3)
    assert heard.middles.tolist() == [1000 / RATE]


def test_no_sound_and_no_hop_are_refused(paths):
    opened = Classifier(paths[0])
    with pytest.raises(AudioError, match="0 samples"):
        opened.over_time(np.zeros(0, dtype=np.float32))
    with pytest.raises(AudioError, match="a hop of 0"):
        opened.over_time(sound(9000), hop_seconds=1e-6)


def test_a_waveform_of_another_length_is_refused(pipeline, paths):
    for one in (pipeline, Classifier(paths[0])):
        with pytest.raises(ShapeError, match="N=4096"):
            one(sound(4000))


def test_a_network_without_genres_is_no_classifier(pipeline, tmp_path):
    path = to_onnx(pipeline.model, (20, 16), path=tmp_path / "net.onnx")
    with pytest.raises(MgrError, match="mgrlib export"):
        Classifier(path)


def test_a_pipeline_that_does_not_know_its_length_says_so():
    with pytest.raises(FeatureError, match="how many seconds"):
        _ = Pipeline(Bands(), LogMel(RATE, n_mels=20), GENRES).n_samples
    assert Pipeline(Bands(), LogMel(RATE, n_mels=20), GENRES, 1.5).n_samples == 12_000


def test_a_graph_is_written_whole(tmp_path):
    made = front_end(MEL, 6000, UNSCALED)
    assert save(made, tmp_path / "a" / "front.onnx").stat().st_size < 60_000
