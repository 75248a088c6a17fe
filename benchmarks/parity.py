"""Compare the features with librosa, and with the public table of GTZAN's features.

    python benchmarks/parity.py FOLDER

FOLDER holds `gtzan_sample/genres/GENRE/*.flac` and `kaggle/features_*_sec*.csv.gz`. Writes
`mgrlib/features/parity.json`, which the book shows; the rows on librosa are those of the version
that is installed, and rows of other versions stay as they are.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import librosa
import numpy as np
import pandas as pd
import soundfile

from mgrlib import features as ours
from mgrlib.features.spectrum import check_waveform

PARITY = Path(__file__).resolve().parent.parent / "mgrlib/features/parity.json"
RATE = 22050
SEGMENT = 3 * RATE
SECONDS = 10  # of each clip, beside librosa
CLOSE = 1e-5  # relative; what counts as the same cell of a table
reference = librosa.feature


def power_db(y: np.ndarray) -> np.ndarray:
    return librosa.power_to_db(reference.melspectrogram(y=y, sr=RATE))


def onsets(y: np.ndarray, aggregate: Callable = np.mean) -> np.ndarray:
    return librosa.onset.onset_strength(y=y, sr=RATE, aggregate=aggregate)


def deltas(y: np.ndarray) -> np.ndarray:
    mfcc = reference.mfcc(y=y, sr=RATE, n_mfcc=13)
    return np.concatenate([mfcc, reference.delta(mfcc), reference.delta(mfcc, order=2)])


# What each feature is compared with, and the unit of its values.
PAIRS: dict[str, tuple[object, Callable[[np.ndarray], np.ndarray], str]] = {
    "Stft": (ours.Stft(RATE, scale="magnitude"), lambda y: np.abs(librosa.stft(y)), "magnitude"),
    "LogMel": (ours.LogMel(RATE), power_db, "dB"),
    "Mfcc": (ours.Mfcc(RATE), lambda y: reference.mfcc(y=y, sr=RATE), "dB"),
    "Mfcc with two deltas": (ours.Mfcc(RATE, n_mfcc=13, n_deltas=2), deltas, "dB"),
    "MelRows128": (ours.MelRows128(RATE), lambda y: power_db(y).mean(axis=1), "dB"),
    "Chroma": (ours.Chroma(RATE), lambda y: reference.chroma_stft(y=y, sr=RATE), "1"),
    "SpectralCentroid": (
        ours.SpectralCentroid(RATE),
        lambda y: reference.spectral_centroid(y=y, sr=RATE),
        "Hz",
    ),
    "SpectralBandwidth": (
        ours.SpectralBandwidth(RATE),
        lambda y: reference.spectral_bandwidth(y=y, sr=RATE),
        "Hz",
    ),
    "SpectralRolloff": (
        ours.SpectralRolloff(RATE),
        lambda y: reference.spectral_rolloff(y=y, sr=RATE),
        "Hz",
    ),
    "SpectralFlatness": (
        ours.SpectralFlatness(RATE),
        lambda y: reference.spectral_flatness(y=y),
        "1",
    ),
    "SpectralContrast": (
        ours.SpectralContrast(RATE),
        lambda y: reference.spectral_contrast(y=y, sr=RATE),
        "dB",
    ),
    "ZeroCrossingRate": (
        ours.ZeroCrossingRate(RATE),
        lambda y: reference.zero_crossing_rate(y=y),
        "1",
    ),
    "Rms": (ours.Rms(RATE), lambda y: reference.rms(y=y), "1"),
    "OnsetStrength": (ours.OnsetStrength(RATE), onsets, "dB"),
    "Tempogram": (
        ours.Tempogram(RATE),
        lambda y: reference.tempogram(onset_envelope=onsets(y), sr=RATE, win_length=344),
        "1",
    ),
    "Tempo": (ours.Tempo(RATE), lambda y: reference.tempo(y=y, sr=RATE), "beats/min"),
    "Harmonic": (ours.Harmonic(RATE), lambda y: librosa.effects.harmonic(y=y), "1"),
    "Percussive": (ours.Percussive(RATE), lambda y: librosa.effects.percussive(y=y), "1"),
}


def beside_librosa(clips: dict[str, np.ndarray]) -> list[dict[str, object]]:
    """For each feature: its largest difference, and how much of it agrees to a thousandth."""
    rows = []
    for name, (feature, plain, unit) in PAIRS.items():
        largest, close, scale = 0.0, [], []
        for y in clips.values():
            values, other = feature(y[: SECONDS * RATE]), plain(y[: SECONDS * RATE])
            other = np.reshape(other, values.shape)
            apart, size = np.abs(values - other), np.abs(other)
            largest = max(largest, float(apart.max()))
            close.append(float(np.mean(apart <= 1e-3 * np.maximum(size, np.median(size)))))
            scale.append(float(np.median(size)))
        rows.append(
            {
                "feature": name,
                "unit": unit,
                "typical": float(f"{np.median(scale):.3g}"),
                "largest_difference": short(largest),
                "within_a_thousandth": round(float(np.mean(close)), 5),
            }
        )
    return rows


def beside_table(computed: np.ndarray, published: np.ndarray) -> dict[str, object]:
    """Relative deviations of (rows, 57) values, all together and column by column."""
    apart = np.abs(computed - published) / np.abs(published)
    columns = []
    for i, column in enumerate(ours.Vector57.columns):
        worst = int(apart[:, i].argmax())
        columns.append(
            {
                "column": column,
                "median": short(np.median(apart[:, i])),
                "largest": short(apart[worst, i]),
                "within": round(float(np.mean(apart[:, i] < CLOSE)), 4),
                "worst_value": short(published[worst, i]),
                "typical_value": short(np.median(np.abs(published[:, i]))),
            }
        )
    within = round(float(np.mean(apart < CLOSE)), 4)
    return {"rows": len(computed), "within": within, "columns": columns}


def short(value: float) -> float:
    return float(f"{value:.1e}")


def of_clips(clips: dict[str, np.ndarray], table: pd.DataFrame) -> dict[str, np.ndarray]:
    """Our values of the clips, by the table's names for them."""
    feature = ours.Vector57(RATE)
    names = {name: [f"{name}{end}" for end in (".wav", ".au")] for name in clips}
    return {
        next(n for n in names[name] if n in table.index): feature(y) for name, y in clips.items()
    }


