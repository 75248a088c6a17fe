"""Reading and writing of Keras 1 weight files, and their conversion to PyTorch.

A file differs from a PyTorch network with the same outputs in four ways:

- *Kernels.* Theano computes convolutions, TensorFlow and PyTorch correlations. The kernels of a
  Theano file are therefore flipped in both directions.
- *The recurrent unit* is different from PyTorch's; see `mgrlib.models.reddy2024.Keras1Gru`.
- *The statistics.* The array `running_std` contains standard deviations if Keras 1.0.6 or older
  wrote the file, and variances from version 1.0.7 on. The file does not say which.
- *The scale of the input* is not stored in the file either.

The last two form a `Reading`, which `mgrlib.models.published` states for each file.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import nn

from mgrlib import storage
from mgrlib.errors import ShapeError, StorageError, explain
from mgrlib.models.published import Reading, WeightsFile
from mgrlib.models.reddy2024 import Crnn, Fcn5, Keras1Gru

Weights = Mapping[str, Mapping[str, np.ndarray]]


def read_keras1(path: Path) -> dict[str, dict[str, np.ndarray]]:
    """Read the arrays of a Keras 1 weight file: layer -> parameter -> float32 array.

    Parameters are named without the name of their layer and without TensorFlow's suffix:
    `conv1_W_1:0` of layer `conv1` is `W`.

    Raises:
        StorageError: if the file is not a Keras 1 weight file.
    """
    import h5py  # a slow import that few callers need

    try:
        with h5py.File(path, "r") as file:
            layers = [_text(name) for name in file.attrs["layer_names"]]
            return {
                layer: {
                    _parameter(layer, _text(name)): np.asarray(file[layer][_text(name)], np.float32)
                    for name in file[layer].attrs["weight_names"]
                }
                for layer in layers
                if len(file[layer].attrs["weight_names"])
            }
    except (OSError, KeyError) as error:
        got = f"{type(error).__name__}: {error}"
        raise StorageError(explain(str(path), "weights written by Keras 1", got)) from error


def _text(name: bytes | str) -> str:
    return name.decode() if isinstance(name, bytes) else str(name)


def _parameter(layer: str, name: str) -> str:
    return name.removesuffix(":0").removesuffix("_1").removeprefix(f"{layer}_")


def stored_statistic(weights: Weights) -> Literal["std", "variance"] | None:
    """Infer from a file whether `running_std` contains standard deviations or variances.

    Padded frames are always zero, so their running mean and their variance are exactly 0. A stored
    standard deviation is then 0.001, the root of Keras's 1e-6, and a stored variance is near 0. The
    result is None if the file has no padded frames.
    """
    norm = weights["bn_0_freq"]
    padded = norm["running_std"][norm["running_mean"] == 0]
    if len(padded) < 2 or (not (padded > 5e-4).all() and not (padded < 5e-4).all()):
        return None
    return "std" if padded[0] > 5e-4 else "variance"


def network_of(weights: Weights, file: WeightsFile, reading: Reading) -> Crnn | Fcn5:
    """Build the network of a file with the file's sizes and weights, in evaluation mode.

    Raises:
        ShapeError: if an array is missing or has the wrong shape.
    """
    try:
        network = _network(weights, file)
        _fill(network, weights, file, reading)
    except KeyError as error:
        expected = f"the layers and parameters of a {file.network}"
        raise ShapeError(explain(file.name, expected, f"none called {error}")) from error
    return network.eval()


def _network(weights: Weights, file: WeightsFile) -> Crnn | Fcn5:
    """Build a network with the file's sizes."""
    convolutions = sorted(name for name in weights if name.startswith("conv"))
    options: dict[str, Any] = {"widths": tuple(len(weights[c]["b"]) for c in convolutions)}
    if file.pools is not None:
        options["pools"] = file.pools
    if file.network == "fcn5":
        return Fcn5(len(file.classes), file.input_shape, **options)
    n_hidden = len(weights["gru2"]["b_z"])
    return Crnn(len(file.classes), file.input_shape, gru="keras1", n_hidden=n_hidden, **options)


def _fill(network: nn.Module, weights: Weights, file: WeightsFile, reading: Reading) -> None:
    """Copy a file's arrays to the network."""
    state = network.state_dict()
    for name, value in _state(weights, file, reading).items():
        if name not in state or state[name].shape != value.shape:
            expected = f"shape {tuple(state[name].shape)}" if name in state else "no such array"
            raise ShapeError(explain(f"{file.name}, {name}", expected, str(tuple(value.shape))))
        state[name] = torch.from_numpy(np.ascontiguousarray(value))
    network.load_state_dict(state)
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d):
            layer.eps = reading.eps


