"""Wei et al. (n.d.): three ways to train that only this paper needs."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch

from mgrlib.compression.distil import distilled
from mgrlib.errors import DownloadError
from mgrlib.evaluation.predictions import logits_of
from mgrlib.features.base import Feature
from mgrlib.models.wei2023 import pretrained_resnet18
from mgrlib.segments import Segments
from mgrlib.systems.classifiers import Classifier, NetworkClassifier
from mgrlib.systems.learn import learn
from mgrlib.systems.learners import Learned, Network
from mgrlib.systems.recipe import Recipe
from mgrlib.training.config import TrainConfig
from mgrlib.training.seeds import seeded


@dataclass(frozen=True)
class FromImageNet:
    """A ResNet18 trained on from its ImageNet weights; from scratch where they cannot be had.

    The details of a record say which of the two it was.
    """

    def learn(
        self, recipe: Recipe, train: Segments, valid: Segments | None, config: TrainConfig
    ) -> Learned:
        """The network after training."""
        shape: Any = train.input_shape
        weights, learner = "ImageNet", Network()
        try:
            with seeded(config.seed):
                network = pretrained_resnet18(train.n_classes, shape)
            learner = Network(make=lambda *_: network)
        except DownloadError:
            weights = "from scratch: the ImageNet weights could not be fetched"
        parts = learner.learn(recipe, train, valid, config)
        return replace(parts, details={"weights": weights})

    def restore(self, recipe: Recipe, saved: Mapping[str, Any], n_classes: int) -> Classifier:
        """The network with the saved weights; nothing is fetched."""
        return Network().restore(recipe, saved, n_classes)


@dataclass(frozen=True)
class Averaging(Network):
    """A network of two branches; where it learns how to average them, a record has the weights."""

    def learn(
        self, recipe: Recipe, train: Segments, valid: Segments | None, config: TrainConfig
    ) -> Learned:
        """The network after training."""
        parts = super().learn(recipe, train, valid, config)
        assert isinstance(parts.classifier, NetworkClassifier)
        weights = dict(parts.classifier.network.named_parameters()).get("weights")
        if weights is None:
            return parts
        shares = torch.softmax(weights.detach(), 0).tolist()
        return replace(parts, details={**(parts.details or {}), "weights": shares})


@dataclass(frozen=True)
class Taught:
    """A network that learns from the truth and from what a larger network says.

    The teacher trains on the same clips first. It looks at features of its own, which nobody needs
    once the student has learned.

    Args:
        teacher: a recipe of one network and one way of cutting with the student's.
        temperature, weight: of the loss, as in `distillation_loss`.
    """

    teacher: Recipe
    temperature: float = 4.0
    weight: float = 0.9

    @property
    def features(self) -> tuple[Feature, ...]:
        """What the teacher looks at."""
        return self.teacher.features

    def learn(
        self, recipe: Recipe, train: Segments, valid: Segments | None, config: TrainConfig
    ) -> Learned:
        """The student; validation segments are not looked at."""
        started = time.perf_counter()
        student_train = replace(train, inputs=train.inputs[: -len(self.features)])
        teacher_train = replace(train, inputs=train.inputs[-len(self.features) :])
        teacher = learn(self.teacher, teacher_train, seed=config.seed)
        logits = logits_of(teacher.network, teacher.segments(teacher_train))
        shapes = tuple(tuple(x.shape[1:]) for x in student_train.inputs)
        with seeded(config.seed):
            student = recipe.network(train.n_classes, shapes)
        run = distilled(
            student, student_train, logits, config, temperature=self.temperature, weight=self.weight
        )
        seconds = time.perf_counter() - started
        details = {"teacher's train accuracy": teacher.about["train_accuracy"]}
        return Learned(NetworkClassifier(student.eval(), shapes), seconds, run, details)

    def restore(self, recipe: Recipe, saved: Mapping[str, Any], n_classes: int) -> Classifier:
        """The student with the saved weights."""
        return Network().restore(recipe, saved, n_classes)
