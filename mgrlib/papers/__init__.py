"""The five papers: a package for each, with its recipes, studies, printed numbers and records.

Two packages beside them belong to no paper: `baselines` has simple classifiers, and `beyond` has
the experiments that the papers propose as future work.

`mgrlib/papers/KEY/` holds

- `recipes.py` with `RECIPES`, and `studies.py` with `STUDIES` where the paper has any;
- `printed.json`, every number that the paper prints, with its place;
- `records/`, what running the recipes and studies gave;
- `listing.json`, names, titles and versions, so that lists and tables need not import torch. It is
  written by `python -m checks.listing`, and a test compares it with the recipes.

Papers know nothing of each other: what two of them share lives below.
"""

from __future__ import annotations

import importlib
import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from mgrlib.errors import RecipeError, explain
from mgrlib.experiments.compare import Caveat, Comparison, Listed, compared
from mgrlib.experiments.ledger import Printed, read_ledger
from mgrlib.experiments.record import SUFFIX, Records, read_records

if TYPE_CHECKING:
    from mgrlib.experiments.study import Study
    from mgrlib.systems.recipe import Recipe

PAPERS = ("luo2021", "minhas2019", "tang2018", "reddy2024", "wei2023")
"""Their keys, in the order of the book."""


COLLECTIONS = (*PAPERS, "baselines", "beyond")
"""The papers, and what belongs to no paper but is run and recorded in the same way."""


def _folder(paper: str) -> Path:
    if paper not in COLLECTIONS:
        raise RecipeError(explain("papers", f"a paper among {COLLECTIONS}", repr(paper)))
    return Path(str(files("mgrlib.papers"))) / paper


def listing(paper: str | None = None) -> tuple[Listed, ...]:
    """The recipes and studies of a paper, or of all, with titles and versions, at no cost.

    Raises:
        RecipeError: no such paper.
    """
    if paper is None:
        return tuple(item for key in COLLECTIONS for item in listing(key))
    text = (_folder(paper) / "listing.json").read_text(encoding="utf-8")
    return tuple(Listed(**item) for item in json.loads(text))


def recipes(paper: str | None = None) -> tuple[Recipe, ...]:
    """All recipes of a paper, in the order of its tables, or of every paper.

    Raises:
        RecipeError: no such paper.
    """
    if paper is None:
        return tuple(item for key in COLLECTIONS for item in recipes(key))
    _folder(paper)
    module = importlib.import_module(f"mgrlib.papers.{paper}.recipes")
    items: tuple[Recipe, ...] = module.RECIPES
    return items


def studies(paper: str | None = None) -> tuple[Study, ...]:
    """All studies of a paper, or of every paper.

    Raises:
        RecipeError: no such paper.
    """
    if paper is None:
        return tuple(item for key in COLLECTIONS for item in studies(key))
    if not (_folder(paper) / "studies.py").exists() and not (_folder(paper) / "studies").is_dir():
        return ()
    module = importlib.import_module(f"mgrlib.papers.{paper}.studies")
    items: tuple[Study, ...] = module.STUDIES
    return items


def find(name: str) -> Recipe | Study:
    """The recipe or study of this name.

    Raises:
        RecipeError: neither; the message lists the paper's.
    """
    paper = name.split("/")[0]
    items: list[Recipe | Study] = [*recipes(paper), *studies(paper)]
    item_by_name = {item.name: item for item in items}
    if name not in item_by_name:
        hint = "`mgrlib list` shows all of them."
        raise RecipeError(explain("papers", f"one of {', '.join(item_by_name)}", repr(name), hint))
    return item_by_name[name]


def recipe(name: str) -> Recipe:
    """The recipe of this name.

    Raises:
        RecipeError: no such recipe.
    """
    from mgrlib.systems.recipe import Recipe

    item = find(name)
    if not isinstance(item, Recipe):
        raise RecipeError(explain("recipe", "the name of a recipe", f"{name}, a study"))
    return item


def study(name: str) -> Study:
    """The study of this name.

    Raises:
        RecipeError: no such study.
    """
    from mgrlib.experiments.study import Study

    item = find(name)
    if not isinstance(item, Study):
        raise RecipeError(explain("study", "the name of a study", f"{name}, a recipe"))
    return item


def printed_keys() -> tuple[str, ...]:
    """The works that have a ledger: the papers, and others by their key in the bibliography."""
    return (*PAPERS, *_cited())


def printed(key: str) -> tuple[Printed, ...]:
    """Every number that a work prints, in the order of the work.

    Args:
        key: of a paper, or of another work as the bibliography has it.

    Raises:
        RecipeError: a work that has no ledger.
    """
    if key in COLLECTIONS:
        return read_ledger(_folder(key) / "printed.json")
    if key not in _cited():
        raise RecipeError(explain("printed", f"a work among {printed_keys()}", repr(key)))
    return _cited()[key]


@cache
def _cited() -> dict[str, tuple[Printed, ...]]:
    """The numbers of works that the book only cites, by their key."""
    text = (Path(str(files("mgrlib.papers"))) / "cited.json").read_text(encoding="utf-8")
    return {key: tuple(Printed(**e) for e in entries) for key, entries in json.loads(text).items()}


@cache
def _shipped(paper: str) -> Records:
    return _read(_folder(paper) / "records")


def _read(folder: Path) -> Records:
    paths = sorted(folder.glob(f"*{SUFFIX}"))
    return Records(tuple(record for path in paths for record in read_records(path)))


def records(paper: str, *names: str, results: Path | None = None, **values: object) -> Records:
    """The records that come with the package, of a paper's recipes and studies.

    Args:
        names: of recipes or studies, without the paper; default: all.
        results: a folder of your own results, read in place of the package's.
        values: fields and conditions that a record must have, as `data="gtzan-mini"`; see
            `Records.where`.

    Raises:
        RecipeError: no such paper, or a folder without results of it.
    """
    all_records = _shipped(paper) if results is None else _own(paper, results)
    sources = tuple(f"{paper}/{name}" for name in names)
    return all_records.where(**({"source": sources} if sources else {}), **values)


def _own(paper: str, results: Path) -> Records:
    own = _read(Path(results) / paper)
    if not len(own):
        hint = "`mgrlib run` says where it writes."
        where = f"{Path(results) / paper}"
        raise RecipeError(explain(where, f"result files (*{SUFFIX})", "none", hint))
    return own


@cache
def caveats() -> tuple[Caveat, ...]:
    """Comparisons of our systems that their training or their settings do not support."""
    text = (Path(str(files("mgrlib.papers"))) / "caveats.json").read_text(encoding="utf-8")
    return tuple(Caveat(**entry) for entry in json.loads(text))


def compare(paper: str, *, data: str | None = None, results: Path | None = None) -> Comparison:
    """What a paper reports beside what we measured.

    Args:
        data: only records of this corpus, as "gtzan-mini"; numbers that were not run there are left
            out. Default: all, and what was not run.
        results: a folder of your own results, shown beside the book's and marked.

    Raises:
        RecipeError: no such paper, or a folder without results of it.
    """
    own = Records(()) if results is None else _own(paper, results)
    table = compared(listing(paper), records(paper), printed(paper), own)
    return table if data is None else table.where(data=data)
