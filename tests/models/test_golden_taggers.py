"""The published taggers against what the original program computed under its own Keras.

The lists and values are from Keras 1.0.6 and 1.1.0 themselves; the sine input needs no audio.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from mgrlib.features import standardize_clips
from mgrlib.models.keras1 import read_keras1, stored_statistic
from mgrlib.models.pretrained import Tagger, layer_vectors, load_tagger
from mgrlib.models.published import CALIBRATED, FILES, README, at_hand, find
from mgrlib.papers import printed

pytestmark = pytest.mark.realdata

TOP_10 = {
    "cute": "jazz .2417, instrumental .1513, folk .0881, guitar .0839, rock .0707, "
    "acoustic .0632, Mellow .0393, indie .0340, pop .0312, chillout .0304",
    "actionable": "rock .4083, classic rock .2582, Progressive rock .1595, instrumental .1236, "
    "hard rock .1094, blues .0765, guitar .0717, 70s .0568, 80s .0471, heavy metal .0339",
    "dubstep": "electronic .5895, electronica .2121, dance .1627, electro .1597, House .0758, "
    "ambient .0757, chillout .0468, experimental .0423, indie .0405, pop .0327",
    "thejazzpiano": "jazz .8919, instrumental .0382, blues .0249, guitar .0244, "
    "female vocalists .0168, easy listening .0136, rock .0093, soul .0093, Mellow .0091, "
    "chillout .0089",
}

STATES = {  # the first six values of gru2
    ("calibrated", "cute"): (-0.1009, 0.3635, -0.5059, 0.9306, -0.0842, 0.5079),
    ("calibrated", "actionable"): (-0.2964, 0.9007, -0.0535, 0.0122, -0.0655, 0.5408),
    ("calibrated", "dubstep"): (0.7946, -0.2997, -0.6151, -0.1867, 0.6350, 0.8070),
    ("calibrated", "thejazzpiano"): (-0.1187, 0.9004, 0.3901, 0.8921, -0.1756, 0.9437),
    ("readme", "cute"): (-0.1916, 0.9426, -0.9991, 0.4764, -0.1909, 0.9903),
    ("readme", "actionable"): (-0.2207, 0.8724, -0.9995, 0.3101, -0.1467, 0.9825),
    ("readme", "dubstep"): (0.0170, 0.8911, -0.6481, -0.1962, 0.7733, 0.6883),
    ("readme", "thejazzpiano"): (-0.2449, 0.4940, -0.9447, 0.1725, -0.1698, 0.9977),
}

# file, reading: first five of the last layer before the output, of the output, its sum, and the
# mean of the last pooling, for the sine input.
SINE = {
    ("msd-crnn", CALIBRATED): (
        (-0.002280, 0.317731, -0.626286, -0.269445, 0.337336),
        (0.162074, 0.006268, 0.048214, 0.027020, 0.028070),
        1.240573,
        0.004705,
    ),
    ("msd-crnn", README): (
        (-0.157416, 0.462520, -0.832953, 0.814359, 0.137562),
        (0.043208, 0.026085, 0.029377, 0.024143, 0.093910),
        0.967939,
        37.713763,
    ),
    ("genre-crnn", README): (
        (0.943065, 0.548394, -0.996333, -0.662796, -0.930157),
        (0.006575, 0.025920, 0.002181, 0.004594, 0.012339),
        1.107935,
        -0.124969,
    ),
    ("msd-cnn", CALIBRATED): (
        (0.151865, -0.034729, 0.108682, 0.026512, -0.055795),
        (0.140659, 0.005549, 0.063843, 0.052790, 0.084452),
        1.498490,
        0.012927,
    ),
}


@pytest.fixture(scope="module")
def choi(realdata: Path) -> Path:
    return realdata / "choi"


def loaded(name: str, choi: Path, reading="calibrated") -> Tagger:
    """The tagger from the real data's folder, or from MGRLIB_TAGGERS; skipped where it is not."""
    path = choi / FILES[name].name
    source = path if path.is_file() else at_hand(name)
    if source is None:
        pytest.skip(f"{FILES[name].name} is not at hand (set MGRLIB_TAGGERS)")
    return load_tagger(name, reading=reading, source=source)


