"""Measure the difficulty, realism and speed of the embedded corpus.

    python benchmarks/synthetic.py accuracy --real FOLDER
    python benchmarks/synthetic.py networks
    python benchmarks/synthetic.py speed
    python benchmarks/synthetic.py many --clips 1000
    python benchmarks/synthetic.py faults --real FOLDER

Each part replaces its own figures in `benchmarks/results/synthetic.json`, and what the chapter on
data shows of them in `mgrlib/data/facts/synthetic.json`, which travels with the package.

accuracy: models on 57-value vectors under a random split and under one that keeps artists apart;
models trained on nothing but synthetic clips and tested on real ones, and the other way round;
features of both side by side. FOLDER is the hundred-clip sample of GTZAN. No real clip takes part
in training a model that is tested on real clips, or in choosing it; the styles, though, were tuned
to look like the other nine hundred clips of the public table of GTZAN.
networks: the six networks of Luo (2021) on synthetic clips, three folds by artist.
speed: processor seconds a clip, genre by genre, and where they go; peak memory.
many: time to fill an empty cache with so many clips, two processes, and to read it again.
faults: what the audit finds of planted faults, and on clean clips, synthetic and real.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import scipy
import sklearn
import torch
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits

from mgrlib import synth
from mgrlib.data.audit import audit
from mgrlib.data.gtzan import gtzan_mini
from mgrlib.data.splits import by_group
from mgrlib.data.synthetic import SAMPLE_RATE, Faults, planted, prepare, synthetic
from mgrlib.evaluation.intervals import over_groups
from mgrlib.experiments.protocol import Protocol
from mgrlib.experiments.run import cross_validate
from mgrlib.features import Vector57
from mgrlib.papers.luo2021.recipes import RECIPES
from mgrlib.segments import cut
from mgrlib.synth import GENRES, SYNTH_VERSION, channel, renderer

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks/results/synthetic.json"
FACTS = ROOT / "mgrlib/data/facts/synthetic.json"
SHOWN = (
    "accuracy",
    "networks",
    "speed",
    "many",
    "faults",
)  # parts of the report that the chapter reads
N_VECTORS = 24  # clips a genre: two an artist
N_NETWORKS = 12
MOST_EPOCHS, N_FOLDS = 30, 3
N_FAULTS = 8  # of each kind
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
COMPARED = (
    "tempo",
    "rms_mean",
    "rms_var",
    "spectral_centroid_mean",
    "rolloff_mean",
    "zero_crossing_rate_mean",
    "chroma_stft_mean",
    "mfcc2_mean",
    "mfcc4_var",
)
# What is timed: functions of the package, by the words of the report.
STAGES: dict[str, tuple[Any, str]] = {
    "composing": (synth, "compose"),
    "notes": (renderer, "_play"),
    "drums": (renderer, "_play_drums"),
    "mixing desk": (renderer.Desk, "mix"),
    "room, noise, mastering": (renderer, "_mix"),
    "compression, tape, level": (channel.Channel, "finish"),
}
VARIANCES = [i for i, name in enumerate(Vector57.columns) if name.endswith("_var")]
# The mean of a waveform is zero but for rounding: noise to a classifier.
MEANLESS = [i for i, n in enumerate(Vector57.columns) if n in ("harmony_mean", "perceptr_mean")]

Report = dict[str, Any]


def prepared(vectors: np.ndarray) -> np.ndarray:
    """Variances on a logarithmic scale, where they are nearly normal."""
    x = vectors.copy()
    x[:, VARIANCES] = np.log(np.maximum(x[:, VARIANCES], 1e-12))
    return np.delete(x, MEANLESS, axis=1)


def models() -> dict[str, Pipeline]:
    last = {
        "linear": LogisticRegression(C=0.1, max_iter=5000),
        "RBF SVM": SVC(C=3, gamma=0.005),
        "random forest": RandomForestClassifier(300, min_samples_leaf=2, random_state=0),
        "1-nearest neighbor": KNeighborsClassifier(1),
    }
    return {
        name: make_pipeline(FunctionTransformer(prepared), StandardScaler(), model)
        for name, model in last.items()
    }


def scored(right: np.ndarray, artists: np.ndarray) -> Report:
    """Correct answers (M,), and their fraction with an interval that draws whole artists (M,)."""
    interval = over_groups(right, artists)
    return {
        "correct": int(right.sum()),
        "n": len(right),
        "artists": len(np.unique(artists)),
        "value": interval.value,
        "low": interval.low,
        "high": interval.high,
    }


def vectors(corpus: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(M, 57) of whole clips, their genres and their artists."""
    segments = cut(corpus, Vector57(SAMPLE_RATE), progress=True)
    x, y = segments.inputs[0].numpy().astype(np.float64), np.array(GENRES)[segments.y.numpy()]
    return x, y, corpus.clips.group.values


