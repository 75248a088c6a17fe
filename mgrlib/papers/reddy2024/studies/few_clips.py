"""Transfer with few clips: recipes trained on 5 to 50 clips per genre, tested on other artists.

What the paper leaves open and what we chose:

- *How long.* Every network gets the same number of steps, however many clips it has: with the same
  number of epochs, few clips would also mean little training. On validation artists fine-tuning has
  nearly stopped gaining after 300. The CNN takes 200, after which it knows all of its training
  clips. Validation artists choose the best epoch.
- *What an interval covers.* The clips of an artist are often classified alike, so the bootstrap
  draws whole artists, and seeds where there are several.
- *Rates of the optimizers.* Adam and RMSprop have the source task's, gradient descent with momentum
  ten times that, and each .3 of its own when it fine-tunes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from mgrlib.data.corpus import Corpus, Split
from mgrlib.data.splits import by_group
from mgrlib.evaluation.intervals import over_values
from mgrlib.evaluation.paired import mcnemar
from mgrlib.evaluation.predictions import Predictions
from mgrlib.evaluation.runs import correct_by_run
from mgrlib.experiments.study import Row, Study, accuracy_row
from mgrlib.models.baselines import k_nn, linear, rbf_svm
from mgrlib.papers.reddy2024.features import START, BandStatistics, PublishedLayers
from mgrlib.papers.reddy2024.learners import (
    Bands,
    TaggerLayers,
    tuned_tagger,
    with_first_weights,
)
from mgrlib.papers.reddy2024.recipes import (
    CNN_TUNED,
    PUBLISHED_TUNED,
    SCRATCH,
    SMALL,
    SMALL_CNN,
    SMALL_KNN,
    SMALL_SOFTMAX,
    SMALL_SVM,
    TUNED,
    TUNED_RECURRENT,
)
from mgrlib.papers.reddy2024.tagger import CNN_SHA256, LAYERS, TAGGER_SHA256
from mgrlib.segments import Segments
from mgrlib.systems.learn import learn, segments_of
from mgrlib.systems.learners import Network
from mgrlib.systems.prepare import PerClip
from mgrlib.systems.recipe import Recipe
from mgrlib.systems.system import System
from mgrlib.training.transfer import falling_rates

Variant = tuple[Mapping[str, Any], Recipe]
"""What sets it apart, and what is trained."""


def artists_apart(corpus: Corpus) -> Split:
    """By artist, and the same for every seed, so that seeds differ in training alone."""
    return by_group(corpus, test=1 / 4, valid=1 / 12, seed=0).check(corpus)


def clip_sample(corpus: Corpus, clip_ids: Sequence[str], size: int, seed: int) -> list[str]:
    """The names of `size` random clips per genre; smaller samples are subsets of larger ones."""
    rng = np.random.default_rng(seed)
    genre = corpus.clips.loc[list(clip_ids), "genre"]
    sample: list[str] = []
    for name in corpus.genres:
        members = genre.index[genre == name]
        sample += [members[i] for i in rng.permutation(len(members))[:size]]
    return sample


def n_epochs(n_steps: int, batch_size: int, n_segments: int) -> int:
    """How many epochs make `n_steps` steps, at least 1.

    >>> n_epochs(300, 16, 50), n_epochs(0, 16, 50)
    (96, 1)
    """
    return max(round(n_steps * batch_size / n_segments), 1)


def few_clips(
    corpus: Corpus,
    seeds: Sequence[int],
    progress: bool = False,
    *,
    variants: Sequence[Variant],
    sizes: Sequence[int],
    n_steps: int,
    rival: str = "",
) -> list[Row]:
    """The accuracy of recipes trained on a few clips per genre, for `n_steps` steps.

    Args:
        variants: conditions with their recipes.
        sizes: numbers of training clips per genre.
        rival: the value of a condition, such as a strategy. Rows have the difference to it on the
            same clips, `gain` with its bounds, and `p`, McNemar's test on the first seed.
    """
    split = artists_apart(corpus)
    artists = {str(clip): str(group) for clip, group in corpus.clips["group"].items()}
    samples = {
        (size, seed): clip_sample(corpus, split.train, size, seed)
        for size in sizes
        for seed in seeds
    }
    needed = {*split.valid, *split.test, *(clip for ids in samples.values() for clip in ids)}
    clips = corpus.select(clip_ids=[clip for clip in corpus.clips.index if clip in needed])
    segments = _cut(variants, clips, progress)
    rows: list[Row] = []
    for size in sizes:
        systems, answers = {}, {}
        for i, (_, recipe) in enumerate(variants):
            test = segments[i].of(split.test)
            valid = segments[i].of(split.valid)
            systems[i] = [
                _trained(recipe, segments[i].of(samples[size, seed]), valid, seed, n_steps)
                for seed in seeds
            ]
            answers[i] = predictions_by_seed(seeds, systems[i], test)
        rivals = [i for i, (fields, _) in enumerate(variants) if rival in fields.values()]
        other = answers[rivals[0]] if rivals else None
        for i, (fields, _) in enumerate(variants):
            condition = {**fields, "clips_per_genre": size}
            rows.append(learning_row(condition, systems[i], answers[i], other, artists))
    return rows


def _cut(variants: Sequence[Variant], corpus: Corpus, progress: bool) -> list[Segments]:
    """Each variant's segments; variants with the same features share theirs."""
    shared: dict[Any, Segments] = {}
    for _, recipe in variants:
        key = (recipe.features, recipe.cut)
        if key not in shared:
            shared[key] = segments_of(recipe, corpus, progress=progress)
    return [shared[recipe.features, recipe.cut] for _, recipe in variants]


