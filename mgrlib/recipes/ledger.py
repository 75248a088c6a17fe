"""Finding recipes and results by name, and setting what papers report beside what we found."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

import pandas as pd

from mgrlib import recipes as package
from mgrlib.errors import RecipeError, explain
from mgrlib.recipes.core import Recipe, Result, read_result
from mgrlib.storage import home
from mgrlib.training.config import config_dict

__all__ = ["compare", "papers", "recipe", "recipes", "results"]

SHARED = {"core", "ledger"}


def papers() -> tuple[str, ...]:
    """The keys of the papers that have recipes: the modules of this package."""
    names = (module.name for module in pkgutil.iter_modules(package.__path__))
    return tuple(sorted(name for name in names if name not in SHARED))


def recipes(paper: str | None = None) -> tuple[Recipe, ...]:
    """All recipes of a paper, in the order of its tables; of every paper without a name.

    Raises
    ------
    RecipeError: a paper that has none.
    """
    if paper is None:
        return tuple(one for key in papers() for one in recipes(key))
    if paper not in papers():
        raise RecipeError(explain("recipes", f"a paper among {papers()}", repr(paper)))
    found: Sequence[Recipe] = importlib.import_module(f"mgrlib.recipes.{paper}").RECIPES
    return tuple(found)


def recipe(name: str) -> Recipe:
    """The recipe of this name.

    Raises
    ------
    RecipeError: no such recipe; the message lists the paper's.
    """
    paper = name.split("/")[0]
    named = {one.name: one for one in recipes(paper)}
    if name not in named:
        hint = "`mgrlib list` shows all of them."
        raise RecipeError(explain("recipe", f"one of {', '.join(named)}", repr(name), hint))
    return named[name]


def results(paper: str, folder: Path | None = None) -> tuple[Result, ...]:
    """The results of a paper's recipes: those that come with the package, then your own.

    Parameters
    ----------
    folder: where your own are; default: `mgrlib.storage.home() / "results"`.
    """
    shipped = Path(str(files(package))) / "results"
    own = folder or home() / "results"
    paths = [path for place in (shipped, own) for path in sorted((place / paper).glob("*.json"))]
    return tuple(read_result(path) for path in paths)


def compare(paper: str, folder: Path | None = None) -> pd.DataFrame:
    """What a paper reports beside what we found, a row a recipe and data set.

    Columns: recipe, title, reported, n_reported, place, data, n_clips, replicated, low, high,
    seeds, protocol, changes (settings other than the recipe's), current (whether the result was
    made by the recipe as it now is).
    """
    rows = []
    found = results(paper, folder)
    for one in recipes(paper):
        printed = one.reported[0] if one.reported else None
        mine = [result for result in found if result.recipe == one.name]
        left: dict[str, object] = {
            "recipe": one.name,
            "title": one.title,
            "reported": printed.value if printed else None,
            "n_reported": printed.n if printed else None,
            "place": printed.place if printed else "",
        }
        rows += [{**left, **_found(result, one)} for result in mine] or [left]
    return pd.DataFrame(rows)


def _found(result: Result, of: Recipe) -> dict[str, object]:
    interval = result.accuracy()
    meant = config_dict(of.config)
    changed = {k: v for k, v in result.config.items() if k != "seed" and meant.get(k) != v}
    return {
        "data": result.data["name"],
        "n_clips": result.predictions(result.seeds[0]).n,
        "replicated": interval.value,
        "low": interval.low,
        "high": interval.high,
        "seeds": len(result.seeds),
        "protocol": result.protocol,
        "changes": ", ".join(f"{name}={value}" for name, value in changed.items()),
        "current": result.fingerprint == of.fingerprint,
    }
