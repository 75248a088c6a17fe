"""Write each paper's `listing.json`: names, titles and versions of its recipes and studies.

The file also gives the reason why a recipe or study has no record. Lists and tables read it in
place of the recipes, which would import torch. Run `python -m checks.listing` after adding or
renaming a recipe; a test compares the files with the recipes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from mgrlib import papers

ROOT = Path(__file__).resolve().parent.parent


def listing_of(paper: str) -> str:
    """The content of a paper's `listing.json`."""
    kinds = (("recipe", papers.recipes(paper)), ("study", papers.studies(paper)))
    items = [
        {"name": item.name, "title": item.title, "kind": kind, "version": item.version}
        | ({"no_record": item.no_record} if item.no_record else {})
        for kind, rows in kinds
        for item in rows
    ]
    return json.dumps(items, indent=1, ensure_ascii=False) + "\n"


def main(names: Sequence[str]) -> None:
    """Write the files of the named papers, or of all papers."""
    for paper in names or papers.COLLECTIONS:
        path = ROOT / "mgrlib/papers" / paper / "listing.json"
        path.write_text(listing_of(paper), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
