"""Training the networks that the experiments beyond the papers look into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import nn

from mgrlib.data.corpus import Corpus, Split
from mgrlib.data.splits import by_group
from mgrlib.evaluation.attacks import FromWaveform, adversarial
from mgrlib.papers.beyond.recipes import LISTENER, MEL
from mgrlib.segments import Segments
from mgrlib.systems.learn import learn
from mgrlib.systems.learners import Network
from mgrlib.systems.prepare import Preparation
from mgrlib.systems.recipe import Recipe
from mgrlib.systems.system import System
from mgrlib.training.config import TrainConfig
from mgrlib.training.loop import Augment

TEST = 1 / 3  # of each genre's artists


@dataclass(frozen=True, eq=False)
class Adversarial(Network):
    """A network that is trained on attacks on itself.

    Args:
        size: of the attacks, for each standardized band, (F, 1).
        n_steps: of each attack.
    """

    size: torch.Tensor | float = 0.0
    n_steps: int = 1

    def augment(self, recipe: Recipe, network: nn.Module) -> Augment:
        """Replaces each batch by attacks on the network as it is now."""
        return adversarial(network, self.size, n_steps=self.n_steps)


def on_waveforms(system: System) -> FromWaveform:
    """The listener with its front end, from waveforms (B, N) to logits."""
    state = system.preparation.states[0]
    return FromWaveform(system.network, MEL, state["mean"], state["std"]).eval()


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
) -> System:
    """Train the listener on segments that are not yet prepared.

    Args:
        segments: log-mel spectrograms in dB.
        seed: of first weights and training.
        size_db: attacks of this size replace the training clips; 0 trains on the clips as they are.
        n_steps: of each attack.
        config: the training.
    """
    recipe = replace(LISTENER, config=config)
    if size_db:
        size = decibels(size_db, Preparation.fit(LISTENER.prepare, segments))
        recipe = replace(recipe, learner=Adversarial(size=size, n_steps=n_steps))
    return learn(recipe, segments, seed=seed)
