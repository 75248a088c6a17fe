"""Study: an experiment whose outcome is a table of records, as a value."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from mgrlib.data.corpus import Corpus
from mgrlib.errors import RecipeError, explain, some
from mgrlib.evaluation.intervals import Interval
from mgrlib.evaluation.predictions import Predictions
from mgrlib.experiments.protocol import Protocol
from mgrlib.experiments.record import Record, Records
from mgrlib.experiments.run import corpus_record, mean_accuracy, over_clips
from mgrlib.provenance import provenance

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Study:
    """An experiment that is more than one system's accuracy: a sweep, a curve, an ablation.

    Args:
        name: "paper/study", as `mgrlib run` takes it.
        title: what tables call it.
        conduct: `(corpus, seeds, progress=False, **settings) -> rows`, each made by `row`.
        settings: further arguments of `conduct`.
        protocol: how corpora are divided, in words; a function of the corpus where that depends
            on its size or on whether its groups are known.
        deviations: where ours is not the paper's, and what the paper leaves open.
        version: raised by hand when the study comes to mean something else.
        no_record: why the package has no record of it; tables show it.

    Raises:
        RecipeError: a name that is not "paper/study".
    """

    name: str
    title: str
    conduct: Callable[..., Sequence[Row]]
    settings: Mapping[str, Any] = field(default_factory=dict)
    protocol: str | Callable[[Corpus], Protocol | str] = ""
    deviations: tuple[str, ...] = ()
    version: int = 1
    no_record: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "settings", MappingProxyType(dict(self.settings)))
        if self.name.count("/") != 1:
            raise RecipeError(explain("Study", 'a name "paper/study"', repr(self.name)))

    @property
    def paper(self) -> str:
        """The paper's key."""
        return self.name.split("/")[0]

    def protocol_for(self, corpus: Corpus) -> str:
        """How this corpus is divided, in words."""
        return str(self.protocol if isinstance(self.protocol, str) else self.protocol(corpus))


def row(
    metric: str,
    value: float | Interval,
    *,
    condition: Mapping[str, Any],
    n: int | None = None,
    train_accuracy: float | None = None,
    **details: Any,
) -> dict[str, Any]:
    """One row of a study: a measured number with what sets it apart from the others.

    Args:
        value: a number, or one with its interval; values that are not finite become None.
        condition: texts and numbers by name, such as `{"system": "rows", "noise": "25 %"}`.
        n: number of clips behind the value; default: the interval's where it counts clips.
        details: plain values that a chapter draws.
    """
    nan = float("nan")
    interval = value if isinstance(value, Interval) else Interval(value, nan, nan, 0)
    bounds = {name: getattr(interval, name) for name in ("value", "low", "high")}
    finite = {k: None if v != v else _rounded(float(v)) for k, v in bounds.items()}
    counted = interval.n if interval.unit in ("", "clips") and interval.n else None
    return {
        "metric": metric,
        **finite,
        "n": counted if n is None else n,
        "condition": dict(condition),
        "train_accuracy": None if train_accuracy is None else round(float(train_accuracy), 4),
        "details": details,
    }


def accuracy_row(
    tables: Sequence[Predictions],
    groups: Mapping[str, str],
    *,
    condition: Mapping[str, Any],
    train_accuracy: float | None,
    seeds: Sequence[int] = (),
    **details: Any,
) -> dict[str, Any]:
    """A row with the mean accuracy over seeds; its interval draws artists where they are known.

    Args:
        tables: one for each seed.
        groups: the artist of each clip; empty where artists are not known.
        train_accuracy: on the clips of training; None if nothing was trained.
        seeds: of the tables; the row then keeps the predictions, so that records can be compared
            clip by clip.
        condition, details: as in `row`.
    """
    accuracy = row(
        "accuracy",
        mean_accuracy(tables, groups),
        condition=condition,
        train_accuracy=train_accuracy,
        **over_clips(tables, groups),
        **details,
    )
    if seeds:
        pairs = zip(seeds, tables, strict=True)
        accuracy["runs"] = [{"seed": s, "predictions": table.to_dict()} for s, table in pairs]
    return accuracy


def _rounded(value: float) -> float:
    """Round to four decimals, or to four digits for small values such as seconds."""
    digits = 4 if value == 0 else max(4, 3 - math.floor(math.log10(abs(value))))
    return round(value, digits)


def conduct(
    study: Study, corpus: Corpus, *, seeds: Sequence[int] = (0,), progress: bool = False
) -> Records:
    """Carry out a study on a corpus.

    Raises:
        RecipeError: no seed, or one twice; no row, or two with the same condition and metric.
        AudioError, FeatureError, SplitError, StorageError, TrainingError: from the layers below.
    """
    where = f"study {study.name!r}"
    if not seeds or len(set(seeds)) < len(seeds):
        raise RecipeError(explain(where, "one or more seeds, each once", str(list(seeds))))
    rows = study.conduct(corpus, tuple(seeds), progress=progress, **study.settings)
    plain = json.loads(json.dumps([dict(r) for r in rows]))
    keys = [json.dumps([r["metric"], r["condition"]], sort_keys=True) for r in plain]
    if not plain or len(set(keys)) < len(keys):
        repeated = [key for key in keys if keys.count(key) > 1]
        raise RecipeError(explain(where, "rows, each condition once", some(repeated) or "none"))
    shared: dict[str, Any] = {
        "source": study.name,
        "version": study.version,
        "data": corpus_record(corpus),
        "protocol": study.protocol_for(corpus),
        "seeds": tuple(seeds),
        "about": provenance(),
    }
    return Records(tuple(Record(**shared, **r) for r in plain))
