"""Our tagger: a small CRNN that has learned 44 tags of the embedded corpus' music.

The source task is that of the published taggers, in small: instruments, tempo, mode, mood and
voices of music by artists of other worlds than those that are tested. The weights that came of it
are a file of the package, 130 kB; `mgrlib run reddy2024/tagger` makes them again.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import torch
from torch import nn

from mgrlib.data.corpus import Corpus
from mgrlib.data.synthetic import tags
from mgrlib.models.reddy2024 import Crnn
from mgrlib.segments import Segments
from mgrlib.synth.tags import INSTRUMENT_TAGS, MODE_TAGS, MOOD_TAGS, TAGS, TEMPO_TAGS, VOICE_TAGS
from mgrlib.training.checkpoints import load_weights
from mgrlib.training.seeds import seeded

__all__ = [
    "TAGGER_SHA256",
    "TAG_GROUPS",
    "WIDTHS",
    "embedded_tagger",
    "small_crnn",
    "untrained_tagger",
    "with_tags",
]

WIDTHS = (12, 24, 48, 64)
"""Of the small CRNN's blocks; the paper's are 64, 128, 128 and 128."""

TAGGER_SHA256 = "41ff793e341f983c8f5bd9f0f9379c5ed772610db389b3fba5b362ad96b3822e"
"""Of the weights that come with the package."""

TAG_GROUPS = {
    "instruments": INSTRUMENT_TAGS,
    "tempo": TEMPO_TAGS,
    "mode": MODE_TAGS,
    "mood": MOOD_TAGS,
    "voices": VOICE_TAGS,
}


LAYERS = ("frame_norm", *(f"blocks.{i}" for i in range(4)), "gru1", "gru2", "linear")
"""The layers of the small CRNN that have parameters, in order of execution."""


def small_crnn(n_classes: int, *, widths: tuple[int, ...] = WIDTHS) -> Crnn:
    """The paper's CRNN on 6.6 seconds, (96, 310), with narrower layers."""
    return Crnn(n_classes, (96, 310), widths=widths)


def embedded_tagger(sha256: str = TAGGER_SHA256) -> nn.Module:
    """The tagger that comes with the package: logits of 44 tags of 6.6 s, (B, 96, 310).

    Raises:
        ChecksumError: the file is not the one that this version was made with.
    """
    path = Path(str(files("mgrlib.papers.reddy2024"))) / "weights" / "tagger.pt"
    return load_weights(path, small_crnn(len(TAGS)), sha256=sha256).eval()


def untrained_tagger(seed: int = 0) -> nn.Module:
    """The same network with first weights."""
    with seeded(seed):
        return small_crnn(len(TAGS)).eval()


def with_tags(corpus: Corpus, segments: Segments) -> Segments:
    """The segments with tags (S, 44) in place of genres: the clips must be of our own music."""
    table = torch.tensor(tags(corpus).loc[list(segments.clip_ids)].to_numpy(), dtype=torch.float32)
    return replace(segments, y=table[segments.clip], genres=TAGS)
