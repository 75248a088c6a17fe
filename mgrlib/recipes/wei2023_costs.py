"""What every network of the book costs, and what it achieves: one table over all papers."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import nn

from mgrlib.compression.cost import cost
from mgrlib.compression.timing import Latency, take_turns
from mgrlib.data.corpus import Corpus
from mgrlib.errors import ShapeError
from mgrlib.recipes.core import Recipe
from mgrlib.recipes.studies import Study

__all__ = ["COSTS", "accuracies", "costs", "networks", "sharing"]

Rows = list[dict[str, Any]]
Network = tuple[nn.Module, list[tuple[int, ...]]]


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
    found: dict[str, Network] = {}
    first: dict[tuple[Any, ...], str] = {}
    named: dict[str, str] = {}
    for one in recipes:
        if not (inspect.isclass(one.model) and issubclass(one.model, nn.Module)):
            continue
        length = one.how.segment_seconds or seconds - 2 * one.how.trim_seconds
        shapes = [feature.shape(length) for feature in one.features]
        known = inspect.signature(one.model).parameters  # a learner may have options of its own
        options = {name: value for name, value in one.options.items() if name in known}
        key = (one.model, *shapes, repr(sorted(options.items())))
        if key not in first:
            first[key] = one.name
            model = one.model(10, *shapes, **options).eval()
            if _takes(model, shapes):
                found[one.name] = (model, shapes)
        if first[key] in found:
            named[one.name] = first[key]
    return found, named


def _takes(model: nn.Module, shapes: Sequence[tuple[int, ...]]) -> bool:
    """Whether a network takes the features as they are: a learner may give them another form."""
    try:
        with torch.inference_mode():
            model(*(torch.zeros(1, *shape) for shape in shapes))
    except ShapeError:
        return False
    return True


def costs(corpus: Corpus, seeds: Sequence[int], *, progress: bool = False, rounds: int = 5) -> Rows:
    """Parameters, products, bytes and time of each network that has a recipe, one row each.

    Neither corpus nor seed matter; the networks are not trained, so none of their weights is zero,
    and gzip finds little in them. The times are of rounds in which all networks take turns.
    """
    from mgrlib.recipes.ledger import recipes  # which gathers this module's study too

    found = networks(recipes())
    calls = {}
    for name, (model, shapes) in found.items():
        inputs = [torch.zeros(1, *shape) for shape in shapes]
        calls[name] = lambda model=model, inputs=inputs: model(*inputs)
    times = take_turns(calls, rounds=rounds)
    rows = []
    for name, (model, shapes) in found.items():
        needs, latency = cost(model, *shapes, rounds=0), Latency.of(times[name])
        rows.append(
            {
                "row": name,
                "metric": "milliseconds a segment",
                "value": latency.median_ms,
                "low": latency.low_ms,
                "high": latency.high_ms,
                "model": type(model).__name__,
                "inputs": [list(shape) for shape in shapes],
                "parameters": needs.parameters,
                "nonzeros": needs.nonzeros,
                "stored": needs.stored,
                "gzipped": needs.gzipped,
                "macs": needs.macs,
                "protocol": f"one segment, one thread, {rounds} rounds in turn",
            }
        )
    return rows


def accuracies(data: str, folder: Path | None = None) -> pd.DataFrame:
    """The accuracies of all recipes' results on one data set, a row a recipe.

    Columns: accuracy, low, high, n, protocol; where a recipe has several results, the one with the
    most seeds.

    Args:
        data: the corpus' name in the results, such as "gtzan-mini".
        folder: where your own results are, if not at home.
    """
    from mgrlib.recipes.ledger import papers, results

    rows = []
    for paper in papers():
        for result in results(paper, folder):
            if result.data["name"] == data:
                interval = result.accuracy()
                rows.append(
                    {
                        "recipe": result.recipe,
                        "accuracy": interval.value,
                        "low": interval.low,
                        "high": interval.high,
                        "n": result.data["n_clips"],
                        "seeds": len(result.seeds),
                        "protocol": result.protocol,
                    }
                )
    columns = ["recipe", "accuracy", "low", "high", "n", "seeds", "protocol"]
    table = pd.DataFrame(rows, columns=columns).sort_values("seeds", kind="stable")
    return table.drop_duplicates("recipe", keep="last").set_index("recipe").sort_index()


COSTS = (
    Study(
        "wei2023/costs",
        "what every network of the book costs",
        costs,
        deviations=("ours; the paper gives the time of one network",),
    ),
)
