"""The command line: `mgrlib list | run | compare | export | predict | audit | features | ...`."""

from __future__ import annotations

import argparse
import fnmatch
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from mgrlib import __version__
from mgrlib.errors import AudioError, FeatureError, MgrError, RecipeError, explain, some

if TYPE_CHECKING:
    import pandas as pd

    from mgrlib.data.corpus import Corpus
    from mgrlib.features import Feature
    from mgrlib.recipes.core import Recipe
    from mgrlib.recipes.studies import Study
    from mgrlib.segments import Cut

SPECS = {"vector57": "Vector57", "vector26": "Vector26", "melrows128": "MelRows128"}
DATA = ("synthetic", "songs", "gtzan", "gtzan-mini", "gtzan-table", "folder")


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
    _add_file_commands(commands)
    _add_folder_commands(commands)
    _add_course_commands(commands)
    return parser


def _add_data(command: argparse.ArgumentParser) -> None:
    command.add_argument("--data", choices=DATA, default="synthetic")
    command.add_argument("--root", type=Path, help="folder of the data, or the table")
    command.add_argument("--exclude", nargs="*", default=(), help="clips to leave out (gtzan)")
    command.add_argument("--per-genre", type=int, default=20, help="clips (synthetic) or songs")


def _add_file_commands(commands: argparse._SubParsersAction) -> None:
    exporting = commands.add_parser("export", help="train on all clips; one file, sound to genres")
    exporting.add_argument("recipe", help="paper/system")
    exporting.add_argument("--onnx", type=Path, required=True, help="out.onnx")
    _add_data(exporting)
    exporting.add_argument("--epochs", type=int, help="in place of the recipe's")
    exporting.add_argument("--seed", type=int, default=0)
    exporting.add_argument("--bfloat16", action="store_true", help="train faster where it can")
    exporting.add_argument("--int8", action="store_true", help="a quarter of the size")
    exporting.add_argument("--keep", type=Path, help="keep the trained weights in this file")
    exporting.add_argument("--state", type=Path, help="weights kept before, in place of training")
    exporting.set_defaults(command=_export)

    predicting = commands.add_parser("predict", help="genres of a song over time")
    predicting.add_argument("onnx", type=Path, help="a file made by `mgrlib export`")
    predicting.add_argument("song", type=Path, help="mp3, wav, flac, ogg, ...")
    predicting.add_argument("--hop", type=float, help="seconds from window to window")
    predicting.add_argument("--plot", type=Path, help="picture; default: SONG.genres.png, here")
    predicting.set_defaults(command=_predict)


def _add_run(running: argparse.ArgumentParser) -> None:
    running.add_argument("recipes", nargs="+", help="a paper, or paper/system; * matches anything")
    _add_data(running)
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


def _add_course_commands(commands: argparse._SubParsersAction) -> None:
    giving = commands.add_parser("release", help="the student's edition of an assignment")
    giving.add_argument("source", type=Path, help="the instructor's notebook")
    giving.add_argument("out", type=Path, help="where to write the student's")
    giving.set_defaults(command=_release)

    marking = commands.add_parser("mark", help="mark a folder of submissions")
    marking.add_argument("source", type=Path, help="the instructor's notebook")
    marking.add_argument("submissions", type=Path, help="a notebook, or a folder, a student")
    marking.add_argument("--out", type=Path, required=True, help="marks.csv")
    marking.add_argument("--feedback", type=Path, help="folder for a page a student")
    marking.add_argument("--jobs", type=_jobs, default=1, help="submissions marked at a time")
    marking.add_argument("--cell-seconds", type=int, default=60, help="a cell may run; default 60")
    marking.set_defaults(command=_mark)


def _jobs(text: str) -> int:
    if int(text) == 0:
        raise argparse.ArgumentTypeError("0 processes do nothing; -1 takes all cores")
    return int(text)


def _list(options: argparse.Namespace) -> int:
    from mgrlib.recipes.ledger import recipes, studies

    for one in recipes(options.paper):
        printed = "; ".join(f"{r.metric} {r.value:g} ({r.place})" for r in one.reported)
        print(f"{one.name:<28} {one.title:<46} {printed or 'ours'}")
    for study in studies(options.paper):
        count = len(study.reported)
        printed = f"study; {count} numbers of the paper" if count else "study; ours"
        print(f"{study.name:<28} {study.title:<46} {printed}")
    return 0


def _run(options: argparse.Namespace) -> int:
    import joblib

    from mgrlib.recipes.core import Recipe

    chosen = _chosen(options.recipes)
    corpus = _corpus(options)
    print(corpus)
    with joblib.parallel_config(n_jobs=options.jobs):
        for one in chosen:
            if isinstance(one, Recipe):
                _run_recipe(one, corpus, options)
            else:
                _run_study(one, corpus, options)
    return 0


