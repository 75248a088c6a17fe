"""Tang et al. (2018): an LSTM for six genres, seven LSTMs in a tree for ten, and what they owe us.

What the paper leaves open and what we chose:
- *Frames.* "25 ms" and 1293 frames a clip of 30 s: a hop of 512 samples at 22,050 Hz (23.2 ms)
  gives them. The frames are cut or filled up with silence to 1293.
- *Coefficients.* The text says C1 to C13 in experiment 1 and C0 to C13 in experiment 2; the call
  that the paper prints, `n_mfcc=13`, gives C0 to C12. We follow the text.
- *Scaling* is not mentioned, and there is none.
- *Learning rate*: not printed; 0.001, the default of Adam in Keras.
- *Splits.* 420/120/60 clips in experiment 1; "70 % and 30 %", and also "the same as in experiment
  1", in experiment 2. Ours are the protocol's, or those of the study.
- *Batches.* 35 clips, half of the paper's 70 training clips a genre. Ours are half of what a genre
  has to train on, so that an epoch has as many steps as in the paper, whatever the corpus.
- *Sequences.* Reading 1293 frames one after the other is what makes these networks slow. Systems
  named "short" average 16 frames into one; the study "length" measures what that costs.
"""

from __future__ import annotations

from dataclasses import replace

from mgrlib.features import Mfcc
from mgrlib.models.tang2018 import StackedLstm
from mgrlib.models.tree import PAPER_TREE
from mgrlib.recipes.core import Recipe
from mgrlib.recipes.studies import Study
from mgrlib.recipes.tang2018_learners import FLAT_EPOCHS, learn_flat, learn_hierarchy
from mgrlib.recipes.tang2018_reported import AVERAGES, FEW_GENRES, NODES, PRODUCT_AVERAGE, PRODUCTS
from mgrlib.recipes.tang2018_studies import (
    compare_recipes,
    compare_trees,
    few_genres,
    map_genres,
    row_of_genres,
    sweep_epochs,
    sweep_nodes,
)
from mgrlib.training.config import TrainConfig

__all__ = ["EPOCHS", "MFCC13", "MFCC14", "PAPER_TREE", "POOL", "RECIPES", "SIX"]

SIX = ("classical", "hiphop", "jazz", "metal", "pop", "reggae")
EPOCHS = (5, 10, 20, 50, 100, 200, 400)
POOL = 16  # frames averaged into one by the short systems

MFCC13 = Mfcc(22050, n_mfcc=13, c0=False, n_frames=1293)
MFCC14 = Mfcc(22050, n_mfcc=14, n_frames=1293)

SETTINGS = (
    "learning rate, initial weights and loss are not printed; 0.001, PyTorch's, cross-entropy"
)
BATCHES = "batches of half a genre's training clips: 35 where the paper's 70 a genre are there"
SHORT = f"{POOL} frames averaged into one"

HIERARCHY = Recipe(
    "tang2018/hierarchy",
    "Seven LSTMs in the paper's tree",
    (MFCC14,),
    StackedLstm,
    TrainConfig(epochs=FLAT_EPOCHS, batch_size=35, lr=1e-3),
    options={"tree": "paper"},
    reported=(PRODUCT_AVERAGE,),
    deviations=(SETTINGS, BATCHES, "routed clip by clip; the paper multiplies accuracies"),
    learn=learn_hierarchy,
)

FLAT = replace(
    HIERARCHY,
    name="tang2018/flat",
    title="One LSTM for ten genres",
    options={},
    reported=(),
    deviations=(SETTINGS, BATCHES, "never reported; reads as many clips as the seven together"),
    learn=learn_flat,
)


def _short(recipe: Recipe, system: str = "", title: str = "", **options: str) -> Recipe:
    """A recipe on sequences of a sixteenth of the length."""
    return replace(
        recipe,
        name=f"tang2018/{system}-short" if system else f"{recipe.name}-short",
        title=f"{title or recipe.title}, short",
        options={**recipe.options, "pool": POOL, **options},
        reported=(),
        deviations=(*recipe.deviations, SHORT),
    )


FLAT_SHORT = _short(FLAT)
HIERARCHY_SHORT = _short(HIERARCHY)
RANDOM_SHORT = _short(HIERARCHY, "random", "Seven LSTMs in a random tree", tree="random")
LEARNT_SHORT = _short(HIERARCHY, "learnt", "Nine LSTMs in a learnt tree", tree="learnt")

