"""Record: one measured number with all that is needed to judge it; one schema, one reader, one
writer.

A file holds the records of one recipe or study on one data set under one protocol. It is packed by
gzip and has one JSON value per line: the first line is what the records share and a row for each,
and each further line holds the runs of one row, with their predictions. Every line is a gzip member
of its own, so that tables are made from the first one alone. Reading needs neither torch nor
pandas.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mgrlib.errors import RecipeError, explain, some
from mgrlib.storage import atomic_write

if TYPE_CHECKING:
    import pandas as pd

    from mgrlib.evaluation.intervals import Interval
    from mgrlib.evaluation.predictions import Predictions

SUFFIX = ".json.gz"
SCHEMA = 3
SHARED = ("source", "version", "data", "protocol", "seeds", "changes", "about")
Plain = Mapping[str, Any]
Names = str | Sequence[str]


class Runs(Sequence[Plain]):
    """The runs behind a record of a file, unpacked when one of them is first asked for.

    Args:
        packed: the gzip member that holds them.
        n: how many there are.
        path: of the file, for messages.
    """

    def __init__(self, packed: bytes, n: int, path: Path) -> None:
        self._packed, self._n, self._path = packed, n, path

    @cached_property
    def _rows(self) -> tuple[Plain, ...]:
        try:
            rows = tuple(json.loads(gzip.decompress(self._packed)))
            if len(rows) != self._n:
                raise ValueError(f"{len(rows)} runs, not {self._n}")
            return rows
        except (OSError, EOFError, ValueError, TypeError, zlib.error) as error:
            raise _not_records(self._path, error) from error

    def __len__(self) -> int:
        return self._n

    def __getitem__(self, i: Any) -> Any:
        return self._rows[i]

    def __iter__(self) -> Iterator[Plain]:
        return iter(self._rows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]


@dataclass(frozen=True, eq=False)
class Record:
    """One measured number.

    Args:
        source: the recipe or study, as "paper/name".
        version: of the recipe or study when it ran.
        data: name, n_clips and fingerprint of the corpus.
        protocol: how it was divided.
        seeds: that were run.
        metric: what was measured, as "accuracy".
        value, low, high: in the metric's unit, with the bounds of its interval; None where none can
            be given.
        n: number of clips behind the value; None where it is no share of clips.
        condition: what sets this row apart from the others of its source, by name: the system, the
            noise, the number of epochs. Empty for a recipe as it is.
        train_accuracy: on the training clips after training, the mean over the runs.
        seconds: spent on training.
        changes: settings of the training that are not the recipe's.
        details: curves, confusions and whatever else a chapter draws.
        runs: for each seed and fold: seed, split, predictions, history; and, as `about`, the date,
            commit and device of folds that were taken from an earlier record.
        about: versions, machine, commit and date.
    """

    source: str
    version: int
    data: Plain
    protocol: str
    seeds: tuple[int, ...]
    metric: str
    value: float
    low: float | None = None
    high: float | None = None
    n: int | None = None
    condition: Plain = field(default_factory=dict)
    train_accuracy: float | None = None
    seconds: float | None = None
    changes: Plain = field(default_factory=dict)
    details: Plain = field(default_factory=dict)
    runs: Sequence[Plain] = ()
    about: Plain = field(default_factory=dict)

    @property
    def interval(self) -> Interval:
        """The value with its bounds (NaN where unknown) and number of clips."""
        from mgrlib.evaluation.intervals import Interval

        low, high = (float("nan") if b is None else b for b in (self.low, self.high))
        return Interval(self.value, low, high, self.n or 0, unit="clips")

    def predictions(self, seed: int | None = None) -> Predictions:
        """The predictions of one seed (default: the first), all of its folds as one table.

        Raises:
            RecipeError: a seed that was not run, or a record without predictions.
        """
        from mgrlib.evaluation.predictions import Predictions

        run_seed = self.seeds[0] if seed is None else seed
        parts = [run["predictions"] for run in self.runs if run["seed"] == run_seed]
        if not parts:
            where = f"record of {self.source}"
            raise RecipeError(
                explain(where, f"predictions of a seed among {self.seeds}", str(seed))
            )
        return Predictions.concat([Predictions.from_dict(part) for part in parts])

    def predictions_by_seed(self) -> list[Predictions]:
        """The predictions of each seed, in the order of `seeds`.

        Raises:
            RecipeError: a record without predictions, or with those of some seeds only.
        """
        return [self.predictions(seed) for seed in self.seeds]

    def get(self, name: str) -> Any:
        """A field, or an entry of the condition or the details, by name; else None."""
        if name in self.condition:
            return self.condition[name]
        if name == "data":
            return self.data["name"]
        return getattr(self, name) if name in FIELDS else self.details.get(name)


FIELDS = tuple(f.name for f in fields(Record))


@dataclass(frozen=True, eq=False)
class Records(Sequence[Record]):
    """Several records, and how one is found among them."""

    rows: tuple[Record, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, i: Any) -> Any:
        return Records(self.rows[i]) if isinstance(i, slice) else self.rows[i]

    def __iter__(self) -> Iterator[Record]:
        return iter(self.rows)

    def __repr__(self) -> str:
        return f"Records({len(self)} of {some(sorted({row.source for row in self}))})"

    def where(self, **values: Any) -> Records:
        """The records whose fields, conditions or details have these values.

        A tuple as value means any of its members; `data="gtzan-mini"` asks for the corpus' name.
        """
        return Records(tuple(row for row in self if _matches(row, values)))

    def only(self, **values: Any) -> Record:
        """The one record with these values.

        Raises:
            RecipeError: no record or several match; the message lists them.
        """
        rows = self.where(**values).rows
        if len(rows) != 1:
            candidates = [dict(row.condition) or row.source for row in rows or self.rows]
            got = f"{len(rows)} of {len(self)}: {some(candidates)}"
            raise RecipeError(explain("Records.only", f"one record with {values}", got))
        return rows[0]

    def frame(self) -> pd.DataFrame:
        """A row for each record: source, data, conditions, metric, value, low, high, n."""
        import pandas as pd

        names = ("source", "data", "protocol")
        last = ("metric", "value", "low", "high", "n", "train_accuracy")
        return pd.DataFrame(
            [
                {name: row.get(name) for name in names}
                | dict(row.condition)
                | {name: getattr(row, name) for name in last}
                for row in self
            ]
        )

    def pivot(self, index: Names, columns: Names = "metric") -> pd.DataFrame:
        """The values as texts with interval and number of clips, in the order of the records.

        Args:
            index, columns: names of fields, conditions or details; of several, each has a level.

        Raises:
            RecipeError: two records for one cell of the table.
        """
        return self._wide(index, columns, _text)

    def values(self, index: Names, columns: Names = "metric") -> pd.DataFrame:
        """The values as numbers; everything else as in `pivot`."""
        return self._wide(index, columns, lambda row: row.value)

    def _wide(self, index: Names, columns: Names, show: Callable[[Record], Any]) -> pd.DataFrame:
        import pandas as pd

        sides = [(names,) if isinstance(names, str) else tuple(names) for names in (index, columns)]
        keys = [tuple(tuple(row.get(n) for n in names) for names in sides) for row in self]
        cells = {key: show(row) for key, row in zip(keys, self, strict=True)}
        if len(cells) < len(self):
            got = some(sorted({str(key) for key in keys if keys.count(key) > 1}))
            where = f"table by {index} and {columns}"
            hint = "choose with `where`, or name more fields."
            raise RecipeError(explain(where, "one record for each cell", f"more at {got}", hint))
        rows, heads = (list(dict.fromkeys(key[side] for key in keys)) for side in (0, 1))
        table = [[cells.get((i, j), float("nan")) for j in heads] for i in rows]
        frame = pd.DataFrame(table)
        frame.index, frame.columns = _labels(rows, sides[0]), _labels(heads, sides[1])
        return frame

    def intervals(self, index: str, columns: str = "metric") -> dict[str, dict[str, Interval]]:
        """The values with their intervals by two fields or conditions, as plots take them."""
        table: dict[str, dict[str, Interval]] = {}
        for row in self:
            table.setdefault(str(row.get(index)), {})[str(row.get(columns))] = row.interval
        return table


def _labels(keys: Sequence[tuple[Any, ...]], names: tuple[str, ...]) -> pd.Index[Any]:
    """The labels of one side of a table, of several levels where there are several names."""
    import pandas as pd

    if len(names) > 1:
        return pd.MultiIndex.from_tuples(keys, names=names)
    return pd.Index([key[0] for key in keys], name=names[0])


def _matches(row: Record, values: Mapping[str, Any]) -> bool:
    return all(
        row.get(name) in value if isinstance(value, tuple) else row.get(name) == value
        for name, value in values.items()
    )


def _text(row: Record) -> str:
    from mgrlib.evaluation.intervals import three_digits

    if row.low is None or row.high is None:
        return three_digits(row.value)
    if not row.n:
        return f"{three_digits(row.value)} [{three_digits(row.low)}, {three_digits(row.high)}]"
    return str(row.interval).removesuffix(" clips")


def read_records(path: Path) -> Records:
    """The records that a file holds.

    Raises:
        RecipeError: not a file of records.
    """
    try:
        packed = path.read_bytes()
        unpacker = zlib.decompressobj(wbits=31)  # 31: a gzip member
        content = json.loads(unpacker.decompress(packed))
        if content["schema"] != SCHEMA:
            raise ValueError(f"schema {content['schema']}, not {SCHEMA}")
        shared = {**content["shared"], "seeds": tuple(content["shared"]["seeds"])}
        rows, rest = [], unpacker.unused_data
        for row in content["rows"]:
            n, start, stop = row.pop("runs", (0, 0, 0))
            if not 0 <= start <= stop <= len(rest):
                raise ValueError("the end of the file is missing")
            runs = Runs(rest[start:stop], n, path) if n else ()
            rows.append(Record(**shared, **row, runs=runs))
        return Records(tuple(rows))
    except (OSError, EOFError, ValueError, TypeError, KeyError, zlib.error) as error:
        raise _not_records(path, error) from error


def _not_records(path: Path, error: Exception) -> RecipeError:
    got = f"{type(error).__name__}: {error}"
    return RecipeError(explain(str(path), "a file of records", got))


def write_records(records: Iterable[Record], folder: Path) -> Path:
    """Write the records of one run to `folder / NAME.DATA.PROTOCOL.json.gz`; returns the path.

    The same records give the same bytes.

    Raises:
        RecipeError: no record, or records that do not share their source, data and protocol.
        StorageError: the file cannot be written.
    """
    rows = list(records)
    shared = [{name: _plain(getattr(row, name)) for name in SHARED} for row in rows]
    if not rows or any(common != shared[0] for common in shared):
        got = some(sorted({row.source for row in rows})) if rows else "none"
        raise RecipeError(explain("write_records", "the records of one run", got))
    names = [f.name for f in fields(Record) if f.name not in SHARED]
    own = [{name: _plain(getattr(row, name)) for name in names} for row in rows]
    own = [{k: v for k, v in row.items() if v not in (None, {}, [])} for row in own]
    rest = b""
    for row in own:
        if "runs" in row:
            runs, start = row["runs"], len(rest)
            rest += _packed_line(runs)
            row["runs"] = [len(runs), start, len(rest)]
    path = folder / file_name(rows[0])
    with atomic_write(path) as part:
        part.write_bytes(_packed_line({"schema": SCHEMA, "shared": shared[0], "rows": own}) + rest)
    return path


def _packed_line(value: Any) -> bytes:
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False) + "\n"
    return gzip.compress(text.encode("utf-8"), compresslevel=9, mtime=0)


def file_name(record: Record) -> str:
    """The name of the file of a record: source, data, protocol and changes."""
    return result_name(record.source, record.data["name"], record.protocol, record.changes)


def result_name(source: str, data: str, protocol: str, changes: Plain) -> str:
    """The name of the file of the records of a source, on a corpus of this name."""
    texts = [_slug(protocol), _slug("-".join(f"{k}-{v}" for k, v in changes.items()))]
    return ".".join([source.split("/")[1], data, *(text for text in texts if text)]) + SUFFIX


def _slug(text: str) -> str:
    return re.sub(r"[^0-9a-z]+", "-", text.lower()).strip("-")


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, tuple | list | Runs):
        return [_plain(v) for v in value]
    return value.item() if hasattr(value, "item") else value
