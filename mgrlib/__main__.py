"""The command line: `mgrlib list | run | compare | audit | features`."""

from __future__ import annotations

import argparse
import fnmatch
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mgrlib import __version__
from mgrlib.errors import AudioError, FeatureError, MgrError, RecipeError, explain

if TYPE_CHECKING:
    from mgrlib.data.corpus import Corpus
    from mgrlib.features import Feature
    from mgrlib.segments import Cut

SPECS = {"vector57": "Vector57", "vector26": "Vector26", "melrows128": "MelRows128"}
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

    comparing = commands.add_parser("compare", help="reported beside replicated")
    comparing.add_argument("paper")
    comparing.add_argument("--results", type=Path, help="folder of your result files")
    comparing.set_defaults(command=_compare)

    _add_run(commands.add_parser("run", help="train and test recipes"))
    _add_folder_commands(commands)
    return parser


def _add_run(running: argparse.ArgumentParser) -> None:
    running.add_argument("recipes", nargs="+", help="a paper, or paper/system; * matches anything")
    running.add_argument("--data", choices=DATA, default="synthetic")
    running.add_argument("--root", type=Path, help="folder of the data")
    running.add_argument("--exclude", nargs="*", default=(), help="clips to leave out (gtzan)")
    running.add_argument("--per-genre", type=int, default=20, help="clips a genre (synthetic)")
    running.add_argument("--folds", type=int, default=5, help="0 for one holdout of 20 %%")
    running.add_argument("--by", choices=("clip", "group"), default=None)
    running.add_argument("--seeds", type=int, default=1, help="how many, counted from 0")
    running.add_argument("--epochs", type=int, help="in place of the recipe's")
    running.add_argument("--bfloat16", action="store_true", help="faster where the CPU or GPU can")
    running.add_argument(
        "--jobs", type=_jobs, default=1, help="processes for the features; -1: all"
    )
    running.add_argument("--fresh", action="store_true", help="forget folds kept from earlier runs")
    running.add_argument("--out", type=Path, help="folder for the result files")
    running.set_defaults(command=_run)


def _add_folder_commands(commands: argparse._SubParsersAction) -> None:
    auditing = commands.add_parser("audit", help="faults of a folder of audio; status 2 if any")
    auditing.add_argument("--split", type=Path, help="a split file to audit with it")
    auditing.set_defaults(command=_audit)

    table = commands.add_parser("features", help="a table of features of a folder of audio")
    table.add_argument("--spec", choices=tuple(SPECS), default="vector57")
    table.add_argument("--segment-seconds", type=float, help="rows are segments, not whole clips")
    table.add_argument("--skip-bad", action="store_true", help="leave out what cannot be read")
    table.set_defaults(command=_features)

    for command, out in ((auditing, "table.csv"), (table, "table.parquet or table.csv")):
        command.add_argument("folder", type=Path, help="one folder a genre")
        command.add_argument("--jobs", type=_jobs, default=1, help="processes; -1: all cores")
        command.add_argument("--out", type=Path, required=command is table, help=out)


def _jobs(text: str) -> int:
    if int(text) == 0:
        raise argparse.ArgumentTypeError("0 processes do nothing; -1 takes all cores")
    return int(text)


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
    changes = {} if options.epochs is None else {"epochs": options.epochs}
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
    import pandas as pd

    from mgrlib.recipes.ledger import compare

    table = compare(options.paper, options.results)
    print(f"{'recipe':<28} {'reported':>8}  {'replicated [95 % interval]':<26}  on")
    for row in table.to_dict("records"):
        reported = "" if pd.isna(row["reported"]) else f"{row['reported']:.3f}"
        if not pd.isna(row.get("replicated")):
            bounds = f"[{row['low']:.3f}, {row['high']:.3f}]"
            mine = f"{row['replicated']:.3f} {bounds}"
            on = f"{row['data']}, {row['n_clips']:.0f} clips, {row['protocol']}, "
            on += f"{row['seeds']:.0f} seeds" + ("" if row["current"] else " (older recipe)")
            on += f" ({row['changes']})" if row["changes"] else ""
        else:
            mine, on = "not run", ""
        print(f"{row['recipe']:<28} {reported:>8}  {mine:<26}  {on}".rstrip())
    return 0


def _audit(options: argparse.Namespace) -> int:
    from mgrlib.data.audit import audit
    from mgrlib.data.folder import folder
    from mgrlib.data.splits import read_split
    from mgrlib.storage import atomic_write

    corpus = folder(options.folder, check=False)
    split = read_split(options.split) if options.split else None
    report = audit(corpus, split, n_jobs=options.jobs, progress=True)
    print(report.text())
    if options.out:
        table = report.findings.assign(clip_ids=report.findings["clip_ids"].map(" ".join))
        with atomic_write(options.out) as part:
            table.to_csv(part, index=False)
    return 0 if report.ok else 2


def _features(options: argparse.Namespace) -> int:
    import joblib
    import pandas as pd

    from mgrlib import features
    from mgrlib.data.folder import folder
    from mgrlib.segments import Cut, cut
    from mgrlib.storage import atomic_write

    writers: dict[str, Callable[..., None]] = {
        ".parquet": pd.DataFrame.to_parquet,
        ".csv": pd.DataFrame.to_csv,
    }
    write = writers.get(options.out.suffix)
    if write is None:
        raise FeatureError(explain("--out", "a name ending in .parquet or .csv", str(options.out)))
    feature = getattr(features, SPECS[options.spec])(22050)
    how = Cut(segment_seconds=options.segment_seconds)
    corpus = folder(options.folder, check=not options.skip_bad)
    skipped = _unusable(corpus, feature, how) if options.skip_bad else {}
    wanted = [clip_id for clip_id in corpus.clips.index if clip_id not in skipped]
    with joblib.parallel_config(n_jobs=options.jobs):
        segments = cut(corpus, feature, how=how, clip_ids=wanted, progress=True)
    table = pd.DataFrame(segments.inputs[0].numpy(), columns=list(feature.columns))
    table.insert(0, "genre", [segments.genres[k] for k in segments.y])
    table.insert(0, "clip_id", [segments.clip_ids[m] for m in segments.clip])
    table.insert(1, "segment", table.groupby("clip_id").cumcount())
    with atomic_write(options.out) as part:
        write(table, part, index=False)
    print(f"{len(table)} rows of {len(wanted)} clips -> {options.out}")
    for reason in skipped.values():
        print(f"skipped: {reason}")
    return 2 if skipped else 0


def _unusable(corpus: Corpus, feature: Feature, how: Cut) -> dict[str, str]:
    """The clips that give no feature, each with its reason; what the others give is stored."""
    from mgrlib.segments import cut

    reasons = {}
    for clip_id in corpus.clips.index:
        try:
            cut(corpus, feature, how=how, clip_ids=[clip_id])
        except (AudioError, FeatureError) as error:
            reasons[clip_id] = str(error)
    return reasons


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

        return gtzan(options.root, exclude=options.exclude)
    from mgrlib.data.folder import folder

    return folder(options.root)


if __name__ == "__main__":
    sys.exit(main())
