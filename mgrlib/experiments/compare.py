"""Reported beside replicated: the one road from records to a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from mgrlib.errors import EvaluationError, RecipeError, explain
from mgrlib.experiments.commands import command
from mgrlib.experiments.ledger import Printed
from mgrlib.experiments.record import Record

if TYPE_CHECKING:
    import pandas as pd

    from mgrlib.evaluation.paired import Difference

TRAINED = 0.95
"""The accuracy on its own training clips from which a network counts as trained."""

SEEDS = 3
"""The number of seeds from which a difference needs no word about them."""


def unfinished(record: Record) -> str:
    """Why an accuracy says little about its system: it did not learn its own training clips.

    Returns:
        A text for tables; empty if the training clips were learned, or if nothing was trained.
    """
    train = record.train_accuracy
    if "accuracy" not in record.metric or record.protocol.startswith("no training"):
        return ""
    if train is None:
        return "accuracy on the training clips not recorded"
    if train >= TRAINED:
        return ""
    text = f"only {_fraction(train)} on its training clips"
    if _validated(record):
        return f"{text}, in the epoch that the validation clips chose"
    n_learned, n, value = learned_runs(record)
    if not 0 < n_learned < n:
        return text
    return f"{text}; {n_learned} of {n} runs learned theirs, with an accuracy of {_fraction(value)}"


def learned_runs(record: Record) -> tuple[int, int, float]:
    """How many of a record's trainings learned their training clips, of how many.

    Returns:
        Both numbers, and the accuracy of those that did on their test clips (NaN if none did).
        A mean over all runs says little where some of them failed.
    """
    from mgrlib.evaluation.predictions import Predictions

    runs = [run for run in record.runs if run.get("train_accuracy") is not None]
    complete = [run for run in runs if run["train_accuracy"] >= TRAINED]
    tables = [Predictions.from_dict(run["predictions"]) for run in complete]
    n_clips = sum(table.n for table in tables)
    n_right = sum(int(table.correct.sum()) for table in tables)
    return len(complete), len(runs), n_right / n_clips if n_clips else float("nan")


def _validated(record: Record) -> bool:
    """Whether validation clips chose the epoch of every run."""
    return bool(record.runs) and all(
        (run.get("history") or {}).get("valid_loss") for run in record.runs
    )


def _fraction(value: float) -> str:
    """As tables have it; their own function is slow to load."""
    return f"{value:.3f}".removeprefix("0")


def training_caveat(first: Record, second: Record) -> str:
    """What a difference of two systems does not show if one did not learn its training clips.

    Such a difference may only be one of training. The text gives both accuracies on the training
    clips, and is empty if both systems learned theirs.
    """
    records = (first, second)
    if all(_knows_training_clips(record) for record in records):
        return ""
    texts = [_training_text(record) for record in records]
    unknown = set(texts) == {"unknown"}
    return "training accuracy " + ("not recorded" if unknown else " and ".join(texts))


def few_seeds(first: Record, second: Record) -> str:
    """With how many seeds two systems were trained, if one of them was with fewer than `SEEDS`.

    An interval over clips does not show how much another random start would change. Classifiers
    that are not trained in epochs, such as a support vector machine, start from nothing random.
    """
    counts = [len(record.seeds) for record in (first, second) if _starts_at_random(record)]
    if not counts or min(counts) >= SEEDS:
        return ""
    texts = [_seeds_text(count) for count in counts]
    if len(set(counts)) == 1:
        return f"{texts[0]} each" if len(counts) == 2 else texts[0]
    return " and ".join(texts)


def _seeds_text(count: int) -> str:
    word = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five"}.get(count, str(count))
    return f"{word} seed" if count == 1 else f"{word} seeds"


def _starts_at_random(record: Record) -> bool:
    """Whether a record's system is one that another seed would train otherwise."""
    if _needs_no_training(record):
        return False
    return not any(_is_fitted_at_once(run) for run in record.runs)


def _is_fitted_at_once(run: Mapping[str, Any]) -> bool:
    """Whether a run has no epochs; a tree of networks has those of its nodes in its details."""
    return "history" in run and not run["history"] and "epochs" not in (run.get("details") or {})


def _needs_no_training(record: Record) -> bool:
    return record.protocol.startswith("no training")


def _knows_training_clips(record: Record) -> bool:
    accuracy = record.train_accuracy
    return _needs_no_training(record) or (accuracy is not None and accuracy >= TRAINED)


def _training_text(record: Record) -> str:
    if _needs_no_training(record):
        return "none (no training)"
    accuracy = record.train_accuracy
    return "unknown" if accuracy is None else f"{100 * accuracy:.1f} %"


