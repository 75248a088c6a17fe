"""Our taggers: a small CRNN and a small CNN that learned 44 tags of the embedded corpus' music.

The source task is that of the published taggers, in small: instruments, tempo, mode, mood and
voices of music by artists of other worlds than those that are tested. The weights that came of it
are two files of the package of about 130 kB each; `mgrlib run reddy2024/tagger` and
`mgrlib run reddy2024/tagger-cnn` make them again.

What the paper leaves open and what we chose:

- *The small CNN.* Five blocks as in the paper, with widths that give it about as many parameters as
  the small CRNN. Its poolings divide 310 frames by 3 where the paper's divide 1366 by 4 and 5.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Literal

import torch
from torch import nn

from mgrlib.data.corpus import Corpus
from mgrlib.data.synthetic import tags
from mgrlib.models.reddy2024 import Crnn, Fcn5
from mgrlib.segments import Segments
from mgrlib.synth.tags import INSTRUMENT_TAGS, MODE_TAGS, MOOD_TAGS, TAGS, TEMPO_TAGS, VOICE_TAGS
from mgrlib.training.checkpoints import load_weights
from mgrlib.training.seeds import seeded

WIDTHS = (12, 24, 48, 64)
"""Of the small CRNN's blocks; the paper's are 64, 128, 128 and 128."""

CNN_OPTIONS = {"widths": (8, 32, 32, 48, 64), "pools": ((2, 3), (2, 3), (2, 3), (3, 3))}
"""Of the small CNN; the paper's widths are up to 256."""

TAGGER_SHA256 = "41ff793e341f983c8f5bd9f0f9379c5ed772610db389b3fba5b362ad96b3822e"
"""Of the CRNN's weights that come with the package."""

CNN_SHA256 = "079151a93c54ca31cd76b575ebe7a5698fb4c05ddb3b5f98e2a050baec97085f"
"""Of the CNN's weights that come with the package."""

Kind = Literal["CRNN", "CNN"]
FILES = {"CRNN": "tagger.pt", "CNN": "tagger_cnn.pt"}

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


def small_cnn(n_classes: int) -> Fcn5:
    """The paper's CNN on 6.6 seconds, (96, 310), with narrower layers and smaller poolings."""
    return Fcn5(n_classes, (96, 310), **CNN_OPTIONS)  # type: ignore[arg-type]


def small_network(kind: Kind, n_classes: int) -> nn.Module:
    """The small CRNN or the small CNN, with first weights."""
    return small_crnn(n_classes) if kind == "CRNN" else small_cnn(n_classes)


def embedded_tagger(sha256: str = TAGGER_SHA256, *, kind: Kind = "CRNN") -> nn.Module:
    """A tagger that comes with the package: logits of 44 tags of 6.6 s, (B, 96, 310).

    Raises:
        ChecksumError: the file is not the one that this version was made with.
    """
    path = Path(str(files("mgrlib.papers.reddy2024"))) / "weights" / FILES[kind]
    return load_weights(path, small_network(kind, len(TAGS)), sha256=sha256).eval()


def untrained_tagger(seed: int = 0, *, kind: Kind = "CRNN") -> nn.Module:
    """The same network with first weights."""
    with seeded(seed):
        return small_network(kind, len(TAGS)).eval()


def with_tags(corpus: Corpus, segments: Segments) -> Segments:
    """The segments with tags (S, 44) in place of genres: the clips must be of our own music."""
    table = torch.tensor(tags(corpus).loc[list(segments.clip_ids)].to_numpy(), dtype=torch.float32)
    return replace(segments, y=table[segments.clip], genres=TAGS)
