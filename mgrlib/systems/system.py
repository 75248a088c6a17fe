"""System: a trained recipe as one value, from sound to genres."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from mgrlib.data.corpus import Corpus
from mgrlib.errors import RecipeError, StorageError, explain
from mgrlib.evaluation.aggregation import Aggregate, mean_probs
from mgrlib.evaluation.predictions import Predictions
from mgrlib.segments import Segments, cut
from mgrlib.storage import atomic_write
from mgrlib.systems.classifiers import Classifier, NetworkClassifier
from mgrlib.systems.learners import Network
from mgrlib.systems.prepare import Preparation
from mgrlib.systems.recipe import Recipe
from mgrlib.tensor_files import read_tensors
from mgrlib.training.config import Run

FORMAT = 1


@dataclass(frozen=True, eq=False)
class System:
    """What training a recipe gives: front end, fitted preparation, classifier, genres, provenance.

    Args:
        recipe: with the features and the way of cutting, which are the front end.
        preparation: fitted on the training segments.
        classifier: of prepared segments.
        genres: the K classes.
        about: where it comes from, as plain values: recipe and version, data, number of clips,
            seed, accuracy on the training clips, versions, commit, date.
        training: the course of the training, where one network was trained.
    """

    recipe: Recipe
    preparation: Preparation
    classifier: Classifier
    genres: tuple[str, ...]
    about: Mapping[str, Any]
    training: Run | None = None

    def __repr__(self) -> str:
        made_of = f"{self.about.get('n_clips')} clips of {self.about.get('data') or 'segments'}"
        return f"System({self.recipe.name}, {len(self.genres)} genres, trained on {made_of})"

    @property
    def network(self) -> nn.Module:
        """The network of a system that has exactly one.

        Raises:
            RecipeError: the classifier is an estimator or a tree.
        """
        return self._network_classifier().network

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """What the network of a system that has exactly one is given: a shape for each modality.

        Raises:
            RecipeError: the classifier is an estimator or a tree.
        """
        return self._network_classifier().shapes

    def with_network(self, network: nn.Module) -> System:
        """The same system with another network in the place of its own: pruned, quantized, ..."""
        classifier = replace(self._network_classifier(), network=network)
        return replace(self, classifier=classifier, training=None)

    def _network_classifier(self) -> NetworkClassifier:
        if not isinstance(self.classifier, NetworkClassifier):
            got = type(self.classifier).__name__
            raise RecipeError(explain(f"system {self.recipe.name}", "one network", got))
        return self.classifier

    def segments(self, sound: Corpus | Segments | np.ndarray) -> Segments:
        """What the classifier is given: cut, features, preparation.

        Args:
            sound: clips, segments that were cut by the recipe and not yet prepared, or one
                waveform (N,) at the sample rate of the recipe's features.
        """
        if isinstance(sound, Corpus):
            cut_segments = cut(sound, *self.recipe.features, how=self.recipe.cut)
        elif isinstance(sound, Segments):
            cut_segments = sound
        else:
            cut_segments = self._of_waveform(np.asarray(sound))
        return self.preparation(own_inputs(self.recipe, cut_segments))

    def _of_waveform(self, y: np.ndarray) -> Segments:
        rates = {feature.sample_rate for feature in self.recipe.features}
        if len(rates) > 1:
            hint = "give a corpus, which is read at each of them."
            where = f"system {self.recipe.name}"
            raise RecipeError(explain(where, "features of one sample rate", f"{rates}", hint))
        pieces = self.recipe.cut(y, rates.pop())
        inputs = tuple(
            torch.from_numpy(np.stack([feature(p) for p in pieces]).astype(np.float32, copy=False))
            for feature in self.recipe.features
        )
        n = len(pieces)
        unknown = torch.full((n,), -1, dtype=torch.int64)
        return Segments(
            inputs, unknown, torch.zeros(n, dtype=torch.int64), ("waveform",), self.genres
        )

    def predict(
        self, sound: Corpus | Segments | np.ndarray, *, aggregate: Aggregate = mean_probs
    ) -> Predictions:
        """The probabilities of the genres, one row for each clip.

        Args:
            sound: clips, segments that were cut by the recipe and not yet prepared, or one
                waveform (N,) at the sample rate of the recipe's features, whose true genre is not
                known (`Predictions.truth` is -1).
            aggregate: how the segments of a clip are joined.

        Raises:
            EvaluationError: no segment, or labels that are not the system's genres.
            AudioError, FeatureError: from the layers below.
        """
        segments = self.segments(sound)
        if segments.genres != self.genres:
            where, got = f"system {self.recipe.name}", str(segments.genres)
            raise RecipeError(explain(where, f"clips of the genres {self.genres}", got))
        return self.classifier.predict(segments, aggregate)

    def save(self, path: Path) -> Path:
        """Write the system to one file, whole or not at all; returns the path."""
        content = {
            "format": FORMAT,
            "recipe": self.recipe.name,
            "key": self.recipe.key,
            "genres": list(self.genres),
            "about": dict(self.about),
            "states": [
                {name: torch.from_numpy(np.array(value)) for name, value in state.items()}
                for state in self.preparation.states
            ],
            "classifier": dict(self.classifier.saved()),
        }
        with atomic_write(path) as part:
            torch.save(content, part)
        return path

    @staticmethod
    def load(path: Path, recipe: Recipe) -> System:
        """The system that `save` wrote, for the same recipe; no code of the file is run.

        Raises:
            StorageError: no such file, or one that is damaged or no system.
            RecipeError: a system of another recipe, or of the recipe with other settings.
        """
        content = read_saved(path)
        if content["recipe"] != recipe.name:
            got = f"a system of {content['recipe']}"
            raise RecipeError(explain(str(path), f"a system of {recipe.name}", got))
        if content["key"] != recipe.key:
            hint = "learn it again, or load it with the version of mgrlib that saved it."
            got = "one with other settings"
            raise RecipeError(explain(str(path), f"{recipe.name} as it is now", got, hint))
        try:
            states = [{k: v.numpy() for k, v in state.items()} for state in content["states"]]
            genres = tuple(content["genres"])
            if len(states) != len(recipe.prepare) or len(genres) < 2:
                raise ValueError(f"{len(states)} states, {len(genres)} genres")
            learner = recipe.learner or Network()
            classifier = learner.restore(recipe, content["classifier"], len(genres))
            preparation = Preparation(recipe.prepare, tuple(states))
            return System(recipe, preparation, classifier, genres, content["about"])
        except (LookupError, TypeError, ValueError, AttributeError) as error:
            got = f"{type(error).__name__}: {error}"
            raise StorageError(explain(str(path), "a saved system", got)) from error


def own_inputs(recipe: Recipe, segments: Segments) -> Segments:
    """Without the modalities that only the recipe's learner looks at, which come last."""
    n_features = len(recipe.features)
    if len(segments.inputs) <= n_features:
        return segments
    return replace(segments, inputs=segments.inputs[:n_features])


