"""One file from waveform to genres: `export` writes a trained `System` as one ONNX file.

The file computes all that the system does: the feature, every step of preparation with what it was
fitted to, and the network, in float32 or int8. `exportable` says, before anything is trained,
whether a recipe can become such a file. `mgrlib.compression.listening` opens one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper
from torch import nn

from mgrlib.compression.classifier_files import NOTE
from mgrlib.compression.front_end import front_end, seen_samples
from mgrlib.compression.listening import SoundClassifier
from mgrlib.compression.onnx_files import load, save, scratch_folder, to_onnx
from mgrlib.compression.quantize import quantize_static
from mgrlib.data.corpus import Corpus
from mgrlib.errors import FeatureError, MgrError, ShapeError, explain
from mgrlib.features import LogMel, Mfcc, TaggerMel, standardize_clips
from mgrlib.features.tagger import TAGGER_SECONDS
from mgrlib.rows import in_memory
from mgrlib.segments import Segments, cut
from mgrlib.storage import atomic_write
from mgrlib.systems.learners import Estimator, NodeByNode
from mgrlib.systems.prepare import Inputs, Preparation
from mgrlib.systems.recipe import Recipe
from mgrlib.systems.system import System
from mgrlib.training.seeds import seeded

PARITY = 1e-4  # what the probabilities of a float32 file may differ by from the system's
N_CALIBRATION = 50  # clips that the ranges of an int8 network are settled with


@dataclass(frozen=True)
class _Source:
    """The feature that a file computes, its number of samples, and its standardization."""

    feature: LogMel | Mfcc
    n_samples: int
    per_clip: bool = False


def exportable(recipe: Recipe) -> None:
    """Do nothing if a recipe's systems can be exported; otherwise say why not.

    Nothing is trained: the front end and the preparation are translated, and the network is built.

    Raises:
        FeatureError: no single feature with an ONNX form, a step of preparation without one, or a
            classifier that is not one network; the message says which.
    """
    try:
        _translate(recipe)
    except FeatureError as error:
        raise FeatureError(f"{recipe.name} cannot be exported: {error}") from error


def _translate(recipe: Recipe) -> None:
    """Try every step of an export except the translation of the network."""
    source = _source(recipe)
    front_end(source.feature, source.n_samples)
    seconds = source.n_samples / source.feature.sample_rate
    x = torch.randn(2, *source.feature.shape(seconds), generator=torch.Generator().manual_seed(0))
    unknown = torch.zeros(2, dtype=torch.int64)
    segments = Segments((x,), unknown, torch.arange(2), ("a", "b"), ("genre",))
    preparation = Preparation.fit(recipe.prepare, segments)
    with scratch_folder() as folder:
        _steps(recipe, source, preparation, folder)
    _check_network(recipe, [tuple(p.shape[1:]) for p in preparation.inputs((x,))])


def _refusal(expected: str, got: str) -> FeatureError:
    hint = "`mgrlib predict` takes a system that `System.save` wrote, of any recipe."
    return FeatureError(explain("export", expected, got, hint))


def _check_network(recipe: Recipe, shapes: list[tuple[int, ...]]) -> None:
    """Refuse recipes whose classifier is not one network."""
    if isinstance(recipe.learner, Estimator | NodeByNode):
        kinds = {Estimator: "a scikit-learn classifier", NodeByNode: "a tree of classifiers"}
        raise _refusal("one network", kinds[type(recipe.learner)])
    try:
        with seeded(0):
            network = recipe.network(10, shapes)
            if isinstance(network, nn.Module):
                with torch.inference_mode():
                    network.eval()(*(torch.zeros(2, *shape) for shape in shapes))
    except (TypeError, ShapeError, AttributeError, RuntimeError) as error:
        got = "a learner that gives the network something else than the prepared feature"
        raise _refusal("one network of the prepared feature", got) from error
    if not isinstance(network, nn.Module):
        raise _refusal("one network", f"a {type(network).__name__}")


def _source(recipe: Recipe) -> _Source:
    """The feature that a file computes, and the samples that it listens to at once."""
    if len(recipe.features) != 1:
        raise _refusal("one feature", f"{len(recipe.features)} modalities")
    feature, seconds = recipe.features[0], recipe.cut.segment_seconds
    if isinstance(feature, TaggerMel):
        seconds = TAGGER_SECONDS
        return _Source(
            feature.log_mel, round(seconds * feature.sample_rate), feature.scale == "clip"
        )
    if not isinstance(feature, LogMel | Mfcc):
        expected = "a LogMel, a TaggerMel, or an Mfcc without deltas"
        raise _refusal(expected, type(feature).__name__)
    if seconds is not None:
        return _Source(feature, round(seconds * feature.sample_rate))
    return _Source(feature, seen_samples(feature))


class _Steps(nn.Module):
    """The preparation as a network: the same code that training went through."""

    def __init__(self, preparation: Preparation, per_clip: bool) -> None:
        super().__init__()
        self.preparation, self.per_clip = preparation, per_clip

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Features (B, F, T) -> what the network is given, (B, ...)."""
        inputs: Inputs = (standardize_clips(x) if self.per_clip else x,)
        (prepared,) = self.preparation.inputs(inputs)
        return in_memory(prepared)


