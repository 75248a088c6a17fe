"""Measure the speed of the features and of plain librosa calls in one run, on one thread.

    python benchmarks/features.py [--clips FOLDER] [--repeats 5] [--json FILE]

Times are processor seconds of the calling thread, the best of several rounds in which the two take
turns, so that a busy machine slows both alike. Without a folder of audio the sound is synthetic.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import librosa
import numpy as np
import pandas as pd
import scipy
import soundfile
from threadpoolctl import threadpool_limits

from mgrlib.data.corpus import Corpus
from mgrlib.features import LogMel, Mfcc, Vector26, Vector57
from mgrlib.segments import Cut, cut

RATE = 22050
CLIP_SECONDS = 30
SEGMENT = 3 * RATE
FMA_LARGE = 106_574  # clips of 30 s in the largest public corpus with genres


def synthetic_clip(seed: int) -> np.ndarray:
    """Thirty seconds of decaying chords, clicks on the beat and hiss."""
    rng = np.random.default_rng(seed)
    seconds = np.arange(CLIP_SECONDS * RATE) / RATE
    since_beat = seconds % 0.5
    pitches = rng.uniform(110, 440, size=(16, 3))[(seconds // 2).astype(int) % 16]
    tones = np.sin(2 * np.pi * pitches * seconds[:, np.newaxis]).sum(axis=1)
    clicks = rng.normal(size=seconds.size) * np.exp(-60 * since_beat)
    sound = 0.2 * tones * np.exp(-4 * since_beat) + 0.2 * clicks
    return (sound + 0.01 * rng.normal(size=seconds.size)).astype(np.float32)


def load_clips(folder: Path | None, n_clips: int) -> list[np.ndarray]:
    if folder is None:
        return [synthetic_clip(seed) for seed in range(n_clips)]
    paths = sorted(path for path in folder.rglob("*") if path.suffix in {".flac", ".wav", ".au"})
    every = max(1, len(paths) // n_clips)
    return [soundfile.read(path, dtype="float32")[0] for path in paths[::every][:n_clips]]


def segments_of(y: np.ndarray) -> list[np.ndarray]:
    return [y[i : i + SEGMENT - 1] for i in range(0, len(y) - SEGMENT + 2, SEGMENT)]


def plain_log_mel(y: np.ndarray) -> np.ndarray:
    return librosa.power_to_db(librosa.feature.melspectrogram(y=y, sr=RATE))


def plain_mfcc(y: np.ndarray) -> np.ndarray:
    return librosa.feature.mfcc(y=y, sr=RATE)


def plain_vector26(y: np.ndarray) -> np.ndarray:
    feature = librosa.feature
    parts = [
        feature.tempo(y=y, sr=RATE),
        feature.zero_crossing_rate(y),
        feature.spectral_centroid(y=y, sr=RATE),
        feature.spectral_flatness(y=y),
        feature.chroma_stft(y=y, sr=RATE),
        feature.spectral_contrast(y=y, sr=RATE),
    ]
    means = [np.mean(part) for part in parts]
    return np.array([*means, *feature.mfcc(y=y, sr=RATE).mean(axis=1)])


def plain_vector57(y: np.ndarray) -> np.ndarray:
    feature, pad = librosa.feature, {"pad_mode": "reflect"}
    stft = librosa.stft(y, **pad)
    rows = [
        feature.chroma_stft(y=y, sr=RATE, **pad),
        feature.rms(y=y, **pad),
        feature.spectral_centroid(y=y, sr=RATE, **pad),
        feature.spectral_bandwidth(y=y, sr=RATE, **pad),
        feature.spectral_rolloff(y=y, sr=RATE, **pad),
        feature.zero_crossing_rate(y),
        *(
            librosa.util.fix_length(librosa.istft(part), size=len(y))
            for part in librosa.decompose.hpss(stft)
        ),
    ]
    onsets = librosa.onset.onset_strength(y=y, sr=RATE, aggregate=np.median, **pad)
    tempo = feature.tempo(onset_envelope=onsets, sr=RATE)
    values = [moment for row in rows for moment in (row.mean(), row.var())]
    mfcc = feature.mfcc(y=y, sr=RATE, **pad)
    return np.array(
        [*values, *tempo, *np.stack([mfcc.mean(axis=1), mfcc.var(axis=1)], axis=1).ravel()]
    )


def measure(
    package: Callable[[np.ndarray], np.ndarray],
    plain: Callable[[np.ndarray], np.ndarray],
    sounds: list[np.ndarray],
    repeats: int,
) -> dict[str, float]:
    """Milliseconds per sound of both, their ratio, and the largest deviation in units of ours."""
    best = {package: float("inf"), plain: float("inf")}
    package(sounds[0]), plain(sounds[0])
    for _ in range(repeats):
        for function in best:
            total = 0.0
            for sound in sounds:
                start = time.thread_time()
                function(sound)
                total += time.thread_time() - start
            best[function] = min(best[function], total / len(sounds))
    deviation = max(float(np.median(relative(package(y), plain(y)))) for y in sounds)
    return {
        "ours_ms": round(1000 * best[package], 2),
        "librosa_ms": round(1000 * best[plain], 2),
        "ratio": round(best[plain] / best[package], 2),
        "median_relative_deviation": float(f"{deviation:.1e}"),
    }


def relative(package: np.ndarray, plain: np.ndarray) -> np.ndarray:
    return np.abs(package - plain) / np.maximum(np.abs(plain), 1e-6)


def vector57_of_segments(y: np.ndarray) -> np.ndarray:
    return np.stack([Vector57(RATE)(segment) for segment in segments_of(y)])


def plain_vector57_of_segments(y: np.ndarray) -> np.ndarray:
    return np.stack([plain_vector57(segment) for segment in segments_of(y)])


def wall_seconds(n_processes: int, sounds: list[np.ndarray]) -> float:
    """Seconds to compute `Vector57` of all sounds by a number of processes, without start-up."""
    context = get_context("spawn")
    with ProcessPoolExecutor(
        n_processes, mp_context=context, initializer=threadpool_limits, initargs=(1,)
    ) as pool:
        list(pool.map(vector57_of_segments, [sounds[0]] * n_processes))
        start = time.perf_counter()
        list(pool.map(vector57_of_segments, sounds))
        return time.perf_counter() - start


def two_processes_ratio(clips: list[np.ndarray]) -> float:
    """The factor by which two processes are faster than one, in wall-clock time."""
    many = clips * max(1, 16 // len(clips))
    return round(wall_seconds(1, many) / wall_seconds(2, many), 2)


@dataclass(frozen=True)
class Repeated:
    """A few sounds as the clips of a large corpus."""

    sounds: tuple[np.ndarray, ...]

    def audio(self, row: pd.Series, sample_rate: int) -> np.ndarray:
        return self.sounds[row["number"] % len(self.sounds)]

    def fingerprint(self, row: pd.Series) -> str:
        return f"clip {row['number']}"


def stored(clips: list[np.ndarray], repeats: int, n_clips: int = 100) -> dict[str, object]:
    """The store read back by `cut`, beside `np.load` by memory map and a copy of the same bytes."""
    table = pd.DataFrame({"path": "", "genre": ["a", "b"] * (n_clips // 2), "seconds": 30.0})
    table = table.assign(number=table.index, group=table.index.astype(str))
    table.index = pd.Index([f"clip {i}" for i in table.index], name="clip_id")
    corpus = Corpus("repeated", ("a", "b"), table, Repeated(tuple(clips)))
    segments = Cut(2.99, hop_seconds=3.0)
    results: dict[str, object] = {}
    for name, feature, how in (
        ("log_mel, 30 s", LogMel(RATE, n_frames=1024), Cut()),
        ("vector57, ten segments of 3 s", Vector57(RATE), segments),
    ):
        with tempfile.TemporaryDirectory() as folder:
            os.environ["MGRLIB_HOME"] = folder
            stack = cut(corpus, feature, how=how).inputs[0].numpy()
            files = sorted(Path(folder).rglob("*.npy"))
            package, plain = in_turns(
                lambda feature=feature, how=how: cut(corpus, feature, how=how),
                lambda files=files, shape=stack.shape: read_by_map(files, shape),
                repeats,
            )
        results[name] = {
            "ours_us_a_clip": round(1e6 * package / n_clips),
            "map_us_a_clip": round(1e6 * plain / n_clips),
            "ratio": round(plain / package, 2),
            "gigabytes_per_second": round(stack.nbytes / package / 1e9, 2),
        }
        print(f"store, {name:30s} {plain / package:5.2f}x a memory map and a copy")
    return results


def in_turns(
    first: Callable[[], object], second: Callable[[], object], repeats: int
) -> tuple[float, float]:
    """Processor seconds of both, the best of several rounds."""
    best = [float("inf")] * 2
    for _ in range(repeats):
        for i, function in enumerate((first, second)):
            start = time.thread_time()
            function()
            best[i] = min(best[i], time.thread_time() - start)
    return best[0], best[1]


def read_by_map(files: list[Path], shape: tuple[int, ...]) -> np.ndarray:
    values, start = np.empty(shape, dtype=np.float32), 0
    for path in files:
        stack = np.load(path, mmap_mode="r")
        values[start : start + len(stack)] = stack
        start += len(stack)
    return values


def run(clips: list[np.ndarray], repeats: int) -> dict[str, object]:
    pairs = {
        "log_mel, 30 s": (LogMel(RATE), plain_log_mel),
        "mfcc, 30 s": (Mfcc(RATE), plain_mfcc),
        "vector26, 30 s": (Vector26(RATE), plain_vector26),
        "vector57, 30 s": (Vector57(RATE), plain_vector57),
        "vector57, ten segments of 3 s": (vector57_of_segments, plain_vector57_of_segments),
    }
    results = {}
    for name, (package, plain) in pairs.items():
        result = measure(package, plain, clips, repeats)
        per_second = 1000 / result["ours_ms"]
        result["clips_per_second"] = round(per_second, 1)
        result["fma_large_hours"] = round(FMA_LARGE / per_second / 3600, 2)
        results[name] = result
        print(
            f"{name:30s} librosa {result['librosa_ms']:7.1f} ms  mgrlib {result['ours_ms']:6.1f} ms"
            f"  {result['ratio']:5.1f}x  {per_second:5.1f} clips/s"
            f"  FMA-large {result['fma_large_hours']:5.2f} h"
        )
    return results


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=Path, help="a folder of 22,050 Hz audio")
    parser.add_argument("--n-clips", type=int, default=4)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--json", type=Path, help="where to write the results")
    arguments = parser.parse_args()
    threadpool_limits(1)
    load_before = os.getloadavg()  # a busy machine slows both sides; two processes most of all
    clips = load_clips(arguments.clips, arguments.n_clips)
    results = run(clips, arguments.repeats)
    store = stored(clips, 3 * arguments.repeats)
    two = two_processes_ratio(clips) if load_before[0] < 1.0 else None
    if two is None:
        print(f"two processes: not measured, other processes are busy (load {load_before[0]:.1f})")
    else:
        print(f"two processes: {two:.2f}x of one (wall clock, {os.cpu_count()} cores)")
    if arguments.json:
        versions = {module.__name__: module.__version__ for module in (librosa, np, scipy)}
        report = {
            "source": "synthetic" if arguments.clips is None else arguments.clips.name,
            "n_clips": len(clips),
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
            "load_average": [round(load, 1) for load in load_before],
            "versions": {"python": platform.python_version(), **versions},
            "results": results,
            "store": store,
            "two_processes_ratio": two,
        }
        arguments.json.parent.mkdir(parents=True, exist_ok=True)
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
