"""Measure the costs of every network of the book, and write them into the records.

    python benchmarks/costs.py [--rounds 5] [--out FOLDER]

Run it on a quiet machine: the times are processor milliseconds on one thread.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from mgrlib import papers
from mgrlib.experiments.costs import costs
from mgrlib.experiments.record import write_records

RECORDS = Path(__file__).resolve().parent.parent / "mgrlib/papers/wei2023/records"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=RECORDS)
    options = parser.parse_args()
    print(write_records(costs(papers.recipes(), rounds=options.rounds), options.out))


if __name__ == "__main__":
    main()
