from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnxruntime
import pytest
import torch
from bands import BANDS, MEL, RATE
from onnx import TensorProto, helper
from torch import nn

from mgrlib import papers
from mgrlib.compression.export import PARITY, export, exportable, parity
from mgrlib.compression.front_end import fourier_tables, front_end, seen_samples
from mgrlib.compression.listening import SoundClassifier, SystemClassifier, over_time
from mgrlib.compression.onnx_files import load, save, to_onnx
from mgrlib.compression.quantize import int8
from mgrlib.errors import AudioError, FeatureError, MgrError, ShapeError
from mgrlib.features import LogMel, MelRows128, Mfcc, TaggerMel
from mgrlib.models.baselines import k_nn
from mgrlib.models.reddy2024 import Crnn
from mgrlib.papers.reddy2024 import learners
from mgrlib.segments import Cut, Segments
from mgrlib.systems import Estimator, Recipe, System, learn
from mgrlib.systems.prepare import MinMaxUnit, PerClip, RowMeans, Standardize

GENRES = ("low", "middle", "high")


def sound(n_samples: int, seed: int = 0, rate: int = RATE) -> np.ndarray:
    """A falling tone in noise."""
    rng = np.random.default_rng(seed)
    time = np.arange(n_samples) / rate
    tone = np.sin(2 * np.pi * (2000 - 500 * time) * time) * np.exp(-time)
    return (0.3 * tone + 0.01 * rng.standard_normal(n_samples)).astype(np.float32)


def segments(recipe: Recipe, n_samples: int, n: int = 6) -> Segments:
    """Segments of made-up clips, as the recipe and its learner want them."""
    features = (*recipe.features, *getattr(recipe.learner, "features", ()))
    rate = recipe.features[0].sample_rate
    sounds = [sound(n_samples, seed, rate) for seed in range(n)]
    inputs = tuple(
        torch.from_numpy(np.stack([feature(y) for y in sounds]).astype(np.float32))
        for feature in features
    )
    ids = tuple(map(str, range(n)))
    return Segments(inputs, torch.arange(n) % 3, torch.arange(n), ids, GENRES)


def by_graph(feature, y: np.ndarray) -> np.ndarray:
    """A feature as its ONNX form computes it."""
    session = onnxruntime.InferenceSession(front_end(feature, len(y)).SerializeToString())
    return session.run(None, {"waveform": y[None]})[0][0]


