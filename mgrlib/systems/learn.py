"""`learn`: from a recipe and clips to a system."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mgrlib.data.corpus import Corpus
from mgrlib.errors import RecipeError, explain
from mgrlib.evaluation.aggregation import mean_probs
from mgrlib.features.base import Feature
from mgrlib.provenance import provenance
from mgrlib.segments import Segments, cut
from mgrlib.systems.learners import Network
from mgrlib.systems.prepare import Preparation
from mgrlib.systems.recipe import Recipe
from mgrlib.systems.system import System, own_inputs
from mgrlib.training.config import TrainConfig


def learn(
    recipe: Recipe,
    train: Corpus | Segments,
    valid: Corpus | Segments | None = None,
    *,
    seed: int | None = None,
    progress: bool = False,
    **changes: Any,
) -> System:
    """The system that a recipe makes of training clips.

    Everything is fitted here and nowhere else: the preparation on the training segments, then the
    classifier. Test clips have no way in.

    Args:
        train: clips, or segments that `segments_of` cut from them.
        valid: clips to choose the best epoch by; without any, the last epoch counts.
        seed: of initial weights and training; default: the recipe's.
        progress: show a bar while features are computed.
        changes: settings of the recipe's `TrainConfig` to change, as `epochs=5`.

    Raises:
        RecipeError: no such setting.
        AudioError, FeatureError, TrainingError: from the layers below.
    """
    config = changed(recipe.config, {**changes, **({} if seed is None else {"seed": seed})})
    segments = segments_of(recipe, train, progress=progress)
    checked = None if valid is None else segments_of(recipe, valid, progress=progress)
    preparation = Preparation.fit(recipe.prepare, segments)
    prepared = preparation(segments)
    held = None if checked is None or not len(checked) else preparation(checked)
    parts = (recipe.learner or Network()).learn(recipe, prepared, held, config)
    if len(segments.inputs) > len(recipe.features):  # the rest was there for the learner alone
        prepared = preparation(own_inputs(recipe, segments))
    answers = parts.classifier.predict(prepared, mean_probs)
    about = {
        "recipe": recipe.name,
        "version": recipe.version,
        "data": train.name if isinstance(train, Corpus) else "",
        "n_clips": segments.n_clips,
        "epochs": config.epochs,
        "seed": config.seed,
        "train_accuracy": round(float(answers.correct.mean()), 4),
        "seconds": round(parts.seconds, 2),
        "details": dict(parts.details or {}),
        **provenance(),
    }
    return System(recipe, preparation, parts.classifier, segments.genres, about, parts.run)


def changed(config: TrainConfig, changes: dict[str, Any]) -> TrainConfig:
    """The config with some settings changed.

    Raises:
        RecipeError: a setting that a TrainConfig does not have.
    """
    try:
        return replace(config, **changes)
    except TypeError as error:
        raise RecipeError(explain("learn", "settings of TrainConfig", str(error))) from error


def segments_of(recipe: Recipe, clips: Corpus | Segments, *, progress: bool = False) -> Segments:
    """A recipe's segments of a corpus, not prepared; segments are returned as they are."""
    if isinstance(clips, Segments):
        return clips
    return cut(clips, *features_of(recipe), how=recipe.cut, progress=progress)


def features_of(recipe: Recipe) -> tuple[Feature, ...]:
    """All features that a recipe needs; those for the learner alone, as a teacher's, are last."""
    return (*recipe.features, *getattr(recipe.learner, "features", ()))