def difficulty(x: np.ndarray, y: np.ndarray, artists: np.ndarray) -> Report:
    """Each model in five folds, with clips divided at random and by artist."""
    divisions = {
        "clips at random": StratifiedKFold(5, shuffle=True, random_state=0),
        "by artist": StratifiedGroupKFold(5, shuffle=True, random_state=0),
    }
    return {
        name: {
            division: tested(model, x, y, folds.split(x, y, artists), artists)
            for division, folds in divisions.items()
        }
        for name, model in models().items()
    }


def tested(
    model: Pipeline,
    x: np.ndarray,
    y: np.ndarray,
    folds: Iterable[tuple[np.ndarray, np.ndarray]],
    artists: np.ndarray,
) -> Report:
    """The model's answers on all folds' test clips, and how well it knows its training clips."""
    right, on_train = np.empty(len(y), dtype=bool), []
    for train, test in folds:
        model.fit(x[train], y[train])
        right[test] = model.predict(x[test]) == y[test]
        on_train.append(model.score(x[train], y[train]))
    return {**scored(right, artists), "train_accuracy": float(np.mean(on_train))}


def carried_over(
    x: np.ndarray, y: np.ndarray, other: np.ndarray, truth: np.ndarray, artists: np.ndarray
) -> Report:
    """Accuracy of each model that is trained on one corpus and tested on the other."""
    return {
        name: scored(model.fit(x, y).predict(other) == truth, artists)
        for name, model in models().items()
    }


def spread(x: np.ndarray, y: np.ndarray) -> Report:
    """For each compared feature and genre the values at `QUANTILES`, four digits."""
    columns = {name: x[:, Vector57.columns.index(name)] for name in COMPARED}
    return {
        name: {
            genre: [float(f"{v:.4g}") for v in np.quantile(values[y == genre], QUANTILES)]
            for genre in GENRES
        }
        for name, values in columns.items()
    }


def gaps(x: np.ndarray, y: np.ndarray, real: np.ndarray, truth: np.ndarray) -> Report:
    """By genre, synthetic mean less real mean in standard deviations of the real clips."""
    a, b = prepared(x), prepared(real)
    names = np.delete(np.array(Vector57.columns), MEANLESS).tolist()
    gap_by_genre = {}
    for genre in GENRES:
        gap = (a[y == genre].mean(0) - b[truth == genre].mean(0)) / b.std(axis=0)
        gap_by_genre[genre] = dict(zip(names, gap.round(2).tolist(), strict=True))
    return gap_by_genre


def accuracy(options: argparse.Namespace) -> Report:
    x, y, artists = vectors(synthetic(N_VECTORS))
    report: Report = {"clips": len(y), "difficulty": difficulty(x, y, artists)}
    report["quantiles"] = QUANTILES
    report["spread, synthetic"] = spread(x, y)
    if options.real:
        real, truth, real_artists = vectors(gtzan_mini(options.real))
        report["real clips"] = len(truth)
        report["trained on synthetic, tested on real"] = carried_over(
            x, y, real, truth, real_artists
        )
        report["trained on real, tested on synthetic"] = carried_over(real, truth, x, y, artists)
        report["spread, real"] = spread(real, truth)
        report["difference of means in real standard deviations"] = gaps(x, y, real, truth)
    return report


