"""Attribution: which cells of a spectrogram a network's answer depends on, and checks of the maps.

Three maps, each (F, T) for a segment of that shape:

- `gradient_map`: how fast the log-odds of a class rise with the level of each cell
  (Simonyan et al., 2014);
- `gradient_times_input`: the same times the level, an estimate of what each cell adds;
- `occlusion_map`: how far the log-odds fall when a patch is covered (Zeiler and Fergus, 2014).

A map is a claim about a network. `agreement` and `pointing` test such claims: the first compares
the maps of two networks, for example of a trained one and of one with random weights (Adebayo et
al., 2018); the second compares a map with cells that are known to matter.
"""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import torch
from scipy import stats
from torch import nn

from mgrlib.errors import EvaluationError, explain
from mgrlib.models.modes import evaluating, evaluation_mode

PATCH = (8, 16)


def log_odds(logits: torch.Tensor, target: int) -> torch.Tensor:
    """The logarithm of p / (1 - p) for a class, (B, K) -> (B,), in nats.

    It is the logit of the class against all others together, so that a map of it says what speaks
    for this class and not merely for loud sound.

    >>> round(log_odds(torch.tensor([[1.0, 1.0, 1.0]]), 0).item(), 3)  # 1/3 against 2/3
    -0.693
    """
    others = torch.cat([logits[:, :target], logits[:, target + 1 :]], dim=1)
    return logits[:, target] - others.logsumexp(1)


def gradient_map(model: nn.Module, x: torch.Tensor, target: int) -> np.ndarray:
    """The slope of a class's log-odds for every cell of a segment, (F, T) -> (F, T).

    Args:
        model: a network from (B, F, T) to logits; it runs in evaluation mode.
        x: one prepared segment, (F, T).
        target: the number of the class.

    Returns:
        Nats per unit of the input, positive where a higher level speaks for the class.

    Raises:
        EvaluationError: if `x` is not one segment (F, T).
    """
    _check_segment("gradient_map", x)
    batch = x.detach().clone()[None].requires_grad_()
    with evaluation_mode(model):
        (slopes,) = torch.autograd.grad(log_odds(model(batch), target).sum(), batch)
    result: np.ndarray = slopes[0].numpy()
    return result


def gradient_times_input(model: nn.Module, x: torch.Tensor, target: int) -> np.ndarray:
    """The gradient map times the input, (F, T) -> (F, T), in nats.

    For a linear model it is exactly what each cell adds to the log-odds, compared with a segment
    of zeros. With standardized inputs, zero is the mean level of the band.

    Raises:
        EvaluationError: if `x` is not one segment (F, T).
    """
    return gradient_map(model, x, target) * x.numpy()


def occlusion_map(
    model: nn.Module,
    x: torch.Tensor,
    target: int,
    *,
    patch: tuple[int, int] = PATCH,
    fill: float = 0.0,
    batch_size: int = 64,
) -> np.ndarray:
    """How far a class's log-odds fall when a patch of the segment is covered, (F, T) -> (F, T).

    The segment is divided into patches side by side. Each is covered in turn, and its cells get
    the fall of the log-odds.

    Args:
        model: a network from (B, F, T) to logits; it runs in evaluation mode.
        x: one prepared segment, (F, T).
        target: the number of the class.
        patch: bands and frames of a patch; those at the upper and right edge may be smaller.
        fill: what covers a patch; 0 is the mean level of a band where inputs are standardized.
        batch_size: how many covered segments are classified together.

    Returns:
        Nats, positive where covering the patch speaks against the class.

    Raises:
        EvaluationError: if `x` is not one segment (F, T), or a patch is not at least one cell.
    """
    _check_segment("occlusion_map", x)
    if min(patch) < 1:
        raise EvaluationError(explain("occlusion_map", "a patch of at least 1 x 1", str(patch)))
    F, T = x.shape
    places = [
        (slice(f, min(f + patch[0], F)), slice(t, min(t + patch[1], T)))
        for f in range(0, F, patch[0])
        for t in range(0, T, patch[1])
    ]
    falls = []
    with evaluating(model):
        before = log_odds(model(x[None]), target)
        for start in range(0, len(places), batch_size):
            some_places = places[start : start + batch_size]
            covered = x.repeat(len(some_places), 1, 1)
            for row, (bands, frames) in enumerate(some_places):
                covered[row, bands, frames] = fill
            falls.append(before - log_odds(model(covered), target))
    result = np.empty((F, T), dtype=np.float32)
    for (bands, frames), fall in zip(places, torch.cat(falls).tolist(), strict=True):
        result[bands, frames] = fall
    return result


