"""The published tagger as the source task: its features, and its recurrent half fine-tuned.

Jiménez and José (2016) fixed the four convolutional blocks of Choi's network and trained what
stands behind them on genres; the weights that they published show it. With the convolutions fixed,
what they say of a segment is computed once, and the rest trains in seconds on a CPU. Everything
here needs the published file, and segments of 29.12 s.

What the paper leaves open and what we chose:
- *The first normalisation*, of frames, was trained as well in theirs. Ours stays as it is, since it
  stands before the convolutions.
- *How long*. Theirs, on frames of songs, overfitted after some 25 epochs of Adam, at a rate that is
  not printed; ours are 20 epochs at .001, and on the curve as many steps as the small networks get,
  of which validation artists choose the best epoch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import torch

from mgrlib.data.corpus import Corpus
from mgrlib.data.songs import handmade
from mgrlib.evaluation.multiframe import as_clips, joined
from mgrlib.evaluation.predictions import Predictions, predict
from mgrlib.features import standardize_clips
from mgrlib.models.baselines import k_nn, linear, rbf_svm
from mgrlib.models.published import FILES
from mgrlib.models.reddy2024 import Crnn, RecurrentHalf, recurrent_half
from mgrlib.recipes.core import Learned, Recipe, learn_network
from mgrlib.recipes.reddy2024_songs import (
    FRAME,
    FRAMES,
    START,
    BandStatistics,
    PublishedLayers,
    published_network,
)
from mgrlib.recipes.reddy2024_transfer import (
    accuracy_row,
    artists_apart,
    classified,
    curve_rows,
    few_clips,
    steps,
)
from mgrlib.segments import Segments, cut
from mgrlib.training.config import TrainConfig
from mgrlib.training.loop import fit
from mgrlib.training.seeds import seeded

__all__ = [
    "TUNED",
    "PublishedMaps",
    "cross_tuned",
    "learn_recurrent",
    "published_curve",
    "tuned_half",
]

Row = dict[str, Any]

TUNED = TrainConfig(epochs=20, batch_size=16, lr=1e-3)


@dataclass(frozen=True)
class PublishedMaps:
    """What the last pooling of the published CRNN leaves, (N,) -> (15, 128); needs its file."""

    sample_rate: int = 12000

    @property
    def key(self) -> str:
        """The name of this feature and the content of the weights."""
        return f"PublishedMaps-v1({FRAME.key}, {FILES['msd-crnn'].digest})"

    def shape(self, seconds: float) -> tuple[int, ...]:
        """(15, 128) for a sound of any length."""
        return (15, 128)

    def __call__(self, y: np.ndarray) -> np.ndarray:
        """(N,) waveform at 12 kHz -> (15, 128): steps by channels."""
        x = torch.from_numpy(standardize_clips(FRAME(y)))[None]
        with torch.inference_mode():
            maps = cast(Crnn, published_network()).activations(x)["pool4"]  # (1, 128, 1, 15)
        return maps[0, :, 0].T.contiguous().numpy()


def tuned_half(n_classes: int, input_shape: tuple[int, int], *, seed: int) -> RecurrentHalf:
    """The published recurrent layers under a new head for `n_classes`."""
    with seeded(seed):
        return recurrent_half(cast(Crnn, published_network()), n_classes, input_shape)


def _fresh_half(n_classes: int, input_shape: tuple[int, int], *, seed: int) -> RecurrentHalf:
    """The same layers with first weights of their own."""
    with seeded(seed):
        return RecurrentHalf(n_classes, input_shape, gru="keras1")


def learn_recurrent(
    recipe: Recipe, train: Segments, valid: Segments, test: Segments, config: TrainConfig
) -> Learned:
    """The published recurrent layers trained on; songs by the mean, frames in `extra`."""

    def tuned(n_classes: int, input_shape: tuple[int, int]) -> RecurrentHalf:
        return tuned_half(n_classes, input_shape, seed=config.seed)

    copied = replace(recipe, model=tuned, options={})
    learned = learn_network(copied, train, valid, as_clips(test), config)
    frames = learned.predictions
    extra = {"frames": frames.to_dict()}
    return replace(learned, predictions=joined(frames), extra=extra, model=None)


def published_curve(
    corpus: Corpus,
    seeds: Sequence[int],
    progress: bool = False,
    *,
    sizes: Sequence[int],
    n_steps: int,
) -> list[Row]:
    """Accuracy against training clips a genre: the published features, and fine-tuning.

    Split, clips and validation are those of `learning_curve`, the sound is 29.12 s of each clip.
    Each row's `p` is McNemar's test against band statistics of as many clips, first seed.
    """
    split = artists_apart(corpus)
    features = (PublishedMaps(), PublishedLayers(), BandStatistics())
    kinds = [cut(corpus, one, how=START, progress=progress) for one in features]
    valid = kinds[0].of(split.valid)

    def answers(size: int, seed: int) -> dict[str, Predictions]:
        train = [few_clips(part, split.train, size, seed) for part in kinds]
        test = [part.of(split.test) for part in kinds]
        config = steps(TUNED, train[0], seed, n_steps)
        said = {}
        for name, make in (("published", tuned_half), ("fresh", _fresh_half)):
            model = make(len(corpus.genres), (15, 128), seed=seed)
            fit(model, train[0], valid, config)
            said[f"published convolutions, {name} recurrent layers"] = predict(model, test[0])
        for name, classifier in (("SVM", rbf_svm), ("softmax", linear), ("k-NN", k_nn)):
            said[f"published features + {name}"] = classified(classifier, train[1], test[1], seed)
        said["band statistics + SVM"] = classified(rbf_svm, train[2], test[2], seed)
        return said

    return curve_rows(answers, sizes, seeds, rival="band statistics + SVM")


def cross_tuned(
    corpus: Corpus, seeds: Sequence[int], progress: bool = False, *, n_per_genre: int
) -> list[Row]:
    """The published recurrent layers trained on frames of the handmade set, tested elsewhere."""
    train = cut(handmade(n_per_genre), PublishedMaps(), how=FRAMES, progress=progress)
    test = cut(corpus, PublishedMaps(), how=START, progress=progress)
    said = []
    for seed in seeds:
        model = tuned_half(train.n_classes, (15, 128), seed=seed)
        fit(model, train, config=replace(TUNED, seed=seed))
        said.append(predict(model, test))
    return [accuracy_row("trained on the handmade set", said, n_frames=len(train))]
