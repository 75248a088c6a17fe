"""`grade`: what a student's model is worth, from an ONNX file.

An ONNX file is data: a graph of known operations and its numbers. Nothing that a student wrote is
executed here, and nothing is unpickled. The graph is still run in a box, because it can ask for
any amount of time and memory. Everything that it holds counts: its size is that of the file, and
its parameters are all numbers in it, wherever they are.
"""

from __future__ import annotations

import html
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import softmax

from mgrlib.data.corpus import Corpus
from mgrlib.data.synthetic import synthetic
from mgrlib.errors import MgrError
from mgrlib.evaluation.intervals import wilson
from mgrlib.evaluation.predictions import Predictions, by_clip
from mgrlib.features.base import Feature
from mgrlib.grading import values
from mgrlib.grading.box import Kind, Limits, describe_job, run_job
from mgrlib.grading.submissions import safe_read
from mgrlib.segments import Cut, Segments, cut

MOST_BYTES = 200_000_000
INFERENCE = """
import time
import numpy, onnxruntime

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
options.log_severity_level = 4
session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
names = [one.name for one in session.get_inputs()]
single = dict(zip(names, [x[:1] for x in inputs], strict=True))
session.run(None, single)
started, count = time.process_time(), 0
while time.process_time() - started < 0.2 and count < 2000:
    session.run(None, single)
    count += 1
milliseconds = 1000 * (time.process_time() - started) / count
rows = [
    session.run(None, dict(zip(names, [x[i : i + 32] for x in inputs], strict=True)))[0]
    for i in range(0, len(inputs[0]), 32)
]
result = [numpy.concatenate(rows), milliseconds]
"""


@dataclass(frozen=True)
class Budget:
    """What a model may cost; None is no limit.

    Args:
        parameters: numbers in the file.
        stored_bytes: of the file.
        milliseconds: of CPU time for one segment, the mean of many runs on one thread.
    """

    parameters: int | None = None
    stored_bytes: int | None = None
    milliseconds: float | None = None


@dataclass(frozen=True)
class Check:
    """One thing that was looked at: its name, points earned and to be had, and the reason."""

    name: str
    points: float
    out_of: float
    reason: str


@dataclass(frozen=True)
class Grade:
    """What a model earned.

    Args:
        checks: what was looked at.
        predictions: on the held-out clips, if it came so far.
    """

    checks: tuple[Check, ...]
    predictions: Predictions | None = None

    @property
    def points(self) -> float:
        """Points earned."""
        return sum(check.points for check in self.checks)

    @property
    def out_of(self) -> float:
        """Points to be had."""
        return sum(check.out_of for check in self.checks)

    def __str__(self) -> str:
        lines = [f"{self.points:g} of {self.out_of:g} points"]
        lines += [f"{c.points:g}/{c.out_of:g}  {c.name}: {c.reason}" for c in self.checks]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{c.points:g} of {c.out_of:g}</td><td>{html.escape(c.name)}</td>"
            f"<td>{html.escape(c.reason)}</td></tr>"
            for c in self.checks
        )
        head = "<thead><tr><th>points</th><th>what</th><th>why</th></tr></thead>"
        caption = f"<caption>{self.points:g} of {self.out_of:g} points</caption>"
        return f"<table>{caption}{head}<tbody>{rows}</tbody></table>"


def held_out(n_per_genre: int = 3, seconds: float = 10.0, *, seed: int) -> Corpus:
    """Clips of artists that no other part of the course uses: another seed is another world.

    Args:
        n_per_genre: clips of each genre.
        seconds: length of each.
        seed: the instructor's secret, a new one for each class.
    """
    return synthetic(n_per_genre, seconds, seed=seed)


def grade(
    model: Path | str,
    features: Feature | tuple[Feature, ...],
    thresholds: Mapping[float, float],
    *,
    corpus: Corpus,
    budget: Budget | None = None,
    how: Cut | None = None,
) -> Grade:
    """Budget and accuracy on held-out clips of a student's model, as points.

    Never raises because of what a student handed in: a model that fails earns nothing for the
    check that it fails, and the check says why.

    Args:
        model: an ONNX file: one input for each feature, (B, ...), and logits or probabilities
            (B, K). What its input needs of scaling, it holds itself.
        features: what is computed of each clip, one for each input.
        thresholds: points by the accuracy that earns them; they add up: {0.2: 2, 0.4: 3} gives 5
            to a model that reaches 0.4.
        corpus: the held-out clips.
        budget: within it, two points; beyond it no points for accuracy either.
        how: how clips are cut.
    """
    features = features if isinstance(features, tuple) else (features,)
    most = float(sum(thresholds.values()))
    segments = cut(corpus, *features, how=how)
    try:
        data = safe_read(Path(model), MOST_BYTES)
        n_parameters = count_numbers(data)
        logits, milliseconds = _run(data, segments)
        probs = _probabilities(logits, segments)
    except (OSError, ValueError, MgrError) as error:
        reason = f"the model cannot be used: {str(error)[:300]}"
        unmarked = (Check("budget", 0.0, 2.0, reason),) if budget else ()
        return Grade((*unmarked, Check("accuracy", 0.0, most, reason)))
    checks = []
    if budget is not None:
        checks.append(_budget_check(budget, n_parameters, len(data), milliseconds))
    if budget is not None and checks[0].points == 0:
        checks.append(Check("accuracy", 0.0, most, "not measured: the budget is exceeded"))
        return Grade(tuple(checks))
    predictions = by_clip(probs, segments)
    checks.append(_accuracy(predictions, thresholds))
    return Grade(tuple(checks), predictions)