def mel(choi: Path, track: str) -> np.ndarray:
    """One track of the README as its authors prepared it, (96, 1366) in dB."""
    return np.load(find(track, choi))[0, 0]


@pytest.mark.parametrize("track", TOP_10)
def test_calibrated_tags_are_those_of_keras_1_0_6(choi, track):
    pairs = [entry.rsplit(" ", 1) for entry in TOP_10[track].split(", ")]
    tags = loaded("msd-crnn", choi).top(standardize_clips(mel(choi, track)))
    assert [tag for tag, _ in tags] == [tag for tag, _ in pairs]
    assert np.allclose([p for _, p in tags], [float(p) for _, p in pairs], rtol=0, atol=1e-3)


@pytest.mark.parametrize("track", TOP_10)
def test_readme_mode_reproduces_the_printed_probabilities_in_their_order(choi, track):
    tags = loaded("msd-crnn", choi, "readme").top(mel(choi, track))
    page = [e for e in printed("reddy2024") if e.condition.get("track") == track]
    assert [tag for tag, _ in tags] == [entry.condition["tag"] for entry in page]
    assert np.allclose([p for _, p in tags], [e.value for e in page], rtol=0, atol=6e-4)


@pytest.mark.parametrize(("mode", "track"), STATES)
def test_the_last_state_is_that_of_keras(choi, mode, track):
    tagger, x = loaded("msd-crnn", choi, mode), mel(choi, track)
    x = standardize_clips(x) if mode == "calibrated" else x
    state = layer_vectors(tagger.network, torch.tensor(x, dtype=torch.float32)[None], ("gru2",))
    assert np.allclose(state[0, :6], STATES[mode, track], rtol=0, atol=1e-4)


def sine() -> torch.Tensor:
    f, t = np.arange(96)[:, None], np.arange(1366)[None]
    return torch.tensor(np.sin(0.1 * f) + np.cos(0.03 * t) + 0.5 * np.sin(0.007 * f * t))[None]


@pytest.mark.parametrize(("name", "reading"), SINE)
def test_the_sine_input_gives_the_golden_values(choi, name, reading):
    features, outputs, total, last_map = SINE[name, reading]
    network = loaded(name, choi, reading).network.double()
    with torch.inference_mode():
        activations = network.activations(sine())
        probs = network(sine()).sigmoid()[0]
    last_pool = [x for layer, x in activations.items() if layer.startswith("pool")][-1]
    assert np.allclose(list(activations.values())[-1].flatten()[:5], features, rtol=0, atol=2e-6)
    assert np.allclose(probs[:5], outputs, rtol=0, atol=2e-6)
    assert probs.sum().item() == pytest.approx(total, abs=2e-6)
    assert last_pool.mean().item() == pytest.approx(last_map, rel=1e-5, abs=2e-6)


@pytest.mark.parametrize("name", ["msd-crnn", "msd-cnn"])
def test_the_tensorflow_file_holds_the_same_network(choi, name):
    theano, tensorflow = loaded(name, choi), loaded(f"{name}-tensorflow", choi)
    state, twin = theano.network.state_dict(), tensorflow.network.state_dict()
    assert all(torch.equal(state[key], twin[key]) for key in state)


@pytest.mark.parametrize(("name", "statistic"), [("msd-crnn", "std"), ("genre-crnn", "variance")])
def test_the_padded_frames_of_a_published_file_tell_its_statistic(choi, name, statistic):
    source = choi / FILES[name].name
    path = source if source.is_file() else at_hand(name)
    if path is None:
        pytest.skip(f"{FILES[name].name} is not at hand (set MGRLIB_TAGGERS)")
    assert stored_statistic(read_keras1(path)) == statistic


def test_folded_tags_are_the_same(choi):
    tagger, x = loaded("msd-crnn", choi), standardize_clips(mel(choi, "cute"))
    assert torch.allclose(tagger(x[None]), tagger.folded()(x[None]), atol=1e-5)


@pytest.mark.parametrize("mode", ["calibrated", "readme"])
def test_the_ten_genre_file_reads_one_way_only(choi, mode):
    assert loaded("genre-crnn", choi, mode).reading == README
