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
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mgrlib import __version__
from mgrlib.errors import MgrError, MgrWarning, RecipeError, explain, missing_package, some

if TYPE_CHECKING:
    from mgrlib.compression.listening import Listener
    from mgrlib.data.corpus import Corpus
    from mgrlib.experiments.compare import Pair
    from mgrlib.experiments.run import Result
    from mgrlib.experiments.study import Study
    from mgrlib.systems.recipe import Recipe
    from mgrlib.systems.system import System

SPECS = {"vector57": "Vector57", "vector26": "Vector26", "melrows128": "MelRows128"}
GTZAN = ("gtzan", "gtzan-mini", "gtzan-table", "gtzan-pictures")
DATA = ("synthetic", "songs", *GTZAN, "fma", "vectors", "folder")
PROTOCOLS = (
    "artist-folds",
    "artist-folds-published",
    "fault-filtered",
    "own-split",
    "own-split-published",
)
SUBSETS = ("small", "medium", "large", "full")
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
    _print_once()
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


def _print_once() -> None:
    """Let the first of the processes that `torchrun` started speak for all of them."""
    if _launched() and os.environ.get("RANK", "0") != "0":
        _discard_output()


def _launched() -> bool:
    """Whether a launcher such as `torchrun` has started several processes of this command."""
    return os.environ.get("WORLD_SIZE", "1") != "1"


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
    comparing.add_argument("--data", dest="data", help="only on this corpus, as gtzan-mini")
    comparing.add_argument("--results", type=Path, help="folder of your results, shown beside")
    comparing.set_defaults(command=_compare)

    _add_run(commands.add_parser("run", help="train and test recipes"))
    _add_store_commands(commands)
    _add_file_commands(commands)
    _add_folder_commands(commands)
    _add_course_commands(commands)
    return parser


def _add_data(command: argparse.ArgumentParser) -> None:
    command.add_argument("--data", choices=DATA, default="synthetic")
    command.add_argument("--root", type=Path, help="folder of the data, or the table")
    command.add_argument("--artists", type=Path, help="table of the artists of a folder's files")
    command.add_argument("--catalog", type=Path, help="table of a folder's files and their genres")
    command.add_argument("--subset", choices=SUBSETS, help="of FMA, where --root holds several")
    command.add_argument("--partial", action="store_true", help="go on where files are missing")
    command.add_argument("--exclude", nargs="*", default=(), help="ids of clips to leave out")
    command.add_argument("--per-genre", type=int, default=20, help="clips (synthetic) or songs")


def _add_file_commands(commands: argparse._SubParsersAction) -> None:
    exporting = commands.add_parser("export", help="train on all clips; one file, sound to genres")
    exporting.add_argument("recipe", help="paper/system")
    exporting.add_argument("--onnx", type=Path, help="out.onnx")
    exporting.add_argument("--page", type=Path, help="out.html: a page that runs the model itself")
    _add_data(exporting)
    exporting.add_argument("--epochs", type=int, help="in place of the recipe's")
    exporting.add_argument("--seed", type=_seed, help="default: 0")
    exporting.add_argument("--bfloat16", action="store_true", help="train faster where it can")
    exporting.add_argument("--int8", action="store_true", help="a quarter of the size")
    exporting.add_argument("--keep", type=Path, help="keep the trained system in this file")
    exporting.add_argument("--state", type=Path, help="a system kept before, in place of training")
    exporting.set_defaults(command=_export)

    predicting = commands.add_parser("predict", help="genres of a song over time")
    predicting.add_argument("file", type=Path, help="of `mgrlib export`: its --onnx or --keep")
    predicting.add_argument("song", type=Path, help="mp3, wav, flac, ogg, ...")
    predicting.add_argument("--hop", type=_seconds, help="seconds from window to window")
    predicting.add_argument("--plot", type=Path, help="picture; default: SONG.genres.png, here")
    predicting.set_defaults(command=_predict)


def _add_run(running: argparse.ArgumentParser) -> None:
    running.add_argument("recipes", nargs="+", help="a paper, or paper/system; * matches anything")
    _add_data(running)
    running.add_argument("--folds", type=int, default=5, help="0 for one holdout of 20 %%")
    running.add_argument("--by", choices=("clip", "group"), default=None)
    running.add_argument("--protocol", choices=PROTOCOLS, help="a published division")
    running.add_argument("--seeds", type=int, default=1, help="how many, counted from 0")
    running.add_argument("--epochs", type=int, help="in place of the recipe's")
    running.add_argument("--bfloat16", action="store_true", help="faster where the CPU or GPU can")
    _add_workers(running)
    running.add_argument("--fresh", action="store_true", help="forget folds kept from earlier runs")
    running.add_argument("--known", type=Path, help="folder of result files to add seeds to")
    running.add_argument("--out", type=Path, help="folder for the result files")
    running.set_defaults(command=_run)


