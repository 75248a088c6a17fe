"""From waveform to spectrogram in ONNX's plainest operations, so that a file needs no other code.

ONNX has an operation for the short-time Fourier transform, but not every runtime has it, and where
there is one it is slow. Here the transform is matrix products, in two steps (Cooley and Tukey,
1965). With n_fft = P Q, sample n = Q p + q, bin k = a + P b, and e(x) = exp(-2πi x),

    X[a + P b] = sum_q  e(q b / Q) · e(q a / n_fft) · sum_p  x[Q p + q] e(p a / P)

which takes n_fft (2 P + 2 Q) products a frame in place of n_fft² and tables of 43 kB in place of 17
MB. The mel filter bank, which is large and mostly zeros, is not stored either: the graph computes
it from its edges, once, when the file is opened.
"""

from __future__ import annotations

import math

import numpy as np
import onnx
from onnx import numpy_helper, parser

from mgrlib.compression.onnx_files import OPSET, READABLE_IR
from mgrlib.errors import FeatureError, explain
from mgrlib.features import LogMel, Mfcc
from mgrlib.features.base import Feature
from mgrlib.features.mel import FLOOR_DB, dct_matrix, mel_edges
from mgrlib.features.spectrum import hann_window

Tables = dict[str, np.ndarray]


def seen_samples(feature: LogMel | Mfcc) -> int:
    """The samples that a feature with `n_frames` looks at: up to the end of its last frame."""
    if feature.n_frames is None:
        hint = "say how many seconds the file is to listen to."
        raise FeatureError(explain("seen_samples", "a feature with n_frames", "none", hint))
    return (feature.n_frames - 1) * feature.hop_length + feature.n_fft // 2


def front_end(feature: Feature, n_samples: int) -> onnx.ModelProto:
    """A graph from `waveform` (B, N) to `features` (B, F, T).

    Args:
        feature: a `LogMel`, or an `Mfcc` without deltas.
        n_samples: N, at the feature's sample rate.

    Raises:
        FeatureError: another feature, or one whose frames do not fit the transform.
    """
    feature = _checked(feature, n_samples)
    tables = {
        **fourier_tables(feature.n_fft),
        "window": hann_window(feature.n_fft),
        "edges": mel_edges(feature.n_mels, feature.fmin, feature.fmax or feature.sample_rate / 2),
    }
    if isinstance(feature, Mfcc):
        first = 0 if feature.c0 else 1
        tables["dct"] = dct_matrix(feature.n_mfcc + first, feature.n_mels)[first:]
    lines = [*_frames(feature, n_samples), *_power(feature), *_mel(feature), *_decibels(feature)]
    lines += _finish(feature)
    head = f'<ir_version: {READABLE_IR}, opset_import: ["" : {OPSET}]>\n'
    n_frames = feature.n_frames or 1 + n_samples // feature.hop_length
    body = "\n".join(f"  {line}" for line in lines)
    signature = (
        f"front_end (float[batch,{n_samples}] waveform) => "
        f"(float[batch,{feature.n_rows},{n_frames}] features)"
    )
    model = parser.parse_model(f"{head}{signature} {{\n{body}\n}}")
    for name, array in tables.items():
        tensor = numpy_helper.from_array(np.array(array, dtype=np.float32), name)
        model.graph.initializer.append(tensor)
    onnx.checker.check_model(model)
    return model