def difference(
    first: Record,
    second: Record,
    *,
    groups: Mapping[str, str] | None = None,
    common: bool = False,
) -> Difference:
    """The accuracy of one record minus that of another, with its interval and its caveats.

    The two have been tested on the same clips; the means over their seeds are compared clip by
    clip. The caveat is that of `training_caveat`, and few seeds are named as by `few_seeds`; both
    are part of the difference's text, and of the sentences that `mgrlib.page.in_points` makes.

    Where each seed has test clips of its own, as in random holdouts, the seeds that both records
    have are compared one by one. Their training clips overlap, so the interval over several seeds
    is that of `corrected_t_test`; a single seed is compared clip by clip.

    Args:
        first, second: records with predictions.
        groups: the artist of each clip; whole artists are then drawn.
        common: compare on the clips that both have tested, such as those of two divisions of one
            corpus, and leave the others out.

    Raises:
        RecipeError: a record without predictions.
        EvaluationError: other clips, no clip in common, or no seed in common where each seed has
            test clips of its own.
    """
    from mgrlib.evaluation.paired import paired_bootstrap
    from mgrlib.evaluation.runs import same_clips

    for record in (first, second):
        if not record.runs:
            hint = "records of studies keep no predictions: take `unpaired_difference`."
            where = f"difference of {first.source} and {second.source}"
            raise RecipeError(explain(where, "records with predictions", record.source, hint))
    runs = [record.predictions_by_seed() for record in (first, second)]
    if not all(same_clips(tables) for tables in runs):
        return _over_divisions(first, second, groups)
    if common:
        tested = set(runs[1][0].clip_ids)
        clips = [clip for clip in runs[0][0].clip_ids if clip in tested]
        runs = [[table.select(clips) for table in tables] for tables in runs]
    artists = None if groups is None else [groups[clip] for clip in runs[0][0].clip_ids]
    result = paired_bootstrap(*runs, groups=artists)
    return replace(result, caveat=training_caveat(first, second), seeds=few_seeds(first, second))


def _over_divisions(first: Record, second: Record, groups: Mapping[str, str] | None) -> Difference:
    """`difference` of records of random holdouts, seed by seed."""
    from mgrlib.evaluation.paired import corrected_t_test, paired_bootstrap
    from mgrlib.evaluation.runs import align

    seeds = [seed for seed in first.seeds if seed in second.seeds]
    if not seeds:
        where = f"difference of {first.source} and {second.source}"
        got = f"{first.seeds} and {second.seeds}"
        raise EvaluationError(explain(where, "a seed that both were trained with", got))
    pairs = [(first.predictions(seed), second.predictions(seed)) for seed in seeds]
    pairs = [(one, align(one, other)) for one, other in pairs]
    one = pairs[0][0]
    if len(seeds) == 1:
        artists = None if groups is None else [groups[clip] for clip in one.clip_ids]
        result = paired_bootstrap(*pairs[0], groups=artists)
    else:
        gains = [float(one.correct.mean() - other.correct.mean()) for one, other in pairs]
        n_train = first.data["n_clips"] - one.n
        result = corrected_t_test(gains, n_train=n_train, n_test=one.n)
    compared = [replace(record, seeds=tuple(seeds)) for record in (first, second)]
    return replace(result, caveat=training_caveat(first, second), seeds=few_seeds(*compared))


def unpaired_difference(first: Record, second: Record) -> Difference:
    """The value of one record minus that of another, for records that keep no predictions.

    The interval is `independent_difference` of theirs, as if they had been tested on different
    clips; for records of the same clips it is usually too wide. There is no p-value. Caveat and
    seeds are those of `difference`.
    """
    from mgrlib.evaluation.paired import Difference, independent_difference

    d = independent_difference(first.interval, second.interval)
    caveat, seeds = training_caveat(first, second), few_seeds(first, second)
    nan = float("nan")
    return Difference(d.value, d.low, d.high, nan, d.n, d.level, "unpaired", caveat, seeds)


@dataclass(frozen=True)
class Caveat:
    """A comparison that looks like one of systems and is also one of something else.

    Args:
        sources: the recipes and studies that are compared, as "paper/name".
        why: what differs beside the systems, in a sentence.
    """

    sources: tuple[str, ...]
    why: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "sources", tuple(self.sources))


@dataclass(frozen=True)
class Listed:
    """A recipe or study as lists show it, without what it takes to run it.

    Args:
        name: "paper/name".
        title: what tables call it.
        kind: "recipe" or "study".
        version: as it is now.
        no_record: why the package has no record of it; empty beside records.
    """

    name: str
    title: str
    kind: str
    version: int
    no_record: str = ""