def read_saved(path: Path) -> dict[str, Any]:
    """The content of a file that `System.save` wrote, read without running its code.

    Raises:
        StorageError: no such file, or one that is damaged or no system.
    """
    hint = "`System.save` and `mgrlib export --keep` write such files."
    content = read_tensors(path, content="a saved system", hint=hint)
    fault = _fault(content)
    if fault:
        raise StorageError(explain(str(path), "a saved system", fault, hint))
    return content


KINDS = {"format": int, "recipe": str, "key": str, "genres": list, "about": dict}
KINDS |= {"states": list, "classifier": dict}
MAX_GENRES, MAX_STATE = 10_000, 10_000_000  # names, and values of one array


def _fault(content: Mapping[str, Any]) -> str:
    """What is wrong with the parts of a file; empty if nothing is."""
    for name, kind in KINDS.items():
        if not isinstance(content.get(name), kind):
            return f"`{name}` that is missing or no {kind.__name__}"
    genres, states = content["genres"], content["states"]
    if content["format"] != FORMAT:
        return f"format {content['format']}"
    if not all(isinstance(genre, str) and genre for genre in genres):
        return "a genre without a name"
    if not 1 <= len(genres) <= MAX_GENRES or len(set(genres)) < len(genres):
        return f"{len(genres)} genres, or one that is listed twice"
    if not all(isinstance(state, dict) for state in states):
        return "`states` that are no tables of arrays"
    for name, value in (item for state in states for item in state.items()):
        if not _finite(value):
            return f"`states` whose `{name}` is no array of finite numbers"
    return ""


def _finite(value: Any) -> bool:
    return (
        isinstance(value, torch.Tensor)
        and value.is_floating_point()
        and value.numel() <= MAX_STATE
        and bool(torch.isfinite(value).all())
    )