def _add_workers(command: argparse.ArgumentParser) -> None:
    command.add_argument("--jobs", type=_jobs, help="processes of one thread each; -1: all cores")
    command.add_argument("--cluster", help="address of a Dask scheduler, as tcp://host:8786")


def _add_store_commands(commands: argparse._SubParsersAction) -> None:
    preparing = commands.add_parser("prepare", help="compute the features of recipes in advance")
    preparing.add_argument("recipes", nargs="+", help="a paper, or paper/system")
    _add_data(preparing)
    _add_workers(preparing)
    preparing.set_defaults(command=_prepare)

    joining = commands.add_parser("join", help="put the stores of several computers into one")
    joining.add_argument("stores", nargs="+", type=Path, help="folders that were MGRLIB_HOME")
    joining.add_argument("--into", type=Path, help="the store to fill; default: MGRLIB_HOME")
    joining.set_defaults(command=_join)


def _add_folder_commands(commands: argparse._SubParsersAction) -> None:
    auditing = commands.add_parser("audit", help="faults of a folder of audio; status 2 if any")
    auditing.add_argument("--split", type=Path, help="a split file to audit with it")
    auditing.add_argument("--jobs", type=_jobs, default=1, help="processes; -1: all cores")
    auditing.set_defaults(command=_audit)

    table = commands.add_parser("features", help="a table of features of a folder of audio")
    table.add_argument("--spec", choices=tuple(SPECS), default="vector57")
    table.add_argument("--segment-seconds", type=_seconds, help="one row per segment, not per clip")
    table.add_argument("--skip-bad", action="store_true", help="leave out what cannot be read")
    _add_workers(table)
    table.set_defaults(command=_features)

    for command in (auditing, table):
        command.add_argument("folder", type=Path, help="one folder per genre")
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
    from mgrlib import papers

    for paper in [options.paper] if options.paper else papers.COLLECTIONS:
        printed = papers.printed(paper)
        for item in papers.listing(paper):
            entries = [entry for entry in printed if entry.source == item.name]
            if item.kind == "study":
                numbers = f"study; {len(entries)} numbers of the paper" if entries else "study"
            else:
                numbers = "; ".join(f"{e.metric} {e.value:g} ({e.place})" for e in entries)
            print(f"{item.name:<28} {item.title:<46} {numbers or 'ours'}")
    return 0


def _compare(options: argparse.Namespace) -> int:
    from mgrlib import papers

    folder = options.results
    if folder is not None and not folder.is_dir():
        got = "a file" if folder.exists() else "no such folder"
        hint = "give the folder that `mgrlib run --out` wrote to."
        raise MgrError(explain(f"--results {folder}", "a folder of result files", got, hint))
    comparison = papers.compare(options.paper, data=options.data, results=folder)
    names = [_name(pair) for pair in comparison]
    width = max([28, *(len(name) for name in names)])
    print(f"{'what':<{width}} {'reported':>8}  {'measured [95 % interval]':<26}  on")
    for name, pair in zip(names, comparison, strict=True):
        reported = "" if pair.printed is None else f"{pair.printed.value:.3f}"
        measured, conditions = _measured(pair)
        print(f"{name:<{width}} {reported:>8}  {measured:<26}  {conditions}".rstrip())
    return 0


def _name(pair: Pair) -> str:
    """The recipe's name, or the study's with the condition of the row."""
    return pair.listed.name + (f": {pair.title}" if pair.condition else "")


def _measured(pair: Pair) -> tuple[str, str]:
    """Our value with its interval, and how it was measured."""
    from mgrlib.experiments.compare import unfinished

    record = pair.record
    if record is None:
        return pair.not_run, ""
    bounds = "" if record.low is None else f" [{record.low:.3f}, {record.high:.3f}]"
    parts = [record.data["name"]]
    parts += [] if record.n is None else [f"{record.n} clips"]
    parts += [record.protocol] if record.protocol else []
    parts.append("1 seed" if len(record.seeds) == 1 else f"{len(record.seeds)} seeds")
    parts += [f"{name}={value}" for name, value in record.changes.items()]
    parts += [] if record.metric == "accuracy" else [record.metric]
    parts += [reason] if (reason := unfinished(record)) else []
    parts += [] if pair.current else ["older version"]
    parts += ["your run"] if pair.own else []
    return f"{record.value:.3f}{bounds}", ", ".join(parts)


