"""One file from waveform to genres, and what it says of a song as time goes by.

`Pipeline` is a trained network with all that stands before it; `export` writes it as one ONNX file
whose front end is inside, float32 or int8; `Classifier` opens such a file and needs neither
PyTorch nor the package's features to answer.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper
from torch import nn

from mgrlib.compression.classifier_files import NOTE, answer, check_answers, read_note
from mgrlib.compression.front_end import front_end, seen_samples
from mgrlib.compression.onnx_files import load, open_session, save, scratch_folder, to_onnx
from mgrlib.compression.quantize import quantize_static
from mgrlib.errors import AudioError, MgrError, explain
from mgrlib.features import Standardize
from mgrlib.features.base import Feature
from mgrlib.segments import Segments
from mgrlib.shapes import check_shape
from mgrlib.storage import atomic_write

__all__ = [
    "PARITY",
    "Classifier",
    "GenresOverTime",
    "Pipeline",
    "export",
    "export_checked",
    "parity",
]

PARITY = 1e-4  # what the probabilities of a float32 file may differ by from PyTorch's
UNSCALED = Standardize(np.zeros((1, 1), np.float32), np.ones((1, 1), np.float32))


@dataclass(frozen=True, eq=False)
class Pipeline:
    """A trained network with its front end: a waveform in, probabilities out.

    Args:
        model: takes one input, (B, F, T).
        feature: what is computed of the waveform.
        genres: the K classes.
        seconds: how much sound the network hears at once; None for a feature with `n_frames`, which
            says so itself.
        scale: the standardisation fitted in training.
        about: plain values to keep in the file: what it was trained on, and how.
    """

    model: nn.Module
    feature: Feature
    genres: tuple[str, ...]
    seconds: float | None = None
    scale: Standardize = field(default_factory=lambda: UNSCALED)
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def n_samples(self) -> int:
        """The samples that the network hears at once, N."""
        if self.seconds is not None:
            return round(self.seconds * self.feature.sample_rate)
        return seen_samples(self.feature)  # type: ignore[arg-type]

    def inputs(self, y: np.ndarray) -> torch.Tensor:
        """(N,) waveform -> what the network is given, (1, F, T)."""
        check_shape("Pipeline", y, N=self.n_samples)
        return torch.from_numpy(self.scale(self.feature(y)))[None]

    def __call__(self, y: np.ndarray) -> np.ndarray:
        """(N,) waveform -> probabilities (K,), by PyTorch."""
        with torch.inference_mode():
            logits = self.model.eval()(self.inputs(y))
        return np.asarray(logits.softmax(1)[0].numpy())


def export(pipeline: Pipeline, path: Path, *, calibration: Segments | None = None) -> Path:
    """Write a pipeline as one ONNX file from `waveform` (B, N) to `probabilities` (B, K).

    Args:
        calibration: training segments, standardised, to settle the ranges of an int8 network with;
            None keeps float32. The front end is float32 in both.

    Raises:
        FeatureError: a feature that has no ONNX form.
        StorageError: the file cannot be written.
    """
    front = front_end(pipeline.feature, pipeline.n_samples, pipeline.scale)
    with scratch_folder() as folder:
        shape = tuple(pipeline.inputs(np.zeros(pipeline.n_samples, dtype=np.float32)).shape[1:])
        network = to_onnx(pipeline.model, shape, path=folder / "network.onnx")
        if calibration is not None:
            network = quantize_static(network, folder / "int8.onnx", calibration)
        joined = _joined(front, load(network))
    _add_softmax(joined, len(pipeline.genres))
    note = {
        "genres": list(pipeline.genres),
        "sample_rate": pipeline.feature.sample_rate,
        "n_samples": pipeline.n_samples,
        "feature": pipeline.feature.key,
        "weights": "float32" if calibration is None else "int8",
        **pipeline.about,
    }
    helper.set_model_props(joined, {NOTE: json.dumps(note)})
    return save(joined, path)


def _joined(front: onnx.ModelProto, network: onnx.ModelProto) -> onnx.ModelProto:
    """Both graphs as one; every name of the network gets a prefix, for some may be alike."""
    network = onnx.compose.add_prefix(network, "net_")
    pairs = [("features", "net_input0")]
    front.ir_version = network.ir_version
    return onnx.compose.merge_models(front, network, io_map=pairs)


def _add_softmax(model: onnx.ModelProto, n_classes: int) -> None:
    """End in probabilities (B, K) in place of logits."""
    softmax = helper.make_node("Softmax", ["net_logits"], ["probabilities"], axis=-1)
    model.graph.node.append(softmax)
    del model.graph.output[:]
    shape: list[str | int | None] = ["batch", n_classes]
    output = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, shape)
    model.graph.output.append(output)


def parity(pipeline: Pipeline, path: Path, *waveforms: np.ndarray) -> float:
    """The largest difference between a file's probabilities and PyTorch's over some waveforms."""
    classifier = Classifier(path)
    return max(float(np.abs(classifier(y) - pipeline(y)).max()) for y in waveforms)


def export_checked(
    pipeline: Pipeline,
    path: Path,
    waveforms: Sequence[np.ndarray],
    *,
    calibration: Segments | None = None,
) -> tuple[Path, float]:
    """Write a pipeline as `export` does, and keep the file only if it answers as PyTorch does.

    Args:
        waveforms: what both answer for; their beginnings, filled up with silence where too short.
        calibration: as for `export`. An int8 file may differ by more.

    Returns:
        The path, and the largest difference between the two.

    Raises:
        MgrError: a float32 file whose probabilities differ by more than `PARITY`.
        FeatureError, StorageError: as from `export`.
    """
    n_samples = pipeline.n_samples
    windows = [np.pad(y[:n_samples], (0, max(0, n_samples - len(y)))) for y in waveforms]
    with atomic_write(path) as part:
        export(pipeline, part, calibration=calibration)
        difference = parity(pipeline, part, *windows)
        if calibration is None and not difference <= PARITY:
            got = f"a difference of {difference:.1e}"
            hint = (
                "the file was not kept; report the recipe, for its front end is translated wrong."
            )
            raise MgrError(
                explain(str(path), f"PyTorch's probabilities within {PARITY}", got, hint)
            )
    return path, difference


@dataclass(frozen=True, eq=False)
class GenresOverTime:
    """What a classifier says of a song, window after window.

    Args:
        starts: where each window begins, (S,), in seconds.
        probs: (S, K).
        genres: the K classes.
        window: length of a window in seconds.
        seconds: length of the song.
        computing: processor seconds that the answers took.
    """

    starts: np.ndarray
    probs: np.ndarray
    genres: tuple[str, ...]
    window: float
    seconds: float
    computing: float

    @property
    def middles(self) -> np.ndarray:
        """The middle of each window, (S,), in seconds."""
        return np.minimum(self.starts + self.window / 2, self.seconds)

    @property
    def overall(self) -> dict[str, float]:
        """The mean probability of each genre over the song, the highest first."""
        mean = self.probs.mean(axis=0)
        return {self.genres[k]: float(mean[k]) for k in mean.argsort(kind="stable")[::-1]}

    @property
    def real_time_factor(self) -> float:
        """Seconds of computing for a second of song: below 1 is faster than listening."""
        return self.computing / self.seconds


class Classifier:
    """A file made by `export`, ready for waveforms.

    Raises:
        StorageError: no such file.
        MgrError: a file that `export` did not write, or that does not do what it says.
    """

    def __init__(self, path: Path, *, n_threads: int = 1) -> None:
        note = read_note(path, load(path))
        self.path, self.about, self.genres = path, note.about, note.genres
        self.sample_rate, self.n_samples = note.sample_rate, note.n_samples
        self.session = open_session(path, n_threads=n_threads, memory_limit=True)
        check_answers(path, self.session, note)

    @property
    def window(self) -> float:
        """The seconds of sound that one answer is about."""
        return self.n_samples / self.sample_rate

    def __call__(self, y: np.ndarray) -> np.ndarray:
        """(N,) waveform at `sample_rate` -> probabilities (K,)."""
        check_shape("Classifier", y, N=self.n_samples)
        probabilities: np.ndarray = answer(
            self.path, self.session, np.asarray(y, dtype=np.float32)[None]
        )[0]
        return probabilities

    def over_time(self, y: np.ndarray, *, hop_seconds: float | None = None) -> GenresOverTime:
        """What it says of each window of a song, (N',) at `sample_rate`.

        A song shorter than a window is filled up with silence; the last window ends with the song.

        Args:
            hop_seconds: from one window's start to the next; default: a quarter of a window.

        Raises:
            AudioError: no sound, or a hop that does not move.
        """
        seconds = self.window / 4 if hop_seconds is None else hop_seconds
        if not len(y) or not 1 / self.sample_rate <= seconds < math.inf:
            got = f"{len(y)} samples, a hop of {seconds * self.sample_rate:g}"
            wanted = "sound, and a hop of one sample or more"
            raise AudioError(explain("over_time", wanted, got))
        hop = round(seconds * self.sample_rate)
        n_samples = len(y)
        y = np.pad(y, (0, max(0, self.n_samples - n_samples)))
        last = len(y) - self.n_samples
        starts = np.unique(np.append(np.arange(0, last + 1, hop), last))
        begun = time.thread_time()
        probs = np.stack([self(y[start : start + self.n_samples]) for start in starts])
        computing = time.thread_time() - begun
        rate = self.sample_rate
        return GenresOverTime(
            starts / rate, probs, self.genres, self.window, n_samples / rate, computing
        )
