"""The published taggers on small made-up weights, everywhere; their golden values are below."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from scipy.signal import convolve2d
from torch import nn

from mgrlib import storage
from mgrlib.errors import ChecksumError, DownloadError, ShapeError, StorageError
from mgrlib.models import published
from mgrlib.models.keras1 import read_keras1, stored_statistic, write_keras1
from mgrlib.models.pretrained import Tagger, fold_norms, layer_vectors, load_tagger
from mgrlib.models.published import CALIBRATED, FILES, README, WeightsFile, at_hand, find
from mgrlib.models.reddy2024 import Crnn, Fcn5
from mgrlib.training.seeds import seeded

SHAPE = (16, 40)
POOLS = ((2, 2), (2, 2), (2, 2), (2, 2))


def some_input(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def made_up(network: type[nn.Module] = Crnn, **options) -> nn.Module:
    """A small network whose statistics are none of them 0 or 1, in evaluation mode."""
    n_blocks = 4 if network is Crnn else 5
    if network is Crnn:
        options = {"gru": "keras1", "n_hidden": 3, **options}
    with seeded(0):
        model = network(3, SHAPE, widths=(2, 3, 4, 3, 2)[:n_blocks], pools=POOLS, **options)
        for layer in model.modules():
            if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
                nn.init.uniform_(layer.running_mean, -1, 1)
                nn.init.uniform_(layer.running_var, 0.2, 3)
                nn.init.uniform_(layer.weight, 0.5, 2)
                nn.init.uniform_(layer.bias, -1, 1)
                layer.eps = 1e-6
    return model.eval()


def weights_file(
    folder: Path, network: nn.Module, statistic: str = "std", backend: str = "theano"
) -> tuple[WeightsFile, Path]:
    """A file of the network in the form of Keras 1, and its description."""
    path = folder / "made_up.h5"
    digest = write_keras1(path, network, statistic=statistic, backend=backend)
    kind = "crnn" if isinstance(network, Crnn) else "fcn5"
    reading = replace(CALIBRATED, statistic=statistic)
    file = WeightsFile("made_up.h5", digest, (), kind, reading, ("a", "b", "c"), backend)
    return replace(file, input_shape=SHAPE, pools=POOLS), path


@pytest.mark.parametrize("network", [Crnn, Fcn5])
@pytest.mark.parametrize("statistic", ["std", "variance"])
@pytest.mark.parametrize("backend", ["theano", "tensorflow"])
def test_a_network_comes_back_from_a_file_as_it_went_in(tmp_path, network, statistic, backend):
    model, x = made_up(network), some_input(2, *SHAPE)
    file, path = weights_file(tmp_path, model, statistic, backend)
    with torch.inference_mode():
        probabilities = model(x).sigmoid()
    assert torch.allclose(load_tagger(file, source=path)(x), probabilities, atol=1e-5)


def keras1_file(path: Path, layers: dict[str, dict[str, np.ndarray]], suffix: str = "") -> Path:
    """A file as Keras 1 wrote it, without our writer: names as given, with a backend's suffix."""
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [name.encode() for name in (*layers, "dropout1")]
        file.create_group("dropout1").attrs["weight_names"] = []
        for layer, arrays in layers.items():
            group = file.create_group(layer)
            group.attrs["weight_names"] = [f"{layer}_{name}{suffix}".encode() for name in arrays]
            for name, array in arrays.items():
                group[f"{layer}_{name}{suffix}"] = array
    return path


@pytest.mark.parametrize("suffix", ["", ":0", "_1:0"])
def test_names_are_the_same_whatever_the_backend_appends(tmp_path, suffix):
    layers = {"conv1": {"W": np.ones((2, 1, 3, 3)), "b": np.zeros(2)}, "gru1": {"W_z": np.eye(2)}}
    tensors = read_keras1(keras1_file(tmp_path / "x.h5", layers, suffix))
    assert {layer: list(arrays) for layer, arrays in tensors.items()} == {
        "conv1": ["W", "b"],
        "gru1": ["W_z"],
    }
    assert tensors["conv1"]["W"].dtype == np.float32


def test_a_kernel_of_a_theano_file_convolves(tmp_path):
    file, path = weights_file(tmp_path, made_up())
    kernel = read_keras1(path)["conv1"]["W"][0, 0]
    conv = load_tagger(file, source=path).network.blocks[0].conv
    image = some_input(5, 6)
    with torch.inference_mode():
        values = conv(image[None, None])[0, 0] - conv.bias[0]
    assert np.allclose(values, convolve2d(image.numpy(), kernel, mode="same"), atol=1e-6)


