"""Prints the peak memory of learning from some number of clips, in kB; a test runs it.

    python peak_memory.py CLIPS

Every clip is a stack of 256 kB in the store. Linux counts the peak since the program began.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import nn

from benchmarks.scale import RATE, clips
from mgrlib.evaluation.predictions import predict
from mgrlib.segments import cut, standardize
from mgrlib.training import TrainConfig, fit


@dataclass(frozen=True)
class Noise:
    """A feature: (128, 512) values that the two numbers of a clip choose."""

    sample_rate: int = RATE
    key: str = "noise-v1"

    def __call__(self, y: np.ndarray) -> np.ndarray:
        """(2,) -> (128, 512)."""
        rng = np.random.default_rng(y.astype(int).tolist())
        return rng.random((128, 512), dtype=np.float32)

    def shape(self, seconds: float) -> tuple[int, ...]:
        """The shape of every clip."""
        return (128, 512)


def main() -> None:
    """Learn from four fifths of the clips, and predict the others."""
    corpus = clips(int(sys.argv[1]))
    segments, ids = cut(corpus, Noise()), list(corpus.clips.index)
    n_train = len(ids) * 4 // 5
    train, test = standardize(segments.of(ids[:n_train]), segments.of(ids[n_train:]))
    model = nn.Sequential(nn.Flatten(), nn.Linear(128 * 512, len(corpus.genres)))
    fit(model, train, config=TrainConfig(epochs=1, batch_size=16))
    predict(model, test, batch_size=16)
    status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    print(next(line.split()[1] for line in status if line.startswith("VmHWM:")))


if __name__ == "__main__":
    main()
