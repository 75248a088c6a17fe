"""Whose are the numbers in the book's prose? A figure is a paper's, or should not be there.

What our runs found is computed by a cell or read from a result file, where interval and number of
clips come with it; so a figure that was typed into prose must be one that somebody printed, and
stand in that paper's ledger (`mgrlib.recipes.ledger.printed`). `bare` complains of the others.
`misquoted` holds whatever a chapter says that its paper prints against the same ledger.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import nbformat

from checks.chapters import read, tags, tree

# A share as the book writes it: .705, 0.705, 70.5 %, 70 per cent.
SHARE = re.compile(
    r"(?<![\w.,/–-])(?:(?P<share>0?\.\d+)(?!\.?\d|\w)|(?P<percent>\d{1,3}(?:\.\d+)?)"
    r"(?=(?:(?:,| and| to| or) \d[\d.]*)*[\s\u00a0\u202f]?(?:%|per cent|percent)))"
)
NUMBER = re.compile(r"(?<![\w.,/–-])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\w])|(?<![\w.])\.\d+")
# Words by which a sentence says that a number is somebody else's.
SAYS = re.compile(
    r"\b(?:paper|report|authors?)(?:'s|s)?\b|\b(?:prints?|printed|report(?:s|ed)|stated|states)\b",
    re.IGNORECASE,
)
# Levels of intervals and of tests measure no system, and nobody reports less than one in a hundred.
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
    """A text of a page: the page, the cell (0 for a page that is no notebook), what it says."""

    page: str
    cell: int
    text: str


def texts(path: Path) -> Iterator[Place]:
    """The prose of a page, without code and formulas; the names of citations stay."""
    if path.suffix == ".md":
        yield Place(path.stem, 0, path.read_text(encoding="utf-8"))
        return
    for number, cell in enumerate(read(path).cells):
        if cell.cell_type == "markdown" and "remove-cell" not in tags(cell):
            yield Place(path.stem, number, cell.source)


def plain(text: str) -> str:
    """The text without code, formulas, addresses and options of directives."""
    kept = CITED.sub(lambda match: f"⟨{match[1]}⟩", FENCED.sub(" ", text))
    return MARKUP.sub(" ", kept)


def sentences(text: str) -> list[str]:
    """The sentences, list items and headings of a text."""
    cut = re.split(r"\n\s*\n|\n(?=\s*[-|#*] )|(?<=[.!?:;])[*\"”)]*\s+(?=[*\"“(]*[A-Z.\d])", text)
    return [" ".join(part.split()) for part in cut if part and part.strip()]


def shares(sentence: str) -> Iterator[tuple[str, float, int]]:
    """The shares that a sentence tells: as written, as a proportion, and its digits."""
    for match in SHARE.finditer(LEVEL.sub(" ", sentence)):
        if match["share"]:
            yield match["share"], float(match["share"]), len(match["share"].split(".")[1])
        else:
            digits = len(match["percent"].partition(".")[2])
            yield f"{match['percent']} %", float(match["percent"]) / 100, digits + 2


def same(value: float, digits: int, printed: Iterable[float]) -> bool:
    """Whether a number is one of those printed, or one of them rounded to as many digits.

    A single digit rounds nothing.
    """
    off = 0.5000001 * 10.0**-digits if digits > 1 else 1e-9
    return any(abs(value - one) <= off for one in printed)


def cited(text: str) -> set[str]:
    """The keys of the works that a text cites."""
    return {key.strip() for keys in re.findall(r"⟨([^⟩]+)⟩", text) for key in keys.split(",")}


def bare(
    places: Iterable[Place],
    papers: Iterable[str],
    printed: Mapping[str, Iterable[float]],
    allowed: Mapping[tuple[str, str], str],
) -> list[str]:
    """Shares in prose that nobody printed: results without interval, number of clips and source.

    Parameters
    ----------
    papers: the papers that the page is about.
    printed: the numbers in the ledger, by paper; of other works only those count that the same
        text cites.
    allowed: reasons by page and figure.
    """
    found, papers = [], set(papers)
    for place in places:
        text = plain(place.text)
        known = [n for key in papers | cited(text) for n in printed.get(key, ())]
        for sentence in sentences(text):
            for written, value, digits in shares(sentence):
                if not same(value, digits, known) and (place.page, written) not in allowed:
                    found.append(f"{place.page}, cell {place.cell}: {written!r} in {sentence!r}")
    return found


def misquoted(
    places: Iterable[Place],
    papers: Iterable[str],
    printed: Mapping[str, Iterable[float]],
    allowed: Mapping[tuple[str, str], str],
) -> list[str]:
    """Numbers that the prose says to be a paper's and that are not in its ledger.

    Looked at are shares, decimals and whole numbers of three digits and more, in sentences that
    name the paper, its authors, or say that something is printed or reported.
    """
    found, papers = [], set(papers)
    for place in places:
        text = plain(place.text)
        known = [n for key in papers | cited(text) for n in printed.get(key, ())]
        for sentence in filter(SAYS.search, sentences(text)):
            left = LEVEL.sub(" ", sentence)
            told = [(w, v, d) for w, v, d in shares(sentence)]
            for match in NUMBER.finditer(SHARE.sub(" ", left)):
                value = float(match[0].replace(",", ""))
                if "." in match[0] or value >= 100:
                    told.append((match[0], value, len(match[0].partition(".")[2])))
            for written, value, digits in told:
                if not same(value, digits, known) and (place.page, written) not in allowed:
                    found.append(f"{place.page}, cell {place.cell}: {written!r} in {sentence!r}")
    return found


def bare_outputs(notebook: nbformat.NotebookNode, printed: Iterable[float]) -> list[str]:
    """What an executed notebook prints of accuracies without their intervals.

    Looked at are the lines of text (tables as well) that hold a share which no paper printed, in
    cells that are about accuracies. A line passes if it has an interval in brackets, a table if it
    has columns `low` and `high`; figures, tests and the log of a training are left alone.
    """
    found, known = [], list(printed)
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "code" or not ABOUT.search(cell.source):
            continue
        for output in cell.outputs:
            text = output.get("text") or output.get("data", {}).get("text/plain") or ""
            if re.search(r"\blow\b.*\bhigh\b|McNemar\(|\bRun\(", text):
                continue
            for line in text.splitlines():
                told = [(float(n), len(n.split(".")[1])) for n in PROPORTION.findall(line)]
                if "[" not in line and not all(same(v, d, known) for v, d in told):
                    found.append(f"cell {number}: {line.strip()}")
    return found


ABOUT = re.compile(r"accura|\bright|correct|recall|\bf1\b|learner|predict", re.IGNORECASE)
PROPORTION = re.compile(r"(?<![\w.-])0?\.(?!0+(?!\d))\d{2,}(?![\w.])")


def typed_rows(notebook: nbformat.NotebookNode) -> list[str]:
    """Rows of result tables whose figures are written into a cell instead of read."""
    found = []
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            for node in ast.walk(tree(cell.source)):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "ResultRow":
                    given = [*node.args[1:], *(word.value for word in node.keywords)]
                    if any(_number(value) for value in given):
                        found.append(f"cell {number} types a figure into a ResultRow")
    return found


def _number(node: ast.expr) -> bool:
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    return any(isinstance(p, ast.Constant) and isinstance(p.value, float) for p in parts)


def typed_shares(notebook: nbformat.NotebookNode) -> Iterator[tuple[int, str, float]]:
    """Shares of three digits and more in the code: its cell, how it is written, its value."""
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            for node in ast.walk(tree(cell.source)):
                if isinstance(node, ast.Constant) and isinstance(node.value, float):
                    written = ast.get_source_segment(cell.source, node) or ""
                    if re.fullmatch(r"0?\.[1-9]\d{2,}", written):
                        yield number, written, node.value
