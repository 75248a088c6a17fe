"""A recipe's network trained on every clip of a corpus, to be kept; none is left to test it on."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from mgrlib.compression.export import UNSCALED, Pipeline
from mgrlib.data.corpus import Corpus
from mgrlib.errors import RecipeError, StorageError, explain
from mgrlib.features import Standardize
from mgrlib.recipes.core import Recipe, learn_network
from mgrlib.segments import Segments, cut
from mgrlib.storage import atomic_write
from mgrlib.training.seeds import seeded

__all__ = ["calibration", "keep", "kept", "train_on_all"]

EPS = 1e-5  # as `mgrlib.segments.standardize` adds to every deviation


def train_on_all(
    recipe: Recipe,
    corpus: Corpus,
    *,
    seed: int = 0,
    changes: Mapping[str, Any] | None = None,
    progress: bool = False,
) -> Pipeline:
    """The recipe's network with its front end, after training on all clips of a corpus.

    What it is worth on other clips is what the recipe's results say, which were made by folds.

    Args:
        changes: settings of the recipe's TrainConfig to change, as `{"epochs": 5}`.

    Raises:
        RecipeError: a recipe whose classifier is no network.
        AudioError, FeatureError, TrainingError: from the layers below.
    """
    config = replace(recipe.config, seed=seed, **(changes or {}))
    segments = cut(corpus, *recipe.features, how=recipe.how, progress=progress)
    scale = _scale(recipe, segments)
    train = segments.map(scale, *[None] * (len(segments.inputs) - 1))
    learned = (recipe.learn or learn_network)(recipe, train, train.of([]), train, config)
    if learned.model is None:
        hint = "export a recipe of one network."
        raise RecipeError(explain(f"export {recipe.name}", "a trained network", "none", hint))
    about = {
        "recipe": recipe.name,
        "fingerprint": recipe.fingerprint,
        "trained on": f"{len(corpus)} clips of {corpus.name}",
        "epochs": config.epochs,
        "seed": seed,
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }
    feature, seconds = recipe.features[0], recipe.how.segment_seconds
    return Pipeline(learned.model.eval(), feature, corpus.genres, seconds, scale, about)


def _scale(recipe: Recipe, segments: Segments) -> Standardize:
    if recipe.scaling == "none":
        return UNSCALED
    return Standardize.fit(segments.inputs[0], per=recipe.scaling, eps=EPS)


def calibration(recipe: Recipe, pipeline: Pipeline, corpus: Corpus, n_clips: int = 50) -> Segments:
    """Some of a corpus' segments as the pipeline's network is given them, of all genres."""
    every = max(1, len(corpus) // n_clips)
    ids = list(corpus.clips.index[::every])
    segments = cut(corpus, recipe.features[0], how=recipe.how, clip_ids=ids)
    return segments.map(pipeline.scale)


def keep(pipeline: Pipeline, path: Path) -> Path:
    """Write a trained pipeline's weights with all that `kept` needs; returns the path."""
    content = {
        "about": dict(pipeline.about),
        "genres": list(pipeline.genres),
        "mean": torch.from_numpy(pipeline.scale.mean),
        "deviation": torch.from_numpy(pipeline.scale.deviation),
        "weights": pipeline.model.state_dict(),
    }
    with atomic_write(path) as part:
        torch.save(content, part)
    return path


def kept(recipe: Recipe, path: Path) -> Pipeline:
    """The pipeline of a file that `keep` wrote, for the same recipe.

    Raises:
        StorageError: no such file, one that is damaged, or not weights of this recipe's network.
        RecipeError: weights of another recipe.
    """
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
        told, genres = content["about"]["recipe"], tuple(content["genres"])
    except FileNotFoundError as error:
        raise StorageError(explain(str(path), "a file", "nothing there")) from error
    except Exception as error:  # to a parser, damage can look like anything
        hint = "`mgrlib export --keep` writes such files."
        got = str(error).splitlines()[0]
        raise StorageError(explain(str(path), "a trained pipeline", got, hint)) from error
    if told != recipe.name:
        raise RecipeError(explain(str(path), f"weights of {recipe.name}", f"weights of {told}"))
    seconds = recipe.how.segment_seconds
    shapes = [feature.shape(seconds or 30.0) for feature in recipe.features]
    with seeded(0):
        model = recipe.model(len(genres), *shapes, **recipe.options)
    try:
        model.load_state_dict(content["weights"])
    except RuntimeError as error:
        got = str(error).splitlines()[-1].strip()
        raise StorageError(explain(str(path), "the network's own layers", got)) from error
    scale = Standardize(content["mean"].numpy(), content["deviation"].numpy())
    return Pipeline(model.eval(), recipe.features[0], genres, seconds, scale, content["about"])