def of_segments(clips: dict[str, np.ndarray], table: pd.DataFrame) -> dict[str, np.ndarray]:
    """Our values of those segments of the clips that are in the table."""
    feature = ours.Vector57(RATE)
    return {
        f"{name}.{i}.wav": feature(y[i * SEGMENT : i * SEGMENT + SEGMENT - 1])
        for name, y in clips.items()
        for i in range(10)
        if f"{name}.{i}.wav" in table.index
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    paths = sorted((folder / "gtzan_sample/genres").glob("*/*.flac"))
    clips = {p.stem: check_waveform(p.stem, soundfile.read(p, dtype="float32")[0]) for p in paths}
    report = json.loads(PARITY.read_text(encoding="utf-8")) if PARITY.exists() else {"librosa": {}}
    report["clips"] = list(clips)
    report["librosa_seconds"] = SECONDS
    report["librosa"][librosa.__version__] = beside_librosa(clips)
    report["close"] = CLOSE
    for key, name, compute in (
        ("clips_30_s", "features_30_sec.csv.gz", of_clips),
        ("segments_3_s", "features_3_sec_classical_jazz_rock.csv.gz", of_segments),
    ):
        table = pd.read_csv(folder / "kaggle" / name).set_index("filename")
        computed = compute(clips, table)
        published = table.loc[list(computed), list(ours.Vector57.columns)].to_numpy(dtype=float)
        report[key] = beside_table(np.array(list(computed.values())), published)
        print(f"{key}: {len(computed)} rows, {report[key]['within']:.2%} of cells within {CLOSE:g}")
    PARITY.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