def test_a_kernel_of_a_tensorflow_file_is_taken_as_it_is(tmp_path):
    file, path = weights_file(tmp_path, made_up(), backend="tensorflow")
    kernel = read_keras1(path)["conv2"]["W"]
    loaded = load_tagger(file, source=path).network.blocks[1].conv.weight
    assert np.array_equal(loaded.detach().numpy(), kernel)


def norm_by_hand(x: np.ndarray, norm: dict[str, np.ndarray], divisor: np.ndarray) -> np.ndarray:
    """(F, T) -> (F, T), each frame with its own statistics: Keras's formula, its divisor given."""
    return (x - norm["running_mean"]) / divisor * norm["gamma"] + norm["beta"]


@pytest.mark.parametrize("reading", [CALIBRATED, README], ids=["std", "variance"])
def test_the_statistic_is_read_as_named(tmp_path, reading):
    file, path = weights_file(tmp_path, made_up(Fcn5))
    norm = read_keras1(path)["bn_0_freq"]
    stored = norm["running_std"]
    divisor = stored + 1e-6 if reading is CALIBRATED else np.sqrt(stored + 1e-5)
    network = load_tagger(file, source=path, reading=reading).network
    x = some_input(1, *SHAPE)
    with torch.inference_mode():
        values = network.frame_norm(x)[0].numpy()
    assert np.allclose(values, norm_by_hand(x[0].numpy(), norm, divisor), atol=1e-5)


def test_the_readme_mode_misreads_deviations_as_variances(tmp_path):
    file, path = weights_file(tmp_path, made_up())
    x = some_input(2, *SHAPE)
    right, wrong = (load_tagger(file, source=path, reading=r) for r in ("calibrated", "readme"))
    assert (right.reading.scale, wrong.reading.scale) == ("clip", "none")
    assert (right(x) - wrong(x)).abs().max() > 1e-3


def padded_file(folder: Path, statistic: str, named: str) -> tuple[WeightsFile, Path]:
    model = made_up()
    with torch.no_grad():
        for end in (slice(0, 37), slice(-37, None)):
            model.frame_norm.running_mean[end] = 0
            model.frame_norm.running_var[end] = 0
    file, path = weights_file(folder, model, statistic)
    return replace(file, reading=replace(CALIBRATED, statistic=named)), path


@pytest.mark.parametrize("statistic", ["std", "variance"])
def test_padded_frames_tell_what_is_stored(tmp_path, statistic):
    file, path = padded_file(tmp_path, statistic, statistic)
    assert stored_statistic(read_keras1(path)) == statistic
    assert load_tagger(file, source=path).reading.statistic == statistic


def test_without_padded_frames_a_file_is_silent_about_its_statistic(tmp_path):
    _, path = weights_file(tmp_path, made_up(Fcn5))
    assert stored_statistic(read_keras1(path)) is None


def test_a_statistic_named_against_the_files_own_evidence_is_refused(tmp_path):
    file, path = padded_file(tmp_path, "std", "variance")
    fault = "stated statistic 'variance', got those of a standard deviation"
    with pytest.raises(StorageError, match=fault):
        load_tagger(file, source=path)


@pytest.mark.parametrize("network", [Crnn, Fcn5])
def test_folding_the_norms_changes_nothing(network):
    model, x = made_up(network), some_input(2, *SHAPE)
    folded = fold_norms(model)
    with torch.inference_mode():
        assert torch.allclose(folded(x), model(x), atol=1e-5)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in folded.modules())
    assert sum(isinstance(layer, nn.BatchNorm2d) for layer in model.modules()) >= 4


def test_tags_come_likeliest_first():
    file = WeightsFile("x.h5", "sha256:0", (), "crnn", CALIBRATED, ("a", "b", "c"))
    tagger = Tagger(file, CALIBRATED, made_up())
    x = some_input(*SHAPE)
    tags = tagger.top(x, 2)
    values = dict(zip("abc", tagger(x[None])[0].tolist(), strict=True))
    assert tags == sorted(values.items(), key=lambda pair: -pair[1])[:2]


def test_layer_vectors_are_means_over_the_map_side_by_side():
    model, x = made_up(), some_input(5, *SHAPE)
    vectors = layer_vectors(model, x, ("pool2", "gru2"), batch_size=2)
    with torch.inference_mode():
        maps = model.activations(x)
    assert torch.allclose(vectors[:, :3], maps["pool2"].mean((2, 3)), atol=1e-6)
    assert torch.allclose(vectors[:, 3:], maps["gru2"], atol=1e-6)


def test_layer_vectors_leave_the_mode_of_the_network_alone():
    model = made_up().train()
    model.blocks[0].eval()
    layer_vectors(model, some_input(2, *SHAPE), ("gru2",))
    assert model.training and not model.blocks[0].training


def test_an_unknown_layer_is_named():
    with pytest.raises(ShapeError, match=r"layers among .*'gru2'.* got 'pool9'"):
        layer_vectors(made_up(), some_input(2, *SHAPE), ("pool9",))


