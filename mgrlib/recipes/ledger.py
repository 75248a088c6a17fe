"""Finding recipes and results by name, and setting what papers report beside what we found."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

import pandas as pd

from mgrlib import recipes as package
from mgrlib.errors import RecipeError, explain
from mgrlib.recipes.core import Recipe, Reported, Result, read_result
from mgrlib.recipes.studies import SUFFIX, Findings, Study, read_findings
from mgrlib.storage import home
from mgrlib.training.config import config_dict

__all__ = [
    "compare",
    "findings",
    "listed",
    "papers",
    "recipe",
    "recipes",
    "results",
    "studies",
    "study",
]

SHARED = {"core", "ledger", "studies"}
Named = TypeVar("Named", Recipe, Study)


def papers() -> tuple[str, ...]:
    """The keys of the papers that have recipes: the modules of this package.

    A module with an underscore in its name is a part that the paper's module gathers.
    """
    names = (module.name for module in pkgutil.iter_modules(package.__path__))
    return tuple(sorted(name for name in names if name not in SHARED and "_" not in name))


def recipes(paper: str | None = None) -> tuple[Recipe, ...]:
    """All recipes of a paper, in the order of its tables; of every paper without a name.

    Raises
    ------
    RecipeError: a paper that has none.
    """
    return tuple(one for one in listed(paper) if isinstance(one, Recipe))


def studies(paper: str | None = None) -> tuple[Study, ...]:
    """All studies of a paper, or of every paper without a name.

    Raises
    ------
    RecipeError: a paper that has none.
    """
    return tuple(one for one in listed(paper) if isinstance(one, Study))


def listed(paper: str | None = None) -> tuple[Recipe | Study, ...]:
    """What a paper's module lists in RECIPES, in its order."""
    if paper is None:
        return tuple(one for key in papers() for one in listed(key))
    if paper not in papers():
        raise RecipeError(explain("recipes", f"a paper among {papers()}", repr(paper)))
    found: Sequence[Recipe | Study] = importlib.import_module(f"mgrlib.recipes.{paper}").RECIPES
    return tuple(found)


def recipe(name: str) -> Recipe:
    """The recipe of this name.

    Raises
    ------
    RecipeError: no such recipe; the message lists the paper's.
    """
    return _named("recipe", name, recipes(name.split("/")[0]))


def study(name: str) -> Study:
    """The study of this name.

    Raises
    ------
    RecipeError: no such study; the message lists the paper's.
    """
    return _named("study", name, studies(name.split("/")[0]))


def _named(kind: str, name: str, among: Sequence[Named]) -> Named:
    named = {one.name: one for one in among}
    if name not in named:
        hint = "`mgrlib list` shows all of them."
        raise RecipeError(explain(kind, f"one of {', '.join(named)}", repr(name), hint))
    return named[name]


def results(paper: str, folder: Path | None = None) -> tuple[Result, ...]:
    """The results of a paper's recipes: those that come with the package, then your own.

    Parameters
    ----------
    folder: where your own are; default: `mgrlib.storage.home() / "results"`.
    """
    paths = [path for path in _files(paper, folder) if not path.name.endswith(SUFFIX)]
    return tuple(read_result(path) for path in paths)


def findings(paper: str, folder: Path | None = None) -> tuple[Findings, ...]:
    """What a paper's studies found: the files that come with the package, then your own."""
    paths = [path for path in _files(paper, folder) if path.name.endswith(SUFFIX)]
    return tuple(read_findings(path) for path in paths)


def _files(paper: str, folder: Path | None) -> list[Path]:
    shipped = Path(str(files(package))) / "results"
    own = folder or home() / "results"
    return [path for place in (shipped, own) for path in sorted((place / paper).glob("*.json"))]


def compare(paper: str, folder: Path | None = None) -> pd.DataFrame:
    """What a paper reports beside what we found, a row a recipe and data set, or a study's row.

    Columns: recipe, title (for a study its row's name), metric, reported, n_reported, place, data,
    n_clips, replicated, low, high, seeds, protocol, changes (settings other than the recipe's),
    current (whether the result was made by the recipe as it now is).
    """
    rows = []
    found, studied = results(paper, folder), findings(paper, folder)
    for one in listed(paper):
        if isinstance(one, Study):
            rows += _study_rows(one, [made for made in studied if made.study == one.name])
            continue
        printed = one.reported[0] if one.reported else None
        mine = [result for result in found if result.recipe == one.name]
        left = {"recipe": one.name, "title": one.title, **_printed(printed)}
        rows += [{**left, **_found(result, one)} for result in mine] or [left]
        rows += [{**left, **_printed(further)} for further in one.reported[1:]]
    return pd.DataFrame(rows)


def _printed(printed: Reported | None) -> dict[str, object]:
    return {
        "metric": printed.metric if printed else "accuracy",
        "reported": printed.value if printed else None,
        "n_reported": printed.n if printed else None,
        "place": printed.place if printed else "",
    }


def _study_rows(one: Study, found: Sequence[Findings]) -> list[dict[str, object]]:
    """The rows of a study that have the paper's number, and of those without it their figures."""
    if not found:
        return [
            {"recipe": one.name, "title": name, **_printed(printed)}
            for name, printed in one.reported.items()
        ] or [{"recipe": one.name, "title": one.title, **_printed(None)}]
    fingerprint = one.fingerprint
    return [
        {
            "recipe": one.name,
            "title": row["row"],
            **_printed(one.reported.get(row["row"])),
            "metric": row["metric"],
            "data": made.data["name"],
            "n_clips": row.get("n"),
            "replicated": row["value"],
            "low": row.get("low"),
            "high": row.get("high"),
            "seeds": len(made.seeds),
            "protocol": row.get("protocol", "study"),
            "changes": "",
            "current": made.fingerprint == fingerprint,
        }
        for made in found
        for row in made.rows
    ]


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
