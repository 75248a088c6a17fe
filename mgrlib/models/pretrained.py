"""Loading of the published taggers: Choi's CNN and CRNN (50 tags), Jiménez and José's (10 genres).

A `Reading` defines how a file's statistics are interpreted and how its input is scaled. It is
stated for each file and never guessed. Some files contain evidence about it (padded frames, whose
variance is known to be zero); loading fails if the evidence contradicts the statement. "calibrated"
is the reading with which a file was trained. "readme" is the one with which the numbers in Choi's
README were computed; use it only to reproduce those numbers.
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
from mgrlib.models.published import FILES, README, Reading, WeightsFile, check_file, find
from mgrlib.models.reddy2024 import Crnn, Fcn5, pooled


def load_tagger(
    file: str | WeightsFile,
    *,
    reading: Reading | Literal["calibrated", "readme"] = "calibrated",
    source: str | os.PathLike[str] | None = None,
) -> Tagger:
    """Load a published tagger, or one written by `write_keras1`, for prediction or fine-tuning.

    Args:
        file: a key of `FILES`, or the description of your own file, whose path is `source`.
        reading: "calibrated" is the file's own reading; "readme" is that of Choi's README; or any
            other reading, to see its effect.
        source: the path of the file, as in `find`.

    Raises:
        ChecksumError, DownloadError, StorageError: as in `find`.
        ShapeError: if the shapes of the file's arrays do not match.
    """
    if isinstance(file, str):
        path = find(file, source)
        if file not in FILES:
            raise StorageError(explain("load_tagger", f"one of {', '.join(FILES)}", repr(file)))
        file = FILES[file]
    elif source is None:
        raise StorageError(explain("load_tagger", "the path of your file as `source`", "none"))
    else:
        path = check_file(Path(source), file)
    weights = read_keras1(path)
    evidence = stored_statistic(weights)
    if evidence not in (None, file.reading.statistic):
        expected = f"padded frames that fit the stated statistic {file.reading.statistic!r}"
        name = {"std": "standard deviation"}.get(evidence, evidence)
        raise StorageError(explain(str(path), expected, f"those of a {name}"))
    if not isinstance(reading, Reading):
        reading = file.reading if reading == "calibrated" else README
    return Tagger(file, reading, network_of(weights, file, reading))


@dataclass(frozen=True, eq=False)
class Tagger:
    """A pretrained network with the names of its outputs and the scale of its input.

    Args:
        file: the description of its file; `file.classes` are the names of the outputs.
        reading: how its statistics were interpreted; `reading.scale` is the scale of the input.
        network: in evaluation mode; it can be fine-tuned like any other module.
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
        """The `n` most probable tags of one clip, (F, T), with their values."""
        values, indices = self(torch.as_tensor(x)[None])[0].topk(n)
        return [(self.file.classes[i], float(v)) for i, v in zip(indices, values, strict=True)]

    def folded(self) -> Tagger:
        """The tagger with batch normalization folded into its convolutions, for evaluation only."""
        return Tagger(self.file, self.reading, fold_norms(self.network))


def fold_norms(network: Crnn | Fcn5) -> Crnn | Fcn5:
    """Copy the network and fold batch normalization into the convolutions, for evaluation only.

    gamma (W x + b - mean) / s + beta is again a convolution, with the kernel gamma W / s. The
    normalization of frames is not folded, because it precedes a convolution that pads with zeros.
    """
    twin = copy.deepcopy(network).eval()
    block: Any
    for block in twin.blocks:
        norm = block.norm
        gain = norm.weight / torch.sqrt(norm.running_var + norm.eps)  # (C,)
        with torch.no_grad():
            block.conv.weight *= gain[:, None, None, None]
            block.conv.bias.copy_((block.conv.bias - norm.running_mean) * gain + norm.bias)
        block.norm = nn.Identity()
    return twin


def pooled_layers(
    network: nn.Module, x: torch.Tensor, *, batch_size: int = 4
) -> dict[str, torch.Tensor]:
    """Compute the pooled activations of every layer, (S, F, T) -> (S, D) by layer name.

    `network` is a module with a method `activations(x)`, such as `Crnn` or `Fcn5`. It runs in
    evaluation mode, and its modes are restored afterwards.
    """
    activations: Any = network.activations
    with evaluating(network):
        parts = [
            {name: pooled(activation) for name, activation in activations(part).items()}
            for part in x.split(batch_size)
        ]
    return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}


def layer_vectors(
    network: nn.Module, x: torch.Tensor, layers: Sequence[str], *, batch_size: int = 4
) -> torch.Tensor:
    """Compute and concatenate the pooled activations of some layers, (S, F, T) -> (S, D).

    Args:
        network: as in `pooled_layers`.
        x: (S, F, T) inputs.
        layers: names in `network.activations`; pool1 to pool4 of the published CRNN have 448 values
            together, gru2 has 32.
        batch_size: segments per batch.

    Raises:
        ShapeError: if a layer does not exist.
    """
    vectors = pooled_layers(network, x, batch_size=batch_size)
    missing = [name for name in layers if name not in vectors]
    if missing or not layers:
        got = some(missing) if missing else "none"
        raise ShapeError(explain("layer_vectors", f"layers among {list(vectors)}", got))
    return torch.cat([vectors[name] for name in layers], dim=1)  # (S, D)
