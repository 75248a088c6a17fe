"""The command line: `mgrlib list | run | compare`."""

from __future__ import annotations

import argparse
import fnmatch
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mgrlib import __version__
from mgrlib.errors import MgrError, RecipeError, explain

if TYPE_CHECKING:
    from mgrlib.data.corpus import Corpus

DATA = ("synthetic", "gtzan", "gtzan-mini", "folder")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 0, or 1 after an error, whose message goes to stderr."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        return command(options)
    except MgrError as error:
        print(f"mgrlib: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nmgrlib: interrupted; what was finished is kept", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mgrlib", description="Music genre recognition, replicated."
    )
    parser.add_argument("--version", action="version", version=f"mgrlib {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    listing = commands.add_parser("list", help="the recipes and what their papers report")
    listing.add_argument("paper", nargs="?")
    listing.set_defaults(command=_list)

    running = commands.add_parser("run", help="train and test recipes")
    running.add_argument("recipes", nargs="+", help="a paper, or paper/system; * matches anything")
    running.add_argument("--data", choices=DATA, default="synthetic")
    running.add_argument("--root", type=Path, help="folder of the data")
    running.add_argument("--per-genre", type=int, default=20, help="clips a genre (synthetic)")
    running.add_argument("--folds", type=int, default=5, help="0 for one holdout of 20 %%")
    running.add_argument("--by", choices=("clip", "group"), default=None)
    running.add_argument("--seeds", type=int, default=1, help="how many, counted from 0")
    running.add_argument("--epochs", type=int, help="in place of the recipe's")
    running.add_argument(
        "--bfloat16", action="store_true", help="faster where the CPU or GPU has it"
    )
    running.add_argument("--jobs", type=int, default=1, help="processes for the features; -1: all")
    running.add_argument("--fresh", action="store_true", help="forget folds kept from earlier runs")
    running.add_argument("--out", type=Path, help="folder for the result files")
    running.set_defaults(command=_run)

    comparing = commands.add_parser("compare", help="reported beside replicated")
    comparing.add_argument("paper")
    comparing.add_argument("--results", type=Path, help="folder of your result files")
    comparing.set_defaults(command=_compare)
    return parser


def _list(options: argparse.Namespace) -> int:
    from mgrlib.recipes.ledger import recipes

    for one in recipes(options.paper):
        printed = "; ".join(f"{r.metric} {r.value:g} ({r.place})" for r in one.reported)
        print(f"{one.name:<28} {one.title:<46} {printed or 'ours'}")
    return 0


def _run(options: argparse.Namespace) -> int:
    import joblib

    from mgrlib.recipes.core import Protocol, run, write_result
    from mgrlib.storage import home

    chosen = _chosen(options.recipes)
    corpus = _corpus(options)
    by: Literal["clip", "group"] = options.by or (
        "group" if options.data == "synthetic" else "clip"
    )
    protocol = Protocol(n_folds=options.folds or None, by=by)
    changes = {"epochs": options.epochs} if options.epochs else {}
    if options.bfloat16:
        changes["precision"] = "bfloat16"
    print(f"{corpus}, {protocol}")
    for one in chosen:
        with joblib.parallel_config(n_jobs=options.jobs):
            result = run(
                one,
                corpus,
                protocol,
                seeds=range(options.seeds),
                changes=changes,
                fresh=options.fresh,
                progress=True,
            )
        path = write_result(result, options.out or home() / "results")
        told = "; ".join(f"reported {r.value:g}" for r in one.reported)
        print(f"{one.name}: accuracy {result.accuracy()} {told} -> {path}")
    return 0


def _compare(options: argparse.Namespace) -> int:
    from mgrlib.recipes.ledger import compare

    table = compare(options.paper, options.results)
    print(f"{'recipe':<28} {'reported':>8}  {'replicated [95 % interval]':<26}  on")
    for row in table.to_dict("records"):
        reported = "" if row["reported"] != row["reported"] else f"{row['reported']:.3f}"
        if row.get("replicated") == row.get("replicated") and row.get("data"):
            bounds = f"[{row['low']:.3f}, {row['high']:.3f}]"
            mine = f"{row['replicated']:.3f} {bounds}"
            on = f"{row['data']}, {row['n_clips']:.0f} clips, {row['protocol']}, "
            on += f"{row['seeds']:.0f} seeds" + ("" if row["current"] else " (older recipe)")
        else:
            mine, on = "not run", ""
        print(f"{row['recipe']:<28} {reported:>8}  {mine:<26}  {on}".rstrip())
    return 0


def _chosen(patterns: Sequence[str]) -> list:
    """The recipes that match, in the order of the patterns, each once."""
    from mgrlib.recipes.ledger import recipes

    found = {}
    for pattern in patterns:
        wanted = pattern if "/" in pattern else f"{pattern}/*"
        matching = [one for one in recipes() if fnmatch.fnmatchcase(one.name, wanted)]
        if not matching:
            hint = "`mgrlib list` shows all of them."
            raise RecipeError(explain("run", "the name of a recipe", repr(pattern), hint))
        found.update({one.name: one for one in matching})
    return list(found.values())


def _corpus(options: argparse.Namespace) -> Corpus:
    if options.data == "synthetic":
        from mgrlib.data.synthetic import synthetic

        return synthetic(n_per_genre=options.per_genre)
    if options.data == "gtzan-mini":
        from mgrlib.data.gtzan import gtzan_mini

        return gtzan_mini(options.root)
    if options.root is None:
        hint = "add --root PATH."
        raise RecipeError(explain(f"--data {options.data}", "the folder of the data", "none", hint))
    if options.data == "gtzan":
        from mgrlib.data.gtzan import gtzan

        return gtzan(options.root)
    from mgrlib.data.folder import folder

    return folder(options.root)


if __name__ == "__main__":
    sys.exit(main())