def test_pytorchs_own_recurrent_unit_cannot_be_written_as_keras_1(tmp_path):
    with pytest.raises(ShapeError, match='gru="keras1"'):
        write_keras1(tmp_path / "x.h5", made_up(gru="torch"))


def test_arrays_of_another_shape_are_refused(tmp_path):
    file, path = weights_file(tmp_path, made_up())
    with pytest.raises(ShapeError, match=r"made_up\.h5, frame_norm\.weight: expected shape \(115"):
        load_tagger(replace(file, input_shape=(16, 41)), source=path)


def test_a_file_without_the_networks_layers_is_refused(tmp_path):
    file, path = weights_file(tmp_path, made_up(Fcn5))
    with pytest.raises(ShapeError, match="layers and parameters of a crnn, got none called 'gru2'"):
        load_tagger(replace(file, network="crnn"), source=path)


def test_a_file_that_keras_1_did_not_write_is_refused(tmp_path):
    path = tmp_path / "x.h5"
    path.write_bytes(b"not weights")
    with pytest.raises(StorageError, match="weights written by Keras 1"):
        read_keras1(path)


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """A store without files, and no folder of taggers named."""
    monkeypatch.setenv("MGRLIB_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MGRLIB_TAGGERS", raising=False)
    return tmp_path / "home"


@pytest.fixture
def pretended(tmp_path, monkeypatch) -> dict[str, Path]:
    """Two files of known content that stand for published ones."""
    files, paths = {}, {}
    for name, content in (("one", b"first"), ("two", b"second")):
        paths[name] = tmp_path / f"{name}.h5"
        paths[name].write_bytes(content)
        digest = f"sha256:{storage.checksum(paths[name])}"
        files[name] = WeightsFile(f"{name}.h5", digest, (), "crnn", CALIBRATED)
    monkeypatch.setattr(published, "FILES", files)
    return paths


def test_a_file_is_found_at_a_path_in_a_folder_and_by_the_variable(
    home, pretended, tmp_path, monkeypatch
):
    assert find("one", pretended["one"]) == find("one", tmp_path) == pretended["one"]
    assert at_hand("one") is None
    monkeypatch.setenv("MGRLIB_TAGGERS", str(tmp_path))
    assert at_hand("one") == find("one") == pretended["one"]


def test_a_file_in_the_store_is_found_without_network(home, pretended):
    (home / "taggers").mkdir(parents=True)
    path = pretended["one"].rename(home / "taggers" / "one.h5")
    assert at_hand("one") == find("one") == path


def test_a_damaged_file_is_refused_by_its_checksum(home, pretended):
    pretended["one"].write_bytes(b"damaged")
    with pytest.raises(ChecksumError, match=r"sha256 of one\.h5, got .*7 bytes.*download it again"):
        find("one", pretended["one"])


def test_a_swapped_file_is_refused_and_recognized(home, pretended):
    with pytest.raises(ChecksumError, match=r"sha256 of one\.h5, got that of two\.h5"):
        find("one", pretended["two"])


def test_a_damaged_file_in_the_store_is_refused_too(home, pretended):
    (home / "taggers").mkdir(parents=True)
    (home / "taggers" / "one.h5").write_bytes(b"damaged")
    with pytest.raises(ChecksumError, match=r"home.taggers.one\.h5"):
        at_hand("one")


def test_without_network_the_message_says_where_to_place_the_file(home, pretended, monkeypatch):
    def unreachable(url, path, _):
        raise OSError("no network")

    monkeypatch.setattr(storage.pooch.core, "choose_downloader", lambda url, **_: unreachable)
    entry = replace(published.FILES["one"], urls=("https://example.org/one.h5",))
    monkeypatch.setitem(published.FILES, "one", entry)
    with pytest.raises(DownloadError, match=r"no network.*put it at .*taggers.one\.h5"):
        find("one")


def test_a_missing_source_names_the_variable(home, tmp_path):
    with pytest.raises(StorageError, match="MGRLIB_TAGGERS"):
        find("msd-crnn", tmp_path / "nowhere")


def test_an_unknown_tagger_is_refused():
    with pytest.raises(StorageError, match=r"one of msd-crnn.*got 'vgg'"):
        load_tagger("vgg")


def test_a_file_of_ones_own_needs_its_path():
    with pytest.raises(StorageError, match="the path of your file"):
        load_tagger(FILES["msd-crnn"])


def test_addresses_are_public_and_digests_whole():
    for file in (*FILES.values(), *published.README_TRACKS.values()):
        assert all(url.startswith("https://") and url.endswith(file.name) for url in file.urls)
        assert len(file.digest.removeprefix("sha256:")) == 64
    assert len(published.TAGS) == len(set(published.TAGS)) == 50