def _run(options: argparse.Namespace) -> int:
    recipes, studies = _matching_items(options.recipes)
    _check_protocol_options(options)
    if studies:
        _check_study_options(options, studies[0].name)
    corpus = _corpus(options)
    print(corpus)
    with _workers(options):
        if recipes:
            _run_recipes(recipes, corpus, options)
        for study in studies:
            _run_study(study, corpus, options)
    return 0


@contextlib.contextmanager
def _workers(options: argparse.Namespace) -> Iterator[None]:
    """The processes or computers that share the work of the block."""
    import joblib

    from mgrlib.parallel import cluster

    if options.cluster and options.jobs is not None:
        hint = "the cluster has as many processes as `dask worker` was given."
        raise RecipeError(explain("--cluster", "no other option of workers", "--jobs", hint))
    if _launched() and (options.cluster or options.jobs is not None):
        hint = "torchrun's processes train each network together: leave the option out."
        got = "--cluster" if options.cluster else "--jobs"
        raise RecipeError(explain("torchrun", "no other option of workers", got, hint))
    workers = (
        cluster(options.cluster)
        if options.cluster
        else joblib.parallel_config(n_jobs=options.jobs or 1)
    )
    with workers:
        yield


def _prepare(options: argparse.Namespace) -> int:
    from mgrlib.stores import fill
    from mgrlib.systems.learn import features_of

    recipes, studies = _matching_items(options.recipes)
    if not recipes:
        got = some([study.name for study in studies])
        raise RecipeError(explain("prepare", "recipes", f"only studies, {got}"))
    corpus = _corpus(options)
    print(corpus)
    with _workers(options):
        for recipe in recipes:
            fill(corpus, *features_of(recipe), how=recipe.cut, progress=True)
    print(f"{len(recipes)} recipes prepared")
    return 0


def _join(options: argparse.Namespace) -> int:
    from mgrlib.storage import home
    from mgrlib.stores import join_stores

    report = join_stores(options.stores, options.into)
    print(
        f"{report.copied} files copied, {report.present} there before -> {options.into or home()}"
    )
    for path in report.damaged:
        print(f"mgrlib: {path} is damaged and was left out", file=sys.stderr)
    return FAULTS if report.damaged else 0


def _changed_options(options: argparse.Namespace, defaults: dict[str, Any]) -> list[str]:
    """The options among these that are not as they are by default."""
    return [f"--{key}" for key, value in defaults.items() if getattr(options, key) != value]


def _check_protocol_options(options: argparse.Namespace) -> None:
    """Refuse the options that a published division settles."""
    ignored = _changed_options(options, {"folds": 5, "by": None})
    if options.protocol and ignored:
        hint = "a published division says itself who trains and who tests: leave the option out."
        where = f"--protocol {options.protocol}"
        raise RecipeError(explain(where, "no other option of division", some(ignored), hint))


def _check_study_options(options: argparse.Namespace, name: str) -> None:
    """Refuse, before anything is trained, the options of recipes that a study would ignore."""
    defaults = {"folds": 5, "by": None, "protocol": None, "epochs": None, "bfloat16": False}
    ignored = _changed_options(options, {**defaults, "fresh": False, "known": None})
    if ignored:
        hint = "a study has its own protocol and training: leave the option out or name recipes."
        raise RecipeError(explain(f"run {name}", "no option of recipes", some(ignored), hint))


def _export(options: argparse.Namespace) -> int:
    from mgrlib import papers
    from mgrlib.compression.export import exportable
    from mgrlib.compression.onnx_files import scratch_folder

    if not options.onnx and not options.page:
        hint = "add --onnx out.onnx, --page out.html, or both."
        raise MgrError(explain("export", "a file to write", "none", hint))
    _check_state_options(options)
    recipe = papers.recipe(options.recipe)
    exportable(recipe)
    corpus = _corpus(options)
    system = _trained(recipe, corpus, options)
    with scratch_folder() as folder:
        path = options.onnx or folder / "model.onnx"
        _write_onnx(system, corpus, path, options)
        if options.page:
            _write_page(system, path, options.page)
    return 0


def _write_page(system: System, path: Path, page: Path) -> None:
    """Write the page that runs an exported file, and say where it is."""
    from mgrlib.page.try_models import worth_of
    from mgrlib.page.tryout import demo_page, model_of

    recipe = system.recipe
    worth = worth_of(recipe.name, dict(system.about))
    demo_page(model_of(path, title=recipe.title, worth=worth), page)
    print(f"{page}: {page.stat().st_size / 1000:.0f} kB, opens in a browser without a network")