Map = Callable[[nn.Module, torch.Tensor, int], np.ndarray]
MAPS: dict[str, Map] = {
    "gradient": gradient_map,
    "gradient x input": gradient_times_input,
    "occlusion": occlusion_map,
}
"""The maps by name, each `(model, x, target) -> (F, T)`."""


def randomized(model: nn.Module, seed: int, *, n_last: int | None = None) -> nn.Module:
    """A copy of a network whose last layers have random weights again.

    Adebayo et al. (2018) ask whether a map changes when what the network learned is destroyed,
    beginning with the last layer.

    Args:
        model: any network whose layers have `reset_parameters`, as PyTorch's do.
        seed: of the random weights.
        n_last: how many of the layers with parameters, counted from the output; None is all.

    Raises:
        EvaluationError: if the network has fewer such layers.
    """
    duplicate = copy.deepcopy(model)
    layers = [layer for layer in duplicate.modules() if hasattr(layer, "reset_parameters")]
    n_layers = len(layers) if n_last is None else n_last
    if not 0 <= n_layers <= len(layers):
        raise EvaluationError(explain("randomized", f"0 to {len(layers)} layers", str(n_layers)))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for layer in layers[len(layers) - n_layers :]:
            layer.reset_parameters()  # type: ignore[operator]
    return duplicate


def agreement(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's rank correlation of the magnitudes of two maps, 1 for the same order of cells.

    A map without any differences agrees with nothing: 0.

    Raises:
        EvaluationError: if the shapes differ.
    """
    if np.shape(first) != np.shape(second):
        got = f"{np.shape(first)} and {np.shape(second)}"
        raise EvaluationError(explain("agreement", "maps of one shape", got))
    a, b = np.abs(first).ravel(), np.abs(second).ravel()
    if np.ptp(a) == 0 or np.ptp(b) == 0:
        return 0.0
    return float(stats.spearmanr(a, b).statistic)


def pointing(values: np.ndarray, truth: np.ndarray) -> float:
    """How well a map points to the cells that are known to matter: an AUC, 0.5 for chance.

    It is the probability that a cell that matters has a higher value than one that does not.

    Args:
        values: a map, (F, T).
        truth: which cells matter, (F, T) bool, not all and not none.

    Raises:
        EvaluationError: if the shapes differ, or if all cells matter or none does.
    """
    if np.shape(values) != np.shape(truth):
        got = f"{np.shape(values)} and {np.shape(truth)}"
        raise EvaluationError(explain("pointing", "a map and cells of one shape", got))
    inside = np.asarray(truth, dtype=bool)
    n_in, n_out = int(inside.sum()), int((~inside).sum())
    if not n_in or not n_out:
        expected = "cells that matter and cells that do not"
        raise EvaluationError(explain("pointing", expected, f"{n_in} and {n_out}"))
    ranks = stats.rankdata(values).reshape(np.shape(values))
    return float((ranks[inside].sum() - n_in * (n_in + 1) / 2) / (n_in * n_out))


def _check_segment(where: str, x: torch.Tensor) -> None:
    if x.ndim != 2:
        hint = "take one segment: segments.inputs[0][0]."
        raise EvaluationError(explain(where, "one segment (F, T)", str(tuple(x.shape)), hint))