def _state(weights: Weights, file: WeightsFile, reading: Reading) -> dict[str, np.ndarray]:
    """The file's arrays with the names and shapes of our networks."""
    state = _norm_state("frame_norm", weights["bn_0_freq"], reading)
    n_blocks = sum(name.startswith("conv") for name in weights)
    for i in range(n_blocks):
        conv = weights[f"conv{i + 1}"]
        kernel = conv["W"][:, :, ::-1, ::-1] if file.backend == "theano" else conv["W"]
        state |= {f"blocks.{i}.conv.weight": kernel, f"blocks.{i}.conv.bias": conv["b"]}
        state |= _norm_state(f"blocks.{i}.norm", weights[f"bn{i + 1}"], reading)
    for name in sorted(set(weights) & {"gru1", "gru2"}):
        gates = {kind: [weights[name][f"{kind}_{gate}"] for gate in "zrh"] for kind in "WUb"}
        state[f"{name}.weight_in"] = np.concatenate(gates["W"], axis=1)
        state[f"{name}.weight_state"] = np.concatenate(gates["U"], axis=1)
        state[f"{name}.bias"] = np.concatenate(gates["b"])
    head = weights[file.head]
    return {**state, "linear.weight": head["W"].T, "linear.bias": head["b"]}


def _norm_state(
    name: str, norm: Mapping[str, np.ndarray], reading: Reading
) -> dict[str, np.ndarray]:
    """The arrays of a batch normalization in PyTorch, which divides by sqrt(variance + eps).

    Keras up to 1.0.6 divides by std + eps, so the equivalent variance is (std + eps)² - eps.
    """
    variance = norm["running_std"].astype(np.float64)
    if reading.statistic == "std":
        variance = (variance + reading.eps) ** 2 - reading.eps
    return {
        f"{name}.weight": norm["gamma"],
        f"{name}.bias": norm["beta"],
        f"{name}.running_mean": norm["running_mean"],
        f"{name}.running_var": variance.astype(np.float32),
    }


def write_keras1(
    path: Path,
    network: Crnn | Fcn5,
    *,
    statistic: Literal["std", "variance"] = "std",
    backend: Literal["theano", "tensorflow"] = "theano",
) -> str:
    """Write a network in the format of Keras 1, and return the file's checksum, `"sha256:..."`.

    Args:
        path: of the new file.
        network: a `Crnn` with `gru="keras1"`, or an `Fcn5`.
        statistic: the content of `running_std`: the root of variance + 1e-6, as in Keras up to
            1.0.6, or the variance, as in later versions.
        backend: "theano" flips the kernels.

    Raises:
        ShapeError: if the recurrent unit is not that of Keras 1.
        StorageError: if the folder cannot be written to.
    """
    import h5py

    weights = _keras1_weights(network, statistic, backend)
    with storage.atomic_write(path) as part, h5py.File(part, "w") as file:
        file.attrs["layer_names"] = [layer.encode() for layer in weights]
        for layer, arrays in weights.items():
            group = file.create_group(layer)
            group.attrs["weight_names"] = [f"{layer}_{name}".encode() for name in arrays]
            for name, array in arrays.items():
                group[f"{layer}_{name}"] = array
    return f"sha256:{storage.checksum(path)}"


def _keras1_weights(
    network: Crnn | Fcn5, statistic: str, backend: str
) -> dict[str, dict[str, np.ndarray]]:
    def of_norm(norm: nn.Module) -> dict[str, np.ndarray]:
        state = {name: value.numpy() for name, value in norm.state_dict().items()}
        variance = state["running_var"]
        return {
            "gamma": state["weight"],
            "beta": state["bias"],
            "running_mean": state["running_mean"],
            "running_std": np.sqrt(variance + 1e-6) if statistic == "std" else variance,
        }

    weights = {"bn_0_freq": of_norm(network.frame_norm)}
    block: Any
    for i, block in enumerate(network.blocks, 1):
        kernel = block.conv.weight.detach().numpy()
        kernel = kernel[:, :, ::-1, ::-1] if backend == "theano" else kernel
        weights[f"conv{i}"] = {"W": kernel, "b": block.conv.bias.detach().numpy()}
        weights[f"bn{i}"] = of_norm(block.norm)
    for name in ("gru1", "gru2") if isinstance(network, Crnn) else ():
        unit = getattr(network, name)
        if not isinstance(unit, Keras1Gru):
            got, hint = type(unit).__name__, 'build the network with gru="keras1".'
            raise ShapeError(explain("write_keras1", "the recurrent unit of Keras 1", got, hint))
        parts = {"W": unit.weight_in, "U": unit.weight_state, "b": unit.bias}
        weights[name] = {
            f"{kind}_{gate}": values.detach().numpy()
            for kind, part in parts.items()
            for gate, values in zip("zrh", part.chunk(3, dim=-1), strict=True)
        }
    linear = network.linear
    head = {"W": linear.weight.detach().numpy().T, "b": linear.bias.detach().numpy()}
    return {**weights, "output": head}