def networks(options: argparse.Namespace) -> Report:
    """The six trials of Luo (2021), fewer epochs and bfloat16, one seed."""
    corpus = synthetic(N_NETWORKS)
    rows: Report = {}
    for recipe in RECIPES[:6]:
        if options.only and options.only not in recipe.name:
            continue
        epochs = min(MOST_EPOCHS, recipe.config.epochs)
        changes = {"epochs": epochs, "precision": "bfloat16", "n_threads": 1}
        protocol = Protocol(N_FOLDS, "group")
        result = cross_validate(recipe, corpus, protocol, changes=changes, progress=True)
        predictions = result.predictions(0)
        artists = corpus.clips.group.loc[list(predictions.clip_ids)].values
        rows[recipe.title] = {
            "epochs": epochs,
            "by artist": {
                **scored(predictions.correct, artists),
                "train_accuracy": result.train_accuracy,
            },
        }
        print(recipe.title, rows[recipe.title], flush=True)
    earlier = read().get("networks", {}).get("accuracy", {}) if options.only else {}
    how = {"clips": len(corpus), "folds": N_FOLDS, "precision": "bfloat16"}
    return {**how, "accuracy": {**earlier, **rows}}


def timed(stages: dict[str, float], words: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """The function, with its processor time added to its stage."""

    @functools.wraps(function)
    def measured(*args: Any, **kwargs: Any) -> Any:
        start = time.process_time()
        try:
            return function(*args, **kwargs)
        finally:
            stages[words] = stages.get(words, 0.0) + time.process_time() - start

    return measured


def speed(options: argparse.Namespace) -> Report:
    """Processor seconds per clip of 30 s by genre and stage; seconds to plan and to read."""
    stages: dict[str, float] = {}
    originals = {words: getattr(owner, name) for words, (owner, name) in STAGES.items()}
    for words, (owner, name) in STAGES.items():
        setattr(owner, name, timed(stages, words, originals[words]))
    synth.render_clip("rock", "rock-a00", 0, seconds=2.0)  # imports and tables
    stages.clear()
    by_genre: dict[str, list[float]] = {genre: [] for genre in GENRES}
    # One artist of each genre in turn, so that other programs slow all genres alike.
    for number in range(options.artists):
        for genre in GENRES:
            start = time.process_time()
            synth.render_clip(genre, f"{genre}-a{number:02d}", 0)
            by_genre[genre].append(time.process_time() - start)
    total = sum(map(sum, by_genre.values()))
    for words, (owner, name) in STAGES.items():
        setattr(owner, name, originals[words])
    start = time.process_time()
    synthetic(100)
    planning = time.process_time() - start
    return {
        "clips": len(GENRES) * options.artists,
        "processor seconds a clip": total / (len(GENRES) * options.artists),
        "clips a second on one core": len(GENRES) * options.artists / total,
        "by genre": {genre: float(np.mean(seconds)) for genre, seconds in by_genre.items()},
        "slowest clip": max(map(max, by_genre.values())),
        "share of the time": {words: spent / total for words, spent in stages.items()},
        "synthetic(100), processor seconds": planning,
        "peak memory over so many clips of 5 s, MiB": {str(n): peak_memory(n) for n in (50, 200)},
        "load of the machine": os.getloadavg()[0],
    }


MEMORY = """
from mgrlib.data.synthetic import synthetic
corpus = synthetic({n}, seconds=5.0)
for clip_id in corpus.clips.index:
    corpus.audio(clip_id, 22050)
# Not ru_maxrss, which a process takes over from the one that started it.
status = open("/proc/self/status").read()
print(int(status.split("VmHWM:")[1].split()[0]) / 1024)
"""


def peak_memory(n_clips: int) -> float:
    """Peak memory, in MiB, of a separate process that renders `n_clips` clips of 5 s."""
    code = MEMORY.format(n=n_clips // len(GENRES))
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "MGRLIB_HOME": folder, "OMP_NUM_THREADS": "1"}
        process = subprocess.run(
            [sys.executable, "-c", code],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
    return float(process.stdout)


def many(options: argparse.Namespace) -> Report:
    """Wall and processor seconds to fill an empty cache and to read it again."""
    n = options.clips
    with tempfile.TemporaryDirectory() as folder:
        os.environ["MGRLIB_HOME"] = folder
        os.environ["OMP_NUM_THREADS"] = "1"
        corpus = synthetic(n // len(GENRES))
        start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
        assert prepare(corpus, n_jobs=2) == len(corpus)
        wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        start, cpu = time.perf_counter(), time.process_time()
        for clip_id in corpus.clips.index:
            corpus.audio(clip_id, SAMPLE_RATE)
        warm = time.perf_counter() - start
        warm_cpu = time.process_time() - cpu
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    figures = {
        "processes": 2,
        "cold, seconds": wall,
        "cold, processor seconds": spent,
        "cold, seconds on two free cores": spent / 2,
        "warm, seconds": warm,
        "warm, processor seconds": warm_cpu,
        "peak memory of a process, MiB": after.ru_maxrss / 1024,
        "load of the machine": os.getloadavg()[0],
    }
    return {**read().get("many", {}), f"{len(corpus)} clips": figures}


def faults(options: argparse.Namespace) -> Report:
    """Planted clips that the audit misses, by kind, and findings on clips without a fault."""
    clean = synthetic(N_VECTORS)
    spoilt = synthetic(N_VECTORS, faults=Faults(*[N_FAULTS] * len(fields(Faults))))
    table = planted(spoilt)
    findings = [set(ids) for ids in audit(spoilt, progress=True).findings["clip_ids"] if ids]
    culprits = set(table.index)
    flagged = set().union(*findings)
    report = {
        "clips": len(clean),
        "planted": table["fault"].value_counts().to_dict(),
        "missed": table.loc[list(culprits - flagged), "fault"].value_counts().to_dict(),
        "findings without a planted clip": sum(not ids & culprits for ids in findings),
        "findings on the clean corpus": len(
            audit(clean, by_group(clean, test=0.2, seed=0), progress=True).findings
        ),
    }
    if options.real:
        real = gtzan_mini(options.real, groups="clip")
        report["real clips"] = len(real)
        report["findings on real clips"] = audit(real, progress=True).findings["kind"].tolist()
    return report


def read() -> Report:
    """The stored report, or an empty one if it is of another version of the corpus."""
    if not RESULTS.is_file():
        return {}
    report: Report = json.loads(RESULTS.read_text(encoding="utf-8"))
    return report if report.get("synth_version") == SYNTH_VERSION else {}


def rounded(value: Any) -> Any:
    """The report, rounded to four digits."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


def write(part: str, figures: Report) -> None:
    report = {**read(), "synth_version": SYNTH_VERSION, part: rounded(figures)}
    libraries = (np, scipy, sklearn, torch, joblib, pd)
    report.setdefault("about", {})[part] = {
        "date": time.strftime("%Y-%m-%d"),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        **{module.__name__: module.__version__ for module in libraries},
    }
    RESULTS.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    facts = {key: report[key] for key in ("synth_version", *SHOWN) if key in report}
    facts["about"] = "benchmarks/synthetic.py"
    FACTS.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(report[part], indent=1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parts = {
        "accuracy": accuracy,
        "networks": networks,
        "speed": speed,
        "many": many,
        "faults": faults,
    }
    parser.add_argument("part", choices=parts)
    parser.add_argument("--real", type=Path, help="folder of the hundred-clip sample")
    parser.add_argument("--only", help="networks: part of a recipe's name")
    parser.add_argument("--artists", type=int, default=12, help="speed: clips a genre")
    parser.add_argument("--clips", type=int, default=200, help="many: how many")
    options = parser.parse_args()
    torch.set_num_threads(1)
    with threadpool_limits(1):
        write(options.part, parts[options.part](options))


if __name__ == "__main__":
    main()