def _steps(
    recipe: Recipe, source: _Source, preparation: Preparation, folder: Path
) -> onnx.ModelProto | None:
    """The preparation as an ONNX graph; None if there are no steps."""
    if not preparation.steps and not source.per_clip:
        return None
    steps = _Steps(preparation, source.per_clip)
    shape = source.feature.shape(source.n_samples / source.feature.sample_rate)
    try:
        return load(to_onnx(steps, shape, path=folder / "steps.onnx"))
    except torch.onnx.OnnxExporterError as error:
        expected = "steps of preparation that ONNX has operations for"
        raise _refusal(expected, str(recipe.prepare)) from error


def export(system: System, path: Path, *, calibration: Corpus | Segments | None = None) -> Path:
    """Write a system as one ONNX file from `waveform` (B, N) to `probabilities` (B, K).

    The file is kept only if it says what the system says, of noise, of a tone and of silence.

    Args:
        calibration: clips, or training segments as the recipe cuts them, to settle the ranges of an
            int8 network with; None keeps float32. All before the network is float32 in both.

    Raises:
        FeatureError: a system that has no ONNX form, as `exportable` says of its recipe.
        MgrError: a float32 file whose probabilities differ by more than `PARITY`.
        StorageError: the file cannot be written.
    """
    source = _source(system.recipe)
    with atomic_write(path) as part:
        save(_graph(system, source, calibration), part)
        difference = parity(system, part, *_sounds(source))
        if calibration is None and not difference <= PARITY:
            got = f"a difference of {difference:.1e}"
            hint = "the file was not kept; report the recipe, which is translated wrong."
            expected = f"the system's probabilities within {PARITY}"
            raise MgrError(explain(str(path), expected, got, hint))
    return path


def _graph(
    system: System, source: _Source, calibration: Corpus | Segments | None
) -> onnx.ModelProto:
    """Front end, preparation and network as one graph."""
    front = front_end(source.feature, source.n_samples)
    with scratch_folder() as folder:
        steps = _steps(system.recipe, source, system.preparation, folder)
        network = to_onnx(system.network, *system.shapes, path=folder / "network.onnx")
        if calibration is not None:
            segments = _calibrating(system, calibration)
            network = quantize_static(network, folder / "int8.onnx", segments)
        joined, last = front, "features"
        if steps is not None:
            joined, last = _joined(joined, steps, "steps_", last), "steps_logits"
        joined = _joined(joined, load(network), "net_", last)
    _rename(joined, last, "network_input")
    _add_softmax(joined, len(system.genres))
    note = {
        "genres": list(system.genres),
        "sample_rate": source.feature.sample_rate,
        "n_samples": source.n_samples,
        "feature": system.recipe.features[0].key,
        "weights": "float32" if calibration is None else "int8",
        **{name: value for name, value in system.about.items() if name != "details"},
    }
    helper.set_model_props(joined, {NOTE: json.dumps(note)})
    return joined


def _calibrating(system: System, clips: Corpus | Segments) -> Segments:
    """Prepared segments of all genres for calibration."""
    if isinstance(clips, Segments):
        return system.segments(clips)
    every = max(1, len(clips) // N_CALIBRATION)
    ids = list(clips.clips.index[::every])
    recipe = system.recipe
    return system.segments(cut(clips, *recipe.features, how=recipe.cut, clip_ids=ids))


def _joined(
    first: onnx.ModelProto, second: onnx.ModelProto, prefix: str, last: str
) -> onnx.ModelProto:
    """Merge two graphs; a prefix keeps the names of the second unique."""
    second = onnx.compose.add_prefix(second, prefix)
    first.ir_version = second.ir_version
    return onnx.compose.merge_models(first, second, io_map=[(last, f"{prefix}input0")])


def _rename(model: onnx.ModelProto, old: str, new: str) -> None:
    """Give a tensor inside a graph another name."""
    for node in model.graph.node:
        for names in (node.input, node.output):
            names[:] = [new if name == old else name for name in names]


def _add_softmax(model: onnx.ModelProto, n_classes: int) -> None:
    """Append a softmax, so that the output is probabilities (B, K)."""
    softmax = helper.make_node("Softmax", ["net_logits"], ["probabilities"], axis=-1)
    model.graph.node.append(softmax)
    del model.graph.output[:]
    shape: list[str | int | None] = ["batch", n_classes]
    output = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, shape)
    model.graph.output.append(output)


def parity(system: System, path: Path, *waveforms: np.ndarray) -> float:
    """The largest difference between a file's probabilities and the system's.

    Args:
        waveforms: what both answer for; their beginnings, filled up with silence where too short.
    """
    classifier, differences = SoundClassifier(path), []
    rate, trim = classifier.sample_rate, system.recipe.cut.trim_seconds
    margin = np.zeros(round(trim * rate), dtype=np.float32)  # the system will cut it off
    for y in waveforms:
        window = np.pad(y[: classifier.n_samples], (0, max(0, classifier.n_samples - len(y))))
        answers = system.predict(np.concatenate([margin, window, margin])).probs[0]
        differences.append(float(np.abs(classifier(window) - answers).max()))
    return max(differences)


def _sounds(source: _Source) -> list[np.ndarray]:
    """Noise, a falling tone, and silence."""
    n = source.n_samples
    noise = 0.1 * np.random.default_rng(0).standard_normal(n)
    time = np.arange(n) / source.feature.sample_rate
    tone = 0.3 * np.sin(2 * np.pi * 440 * time * np.exp(-time / 10))
    return [sound.astype(np.float32) for sound in (noise, tone, np.zeros(n))]
