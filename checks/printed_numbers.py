"""Every number in the text of a paper: `python -m checks.printed_numbers FOLDER` lists them.

The texts of the papers are not part of the project. `tests/papers/numbers/KEY.json` therefore lists
the numbers of each text with their lines, and says what each number is that `printed.json` does not
contain: the number of a page, a year, a reference. Tests compare the list with the ledger, and with
the text where it is available.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

TEXTS = {
    "luo2021": "000_*.txt",
    "minhas2019": "001_*.txt",
    "tang2018": "002_*.txt",
    "reddy2024": "003_*.txt",
    "wei2023": "004_*.txt",
}
"""The file of each paper in a folder of texts."""

FOLDER = Path(__file__).resolve().parents[1] / "tests" / "papers" / "numbers"
BIBLIOGRAPHY = re.compile(r"[#* ]*references[*: ]*", re.IGNORECASE)
NUMBER = re.compile(
    r"(?<![A-Za-z_\d.])"  # not the rest of a number and not part of a name such as ResNet18
    r"\d+(?:,\d{3})*(?:\.\d+)?(?:e[+-]\d+)?"
    r"(?!\d|D\b|[a-d]\b)"  # 1D is a word, and 3b a node of a tree
    r"%?"
)
ALIKE = (
    (re.compile(r"\((\d), (\d{3}), (\d{3})\)"), r"(\1,\2,\3)"),  # 2, 855, 818 in one paper
    (re.compile(r"∈ R(?=\d)"), "∈ R "),  # an exponent that was lost when the text was extracted
    (re.compile(r"(?<=\d)x(?=\d)"), "×"),  # the height and width of a picture
)
TWO_TO_TEN = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
WORDS = {word: float(value) for value, word in enumerate(TWO_TO_TEN, start=2)} | {
    "half": 0.5,
    "twice": 2.0,
}
"""Numbers in words. Without "one" and "zero", which are seldom numbers in these texts."""
NUMBER_OR_WORD = re.compile(rf"{NUMBER.pattern}|\b(?:{'|'.join(WORDS)})\b", re.IGNORECASE)

Place = tuple[int, str]


def numbers_of(text: str) -> list[Place]:
    """The numbers of a text before its bibliography, in digits or words: (line, as printed)."""
    places: list[Place] = []
    for i, line in enumerate(text.split("\n"), start=1):
        if BIBLIOGRAPHY.fullmatch(line.strip()):
            break
        for pattern, replacement in ALIKE:
            line = pattern.sub(replacement, line)
        places += [(i, match.group()) for match in NUMBER_OR_WORD.finditer(line)]
    return places


def value_of(number: str) -> float:
    """The value of a number as printed; a percentage as a fraction.

    >>> value_of("2,855,818"), value_of("52.975%"), value_of("Half")
    (2855818.0, 0.52975, 0.5)
    """
    if number.lower() in WORDS:
        return WORDS[number.lower()]
    value = float(number.rstrip("%").replace(",", ""))
    return round(value / 100, 10) if number.endswith("%") else value


def text_of(folder: Path, paper: str) -> str:
    """The text of a paper."""
    (path,) = folder.glob(TEXTS[paper])
    return path.read_text(encoding="utf-8")


def read(paper: str) -> dict[str, Any]:
    """The list of a paper: `numbers`, and `other`, which the ledger may lack."""
    content: dict[str, Any] = json.loads((FOLDER / f"{paper}.json").read_text(encoding="utf-8"))
    return content


def main() -> None:
    """Write the numbers of each text; the explanations of `other` numbers are kept."""
    folder = Path(sys.argv[1])
    for paper in TEXTS:
        path = FOLDER / f"{paper}.json"
        other = read(paper)["other"] if path.exists() else []
        places = numbers_of(text_of(folder, paper))
        numbers = [json.dumps(place) for place in places]
        rows = [json.dumps(row, ensure_ascii=False) for row in other]
        parts = [",\n    ".join(lines) for lines in (numbers, rows)]
        names = ("numbers", "other")
        lists = [f'  "{n}": [\n    {part}\n  ]' for n, part in zip(names, parts, strict=True)]
        path.write_text("{\n" + ",\n".join(lists) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
