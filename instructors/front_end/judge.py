"""What the assignment on front ends asks, and what is right."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mgrlib.data.synthetic import synthetic
from mgrlib.evaluation import predict
from mgrlib.features import Chroma, LogMel
from mgrlib.grading.assignment import Assignment, Hidden, Part, Question, Verdict, Written
from mgrlib.grading.checks import close
from mgrlib.grading.corpora import read_corpus, write_corpus
from mgrlib.segments import Segments, cut
from mgrlib.training import TrainConfig, fit

RATE = 22_050
MEL = {"n_fft": 1024, "hop_length": 1024, "n_mels": 64}
PER_GENRE = 30
"""Hidden clips of each genre: 300 in all, a standard error of three points."""
MOST_NUMBERS = 10_000
STEPS = (0.35, 0.55, 0.75, 0.90)
"""Parts of the way from chroma as it is to a good front end, both measured on the hidden clips.

Hidden worlds differ in difficulty by several points, so fixed percentages would be unfair.
"""


class FixedNetwork(torch.nn.Module):
    """The students' network: one convolution over time, then mean and maximum."""

    def __init__(self, n_classes: int, input_shape: tuple[int, ...]) -> None:
        super().__init__()
        self.conv = torch.nn.Conv1d(input_shape[0], 32, 5)
        self.linear = torch.nn.Linear(64, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Inputs (B, F, T) to logits."""
        x = torch.relu(self.conv(x))
        return self.linear(torch.cat([x.mean(2), x.amax(2)], 1))


SETUP = """
import numpy as np
import torch

from mgrlib.features import Chroma
from mgrlib.grading.corpora import read_corpus
from mgrlib.segments import cut

RATE = 22_050
corpus = read_corpus(JOB + "/known")
hidden_corpus = read_corpus(JOB + "/unknown")
"""


def data(hidden: Hidden) -> Mapping[str, Path]:
    """The training corpus, and hidden clips without genres, as files."""
    return {"known": _known(hidden)[0], "unknown": _unknown(hidden)[0]}


def _known(hidden: Hidden) -> tuple[Path, np.ndarray]:
    def make() -> tuple[Path, np.ndarray]:
        folder = hidden.folder / "known"
        write_corpus(synthetic(12, 5.0, seed=3), folder, seed=3)
        corpus = read_corpus(folder)
        return folder, corpus.labels(corpus.clips.index)

    return hidden.once("known", make)


def _unknown(hidden: Hidden) -> tuple[Path, np.ndarray]:
    def make() -> tuple[Path, np.ndarray]:
        folder, seed = hidden.folder / "unknown", hidden.seed("corpus")
        write_corpus(synthetic(PER_GENRE, 5.0, seed=seed), folder, seed=seed)
        corpus = read_corpus(folder)
        labels = corpus.labels(corpus.clips.index)
        table = corpus.clips.drop(columns="path").assign(group="unknown")
        rng = np.random.default_rng(hidden.seed("labels"))
        table["genre"] = rng.permutation(table["genre"].to_numpy())  # says nothing of a clip
        table.to_csv(folder / "clips.csv")
        return folder, labels

    return hidden.once("unknown", make)


def scaling(variant: str, train: np.ndarray, test: np.ndarray) -> list[np.ndarray]:
    """Both parts scaled by statistics of the first, as the variant asks."""
    if variant == "a":
        center = np.median(train, (0, 2), keepdims=True)
        high, low = (np.percentile(train, q, (0, 2), keepdims=True) for q in (75, 25))
        spread = high - low
    else:
        center = train.mean((0, 2), keepdims=True)
        spread = train.std((0, 2), keepdims=True)
    flat = spread == 0
    spread = np.where(flat, 1, spread)
    scaled = [np.where(flat, 0, (x - center) / spread) for x in (train, test)]
    return scaled if variant == "a" else [np.clip(x, -3, 3) for x in scaled]


def scaling_questions(hidden: Hidden) -> list[Question]:
    """Ordinary arrays, a test part that is far away, and a coefficient that never changes."""
    rng = hidden.rng("scaling")

    def question(title: str, train: np.ndarray, test: np.ndarray) -> Question:
        expected = scaling(hidden.variant, train, test)

        def judge(value: Any) -> None:
            assert isinstance(value, list | tuple) and len(value) == 2, "two arrays were expected."
            close(value[0], expected[0], "the training part", rtol=1e-3, atol=1e-4)
            close(value[1], expected[1], "the test part", rtol=1e-3, atol=1e-4)

        code = "result = list(scaled(train.copy(), test.copy()))"
        return Question(title, 1, code, judge, {"train": train, "test": test})

    shape = (int(rng.integers(4, 7)), 3, 20)
    train = rng.gamma(2.0, size=shape) * np.array([1.0, 30.0, 0.1])[:, None]
    flat = train.copy()
    flat[:, 1] = float(rng.integers(2, 9))
    return [
        question("Ordinary arrays", train, rng.gamma(2.0, size=(3, 3, 20))),
        question("A test part from elsewhere", train, 50 + 9 * rng.gamma(2.0, size=(2, 3, 20))),
        question("A coefficient that never changes", flat, flat[:2] + 1),
    ]


def chosen(variant: str, scores: np.ndarray) -> int:
    """The candidate that the variant's rule takes; candidates are sorted from small to large."""
    mean = scores.mean(1)
    error = scores.std(1, ddof=1) / np.sqrt(scores.shape[1])
    best = int(mean.argmax())
    if variant == "a":
        return int(np.flatnonzero(mean >= mean[best] - error[best])[0])
    return int((mean - error).argmax())


def choice_questions(hidden: Hidden) -> list[Question]:
    """Tables of validation accuracies in which the highest mean is not the one to take."""
    rng = hidden.rng("choice")
    tables: list[np.ndarray] = []
    while len(tables) < 6:
        scores = rng.normal(np.sort(rng.uniform(0.4, 0.6, 5))[:, None], 0.05, (5, 4)).round(3)
        if chosen(hidden.variant, scores) != scores.mean(1).argmax():
            tables.append(scores)
    expected = [chosen(hidden.variant, scores) for scores in tables]

    def judge(value: Any) -> Verdict:
        right = sum(a == b for a, b in zip(value, expected, strict=True))
        return Verdict(float(right == len(expected)), f"{right} of {len(expected)} choices agree.")

    code = "result = [int(choose(scores.copy())) for scores in tables]"
    return [Question("Choosing by a rule", 2, code, judge, {"tables": tables})]


FRONT_END_CODE = """
feature, scale = front_end()
arrays = [cut(c, feature).inputs[0].numpy() for c in (corpus, hidden_corpus)]
result = [np.asarray(x, dtype=np.float32) for x in scale(*arrays)]
"""


def front_end_questions(hidden: Hidden) -> list[Question]:
    """The accuracy that the fixed network reaches on the arrays that the front end makes."""

    def judge(value: Any) -> Verdict:
        labels = [_known(hidden)[1], _unknown(hidden)[1]]
        assert isinstance(value, list) and len(value) == 2, "two arrays were expected."
        for x, y in zip(value, labels, strict=True):
            assert x.ndim == 3 and len(x) == len(y), f"(clips, F, T) was expected, got {x.shape}."
            n = x.shape[1] * x.shape[2]
            assert n <= MOST_NUMBERS, f"{n:,} numbers for a clip are more than {MOST_NUMBERS:,}."
            assert x.shape[2] >= 5, "at least five frames are needed."
            assert np.isfinite(x).all(), "there are values that are not finite."
        reached = float(np.mean([_accuracy(value, labels, seed) for seed in range(3)]))
        low, high = hidden.once("anchors", lambda: _anchors(hidden))
        steps = [low + step * (high - low) for step in STEPS]
        fraction = sum(reached >= step for step in steps) / len(steps)
        following = next((f" The next step is {s:.1%}." for s in steps if reached < s), "")
        n_clips = len(labels[1])
        reason = f"{reached:.1%} of {n_clips} hidden clips, mean of three trainings.{following}"
        return Verdict(fraction, reason)

    return [Question("Accuracy on hidden artists", 8, FRONT_END_CODE, judge)]


def _anchors(hidden: Hidden) -> tuple[float, float]:
    """The accuracies of chroma as it is, and of a standardized mel spectrogram."""
    labels = [_known(hidden)[1], _unknown(hidden)[1]]
    corpora = [read_corpus(_known(hidden)[0]), read_corpus(_unknown(hidden)[0])]
    accuracies = []
    for feature, scaled in ((Chroma(RATE), False), (LogMel(RATE, **MEL), True)):
        arrays = [cut(corpus, feature).inputs[0].numpy() for corpus in corpora]
        if scaled:
            mean, spread = (f(arrays[0], (0, 2), keepdims=True) for f in (np.mean, np.std))
            arrays = [(x - mean) / (spread + 1e-5) for x in arrays]
        accuracies.append(float(np.mean([_accuracy(arrays, labels, seed) for seed in range(3)])))
    return accuracies[0], accuracies[1]


def _accuracy(arrays: list[np.ndarray], labels: list[np.ndarray], seed: int) -> float:
    genres = tuple(str(k) for k in range(10))
    parts = []
    for x, y in zip(arrays, labels, strict=True):
        ids = tuple(f"{k}" for k in range(len(x)))
        number = torch.arange(len(x))
        parts.append(Segments((torch.from_numpy(x),), torch.from_numpy(y), number, ids, genres))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = FixedNetwork(10, arrays[0].shape[1:])
    fit(model, parts[0], None, TrainConfig(epochs=20, batch_size=16, lr=2e-3, seed=seed))
    return float(predict(model, parts[1]).correct.mean())


def setup(hidden: Hidden) -> tuple[str, Mapping[str, Any]]:
    """Both corpora, as files."""
    return SETUP, {}


ASSIGNMENT = Assignment(
    title="A better front end for a fixed network",
    variants=("a", "b"),
    parts=(
        Part("scaled", "Scaling that does not peek", 3, scaling_questions),
        Part("choose", "A choice by a rule", 2, choice_questions),
        Part("front_end", "Your front end", 8, front_end_questions),
    ),
    written=(
        Written(
            "search",
            "Your search",
            {
                "a labeled plot of at least four candidates over at least three seeds": 1,
                "intervals or the spread over seeds are shown and explained": 1,
                "the test part was not used to choose, and the answer says how": 1,
                "relates the best candidate to what is audible in the music": 1,
            },
        ),
        Written(
            "mistakes",
            "The network's mistakes",
            {
                "names two genres that are confused, with counts": 1,
                "describes what a misclassified clip sounds like": 1,
                "proposes a change that could help, and says what would show that it does": 1,
            },
        ),
    ),
    setup=setup,
    hidden_modules=("mgrlib.synth", "mgrlib.data.synthetic", "mgrlib.data.songs"),
    data=data,
)