def _write_onnx(system: System, corpus: Corpus, path: Path, options: argparse.Namespace) -> None:
    """Write the system as an ONNX file, and print how far the file is off the system."""
    from mgrlib.compression.export import export, parity
    from mgrlib.compression.listening import SoundClassifier

    export(system, path, calibration=corpus if options.int8 else None)
    classifier = SoundClassifier(path)
    sounds = [corpus.audio(clip, classifier.sample_rate) for clip in corpus.clips.index[:3]]
    difference = parity(system, path, *sounds)
    kilobytes = path.stat().st_size / 1000
    weights, window = classifier.about["weights"], classifier.window
    name = options.onnx or "the model in the page"
    print(f"{name}: {weights}, {kilobytes:.0f} kB, hears {window:.1f} s at once")
    print(f"{len(classifier.genres)} genres; off the system by {difference:.1e} at most", end="")
    print(f", on {len(sounds)} clips")


def _trained(recipe: Recipe, corpus: Corpus, options: argparse.Namespace) -> System:
    """The recipe's system, trained on all clips or read from a file; kept where that is asked."""
    from mgrlib.systems import System, learn

    if options.state:
        return System.load(options.state, recipe)
    system = learn(recipe, corpus, seed=options.seed or 0, progress=True, **_changes(options))
    if options.keep:
        print(f"system -> {system.save(options.keep)}")
    return system


def _check_state_options(options: argparse.Namespace) -> None:
    """Refuse the options of a training that `--state` replaces."""
    defaults = {"epochs": None, "seed": None, "bfloat16": False, "keep": None}
    ignored = _changed_options(options, defaults)
    if options.state and ignored:
        hint = "the system in the file is trained already: leave the option or --state out."
        raise RecipeError(explain("--state", "no option of training", some(ignored), hint))


def _predict(options: argparse.Namespace) -> int:
    import matplotlib

    from mgrlib.compression.listening import over_time
    from mgrlib.data.audio import audio_info, load_audio

    matplotlib.use("agg")  # a picture in a file needs no screen

    from mgrlib.plots import check_picture, plot_genres_over_time, save_picture

    target = check_picture(options.plot or Path(f"{options.song.stem}.genres.png"))
    listener = _listener(options.file)
    waveform = load_audio(options.song, listener.sample_rate)
    for note in audio_info(options.song).notes:
        print(f"mgrlib: {options.song}: {note}", file=sys.stderr)
    answers = over_time(listener, waveform, hop_seconds=options.hop)
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


def _listener(path: Path) -> Listener:
    """The classifier that a file holds: one of `mgrlib export`, or a system that was kept."""
    from mgrlib import papers
    from mgrlib.compression.listening import SoundClassifier, SystemClassifier
    from mgrlib.systems.system import System, read_saved

    try:
        with path.open("rb") as stream:
            saved = stream.read(2) == b"PK"  # as every file of torch begins, and no ONNX file
    except OSError:
        saved = False
    if not saved:
        return SoundClassifier(path)
    return SystemClassifier(System.load(path, papers.recipe(read_saved(path)["recipe"])))


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
    from mgrlib import features
    from mgrlib.data.folder import folder
    from mgrlib.feature_table import feature_table
    from mgrlib.segments import Cut
    from mgrlib.storage import check_table, write_table

    check_table(options.out)
    feature = getattr(features, SPECS[options.spec])(22050)
    corpus = folder(options.folder, check=not options.skip_bad)
    with _workers(options):
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
    _check_data_options(options)
    if options.data in ("gtzan", "gtzan-mini", "fma", "folder"):
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
    if options.data == "fma":
        from mgrlib.data.fma import fma

        how = {"exclude": options.exclude, "partial": options.partial}
        return fma(_root(options), options.subset, **how)
    if options.catalog:
        from mgrlib.data.catalog import catalog

        how = {"exclude": options.exclude, "partial": options.partial}
        return catalog(_root(options), options.catalog, **how)
    from mgrlib.data.folder import folder

    return folder(_root(options), exclude=options.exclude, artists=options.artists)


def _check_data_options(options: argparse.Namespace) -> None:
    """Refuse options that only other data have."""
    has_list = options.data == "fma" or (options.data == "folder" and options.catalog)
    owners = {
        "subset": options.data == "fma",
        "partial": has_list,
        "catalog": options.data == "folder" and not options.artists,
        "artists": options.data == "folder",
    }
    ignored = [f"--{name}" for name, fits in owners.items() if getattr(options, name) and not fits]
    if ignored:
        hint = "--subset is for fma, --artists or --catalog for folder, --partial for lists."
        where = f"--data {options.data}"
        raise RecipeError(explain(where, "options that fit the data", some(ignored), hint))


