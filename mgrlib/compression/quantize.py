"""Eight bits in place of thirty-two: smaller files, and integer arithmetic that is faster.

A value x is stored as the integer q = round(x / s) + z; s and z are the scale and the zero point.
*Static* quantization settles s and z of every layer's output beforehand, from a few segments that
are sent through the network (the calibration set), so that the whole network runs in integers.
*Dynamic* quantization looks at each output while running; it has to find the extremes and go back
to float32 after each layer, which for convolutions costs more than it saves. *Weights only* stores
int8 and computes in float32: as small, and never faster than before.

Weights have a scale for each channel of outputs. The files are in ONNX's form of pairs of
QuantizeLinear and DequantizeLinear around the float32 operations; the runtime joins each pair and
what is between them into one integer operation.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import quantization

from mgrlib.compression.onnx_files import OnnxModel, load, quiet, save, scratch_folder, to_onnx
from mgrlib.errors import MgrError, explain
from mgrlib.segments import Segments
from mgrlib.systems.system import System

ROOT = "root"  # the logger of the quantizer's advice to prepare the file, which `to_onnx` has done
MAX_CALIBRATION = 200  # segments; the ranges settle long before


def quantize_tensor(
    x: np.ndarray, *, axis: int | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A weight as int8, symmetric: q, s and what s q gives back.

    Args:
        axis: has a scale for each of its places; None has one for all.

    >>> q, s, back = quantize_tensor(np.array([0.5, -1.0, 0.25], dtype=np.float32))
    >>> q
    array([  64, -127,   32], dtype=int8)
    """
    others = None if axis is None else tuple(k for k in range(x.ndim) if k != axis)
    largest = np.abs(x).max(axis=others, keepdims=axis is not None)
    scale = np.where(largest > 0, largest, 1.0).astype(np.float32) / np.float32(127)
    q = np.clip(np.rint(x / scale), -127, 127).astype(np.int8)
    return q, np.asarray(scale), q * scale


class _Segmentwise(quantization.CalibrationDataReader):
    """Hands the calibration segments to the quantizer, one at a time."""

    def __init__(self, segments: Segments, names: Sequence[str]) -> None:
        self.segments, self.names, self.next = segments, names, 0

    def get_next(self) -> dict[str, np.ndarray] | None:
        """The next segment's inputs by name, or None at the end."""
        if self.next >= min(len(self.segments), MAX_CALIBRATION):
            return None
        i, self.next = self.next, self.next + 1
        arrays = [x[i : i + 1].numpy() for x in self.segments.inputs]
        return dict(zip(self.names, arrays, strict=True))


def quantize_static(source: Path, target: Path, calibration: Segments) -> Path:
    """Convert an ONNX file to int8, with integer arithmetic throughout; returns the path.

    Args:
        source: a float32 file made by `to_onnx`.
        calibration: segments from the training part, scaled as in training; up to 200 are used.

    Raises:
        MgrError: no segment to calibrate with, or `source` is no ONNX file.
    """
    if not len(calibration):
        hint = "give some of the training segments."
        raise MgrError(explain("quantize_static", "segments to calibrate with", "none", hint))
    names = [entry.name for entry in load(source).graph.input]
    with scratch_folder() as folder, quiet(ROOT):
        int8_file = folder / "int8.onnx"
        quantization.quantize_static(
            str(source),
            str(int8_file),
            _Segmentwise(calibration, names),
            quant_format=quantization.QuantFormat.QDQ,
            per_channel=True,
            activation_type=quantization.QuantType.QUInt8,
            weight_type=quantization.QuantType.QInt8,
            calibrate_method=quantization.CalibrationMethod.MinMax,
        )
        return save(_tidied(load(int8_file)), target)


def quantize_dynamic(source: Path, target: Path) -> Path:
    """Convert an ONNX file to int8, quantizing activations at run time; returns the path."""
    with scratch_folder() as folder, quiet(ROOT):
        int8_file = folder / "dynamic.onnx"
        quantization.quantize_dynamic(
            str(source), str(int8_file), per_channel=True, weight_type=quantization.QuantType.QUInt8
        )
        return save(load(int8_file), target)