def _trained(recipe: Recipe, train: Segments, valid: Segments, seed: int, n_steps: int) -> System:
    epochs = n_epochs(n_steps, recipe.config.batch_size, len(train))
    return learn(recipe, train, valid, seed=seed, epochs=epochs)


def predictions_by_seed(
    seeds: Sequence[int], systems: Sequence[System], test: Segments
) -> dict[int, Predictions]:
    """What the system of each seed predicts."""
    return {seed: system.predict(test) for seed, system in zip(seeds, systems, strict=True)}


def learning_row(
    condition: Mapping[str, Any],
    systems: Sequence[System],
    answers: Mapping[int, Predictions],
    rival: Mapping[int, Predictions] | None,
    artists: Mapping[str, str],
) -> Row:
    """The accuracy over seeds and artists, the losses, the seconds, and the gain over a rival.

    Args:
        answers, rival: the predictions of each seed.
    """
    tables = list(answers.values())
    details: dict[str, Any] = {}
    if rival is not None:
        others = list(rival.values())
        gains = correct_by_run(tables) - correct_by_run(others, like=tables[0])
        gain = over_values(gains, [artists[clip] for clip in tables[0].clip_ids])
        details["gain"] = [round(value, 4) for value in (gain.value, gain.low, gain.high)]
        details["p"] = mcnemar(others[0], tables[0]).p_exact
    runs = [system.training for system in systems if system.training is not None]
    if runs:
        for name in ("train_loss", "valid_loss"):
            details[name] = np.mean([run.history[name] for run in runs], axis=0).round(4).tolist()
        details["best_epochs"] = [run.best_epoch for run in runs]
    details["seconds"] = round(sum(system.about["seconds"] for system in systems), 1)
    train_accuracy = float(np.mean([system.about["train_accuracy"] for system in systems]))
    return accuracy_row(
        tables,
        artists,
        condition=condition,
        train_accuracy=train_accuracy,
        seeds=list(answers),
        **details,
    )


def _strategies(**recipes: Recipe) -> tuple[Variant, ...]:
    return tuple(({"strategy": name}, recipe) for name, recipe in recipes.items())


_PUBLISHED_SVM, _PUBLISHED_SOFTMAX, _PUBLISHED_KNN = (
    replace(SMALL_SVM, features=(PublishedLayers(),), cut=START, prepare=(), model=make)
    for make in (rbf_svm, linear, k_nn)
)