@dataclass(frozen=True, eq=False)
class Pair:
    """A printed number, our record of the same thing, or both.

    Args:
        listed: the recipe or study.
        condition: of the study's row; empty for a recipe.
        printed: what the paper prints; None where it has no such number.
        record: what was measured; None where it was not run.
        own: whether the record is the reader's, from a folder that was asked for.
    """

    listed: Listed
    condition: Mapping[str, Any] = field(default_factory=dict)
    printed: Printed | None = None
    record: Record | None = None
    own: bool = False

    @property
    def title(self) -> str:
        """What tables call the row: the recipe's title, or the study's condition in words."""
        settings = {name: value for name, value in self.condition.items() if value is not None}
        words = [_word(name, value) for name, value in settings.items()]
        return ", ".join(words) if words else self.listed.title

    @property
    def metric(self) -> str:
        """What was measured, or what the paper says it measured."""
        if self.record is not None:
            return self.record.metric
        return self.printed.metric if self.printed else "accuracy"

    @property
    def current(self) -> bool:
        """Whether the record was made by the recipe or study as it now is."""
        return self.record is not None and self.record.version == self.listed.version

    @property
    def command(self) -> str:
        """The command that measures the record again; empty without one."""
        return "" if self.record is None else command(self.record, self.listed.kind)

    @property
    def not_run(self) -> str:
        """That there is no record, with the reason where one is known; empty beside a record."""
        if self.record is not None:
            return ""
        reason = self.listed.no_record
        return f"not run: {reason}" if reason else "not run"

    def row(self) -> dict[str, Any]:
        """The pair as plain values by name, for tables."""
        printed, record = self.printed, self.record
        values: dict[str, Any] = {
            "source": self.listed.name,
            "title": self.title,
            "metric": self.metric,
            "reported": printed.value if printed else None,
            "n_reported": printed.n if printed else None,
            "place": printed.place if printed else "",
        }
        if record is None:
            return values
        changes = ", ".join(f"{name}={value}" for name, value in record.changes.items())
        return values | {
            "data": record.data["name"],
            "n": record.n,
            "replicated": record.value,
            "low": record.low,
            "high": record.high,
            "train_accuracy": record.train_accuracy,
            "unfinished": unfinished(record),
            "metric_reported": printed.metric if printed else "",
            "seeds": len(record.seeds),
            "protocol": record.protocol,
            "changes": changes,
            "current": self.current,
            "own": self.own,
            "command": self.command,
        }


def _word(name: str, value: Any) -> str:
    """Format one entry of a condition for a title; numbers are followed by their name."""
    return str(value) if isinstance(value, str) else f"{value:g} {name.replace('_', ' ')}"


@dataclass(frozen=True, eq=False)
class Comparison(Sequence[Pair]):
    """Rows of reported beside replicated."""

    pairs: tuple[Pair, ...]

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, i: Any) -> Any:
        return Comparison(self.pairs[i]) if isinstance(i, slice) else self.pairs[i]

    def __iter__(self) -> Iterator[Pair]:
        return iter(self.pairs)

    def __add__(self, other: Comparison) -> Comparison:
        return Comparison(self.pairs + other.pairs)

    def reported(self) -> Comparison:
        """The rows that the paper has a number for."""
        return Comparison(tuple(pair for pair in self if pair.printed is not None))

    def of(self, *names: str) -> Comparison:
        """The rows of some recipes or studies, in the order asked for; names without the paper."""
        rows = [p for name in names for p in self if p.listed.name.split("/")[1] == name]
        return Comparison(tuple(rows))

    def where(self, **values: Any) -> Comparison:
        """The rows whose records match, as in `Records.where`."""
        from mgrlib.experiments.record import Records

        return Comparison(
            tuple(p for p in self if p.record and len(Records((p.record,)).where(**values)))
        )

    def caveats(self, known: Iterable[Caveat]) -> tuple[Caveat, ...]:
        """Those of the known caveats of which at least two systems are in this table.

        Of a study whose own rows are compared, one is enough.
        """
        sources = {pair.listed.name for pair in self if pair.record}
        return tuple(c for c in known if len(sources & set(c.sources)) >= min(2, len(c.sources)))

    def frame(self) -> pd.DataFrame:
        """A row for each pair, with the columns of `Pair.row`."""
        import pandas as pd

        return pd.DataFrame([pair.row() for pair in self])


def compared(
    items: Iterable[Listed],
    records: Iterable[Record],
    printed: Iterable[Printed],
    own: Iterable[Record] = (),
) -> Comparison:
    """Every recipe and every row of a study, with what is printed and what was measured.

    The order is that of `items`, and of the records within a source; printed numbers that were not
    run come last, without a record.

    Args:
        own: records of the reader's runs, which are marked as such.
    """
    marked = [*((record, False) for record in records), *((record, True) for record in own)]
    entries = [entry for entry in printed if entry.source]
    pairs: list[Pair] = []
    for item in items:
        numbers = [entry for entry in entries if entry.source == item.name]
        pairs += _pairs(item, numbers, [m for m in marked if m[0].source == item.name])
    return Comparison(tuple(pairs))


def _pairs(
    item: Listed, printed: Sequence[Printed], records: Sequence[tuple[Record, bool]]
) -> list[Pair]:
    pairs: list[Pair] = []
    matched: set[int] = set()
    for record, own in records:
        fields = {**record.condition, "metric": record.metric}
        entries = [entry for entry in printed if entry.measures(item.name, fields)]
        matched |= {id(entry) for entry in entries}
        if not entries:
            pairs.append(Pair(item, record.condition, None, record, own))
        pairs += [Pair(item, record.condition, entry, record, own) for entry in entries]
    rest = [Pair(item, e.condition, e) for e in printed if id(e) not in matched]
    return pairs + rest or [Pair(item)]
