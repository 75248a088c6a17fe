"""Print the changelog's section on a release, provided that all files state its version.

python -m checks.release v0.2.0 > notes.md
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def notes(changelog: str, version: str) -> str:
    """The text below the heading of a version.

    Raises:
        ValueError: the changelog has no dated section on that version, or an empty one.
    """
    heading = rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d\n(.*?)(?=^## |\Z)"
    match = re.search(heading, changelog, re.DOTALL | re.MULTILINE)
    if match is None or not match[1].strip():
        raise ValueError(
            f"CHANGELOG.md: expected a section '## [{version}] - YEAR-MONTH-DAY' with text, found "
            f"{re.findall(r'^## .*', changelog, re.MULTILINE)}"
        )
    return match[1].strip() + "\n"


def versions(root: Path) -> dict[str, str]:
    """The version in each file; empty if a file states none."""
    patterns = {"mgrlib/__init__.py": r'^__version__ = "(.+)"$', "CITATION.cff": r"^version: (.+)$"}
    stated = {}
    for name, pattern in patterns.items():
        match = re.search(pattern, (root / name).read_text(encoding="utf-8"), re.MULTILINE)
        stated[name] = match[1] if match else ""
    return stated


def main(tag: str, root: Path = ROOT) -> str:
    """The notes on the release with a given tag.

    Raises:
        ValueError: a file states another version, or the changelog has no section on this one.
    """
    version = tag.removeprefix("v")
    others = {name: stated for name, stated in versions(root).items() if stated != version}
    if others:
        raise ValueError(f"the tag says {version}, and these files say otherwise: {others}")
    return notes((root / "CHANGELOG.md").read_text(encoding="utf-8"), version)


if __name__ == "__main__":
    print(main(sys.argv[1]), end="")
