"""The command line: `mgrlib list | run | compare | export | predict | audit | features | ...`.

Each command parses its arguments, calls a function of the package and prints what it returns. The
standard library's argparse parses them, because it starts in a twentieth of a second; everything
heavy is imported by the command that needs it.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mgrlib import __version__
from mgrlib.errors import MgrError, MgrWarning, RecipeError, explain, missing_package, some

if TYPE_CHECKING:
    import pandas as pd

    from mgrlib.data.corpus import Corpus
    from mgrlib.recipes.core import Recipe
    from mgrlib.recipes.studies import Study

SPECS = {"vector57": "Vector57", "vector26": "Vector26", "melrows128": "MelRows128"}
DATA = ("synthetic", "songs", "gtzan", "gtzan-mini", "gtzan-table", "folder")
FAILURE, FAULTS, INTERRUPTED, NO_READER = 1, 2, 130, 141  # exit statuses; the last two as in shells


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: the words after `mgrlib`; default: those of this process.

    Returns:
        The exit status: 0, 2 if a command found faults in its files, or 1 after an error, whose
        message goes to stderr.
    """
    _print_any_name()
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
    try:
        with warnings.catch_warnings():
            _print_warnings_plainly()
            status = command(options)
        sys.stdout.flush()
    except KeyboardInterrupt:
        print("\nmgrlib: interrupted; what was finished is kept", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader of our output has left, as `head` does
        _discard_output()
        return NO_READER
    except ModuleNotFoundError as error:
        print(f"mgrlib: {missing_package(error)}", file=sys.stderr)
        return FAILURE
    except (MemoryError, RecursionError) as error:
        message = explain("mgrlib", "memory for all of it", str(error) or "none", "ask for less.")
        print(f"mgrlib: {message}", file=sys.stderr)
        return FAILURE
    except MgrError as error:
        print(f"mgrlib: {error}", file=sys.stderr)
        return FAILURE
    except OSError as error:  # of what no function foresaw, such as output to a full disk
        _discard_output()
        print(f"mgrlib: {error}", file=sys.stderr)
        return FAILURE
    return status


def _print_warnings_plainly() -> None:
    """Print what mgrlib itself warns of as one line; others keep Python's form."""
    others = warnings.showwarning

    def show(message: Any, category: Any, *place: Any, **options: Any) -> None:
        if issubclass(category, MgrWarning):
            print(f"mgrlib: {message}", file=sys.stderr)
        else:
            others(message, category, *place, **options)

    warnings.simplefilter("always", MgrWarning)
    warnings.showwarning = show


def _discard_output() -> None:
    """Let Python's own flush at the end of the process go nowhere."""
    with contextlib.suppress(OSError, ValueError):  # ValueError: output that is no file
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _print_any_name() -> None:
    """Escape characters that the terminal's encoding lacks instead of failing on them."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")


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
    command.add_argument("--exclude", nargs="*", default=(), help="ids of clips to leave out")
    command.add_argument("--per-genre", type=int, default=20, help="clips (synthetic) or songs")


def _add_file_commands(commands: argparse._SubParsersAction) -> None:
    exporting = commands.add_parser("export", help="train on all clips; one file, sound to genres")
    exporting.add_argument("recipe", help="paper/system")
    exporting.add_argument("--onnx", type=Path, required=True, help="out.onnx")
    _add_data(exporting)
    exporting.add_argument("--epochs", type=int, help="in place of the recipe's")
    exporting.add_argument("--seed", type=_seed, help="default: 0")
    exporting.add_argument("--bfloat16", action="store_true", help="train faster where it can")
    exporting.add_argument("--int8", action="store_true", help="a quarter of the size")
    exporting.add_argument("--keep", type=Path, help="keep the trained weights in this file")
    exporting.add_argument("--state", type=Path, help="weights kept before, in place of training")
    exporting.set_defaults(command=_export)

    predicting = commands.add_parser("predict", help="genres of a song over time")
    predicting.add_argument("onnx", type=Path, help="a file made by `mgrlib export`")
    predicting.add_argument("song", type=Path, help="mp3, wav, flac, ogg, ...")
    predicting.add_argument("--hop", type=_seconds, help="seconds from window to window")
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
    table.add_argument("--segment-seconds", type=_seconds, help="one row per segment, not per clip")
    table.add_argument("--skip-bad", action="store_true", help="leave out what cannot be read")
    table.set_defaults(command=_features)

    for command in (auditing, table):
        command.add_argument("folder", type=Path, help="one folder per genre")
        command.add_argument("--jobs", type=_jobs, default=1, help="processes; -1: all cores")
        command.add_argument(
            "--out", type=Path, required=command is table, help="table.csv or table.parquet"
        )


def _add_course_commands(commands: argparse._SubParsersAction) -> None:
    giving = commands.add_parser("release", help="the student's edition of an assignment")
    giving.add_argument("assignment", type=Path, help="its folder, as instructors/features")
    giving.add_argument("out", type=Path, help="the notebook to write")
    giving.add_argument("--seed", type=Path, help="the class's secret; drawn if there is none yet")
    giving.add_argument("--variant", help="which questions; default: drawn with the secret")
    giving.set_defaults(command=_release)

    marking = commands.add_parser("mark", help="mark a folder of submissions")
    marking.add_argument("assignment", type=Path, help="its folder, as instructors/features")
    marking.add_argument("submissions", type=Path, help="one notebook or folder per student")
    marking.add_argument("--out", type=Path, required=True, help="marks.csv")
    marking.add_argument("--seed", type=Path, required=True, help="the class's secret")
    marking.add_argument("--feedback", type=Path, help="folder for one page per student")
    marking.add_argument("--rubric", type=Path, help="folder for written answers and rubric.csv")
    marking.add_argument("--roster", type=Path, help="CSV with the columns id and name")
    marking.add_argument("--gradebook", choices=("canvas", "moodle"), help="also for this platform")
    marking.add_argument("--due", type=_moment, help="as 2027-02-01T23:59; later files are late")
    marking.add_argument("--box", choices=("bwrap", "docker", "podman", "user"), default="bwrap")
    marking.add_argument("--unsafe", action="store_true", help="no box: only for work you trust")
    marking.add_argument("--fresh", action="store_true", help="mark again what was marked before")
    marking.add_argument("--jobs", type=_jobs, default=1, help="submissions marked at a time")
    marking.set_defaults(command=_mark)


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no date such as 2027-02-01T23:59") from None


def _jobs(text: str) -> int:
    if int(text) == 0:
        raise argparse.ArgumentTypeError("0 processes do nothing; -1 takes all cores")
    return int(text)


def _seconds(text: str) -> float:
    if not 0 < float(text) < math.inf:
        raise argparse.ArgumentTypeError(f"expected seconds above 0, got {text}")
    return float(text)


def _seed(text: str) -> int:
    if not 0 <= int(text) < 2**32:
        raise argparse.ArgumentTypeError(f"expected a seed from 0 to 2**32 - 1, got {text}")
    return int(text)


def _list(options: argparse.Namespace) -> int:
    entries, studies = _listed(options.paper)
    for recipe in entries:
        numbers = "; ".join(f"{r.metric} {r.value:g} ({r.place})" for r in recipe.reported)
        print(f"{recipe.name:<28} {recipe.title:<46} {numbers or 'ours'}")
    for study in studies:
        count = len(study.reported)
        numbers = f"study; {count} numbers of the paper" if count else "study; ours"
        print(f"{study.name:<28} {study.title:<46} {numbers}")
    return 0


def _compare(options: argparse.Namespace) -> int:
    import pandas as pd

    folder = options.results
    if folder is not None and not folder.is_dir():
        got = "a file" if folder.exists() else "no such folder"
        hint = "give the folder that `mgrlib run --out` wrote to."
        raise MgrError(explain(f"--results {folder}", "a folder of result files", got, hint))
    table, study_names = _comparison(options.paper, folder)
    if folder is not None and not any((folder / options.paper).glob("*.json")):
        print(f"mgrlib: no results of {options.paper} in {folder}", file=sys.stderr)
    pairs = zip(table["recipe"], table["title"], strict=True)
    names = [f"{name}: {title}" if name in study_names else name for name, title in pairs]
    width = max(28, *(len(name) for name in names))
    print(f"{'recipe':<{width}} {'reported':>8}  {'replicated [95 % interval]':<26}  on")
    for name, row in zip(names, table.to_dict("records"), strict=True):
        reported = "" if pd.isna(row["reported"]) else f"{row['reported']:.3f}"
        replicated, conditions = _replicated(row)
        print(f"{name:<{width}} {reported:>8}  {replicated:<26}  {conditions}".rstrip())
    return 0


def _replicated(row: dict[Any, Any]) -> tuple[str, str]:
    """The replicated value of a row of a comparison with its interval, and its conditions."""
    import pandas as pd

    if pd.isna(row.get("replicated")):
        return "not run", ""
    bounds = "" if pd.isna(row["low"]) else f" [{row['low']:.3f}, {row['high']:.3f}]"
    count = "" if pd.isna(row["n_clips"]) else f"{row['n_clips']:.0f} clips, "
    conditions = f"{row['data']}, {count}{row['protocol']}, {row['seeds']:.0f} seeds"
    conditions += "" if row["current"] else " (older recipe)"
    conditions += f" ({row['changes']})" if row["changes"] else ""
    conditions += "" if row["metric"] == "accuracy" else f", {row['metric']}"
    return f"{row['replicated']:.3f}{bounds}", conditions


def _run(options: argparse.Namespace) -> int:
    import joblib

    recipes, studies = _chosen(options.recipes)
    if studies:
        _check_study_options(options, studies[0].name)
    corpus = _corpus(options)
    print(corpus)
    with joblib.parallel_config(n_jobs=options.jobs):
        for recipe in recipes:
            _run_recipe(recipe, corpus, options)
        for study in studies:
            _run_study(study, corpus, options)
    return 0


def _check_study_options(options: argparse.Namespace, name: str) -> None:
    """Refuse, before anything is trained, the options of recipes that a study would ignore."""
    defaults = {"folds": 5, "by": None, "epochs": None, "bfloat16": False, "fresh": False}
    ignored = [f"--{key}" for key, value in defaults.items() if getattr(options, key) != value]
    if ignored:
        hint = "a study has its own protocol and training: leave the option out or name recipes."
        raise RecipeError(explain(f"run {name}", "no option of recipes", some(ignored), hint))


def _export(options: argparse.Namespace) -> int:
    from mgrlib.compression.export import Classifier, export_checked

    _check_state_options(options)
    pipeline, corpus, calibration = _trained(options)
    path, difference = export_checked(
        pipeline,
        options.onnx,
        [corpus.audio(clip, pipeline.feature.sample_rate) for clip in corpus.clips.index[:3]],
        calibration=calibration,
    )
    classifier = Classifier(path)
    kilobytes = path.stat().st_size / 1000
    weights, window = classifier.about["weights"], classifier.window
    print(f"{path}: {weights}, {kilobytes:.0f} kB, hears {window:.1f} s at once")
    n_clips = min(3, len(corpus))
    print(f"{len(classifier.genres)} genres; off PyTorch by {difference:.1e} at most", end="")
    print(f", on {n_clips} clips")
    return 0


def _check_state_options(options: argparse.Namespace) -> None:
    """Refuse the options of a training that `--state` replaces."""
    defaults = {"epochs": None, "seed": None, "bfloat16": False}
    ignored = [f"--{key}" for key, value in defaults.items() if getattr(options, key) != value]
    if options.state and ignored:
        hint = "the weights in the file are trained already: leave the option or --state out."
        raise RecipeError(explain("--state", "no option of training", some(ignored), hint))


def _predict(options: argparse.Namespace) -> int:
    import matplotlib

    from mgrlib.compression.export import Classifier
    from mgrlib.data.audio import audio_info, load_audio

    matplotlib.use("agg")  # a picture in a file needs no screen

    from mgrlib.plots import check_picture, plot_genres_over_time, save_picture

    target = check_picture(options.plot or Path(f"{options.song.stem}.genres.png"))
    classifier = Classifier(options.onnx)
    waveform = load_audio(options.song, classifier.sample_rate)
    for note in audio_info(options.song).notes:
        print(f"mgrlib: {options.song}: {note}", file=sys.stderr)
    answers = classifier.over_time(waveform, hop_seconds=options.hop)
    save_picture(plot_genres_over_time(answers), target)
    print(f"{options.song.name}: {answers.seconds:.1f} s, heard {answers.window:.1f} s at once")
    for start, probs in zip(answers.starts, answers.probs, strict=True):
        best = probs.argsort()[::-1][:3]
        print(f"{start:7.1f} s  " + ", ".join(f"{answers.genres[k]} {probs[k]:.2f}" for k in best))
    genre, probability = next(iter(answers.overall.items()))
    print(f"overall: {genre}, {probability:.2f} in the mean of {len(answers.starts)} windows")
    print(f"real-time factor {answers.real_time_factor:.4f}, one thread")
    print(f"drawn in {target}")
    return 0


def _audit(options: argparse.Namespace) -> int:
    from mgrlib.data.audit import audit
    from mgrlib.data.folder import folder
    from mgrlib.data.splits import read_split
    from mgrlib.storage import check_table, write_table

    if options.out:
        check_table(options.out)
    corpus = folder(options.folder, check=False)
    split = read_split(options.split) if options.split else None
    report = audit(corpus, split, n_jobs=options.jobs, progress=True)
    if options.out:
        findings = report.findings
        write_table(findings.assign(clip_ids=findings["clip_ids"].map(" ".join)), options.out)
    print(report.text())
    return 0 if report.ok else FAULTS


def _features(options: argparse.Namespace) -> int:
    import joblib

    from mgrlib import features
    from mgrlib.data.folder import folder
    from mgrlib.feature_table import feature_table
    from mgrlib.segments import Cut
    from mgrlib.storage import check_table, write_table

    check_table(options.out)
    feature = getattr(features, SPECS[options.spec])(22050)
    corpus = folder(options.folder, check=not options.skip_bad)
    with joblib.parallel_config(n_jobs=options.jobs):
        table, skipped = feature_table(
            corpus,
            feature,
            how=Cut(segment_seconds=options.segment_seconds),
            skip_bad=options.skip_bad,
            progress=True,
        )
    write_table(table, options.out)
    print(f"{len(table)} rows of {len(corpus) - len(skipped)} clips -> {options.out}")
    for reason in skipped.values():
        print(f"skipped: {reason}")
    return FAULTS if skipped else 0


def _release(options: argparse.Namespace) -> int:
    from mgrlib.grading.marking import release

    print(release(options.assignment, options.out, seed=options.seed, variant=options.variant))
    if options.seed:
        print(
            f"the class's secret is in {options.seed}: keep it, and keep it out of the repository"
        )
    return 0


def _mark(options: argparse.Namespace) -> int:
    from joblib import effective_n_jobs

    from mgrlib.grading.classes import ClassRun, mark_class

    if options.unsafe:
        warning = "warning: --unsafe runs what students wrote with your rights; nothing is shut off"
        print(f"mgrlib: {warning}", file=sys.stderr)
    run = ClassRun(
        assignment=options.assignment,
        submissions=options.submissions,
        out=options.out,
        seed=options.seed,
        feedback=options.feedback,
        rubric=options.rubric,
        roster=options.roster,
        gradebook=options.gradebook,
        due=options.due,
        box="unsafe" if options.unsafe else options.box,
        jobs=effective_n_jobs(options.jobs),
        fresh=options.fresh,
        progress=True,
    )
    rows = mark_class(run)
    unmarked = sum(row["points"] is None for row in rows)
    print(f"{len(rows)} rows, {unmarked} of them without points -> {options.out}")
    return 0


def _corpus(options: argparse.Namespace) -> Corpus:
    """The corpus that `--data` and its options name, without the clips of `--exclude`.

    Where clips are files, they are left out before they are read: they may be unreadable.
    """
    if options.data in ("gtzan", "gtzan-mini", "folder"):
        return _corpus_of_files(options)
    corpus = _whole_corpus(options)
    return corpus.without(options.exclude) if options.exclude else corpus


def _corpus_of_files(options: argparse.Namespace) -> Corpus:
    if options.data == "gtzan-mini":
        from mgrlib.data.gtzan import gtzan_mini

        return gtzan_mini(options.root, exclude=options.exclude)
    if options.data == "gtzan":
        from mgrlib.data.gtzan import gtzan

        return gtzan(_root(options), exclude=options.exclude)
    from mgrlib.data.folder import folder

    return folder(_root(options), exclude=options.exclude)


def _whole_corpus(options: argparse.Namespace) -> Corpus:
    if options.data == "synthetic":
        from mgrlib.data.synthetic import synthetic

        return synthetic(n_per_genre=options.per_genre)
    if options.data == "songs":
        from mgrlib.data.songs import handmade

        return handmade(options.per_genre)
    from mgrlib.data.tables import kaggle_features

    return kaggle_features(_root(options)).corpus()


def _root(options: argparse.Namespace) -> Path:
    if options.root is None:
        hint = "add --root PATH, the folder or, of a table, the file."
        raise RecipeError(explain(f"--data {options.data}", "the folder of the data", "none", hint))
    return Path(options.root)


# The recipes: the only functions here that know where they are.


def _listed(paper: str | None) -> tuple[Sequence[Recipe], Sequence[Study]]:
    """The recipes and the studies of a paper, or of all papers."""
    from mgrlib.recipes.ledger import recipes, studies

    return recipes(paper), studies(paper)


def _chosen(patterns: Sequence[str]) -> tuple[list[Recipe], list[Study]]:
    """The recipes and studies that match, in the order of the patterns, each once."""
    from fnmatch import fnmatchcase

    entries, studies = _listed(None)
    by_name = {recipe.name: recipe for recipe in entries}
    studies_by_name = {study.name: study for study in studies}
    names: dict[str, None] = {}
    for pattern in patterns:
        whole = pattern if "/" in pattern else f"{pattern}/*"
        matching = [name for name in (*by_name, *studies_by_name) if fnmatchcase(name, whole)]
        if not matching:
            hint = "`mgrlib list` shows all of them."
            raise RecipeError(explain("run", "the name of a recipe", repr(pattern), hint))
        names |= dict.fromkeys(matching)
    return (
        [by_name[name] for name in names if name in by_name],
        [studies_by_name[name] for name in names if name in studies_by_name],
    )


def _comparison(paper: str, folder: Path | None) -> tuple[pd.DataFrame, set[str]]:
    """A paper's numbers beside ours, and the names of its studies."""
    from mgrlib.recipes.ledger import compare, studies

    return compare(paper, folder), {study.name for study in studies(paper)}


def _run_recipe(recipe: Recipe, corpus: Corpus, options: argparse.Namespace) -> None:
    from mgrlib.recipes.core import Protocol, run, write_result
    from mgrlib.storage import home

    grouped = options.data in ("synthetic", "songs") or (
        options.data == "folder" and corpus.grouped
    )
    by: Literal["clip", "group"] = "group" if grouped else "clip"
    protocol = Protocol(n_folds=options.folds or None, by=options.by or by)
    result = run(
        recipe,
        corpus,
        protocol,
        seeds=range(options.seeds),
        changes=_changes(options),
        fresh=options.fresh,
        progress=True,
    )
    path = write_result(result, options.out or home() / "results")
    reported = "; ".join(f"reported {r.value:g}" for r in recipe.reported)
    print(f"{recipe.name}, {protocol}: accuracy {result.accuracy()} {reported} -> {path}")


def _run_study(study: Study, corpus: Corpus, options: argparse.Namespace) -> None:
    from mgrlib.recipes.studies import conduct, write_findings
    from mgrlib.storage import home

    findings = conduct(study, corpus, seeds=range(options.seeds), progress=True)
    path = write_findings(findings, options.out or home() / "results")
    print(f"{study.name}: {len(findings.rows)} rows -> {path}")


def _changes(options: argparse.Namespace) -> dict[str, Any]:
    """What the options change in a recipe's training."""
    changes = {} if options.epochs is None else {"epochs": options.epochs}
    return changes | ({"precision": "bfloat16"} if options.bfloat16 else {})


def _trained(options: argparse.Namespace) -> tuple[Any, Corpus, Any]:
    """A trained pipeline, the corpus it is of, and what an int8 network is calibrated with."""
    from mgrlib.compression.front_end import check_exportable
    from mgrlib.compression.pipeline_files import check_pipeline_file
    from mgrlib.recipes import all_clips
    from mgrlib.recipes.ledger import recipe as recipe_named

    recipe = recipe_named(options.recipe)
    check_exportable(recipe.name, recipe.features, recipe.how.segment_seconds)
    corpus = _corpus(options)
    if options.state:
        pipeline = all_clips.kept(recipe, check_pipeline_file(options.state))
    else:
        pipeline = all_clips.train_on_all(
            recipe, corpus, seed=options.seed or 0, changes=_changes(options), progress=True
        )
    if options.keep:
        print(f"weights -> {all_clips.keep(pipeline, options.keep)}")
    calibration = all_clips.calibration(recipe, pipeline, corpus) if options.int8 else None
    return pipeline, corpus, calibration
