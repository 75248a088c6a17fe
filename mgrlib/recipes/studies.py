"""Study and Findings: an experiment whose outcome is a table, as a value, and what it found."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pandas as pd

from mgrlib.data.corpus import Corpus
from mgrlib.errors import RecipeError, explain, some
from mgrlib.evaluation.intervals import Interval, three_digits
from mgrlib.features.base import Feature
from mgrlib.recipes.core import OURS, Recipe, Reported, about, code_of, corpus_fingerprint
from mgrlib.storage import atomic_write

__all__ = ["Findings", "Study", "conduct", "read_findings", "write_findings"]

SUFFIX = ".study.json"


@dataclass(frozen=True)
class Study:
    """An experiment that is more than one system's accuracy: a sweep, a curve, an ablation.

    Args:
        name: "paper/study", as `mgrlib run` takes it.
        title: what tables call it.
        conduct: `(corpus, seeds, progress=False, **settings) -> rows`. A row is a mapping of plain
            values with at least `row` (its name, once a table), `metric` and `value`; `low` and
            `high` are its interval and `n` the number of clips behind it.
        settings: what `conduct` is told.
        reported: what the paper prints for a row, by the row's name.
        deviations: where ours is not the paper's, and what the paper leaves open.

    Raises:
        RecipeError: a name that is not "paper/study".
    """

    name: str
    title: str
    conduct: Callable[..., Sequence[Mapping[str, Any]]]
    settings: Mapping[str, Any] = field(default_factory=dict)
    reported: Mapping[str, Reported] = field(default_factory=dict)
    deviations: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "settings", MappingProxyType(dict(self.settings)))
        object.__setattr__(self, "reported", MappingProxyType(dict(self.reported)))
        if self.name.count("/") != 1:
            raise RecipeError(explain("Study", 'a name "paper/study"', repr(self.name)))

    @property
    def paper(self) -> str:
        """The paper's key."""
        return self.name.split("/")[0]

    @property
    def fingerprint(self) -> str:
        """Changes when the settings change, or the code of the study or of models it names."""
        told = json.dumps(dict(self.settings), default=_told, sort_keys=True)
        return hashlib.sha256((code_of(self.conduct, OURS) + told).encode()).hexdigest()[:16]


def _told(value: Any) -> Any:
    """A setting as something JSON can hold and that does not differ between processes."""
    if isinstance(value, Recipe):
        return value.fingerprint
    if isinstance(value, Feature):
        return value.key
    if isinstance(value, Mapping):
        return dict(value)
    if callable(value):
        return code_of(value, OURS)
    return str(value)


@dataclass(frozen=True, eq=False)
class Findings:
    """What a study found, with all that is needed to judge it.

    Args:
        study, fingerprint: of which study, in which version.
        data: name, number of clips and fingerprint of the corpus.
        seeds: the seeds that were run.
        rows: the table, a mapping a row.
        about: versions, machine and date.
    """

    study: str
    fingerprint: str
    data: dict[str, Any]
    seeds: tuple[int, ...]
    rows: tuple[dict[str, Any], ...]
    about: dict[str, Any]

    def table(self) -> pd.DataFrame:
        """The rows as a table, indexed by their names."""
        return pd.DataFrame(list(self.rows)).set_index("row")

    def intervals(self, index: str = "row", columns: str = "metric", **where: Any) -> pd.DataFrame:
        """The rows as a table of texts, each figure with its interval and number of clips.

        Args:
            index, columns: which of the rows' values name the table's rows and columns, in their
                order.
            where: values that a row must have, as `metric="accuracy of clips"`.
        """
        kept = [row for row in self.rows if all(row.get(k) == v for k, v in where.items())]
        told = [{"at": r[index], "under": r[columns], "text": _measured(r)} for r in kept]
        wide = pd.DataFrame(told).pivot(index="at", columns="under", values="text")
        order = [list(dict.fromkeys(one[name] for one in told)) for name in ("at", "under")]
        return wide.loc[order[0], order[1]].rename_axis(index=index, columns=columns)

    def row(self, name: str) -> dict[str, Any]:
        """One row.

        Raises:
            RecipeError: no such row.
        """
        for one in self.rows:
            if one["row"] == name:
                return one
        names = some(one["row"] for one in self.rows)
        raise RecipeError(explain(f"Findings of {self.study}", f"a row among {names}", repr(name)))

    def interval(self, name: str) -> Interval:
        """The figure of a row with its interval and number of clips.

        Raises:
            RecipeError: a row that does not exist.
        """
        row = self.row(name)
        return Interval(row["value"], row["low"], row["high"], row["n"], unit="clips")


def _measured(row: Mapping[str, Any]) -> str:
    """The figure of a row with its interval and number of clips, as far as it has them."""
    if row.get("low") is None or not row.get("n"):
        return three_digits(row["value"])
    return str(Interval(row["value"], row["low"], row["high"], row["n"]))


def conduct(
    study: Study, corpus: Corpus, *, seeds: Sequence[int] = (0,), progress: bool = False
) -> Findings:
    """Carry out a study on a corpus.

    Raises:
        RecipeError: no seed, or one twice; a row without name, metric or value, or a name twice; a
            paper's number for a row that is not there.
        AudioError, FeatureError, SplitError, StorageError, TrainingError: from the layers below.
    """
    where = f"study {study.name!r}"
    if not seeds or len(set(seeds)) < len(seeds):
        raise RecipeError(explain(where, "one or more seeds, each once", str(list(seeds))))
    fingerprint = study.fingerprint  # of the code that runs, not of what the file holds afterwards
    rows = study.conduct(corpus, tuple(seeds), progress=progress, **study.settings)
    content = json.loads(json.dumps([dict(row) for row in rows]))
    names = [row.get("row") for row in content]
    if not content or any({"row", "metric", "value"} - set(row) for row in content):
        raise RecipeError(explain(where, "rows with `row`, `metric` and `value`", str(content[:1])))
    if len(set(names)) < len(names):
        raise RecipeError(explain(where, "each row's name once", some(names)))
    lost = [name for name in study.reported if name not in names]
    if lost:
        raise RecipeError(explain(where, "a row for each of the paper's numbers", some(lost)))
    data = {
        "name": corpus.name,
        "n_clips": len(corpus),
        "fingerprint": corpus_fingerprint(corpus),
    }
    return Findings(study.name, fingerprint, data, tuple(seeds), tuple(content), about())


def write_findings(findings: Findings, folder: Path) -> Path:
    """Write findings to `folder / paper / study.data.study.json`; returns the path."""
    paper, study = findings.study.split("/")
    path = folder / paper / f"{study}.{findings.data['name']}{SUFFIX}"
    with atomic_write(path) as part:
        part.write_text(json.dumps(asdict(findings), indent=1) + "\n")
    return path


def read_findings(path: Path) -> Findings:
    """The findings that a file holds.

    Raises:
        RecipeError: not a file of findings.
    """
    try:
        content = json.loads(path.read_text())
        parts = {"seeds": tuple(content["seeds"]), "rows": tuple(content["rows"])}
        return Findings(**{**content, **parts})
    except (OSError, ValueError, TypeError, KeyError) as error:
        got = f"{type(error).__name__}: {error}"
        raise RecipeError(explain(str(path), "a file of findings", got)) from error
