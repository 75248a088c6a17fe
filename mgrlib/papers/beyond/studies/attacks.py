"""Attacks on the listener: its accuracy against their strength, and what training on them costs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import torch

from mgrlib.data.corpus import Corpus
from mgrlib.evaluation.attacks import fgsm, noise, pgd, within_snr
from mgrlib.evaluation.intervals import over_runs
from mgrlib.evaluation.predictions import Predictions, predict
from mgrlib.evaluation.probes import EVERYDAY, probed
from mgrlib.experiments.study import Row, Study, row
from mgrlib.papers.beyond.networks import (
    artist_split,
    decibels,
    few_per_artist,
    on_waveforms,
    train,
)
from mgrlib.papers.beyond.recipes import LISTENER, MEL, SHORT
from mgrlib.rows import in_memory
from mgrlib.segments import Segments, cut
from mgrlib.systems.system import System

TRAINING = {"plain": 0.0, "adversarial": 1.0}
"""The networks that are compared, with the size in dB of the attacks that they are trained on."""

PLAIN = "clean"
ATTACKS = {"noise": noise, "FGSM": fgsm, "PGD": pgd}


def attack_pictures(
    corpus: Corpus, seeds: Sequence[int], progress: bool = False, *, sizes_db: Sequence[float]
) -> list[Row]:
    """Accuracy on log-mel pictures whose cells moved by at most a few dB: noise, FGSM, PGD."""
    by_training, test = _systems(corpus, seeds, progress)
    rows: list[Row] = []
    for name, systems in by_training.items():
        runs = [system.predict(test) for system in systems]
        condition: dict[str, object] = {"training": name, "attack": PLAIN, "size": 0.0}
        rows.append(_row(corpus, systems, runs, condition))
        for attack in ATTACKS:
            for size in sizes_db:
                runs = [_attacked(system, test, attack, size) for system in systems]
                condition = {"training": name, "attack": attack, "size": size}
                rows.append(_row(corpus, systems, runs, condition))
    return rows


def _systems(
    corpus: Corpus, seeds: Sequence[int], progress: bool
) -> tuple[dict[str, list[System]], Segments]:
    """The systems of each kind of training, one for each seed, and test segments in dB."""
    split = artist_split(corpus)
    segments = cut(corpus, MEL, how=LISTENER.cut, progress=progress)
    training, test = segments.of(split.train), segments.of(split.test)
    return {
        name: [train(training, seed, size_db=size) for seed in seeds]
        for name, size in TRAINING.items()
    }, test


def _attacked(system: System, test: Segments, attack: str, size_db: float) -> Predictions:
    prepared = system.preparation(test)
    size = decibels(size_db, system.preparation)
    x, y = in_memory(prepared.inputs[0]), prepared.y
    if attack == "noise":
        moved = noise(x, size)
    else:
        change = fgsm if attack == "FGSM" else partial(pgd, n_steps=5)
        parts = zip(x.split(32), y.split(32), strict=True)
        moved = torch.cat([change(system.network, *part, size) for part in parts])
    return predict(system.network, replace(prepared, inputs=(moved,)))


def _row(
    corpus: Corpus,
    systems: Sequence[System],
    runs: Sequence[Predictions],
    condition: Mapping[str, object],
) -> Row:
    accuracy = over_runs(runs, groups=corpus.groups(runs[0].clip_ids))
    train_accuracy = float(np.mean([system.about["train_accuracy"] for system in systems]))
    return row("accuracy", accuracy, condition=condition, train_accuracy=train_accuracy)


def attack_sound(
    corpus: Corpus,
    seeds: Sequence[int],
    progress: bool = False,
    *,
    snrs_db: Sequence[float],
    n_steps: int,
) -> list[Row]:
    """Accuracy on waveforms with a change of a given signal-to-noise ratio: white noise, PGD.

    Five seconds of one test clip per artist.
    """
    by_training, _ = _systems(corpus, seeds, progress)
    clip_ids = few_per_artist(corpus, artist_split(corpus).test, 1)
    sound = _waveforms(corpus, clip_ids)
    rows: list[Row] = []
    for name, systems in by_training.items():
        runs = [_sound_answers(system, sound, None) for system in systems]
        condition: dict[str, object] = {"training": name, "attack": PLAIN, "snr": "none"}
        rows.append(_row(corpus, systems, runs, condition))
        for attack in ("noise", "PGD"):
            for snr in snrs_db:
                runs = [_sound_answers(system, sound, attack, snr, n_steps) for system in systems]
                condition = {"training": name, "attack": attack, "snr": f"{snr:g} dB"}
                rows.append(_row(corpus, systems, runs, condition))
    return rows


def _waveforms(corpus: Corpus, clip_ids: Sequence[str]) -> Segments:
    pieces = [
        SHORT(corpus.source.audio(line, MEL.sample_rate), MEL.sample_rate)[0]
        for _, line in corpus.rows(clip_ids).iterrows()
    ]
    y = torch.from_numpy(corpus.labels(clip_ids))
    waveforms = torch.from_numpy(np.stack(pieces))
    return Segments((waveforms,), y, torch.arange(len(y)), tuple(clip_ids), corpus.genres)


def _sound_answers(
    system: System, sound: Segments, attack: str | None, snr: float = 0.0, n_steps: int = 1
) -> Predictions:
    network, moved = on_waveforms(system), []
    for y, labels in zip(sound.inputs[0].split(8), sound.y.split(8), strict=True):
        size = within_snr(y, snr)
        if attack == "PGD":
            y = pgd(network, y, labels, size, norm="power", n_steps=n_steps)
        elif attack == "noise":
            y = noise(y, size, norm="power")
        moved.append(y)
    return predict(network, replace(sound, inputs=(torch.cat(moved),)), batch_size=8)


def change_sound(
    corpus: Corpus, seeds: Sequence[int], progress: bool = False, *, probes: Sequence[str]
) -> list[Row]:
    """Accuracy on sound that was changed as on its way to a listener: a codec, a room, a key.

    One test clip per artist.
    """
    by_training, test = _systems(corpus, seeds, progress)
    test = test.of(few_per_artist(corpus, test.clip_ids, 1))
    part = corpus.select(clip_ids=test.clip_ids)
    segments = {(PLAIN, "none"): test}
    for name in probes:
        for level in EVERYDAY[name].levels:
            pieces = cut(part, probed(MEL, EVERYDAY[name], level), how=LISTENER.cut)
            segments[name, EVERYDAY[name].label(level)] = pieces
    rows: list[Row] = []
    for name, systems in by_training.items():
        for (change, label), pieces in segments.items():
            runs = [system.predict(pieces) for system in systems]
            condition = {"training": name, "change": change, "level": label}
            rows.append(_row(corpus, systems, runs, condition))
    return rows


def _study(name: str, title: str, run: Callable[..., Sequence[Row]], **settings: object) -> Study:
    deviations = ("an experiment of ours: one split by artist, a third of them to test",)
    return Study(f"beyond/{name}", title, run, settings, "one split by artist", deviations)


STUDIES = (
    _study(
        "attacks",
        "Attacks on pictures",
        attack_pictures,
        sizes_db=(0.25, 0.5, 1.0, 2.0),
    ),
    _study(
        "attacks-on-sound",
        "Attacks on waveforms",
        attack_sound,
        snrs_db=(60.0, 40.0, 20.0),
        n_steps=5,
    ),
    _study("everyday", "Codec, room, key and tempo", change_sound, probes=tuple(EVERYDAY)),
)
