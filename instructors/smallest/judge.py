"""What the assignment on small models asks, and what is right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from mgrlib.compression import pack
from mgrlib.data.synthetic import synthetic
from mgrlib.evaluation import predict
from mgrlib.features import LogMel
from mgrlib.grading.assignment import Assignment, Hidden, Part, Question, Verdict, Written
from mgrlib.grading.checks import all_close
from mgrlib.segments import Segments, cut, standardize
from mgrlib.training import TrainConfig, fit

RATE = 22_050
MEL = LogMel(RATE, n_fft=1024, hop_length=1024, n_mels=64)
PER_GENRE = 60
"""Hidden clips of each genre: 600 in all, a standard error of two points."""
STEPS = (
    (2_000, 0.75), (2_000, 0.86), (1_000, 0.70), (1_000, 0.78),
    (650, 0.65), (650, 0.74), (400, 0.48), (400, 0.56),
)  # fmt: skip
"""Bytes that a model may take, and the fraction of the given network's accuracy that it keeps."""
MOST_MODELS = 3


class Network(nn.Module):
    """The students' network."""

    def __init__(self, n_classes: int = 10, *, n_filters: int = 32, kernel: int = 5) -> None:
        super().__init__()
        self.conv = nn.Conv1d(64, n_filters, kernel)
        self.linear = nn.Linear(2 * n_filters, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Inputs (B, 64, 108) to logits."""
        x = torch.relu(self.conv(x))
        return self.linear(torch.cat([x.mean(2), x.amax(2)], 1))


SETUP = """
import numpy as np
import torch

from mgrlib.compression import pack, plain
from mgrlib.evaluation import predict
from mgrlib.segments import Segments
from mgrlib.training import TrainConfig, fit

RATE = 22_050
GENRES = tuple(f"genre {k}" for k in range(10))


class Network(torch.nn.Module):
    def __init__(self, n_classes=10, input_shape=(64, 108), *, n_filters=32, kernel=5):
        super().__init__()
        self.conv = torch.nn.Conv1d(input_shape[0], n_filters, kernel)
        self.linear = torch.nn.Linear(2 * n_filters, n_classes)

    def forward(self, x):
        x = torch.relu(self.conv(x))
        return self.linear(torch.cat([x.mean(2), x.amax(2)], 1))


def segments_of(x, y):
    ids = tuple(f"clip-{k:04d}" for k in range(len(x)))
    number = torch.arange(len(x))
    return Segments((torch.from_numpy(x),), torch.from_numpy(y), number, ids, GENRES)


train, valid = segments_of(*known), segments_of(*checked)
"""


def corpora(hidden: Hidden) -> tuple[Segments, Segments, Segments]:
    """Training and validation segments as students have them, and hidden ones."""

    def make() -> tuple[Segments, Segments, Segments]:
        worlds = [synthetic(12, 5.0, seed=3), synthetic(12, 5.0, seed=5)]
        worlds.append(synthetic(PER_GENRE, 5.0, seed=hidden.seed("world")))
        first, second, third = standardize(*(cut(world, MEL) for world in worlds))
        return first, second, third

    return hidden.once("corpora", make)


def setup(hidden: Hidden) -> tuple[str, Mapping[str, Any]]:
    """Training and validation segments."""
    known, checked, _ = corpora(hidden)
    arrays = [[part.inputs[0].numpy(), part.y.numpy()] for part in (known, checked)]
    return SETUP, {"known": arrays[0], "checked": arrays[1]}


def mask_of(variant: str, weights: np.ndarray, fraction: float) -> np.ndarray:
    """Ones at the weights that stay."""
    if variant == "a":
        mask = np.zeros(weights.shape)
        for row, values in enumerate(np.abs(weights)):
            for start in range(0, len(values), 4):
                group = values[start : start + 4]
                n = -(-len(group) // 2)
                mask[row, start + np.argsort(-group, kind="stable")[:n]] = 1
        return mask
    norms = np.sqrt((weights**2).sum((1, 2)))
    mask = np.ones(weights.shape)
    mask[np.argsort(norms, kind="stable")[: round(fraction * len(weights))]] = 0
    return mask


def mask_questions(hidden: Hidden) -> list[Question]:
    """Masks of arrays of ordinary and awkward sizes."""
    rng = hidden.rng("mask")

    def question(title: str, shapes: list[tuple[int, ...]]) -> Question:
        cases = [(rng.normal(size=shape), float(rng.choice([0.25, 0.5, 0.7]))) for shape in shapes]
        expected = [mask_of(hidden.variant, *case) for case in cases]

        def judge(value: Any) -> None:
            all_close(value, expected, ["the mask"] * len(cases))

        arguments = "w.copy()" if hidden.variant == "a" else "w.copy(), fraction"
        code = f"result = [np.asarray(mask({arguments})) for w, fraction in cases]"
        return Question(title, 1, code, judge, {"cases": [list(case) for case in cases]})

    if hidden.variant == "a":
        shapes: list[list[tuple[int, ...]]] = [[(3, 8), (5, 16)], [(2, 7), (4, 9), (1, 2)]]
    else:
        shapes = [[(8, 6, 3), (10, 4, 1)], [(7, 5, 2), (1, 3, 3), (9, 2, 5)]]
    return [question("Ordinary sizes", shapes[0]), question("Awkward sizes", shapes[1])]


def bits_of(variant: str, weights: np.ndarray) -> float:
    """Bits that shared weights take, by the variant's code."""
    values, counts = np.unique(weights, return_counts=True)
    if variant == "a":
        n_weights = int((weights != 0).sum())
        codes = len(values) - int((values == 0).any())
        return weights.size + 32 * codes + n_weights * max(codes - 1, 0).bit_length()
    p = counts / counts.sum()
    return float(32 * len(values) - weights.size * (p * np.log2(p)).sum())


def bits_questions(hidden: Hidden) -> list[Question]:
    """Bits of ordinary arrays, and of those with one value or none but zeros."""
    rng = hidden.rng("bits")

    def question(title: str, cases: list[np.ndarray]) -> Question:
        expected = [bits_of(hidden.variant, case) for case in cases]

        def judge(value: Any) -> None:
            numbers = [(case.size, len(np.unique(case))) for case in cases]
            names = [f"the bits of {size} weights with {n} values" for size, n in numbers]
            all_close(value, expected, names)

        code = "result = [float(shared_bits(w)) for w in cases]"
        return Question(title, 1, code, judge, {"cases": cases})

    def shared(n: int, k: int, zeros: float) -> np.ndarray:
        values = rng.normal(size=k).round(3)
        return np.where(rng.random(n) < zeros, 0.0, rng.choice(values, n))

    ordinary = [shared(int(rng.integers(50, 200)), k, 0.4) for k in (4, 5, 9)]
    edge = [np.zeros(12), np.full(7, 0.5), np.array([0.0, 0.25, 0.0]), shared(40, 17, 0.0)]
    return [question("Ordinary weights", ordinary), question("Few values", edge)]


def quantized_values(variant: str, weights: np.ndarray, bits: int) -> np.ndarray:
    """Weights rounded to the variant's grid."""
    if variant == "a":
        top = 2 ** (bits - 1) - 1
        step = np.abs(weights).max() / top
        return np.round(weights / step) * step if step else weights
    low, high = weights.min(), weights.max()
    step = (high - low) / (2**bits - 1)
    return low + np.round((weights - low) / step) * step if step else weights


def quantization_questions(hidden: Hidden) -> list[Question]:
    """Values on the grid, also of weights that are all alike."""
    rng = hidden.rng("quantize")
    cases = [(rng.normal(0.3, 1, size=(4, 6)), bits) for bits in (2, 4, 8)]
    cases.append((np.zeros((2, 2)), 3))
    expected = [quantized_values(hidden.variant, *case) for case in cases]

    def judge(value: Any) -> None:
        all_close(value, expected, [f"weights with {bits} bits" for _, bits in cases], atol=1e-9)

    code = "result = [np.asarray(quantized(w.copy(), bits)) for w, bits in cases]"
    inputs = {"cases": [list(case) for case in cases]}
    return [Question("Values on a grid", 1, code, judge, inputs)]


MODEL_CODE = """
models = smallest(train, valid)
models = [models] if isinstance(models, torch.nn.Module) else list(models)
result = [dict(plain(model).state_dict()) for model in models]
"""


def rebuilt(state: Any) -> Network:
    """A network with these weights, which are all that counts and all that is used.

    Raises:
        AssertionError: they are not those of a `Network`.
    """
    names = {"conv.weight", "conv.bias", "linear.weight", "linear.bias"}
    assert isinstance(state, dict) and set(state) == names, f"a model has {sorted(names)}."
    arrays = {name: np.asarray(array, dtype=np.float32) for name, array in state.items()}
    assert arrays["conv.weight"].ndim == 3, "conv.weight has three dimensions."
    n_filters, n_bands, kernel = arrays["conv.weight"].shape
    assert n_bands == 64 and 1 <= kernel <= 108 and n_filters >= 1, "these are other shapes."
    n_numbers = sum(array.size for array in arrays.values())
    assert n_numbers <= 100_000, f"{n_numbers:,} numbers are ten times the given network's."
    model = Network(n_filters=n_filters, kernel=kernel)
    for name, tensor in model.state_dict().items():
        assert arrays[name].shape == tuple(tensor.shape), f"{name} has shape {arrays[name].shape}."
        assert np.isfinite(arrays[name]).all(), f"{name} has values that are not finite."
    model.load_state_dict({name: torch.from_numpy(x) for name, x in arrays.items()})
    return model.eval()


def model_questions(hidden: Hidden) -> list[Question]:
    """A point for each step of size and accuracy that one of the models passes."""

    def judge(value: Any) -> Verdict:
        assert isinstance(value, list) and value, "at least one model was expected."
        assert len(value) <= MOST_MODELS, f"at most {MOST_MODELS} models were expected."
        test = corpora(hidden)[2]
        full = hidden.once("whole", lambda: whole_accuracy(hidden))
        models = [rebuilt(state) for state in value]
        measured = [(len(pack(m)), float(predict(m, test).correct.mean())) for m in models]
        passed = [
            any(size <= most and accuracy >= keep * full for size, accuracy in measured)
            for most, keep in STEPS
        ]
        rows = "; ".join(f"{size:,} bytes, {accuracy:.1%}" for size, accuracy in measured)
        requirements = [
            f"{most:,} bytes with {keep * full:.1%}"
            for (most, keep), ok in zip(STEPS, passed, strict=True)
            if not ok
        ]
        reason = f"{rows} of {test.n_clips} hidden clips (the given network: {full:.1%})."
        reason += f" Not reached: {', '.join(requirements)}." if requirements else ""
        return Verdict(sum(passed) / len(STEPS), reason)

    return [Question("Bytes and accuracy", 8, MODEL_CODE, judge)]


def whole_accuracy(hidden: Hidden) -> float:
    """The accuracy of the given network, trained and not compressed, as a mean of two seeds."""
    train, _, test = corpora(hidden)
    accuracies = []
    for seed in (1, 2):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = Network()
        fit(model, train, None, TrainConfig(epochs=30, batch_size=16, lr=3e-3, seed=seed))
        accuracies.append(float(predict(model, test).correct.mean()))
    return float(np.mean(accuracies))


ASSIGNMENT = Assignment(
    title="The smallest model that is good enough",
    variants=("a", "b"),
    parts=(
        Part("mask", "Pruning with structure", 2, mask_questions),
        Part("shared_bits", "The price of sharing", 2, bits_questions),
        Part("quantized", "Fewer bits", 1, quantization_questions),
        Part("smallest", "Your models", 8, model_questions),
    ),
    written=(
        Written(
            "trade",
            "Size against accuracy",
            {
                "a labeled plot of accuracy against bytes with at least six models": 1,
                "intervals are shown, and computed from the right number of clips": 1,
                "compares two ways of saving the same number of bytes": 1,
                "says which differences the validation clips cannot resolve": 1,
            },
        ),
        Written(
            "loss",
            "What gets lost",
            {
                "per-genre accuracies of a large and a small model": 1,
                "describes a clip that only the large model gets right": 1,
                "relates the loss to what was removed from the network": 1,
            },
        ),
    ),
    setup=setup,
    hidden_modules=("mgrlib.synth", "mgrlib.data.synthetic", "mgrlib.data.songs"),
    cell_seconds=180,
)
