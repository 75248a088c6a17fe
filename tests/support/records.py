"""Records to change."""

from __future__ import annotations

from dataclasses import replace

from mgrlib.experiments.record import Record

PREDICTIONS = {
    "genres": ["x", "y"],
    "clip_ids": ["a", "b"],
    "truth": [0, 1],
    "probs": [[0.9, 0.1], [0.2, 0.8]],
}
RECORD = Record(
    source="luo2021/cnn-mel",
    version=1,
    data={"name": "music", "n_clips": 2, "fingerprint": "f"},
    protocol="2 folds by clip",
    seeds=(0, 3),
    metric="accuracy",
    value=0.75,
    low=0.5,
    high=1.0,
    n=2,
    train_accuracy=0.9,
    changes={"epochs": 2},
    details={"curve": (1, 2)},
    runs=({"seed": 0, "split": "fold-0", "predictions": PREDICTIONS},),
    about={"python": "3.11"},
)
WHOLE_GTZAN = replace(RECORD, data={**RECORD.data, "name": "gtzan-table", "n_clips": 999})