def _run_recipe(one: Recipe, corpus: Corpus, options: argparse.Namespace) -> None:
    from mgrlib.recipes.core import Protocol, run, write_result
    from mgrlib.storage import home

    by: Literal["clip", "group"] = options.by or (
        "group" if options.data in ("synthetic", "songs") else "clip"
    )
    protocol = Protocol(n_folds=options.folds or None, by=by)
    changes = {} if options.epochs is None else {"epochs": options.epochs}
    if options.bfloat16:
        changes["precision"] = "bfloat16"
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
    print(f"{one.name}, {protocol}: accuracy {result.accuracy()} {told} -> {path}")


def _run_study(one: Study, corpus: Corpus, options: argparse.Namespace) -> None:
    from mgrlib.recipes.studies import conduct, write_findings
    from mgrlib.storage import home

    meant = {"--folds": 5, "--by": None, "--epochs": None, "--bfloat16": False}
    unused = [k for k, v in meant.items() if getattr(options, k.strip("-")) != v]
    if unused:
        hint = "a study has its own protocol and training; leave the option out."
        raise RecipeError(explain(f"run {one.name}", "no option of recipes", some(unused), hint))
    found = conduct(one, corpus, seeds=range(options.seeds), progress=True)
    path = write_findings(found, options.out or home() / "results")
    print(f"{one.name}: {len(found.rows)} rows -> {path}")


def _compare(options: argparse.Namespace) -> int:
    import pandas as pd

    from mgrlib.recipes.ledger import compare

    table = compare(options.paper, options.results)
    names = _names(table)
    width = max(28, *(len(name) for name in names))
    print(f"{'recipe':<{width}} {'reported':>8}  {'replicated [95 % interval]':<26}  on")
    for name, row in zip(names, table.to_dict("records"), strict=True):
        reported = "" if pd.isna(row["reported"]) else f"{row['reported']:.3f}"
        mine, on = "not run", ""
        if not pd.isna(row.get("replicated")):
            bounds = "" if pd.isna(row["low"]) else f" [{row['low']:.3f}, {row['high']:.3f}]"
            mine = f"{row['replicated']:.3f}{bounds}"
            n = "" if pd.isna(row["n_clips"]) else f"{row['n_clips']:.0f} clips, "
            on = f"{row['data']}, {n}{row['protocol']}, "
            on += f"{row['seeds']:.0f} seeds" + ("" if row["current"] else " (older recipe)")
            on += f" ({row['changes']})" if row["changes"] else ""
            on += "" if row["metric"] == "accuracy" else f", {row['metric']}"
        print(f"{name:<{width}} {reported:>8}  {mine:<26}  {on}".rstrip())
    return 0


def _names(table: pd.DataFrame) -> list[str]:
    """What each row is called: the recipe, or the study and its row."""
    from mgrlib.recipes.ledger import studies

    of_studies = {one.name for one in studies()}
    pairs = zip(table["recipe"], table["title"], strict=True)
    return [f"{name}: {title}" if name in of_studies else name for name, title in pairs]


def _export(options: argparse.Namespace) -> int:
    from mgrlib.compression.export import PARITY, Classifier, export, parity
    from mgrlib.recipes import all_clips
    from mgrlib.recipes.ledger import recipe

    one, corpus = recipe(options.recipe), _corpus(options)
    if options.state:
        pipeline = all_clips.kept(one, options.state)
    else:
        changes = {} if options.epochs is None else {"epochs": options.epochs}
        changes |= {"precision": "bfloat16"} if options.bfloat16 else {}
        pipeline = all_clips.train_on_all(
            one, corpus, seed=options.seed, changes=changes, progress=True
        )
    if options.keep:
        print(f"weights -> {all_clips.keep(pipeline, options.keep)}")
    ranges = all_clips.calibration(one, pipeline, corpus) if options.int8 else None
    path = export(pipeline, options.onnx, calibration=ranges)
    heard = (corpus.audio(clip, pipeline.feature.sample_rate) for clip in corpus.clips.index[:3])
    enough = [y[: pipeline.n_samples] for y in heard if len(y) >= pipeline.n_samples]
    off = parity(pipeline, path, *enough) if enough else 0.0
    if not options.int8 and off > PARITY:
        raise MgrError(explain(str(path), f"PyTorch's probabilities within {PARITY}", f"{off:.1e}"))
    made = Classifier(path)
    kilobytes = path.stat().st_size / 1000
    print(f"{path}: {made.about['weights']}, {kilobytes:.0f} kB, hears {made.window:.1f} s at once")
    print(f"{len(made.genres)} genres; off PyTorch by {off:.1e} at most, on {len(enough)} clips")
    return 0


