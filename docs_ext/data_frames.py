"""Tables of pandas on the built pages: one header row, numbers at the right, names unbroken.

pandas writes the name of the index on a line of its own below the names of the columns, and aligns
every header at the right and every cell alike.
"""

from __future__ import annotations

import re

TABLE = re.compile(r'<table border="1" class="dataframe">.*?</table>', re.DOTALL)
HEAD = re.compile(r"<thead>.*?</thead>", re.DOTALL)
ROW = re.compile(r"(<tr[^>]*>)(.*?)(</tr>)", re.DOTALL)
CELL = re.compile(r"(<t[dh][^>]*>)(.*?)(</t[dh]>)", re.DOTALL)
VALUE = re.compile(r"<td>(.*?)</td>", re.DOTALL)
NAME = re.compile(r"(?=.{1,20}$)[\w.]+-[\w.-]+")  # a browser would break it at its hyphens
INTERVAL = re.compile(r"(\[[-+]?[\d.]+,) ([-+]?[\d.]+\])")
NUMBER = re.compile(r"[-+−]?[\d,]*\.?\d+(?:e[-+]?\d+)?(?: ?%)?")


def cells_of(row: str) -> list[tuple[str, str, str]]:
    """Opening tag, content and closing tag of each cell of a row."""
    return CELL.findall(row)


def merged_head(head: str) -> str:
    """A table's head with the names of the index beside those of the columns, where that fits."""
    rows = ROW.findall(head)
    if len(rows) != 2 or "colspan" in head:
        return head
    columns, names = (cells_of(body) for _, body, _ in rows)
    n_names = sum(bool(content.strip()) for _, content, _ in names)
    fits = (
        len(columns) == len(names)
        and all(content.strip() for _, content, _ in names[:n_names])
        and not any(content.strip() for _, content, _ in columns[:n_names])
    )
    if not fits:
        return head
    cells = "\n".join("".join(cell) for cell in [*names[:n_names], *columns[n_names:]])
    opening, _, closing = rows[0]
    return f"<thead>\n{opening}\n{cells}\n{closing}\n</thead>"


def number_columns(table: str) -> list[bool]:
    """For each column of values, counted from the right, whether it has nothing but numbers."""
    rows = [VALUE.findall(body) for _, body, _ in ROW.findall(HEAD.sub("", table))]
    width = max((len(row) for row in rows), default=0)
    columns = [[row[-k - 1].strip() for row in rows if len(row) > k] for k in range(width)]
    return [
        any(values) and all(NUMBER.fullmatch(value) for value in values if value)
        for values in columns
    ]


def marked(table: str) -> str:
    """A table whose numbers, with their headers, and short names are marked for the style sheet."""
    is_number = number_columns(table)

    def mark(row: re.Match[str]) -> str:
        cells = cells_of(row[2])
        if "colspan" in row[2]:
            return row[0]
        for k, (opening, content, closing) in enumerate(cells):
            column = len(cells) - k - 1
            kind = ""
            if column < len(is_number) and is_number[column]:
                kind = ' class="mgr-number"'
            elif NAME.fullmatch(content):
                kind = ' class="mgr-name"'
            text = INTERVAL.sub(r"\1&nbsp;\2", content)
            cells[k] = (opening.replace(">", f"{kind}>"), text, closing)
        return "\n".join([row[1], *map("".join, cells), row[3]])

    return ROW.sub(mark, table)


def legible(page: str) -> str:
    """A page's HTML with every table of pandas in this form."""
    return TABLE.sub(
        lambda table: marked(HEAD.sub(lambda head: merged_head(head[0]), table[0])), page
    )
