"""Tables of the page "What we read", made from those of the package."""

from __future__ import annotations

from collections.abc import Iterable

from mgrlib.data import formats


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table of texts in Markdown."""
    head = list(head)
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def format_table() -> str:
    """One row per format: its name, the extensions of its files, and its reader."""
    rows = [
        [form.name, " ".join(f"`{ending}`" for ending in form.extensions), form.reader]
        for form in formats.FORMATS
    ]
    return table(["format", "names end in", "read by"], rows)


def oddity_table() -> str:
    """One row per reported oddity of a file."""
    return table(["what is odd", "what is done"], formats.ODDITIES.values())


def limit_table() -> str:
    """One row per limit or correction that is not reported."""
    return table(["what", "what is done"], formats.UNREPORTED)


TABLES = {"names": format_table, "oddities": oddity_table, "limits": limit_table}