def quantize_weights(source: Path, target: Path) -> Path:
    """Write a file with int8 weights that become float32 again before use; returns the path.

    The file has a quarter of the bytes; the number of multiplications stays the same.
    """
    model = load(source)
    graph, nodes = model.graph, []
    for tensor in list(graph.initializer):
        if tensor.data_type != TensorProto.FLOAT or len(tensor.dims) < 2:
            continue
        q, scale, _ = quantize_tensor(numpy_helper.to_array(tensor), axis=0)
        name = tensor.name
        graph.initializer.remove(tensor)
        graph.initializer.extend(
            [
                numpy_helper.from_array(q, f"{name}.int8"),
                numpy_helper.from_array(scale.reshape(-1), f"{name}.scale"),
            ]
        )
        inputs = [f"{name}.int8", f"{name}.scale"]
        nodes.append(helper.make_node("DequantizeLinear", inputs, [name], axis=0))
    rest = list(graph.node)
    del graph.node[:]
    graph.node.extend([*nodes, *rest])
    return save(model, target)


def onnx_files(system: System, calibration: Segments, folder: Path) -> dict[str, Path]:
    """A system's network as a float32 file and as int8 files of three kinds, by kind.

    Args:
        calibration: training segments as the recipe cuts them; the first 200 are used.
        folder: where the files are written.

    Raises:
        RecipeError: a system whose classifier is not one network.
    """
    source = to_onnx(system.network, *system.shapes, path=folder / "float32.onnx")
    inputs = system.segments(calibration)
    return {
        "float32": source,
        "int8 static": quantize_static(source, folder / "static.onnx", inputs),
        "int8 dynamic": quantize_dynamic(source, folder / "dynamic.onnx"),
        "int8 weights only": quantize_weights(source, folder / "weights.onnx"),
    }


def int8(system: System, calibration: Segments) -> System:
    """The same system with its network in eight bits, by static quantization.

    Args:
        calibration: training segments as the recipe cuts them; the first 200 are used.

    Raises:
        RecipeError: a system whose classifier is not one network.
    """
    with scratch_folder() as folder:
        return system.with_network(
            OnnxModel(onnx_files(system, calibration, folder)["int8 static"])
        )


def _tidied(model: onnx.ModelProto) -> onnx.ModelProto:
    """Remove the quantizer's notes, unnecessary zero points, and long names.

    In an int8 file of many narrow layers these are no longer negligible.
    """
    del model.metadata_props[:]
    del model.graph.value_info[:]
    model.producer_name, model.producer_version = "mgrlib", ""
    _without_zero_points(model.graph)
    _with_short_names(model.graph)
    return model


def _without_zero_points(graph: onnx.GraphProto) -> None:
    """Drop the zero points of biases, which are zero by default.

    Those of weights stay: without them the runtime no longer multiplies matrices in integers.
    """
    stored = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        x = stored.get(node.input[0]) if node.op_type == "DequantizeLinear" else None
        is_bias = x is not None and x.data_type == TensorProto.INT32
        if is_bias and len(node.input) == 3 and not _values(stored[node.input[2]]).any():
            del node.input[2]
    input_names = {name for node in graph.node for name in node.input}
    tensors = [tensor for name, tensor in stored.items() if name in input_names]
    del graph.initializer[:]
    graph.initializer.extend(tensors)


def _values(tensor: onnx.TensorProto) -> np.ndarray:
    return np.asarray(numpy_helper.to_array(tensor))


def _with_short_names(graph: onnx.GraphProto) -> None:
    """Replace the names inside the graph by numbers; its inputs and outputs keep theirs."""
    short = {item.name: item.name for item in (*graph.input, *graph.output)} | {"": ""}
    for node in graph.node:
        node.name = ""
        for names in (node.input, node.output):
            names[:] = [short.setdefault(name, f"t{len(short)}") for name in names]
    for tensor in graph.initializer:
        tensor.name = short[tensor.name]
