"""Ways to prepare and to learn that are this paper's own.

What the paper leaves open and what we chose:

- *k-NN over frames.* Both texts name it beside the mean; the report describes what is a majority
  vote. Ours has the vote and, apart from it, neighbors among the scores of training frames. Those
  scores are of frames that the classifier was not trained on, from inner folds that keep songs
  together.
- *The published network's first normalization*, of frames, was trained as well in theirs. Ours
  stays as it is, since it stands before the convolutions, which are fixed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import torch
from torch import nn

from mgrlib.data.corpus import Corpus
from mgrlib.evaluation.aggregation import mean_probs, nearest
from mgrlib.evaluation.multiframe import as_clips, joined
from mgrlib.evaluation.predictions import Predictions
from mgrlib.models.pretrained import load_tagger, pooled_layers
from mgrlib.models.reddy2024 import recurrent_half
from mgrlib.papers.reddy2024 import features, tagger
from mgrlib.segments import Segments
from mgrlib.systems.classifiers import Classifier, EstimatorClassifier
from mgrlib.systems.learners import Estimator, Learned, Network
from mgrlib.systems.prepare import Fixed
from mgrlib.systems.recipe import Recipe
from mgrlib.systems.system import System
from mgrlib.training.config import TrainConfig
from mgrlib.training.loop import Loss
from mgrlib.training.losses import class_weights, weighted_cross_entropy
from mgrlib.training.transfer import freeze, initialize, new_head

Shapes = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class Bands(Fixed):
    """Mean, deviation and mean step of each band, (S, F, T) -> (S, 3 F)."""

    def change(self, x: torch.Tensor) -> torch.Tensor:
        """(S, F, T) -> (S, 3 F)."""
        return features.band_statistics(x)


@dataclass(frozen=True)
class TaggerLayers(Fixed):
    """What all layers of one of our taggers say of a segment, pooled, (S, 96, 310) -> (S, D).

    Args:
        sha256: of the tagger's weights; empty for the same network without training.
        kind: which of the taggers.
    """

    sha256: str = tagger.TAGGER_SHA256
    kind: tagger.Kind = "CRNN"

    def change(self, x: torch.Tensor) -> torch.Tensor:
        """(S, 96, 310) -> (S, D)."""
        if self.sha256:
            network = tagger.embedded_tagger(self.sha256, kind=self.kind)
        else:
            network = tagger.untrained_tagger(kind=self.kind)
        return torch.cat(list(pooled_layers(network, x, batch_size=64).values()), dim=1)


def tuned_tagger(
    recipe: Recipe,
    n_classes: int,
    shapes: Shapes,
    seed: int,
    *,
    sha256: str,
    n_frozen: int = 0,
    kind: tagger.Kind = "CRNN",
) -> nn.Module:
    """One of our taggers under a new head, its first layers fixed, for `Network(make=...)`."""
    network = tagger.embedded_tagger(sha256, kind=kind)
    return freeze(new_head(network, n_classes, seed=seed), n_frozen)


def with_first_weights(
    recipe: Recipe, n_classes: int, shapes: Shapes, seed: int, *, how: str
) -> nn.Module:
    """The recipe's network, its first weights drawn in another way, for `Network(make=...)`."""
    return initialize(recipe.network(n_classes, shapes), how, seed=seed)


def tuned_whole(recipe: Recipe, n_classes: int, shapes: Shapes, seed: int) -> nn.Module:
    """The whole published CRNN under a new head, nothing fixed, for `Network(make=...)`."""
    return new_head(load_tagger("msd-crnn").network, n_classes, seed=seed)


def tuned_half(recipe: Recipe, n_classes: int, shapes: Shapes, seed: int) -> nn.Module:
    """The published recurrent layers under a new head, for `Network(make=...)`."""
    return recurrent_half(features.published_network(), n_classes, cast(Any, shapes[0]))


@dataclass(frozen=True)
class Weighted(Network):
    """A network trained with every clip weighing the more, the rarer its genre is in training."""

    def loss(self, train: Segments) -> Loss:
        """Cross-entropy with the weights of the training segments."""
        return weighted_cross_entropy(class_weights(train.y, train.n_classes))


@dataclass(frozen=True, eq=False)
class ScoredClassifier(EstimatorClassifier):
    """A classifier of frames, with what such classifiers say of frames they were not trained on.

    Args:
        scores: of the training frames, (S, K), each from songs other than its own.
        truth: their genres, (S,).
    """

    scores: np.ndarray
    truth: np.ndarray

    def saved(self) -> Mapping[str, Any]:
        """The estimator, the scores and the truth."""
        arrays = {
            name: torch.from_numpy(getattr(self, name).copy()) for name in ("scores", "truth")
        }
        return {**super().saved(), **arrays}


@dataclass(frozen=True)
class OutOfFold(Estimator):
    """A scikit-learn classifier that keeps scores of its training frames, for neighbors.

    Args:
        n_folds: inner folds, of whole songs, from which the scores come.
    """

    use_valid: bool = False
    n_folds: int = 3

    def learn(
        self, recipe: Recipe, train: Segments, valid: Segments | None, config: TrainConfig
    ) -> Learned:
        """The estimator of all training frames, with out-of-fold scores."""
        parts = super().learn(recipe, train, valid, config)
        estimator = cast(EstimatorClassifier, parts.classifier).estimator
        scored = self._scored(recipe, train, config)
        return replace(parts, classifier=ScoredClassifier(estimator, scored.probs, scored.truth))

    def _scored(self, recipe: Recipe, train: Segments, config: TrainConfig) -> Predictions:
        """Predictions for each training frame by a classifier trained on other songs."""
        rng = np.random.default_rng(config.seed)
        fold = np.empty(train.n_clips, dtype=int)
        first = torch.tensor([int((train.clip == m).nonzero()[0]) for m in range(train.n_clips)])
        for k in range(train.n_classes):
            members = np.flatnonzero(train.y[first].numpy() == k)
            fold[rng.permutation(members)] = np.arange(len(members)) % self.n_folds
        ids = np.asarray(train.clip_ids, dtype=object)
        parts = []
        for f in range(self.n_folds):
            inner = super().learn(recipe, train.of(ids[fold != f]), None, config)
            rest = as_clips(train.of(ids[fold == f]))
            parts.append(inner.classifier.predict(rest, mean_probs))
        return Predictions.concat(parts)

    def restore(self, recipe: Recipe, saved: Mapping[str, Any], n_classes: int) -> Classifier:
        """The estimator with its scores."""
        plain = cast(EstimatorClassifier, super().restore(recipe, saved, n_classes))
        scores, truth = saved["scores"].numpy(), saved["truth"].numpy()
        return ScoredClassifier(plain.estimator, scores, truth)


def frame_predictions(system: System, clips: Corpus, segments: Segments) -> Predictions:
    """A condition of `cross_validate`: each frame of the test songs as a clip of its own."""
    return system.predict(as_clips(segments))


def neighbor_predictions(system: System, clips: Corpus, segments: Segments) -> Predictions:
    """Classify songs by the training frames whose scores are nearest to those of their frames."""
    classifier = cast(ScoredClassifier, system.classifier)
    frames = frame_predictions(system, clips, segments)
    return joined(frames, nearest(classifier.scores, classifier.truth))
