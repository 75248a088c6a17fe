"""Recurrent layers on the way into an ONNX file: one operation, not one for each step.

The exporter follows an LSTM step by step before it writes it as a single operation, which takes
longer than all else. `in_one_piece` puts a layer in the place of each LSTM whose inside the
exporter does not look at: it is told the shape of what comes out, and which operation of ONNX that
is.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from onnxscript import opset18 as op
from torch import nn

GATES = (0, 3, 1, 2)  # torch has input, forget, cell, output; ONNX input, output, forget, cell


@torch.library.custom_op("mgrlib::lstm", mutates_args=())
def _lstm(
    x: torch.Tensor, weight: torch.Tensor, recurrent: torch.Tensor, bias: torch.Tensor
) -> torch.Tensor:
    """(B, T, D) -> (B, T, H); a name for the exporter, never computed."""
    raise NotImplementedError


@_lstm.register_fake
def _shape_of(
    x: torch.Tensor, weight: torch.Tensor, recurrent: torch.Tensor, bias: torch.Tensor
) -> torch.Tensor:
    return x.new_empty(x.shape[0], x.shape[1], recurrent.shape[2])


def _translated(x: Any, weight: Any, recurrent: Any, bias: Any) -> Any:
    """The LSTM in ONNX's operations, whose tensors start with time and have a direction axis."""
    steps = op.Transpose(x, perm=[1, 0, 2])  # (T, B, D)
    outputs, _, _ = op.LSTM(steps, weight, recurrent, bias, hidden_size=recurrent.shape[2])
    axes: Any = op.Constant(value_ints=[1])
    return op.Transpose(op.Squeeze(outputs, axes), perm=[1, 0, 2])  # (T, 1, B, H) -> (B, T, H)


TRANSLATIONS: dict[Callable[..., Any], Callable[..., Any]] = {
    torch.ops.mgrlib.lstm.default: _translated
}


class _OnePiece(nn.Module):
    """An LSTM of one layer with its weights in ONNX's order."""

    def __init__(self, lstm: nn.LSTM) -> None:
        super().__init__()
        parameters = {name: _gates(value) for name, value in lstm.named_parameters()}
        biases = torch.cat([parameters["bias_ih_l0"], parameters["bias_hh_l0"]])
        self.weight = nn.Parameter(parameters["weight_ih_l0"][None])  # (1, 4 H, D)
        self.recurrent = nn.Parameter(parameters["weight_hh_l0"][None])  # (1, 4 H, H)
        self.bias = nn.Parameter(biases[None])  # (1, 8 H)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, tuple[torch.Tensor, None]]:
        """(B, T, D) -> all hidden states (B, T, H), and the last one (1, B, H)."""
        hidden = torch.ops.mgrlib.lstm(x, self.weight, self.recurrent, self.bias)
        return hidden, (hidden[:, -1][None], None)


def _gates(x: torch.Tensor) -> torch.Tensor:
    """Rows of four gates in ONNX's order."""
    parts = x.detach().chunk(4)
    return torch.cat([parts[i] for i in GATES])


def in_one_piece(model: nn.Module) -> nn.Module:
    """A copy of a network for the exporter, whose plain LSTMs are one operation each.

    Layers with several levels, two directions or other special options stay unchanged.
    """
    network = copy.deepcopy(model)
    for parent in list(network.modules()):
        for name, layer in list(parent.named_children()):
            if type(layer) is nn.LSTM and _is_plain(layer):
                setattr(parent, name, _OnePiece(layer))
    return network


def _is_plain(layer: nn.LSTM) -> bool:
    is_single = layer.num_layers == 1 and not layer.bidirectional and not layer.proj_size
    return is_single and layer.batch_first and layer.bias
