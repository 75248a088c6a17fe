"""Tang et al. (2018): the experiments whose outcome is a table."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from mgrlib.data.corpus import Corpus
from mgrlib.experiments.protocol import Protocol, best_by
from mgrlib.experiments.study import Study
from mgrlib.features import Mfcc
from mgrlib.papers.tang2018.recipes import (
    BATCHES,
    EPOCHS,
    FLAT,
    FLAT_SHORT,
    HIERARCHY_SHORT,
    LINEAR,
    SETTINGS,
    SHORT,
    SIX,
    SIX_GENRES,
    short,
)
from mgrlib.papers.tang2018.studies.epochs import sweep_epochs, sweep_protocol
from mgrlib.papers.tang2018.studies.nodes import sweep_nodes
from mgrlib.papers.tang2018.studies.trees import (
    compare_recipes,
    compare_trees,
    few_genres,
    map_genres,
    map_protocol,
)
from mgrlib.systems.prepare import Standardize
from mgrlib.systems.recipe import Recipe


def five_folds(corpus: Corpus) -> Protocol:
    """Five folds, by group where groups are known."""
    return Protocol(5, best_by(corpus))


SWEEP = Study(
    "tang2018/epochs",
    "Experiment 1: six genres, 5 to 400 epochs, one trial per seed",
    sweep_epochs,
    settings={"recipe": short(SIX_GENRES), "genres": SIX, "stages": EPOCHS},
    protocol=partial(sweep_protocol, genres=SIX),
    deviations=(SETTINGS, BATCHES, SHORT, "one long training per trial, measured on its way"),
)

SWEEP_LITERAL = replace(
    SWEEP,
    name="tang2018/epochs-literal",
    title="Experiment 1 to the letter: full sequences, a training for each number of epochs",
    settings={
        "recipe": SIX_GENRES,
        "genres": SIX,
        "stages": tuple(n for n in EPOCHS if n <= 100),
        "literal": True,
    },
    deviations=(SETTINGS, BATCHES, "up to 100 epochs of the paper's 400"),
)

NODES = Study(
    "tang2018/nodes",
    "Experiment 2: seven nodes, products and what is measured",
    sweep_nodes,
    settings={"recipe": HIERARCHY_SHORT},
    protocol=five_folds,
    deviations=HIERARCHY_SHORT.deviations,
)

TREES = Study(
    "tang2018/trees",
    "Which tree? Quick classifiers on MFCC statistics",
    compare_trees,
    settings={"recipe": LINEAR},
    protocol=five_folds,
    deviations=("logistic regression and SVM in place of LSTMs: many seeds for little time",),
)

FEW_GENRES = Study(
    "tang2018/few-genres",
    "The cited experiment with two, three and four genres",
    few_genres,
    settings={
        "recipe": FLAT_SHORT,
        "quick": LINEAR,
        "sets": (
            ("classical", "metal"),
            ("classical", "metal", "blues"),
            ("classical", "metal", "blues", "disco"),
        ),
    },
    protocol=five_folds,
    deviations=("the cited network is a different one, about which the paper says nothing",),
)


def _lengths() -> tuple[Recipe, ...]:
    """The flat network on the whole sequence and on shorter ones, with 40 epochs each."""
    base = replace(FLAT, config=replace(FLAT.config, epochs=40))
    every_fourth = Mfcc(22050, n_mfcc=14, hop_length=2048, n_frames=324)
    first_eighth = Mfcc(22050, n_mfcc=14, n_frames=162)
    eight = replace(base, options={"pool": 8})
    bfloat16 = replace(base.config, precision="bfloat16")
    variants = {
        "1293 frames": base,
        **{
            f"{pool} frames averaged into one": replace(base, options={"pool": pool})
            for pool in (4, 8, 16, 64)
        },
        "every fourth frame": replace(base, features=(every_fourth,)),
        "the first eighth of the clip": replace(base, features=(first_eighth,)),
        "8 averaged, mean of all states": replace(base, options={"pool": 8, "read": "mean"}),
        "8 averaged, bfloat16": replace(eight, config=bfloat16),
        "8 averaged, standardized": replace(eight, prepare=(Standardize(),)),
    }
    return tuple(
        replace(recipe, name=f"tang2018/length-{i}", title=title)
        for i, (title, recipe) in enumerate(variants.items())
    )


LENGTHS = Study(
    "tang2018/length",
    "Shorter sequences: what they cost and what they save",
    compare_recipes,
    settings={"recipes": _lengths()},
    protocol=five_folds,
)

MAP = Study(
    "tang2018/map",
    "Genres in two dimensions, as in figure 13",
    map_genres,
    settings={"recipe": FLAT_SHORT},
    protocol=map_protocol,
)

STUDIES = (SWEEP, SWEEP_LITERAL, NODES, TREES, FEW_GENRES, LENGTHS, MAP)
