"""Finding recipes and results by name, and setting what papers report beside what we found.

A paper's ledger is all that it prints: the `Reported` numbers of its recipes and studies, those
that a module `PAPER_reported` lists besides, and in `printed.json` whatever else the book quotes,
each with its place. Works that are only cited have their numbers there too, by their key in the
bibliography.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd

from mgrlib import recipes as package
from mgrlib.errors import RecipeError, explain
from mgrlib.recipes.core import Recipe, Reported, Result, read_result
from mgrlib.recipes.studies import SUFFIX, Findings, Study, read_findings
from mgrlib.storage import home
from mgrlib.training.config import config_dict

__all__ = [
    "Printed",
    "compare",
    "findings",
    "listed",
    "papers",
    "printed",
    "printed_keys",
    "recipe",
    "recipes",
    "results",
    "studies",
    "study",
]

SHARED = {"core", "ledger", "studies"}
Named = TypeVar("Named", Recipe, Study)


@dataclass(frozen=True)
class Printed:
    """A number that a work prints, and what it is the number of.

    Args:
        value: as printed, a share and not a percentage.
        what: what is counted or measured.
        place: where it stands.
        metric: of a system's result, what was measured; empty for sizes and settings.
        n, split: of a result, as in `Reported`.

    Raises:
        RecipeError: no place, or not a word about what it is.
    """

    value: float
    what: str
    place: str
    metric: str = ""
    n: int | None = None
    split: str = ""

    def __post_init__(self) -> None:
        if not self.place.strip() or not self.what.strip():
            hint = "say what it is, and name the table, figure or section."
            raise RecipeError(explain("Printed", "what and where", f"{self.value}", hint))


def papers() -> tuple[str, ...]:
    """The keys of the papers that have recipes: the modules of this package.

    A module with an underscore in its name is a part that the paper's module gathers.
    """
    names = (module.name for module in pkgutil.iter_modules(package.__path__))
    return tuple(sorted(name for name in names if name not in SHARED and "_" not in name))


def recipes(paper: str | None = None) -> tuple[Recipe, ...]:
    """All recipes of a paper, in the order of its tables; of every paper without a name.

    Raises:
        RecipeError: a paper that has none.
    """
    return tuple(one for one in listed(paper) if isinstance(one, Recipe))


def studies(paper: str | None = None) -> tuple[Study, ...]:
    """All studies of a paper, or of every paper without a name.

    Raises:
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

    Raises:
        RecipeError: no such recipe; the message lists the paper's.
    """
    return _named("recipe", name, recipes(name.split("/")[0]))


def study(name: str) -> Study:
    """The study of this name.

    Raises:
        RecipeError: no such study; the message lists the paper's.
    """
    return _named("study", name, studies(name.split("/")[0]))


def printed_keys() -> tuple[str, ...]:
    """The works that have a ledger: the five papers, others by their key in the bibliography."""
    return tuple(dict.fromkeys((*papers(), *_quoted())))


def printed(key: str, *, trials: bool = True) -> tuple[Printed, ...]:
    """Every number of a work's ledger: of its recipes and studies first, then all others.

    Args:
        key: of a paper, or of another work as the bibliography has it.
        trials: also what only a module PAPER_reported lists: the single trainings behind a table.

    Raises:
        RecipeError: a work that has none.
    """
    if key not in printed_keys():
        raise RecipeError(explain("printed", f"a work among {printed_keys()}", repr(key)))
    ours = [entry for one in listed(key) for entry in _of(one)] if key in papers() else []
    ours += _quoted().get(key, ())
    known = {(entry.value, entry.metric) for entry in ours}
    more = [entry for entry in _besides(key) if (entry.value, entry.metric) not in known]
    return tuple(dict.fromkeys((*ours, *(more if trials else ()))))


def _of(one: Recipe | Study) -> list[Printed]:
    """What the paper prints for a recipe or for the rows of a study."""
    if isinstance(one, Study):
        return [_as_printed(number, row) for row, number in one.reported.items()]
    return [_as_printed(number, one.title) for number in one.reported]


def _as_printed(number: Reported, what: str) -> Printed:
    return Printed(number.value, what, number.place, number.metric, number.n, number.split)


def _besides(paper: str) -> Iterator[Printed]:
    """The numbers that a module PAPER_reported lists and no recipe or study takes up."""
    name = f"{paper}_reported"
    if name in (module.name for module in pkgutil.iter_modules(package.__path__)):
        module = importlib.import_module(f"mgrlib.recipes.{name}")
        for listed_name in module.__all__:
            yield from _within(getattr(module, listed_name), listed_name.lower().replace("_", " "))


def _within(thing: Any, what: str) -> Iterator[Printed]:
    """The `Reported` numbers inside a value, each with the way to it as its name."""
    if isinstance(thing, Reported):
        yield _as_printed(thing, what)
    elif isinstance(thing, Mapping):
        for key, value in thing.items():
            told = ", ".join(map(str, key)) if isinstance(key, tuple) else key
            yield from _within(value, f"{what}: {told}")
    elif isinstance(thing, tuple):
        for value in thing:
            yield from _within(value, what)
    elif is_dataclass(thing) and not isinstance(thing, type):
        told = [f"{getattr(thing, f.name)}" for f in fields(thing) if f.type in ("int", "str")]
        names = [f"{f.name} {value}" for f, value in zip(fields(thing), told, strict=False)]
        for f in fields(thing):
            yield from _within(getattr(thing, f.name), ", ".join([what, *names]))


def _quoted() -> dict[str, tuple[Printed, ...]]:
    """The content of printed.json."""
    content = json.loads((files(package) / "printed.json").read_text(encoding="utf-8"))
    return {key: tuple(Printed(**entry) for entry in entries) for key, entries in content.items()}


def _named(kind: str, name: str, among: Sequence[Named]) -> Named:
    named = {one.name: one for one in among}
    if name not in named:
        hint = "`mgrlib list` shows all of them."
        raise RecipeError(explain(kind, f"one of {', '.join(named)}", repr(name), hint))
    return named[name]


def results(paper: str, folder: Path | None = None) -> tuple[Result, ...]:
    """The results of a paper's recipes: those that come with the package, then your own.

    Args:
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
