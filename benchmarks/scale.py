"""Peak memory and time of training on 100, 1,000 and 8,000 clips, under three gigabytes.

    python -m benchmarks.scale [--clips 100 1000 8000] [--json FILE] [--limit-mb 3000]

Each size has a process of its own, whose address space is limited as by `ulimit -v`, and a store of
its own, which is deleted afterwards (8,000 clips need 4.2 GB of disk). The process writes the
log-mel spectrogram of every clip, (128, 1024) values, to the store, trains the residual network of
Luo (2021) on 80 % of the clips for one epoch, and predicts the others.

The spectrograms are those of ten clips of the embedded corpus, one per genre, under many names:
each is one of the ten, rotated in time by a number of frames of its own. So every clip has its own
values and its own file, and only the time to compose music and to compute spectrograms is saved;
`benchmarks/features.py` measures the latter.

Nothing is held in memory at any size (`MGRLIB_MEMORY_MB=0`), so that the three sizes do the same
work; by default, the arrays of 100 clips would be. Seconds are processor seconds, so that other
programs on the computer count little; wall seconds are in the file too. `waiting` is the fraction
of the training's wall time for which the network waited for its next batch.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd

SIZES = (100, 1000, 8000)
LIMIT_MB = 3000
RATE = 22_050
RECIPE = "luo2021/resnet-mel-scaled"
RESULTS = Path(__file__).parent / "results/scale.json"


@cache
def spectrogram(genre: int) -> np.ndarray:
    """The log-mel spectrogram of the first embedded clip of a genre, (128, 1024)."""
    from mgrlib import papers
    from mgrlib.data.synthetic import synthetic

    corpus = synthetic(1)
    feature = papers.recipe(RECIPE).features[0]
    return np.asarray(feature(corpus.audio(corpus.clips.index[genre], RATE)))


@dataclass(frozen=True)
class Rotated:
    """A feature: the spectrogram of the genre in the first sample, rotated by the second sample."""

    sample_rate: int = RATE
    key: str = "rotated-v1"

    def __call__(self, y: np.ndarray) -> np.ndarray:
        """(2,) -> (128, 1024)."""
        return np.roll(spectrogram(int(y[0])), int(y[1]), axis=1)

    def shape(self, seconds: float) -> tuple[int, ...]:
        """The shape of every clip."""
        return (128, 1024)


@dataclass(frozen=True)
class Numbers:
    """An audio source whose waveforms are two numbers, of the genre and of the copy."""

    def audio(self, row: pd.Series, sample_rate: int) -> np.ndarray:
        """The two numbers, (2,)."""
        return np.array([row["number"], row["copy"]], dtype=np.float32)

    def fingerprint(self, row: pd.Series) -> str:
        """The two numbers."""
        return f"benchmark of scale, {row['number']} {row['copy']}"


def clips(n: int) -> Any:
    """A corpus of n clips in ten genres."""
    from mgrlib.data.corpus import Corpus
    from mgrlib.synth import GENRES

    ids = [f"{GENRES[i % 10]}.{i // 10:05d}" for i in range(n)]
    table = pd.DataFrame(
        {
            "path": "",
            "genre": [GENRES[i % 10] for i in range(n)],
            "group": ids,
            "seconds": 30.0,
            "number": [i % 10 for i in range(n)],
            "copy": [i // 10 for i in range(n)],
        },
        index=pd.Index(ids, name="clip_id"),
    )
    return Corpus(f"rotated-{n}", GENRES, table, Numbers())


class Waiting:
    """Stands in for `loop.shared_batches`, and adds up how long its caller waits."""

    def __init__(self, batches: Any) -> None:
        self.batches, self.seconds = batches, 0.0

    def __call__(self, *args: Any, **options: Any) -> Iterator[Any]:
        """The same batches."""
        iterator = self.batches(*args, **options)
        while True:
            started = time.perf_counter()
            batch = next(iterator, None)
            self.seconds += time.perf_counter() - started
            if batch is None:
                return
            yield batch


class Clock:
    """Processor and wall seconds of the parts of a run."""

    def __init__(self) -> None:
        self.last = (time.process_time(), time.perf_counter())
        self.parts: dict[str, tuple[float, float]] = {}

    def stop(self, part: str) -> None:
        """Name what was done since the last stop."""
        now = (time.process_time(), time.perf_counter())
        self.parts[part] = (now[0] - self.last[0], now[1] - self.last[1])
        self.last = now


def measured(n: int) -> dict[str, Any]:
    """Fill the store, train and predict in this process."""
    import torch

    from mgrlib import papers
    from mgrlib.segments import cut
    from mgrlib.systems import learn
    from mgrlib.training import loop

    torch.set_num_threads(1)
    recipe, corpus = replace(papers.recipe(RECIPE), features=(Rotated(),)), clips(n)
    for genre in range(len(corpus.genres)):
        spectrogram(genre)
    clock = Clock()
    segments = cut(corpus, *recipe.features, how=recipe.cut)
    clock.stop("store")
    ids = np.random.default_rng(0).permutation(corpus.clips.index)
    train, test = segments.of(ids[: n * 4 // 5]), segments.of(ids[n * 4 // 5 :])
    with mock.patch.object(loop, "shared_batches", Waiting(loop.shared_batches)) as waiting:
        system = learn(recipe, train, epochs=1)
    clock.stop("training")
    system.predict(test)
    clock.stop("prediction")
    cpu, wall = (sum(part[k] for part in clock.parts.values()) for k in (0, 1))
    return {
        "clips": n,
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "seconds": round(cpu, 2),
        "wall_seconds": round(wall, 2),
        "waiting": round(waiting.seconds / system.about["seconds"], 4),
        **{f"{name}_seconds": round(part[0], 2) for name, part in clock.parts.items()},
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
    }


def in_a_process(n: int, limit_mb: int) -> dict[str, Any]:
    """Measure one size in a process of its own, with an empty store."""
    with tempfile.TemporaryDirectory(prefix="mgrlib-scale-") as store:
        environment = {**os.environ, "MGRLIB_HOME": store, "MGRLIB_MEMORY_MB": "0"}
        environment["OMP_NUM_THREADS"] = "1"
        # glibc raises this threshold by itself, and then keeps what a network freed: how much
        # depends on the order of requests, and grows a little with their number.
        environment["MALLOC_MMAP_THRESHOLD_"] = str(4 << 20)
        command = [sys.executable, "-m", "benchmarks.scale", "--one", str(n)]

        def limit() -> None:
            resource.setrlimit(resource.RLIMIT_AS, (limit_mb << 20, limit_mb << 20))

        done = subprocess.run(
            command,
            env=environment,
            preexec_fn=limit,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return {**json.loads(done.stdout.splitlines()[-1]), "limit_mb": limit_mb}


def main() -> None:
    """Print one line per size, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--json", type=Path, default=RESULTS)
    parser.add_argument("--limit-mb", type=int, default=LIMIT_MB)
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(measured(args.one)))
        return
    rows = []
    for n in args.clips:
        row = in_a_process(n, args.limit_mb)
        rows.append(row)
        print(
            f"{n:>6} clips: peak {row['peak_mb']:.0f} MB, {row['seconds']:.1f} processor seconds "
            f"({1000 * row['seconds'] / n:.1f} ms per clip), {row['waiting']:.1%} of the training "
            "spent waiting for data",
            flush=True,
        )
    args.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
