"""What every network of the book costs: parameters, bytes, multiplications, time."""

from __future__ import annotations

import inspect
from collections.abc import Sequence

import torch
from torch import nn

from mgrlib.compression.cost import cost
from mgrlib.compression.timing import Latency, take_turns
from mgrlib.errors import ShapeError
from mgrlib.experiments.record import Record, Records
from mgrlib.provenance import provenance
from mgrlib.systems.recipe import Recipe

Network = tuple[nn.Module, list[tuple[int, ...]]]
SOURCE = "wei2023/costs"  # whose records they stand among: its chapter is about them
NO_CLIPS = {"name": "no-clips", "n_clips": 0, "fingerprint": ""}


def networks(recipes: Sequence[Recipe], *, seconds: float = 30.0) -> dict[str, Network]:
    """The different networks of some recipes: by the name of the first recipe that has it.

    Recipes whose classifier is no network, or one within a larger learner that turns the features
    into something else first, are left out, and so are those that differ from an earlier one in
    training alone.

    Args:
        seconds: length of a clip, for recipes that take it whole.
    """
    return _built(recipes, seconds)[0]


def sharing(recipes: Sequence[Recipe], *, seconds: float = 30.0) -> dict[str, str]:
    """For each recipe that has a network, the name by which `networks` knows it."""
    return _built(recipes, seconds)[1]


def _built(recipes: Sequence[Recipe], seconds: float) -> tuple[dict[str, Network], dict[str, str]]:
    built: dict[str, Network] = {}
    first: dict[tuple[object, ...], str] = {}
    names: dict[str, str] = {}
    for recipe in recipes:
        if not (inspect.isclass(recipe.model) and issubclass(recipe.model, nn.Module)):
            continue
        length = recipe.cut.segment_seconds or seconds - 2 * recipe.cut.trim_seconds
        shapes = [feature.shape(length) for feature in recipe.features]
        key = (recipe.model, *shapes, repr(sorted(recipe.options.items())))
        if key not in first:
            first[key] = recipe.name
            network = recipe.network(10, shapes).eval()
            if _takes(network, shapes):
                built[recipe.name] = (network, shapes)
        if first[key] in built:
            names[recipe.name] = first[key]
    return built, names


def _takes(network: nn.Module, shapes: Sequence[tuple[int, ...]]) -> bool:
    """Whether a network accepts the features without the recipe's preparation."""
    try:
        with torch.inference_mode():
            network(*(torch.zeros(1, *shape) for shape in shapes))
    except (ShapeError, RuntimeError):
        return False
    return True


def costs(recipes: Sequence[Recipe], *, rounds: int = 5) -> Records:
    """Parameters, products, bytes and time of each network that has a recipe, one record each.

    The networks are not trained, so none of their weights is zero, and gzip finds little in them.
    The times are of rounds in which all networks take turns.
    """
    built = networks(recipes)
    calls = {}
    for name, (network, shapes) in built.items():
        inputs = [torch.zeros(1, *shape) for shape in shapes]
        calls[name] = lambda network=network, inputs=inputs: network(*inputs)
    times = take_turns(calls, rounds=rounds)
    return Records(tuple(_record(name, *built[name], Latency.of(times[name])) for name in built))


def _record(
    name: str, network: nn.Module, shapes: list[tuple[int, ...]], latency: Latency
) -> Record:
    needs = cost(network, *shapes, rounds=0)
    return Record(
        source=SOURCE,
        version=1,
        data=NO_CLIPS,
        protocol=f"one segment, one thread, {latency.n} rounds in turn",
        seeds=(0,),
        metric="milliseconds per segment",
        value=round(latency.median_ms, 4),
        low=round(latency.low_ms, 4),
        high=round(latency.high_ms, 4),
        condition={"recipe": name},
        details={
            "model": type(network).__name__,
            "inputs": [list(shape) for shape in shapes],
            "parameters": needs.parameters,
            "nonzeros": needs.nonzeros,
            "stored": needs.stored,
            "gzipped": needs.gzipped,
            "macs": needs.macs,
        },
        about=provenance(),
    )
