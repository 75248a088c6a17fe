"""The published taggers, loaded: Choi's CNN and CRNN of 50 tags, Jiménez and José's of ten genres.

A `Reading` says how a file's statistics are to be understood and what its input was. It is a
property of each file, named and never guessed; where the file holds evidence of its own (padded
frames, whose variance is known to be zero), loading fails if name and evidence disagree.
"calibrated" is the reading a file was trained with. "readme" is the other one, with which the
numbers in Choi's README were printed: it reproduces those numbers and is good for nothing else.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import nn

from mgrlib.errors import ShapeError, StorageError, explain, some
from mgrlib.models.keras1 import network_of, read_keras1, stored_statistic
from mgrlib.models.modes import evaluating
from mgrlib.models.published import FILES, README, Reading, WeightsFile, checked, find
from mgrlib.models.reddy2024 import Crnn, Fcn5, pooled

__all__ = ["Tagger", "fold_norms", "layer_vectors", "load_tagger", "pooled_layers"]


def load_tagger(
    file: str | WeightsFile,
    *,
    reading: Reading | Literal["calibrated", "readme"] = "calibrated",
    source: str | os.PathLike[str] | None = None,
) -> Tagger:
    """A published tagger, or one written by `write_keras1`, ready for use or fine-tuning.

    Args:
        file: a key of `FILES`, or the description of a file of your own, given as `source`.
        reading: "calibrated" is the file's own; "readme" is the one that Choi's README was printed
            with, whatever the file; or any other, to see what it does.
        source: where the file is, as in `find`.

    Raises:
        ChecksumError, DownloadError, StorageError: as `find`.
        ShapeError: the file's arrays do not fit together.
    """
    if isinstance(file, str):
        path = find(file, source)
        if file not in FILES:
            raise StorageError(explain("load_tagger", f"one of {', '.join(FILES)}", repr(file)))
        file = FILES[file]
    elif source is None:
        raise StorageError(explain("load_tagger", "the path of your file as `source`", "none"))
    else:
        path = checked(Path(source), file)
    weights = read_keras1(path)
    evidence = stored_statistic(weights)
    if evidence not in (None, file.reading.statistic):
        named = f"padded frames that fit the statistic {file.reading.statistic!r} named for it"
        raise StorageError(explain(str(path), named, f"those of a {evidence}"))
    if not isinstance(reading, Reading):
        reading = file.reading if reading == "calibrated" else README
    return Tagger(file, reading, network_of(weights, file, reading))


@dataclass(frozen=True, eq=False)
class Tagger:
    """A loaded network with what must be known to use it.

    Args:
        file: where it comes from; `file.classes` names its outputs.
        reading: how its statistics were read; `reading.scale` is the scale that its input must
            have.
        network: in evaluation mode; take it for fine-tuning as any other module.
    """

    file: WeightsFile
    reading: Reading
    network: Crnn | Fcn5

    def __call__(self, x: Any, *, batch_size: int = 4) -> torch.Tensor:
        """(B, F, T) mel spectrograms in the reading's scale -> the sigmoid of each output, (B, K).

        Tags are not exclusive, and their values do not sum to 1.
        """
        x = torch.as_tensor(x, dtype=torch.float32)
        with torch.inference_mode():
            return torch.cat([self.network(part).sigmoid() for part in x.split(batch_size)])

    def top(self, x: Any, n: int = 10) -> list[tuple[str, float]]:
        """The `n` likeliest tags of one clip, (F, T), with their values."""
        values, where = self(torch.as_tensor(x)[None])[0].topk(n)
        return [(self.file.classes[i], float(v)) for i, v in zip(where, values, strict=True)]

    def folded(self) -> Tagger:
        """The same tagger with its batch normalisation folded: faster, not to be trained."""
        return Tagger(self.file, self.reading, fold_norms(self.network))


def fold_norms(network: Crnn | Fcn5) -> Crnn | Fcn5:
    """A copy whose convolutions do their batch normalisation as well, for evaluation only.

    gamma (W x + b - mean) / s + beta is a convolution again, with the kernel gamma W / s. The
    normalisation of frames stays: it comes before a convolution that pads with zeros.
    """
    folded = copy.deepcopy(network).eval()
    block: Any
    for block in folded.blocks:
        norm = block.norm
        gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)  # (C,)
        with torch.no_grad():
            block.conv.weight *= gain[:, None, None, None]
            block.conv.bias.copy_((block.conv.bias - norm.running_mean) * gain + norm.bias)
        block.norm = nn.Identity()
    return folded


def pooled_layers(
    network: nn.Module, x: torch.Tensor, *, batch_size: int = 4
) -> dict[str, torch.Tensor]:
    """What every layer says of each segment, pooled: (S, F, T) -> (S, D) by the layer's name.

    `network` is anything with `activations(x)`, such as `Crnn` and `Fcn5`; it runs in evaluation
    mode and is afterwards as it was.
    """
    with evaluating(network):
        parts = [
            {name: pooled(found) for name, found in network.activations(part).items()}  # type: ignore[operator]
            for part in x.split(batch_size)
        ]
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


def layer_vectors(
    network: nn.Module, x: torch.Tensor, layers: Sequence[str], *, batch_size: int = 4
) -> torch.Tensor:
    """What some layers say of each segment, pooled and joined: (S, F, T) -> (S, D).

    Args:
        network: as in `pooled_layers`.
        layers: names of `network.activations`; pool1 to pool4 of the published CRNN have together
            448 values, gru2 has 32.

    Raises:
        ShapeError: no such layer.
    """
    found = pooled_layers(network, x, batch_size=batch_size)
    missing = [name for name in layers if name not in found]
    if missing or not layers:
        got = some(missing) if missing else "none"
        raise ShapeError(explain("layer_vectors", f"layers among {list(found)}", got))
    return torch.cat([found[name] for name in layers], dim=1)  # (S, D)
