"""What the public feature table of GTZAN says: spread by genre, accuracy under three splits, and
that of models which have heard nothing but the embedded corpus.

    python benchmarks/gtzan_table.py features_30_sec.csv.gz

Writes `mgrlib/data/facts/gtzan_table.json`, which the chapter on data reads, so that a reader
without GTZAN sees real music beside the embedded corpus. The table is not part of the project.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mgrlib.data.audio import FileSource
from mgrlib.data.corpus import Corpus, Split
from mgrlib.data.gtzan import GENRES, known_artists, known_faults
from mgrlib.data.splits import fault_filtered, folds
from mgrlib.data.synthetic import synthetic
from mgrlib.data.tables import FeatureTable, kaggle_features
from mgrlib.features import Vector57
from mgrlib.segments import cut
from mgrlib.synth import SYNTH_VERSION

FACTS = Path(__file__).resolve().parent.parent / "mgrlib/data/facts/gtzan_table.json"
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
SHOWN = (
    "tempo",
    "rms_mean",
    "spectral_centroid_mean",
    "rolloff_mean",
    "zero_crossing_rate_mean",
    "chroma_stft_mean",
    "mfcc2_mean",
    "rms_var",
)
SEEDS = range(5)
N_FOLDS = 5


def as_corpus(table: FeatureTable) -> Corpus:
    """The table's clips, grouped by artist where Sturm's index knows one; no audio."""
    artists = known_artists()
    group = {clip: artists.get(clip, clip) for clip in table.clip_ids}
    faults = known_faults()
    pairs = faults[faults["kind"].str.endswith("duplicate")]
    for clip, other in zip(pairs["clip_id"], pairs["same_as"], strict=True):
        old, new = group[clip], group[other]
        group = {c: new if g == old else g for c, g in group.items()}
    genres = [GENRES[k] for k in table.labels]
    columns = {"path": "", "genre": genres, "group": list(group.values()), "seconds": 30.0}
    clips = pd.DataFrame(columns, index=pd.Index(table.clip_ids, name="clip_id"))
    return Corpus("gtzan", GENRES, clips, FileSource())


def spread(table: FeatureTable) -> dict[str, dict[str, list[float]]]:
    """For each feature and genre the values at `QUANTILES`, four digits."""
    found: dict[str, dict[str, list[float]]] = {}
    for name in SHOWN:
        x = table.x[:, table.columns.index(name)]
        by_genre = {g: np.quantile(x[table.labels == k], QUANTILES) for k, g in enumerate(GENRES)}
        found[name] = {g: [float(f"{v:.4g}") for v in values] for g, values in by_genre.items()}
    return found


def correct(table: FeatureTable, model: ClassifierMixin, split: Split) -> tuple[int, int]:
    """How many test clips the model gets right, and how many there are."""
    row = {clip: i for i, clip in enumerate(table.clip_ids)}
    train, test = ([row[c] for c in part] for part in (split.train + split.valid, split.test))
    model = make_pipeline(StandardScaler(), model)
    model.fit(table.x[train], table.labels[train])
    return int((model.predict(table.x[test]) == table.labels[test]).sum()), len(test)


def accuracies(table: FeatureTable) -> list[dict[str, object]]:
    corpus, found = as_corpus(table), []
    models = {
        "linear model": LogisticRegression(max_iter=3000),
        "nearest neighbour": KNeighborsClassifier(1),
    }
    for name, model in models.items():
        for by, words in (("clip", "clips at random"), ("group", "by artist")):
            runs = []
            for seed in SEEDS:
                splits = folds(corpus, N_FOLDS, seed=seed, by=by)
                runs.append(sum(correct(table, model, split)[0] for split in splits))
            found.append({"model": name, "split": words, "correct": runs, "n": len(corpus)})
        right, n = correct(table, model, fault_filtered(corpus))
        found.append({"model": name, "split": "fault-filtered", "correct": [right], "n": n})
    return found


def prepared(x: np.ndarray) -> np.ndarray:
    """Variances on a logarithmic scale; without the means of two waveforms, which are rounding."""
    keep = [c not in ("harmony_mean", "perceptr_mean") for c in Vector57.columns]
    variance = np.array([c.endswith("_var") for c in Vector57.columns])
    return np.where(variance, np.log(np.maximum(x, 1e-12)), x)[:, keep]


def transfer(table: FeatureTable) -> dict[str, object]:
    """Models trained on the clips of the chapter on data, tested on every row of the table."""
    many = synthetic(n_per_genre=36, seconds=5.0)
    few = many.select(clip_ids=many.clips.index[many.clips["group"].str[-2:] < "05"])
    segments = cut(few, Vector57(22_050))
    x, y = prepared(segments.inputs[0].numpy()), segments.y.numpy()
    models = {
        "linear model": LogisticRegression(C=0.1, max_iter=3000),
        "nearest neighbour": KNeighborsClassifier(1),
    }
    correct = {
        name: int(
            (make_pipeline(StandardScaler(), model).fit(x, y).predict(prepared(table.x))
             == table.labels).sum()
        )
        for name, model in models.items()
    }  # fmt: skip
    return {
        "synth_version": SYNTH_VERSION,
        "training clips": len(few),
        "correct": correct,
        "n": len(table),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", type=Path)
    table = kaggle_features(parser.parse_args().table)
    facts = {
        "about": "benchmarks/gtzan_table.py on the public table of GTZAN's 30 s clips, 57 columns; "
        f"{N_FOLDS} folds, one count of correct clips a seed; the fault-filtered split has one.",
        "quantiles": QUANTILES,
        "spread": spread(table),
        "accuracy": accuracies(table),
        "trained on the embedded corpus alone": transfer(table),
    }
    FACTS.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    for row in facts["accuracy"]:
        print(row)
    print(facts["trained on the embedded corpus alone"])


if __name__ == "__main__":
    main()
