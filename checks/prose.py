"""Check that every typed number in the book's prose is printed in a paper.

The results of our runs are computed by a cell or read from a result file, together with interval
and number of clips. A number that is typed into prose must therefore be in the ledger of a paper
(`mgrlib.papers.printed`). `unsourced` lists numbers for which this is false, and `misquoted` lists
numbers that a chapter attributes to its paper and that are not in the paper's ledger.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat

from checks.chapters import caption, read, tags, tree

# A fraction or percentage as the book writes it: .705, 0.705, 70.5 %, 70 per cent.
FRACTION = re.compile(
    r"(?<![\w.,/–-])(?:(?P<fraction>0?\.\d+)(?!\.?\d|\w)|(?P<percent>\d{1,3}(?:\.\d+)?)"
    r"(?=(?:(?:,| and| to| or) \d[\d.]*)*[\s\u00a0\u202f]?(?:%|per cent|percent)))"
)
NUMBER = re.compile(r"(?<![\w.,/–-])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\w])|(?<![\w.])\.\d+")
# Words by which a sentence attributes a number to a paper.
SAYS = re.compile(
    r"\b(?:paper|report|authors?)(?:'s|s)?\b|\b(?:prints?|printed|report(?:s|ed)|stated|states)\b",
    re.IGNORECASE,
)
# Levels of intervals and tests, and fractions below one in a hundred, are not results of a system.
LEVEL = re.compile(
    r"\b95 %(?= (?:intervals?|margin|of the accuracies)\b)|(?:(?<=at )|(?<=Here ))95 %"
    r"|(?<![\d.])0?\.05(?!\d)|(?<![\d.])0?\.00\d*"
)
FENCED = re.compile(r"^(`{3,})(?!\{).*?^\1\s*$", re.DOTALL | re.MULTILINE)
MARKUP = re.compile(
    r"`[^`\n]*`|\$\$.*?\$\$|\$[^$\n]*\$|\]\([^)]*\)|^\s*:[\w-]+:.*$", re.DOTALL | re.M
)
CITED = re.compile(r"\{cite(?::\w+)?\}`([^`]+)`")


@dataclass(frozen=True)
class Place:
    """A text of a page, with the page and the cell (0 if the page is not a notebook)."""

    page: str
    cell: int
    text: str


def texts(path: Path) -> Iterator[Place]:
    """The prose of a page with the captions of its figures, without code."""
    if path.suffix == ".md":
        yield Place(path.stem, 0, path.read_text(encoding="utf-8"))
        return
    for number, cell in enumerate(read(path).cells):
        if cell.cell_type == "markdown" and "remove-cell" not in tags(cell):
            yield Place(path.stem, number, cell.source)
        elif caption(cell):
            yield Place(path.stem, number, caption(cell))


def plain(text: str) -> str:
    """The text without code, formulas, addresses and options of directives."""
    prose = CITED.sub(lambda match: f"⟨{match[1]}⟩", FENCED.sub(" ", text))
    return MARKUP.sub(" ", prose)


def sentences(text: str) -> list[str]:
    """The sentences, list items and headings of a text."""
    cut = re.split(r"\n\s*\n|\n(?=\s*[-|#*] )|(?<=[.!?:;])[*\"”)]*\s+(?=[*\"“(]*[A-Z.\d])", text)
    return [" ".join(part.split()) for part in cut if part and part.strip()]


def fractions(sentence: str) -> Iterator[tuple[str, float, int]]:
    """The fractions in a sentence: as written, as a number, and the number of digits."""
    for match in FRACTION.finditer(LEVEL.sub(" ", sentence)):
        if match["fraction"]:
            yield match["fraction"], float(match["fraction"]), len(match["fraction"].split(".")[1])
        else:
            digits = len(match["percent"].partition(".")[2])
            yield f"{match['percent']} %", float(match["percent"]) / 100, digits + 2


def matches(value: float, digits: int, printed: Iterable[float]) -> bool:
    """Whether a number is printed, or is a printed number rounded to as many digits.

    A number with a single digit is not compared with rounded numbers.
    """
    off = 0.5000001 * 10.0**-digits if digits > 1 else 1e-9
    return any(abs(value - number) <= off for number in printed)


def cited(text: str) -> set[str]:
    """The keys of the works that a text cites."""
    return {key.strip() for keys in re.findall(r"⟨([^⟩]+)⟩", text) for key in keys.split(",")}


def quotable_sentences(
    places: Iterable[Place], papers: Iterable[str], printed: Mapping[str, Iterable[float]]
) -> Iterator[tuple[Place, str, list[float]]]:
    """Each sentence of the prose with its place and the numbers that it may quote.

    Args:
        places: the texts of a page.
        papers: the papers that the page is about.
        printed: the numbers in the ledger, by work; works other than `papers` count only in a text
            that cites them.
    """
    for place in places:
        text = plain(place.text)
        quotable = [n for key in {*papers} | cited(text) for n in printed.get(key, ())]
        for sentence in sentences(text):
            yield place, sentence, quotable


def unsourced(
    places: Iterable[Place],
    papers: Iterable[str],
    printed: Mapping[str, Iterable[float]],
    allowed: Mapping[tuple[str, str], str],
) -> list[str]:
    """Fractions in prose that no paper prints: results without interval, number of clips or source.

    Args:
        places: as for `quotable_sentences`.
        papers: as for `quotable_sentences`.
        printed: as for `quotable_sentences`.
        allowed: exceptions, with a reason for each page and number.
    """
    return [
        f"{place.page}, cell {place.cell}: {text!r} in {sentence!r}"
        for place, sentence, quotable in quotable_sentences(places, papers, printed)
        for text, value, digits in fractions(sentence)
        if not matches(value, digits, quotable) and (place.page, text) not in allowed
    ]


def misquoted(
    places: Iterable[Place],
    papers: Iterable[str],
    printed: Mapping[str, Iterable[float]],
    allowed: Mapping[tuple[str, str], str],
) -> list[str]:
    """Numbers that the prose attributes to a paper and that are not in the paper's ledger.

    The check covers fractions, decimals, and whole numbers of at least three digits, in sentences
    that name the paper or its authors, or say that something is printed or reported. The arguments
    are those of `unsourced`.
    """
    return [
        f"{place.page}, cell {place.cell}: {text!r} in {sentence!r}"
        for place, sentence, quotable in quotable_sentences(places, papers, printed)
        if SAYS.search(sentence)
        for text, value, digits in (*fractions(sentence), *numbers(sentence))
        if not matches(value, digits, quotable) and (place.page, text) not in allowed
    ]


def numbers(sentence: str) -> Iterator[tuple[str, float, int]]:
    """Decimals and whole numbers of at least three digits, in the form of `fractions`."""
    for match in NUMBER.finditer(FRACTION.sub(" ", LEVEL.sub(" ", sentence))):
        value = float(match[0].replace(",", ""))
        if "." in match[0] or value >= 100:
            yield match[0], value, len(match[0].partition(".")[2])


def typed_fractions(notebook: nbformat.NotebookNode) -> Iterator[tuple[int, str, float]]:
    """Fractions of at least three digits in code: the cell, the text, and the value."""
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            for node in ast.walk(tree(cell.source)):
                if isinstance(node, ast.Constant) and isinstance(node.value, float):
                    text = ast.get_source_segment(cell.source, node) or ""
                    if re.fullmatch(r"0?\.[1-9]\d{2,}", text):
                        yield number, text, node.value
