"""A network, a recipe and a corpus that train in a moment."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import soundfile as sf
import torch
from torch import nn

from mgrlib.data.audio import FileSource
from mgrlib.data.corpus import Corpus
from mgrlib.features import LogMel
from mgrlib.segments import Cut
from mgrlib.systems import Recipe
from mgrlib.systems.prepare import Standardize
from mgrlib.training import TrainConfig

RATE = 8000
MEL = LogMel(RATE, n_fft=256, hop_length=128, n_mels=8)


class Tiny(nn.Module):
    """The mean over time, and two linear layers with dropout between them."""

    def __init__(self, n_classes: int, input_shape: tuple[int, int], *, width: int = 4) -> None:
        super().__init__()
        self.hidden = nn.Linear(input_shape[0], width)
        self.drop = nn.Dropout(0.1)
        self.linear = nn.Linear(width, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, F, T) -> logits (B, K)."""
        return self.linear(self.drop(torch.relu(self.hidden(x.mean(2)))))


TINY = Recipe(
    "luo2021/tiny",
    "Tiny",
    (MEL,),
    Tiny,
    TrainConfig(epochs=15, batch_size=8, lr=0.05),
    cut=Cut(0.25),
    prepare=(Standardize(),),
)


def clips_of_tones_and_noise(folder: Path, *, seconds: float = 0.5, n_artists: int = 6) -> Corpus:
    """Twelve clips in two genres."""
    rng = np.random.default_rng(0)
    time = np.arange(round(seconds * RATE)) / RATE
    rows = []
    for i in range(12):
        genre = ("tone", "noise")[i % 2]
        y = 0.3 * np.sin(2 * np.pi * (150 + 10 * i) * time) if genre == "tone" else 0.0
        path = folder / f"{genre}{i}.wav"
        sf.write(path, y + 0.01 * rng.standard_normal(len(time)) * (1 + 9 * (i % 2)), RATE)
        rows.append((path.stem, str(path), genre, f"artist{i % n_artists}", seconds))
    table = pd.DataFrame(rows, columns=["clip_id", "path", "genre", "group", "seconds"])
    return Corpus("tiny", ("tone", "noise"), table.set_index("clip_id"), FileSource())