CURVE = _strategies(
    **{
        "from scratch": SMALL,
        "fine-tuned": TUNED,
        "fine-tuned, convolutions fixed": TUNED_RECURRENT,
        "tagger's features + SVM": SMALL_SVM,
        "tagger's features + softmax": SMALL_SOFTMAX,
        "tagger's features + k-NN": SMALL_KNN,
        "untrained features + SVM": replace(SMALL_SVM, prepare=(PerClip(), TaggerLayers(""))),
        "band statistics + SVM": replace(SMALL_SVM, prepare=(PerClip(), Bands())),
    }
)
CNN_CURVE = _strategies(
    **{
        "CNN from scratch": SMALL_CNN,
        "CNN fine-tuned": CNN_TUNED,
        "CNN's features + softmax": replace(
            SMALL_SOFTMAX, prepare=(PerClip(), TaggerLayers(CNN_SHA256, kind="CNN"))
        ),
    }
)
PUBLISHED_CURVE = _strategies(
    **{
        "published convolutions, published recurrent layers": PUBLISHED_TUNED,
        "published convolutions, fresh recurrent layers": replace(
            PUBLISHED_TUNED, options={"gru": "keras1"}, learner=Network()
        ),
        "published features + SVM": _PUBLISHED_SVM,
        "published features + softmax": _PUBLISHED_SOFTMAX,
        "published features + k-NN": _PUBLISHED_KNN,
        "band statistics + SVM": replace(_PUBLISHED_SVM, features=(BandStatistics(),)),
    }
)


def _fixed(n_layers: int) -> Variant:
    make = partial(tuned_tagger, sha256=TAGGER_SHA256, n_frozen=n_layers)
    return {"tuning": f"{n_layers} layers fixed"}, replace(TUNED, learner=Network(make=make))


_FALLING = replace(TUNED, config=falling_rates(SCRATCH, LAYERS, decay=0.5))
FROZEN: tuple[Variant, ...] = (
    *(_fixed(n) for n in (0, 3, 5, 7)),
    ({"tuning": "each layer at half the rate of the next"}, _FALLING),
)

_RATES = {"adam": 3e-3, "sgd": 0.03, "rmsprop": 3e-3}
OPTIMIZERS: tuple[Variant, ...] = tuple(
    (
        {"optimizer": optimizer, "start": start},
        replace(
            recipe,
            config=replace(SCRATCH, optimizer=optimizer, momentum=0.9, lr=share * rate),
        ),
    )
    for start, recipe, share in (("from scratch", SMALL, 1), ("fine-tuned", TUNED, 0.3))
    for optimizer, rate in _RATES.items()
)

FIRST_WEIGHTS: tuple[Variant, ...] = (
    ({"first_weights": "PyTorch's own"}, SMALL),
    *(
        (
            {"first_weights": how},
            replace(SMALL, learner=Network(make=partial(with_first_weights, how=how))),
        )
        for how in ("Xavier", "orthogonal", "normal .01")
    ),
    ({"first_weights": "the tagger's"}, replace(TUNED, config=SCRATCH)),
)


def _study(name: str, title: str, variants: Sequence[Variant], **settings: Any) -> Study:
    protocol = "one split by artist"
    return Study(
        f"reddy2024/{name}",
        title,
        few_clips,
        {"variants": variants, **settings},
        protocol,
    )


SIZES, TWENTY = (5, 10, 20, 50), (20,)
STUDIES = (
    _study(
        "learning-curve",
        "Where transfer pays, by number of clips",
        CURVE,
        sizes=SIZES,
        n_steps=300,
        rival="from scratch",
    ),
    _study(
        "cnn-curve",
        "Where transfer pays for a CNN, by number of clips",
        CNN_CURVE,
        sizes=(5, 20),
        n_steps=200,
        rival="CNN from scratch",
    ),
    _study(
        "published-curve",
        "Where the published tagger pays, by number of clips",
        PUBLISHED_CURVE,
        sizes=SIZES,
        n_steps=300,
        rival="published convolutions, fresh recurrent layers",
    ),
    _study(
        "frozen-layers",
        "Fine-tuning with n layers fixed",
        FROZEN,
        sizes=TWENTY,
        n_steps=200,
        rival="5 layers fixed",
    ),
    _study(
        "optimizers",
        "Three optimizers, from scratch and fine-tuning",
        OPTIMIZERS,
        sizes=TWENTY,
        n_steps=200,
    ),
    _study(
        "initializations",
        "Four ways to draw first weights, and the tagger's",
        FIRST_WEIGHTS,
        sizes=TWENTY,
        n_steps=200,
        rival="PyTorch's own",
    ),
)
