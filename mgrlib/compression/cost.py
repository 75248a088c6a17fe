"""What a network costs: parameters, non-zeros, bytes, multiplications, time.

A compression ratio is a quotient of two of these, and no two definitions agree; see `Cost`.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from mgrlib.compression.pack import float_tensors, pack
from mgrlib.compression.timing import Latency, take_turns
from mgrlib.compression.weights import plain
from mgrlib.errors import MgrError, explain


@dataclass(frozen=True)
class Cost:
    """What a network needs.

    Args:
        parameters: trainable values, as papers count them.
        nonzeros: those of them that are not zero.
        stored: bytes of all values that an answer needs (normalization's statistics too) as
            float32.
        gzipped: the same bytes after gzip's algorithm at its strongest.
        packed: bytes of the shortest lossless form that `mgrlib.compression.pack` knows.
        macs: multiplications with an addition for one segment.
        latency: the time of an answer to one segment on one thread; None where it was not measured.
    """

    parameters: int
    nonzeros: int
    stored: int
    gzipped: int
    packed: int
    macs: int
    latency: Latency | None = None


def cost(model: nn.Module, *input_shapes: tuple[int, ...], rounds: int = 25) -> Cost:
    """The size of a network, and the work and time that one segment takes.

    Args:
        input_shapes: the shape of one segment, one for each modality.
        rounds: number of timed rounds; 0 leaves the latency out.

    >>> result = cost(nn.Linear(57, 10), (57,), rounds=0)
    >>> result.parameters, result.macs, result.stored
    (580, 570, 2320)
    """
    plain_model = plain(model).eval()
    weights = [p.detach() for p in plain_model.parameters()]
    latency = None
    if rounds:
        inputs = [torch.zeros(1, *shape) for shape in input_shapes]
        times = take_turns({"answer": lambda: plain_model(*inputs)}, rounds=rounds)
        latency = Latency.of(times["answer"])
    return Cost(
        parameters=sum(p.numel() for p in weights),
        nonzeros=sum(int(torch.count_nonzero(p)) for p in weights),
        stored=stored_bytes(plain_model),
        gzipped=stored_bytes(plain_model, compressed=True),
        packed=len(pack(plain_model)),
        macs=macs(plain_model, *input_shapes),
        latency=latency,
    )


def stored_bytes(model: nn.Module, *, compressed: bool = False) -> int:
    """Bytes of all values that an answer needs, as float32 one after the other; or gzipped."""
    values = float_tensors(model).values()
    data = b"".join(x.contiguous().numpy().astype("<f4").tobytes() for x in values)
    return len(zlib.compress(data, 9)) if compressed else len(data)


def macs(model: nn.Module, *input_shapes: tuple[int, ...]) -> int:
    """Multiply-accumulate operations for one segment, counted during a forward pass.

    Linear, convolutional and recurrent layers (batch first) are counted; biases, normalization and
    activations are not.

    Raises:
        MgrError: a layer with a matrix that is none of these.

    >>> macs(nn.Conv1d(128, 128, 21), (128, 1024)) == 128 * 128 * 21 * 1004
    True
    """
    plain_model = plain(model).eval()
    total = 0

    def count(layer: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
        nonlocal total
        total += _macs_of(layer, inputs[0], output)

    handles = [
        layer.register_forward_hook(count) for layer in plain_model.modules() if _counts(layer)
    ]
    with torch.inference_mode():
        plain_model(*(torch.zeros(1, *shape) for shape in input_shapes))
    for handle in handles:
        handle.remove()
    return total


def pareto(costs: Sequence[float], values: Sequence[float]) -> list[int]:
    """Indices of the Pareto front: from cheap to expensive, each better than all before it.

    >>> pareto([1, 2, 3, 4], [0.5, 0.4, 0.7, 0.7])
    [0, 2]
    """
    best, front = -math.inf, []
    for i in sorted(range(len(costs)), key=lambda i: (costs[i], -values[i])):
        if values[i] > best:
            best = values[i]
            front.append(i)
    return front


def _counts(layer: nn.Module) -> bool:
    """Whether a layer holds a matrix of its own to multiply with."""
    return any(p.ndim > 1 for p in layer.parameters(recurse=False))


def _macs_of(layer: nn.Module, x: torch.Tensor, output: Any) -> int:
    """The multiply-accumulate operations of one layer for one segment."""
    if type(layer) in PER_LAYER:
        return PER_LAYER[type(layer)](layer, output)
    if isinstance(x, torch.Tensor) and x.ndim == 3:  # one step after the other, (B, T, D)
        weights = [p for p in layer.parameters(recurse=False) if p.ndim > 1]
        return x.shape[1] * sum(p.numel() for p in weights)
    hint = "write down in `PER_LAYER` how its products are counted."
    expectation = "a linear, convolutional or recurrent layer"
    raise MgrError(explain("macs", expectation, type(layer).__name__, hint))


def _linear(layer: Any, output: torch.Tensor) -> int:
    return int(layer.in_features * output.numel())


def _convolution(layer: Any, output: torch.Tensor) -> int:
    return int(layer.weight[0].numel() * output.numel())


PER_LAYER: dict[type, Callable[[Any, torch.Tensor], int]] = {
    nn.Linear: _linear,
    nn.Conv1d: _convolution,
    nn.Conv2d: _convolution,
}