def _predict(options: argparse.Namespace) -> int:
    import matplotlib

    from mgrlib.compression.export import Classifier
    from mgrlib.data.audio import load_audio
    from mgrlib.storage import atomic_write

    opened = Classifier(options.onnx)
    heard = opened.over_time(load_audio(options.song, opened.sample_rate), hop_seconds=options.hop)
    print(f"{options.song.name}: {heard.seconds:.1f} s, heard {heard.window:.1f} s at once")
    for start, probs in zip(heard.starts, heard.probs, strict=True):
        best = probs.argsort()[::-1][:3]
        told = ", ".join(f"{heard.genres[k]} {probs[k]:.2f}" for k in best)
        print(f"{start:7.1f} s  {told}")
    genre, share = next(iter(heard.overall.items()))
    print(f"overall: {genre}, {share:.2f} in the mean of {len(heard.starts)} windows")
    print(f"real-time factor {heard.real_time_factor:.4f}, one thread")
    target = options.plot or Path(f"{options.song.stem}.genres.png")
    matplotlib.use("agg")  # a picture in a file needs no screen

    from mgrlib.plots import plot_genres_over_time

    ax = plot_genres_over_time(heard)
    with atomic_write(target) as part:
        ax.get_figure().savefig(part, format=target.suffix.lstrip(".") or "png")  # type: ignore[union-attr]
    print(f"drawn in {target}")
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
    with joblib.parallel_config(n_jobs=options.jobs):
        skipped = _unusable(corpus, feature, how) if options.skip_bad else {}
        wanted = [clip_id for clip_id in corpus.clips.index if clip_id not in skipped]
        segments = cut(corpus, feature, how=how, clip_ids=wanted, progress=not options.skip_bad)
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


def _release(options: argparse.Namespace) -> int:
    from mgrlib.grading.marking import release

    print(release(options.source, options.out))
    return 0


def _mark(options: argparse.Namespace) -> int:
    from joblib import effective_n_jobs

    from mgrlib.grading.marking import Limits, mark_all
    from mgrlib.storage import atomic_write

    marks = mark_all(
        options.source,
        options.submissions,
        feedback=options.feedback,
        limits=Limits(options.cell_seconds, 10 * options.cell_seconds),
        n_jobs=effective_n_jobs(options.jobs),
        progress=True,
    )
    with atomic_write(options.out) as part:
        marks.to_csv(part, index=False)
    print(f"{len(marks)} submissions, mean {marks['points'].mean():.1f} points -> {options.out}")
    return 0


def _unusable(corpus: Corpus, feature: Feature, how: Cut) -> dict[str, str]:
    """The clips that give no feature, each with its reason; what the others give is stored."""
    from joblib import Parallel, delayed
    from tqdm.auto import tqdm

    ids = list(corpus.clips.index)
    jobs = (delayed(_fault)(corpus.select(clip_ids=[one]), feature, how) for one in ids)
    tried = Parallel(return_as="generator")(jobs)
    bar = tqdm(tried, total=len(ids), desc="features", file=sys.stdout)
    return {one: fault for one, fault in zip(ids, bar, strict=True) if fault}


def _fault(clip: Corpus, feature: Feature, how: Cut) -> str:
    """Why a corpus of one clip gives no feature; empty if it does."""
    from mgrlib.segments import cut

    try:
        cut(clip, feature, how=how)
    except (AudioError, FeatureError) as error:
        return str(error)
    return ""


def _chosen(patterns: Sequence[str]) -> list[Recipe | Study]:
    """The recipes and studies that match, in the order of the patterns, each once."""
    from mgrlib.recipes.ledger import listed

    found: dict[str, Recipe | Study] = {}
    for pattern in patterns:
        wanted = pattern if "/" in pattern else f"{pattern}/*"
        matching = [one for one in listed() if fnmatch.fnmatchcase(one.name, wanted)]
        if not matching:
            hint = "`mgrlib list` shows all of them."
            raise RecipeError(explain("run", "the name of a recipe", repr(pattern), hint))
        found.update({one.name: one for one in matching})
    return list(found.values())


def _corpus(options: argparse.Namespace) -> Corpus:
    if options.data == "synthetic":
        from mgrlib.data.synthetic import synthetic

        return synthetic(n_per_genre=options.per_genre)
    if options.data == "songs":
        from mgrlib.data.songs import handmade

        return handmade(options.per_genre)
    if options.data == "gtzan-mini":
        from mgrlib.data.gtzan import gtzan_mini

        return gtzan_mini(options.root)
    if options.root is None:
        hint = "add --root PATH, the folder or, of a table, the file."
        raise RecipeError(explain(f"--data {options.data}", "the folder of the data", "none", hint))
    if options.data == "gtzan":
        from mgrlib.data.gtzan import gtzan

        return gtzan(options.root, exclude=options.exclude)
    if options.data == "gtzan-table":
        from mgrlib.data.tables import kaggle_features

        return kaggle_features(options.root).corpus()
    from mgrlib.data.folder import folder

    return folder(options.root)


if __name__ == "__main__":
    sys.exit(main())
