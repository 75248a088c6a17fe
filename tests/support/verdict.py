"""Verdicts of pages: a part of a sentence, and whether the records support it.

Most numbers on a page come from its cells. A verdict ("ahead", "not resolved", "about ten points")
is text. The tests in `tests/papers/verdicts` quote each verdict and check it; when new records
change the outcome, the check fails, and the sentence has to be written again. A verdict that rests
on fewer than three seeds says so in its paragraph.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, wraps
from pathlib import Path
from typing import Protocol, TypeVar

import pytest

from mgrlib import papers
from mgrlib.data.synthetic import synthetic
from mgrlib.evaluation.intervals import Interval
from mgrlib.evaluation.paired import Difference
from mgrlib.experiments.compare import TRAINED, difference, few_seeds
from mgrlib.experiments.record import Record, Records
from mgrlib.page.protocols import full_size_contrast, gtzan_contrast

BOOK = Path(__file__).resolve().parents[2] / "book"
EMBEDDED = "synthetic-20-seed0"


class Bounded(Protocol):
    """A value with the bounds of its interval: a record, an interval, or a difference."""

    @property
    def value(self) -> float: ...
    @property
    def low(self) -> float | None: ...
    @property
    def high(self) -> float | None: ...


Check = Callable[[], bool]
Result = TypeVar("Result")

NAMED = {
    "one": ("one seed", "one training", "one trial", "trained once"),
    "two": ("two seeds", "two trainings", "two trials"),
}
"""How a paragraph says that a verdict rests on so few seeds."""

notes: list[str] = []
"""What the check that runs now has looked at: differences, and seeds that are few."""


def verdicts(page: str, checks: Mapping[str, Check]) -> pytest.MarkDecorator:
    """Parametrize a test with the verdicts of a page, by their quotes."""
    cases = [pytest.param(page, quote, check, id=quote[:70]) for quote, check in checks.items()]
    return pytest.mark.parametrize(("page", "quote", "check"), cases)


def assert_verdict(page: str, quote: str, check: Check) -> None:
    """Check that the page has the quote, that it is true, and that it names its seeds if few."""
    paragraphs = [line for line in text_of(page).split("\n") if quote in line]
    assert paragraphs, f"{page} says something else now than: {quote}"
    notes.clear()
    assert check(), f"the records do not support: {quote}\n" + "\n".join(notes)
    few = " ".join(text.partition("; ")[2] for text in notes)
    for number, words in NAMED.items():
        if f"{number} seed" in few:
            assert any(word in text for word in words for text in paragraphs), (
                f"only {number}, and the paragraph does not say so: {quote}"
            )


def memoize(function: Callable[..., Result]) -> Callable[..., Result]:
    """Compute each result once, and note again what it rests on whenever it is asked for."""
    results: dict[tuple[object, ...], tuple[Result, list[str]]] = {}

    @wraps(function)
    def ask(*args: object) -> Result:
        n_before = len(notes)
        if args not in results:
            result = function(*args)
            results[args] = result, notes[n_before:]
        else:
            notes.extend(results[args][1])
        return results[args][0]

    return ask


@cache
def text_of(page: str) -> str:
    """The text of a page, with one line for each paragraph."""
    cells = json.loads((BOOK / f"{page}.ipynb").read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")


@dataclass(frozen=True)
class Setting:
    """A paper's records on one corpus under one protocol."""

    paper: str
    data: str
    protocol: str = ""

    def record(self, name: str) -> Record:
        """The record of a recipe; a name with a slash is one of another paper."""
        return note_record(self.plain_record(name))

    def plain_record(self, name: str) -> Record:
        """The same for what is said of single runs, where the number of seeds is no matter."""
        source = name if "/" in name else f"{self.paper}/{name}"
        protocol = {"protocol": self.protocol} if self.protocol else {}
        found = papers.records(source.split("/")[0], source=source, data=self.data, **protocol)
        return found.only()

    def lead(self, first: str, second: str) -> Difference:
        """The accuracy of one system minus that of another."""
        result = _contrast(self.plain_record(first), self.plain_record(second))
        return note_difference(f"{first} minus {second}", result)

    def trained(self, *names: str) -> bool:
        """Whether all of these systems had learned their training clips."""
        return all((self.record(name).train_accuracy or 0) >= TRAINED for name in names)

    def on_training(self, name: str) -> float:
        """The accuracy of a system on its training clips."""
        accuracy = self.record(name).train_accuracy
        assert accuracy is not None
        return accuracy


@cache
def _contrast(first: Record, second: Record) -> Difference:
    if first.data["name"] == EMBEDDED:
        return difference(first, second, groups=embedded_artists())
    return gtzan_contrast(first, second)


@cache
def embedded_artists() -> dict[str, str]:
    return synthetic(n_per_genre=20).clips["group"].to_dict()


def full(first: str, second: str, column: str) -> Difference:
    """The difference of two systems on all of GTZAN, in a column of the tables."""
    result = full_size_contrast(first, second, column)
    assert result is not None
    return note_difference(f"{first} minus {second}, {column}", result)


def loss_by_artists(at_random: Record, apart: Record) -> Difference:
    """What a system loses on the clips of both divisions when artists are kept apart."""
    return note_difference(f"{apart.source}, loss", gtzan_contrast(at_random, apart, common=True))


def rows(paper: str, *names: str, **values: object) -> Records:
    """The records of studies; few seeds are noted."""
    found = papers.records(paper, *names, **values)
    assert len(found), (paper, names, values)
    for record in found:
        note_record(record)
    return found


def note_difference(name: str, result: Difference) -> Difference:
    """Note a difference for the message of a failure and for the rule about seeds."""
    notes.append(f"{name}: {result}")
    return result


def note_record(record: Record) -> Record:
    """Note a record, and its seeds if they are few."""
    seeds = few_seeds(record, record).removesuffix(" each")
    text = f"{record.source} {dict(record.condition)}: {record.interval}"
    text += f" training {record.train_accuracy}"
    notes.append(f"{text}; {seeds}" if seeds else text)
    return record


def above(result: Bounded) -> bool:
    """Whether a difference is resolved and positive."""
    return result.low is not None and result.low > 0


def below(result: Bounded) -> bool:
    """Whether a difference is resolved and negative."""
    return result.high is not None and result.high < 0


def unresolved(result: Bounded) -> bool:
    """Whether the interval of a difference contains zero."""
    assert result.low is not None and result.high is not None
    return result.low <= 0 <= result.high


def about(value: Bounded | float, points: float, within: float = 1.5) -> bool:
    """Whether a difference is this many percentage points, or nearly."""
    number = value if isinstance(value, float) else value.value
    return abs(100 * number - points) <= within


def overlap(first: Bounded, second: Bounded) -> bool:
    """Whether two intervals have a point in common."""
    ends = (first.low, first.high, second.low, second.high)
    assert all(end is not None for end in ends)
    return first.low <= second.high and second.low <= first.high  # type: ignore[operator]


def higher(first: Bounded, second: Bounded) -> bool:
    """Whether an interval is above another without a point in common."""
    return not overlap(first, second) and first.value > second.value


def printed(paper: str, source: str, **condition: object) -> Interval:
    """The interval of an accuracy that a paper prints for one of our systems."""
    entries = [
        entry
        for entry in papers.printed(paper)
        if entry.source == f"{paper}/{source}"
        and condition.items() <= dict(entry.condition).items()
    ]
    assert len(entries) == 1, entries
    return entries[0].interval()
