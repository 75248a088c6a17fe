"""Print the requirements of an environment at one end of the ranges in pyproject.toml.

python -m checks.bounds oldest > oldest.txt && pip install -r oldest.txt

For the oldest end, a range `>=1.26,<3` becomes `==1.26.*`, so that pip installs the last release of
the oldest supported series. For the newest end the ranges stay as they are, and pip installs the
newest version of each. The script needs no package, so it runs before anything is installed.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Packages that run a notebook, in any version.
RUNNERS = ("ipykernel", "nbclient", "nbformat", "psutil", "pyyaml")


def oldest(requirements: Iterable[str]) -> list[str]:
    """Pin each requirement to the series of its lower bound.

    Args:
        requirements: lines as in pyproject.toml, each with a lower bound.

    Returns:
        One requirement per line of a requirements file.

    Raises:
        ValueError: a requirement has no lower bound.

    >>> oldest(["numpy>=1.26,<3", "ipython>=8"])
    ['numpy==1.26.*', 'ipython==8.*']
    """
    lines = []
    for requirement in requirements:
        match = re.fullmatch(r"([\w.-]+)\s*>=\s*([\d.]+)(?:\s*,.*)?", requirement)
        if match is None:
            raise ValueError(
                f"{requirement!r} has no lower bound: write it as name>=version, so that the "
                "oldest environment can be made"
            )
        lines.append(f"{match[1]}=={match[2]}.*")
    return lines


def main(arguments: list[str]) -> int:
    """Print one requirement per line; the only argument is "oldest" or "newest"."""
    if len(arguments) != 1 or arguments[0] not in ("oldest", "newest"):
        print(f"expected oldest or newest, got {' '.join(arguments)!r}", file=sys.stderr)
        return 2
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    requirements = project["dependencies"]
    print(
        "\n".join([*(oldest(requirements) if arguments[0] == "oldest" else requirements), *RUNNERS])
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