SIX_GENRES = replace(
    FLAT_SHORT,
    name="tang2018/six-genres-short",
    title="One LSTM for six genres, short",
    features=(MFCC13,),
    config=TrainConfig(epochs=max(EPOCHS), batch_size=35, lr=1e-3),
)

SWEEP = Study(
    "tang2018/epochs",
    "Experiment 1: six genres, 5 to 400 epochs, a trial a seed",
    sweep_epochs,
    settings={"recipe": SIX_GENRES, "genres": SIX, "stages": EPOCHS},
    reported={f"{one.epochs} epochs": one.reported["test accuracy"] for one in AVERAGES},
    deviations=(SETTINGS, BATCHES, SHORT, "one long training a trial, looked at on its way"),
)

SWEEP_LITERAL = replace(
    SWEEP,
    name="tang2018/epochs-literal",
    title="Experiment 1 to the letter: full sequences, 28 trainings",
    settings={
        "recipe": replace(SIX_GENRES, name="tang2018/six-genres", options={}),
        "genres": SIX,
        "stages": EPOCHS,
        "literal": True,
    },
    reported={},
    deviations=(SETTINGS, BATCHES),
)

NODE_SWEEP = Study(
    "tang2018/nodes",
    "Experiment 2: seven nodes, products and what is measured",
    sweep_nodes,
    settings={"recipe": HIERARCHY_SHORT},
    reported={
        **{f"LSTM{name}": printed for name, printed in NODES.items()},
        **{
            f"product, {', '.join(PAPER_TREE.nodes[name].genres)}": printed
            for name, printed in PRODUCTS.items()
        },
        "product, mean of groups": PRODUCT_AVERAGE,
    },
    deviations=HIERARCHY_SHORT.deviations,
)

TREES = Study(
    "tang2018/trees",
    "Which tree? Quick classifiers on MFCC statistics",
    compare_trees,
    settings={"recipe": FLAT_SHORT},
    deviations=("logistic regression and SVM in place of LSTMs: many seeds for little time",),
)

FEW = Study(
    "tang2018/few-genres",
    "The cited experiment with two, three and four genres",
    few_genres,
    settings={"recipe": FLAT_SHORT, "sets": tuple(FEW_GENRES)},
    reported={row_of_genres(genres): printed for genres, printed in FEW_GENRES.items()},
    deviations=("the cited network is another one, of which the paper tells nothing",),
)


def _lengths() -> tuple[Recipe, ...]:
    """The flat network on the whole sequence and on shorter ones, with 40 epochs each."""
    base = replace(FLAT, config=replace(FLAT.config, epochs=40))
    hop = Mfcc(22050, n_mfcc=14, hop_length=2048, n_frames=324)
    begin = Mfcc(22050, n_mfcc=14, n_frames=162)
    made = {
        "1293 frames": base,
        **{
            f"{p} frames averaged into one": replace(base, options={"pool": p})
            for p in (4, 8, 16, 64)
        },
        "every fourth frame": replace(base, features=(hop,)),
        "the first eighth of the clip": replace(base, features=(begin,)),
        "8 averaged, mean of all states": replace(base, options={"pool": 8, "read": "mean"}),
        "8 averaged, bfloat16": replace(
            base, options={"pool": 8}, config=replace(base.config, precision="bfloat16")
        ),
        "8 averaged, standardised": replace(base, options={"pool": 8}, scaling="coefficient"),
    }
    return tuple(
        replace(one, name=f"tang2018/length-{i}", title=title)
        for i, (title, one) in enumerate(made.items())
    )


LENGTHS = Study(
    "tang2018/length",
    "Shorter sequences: what they cost and what they save",
    compare_recipes,
    settings={"recipes": _lengths()},
)

MAP = Study(
    "tang2018/map",
    "Genres in two dimensions, as in figure 13",
    map_genres,
    settings={"recipe": FLAT_SHORT},
)

RECIPES = (
    SWEEP,
    SWEEP_LITERAL,
    HIERARCHY,
    FLAT,
    HIERARCHY_SHORT,
    FLAT_SHORT,
    RANDOM_SHORT,
    LEARNT_SHORT,
    NODE_SWEEP,
    TREES,
    FEW,
    LENGTHS,
    MAP,
)
