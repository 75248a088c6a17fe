"""The contract that every model of the course keeps, and a function that names broken clauses.

1. `Model(n_classes, input_shape, *, hyperparameters)`; constructing downloads and prints nothing.
2. `forward` returns finite logits (B, K): no softmax, no loss, no tuple.
3. Every trainable parameter gets a gradient from the loss.
4. In evaluation mode a clip's logits do not depend on the other clips of its batch.
5. A deep copy is independent of its original.
6. The weights go through a file and back: `state_dict` holds all of the model.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn

from mgrlib.models.modes import evaluating

__all__ = ["breaches", "count_parameters", "shape_table"]

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
    """The clauses that a model breaks, each a sentence; an empty list when it keeps them all.

    Args:
        make: builds a fresh model.
        input_shapes: the shape of one segment, once a modality.
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
    found = []
    if not torch.isfinite(logits).all():
        found.append("logits are not finite")
    if _sums_to_one(logits) or _sums_to_one(logits.exp()):
        found.append("outputs are normalised like probabilities; return logits")
    found += _mixing(model, inputs, logits)
    found += _gradients(make(), inputs, n_classes)
    found += _copies(model, inputs, logits)
    return found + _round_trip(make, model, inputs, logits)


def _sums_to_one(x: torch.Tensor) -> bool:
    return bool((x >= 0).all()) and torch.allclose(x.sum(1), torch.ones(len(x)), atol=1e-4)


def _mixing(model: nn.Module, inputs: list[torch.Tensor], logits: torch.Tensor) -> list[str]:
    with torch.inference_mode():
        alone = torch.cat([model(*(x[i : i + 1] for x in inputs)) for i in range(4)])
    if torch.allclose(alone, logits, rtol=1e-3, atol=1e-4):  # kernels differ with the batch size
        return []
    return ["in evaluation mode a clip's logits change with its batch"]


def _gradients(model: nn.Module, inputs: list[torch.Tensor], n_classes: int) -> list[str]:
    model.train()
    y = torch.arange(4) % n_classes
    nn.functional.cross_entropy(model(*inputs), y).backward()
    named = [(n, p.grad) for n, p in model.named_parameters() if p.requires_grad]
    without = [n for n, g in named if g is None or not torch.isfinite(g).all() or not g.any()]
    return [f"no gradient, or one of zeros, reaches {', '.join(without)}"] if without else []


def _copies(model: nn.Module, inputs: list[torch.Tensor], logits: torch.Tensor) -> list[str]:
    twin = copy.deepcopy(model)
    with torch.no_grad():
        for p in twin.parameters():
            p.add_(1.0)
    with torch.inference_mode():
        after = model(*inputs)
    same = torch.allclose(after, logits, rtol=1e-5, atol=1e-6)
    return [] if same else ["changing a deep copy changes the original"]


def _round_trip(
    make: Make, model: nn.Module, inputs: list[torch.Tensor], logits: torch.Tensor
) -> list[str]:
    twin = make().eval()
    twin.load_state_dict(model.state_dict())
    with torch.inference_mode():
        same = torch.allclose(twin(*inputs), logits, rtol=1e-5, atol=1e-6)
    return [] if same else ["a new model with the same state_dict answers otherwise"]


def shape_table(model: nn.Module, *input_shapes: tuple[int, ...], depth: int = 1) -> str:
    """The model's layers in the order they run: name, output shape, parameters; and the total.

    The batch is shown as B. Modules nested deeper than `depth` are summed up in the one that holds
    them. Layers that neither have parameters nor change the shape are left out, so that what
    remains reads like a paper's table.

    >>> print(shape_table(nn.Sequential(nn.Linear(26, 64), nn.ReLU(), nn.Linear(64, 10)), (26,)))
    layer  output   parameters
    0      (B, 64)       1,728
    2      (B, 10)         650
    total                2,378
    """
    rows: list[tuple[str, str, int]] = []

    def note(name: str) -> Callable[..., None]:
        def hook(layer: nn.Module, given: tuple, output: Any) -> None:
            out = output[0] if isinstance(output, tuple) else output
            n = sum(p.numel() for p in layer.parameters())
            if n or not given or given[0].shape != out.shape:
                shape = ", ".join(["B", *map(str, out.shape[1:])])
                rows.append((name, f"({shape})", n))

        return hook

    shown = [(n, m) for n, m in model.named_modules() if n and _is_row(n, m, depth)]
    handles = [m.register_forward_hook(note(n)) for n, m in shown]
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
