"""Facts from the public feature table of GTZAN: the spread of features by genre, accuracy under
four splits, and the accuracy of models that were trained on the embedded corpus alone.

    python benchmarks/gtzan_table.py features_30_sec.csv.gz

Writes `mgrlib/data/facts/gtzan_table.json`, which the chapter on data reads, so that a reader
without GTZAN sees real music beside the embedded corpus. The table is not part of the project.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.base import ClassifierMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from mgrlib.data.corpus import Corpus, Split
from mgrlib.data.gtzan import GENRES
from mgrlib.data.gtzan_artists import repeat_groups
from mgrlib.data.splits import fault_filtered, folds
from mgrlib.data.synthetic import synthetic
from mgrlib.data.tables import FeatureTable, kaggle_features
from mgrlib.evaluation.intervals import over_groups, over_values
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


def corpora(table: FeatureTable) -> dict[str, Corpus]:
    """The table's clips three times, by what is kept together: nothing, recordings, or artists."""
    by_artist = table.corpus()
    ids = list(by_artist.clips.index)
    groups = {"clips at random": ids, "by recording": repeat_groups(ids)}
    by_split = {
        split: replace(by_artist, clips=by_artist.clips.assign(group=group))
        for split, group in groups.items()
    }
    return {**by_split, "by artist": by_artist}


def spread(table: FeatureTable) -> dict[str, dict[str, list[float]]]:
    """For each feature and genre the values at `QUANTILES`, four digits."""
    quantiles: dict[str, dict[str, list[float]]] = {}
    for name in SHOWN:
        x = table.x[:, table.columns.index(name)]
        by_genre = {g: np.quantile(x[table.labels == k], QUANTILES) for k, g in enumerate(GENRES)}
        quantiles[name] = {g: [float(f"{v:.4g}") for v in values] for g, values in by_genre.items()}
    return quantiles


def correct(table: FeatureTable, model: ClassifierMixin, splits: Sequence[Split]) -> np.ndarray:
    """Whether each test clip of the splits is classified correctly, in the table's order."""
    row = {clip: i for i, clip in enumerate(table.clip_ids)}
    right = np.zeros(len(row), bool)
    for split in splits:
        train, test = ([row[c] for c in part] for part in (split.train + split.valid, split.test))
        classifier = make_pipeline(StandardScaler(), clone(model)).fit(
            table.x[train], table.labels[train]
        )
        right[test] = classifier.predict(table.x[test]) == table.labels[test]
    return right


MODELS = {
    "linear model": LogisticRegression(max_iter=3000),
    "nearest neighbor": KNeighborsClassifier(1),
}


def accuracies(table: FeatureTable) -> dict[str, list[dict[str, object]]]:
    """Correct clips by model, split, and seed, and the accuracy lost against random clips.

    `accuracy` has the mean over seeds and its bounds, for which seeds and whole artists are drawn.
    """
    corpus_by_split = corpora(table)
    right = {  # by model and split, (seeds, clips)
        (name, split): np.stack(
            [correct(table, model, folds(corpus, N_FOLDS, seed=seed)) for seed in SEEDS]
        )
        for name, model in MODELS.items()
        for split, corpus in corpus_by_split.items()
    }
    artists = corpus_by_split["by artist"].clips["group"].to_numpy()
    rows: list[dict[str, object]] = [
        {"model": name, "split": split, **counts(hits, artists)}
        for (name, split), hits in right.items()
    ]
    filtered = fault_filtered(corpus_by_split["by artist"])
    tested = np.isin(table.clip_ids, filtered.test)
    for name, model in MODELS.items():
        hits = correct(table, model, [filtered])[None, tested]
        rows.append({"model": name, "split": "fault-filtered", **counts(hits, artists[tested])})
    return {"accuracy": rows, "lost against random clips": losses(right, artists)}


def counts(right: np.ndarray, artists: np.ndarray) -> dict[str, object]:
    """Correct clips for each seed, and the accuracy with its bounds: (seeds, clips), (clips,)."""
    interval = over_values(right.astype(float), artists)
    bounds = [round(v, 4) for v in (interval.value, interval.low, interval.high)]
    return {"correct": right.sum(axis=1).tolist(), "n": right.shape[1], "accuracy": bounds}


def losses(
    right: dict[tuple[str, str], np.ndarray], artists: np.ndarray
) -> list[dict[str, object]]:
    """The accuracy that each model loses by split, and how much more the second model loses.

    The intervals resample whole artists.
    """
    first, second = MODELS
    rows: list[dict[str, object]] = []
    for split in ("by recording", "by artist"):
        loss = {
            name: right[name, "clips at random"].mean(axis=0) - right[name, split].mean(axis=0)
            for name in MODELS
        }
        more = {**loss, f"{second} more than {first}": loss[second] - loss[first]}
        for name, values in more.items():
            interval = over_groups(values, artists)
            bounds = [round(v, 4) for v in (interval.value, interval.low, interval.high)]
            rows.append({"model": name, "split": split, "loss": bounds})
    return rows


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
        "nearest neighbor": KNeighborsClassifier(1),
    }
    artists = table.corpus().clips["group"].to_numpy()
    results = {}
    for name, model in models.items():
        classifier = make_pipeline(StandardScaler(), model).fit(x, y)
        right = classifier.predict(prepared(table.x)) == table.labels
        results[name] = counts(right[None], artists)
    return {"synth_version": SYNTH_VERSION, "training clips": len(few), "models": results}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("table", type=Path)
    table = kaggle_features(parser.parse_args().table)
    facts = {
        "about": "benchmarks/gtzan_table.py on the public table of GTZAN's 30 s clips, 57 columns; "
        f"{N_FOLDS} folds, one count of correct clips per seed; the fault-filtered split has one.",
        "quantiles": QUANTILES,
        "spread": spread(table),
        **accuracies(table),
        "trained on the embedded corpus alone": transfer(table),
    }
    FACTS.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    for row in facts["accuracy"]:
        print(row)
    print(facts["trained on the embedded corpus alone"])


if __name__ == "__main__":
    main()
