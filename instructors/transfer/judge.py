"""What the assignment on transfer asks, and what is right."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn

from mgrlib.data.synthetic import synthetic, tags
from mgrlib.features import LogMel
from mgrlib.grading.assignment import Assignment, Hidden, Part, Question, Verdict, Written
from mgrlib.grading.checks import close
from mgrlib.segments import Segments, cut
from mgrlib.training import TrainConfig, fit

RATE = 22_050
MEL = LogMel(RATE, n_fft=1024, hop_length=1024, n_mels=64)
PER_GENRE = 39
"""Hidden clips of each genre: three known ones, and more than 300 new ones by other artists."""
STEPS = {"with_tagger": (0.55, 0.75, 0.9), "without_tagger": (0.5, 0.85)}
"""Parts of the way from chance to a reference solution, measured on the same hidden clips."""


class Tagger(nn.Module):
    """The students' network."""

    def __init__(self, n_outputs: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(64, 64, 5)
        self.conv2 = nn.Conv1d(64, 64, 5, stride=2)
        self.head = nn.Linear(128, n_outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Inputs (B, 64, T) to logits."""
        x = torch.relu(self.conv2(torch.relu(self.conv1(x))))
        return self.head(torch.cat([x.mean(2), x.amax(2)], 1))


SETUP = """
import numpy as np
import torch

RATE = 22_050


class Tagger(torch.nn.Module):
    def __init__(self, n_outputs):
        super().__init__()
        self.conv1 = torch.nn.Conv1d(64, 64, 5)
        self.conv2 = torch.nn.Conv1d(64, 64, 5, stride=2)
        self.head = torch.nn.Linear(128, n_outputs)

    def forward(self, x):
        x = torch.relu(self.conv2(torch.relu(self.conv1(x))))
        return self.head(torch.cat([x.mean(2), x.amax(2)], 1))


def tagger_of(arrays):
    tagger = Tagger(len(arrays["head.bias"]))
    tagger.load_state_dict({name: torch.from_numpy(x) for name, x in arrays.items()})
    return tagger


tagger = tagger_of(weights)
"""


def trained_tagger(hidden: Hidden) -> tuple[Tagger, float, float]:
    """The tagger that the students' notebook trains, and the scale of its inputs."""

    def make() -> tuple[Tagger, float, float]:
        source = synthetic(24, 5.0, seed=1)
        segments = cut(source, MEL)
        center, spread = float(segments.inputs[0].mean()), float(segments.inputs[0].std())
        words = torch.tensor(tags(source).to_numpy(), dtype=torch.float32)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            tagger = Tagger(words.shape[1])
        numbered = segments.map(lambda x: (x - center) / spread)
        numbered.y.copy_(torch.arange(len(numbered)))

        def loss(logits: torch.Tensor, y: torch.Tensor, inputs: Any) -> torch.Tensor:
            return nn.functional.binary_cross_entropy_with_logits(logits, words[y])

        fit(tagger, numbered, None, TrainConfig(epochs=20, batch_size=16, lr=2e-3), loss=loss)
        return tagger.eval(), center, spread

    return hidden.once("tagger", make)


def weights(tagger: nn.Module) -> dict[str, np.ndarray]:
    """A network's weights as arrays."""
    return {name: x.detach().numpy().copy() for name, x in tagger.state_dict().items()}


def setup(hidden: Hidden) -> tuple[str, Mapping[str, Any]]:
    """The trained tagger."""
    return SETUP, {"weights": weights(trained_tagger(hidden)[0])}


def embedding(variant: str, tagger: Tagger, x: torch.Tensor) -> np.ndarray:
    """The features that the variant asks for."""
    with torch.no_grad():
        first = torch.relu(tagger.conv1(x))
        second = torch.relu(tagger.conv2(first))
    parts = (second.mean(2), second.amax(2)) if variant == "a" else (first.mean(2), second.mean(2))
    return torch.cat(parts, 1).numpy()


EMBED_CODE = """
made = tagger_of(arrays).train(mode)
before = {name: v.clone() for name, v in made.state_dict().items()}
rows = embed(made, torch.from_numpy(x))
same = all(torch.equal(v, before[name]) for name, v in made.state_dict().items())
result = [rows, bool(rows.requires_grad), bool(made.training), bool(same)]
"""


def embed_questions(hidden: Hidden) -> list[Question]:
    """The values, and what is left behind, for a network with random weights."""
    rng = hidden.rng("embed")
    tagger = _random_tagger(rng, int(rng.integers(5, 9)))
    x = rng.normal(size=(4, 64, int(rng.integers(40, 60)))).astype(np.float32)
    expected = embedding(hidden.variant, tagger, torch.from_numpy(x))

    def values(value: Any) -> None:
        close(value[0], expected, "the features of four clips", rtol=1e-3, atol=1e-4)

    def traces(value: Any) -> None:
        close(value[0], expected, "the features of four clips", rtol=1e-3, atol=1e-4)
        assert not value[1], "The features still carry a gradient."
        assert value[2] is True, "The tagger was left in another mode than it was given in."
        assert value[3] is True, "The tagger's weights were changed."

    inputs = {"arrays": weights(tagger), "x": x, "mode": True}
    return [
        Question("Values", 1, EMBED_CODE, values, inputs),
        Question("No trace is left", 1, EMBED_CODE, traces, inputs),
    ]


def _random_tagger(rng: np.random.Generator, n_outputs: int) -> Tagger:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(int(rng.integers(1 << 30)))
        return Tagger(n_outputs)


HEAD_CODE = """
made = tagger_of(arrays)
model = with_new_head(made, n_classes)
result = {
    "shape": list(model(torch.from_numpy(x)).shape),
    "trainable": sorted(n for n, p in model.named_parameters() if p.requires_grad),
    "all": sorted(n for n, _ in model.named_parameters()),
    "free": all(p.requires_grad for p in made.parameters()),
    "weights": {n: v.detach().clone() for n, v in model.state_dict().items()},
}
with torch.no_grad():
    for p in model.parameters():
        p.add_(1.0)
result["original"] = {n: v.detach().clone() for n, v in made.state_dict().items()}
"""


def head_questions(hidden: Hidden) -> list[Question]:
    """What can be trained in the copy, and that it is one."""
    rng = hidden.rng("head")
    tagger = _random_tagger(rng, 9)
    n_classes = int(rng.integers(3, 8))
    x = rng.normal(size=(2, 64, 40)).astype(np.float32)
    before = weights(tagger)
    frozen = ("conv1", "conv2") if hidden.variant == "a" else ("conv1",)

    def trains(value: Any) -> None:
        assert value["shape"] == [2, n_classes], f"two clips give logits of shape {value['shape']}."
        free = [n for n in value["all"] if not n.startswith(frozen)]
        assert value["trainable"] == free, f"these can be trained: {value['trainable']}."
        body = {n: v for n, v in before.items() if not n.startswith("head")}
        for name, array in body.items():
            close(value["weights"][name], array, f"the copy's {name}")

    def copies(value: Any) -> None:
        assert value["free"] is True, "The tagger itself was frozen."
        for name, array in before.items():
            close(value["original"][name], array, f"the tagger's {name} after the copy was changed")

    inputs = {"arrays": before, "x": x, "n_classes": n_classes}
    return [
        Question("What is trained", 1, HEAD_CODE, trains, inputs),
        Question("A copy", 1, HEAD_CODE, copies, inputs),
    ]


def few_labels(hidden: Hidden) -> tuple[Segments, Segments]:
    """Thirty known clips of a hidden world, and new clips by its other artists."""

    def make() -> tuple[Segments, Segments]:
        _, center, spread = trained_tagger(hidden)
        world = synthetic(PER_GENRE, 5.0, seed=hidden.seed("world"))
        known = [c for c in world.clips.index if int(c[-5:]) < 3]
        artists = set(world.clips.loc[known, "group"])
        new = [c for c in world.clips.index if world.clips.at[c, "group"] not in artists]
        parts = [cut(world, MEL, clip_ids=ids) for ids in (known, new)]
        first, second = (part.map(lambda x: (x - center) / spread) for part in parts)
        return first, second

    return hidden.once("few labels", make)


def reference(hidden: Hidden, name: str) -> float:
    """The accuracy of a reference solution with or without the tagger."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    known, new = few_labels(hidden)
    tagger = trained_tagger(hidden)[0]

    def rows(x: torch.Tensor) -> np.ndarray:
        parts = [x.mean(2).numpy(), x.std(2).numpy()]
        parts += [embedding("a", tagger, x)] if name == "with_tagger" else []
        return np.concatenate(parts, 1)

    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=500))
    model.fit(rows(known.inputs[0]), known.y.numpy())
    return float((model.predict(rows(new.inputs[0])) == new.y.numpy()).mean())


def label_questions(hidden: Hidden) -> list[Question]:
    """Genres of new clips with and without the tagger, from thirty labels."""
    known, new = few_labels(hidden)
    truth = new.y.numpy()

    def question(name: str, title: str, points: float) -> Question:
        def judge(value: Any) -> Verdict:
            answers = np.asarray(value)
            assert answers.shape == truth.shape, f"{len(truth)} genre numbers were expected."
            reached = float((answers == truth).mean())
            best = hidden.once(name, lambda: reference(hidden, name))
            steps = [0.1 + step * (best - 0.1) for step in STEPS[name]]
            fraction = sum(reached >= step for step in steps) / len(steps)
            following = next((f" The next step is {s:.1%}." for s in steps if reached < s), "")
            return Verdict(fraction, f"{reached:.1%} of {len(truth)} new clips.{following}")

        arguments = "torch.from_numpy(x_known), y_known, torch.from_numpy(x_new)"
        inputs = {
            "x_known": known.inputs[0].numpy(),
            "y_known": known.y.numpy(),
            "x_new": new.inputs[0].numpy(),
        }
        return Question(title, points, f"result = {name}({arguments})", judge, inputs)

    return [
        question("with_tagger", "With the tagger", 3),
        question("without_tagger", "Without the tagger", 2),
    ]


def paired(variant: str, a: np.ndarray, b: np.ndarray) -> dict[str, float]:
    """Difference of two accuracies on the same clips, its interval, and a p-value."""
    n = len(a)
    more, less = int((a & ~b).sum()), int((b & ~a).sum())
    total, few = more + less, min(more, less)
    weight = [math.comb(total, i) / 2**total for i in range(few + 1)]
    if variant == "a":
        p = min(1.0, 2 * sum(weight))
        x, y, size = more, less, n
    else:
        p = min(1.0, 2 * sum(weight) - weight[-1]) if total else 1.0
        x, y, size = more + 0.5, less + 0.5, n + 2
    difference = (x - y) / size
    error = math.sqrt(x + y - (x - y) ** 2 / size) / size
    return {"p": p, "low": difference - 1.96 * error, "high": difference + 1.96 * error}


def paired_questions(hidden: Hidden) -> list[Question]:
    """The p-value, the interval, and both where the classifiers agree or differ everywhere."""
    rng = hidden.rng("paired")

    def case(n: int, p: float, q: float) -> tuple[np.ndarray, np.ndarray]:
        return rng.random(n) < p, rng.random(n) < q

    ordinary = [case(int(rng.integers(20, 60)), 0.6, 0.5) for _ in range(4)]
    edge = [(np.ones(12, bool), np.ones(12, bool)), (np.ones(9, bool), np.zeros(9, bool))]
    edge.append((np.array([1, 0, 1, 0], bool), np.array([0, 1, 1, 0], bool)))

    def question(title: str, points: float, cases: Any, names: tuple[str, ...]) -> Question:
        expected = [paired(hidden.variant, a, b) for a, b in cases]

        def judge(value: Any) -> None:
            assert isinstance(value, list) and len(value) == len(expected), "no values came back."
            for got, reference in zip(value, expected, strict=True):
                assert len(got) == 3, "(p, low, high) was expected."
                values = dict(zip(("p", "low", "high"), got, strict=True))
                for name in names:
                    close(values[name], reference[name], name, rtol=1e-3, atol=1e-6)

        code = "result = [list(compare(a, b)) for a, b in cases]"
        return Question(title, points, code, judge, {"cases": [list(pair) for pair in cases]})

    return [
        question("The p-value", 1, ordinary, ("p",)),
        question("The interval", 2, ordinary, ("low", "high")),
        question("Equal and opposite answers", 1, edge, ("p", "low", "high")),
    ]


ASSIGNMENT = Assignment(
    title="Transfer with few labels",
    variants=("a", "b"),
    parts=(
        Part("embed", "Features of a trained network", 2, embed_questions),
        Part("with_new_head", "A new head", 2, head_questions),
        Part("classify", "Thirty labels", 5, label_questions),
        Part("compare", "A paired comparison", 4, paired_questions),
    ),
    written=(
        Written(
            "verdict",
            "Did transfer help?",
            {
                "a labeled plot of both accuracies for at least five draws of thirty labels": 1,
                "the paired difference with its interval and p-value on the same clips": 1,
                "the conclusion follows from the interval, and is not stronger": 1,
                "says what the draws of the thirty labels add to the uncertainty": 1,
            },
        ),
        Written(
            "limits",
            "What was transferred?",
            {
                "names tags whose knowledge helps with a genre, with evidence": 1,
                "describes two clips on which the classifiers disagree": 1,
                "says when transfer could be expected to hurt": 1,
            },
        ),
    ),
    setup=setup,
    hidden_modules=("mgrlib.synth", "mgrlib.data.synthetic", "mgrlib.data.songs"),
)
