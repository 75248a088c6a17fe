"""How hard, how real and how fast the embedded corpus is.

    python benchmarks/synthetic.py [--n 24] [--real FOLDER] [--json FILE]

Hard: accuracy on 57-value vectors under a random split and under one that keeps artists apart.
Real: a model trained on nothing but synthetic clips, tested on real ones (a folder with one folder
a genre, such as the mini set of GTZAN); no real clip takes part in training or choosing.
Fast: processor seconds a clip, and where they go.
"""

from __future__ import annotations

import argparse
import cProfile
import json
import platform
import pstats
import time
from pathlib import Path

import numpy as np
import pandas as pd
import scipy
import sklearn
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.svm import SVC
from threadpoolctl import threadpool_limits
from tqdm import tqdm

from mgrlib.data.audio import EXTENSIONS, load_audio
from mgrlib.data.synthetic import SAMPLE_RATE, synthetic
from mgrlib.evaluation import wilson
from mgrlib.features import Vector57
from mgrlib.synth import GENRES, SYNTH_VERSION, render_clip

STEPS = {
    "compose": "composing",
    "_play": "notes",
    "_play_drums": "drums",
    "_mix": "room and mastering",
    "finish": "compression and level",
}
VARIANCES = [i for i, name in enumerate(Vector57.columns) if name.endswith("_var")]
# The mean of a waveform is zero but for rounding: noise to a classifier.
MEANLESS = [i for i, n in enumerate(Vector57.columns) if n in ("harmony_mean", "perceptr_mean")]


def prepared(vectors: np.ndarray) -> np.ndarray:
    """Variances on a logarithmic scale, where they are nearly normal."""
    x = vectors.copy()
    x[:, VARIANCES] = np.log(np.maximum(x[:, VARIANCES], 1e-12))
    return np.delete(x, MEANLESS, axis=1)


def models() -> dict[str, Pipeline]:
    linear = LogisticRegression(C=0.1, max_iter=5000)
    forest = RandomForestClassifier(300, min_samples_leaf=2, random_state=0)
    last = {
        "linear": linear,
        "RBF SVM": SVC(C=3, gamma=0.005),
        "random forest": forest,
        "1-nearest neighbour": KNeighborsClassifier(1),
    }
    return {
        name: make_pipeline(FunctionTransformer(prepared), StandardScaler(), model)
        for name, model in last.items()
    }


def render_all(n: int) -> tuple[np.ndarray, pd.DataFrame, list[float]]:
    """(M, 57) vectors of `n` clips a genre, their table, and the seconds that each took."""
    clips = synthetic(n).clips
    vector = Vector57(SAMPLE_RATE)
    vectors, seconds = [], []
    for _, row in tqdm(clips.iterrows(), total=len(clips), desc="rendering"):
        start = time.process_time()
        y = render_clip(row["genre"], row["artist"], row["index"])
        seconds.append(time.process_time() - start)
        vectors.append(vector(y))
    return np.array(vectors), clips, seconds


def read_real(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    paths = [p for g in GENRES for p in sorted((folder / g).iterdir()) if p.suffix in EXTENSIONS]
    vector = Vector57(SAMPLE_RATE)
    vectors = [vector(load_audio(p, SAMPLE_RATE)) for p in tqdm(paths, desc="real clips")]
    return np.array(vectors), np.array([p.parent.name for p in paths])


def difficulty(x: np.ndarray, clips: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Accuracy of each model in five folds, artists mixed and artists kept apart."""
    y, artists = clips["genre"].to_numpy(), clips["group"].to_numpy()
    random = StratifiedKFold(5, shuffle=True, random_state=0)
    grouped = StratifiedGroupKFold(5, shuffle=True, random_state=0)
    return {
        name: {
            "random": float(cross_val_score(model, x, y, cv=random).mean()),
            "grouped": float(cross_val_score(model, x, y, cv=grouped, groups=artists).mean()),
        }
        for name, model in models().items()
    }


def realism(
    x: np.ndarray, clips: pd.DataFrame, real: np.ndarray, truth: np.ndarray
) -> dict[str, object]:
    """Accuracy on real clips of models that never saw one, and how far the features lie apart."""
    scores: dict[str, object] = {}
    for name, model in models().items():
        right = int(np.sum(model.fit(x, clips["genre"]).predict(real) == truth))
        interval = wilson(right, len(truth))
        scores[name] = {"accuracy": right / len(truth), "95 %": [interval.low, interval.high]}
    a, b = prepared(x), prepared(real)
    names = np.delete(np.array(Vector57.columns), MEANLESS)
    spread = b.std(axis=0)
    gaps = {
        genre: dict(
            zip(
                names.tolist(),
                ((a[clips["genre"] == genre].mean(0) - b[truth == genre].mean(0)) / spread)
                .round(2)
                .tolist(),
                strict=True,
            )
        )
        for genre in GENRES
    }
    return {
        "n": len(truth),
        "accuracy": scores,
        "difference of means in real standard deviations": gaps,
    }


def rounded(value: object) -> object:
    """The same report with three digits after the point: more than the figures are worth."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return round(value, 3) if isinstance(value, float) else value


def where_the_time_goes() -> dict[str, float]:
    """Share of the time in each step, over one clip of every genre."""
    profile = cProfile.Profile()
    profile.enable()
    for genre in GENRES:
        render_clip(genre, f"{genre}-a05", 0)
    profile.disable()
    found = pstats.Stats(profile).get_stats_profile().func_profiles
    total = found["render_clip"].cumtime
    return {text: round(found[name].cumtime / total, 3) for name, text in STEPS.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--n", type=int, default=24, help="clips a genre")
    parser.add_argument("--real", type=Path, help="folder of real clips, one folder a genre")
    parser.add_argument("--json", type=Path, help="where to write the figures")
    given = parser.parse_args()
    with threadpool_limits(1):
        real = read_real(given.real) if given.real else None
        x, clips, seconds = render_all(given.n)
        report: dict[str, object] = {
            "synth_version": SYNTH_VERSION,
            "clips": len(clips),
            "processor seconds a clip": {
                "mean": float(np.mean(seconds)),
                "median": float(np.median(seconds)),
                "best": float(np.min(seconds)),
                "95th percentile": float(np.percentile(seconds, 95)),
            },
            "share of the time": where_the_time_goes(),
            "accuracy on 57 values": difficulty(x, clips),
        }
        if real is not None:
            report["trained on synthetic, tested on real"] = realism(x, clips, *real)
    report["machine"] = {"processor": platform.machine(), "python": platform.python_version()}
    report["versions"] = {m.__name__: m.__version__ for m in (np, scipy, sklearn)}
    report["date"] = time.strftime("%Y-%m-%d")
    text = json.dumps(rounded(report), indent=1)
    if given.json:
        given.json.write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