def count_numbers(data: bytes) -> int:
    """All numbers in an ONNX file: initializers, constants, and attributes, of subgraphs too.

    Raises:
        ValueError: it is not an ONNX model, or it refers to other files.
    """
    import onnx
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load_model_from_string(data)
    except DecodeError as error:
        raise ValueError("it is not an ONNX file") from error
    if not model.graph.node:
        raise ValueError("it is not an ONNX file with a graph")
    total = 0
    for tensor, attribute in _holders(model):
        if tensor is not None:
            if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.external_data:
                raise ValueError("it refers to other files; store all weights in one file")
            total += int(np.prod(tensor.dims, dtype=np.int64)) if tensor.dims else 1
        if attribute is not None:
            total += len(attribute.floats) + len(attribute.ints) + len(attribute.strings)
    return total


def _holders(model: Any) -> Iterator[tuple[Any, Any]]:
    """Every tensor and every attribute of a model."""
    graphs, nodes = [model.graph], []
    for function in model.functions:
        nodes += list(function.node)
    while graphs or nodes:
        if graphs:
            graph = graphs.pop()
            yield from ((tensor, None) for tensor in graph.initializer)
            for sparse in graph.sparse_initializer:
                yield from ((sparse.values, None), (sparse.indices, None))
            nodes += list(graph.node)
            continue
        for attribute in nodes.pop().attribute:
            yield None, attribute
            yield from ((tensor, None) for tensor in attribute.tensors)
            graphs += list(attribute.graphs)
            if attribute.HasField("t"):
                yield attribute.t, None
            if attribute.HasField("sparse_tensor"):
                yield attribute.sparse_tensor.values, None
            if attribute.HasField("g"):
                graphs.append(attribute.g)


def _run(data: bytes, segments: Segments) -> tuple[np.ndarray, float]:
    """The model's output for all segments, and milliseconds for one, from a box.

    Raises:
        ValueError: the model could not be run.
    """
    limits = Limits(cell_seconds=120, cpu_seconds=150)
    inputs = {"model": data, "inputs": [x.numpy() for x in segments.inputs]}
    with tempfile.TemporaryDirectory(prefix="mgrlib-") as place:
        folder = Path(place)
        job = describe_job(folder, limits, [("", {}), (INFERENCE, inputs)])
        folder.joinpath("job.json").write_text(json.dumps(job), encoding="utf-8")
        kind: Kind = "bwrap" if shutil.which("bwrap") else "unsafe"  # no code of a student is in it
        outcome = run_job(folder, limits, kind=kind)
    reason = outcome.reason or "it ended the process that ran it"
    for message, received in values.frames(outcome.data):
        if message.get("kind") == "value":
            output, milliseconds = values.decode(message["tree"], received)
            return np.asarray(output, dtype=np.float64), float(milliseconds)
        if message.get("kind") == "error":
            reason = f"{message.get('name')}: {message.get('text')}"
    raise ValueError(reason)


def _probabilities(logits: np.ndarray, segments: Segments) -> np.ndarray:
    shape = (len(segments), segments.n_classes)
    if logits.shape != shape:
        raise ValueError(f"its output has shape {logits.shape} where {shape} was expected")
    if not np.isfinite(logits).all():
        raise ValueError("its output has values that are not finite")
    if (logits >= 0).all() and np.allclose(logits.sum(1), 1, atol=1e-3):
        return logits / logits.sum(1, keepdims=True)
    return softmax(logits, axis=1)


def _budget_check(budget: Budget, n_parameters: int, n_bytes: int, milliseconds: float) -> Check:
    costs = [("parameters", n_parameters, budget.parameters)]
    costs.append(("bytes", n_bytes, budget.stored_bytes))
    rows: list[tuple[str, float, float | None]] = [*costs]
    if budget.milliseconds is not None:
        rows.append(("ms for a segment", milliseconds, budget.milliseconds))
    over = [
        f"{got:,.6g} {what}, {most:,.6g} allowed"
        for what, got, most in rows
        if most is not None and got > most
    ]
    all_costs = ", ".join(f"{got:,.6g} {what}" for what, got, _ in rows)
    return Check("budget", 0.0 if over else 2.0, 2.0, "; ".join(over) if over else all_costs)


def _accuracy(predictions: Predictions, thresholds: Mapping[float, float]) -> Check:
    n_right = int(predictions.correct.sum())
    reached = n_right / predictions.n
    earned = float(sum(points for need, points in thresholds.items() if reached >= need))
    interval = wilson(n_right, predictions.n)
    reason = f"{interval} on {predictions.n} held-out clips"
    return Check("accuracy", earned, float(sum(thresholds.values())), reason)