@pytest.mark.parametrize(
    "feature",
    [
        MEL,
        LogMel(RATE, n_fft=2048, hop_length=512, n_mels=40, top_db=None),
        LogMel(RATE, n_fft=256, hop_length=128, n_mels=16, pad_mode="reflect", exponent=2.0),
        LogMel(RATE, n_fft=1024, hop_length=256, n_mels=30, fmin=50.0, fmax=3000.0),
        Mfcc(RATE, n_fft=512, hop_length=256, n_mels=24, n_mfcc=13),
        Mfcc(RATE, n_fft=512, hop_length=512, n_mels=24, n_mfcc=13, n_frames=8),
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
    ("feature", "message"),
    [
        (MelRows128(RATE), "LogMel"),
        (Mfcc(RATE, n_deltas=1), "without deltas"),
        (LogMel(RATE, n_fft=600, hop_length=200, n_mels=20), "power of 2"),
        (LogMel(RATE, n_fft=512, hop_length=200, n_mels=20), "power of 2"),
        (LogMel(RATE, n_fft=512, hop_length=256, n_mels=20, n_frames=100), "take more"),
    ],
)
def test_a_feature_without_a_graph_is_refused(feature, message):
    with pytest.raises(FeatureError, match=message):
        front_end(feature, 6000)


# --- every recipe of the book


def refusal(recipe: Recipe) -> str | None:
    """Why a recipe cannot be exported."""
    try:
        exportable(recipe)
    except FeatureError as error:
        return str(error)
    return None


NOT_EXPORTABLE = {
    "wei2023/fusion-early": "2 modalities",
    "wei2023/mlp57": "Vector57",
    "wei2023/resnet-mel": "MelPicture",
    "wei2023/segment-3s-rms": "Concat",
    "wei2023/teacher": "MelPicture",
}


@pytest.mark.parametrize("name", NOT_EXPORTABLE)
def test_a_recipe_that_cannot_be_exported_says_why(name):
    message = refusal(papers.recipe(name))
    assert NOT_EXPORTABLE[name] in message
    assert name in message


def test_an_estimator_and_a_step_without_onnx_form_are_refused():
    estimator = replace(BANDS, model=k_nn, learner=Estimator())
    assert "scikit-learn" in refusal(estimator)
    assert "steps of preparation" in refusal(replace(BANDS, prepare=(MinMaxUnit(),)))


def translations() -> list[Recipe]:
    """A recipe for each different way from sound to network input, and for each network."""
    there = [p for p in papers.PAPERS if find_spec(f"mgrlib.papers.{p}.recipes")]
    distinct: dict[tuple[str, ...], Recipe] = {}
    for recipe in (recipe for paper in there for recipe in papers.recipes(paper)):
        if len(recipe.features) == 1 and isinstance(recipe.features[0], LogMel | Mfcc | TaggerMel):
            parts = (recipe.features, recipe.prepare, recipe.cut, recipe.model, recipe.options)
            distinct.setdefault(tuple(map(repr, parts)), recipe)
    return list(distinct.values())


def trained_inputs(recipe: Recipe, cut_segments: Segments) -> tuple[System, torch.Tensor]:
    """A system after one epoch, and all that its network was given in training."""
    batches: list[tuple[nn.Module, torch.Tensor]] = []

    def note(module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        if module.training and isinstance(inputs[0], torch.Tensor):
            batches.append((module, inputs[0].detach().clone()))

    handle = nn.modules.module.register_module_forward_pre_hook(note)
    try:
        system = learn(replace(recipe, augment=None), cut_segments, epochs=1, precision="float32")
    finally:
        handle.remove()
    return system, torch.cat([x for module, x in batches if module is system.network])


@pytest.mark.slow
@pytest.mark.parametrize("recipe", translations(), ids=lambda recipe: recipe.name)
def test_a_file_feeds_the_network_what_training_fed_it(recipe, tmp_path, monkeypatch):
    """And says what the system says: for every recipe that can be exported.

    First weights in place of published ones, which are not on every computer.
    """
    fresh = SimpleNamespace(network=Crnn(50, TaggerMel(12000, part="start").shape(30.0)))
    monkeypatch.setattr(learners, "load_tagger", lambda file: fresh)
    if refusal(recipe):
        pytest.skip(refusal(recipe))
    _check_file(recipe, tmp_path)


def _check_file(recipe: Recipe, folder: Path) -> None:
    rate, seconds = recipe.features[0].sample_rate, recipe.cut.segment_seconds
    long = max(round(30 * rate), 1) if seconds is None else round(seconds * rate)
    clips = segments(recipe, long)
    system, trained = trained_inputs(recipe, clips)
    path = export(system, folder / "system.onnx")
    file = SoundClassifier(path)
    y = sound(long, 0, rate)[: file.n_samples]
    fed = network_input(path, np.pad(y, (0, file.n_samples - len(y))))
    distance = (trained - torch.from_numpy(fed)).abs().flatten(1).mean(1)
    assert float(distance.min()) < 1e-3 * float(trained.std())  # a clip that it was trained on
    assert float(distance.max()) > 10 * float(distance.min())  # and no other
    assert parity(system, path, *(sound(file.n_samples, seed, rate) for seed in (7, 8))) < PARITY


def network_input(path: Path, y: np.ndarray) -> np.ndarray:
    """What a file gives its network for a waveform, (1, ...)."""
    model = load(path)
    inner = helper.make_tensor_value_info("network_input", TensorProto.FLOAT, None)
    model.graph.output.append(inner)
    session = onnxruntime.InferenceSession(model.SerializeToString())
    return session.run(["network_input"], {"waveform": y[None]})[0]


@pytest.mark.parametrize("steps", [(), (Standardize(),), (PerClip(),), (PerClip(), Standardize())])
def test_every_step_of_preparation_is_in_the_file(steps, tmp_path):
    """A network trained on standardized clips was once exported with raw decibels before it."""
    _check_file(replace(BANDS, prepare=steps), tmp_path)


class Linear(nn.Module):
    """One layer on a vector."""

    def __init__(self, n_classes: int, input_shape: tuple[int]) -> None:
        super().__init__()
        self.linear = nn.Linear(*input_shape, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, D) -> logits (B, K)."""
        return self.linear(x)


def test_a_step_may_change_the_shape(tmp_path):
    _check_file(replace(BANDS, prepare=(RowMeans(), Standardize()), model=Linear), tmp_path)


# --- one system and its files


@pytest.fixture(scope="module")
def system() -> System:
    """A trained system whose feature says how long it listens."""
    return learn(BANDS, segments(BANDS, 3 * RATE, 9))


@pytest.fixture(scope="module")
def paths(system, tmp_path_factory):
    """The system as a float32 and as an int8 file."""
    folder = tmp_path_factory.mktemp("export")
    float32_path = export(system, folder / "float32.onnx")
    clips = segments(BANDS, 3 * RATE, 9)
    return float32_path, export(system, folder / "int8.onnx", calibration=clips)


def test_a_file_says_what_the_system_says(system, paths):
    n_samples = seen_samples(MEL)
    waveforms = [sound(n_samples, seed) for seed in (20, 21)]
    waveforms.append(np.zeros(n_samples, dtype=np.float32))
    assert parity(system, paths[0], *waveforms) < PARITY


def test_an_int8_file_says_nearly_that(system, paths):
    assert parity(system, paths[1], sound(4096, 20)) < 0.05


def test_an_int8_system_says_nearly_that(system):
    clips = segments(BANDS, 3 * RATE, 9)
    difference = int8(system, clips).predict(clips).probs - system.predict(clips).probs
    assert 0 < np.abs(difference).max() < 0.05


def test_a_file_knows_its_genres_and_what_it_wants(paths):
    classifier = SoundClassifier(paths[1])
    assert (classifier.genres, classifier.sample_rate) == (GENRES, RATE)
    assert classifier.n_samples == seen_samples(MEL) == 15 * 256 + 256
    assert (classifier.about["recipe"], classifier.about["weights"]) == ("test/bands", "int8")


def test_waveforms_go_through_as_a_batch(system, paths):
    both = np.stack([sound(4096, seed) for seed in (1, 2)])
    probs = SoundClassifier(paths[0]).session.run(None, {"waveform": both})[0]
    expected = np.stack([system.predict(y).probs[0] for y in both])
    assert np.allclose(probs, expected, atol=PARITY)
    assert np.allclose(probs.sum(1), 1, atol=1e-6)


def test_a_song_is_heard_window_by_window_to_its_end(paths):
    classifier, y = SoundClassifier(paths[0]), sound(5 * RATE)
    answers = classifier.over_time(y, hop_seconds=1.0)
    end = pytest.approx(5 - classifier.window)
    assert answers.starts.tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, end]
    assert np.allclose(answers.probs[1], classifier(y[RATE : RATE + classifier.n_samples]))
    assert sum(answers.overall.values()) == pytest.approx(1)
    assert list(answers.overall.values()) == sorted(answers.overall.values(), reverse=True)
    assert answers.real_time_factor == answers.computing / 5


def test_a_system_is_asked_window_by_window_like_its_file(tmp_path):
    recipe = replace(BANDS, features=(replace(MEL, n_frames=None),), cut=Cut(0.5))
    system = learn(recipe, segments(recipe, RATE // 2))
    path, y = export(system, tmp_path / "system.onnx"), sound(RATE)
    expected = over_time(SoundClassifier(path), y)
    answers = over_time(SystemClassifier(system), y)
    assert np.array_equal(answers.starts, expected.starts)
    assert np.allclose(answers.probs, expected.probs, atol=PARITY)


def test_a_short_sound_is_filled_up_with_silence(paths):
    answers = SoundClassifier(paths[0]).over_time(sound(1000))
    assert answers.probs.shape == (1, 3)
    assert answers.middles.tolist() == [1000 / RATE]


def test_no_sound_and_no_hop_are_refused(paths):
    classifier = SoundClassifier(paths[0])
    with pytest.raises(AudioError, match="0 samples"):
        classifier.over_time(np.zeros(0, dtype=np.float32))
    with pytest.raises(AudioError, match="a hop of 0"):
        classifier.over_time(sound(9000), hop_seconds=1e-6)


def test_a_waveform_of_another_length_is_refused(paths):
    with pytest.raises(ShapeError, match="N=4096"):
        SoundClassifier(paths[0])(sound(4000))


def test_a_network_without_genres_is_no_classifier(system, tmp_path):
    path = to_onnx(system.network, (20, 16), path=tmp_path / "net.onnx")
    with pytest.raises(MgrError, match="mgrlib export"):
        SoundClassifier(path)


def test_a_recipe_that_does_not_know_its_length_says_so():
    recipe = replace(BANDS, features=(replace(MEL, n_frames=None),))
    assert "how many seconds" in refusal(recipe)
    assert refusal(replace(recipe, cut=Cut(1.5))) is None


def test_a_file_that_says_something_else_is_not_kept(system, tmp_path, monkeypatch):
    monkeypatch.setattr("mgrlib.compression.export.parity", lambda *_: 0.5)
    with pytest.raises(MgrError, match="not kept"):
        export(system, tmp_path / "net.onnx")
    assert not list(tmp_path.iterdir())


def test_a_graph_is_written_whole(tmp_path):
    graph = front_end(MEL, 6000)
    assert save(graph, tmp_path / "a" / "front.onnx").stat().st_size < 60_000
