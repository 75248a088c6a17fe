"""The contract that every model of the course fulfills, and a function that checks it.

1. The constructor is `Model(n_classes, input_shape, *, hyperparameters)`; it downloads and prints
   nothing.
2. `forward` returns finite logits (B, K): no softmax, no loss, no tuple.
3. Every trainable parameter gets a gradient from the loss.
4. In evaluation mode a clip's logits do not depend on the other clips of the batch.
5. A deep copy is independent of its original.
6. The `state_dict` contains the whole model: another model with the same weights gives the same
   logits.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn

from mgrlib.models.modes import evaluating

Make = Callable[[], nn.Module]


def count_parameters(model: nn.Module) -> int:
    """The number of trainable values, as papers count them.

    >>> count_parameters(nn.Linear(9088, 10))
    90890
    """
    return sum(p.numel() for p in model.parameters() if p.requires_grad)


def breaches(
    make: Make, n_classes: int, *input_shapes: tuple[int, ...], seed: int = 0
) -> list[str]:
    """Check a model, and describe each breach of the contract in a sentence.

    Args:
        make: a function that builds a new model.
        n_classes: K.
        input_shapes: the shape of one segment, for each modality.
        seed: of the random inputs.

    Returns:
        The breaches; an empty list if the model fulfills the contract.
    """
    generator = torch.Generator().manual_seed(seed)
    inputs = [torch.randn(4, *shape, generator=generator) for shape in input_shapes]
    model = make().eval()
    with torch.inference_mode():
        logits = model(*inputs)
    if not isinstance(logits, torch.Tensor):
        return [f"forward returns a {type(logits).__name__}, not a tensor of logits"]
    if logits.shape != (4, n_classes):
        return [f"logits have shape {tuple(logits.shape)}, not (B=4, K={n_classes})"]
    sentences = []
    if not torch.isfinite(logits).all():
        sentences.append("logits are not finite")
    if _sums_to_one(logits) or _sums_to_one(logits.exp()):
        sentences.append("outputs are normalized like probabilities; return logits")
    sentences += _check_batches(model, inputs, logits)
    sentences += _check_gradients(make(), inputs, n_classes)
    sentences += _check_copies(model, inputs, logits)
    return sentences + _check_state(make, model, inputs, logits)


def _sums_to_one(x: torch.Tensor) -> bool:
    return bool((x >= 0).all()) and torch.allclose(x.sum(1), torch.ones(len(x)), atol=1e-4)


def _check_batches(model: nn.Module, inputs: list[torch.Tensor], logits: torch.Tensor) -> list[str]:
    with torch.inference_mode():
        single = torch.cat([model(*(x[i : i + 1] for x in inputs)) for i in range(4)])
    if torch.allclose(single, logits, rtol=1e-3, atol=1e-4):  # kernels differ with the batch size
        return []
    return ["in evaluation mode a clip's logits change with its batch"]


def _check_gradients(model: nn.Module, inputs: list[torch.Tensor], n_classes: int) -> list[str]:
    model.train()
    y = torch.arange(4) % n_classes
    nn.functional.cross_entropy(model(*inputs), y).backward()
    gradients = {n: p.grad for n, p in model.named_parameters() if p.requires_grad}
    names = [
        name
        for name, gradient in gradients.items()
        if gradient is None or not torch.isfinite(gradient).all() or not gradient.any()
    ]
    return [f"no gradient, or one of zeros, reaches {', '.join(names)}"] if names else []


def _check_copies(model: nn.Module, inputs: list[torch.Tensor], logits: torch.Tensor) -> list[str]:
    twin = copy.deepcopy(model)
    with torch.no_grad():
        for p in twin.parameters():
            p.add_(1.0)
    with torch.inference_mode():
        new_logits = model(*inputs)
    equal = torch.allclose(new_logits, logits, rtol=1e-5, atol=1e-6)
    return [] if equal else ["changing a deep copy changes the original"]


def _check_state(
    make: Make, model: nn.Module, inputs: list[torch.Tensor], logits: torch.Tensor
) -> list[str]:
    twin = make().eval()
    twin.load_state_dict(model.state_dict())
    with torch.inference_mode():
        equal = torch.allclose(twin(*inputs), logits, rtol=1e-5, atol=1e-6)
    return [] if equal else ["a new model with the same state_dict gives different logits"]


def shape_table(model: nn.Module, *input_shapes: tuple[int, ...], depth: int = 1) -> str:
    """A table of the model's layers in order of execution: name, output shape, and parameters.

    The batch is written as B. Modules deeper than `depth` are summarized in the module around them.
    Layers without parameters that do not change the shape are left out, as in the tables of
    papers.

    >>> print(shape_table(nn.Sequential(nn.Linear(26, 64), nn.ReLU(), nn.Linear(64, 10)), (26,)))
    layer  output   parameters
    0      (B, 64)       1,728
    2      (B, 10)         650
    total                2,378
    """
    rows: list[tuple[str, str, int]] = []

    def make_hook(name: str) -> Callable[..., None]:
        def hook(layer: nn.Module, inputs: tuple, output: Any) -> None:
            out = output[0] if isinstance(output, tuple) else output
            n = sum(p.numel() for p in layer.parameters())
            if n or not inputs or inputs[0].shape != out.shape:
                shape = ", ".join(["B", *map(str, out.shape[1:])])
                rows.append((name, f"({shape})", n))

        return hook

    layers = [(n, m) for n, m in model.named_modules() if n and _is_row(n, m, depth)]
    handles = [m.register_forward_hook(make_hook(n)) for n, m in layers]
    try:
        with evaluating(model):
            model(*(torch.zeros(2, *shape) for shape in input_shapes))
    finally:
        for handle in handles:
            handle.remove()
    return _columns(rows, count_parameters(model))


def _is_row(name: str, module: nn.Module, depth: int) -> bool:
    level = name.count(".") + 1
    return level == depth or (level < depth and not any(True for _ in module.children()))


def _columns(rows: Iterable[tuple[str, str, int]], total: int) -> str:
    cells = [("layer", "output", "parameters")]
    cells += [(name, shape, f"{n:,}" if n else "") for name, shape, n in rows]
    cells.append(("total", "", f"{total:,}"))
    a, b, c = (max(len(row[i]) for row in cells) for i in range(3))
    return "\n".join(f"{x:<{a}}  {y:<{b}}  {z:>{c}}".rstrip() for x, y, z in cells)