def _whole_corpus(options: argparse.Namespace) -> Corpus:
    if options.data == "synthetic":
        from mgrlib.data.synthetic import synthetic

        return synthetic(n_per_genre=options.per_genre)
    if options.data == "songs":
        from mgrlib.data.songs import handmade

        return handmade(options.per_genre)
    if options.data == "gtzan-pictures":
        from mgrlib.data.pictures import gtzan_pictures

        return gtzan_pictures(_root(options))
    if options.data == "vectors":
        from mgrlib.data.vectors import vectors

        return vectors(_root(options))
    from mgrlib.data.tables import kaggle_features

    return kaggle_features(_root(options)).corpus()


def _root(options: argparse.Namespace) -> Path:
    if options.root is None:
        hint = "add --root PATH, the folder or, of a table, the file."
        raise RecipeError(explain(f"--data {options.data}", "the folder of the data", "none", hint))
    return Path(options.root)


def _matching_items(patterns: Sequence[str]) -> tuple[list[Recipe], list[Study]]:
    """The recipes and studies that match, in the order of the patterns, each once."""
    from fnmatch import fnmatchcase

    from mgrlib import papers

    kinds = {item.name: item.kind for item in papers.listing()}
    names: dict[str, None] = {}
    for pattern in patterns:
        full_pattern = pattern if "/" in pattern else f"{pattern}/*"
        matching = [name for name in kinds if fnmatchcase(name, full_pattern)]
        if not matching:
            hint = "`mgrlib list` shows all of them."
            raise RecipeError(explain("run", "the name of a recipe", repr(pattern), hint))
        names |= dict.fromkeys(matching)
    return (
        [papers.recipe(name) for name in names if kinds[name] == "recipe"],
        [papers.study(name) for name in names if kinds[name] == "study"],
    )


def _run_recipes(recipes: Sequence[Recipe], corpus: Corpus, options: argparse.Namespace) -> None:
    """One recipe after the other, or the folds of all side by side in several processes."""
    from mgrlib.experiments.protocol import NAMED, Division, Protocol, best_by
    from mgrlib.experiments.run import cross_validate, forget, restore
    from mgrlib.experiments.sweep import sweep

    protocol: Division
    if options.protocol:
        protocol = NAMED[options.protocol]
    else:
        by = options.by or best_by(corpus, options.folds or 5)
        protocol = Protocol(options.folds or None, by)
    for recipe in recipes if options.fresh else ():
        forget(recipe)
    changes = _changes(options)
    for recipe in recipes if options.known else ():
        n = restore(options.known / recipe.paper, recipe, corpus, protocol, changes=changes)
        print(f"{recipe.name}: {n} folds of {options.known} are not trained again")
    how: dict[str, Any] = {"seeds": range(options.seeds), "changes": changes}
    if options.jobs is None and not options.cluster:
        for recipe in recipes:
            _report(cross_validate(recipe, corpus, protocol, progress=True, **how), options)
        return
    for result in sweep(recipes, corpus, protocol, progress=True, **how):
        _report(result, options)


def _report(result: Result, options: argparse.Namespace) -> None:
    """Write the record of a recipe, and print its accuracy beside the paper's."""
    from tqdm.auto import tqdm

    from mgrlib import papers
    from mgrlib.experiments.record import write_records
    from mgrlib.storage import home

    recipe, protocol = result.recipe, result.protocol
    path = write_records(result.records(), (options.out or home() / "results") / recipe.paper)
    entries = [e for e in papers.printed(recipe.paper) if e.source == recipe.name]
    reported = "".join(f"; reported {entry.value:g}" for entry in entries)
    # Not `print`, which would write into the bar of the folds that are still under way.
    tqdm.write(f"{recipe.name}, {protocol}: accuracy {result.accuracy()}{reported} -> {path}")


def _run_study(study: Study, corpus: Corpus, options: argparse.Namespace) -> None:
    from mgrlib.experiments.record import write_records
    from mgrlib.experiments.study import conduct
    from mgrlib.storage import home

    records = conduct(study, corpus, seeds=range(options.seeds), progress=True)
    path = write_records(records, (options.out or home() / "results") / study.paper)
    print(f"{study.name}: {len(records)} rows -> {path}")


def _changes(options: argparse.Namespace) -> dict[str, Any]:
    """What the options change in a recipe's training."""
    changes = {} if options.epochs is None else {"epochs": options.epochs}
    return changes | ({"precision": "bfloat16"} if options.bfloat16 else {})
