"""Augmentation that trains: a network with and without changed copies of its training clips.

The paper lists time stretching, pitch shifting and background noise, and trains with none of them.

What the paper leaves open and what we chose:

- *How far.* Tempo between .87 and 1.15 times the clip's, pitch up to two semitones up or down, pink
  noise 10 to 30 dB softer than the clip.
- *How often.* Every training clip is there four times, once unchanged and three times changed, each
  time by other random amounts. For comparison, the same clip is there four times unchanged. So all
  networks take equally many steps, and validation artists choose among equally many epochs.
- *Which clips are tested.* Those of other artists, unchanged. The same clips with noise show
  whether a network is robust, which is what the paper expects of augmentation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch

from mgrlib.augment import add_noise, pitch_shift, time_stretch
from mgrlib.data.corpus import Corpus
from mgrlib.experiments.study import Row, Study
from mgrlib.papers.reddy2024.features import SHORT
from mgrlib.papers.reddy2024.recipes import SMALL_CNN
from mgrlib.papers.reddy2024.studies.few_clips import (
    artists_apart,
    clip_sample,
    learning_row,
    n_epochs,
    predictions_by_seed,
)
from mgrlib.segments import Segments, joined_segments
from mgrlib.systems.learn import learn, segments_of
from mgrlib.systems.recipe import Recipe
from mgrlib.systems.system import System

N_COPIES = 3
"""Changed copies of each training clip."""

Change = Callable[[np.ndarray, np.random.Generator], np.ndarray]

RATE = SHORT.sample_rate
EXCERPT = 8 * RATE
"""Samples that are changed: enough for 6.6 s of the fastest copy."""


def random_stretch(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The sound at another tempo, (N,) -> about (N / rate,)."""
    return time_stretch(y, 2.0 ** rng.uniform(-0.2, 0.2))


def random_shift(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The sound at another pitch, (N,) -> (N,)."""
    return pitch_shift(y, RATE, rng.uniform(-2.0, 2.0))


def random_noise(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The sound with noise, (N,) -> (N,)."""
    return add_noise(y, rng.uniform(10.0, 30.0), int(rng.integers(2**31)), color="pink")


def loud_noise(y: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The sound with noise 10 dB softer, (N,) -> (N,), for tests."""
    return add_noise(y, 10.0, int(rng.integers(2**31)), color="pink")


WAYS: Mapping[str, tuple[Change, ...]] = {
    "none": (),
    "time stretch": (random_stretch,),
    "pitch shift": (random_shift,),
    "noise": (random_noise,),
    "all three": (random_stretch, random_shift, random_noise),
}
"""What is done to copies of the training clips, by the name that tables give it."""


def augmentation(
    corpus: Corpus,
    seeds: Sequence[int],
    progress: bool = False,
    *,
    recipe: Recipe,
    ways: Sequence[str],
    size: int,
    n_steps: int,
) -> list[Row]:
    """The accuracy of a recipe with each way to change copies, on unchanged and on noisy clips.

    Args:
        recipe: whose feature is `SHORT`.
        ways: names of `WAYS`, among them "none".
        size: training clips per genre.
        n_steps: of training.
    """
    split = artists_apart(corpus)
    artists = {str(clip): str(group) for clip, group in corpus.clips["group"].items()}
    valid, test = (corpus.select(clip_ids=ids) for ids in (split.valid, split.test))
    checked, plain = (segments_of(recipe, part, progress=progress) for part in (valid, test))
    tests = {"unchanged": plain, "with noise": change_sound(plain, test, (loud_noise,), 0)}
    systems: dict[str, list[System]] = {name: [] for name in ways}
    for seed in seeds:
        clips = corpus.select(clip_ids=clip_sample(corpus, split.train, size, seed))
        for name in ways:
            train = with_copies(recipe, clips, WAYS[name], N_COPIES, seed)
            epochs = n_epochs(n_steps, recipe.config.batch_size, len(train))
            systems[name].append(learn(recipe, train, checked, seed=seed, epochs=epochs))
    rows: list[Row] = []
    for condition, segments in tests.items():
        answers = {name: predictions_by_seed(seeds, systems[name], segments) for name in ways}
        rows += [
            learning_row(
                {"augmentation": name, "test": condition},
                systems[name],
                answers[name],
                answers["none"],
                artists,
            )
            for name in ways
        ]
    return rows


def with_copies(
    recipe: Recipe, clips: Corpus, changes: Sequence[Change], n_copies: int, seed: int
) -> Segments:
    """The clips and changed copies of them, one after the other."""
    plain = segments_of(recipe, clips)
    seeds = [1 + n_copies * seed + k for k in range(n_copies)]
    return joined_segments([plain, *(change_sound(plain, clips, changes, s) for s in seeds)])


def change_sound(
    segments: Segments, clips: Corpus, changes: Sequence[Change], seed: int
) -> Segments:
    """The same clips with all changes made to their sound; without any, as they are."""
    if not changes:
        return segments
    inputs = []
    for number, clip_id in enumerate(segments.clip_ids):
        rng = np.random.default_rng((seed, number))
        y = clips.audio(clip_id, RATE)[:EXCERPT]
        for change in changes:
            y = change(y, rng)
        inputs.append(torch.from_numpy(SHORT(y)))
    return Segments(
        (torch.stack(inputs),), segments.y, segments.clip, segments.clip_ids, segments.genres
    )


AUGMENTATION = Study(
    "reddy2024/augmentation",
    "A small CNN with and without changed copies of its clips",
    augmentation,
    {"recipe": SMALL_CNN, "ways": ("none", "noise", "all three"), "size": 20, "n_steps": 200},
    "one split by artist",
)
