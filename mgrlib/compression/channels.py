"""Structured pruning: whole channels are taken out, and the network is really smaller.

A zero among the weights of a layer saves no time on an ordinary processor and no byte in an
ordinary file. A channel that is gone saves both: it takes with it a row of the layer that makes
it, its values of batch normalization, and a column of the layer that reads it. Li et al. (2017)
rank channels by the sum of the magnitudes of their weights; so does this.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import nn

from mgrlib.compression.weights import LAYERS, layer_of, plain
from mgrlib.errors import MgrError, explain

NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)
AGREEMENT = 1e-3  # of the largest logit: what another order of adding up may change


@dataclass(frozen=True)
class Chain:
    """Three places that have to lose a channel together, by the names of their layers.

    Args:
        producer: the layer whose outputs are the channels.
        norms: batch normalizations that they pass through; may be empty.
        consumer: the only layer that reads them.
    """

    producer: str
    norms: tuple[str, ...]
    consumer: str


def chains(model: nn.Module, *input_shapes: tuple[int, ...]) -> list[Chain]:
    """Pairs of layers between which channels can be removed without changing anything else.

    Two consecutive layers form a chain if the second reads the whole output of the first and
    nothing else does. Gradients test both conditions: with the graph cut at the second layer's
    input, none may reach the first layer's output; with the graph cut at the first layer's output,
    none may reach the network's inputs from the second layer's input. Layers around the sum of a
    residual block fail the test, because all terms of the sum need the same channels.

    Args:
        input_shapes: the shape of one segment, one for each modality.
    """
    plain_model = plain(model).eval()
    order = _execution_order(plain_model, input_shapes)
    places = [i for i, name in enumerate(order) if not _is_norm(plain_model, name)]
    chain_list = []
    for first, second in pairwise(places):
        producer, consumer = order[first], order[second]
        both = (plain_model.get_submodule(producer), plain_model.get_submodule(consumer))
        if all(_reads_every_input(layer) for layer in both) and order.count(producer) == 1:
            norms = tuple(order[first + 1 : second])
            if _is_chain(plain_model, producer, consumer, input_shapes):
                chain_list.append(Chain(producer, norms, consumer))
    return chain_list


def _reads_every_input(layer: nn.Module) -> bool:
    """Whether every output of a layer reads every input, unlike those of grouped convolutions."""
    return isinstance(layer, LAYERS) and getattr(layer, "groups", 1) == 1


def _is_norm(model: nn.Module, name: str) -> bool:
    return isinstance(model.get_submodule(name), NORMS)


def _execution_order(model: nn.Module, input_shapes: Sequence[tuple[int, ...]]) -> list[str]:
    """The names of the layers that hold parameters, in the order in which they run."""
    order: list[str] = []
    handles = [
        layer.register_forward_hook(lambda *_, name=name: order.append(name))
        for name, layer in model.named_modules()
        if any(True for _ in layer.parameters(recurse=False))
    ]
    with torch.no_grad():
        model(*_examples(input_shapes))
    for handle in handles:
        handle.remove()
    return order


def _examples(input_shapes: Sequence[tuple[int, ...]]) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(2, *shape, generator=generator) for shape in input_shapes]


def _is_chain(
    model: nn.Module, producer: str, consumer: str, input_shapes: Sequence[tuple[int, ...]]
) -> bool:
    """Whether the consumer reads all of the producer's output, and nothing else."""
    producer_outputs: list[torch.Tensor] = []
    consumer_inputs: list[torch.Tensor] = []

    def begin(layer: nn.Module, layer_inputs: tuple, output: torch.Tensor) -> torch.Tensor:
        producer_outputs.append(output.detach().requires_grad_())
        return producer_outputs[-1]

    def end(layer: nn.Module, layer_inputs: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        consumer_inputs.append(layer_inputs[0])
        return tuple(x.detach() for x in layer_inputs)

    inputs = [x.requires_grad_() for x in _examples(input_shapes)]
    handles = (
        model.get_submodule(producer).register_forward_hook(begin),
        model.get_submodule(consumer).register_forward_pre_hook(end),
    )
    logits = model(*inputs)
    for handle in handles:
        handle.remove()
    return not (_depends(logits, producer_outputs) or _depends(consumer_inputs[0], inputs))


def _depends(y: torch.Tensor, on: Sequence[torch.Tensor]) -> bool:
    if not y.requires_grad:
        return False
    gradients = torch.autograd.grad(y.pow(2).sum(), on, retain_graph=True, allow_unused=True)
    return any(gradient is not None and bool(gradient.any()) for gradient in gradients)


def narrowed(
    model: nn.Module,
    share: float,
    *input_shapes: tuple[int, ...],
    among: Sequence[Chain] | None = None,
) -> nn.Module:
    """A smaller network without the weakest `share` of the channels of every chain.

    A channel's strength is the sum of the magnitudes of its weights in the producer. At least one
    channel remains. The result must compute the same as the model with those channels silenced,
    which is checked.

    Args:
        share: fraction of the channels to remove, from 0 to below 1.
        input_shapes: the shape of one segment, one for each modality.
        among: the chains to shorten; default: all that `chains` returns.

    Raises:
        MgrError: a share outside [0, 1), no chain, or one that is not what it claims to be.
    """
    if not 0 <= share < 1:
        raise MgrError(explain("narrowed", "a share from 0 to below 1", str(share)))
    chain_list = chains(model, *input_shapes) if among is None else list(among)
    if not chain_list:
        got = f"none in {type(model).__name__}"
        raise MgrError(explain("narrowed", "a layer that one other layer alone reads", got))
    small, silenced = plain(model).eval(), plain(model).eval()
    for chain in chain_list:
        strength = layer_of(small, chain.producer).weight.detach().flatten(1).abs().sum(1)
        n_channels = max(1, round((1 - share) * len(strength)))
        channels = strength.argsort(descending=True, stable=True)[:n_channels].sort().values
        _take_out(small, chain, channels)
        _silence(silenced, chain, channels)
    inputs = _examples(input_shapes)
    with torch.no_grad():
        expected, got = silenced(*inputs), small(*inputs)
    if not torch.allclose(expected, got, atol=AGREEMENT * float(expected.abs().max())):
        hint = "channels of this model meet outside its layers; name the chains yourself."
        expectation = "the logits of the model with silent channels"
        raise MgrError(explain("narrowed", expectation, "others", hint))
    return small.train(model.training)


def _take_out(model: nn.Module, chain: Chain, channels: torch.Tensor) -> None:
    """Keep only these channels in the producer, its normalizations, and the consumer."""
    n_before = layer_of(model, chain.producer).weight.shape[0]
    for layer in map(model.get_submodule, (chain.producer, *chain.norms)):
        for values in (*layer.parameters(), *layer.buffers()):
            if values.ndim:  # not the count of batches
                values.data = values.data[channels].clone()
        for name in ("out_channels", "out_features", "num_features"):
            if hasattr(layer, name):
                setattr(layer, name, len(channels))
    consumer = layer_of(model, chain.consumer)
    columns = _columns(consumer.weight.shape[1], n_before, channels)
    consumer.weight.data = consumer.weight.data[:, columns].clone()
    name = "in_features" if isinstance(consumer, nn.Linear) else "in_channels"
    setattr(consumer, name, len(columns))


def _columns(n_inputs: int, n_channels: int, channels: torch.Tensor) -> torch.Tensor:
    """The consumer's inputs for these channels; after flattening, each channel has several."""
    if n_inputs % n_channels:
        got = f"{n_inputs} inputs for {n_channels} channels"
        raise MgrError(explain("narrowed", "a whole number of inputs a channel", got))
    each = n_inputs // n_channels
    return (channels[:, None] * each + torch.arange(each)).flatten()


def _silence(model: nn.Module, chain: Chain, channels: torch.Tensor) -> None:
    """Set all other channels to zero in the producer and in each normalization."""
    is_silent = torch.ones(layer_of(model, chain.producer).weight.shape[0], dtype=torch.bool)
    is_silent[channels] = False
    for name in (chain.producer, *chain.norms):
        for values in model.get_submodule(name).parameters(recurse=False):
            values.data[is_silent] = 0.0