def fourier_tables(n_fft: int) -> Tables:
    """Cosines and sines for both steps, and for the turn between them.

    >>> {name: table.shape for name, table in fourier_tables(2048).items()}
    {'cos_p': (32, 32), 'sin_p': (32, 32), 'cos_turn': (32, 64), 'sin_turn': (32, 64),
     'cos_q': (64, 33), 'sin_q': (64, 33)}
    """
    P, Q = _factors(n_fft)
    angles = {
        "p": np.outer(np.arange(P), np.arange(P)) / P,
        "turn": np.outer(np.arange(P), np.arange(Q)) / n_fft,
        "q": np.outer(np.arange(Q), np.arange(Q // 2 + 1)) / Q,
    }
    waves = {"cos": np.cos, "sin": np.sin}
    return {
        f"{wave}_{name}": function(-2 * np.pi * angle)
        for name, angle in angles.items()
        for wave, function in waves.items()
    }


def _factors(n_fft: int) -> tuple[int, int]:
    """P and Q with P Q = n_fft, P <= Q <= 2 P."""
    P = 2 ** (int(math.log2(n_fft)) // 2)
    return P, n_fft // P


def _checked(feature: Feature, n_samples: int) -> LogMel | Mfcc:
    """Return the feature; raise an error if the graph cannot compute it."""
    where = "front_end"
    if not isinstance(feature, LogMel | Mfcc) or bool(getattr(feature, "n_deltas", False)):
        hint = "export a recipe that listens to one of these."
        got = getattr(feature, "key", str(feature))
        raise FeatureError(explain(where, "a LogMel, or an Mfcc without deltas", got, hint))
    n_fft, hop = feature.n_fft, feature.hop_length
    if n_fft & (n_fft - 1) or n_fft < 16 or n_fft % hop:
        got = f"n_fft={n_fft}, hop_length={hop}"
        raise FeatureError(explain(where, "n_fft a power of 2 and a multiple of the hop", got))
    n_frames = feature.n_frames or 1
    if n_samples < max((n_frames - 1) * hop, n_fft):
        got = f"{n_samples}"
        raise FeatureError(explain(where, f"samples for {n_frames} frames", got, "take more."))
    return feature


def _ints(name: str, *values: int) -> str:
    """A line that makes a constant of whole numbers."""
    return f"{name} = Constant <value = int64[{len(values)}] {{{', '.join(map(str, values))}}}> ()"


def _number(name: str, value: float) -> str:
    """A line that makes a constant of one number."""
    return f"{name} = Constant <value = float {{{value!r}}}> ()"


def _frames(feature: LogMel | Mfcc, n_samples: int) -> list[str]:
    """Lines to `frames` (B, T, n_fft), windowed: every frame is a few neighboring hops."""
    n_fft, hop = feature.n_fft, feature.hop_length
    n_all, each = 1 + n_samples // hop, n_fft // hop
    lines = [
        _ints("around", 0, n_fft // 2, 0, n_fft // 2),
        f'padded = Pad <mode = "{feature.pad_mode}"> (waveform, around)',
        _ints("start", 0),
        _ints("axis1", 1),
        _ints("needed", (n_all - 1 + each) * hop),
        "whole = Slice (padded, start, needed, axis1)",
        _ints("by_hops", 0, -1, hop),
        "hops = Reshape (whole, by_hops)",
    ]
    for i in range(each):
        ends = (_ints(f"from{i}", i), _ints(f"to{i}", i + n_all))
        lines += [*ends, f"part{i} = Slice (hops, from{i}, to{i}, axis1)"]
    parts = ", ".join(f"part{i}" for i in range(each))
    return [*lines, f"cut = Concat <axis = 2> ({parts})", "frames = Mul (cut, window)"]


def _power(feature: LogMel | Mfcc) -> list[str]:
    """Lines to `power` (B, T, F): the two steps of the transform, then the squared magnitude."""
    P, Q = _factors(feature.n_fft)
    return [
        _ints("by_pq", 0, 0, P, Q),
        "x = Reshape (frames, by_pq)",
        "step_re = MatMul (cos_p, x)",
        "step_im = MatMul (sin_p, x)",
        *_complex_product("turned", "step", "turn", "Mul"),
        *_complex_product("spectrum", "turned", "q", "MatMul"),
        "squared_re = Mul (spectrum_re, spectrum_re)",
        "squared_im = Mul (spectrum_im, spectrum_im)",
        "by_ab = Add (squared_re, squared_im)",  # bins k = a + P b, still a by b
        "by_ba = Transpose <perm = [0, 1, 3, 2]> (by_ab)",
        _ints("in_a_row", 0, 0, P * (Q // 2 + 1)),
        "bins = Reshape (by_ba, in_a_row)",
        _ints("n_bins", feature.n_fft // 2 + 1),
        _ints("axis2", 2),
        "power = Slice (bins, start, n_bins, axis2)",
    ]


def _complex_product(out: str, matrix: str, right: str, operation: str) -> list[str]:
    """Lines to out = matrix * (cos_right + i sin_right), in four real products."""
    pairs = {"rr": ("re", "cos"), "ii": ("im", "sin"), "ri": ("re", "sin"), "ir": ("im", "cos")}
    products = [
        f"{out}_{name} = {operation} ({matrix}_{part}, {wave}_{right})"
        for name, (part, wave) in pairs.items()
    ]
    sums = [f"{out}_re = Sub ({out}_rr, {out}_ii)", f"{out}_im = Add ({out}_ri, {out}_ir)"]
    return [*products, *sums]


def _mel(feature: LogMel | Mfcc) -> list[str]:
    """Lines to `mel` (B, T, n_mels): triangles between the edges, as `mel_filterbank` has them."""
    n_bins, n_mels = feature.n_fft // 2 + 1, feature.n_mels
    lines = [
        _number("first", 0.0),
        _number("step_hz", feature.sample_rate / feature.n_fft),
        _number("beyond", float(n_bins)),
        _number("one", 1.0),
        _number("two", 2.0),
        "numbers = Range (first, beyond, one)",
        "hz_flat = Mul (numbers, step_hz)",
        _ints("as_column", n_bins, 1),
        "hz = Reshape (hz_flat, as_column)",
    ]
    for name, i in (("low", 0), ("middle", 1), ("high", 2)):
        ends = (_ints(f"{name}_from", i), _ints(f"{name}_to", i + n_mels))
        lines += [*ends, f"{name} = Slice (edges, {name}_from, {name}_to)"]
    return [
        *lines,
        "up = Sub (hz, low)",
        "up_width = Sub (middle, low)",
        "rising = Div (up, up_width)",
        "down = Sub (high, hz)",
        "down_width = Sub (high, middle)",
        "falling = Div (down, down_width)",
        "lower = Min (rising, falling)",
        "triangles = Max (lower, first)",
        "width = Sub (high, low)",
        "height = Div (two, width)",
        "bank = Mul (triangles, height)",
        "mel = MatMul (power, bank)",
    ]


def _decibels(feature: LogMel | Mfcc) -> list[str]:
    """Lines to `db` (B, T, n_mels), floored as `power_to_db` floors it."""
    exponent = getattr(feature, "exponent", 1.0)
    lines = [
        _number("smallest", 10.0 ** (FLOOR_DB / 10.0 / exponent)),
        _number("per_nat", 10.0 * exponent / math.log(10.0)),
        "safe = Max (mel, smallest)",
        "nats = Log (safe)",
    ]
    if feature.top_db is None:
        return [*lines, "db = Mul (nats, per_nat)"]
    return [
        *lines,
        "all_db = Mul (nats, per_nat)",
        _ints("time_and_bands", 1, 2),
        "loudest = ReduceMax (all_db, time_and_bands)",
        _number("top_db", feature.top_db),
        "floor = Sub (loudest, top_db)",
        "db = Max (all_db, floor)",
    ]


def _finish(feature: LogMel | Mfcc) -> list[str]:
    """Lines to `features` (B, F, T): the first frames, and cepstral coefficients of them."""
    lines, last = ["turned_db = Transpose <perm = [0, 2, 1]> (db)"], "turned_db"
    if feature.n_frames is not None:
        ends = [_ints("n_frames", feature.n_frames)]
        lines += [*ends, "first_frames = Slice (turned_db, start, n_frames, axis2)"]
        last = "first_frames"
    operation = f"MatMul (dct, {last})" if isinstance(feature, Mfcc) else f"Identity ({last})"
    return [*lines, f"features = {operation}"]
