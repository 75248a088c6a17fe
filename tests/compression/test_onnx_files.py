from __future__ import annotations

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from nets import small, toy
from torch import nn

from mgrlib.compression import pruned
from mgrlib.compression.onnx_files import OPSET, OnnxModel, load, to_onnx
from mgrlib.compression.quantize import (
    quantize_dynamic,
    quantize_static,
    quantize_tensor,
    quantize_weights,
)
from mgrlib.errors import MgrError, StorageError
from mgrlib.evaluation import predict
from mgrlib.models.wei2023 import SequenceLstm

SHAPE = (4, 12)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A network, the same as a float32 file, and as three int8 files."""
    folder, model = tmp_path_factory.mktemp("onnx"), small()
    source = to_onnx(model, SHAPE, path=folder / "net.onnx")
    paths = {
        "float32": source,
        "static": quantize_static(source, folder / "static.onnx", toy()),
        "dynamic": quantize_dynamic(source, folder / "dynamic.onnx"),
        "weights": quantize_weights(source, folder / "weights.onnx"),
    }
    return model, paths


def test_a_file_computes_what_the_network_does(files):
    model, paths = files
    for n in (1, 5):
        x = torch.randn(n, *SHAPE)
        assert torch.allclose(OnnxModel(paths["float32"])(x), model(x), atol=1e-5)


def test_a_file_holds_standard_operations_alone(files):
    _, paths = files
    for path in paths.values():
        proto = load(path)
        domains = {entry.domain: entry.version for entry in proto.opset_import}
        assert domains[""] == OPSET
        assert {node.domain for node in proto.graph.node} <= {""}


def test_a_file_names_nothing_of_the_machine_it_was_made_on(files):
    _, paths = files
    for path in paths.values():
        assert b"mgrlib/" not in path.read_bytes()
        assert b".py" not in path.read_bytes()


@pytest.mark.parametrize("kind", ["static", "dynamic", "weights"])
def test_eight_bits_are_close_and_small(files, kind):
    model, paths = files
    x = toy(seed=3).inputs[0]
    logits = model(x).detach()
    assert float((OnnxModel(paths[kind])(x) - logits).abs().max()) < 0.1 * float(logits.abs().max())
    kinds = {tensor.data_type for tensor in load(paths[kind]).graph.initializer}
    assert kinds & {onnx.TensorProto.INT8, onnx.TensorProto.UINT8}


def test_an_int8_file_spends_no_bytes_on_zeros_that_go_without_saying(files):
    _, paths = files
    graph = load(paths["static"]).graph
    biases = [t.name for t in graph.initializer if t.data_type == onnx.TensorProto.INT32]
    readers = [node for node in graph.node if node.input[0] in biases]
    assert len(readers) == 3
    assert all(len(node.input) == 2 for node in readers)
    assert not any(node.name for node in graph.node)


def test_an_int8_file_is_computed_in_integers(files, tmp_path):
    _, paths = files
    settings = onnxruntime.SessionOptions()
    settings.optimized_model_filepath = str(tmp_path / "as it runs.onnx")
    settings.log_severity_level = 3
    onnxruntime.InferenceSession(str(paths["static"]), settings, ["CPUExecutionProvider"])
    kinds = {node.op_type for node in onnx.load(tmp_path / "as it runs.onnx").graph.node}
    assert {"QLinearConv", "QGemm"} <= kinds
    assert not kinds & {"Conv", "Gemm"}


def test_without_fusion_an_int8_file_says_nearly_the_same(files):
    _, paths = files
    x = toy(seed=3).inputs[0]
    joined, apart = (OnnxModel(paths["static"], fused=fused)(x) for fused in (True, False))
    assert torch.allclose(joined, apart, atol=0.1)


def test_predict_takes_a_file_like_any_network(files):
    model, paths = files
    segments = toy(seed=4)
    same = predict(OnnxModel(paths["float32"]), segments).probs - predict(model, segments).probs
    assert np.abs(same).max() < 1e-5


@pytest.mark.parametrize("read", ["last", "mean"])
def test_an_lstm_is_one_operation_that_computes_the_same(read, tmp_path):
    torch.manual_seed(0)
    model = SequenceLstm(3, (4, 50), n_hidden=8, read=read).eval()
    path = to_onnx(model, (4, 50), path=tmp_path / "lstm.onnx")
    assert [node.op_type for node in load(path).graph.node].count("LSTM") == 1
    x = torch.randn(5, 4, 50)
    assert torch.allclose(OnnxModel(path)(x), model(x), atol=1e-6)


def test_an_lstm_of_two_directions_is_followed_step_by_step(tmp_path):
    class Both(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.lstm = nn.LSTM(4, 3, batch_first=True, bidirectional=True)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.lstm(x.transpose(1, 2))[0].mean(1)

    model = Both().eval()
    x = torch.randn(2, 4, 6)
    path = to_onnx(model, (4, 6), path=tmp_path / "both.onnx")
    assert torch.allclose(OnnxModel(path)(x), model(x), atol=1e-6)


def test_an_old_torch_is_refused_by_its_number(monkeypatch, tmp_path):
    monkeypatch.setattr(torch, "__version__", "2.4.1+cpu")
    with pytest.raises(MgrError, match=r"torch 2\.6 or later, got 2\.4\.1"):
        to_onnx(small(), SHAPE, path=tmp_path / "net.onnx")


def test_a_mask_becomes_part_of_the_file(tmp_path):
    path = to_onnx(pruned(small(), 0.9), SHAPE, path=tmp_path / "pruned.onnx")
    assert OnnxModel(path)(torch.zeros(1, *SHAPE)).shape == (1, 3)
    sizes = {t.name: onnx.numpy_helper.to_array(t) for t in load(path).graph.initializer}
    assert np.mean(sizes["hidden.weight"] == 0) > 0.85


def test_int8_of_a_tensor_is_within_half_a_step():
    x = np.random.default_rng(0).normal(size=(5, 40)).astype(np.float32)
    x[0] *= 100
    q, scale, back = quantize_tensor(x, axis=0)
    assert q.dtype == np.int8
    assert scale.shape == (5, 1)
    assert np.all(np.abs(back - x) <= scale * 0.5001)
    _, fine, coarse = quantize_tensor(x)
    assert np.abs(coarse - x)[1:].max() > np.abs(back - x)[1:].max()
    assert fine.shape == ()


def test_a_tensor_of_zeros_stays_one():
    assert not quantize_tensor(np.zeros((2, 3), dtype=np.float32), axis=0)[2].any()


def test_calibration_needs_segments(files, tmp_path):
    _, paths = files
    with pytest.raises(MgrError, match="training segments"):
        quantize_static(paths["float32"], tmp_path / "x.onnx", toy().of([]))


def test_a_file_that_is_none_is_refused(tmp_path):
    (tmp_path / "song.onnx").write_bytes(b"ID3 not a network")
    with pytest.raises(MgrError, match=r"song\.onnx.*mgrlib export"):
        OnnxModel(tmp_path / "song.onnx")
    with pytest.raises(StorageError, match="check the path"):
        OnnxModel(tmp_path / "nowhere.onnx")
