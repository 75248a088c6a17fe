"""Training the networks that the experiments beyond the papers look into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from mgrlib.data.corpus import Corpus, Split
from mgrlib.data.splits import by_group
from mgrlib.evaluation.attacks import FromWaveform, adversarial
from mgrlib.evaluation.predictions import predict
from mgrlib.papers.beyond.recipes import LISTENER, MEL
from mgrlib.segments import Segments
from mgrlib.systems.prepare import Preparation
from mgrlib.training.config import TrainConfig
from mgrlib.training.loop import fit
from mgrlib.training.seeds import seeded

TEST = 1 / 3  # of each genre's artists


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained network with its preparation.

    Args:
        network: from prepared segments (B, F, T) to logits.
        preparation: fitted on the training segments.
        train_accuracy: on the training segments, after training.
    """

    network: nn.Module
    preparation: Preparation
    train_accuracy: float

    @property
    def scale(self) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of each band, (F, 1), in dB."""
        state = self.preparation.states[0]
        return state["mean"], state["std"]

    def on_waveforms(self) -> FromWaveform:
        """The network with its front end, from waveforms (B, N) to logits."""
        return FromWaveform(self.network, MEL, *self.scale).eval()


def artist_split(corpus: Corpus) -> Split:
    """One split by artist, a third of the clips to test."""
    return by_group(corpus, test=TEST, seed=0).check(corpus)


def few_per_artist(corpus: Corpus, clip_ids: Sequence[str], n: int) -> list[str]:
    """The first n of each artist's clips among these."""
    by_artist: dict[str, list[str]] = {}
    for artist, clip_id in zip(corpus.groups(clip_ids), clip_ids, strict=True):
        by_artist.setdefault(artist, []).append(clip_id)
    return [clip_id for ids in by_artist.values() for clip_id in sorted(ids)[:n]]


def decibels(size_db: float, preparation: Preparation) -> torch.Tensor:
    """A size in dB as a size of each standardized band, (F, 1)."""
    return size_db / torch.as_tensor(preparation.states[0]["std"], dtype=torch.float32)


def train(
    segments: Segments,
    seed: int,
    *,
    size_db: float = 0.0,
    n_steps: int = 1,
    config: TrainConfig = LISTENER.config,
) -> Trained:
    """Train the listener on segments that are not yet prepared.

    Args:
        segments: log-mel spectrograms in dB.
        seed: of first weights and training.
        size_db: attacks of this size replace the training clips; 0 trains on the clips as they are.
        n_steps: of each attack.
        config: the training.
    """
    preparation = Preparation.fit(LISTENER.prepare, segments)
    prepared = preparation(segments)
    shapes = [tuple(x.shape[1:]) for x in prepared.inputs]
    with seeded(seed):
        network = LISTENER.network(prepared.n_classes, shapes)
    size = decibels(size_db, preparation)
    augment = adversarial(network, size, n_steps=n_steps) if size_db else None
    settings = {**config.__dict__, "seed": seed}
    fit(network, prepared, config=TrainConfig(**settings), augment=augment)
    accuracy = float(predict(network.eval(), prepared).correct.mean())
    return Trained(network, preparation, accuracy)
