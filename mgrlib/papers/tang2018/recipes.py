"""Tang et al. (2018): an LSTM for six genres, seven LSTMs in a tree for ten, and what is missing.

What the paper leaves open and what we chose:

- *Frames.* "25 ms" and 1293 frames for a clip of 30 s: a hop of 512 samples at 22,050 Hz (23.2 ms)
  gives them. The frames are cut or filled up with silence to 1293.
- *Coefficients.* The text says C1 to C13 in experiment 1 and C0 to C13 in experiment 2; the call
  that the paper prints, `n_mfcc=13`, gives C0 to C12. We follow the text.
- *Scaling* is not mentioned, and there is none.
- *Learning rate*: not printed; 0.001, the default of Adam in Keras.
- *Splits.* 420/120/60 clips in experiment 1; 70 % and 30 %, and also "the same as that in
  experiment 1", in experiment 2. Ours are the protocol's, or those of the study.
- *Batches.* 35 clips, half of the paper's 70 training clips per genre. Ours are half of what a
  genre has to train on, so that an epoch has as many steps as in the paper, whatever the corpus.
- *Sequences.* Reading 1293 frames one after the other is what makes these networks slow. Systems
  named "short" average 16 frames into one; the study "length" measures what that costs.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from mgrlib.features import Mfcc
from mgrlib.models.baselines import linear
from mgrlib.models.tang2018 import StackedLstm
from mgrlib.papers.tang2018.learners import (
    FLAT_EPOCHS,
    RandomTree,
    grown_tree,
    node_epochs,
    paper_tree,
)
from mgrlib.systems.learners import Estimator, Network, NodeByNode
from mgrlib.systems.prepare import RowStatistics
from mgrlib.systems.recipe import Recipe
from mgrlib.training.config import TrainConfig

SIX = ("classical", "hiphop", "jazz", "metal", "pop", "reggae")
EPOCHS = (5, 10, 20, 50, 100, 200, 400)
POOL = 16  # frames averaged into one by the short systems

MFCC13 = Mfcc(22050, n_mfcc=13, c0=False, n_frames=1293)
MFCC14 = Mfcc(22050, n_mfcc=14, n_frames=1293)

SETTINGS = (
    "learning rate, initial weights and loss are not printed; 0.001, PyTorch's, cross-entropy"
)
BATCHES = "batches of half a genre's training clips: 35 where the paper's 70 per genre are there"
SHORT = f"{POOL} frames averaged into one"

LSTM = Network(batch_per_genre=0.5)

FLAT = Recipe(
    "tang2018/flat",
    "One LSTM for ten genres",
    (MFCC14,),
    StackedLstm,
    TrainConfig(epochs=FLAT_EPOCHS, batch_size=35, lr=1e-3),
    learner=LSTM,
    deviations=(SETTINGS, BATCHES, "never reported; reads as many clips as the seven together"),
)

HIERARCHY = replace(
    FLAT,
    name="tang2018/hierarchy",
    title="Seven LSTMs in the paper's tree",
    learner=NodeByNode(paper_tree, LSTM, node_epochs),
    deviations=(SETTINGS, BATCHES, "routed clip by clip; the paper multiplies accuracies"),
)


def short(recipe: Recipe, **changes: Any) -> Recipe:
    """The recipe on sequences of a sixteenth of the length, with other changes."""
    values: dict[str, Any] = {"name": recipe.name, "title": recipe.title, **changes}
    values["name"], values["title"] = f"{values['name']}-short", f"{values['title']}, short"
    deviations = (*recipe.deviations, SHORT)
    return replace(recipe, **values, options={"pool": POOL}, deviations=deviations)


FLAT_SHORT = short(FLAT)
HIERARCHY_SHORT = short(HIERARCHY)
RANDOM_SHORT = short(
    HIERARCHY,
    name="tang2018/random",
    title="Seven LSTMs in a random tree",
    learner=NodeByNode(RandomTree(), LSTM, node_epochs),
)
GROWN_SHORT = short(
    HIERARCHY,
    name="tang2018/grown",
    title="Nine LSTMs in a grown tree",
    learner=NodeByNode(grown_tree, LSTM, node_epochs),
)


def _flat_variant(suffix: str, title: str, reason: str, **changes: Any) -> Recipe:
    """The flat network on short sequences with one thing changed."""
    return replace(
        FLAT_SHORT,
        name=f"{FLAT_SHORT.name}-{suffix}",
        title=f"{FLAT_SHORT.title}, {title}",
        deviations=(*FLAT_SHORT.deviations, reason),
        **changes,
    )


_OPTIMIZERS = (
    "section 4.3 says that different optimizers were tried; only Adam's figures are printed"
)

OPTIMIZERS = (
    _flat_variant(
        "sgd",
        "SGD",
        _OPTIMIZERS,
        config=replace(FLAT.config, optimizer="sgd", lr=1e-2, momentum=0.9),
    ),
    _flat_variant(
        "rmsprop", "RMSprop", _OPTIMIZERS, config=replace(FLAT.config, optimizer="rmsprop")
    ),
    _flat_variant(
        "adadelta",
        "Adadelta",
        _OPTIMIZERS,
        config=replace(FLAT.config, optimizer="adadelta", lr=1.0),
    ),
)

DENSE = _flat_variant(
    "dense",
    "layer III dense",
    "table 2 names hidden layer III without its kind: here it is a dense layer",
    options={**FLAT_SHORT.options, "upper": "dense"},
)


def _longer(recipe: Recipe) -> Recipe:
    """The recipe with as many epochs as the longest training of experiment 1."""
    return replace(
        recipe,
        name=f"{recipe.name}-{max(EPOCHS)}",
        title=f"{recipe.title}, {max(EPOCHS)} epochs",
        config=replace(recipe.config, epochs=max(EPOCHS)),
        deviations=(
            *recipe.deviations,
            f"{max(EPOCHS)} epochs in place of {recipe.config.epochs}, to learn the training clips",
        ),
    )


LONGER = tuple(_longer(recipe) for recipe in (HIERARCHY_SHORT, FLAT_SHORT, RANDOM_SHORT))
"""What the short systems do when they have learned their training clips.

Each reads as many clips as a flat network in 400 epochs, the longest training of experiment 1.
"""

SIX_GENRES = replace(
    FLAT,
    name="tang2018/six-genres",
    title="One LSTM for six genres",
    features=(MFCC13,),
    config=TrainConfig(epochs=max(EPOCHS), batch_size=35, lr=1e-3),
)

LINEAR = replace(
    FLAT,
    name="tang2018/linear",
    title="Logistic regression on MFCC statistics",
    model=linear,
    prepare=(RowStatistics(),),
    learner=Estimator(),
    deviations=("in place of LSTMs: many seeds for little time",),
)
"""What the studies compare trees and genres with where an LSTM would take too long."""

RECIPES = (
    HIERARCHY,
    FLAT,
    HIERARCHY_SHORT,
    FLAT_SHORT,
    RANDOM_SHORT,
    GROWN_SHORT,
    *OPTIMIZERS,
    DENSE,
    *LONGER,
)
