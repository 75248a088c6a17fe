"""What the listener listens to: maps against known truth, and clips without an instrument."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch

from mgrlib.data.corpus import Corpus
from mgrlib.data.synthetic import SAMPLE_RATE, stem, truth
from mgrlib.evaluation.attribution import MAPS, agreement, occlusion_map, pointing, randomized
from mgrlib.evaluation.intervals import over_runs, over_values
from mgrlib.experiments.study import Row, Study, row
from mgrlib.papers.beyond.networks import (
    artist_split,
    few_per_artist,
    train,
)
from mgrlib.papers.beyond.recipes import LISTENER, MEL, SHORT
from mgrlib.segments import Cut, Segments, cut
from mgrlib.synth.orchestra import instrument_tag
from mgrlib.systems.system import System

AUDIBLE_DB = 6.0  # a cell belongs to the drums where they raise its level by this
CLASSES = ("without drums", "with drums")
WITH = 1


def pairs_of(
    corpus: Corpus, clip_ids: Sequence[str], how: Cut
) -> tuple[Segments, dict[str, np.ndarray]]:
    """Clips with drums, each as it is and without them, and where the drums are.

    Returns:
        Segments in dB with the classes `CLASSES`, and for each clip with drums the cells (F, T)
        that the drums raise by `AUDIBLE_DB` or more.
    """
    inputs, labels, names, masks = [], [], [], {}
    for clip_id in clip_ids:
        if "drums" not in truth(corpus, clip_id).instruments:
            continue
        y = corpus.audio(clip_id, SAMPLE_RATE)
        versions = (y - stem(corpus, clip_id, ["drums"]), y)
        without, mixture = (MEL(how(version, SAMPLE_RATE)[0]) for version in versions)
        mask = mixture - without > AUDIBLE_DB
        if not mask.any():
            continue
        masks[clip_id] = mask
        inputs += [without, mixture]
        labels += [0, WITH]
        names += [f"{clip_id} without", clip_id]
    x = torch.from_numpy(np.stack(inputs))
    segments = (torch.tensor(labels), torch.arange(len(x)), tuple(names), CLASSES)
    return Segments((x,), *segments), masks


def check_maps(
    corpus: Corpus, seeds: Sequence[int], progress: bool = False, *, n_per_artist: int
) -> list[Row]:
    """Do maps of a network that recognizes drums point to the drums?

    A network learns to tell clips with drums from the same clips without them, so that the drums
    are the only evidence. Each map of it is compared with the cells that the drums raise, by AUC,
    on one clip of every second artist of the test part; beside it are maps of a network with random
    weights, and the level itself, which no network computed.
    """
    split = artist_split(corpus)
    training, _ = pairs_of(corpus, few_per_artist(corpus, split.train, n_per_artist), SHORT)
    test, masks = pairs_of(corpus, few_per_artist(corpus, split.test, 1)[::2], SHORT)
    systems = [train(training, seed) for seed in seeds]
    names = [f"{clip_id}{end}" for clip_id in masks for end in (" without", "")]
    groups = [a for a in corpus.groups(masks) for _ in CLASSES]
    runs = [system.predict(test).select(names) for system in systems]
    accuracy = over_runs(runs, groups=groups)
    train_accuracy = float(np.mean([system.about["train_accuracy"] for system in systems]))
    rows: list[Row] = [
        row("accuracy", accuracy, condition={"map": "none"}, train_accuracy=train_accuracy)
    ]
    clips, clip_artists = list(masks), corpus.groups(masks)
    level = np.array([[pointing(test.of([c]).inputs[0][0].numpy(), masks[c]) for c in clips]])
    rows.append(_auc(level, clip_artists, {"map": "level", "weights": "none"}))
    for name in MAPS:
        for weights in ("trained", "random"):
            aucs = np.array([_pointing(system, test, masks, name, weights) for system in systems])
            rows.append(_auc(aucs, clip_artists, {"map": name, "weights": weights}))
    return rows


def _pointing(
    system: System, test: Segments, masks: dict[str, np.ndarray], name: str, weights: str
) -> list[float]:
    """The AUC of a network's map on each clip with drums."""
    network = system.network if weights == "trained" else randomized(system.network, seed=0)
    prepared = system.preparation(test)
    return [
        pointing(_map(name, network, prepared.of([clip_id]).inputs[0][0], WITH), mask)
        for clip_id, mask in masks.items()
    ]


def _map(name: str, network: torch.nn.Module, x: torch.Tensor, target: int) -> np.ndarray:
    """A map; occlusion with patches that are short, as drums are."""
    if name == "occlusion":
        return occlusion_map(network, x, target, patch=(16, 8))
    return MAPS[name](network, x, target)


def _auc(values: np.ndarray, groups: np.ndarray, condition: dict[str, str]) -> Row:
    return row("AUC", over_values(values, groups), condition=condition)


def randomize(
    corpus: Corpus, seeds: Sequence[int], progress: bool = False, *, layers: Sequence[int | None]
) -> list[Row]:
    """Do maps of the genre listener change when its layers get random weights again?

    The rank correlation of each map before and after, for the class that the clip has, on one clip
    per artist of the test part.
    """
    split = artist_split(corpus)
    segments = cut(corpus, MEL, how=LISTENER.cut, progress=progress)
    systems = [train(segments.of(split.train), seed) for seed in seeds]
    clips = few_per_artist(corpus, split.test, 1)[::2]
    rows: list[Row] = []
    for name in MAPS:
        before = [_maps(system, system.network, segments.of(clips), name) for system in systems]
        for n_last in layers:
            agreements = []
            for system, maps in zip(systems, before, strict=True):
                other = randomized(system.network, seed=0, n_last=n_last)
                changed = _maps(system, other, segments.of(clips), name)
                agreements.append([agreement(*pair) for pair in zip(maps, changed, strict=True)])
            interval = over_values(np.array(agreements), corpus.groups(clips))
            which = "all" if n_last is None else str(n_last)
            rows.append(row("agreement", interval, condition={"map": name, "layers": which}))
    return rows


def _maps(system: System, network: torch.nn.Module, test: Segments, name: str) -> list[np.ndarray]:
    """A map of each clip for its true class; one value per patch for occlusion."""
    prepared = system.preparation(test)
    pairs = list(zip(prepared.inputs[0], prepared.y.tolist(), strict=True))
    if name == "occlusion":
        patch = (16, 32)
        return [occlusion_map(network, x, y, patch=patch)[::16, ::32] for x, y in pairs]
    return [MAPS[name](network, x, y) for x, y in pairs]


def mute(
    corpus: Corpus, seeds: Sequence[int], progress: bool = False, *, parts: Sequence[str]
) -> list[Row]:
    """The genre listener's accuracy on test clips without one part of the band, and on it alone.

    One clip per artist; for each part the clips in which it plays.
    """
    split = artist_split(corpus)
    segments = cut(corpus, MEL, how=LISTENER.cut, progress=progress)
    systems = [train(segments.of(split.train), seed) for seed in seeds]
    train_accuracy = float(np.mean([system.about["train_accuracy"] for system in systems]))
    rows: list[Row] = []
    for part in parts:
        players = {
            clip_id: _players(corpus, clip_id, part)
            for clip_id in few_per_artist(corpus, split.test, 1)
        }
        clips = [clip_id for clip_id, names in players.items() if names]
        sound = {clip_id: corpus.audio(clip_id, SAMPLE_RATE) for clip_id in clips}
        alone = {clip_id: stem(corpus, clip_id, players[clip_id]) for clip_id in clips}
        versions = {
            "whole": sound,
            "without": {c: sound[c] - alone[c] for c in clips},
            "alone": alone,
        }
        for version, waveforms in versions.items():
            x = [MEL(LISTENER.cut(waveforms[c], SAMPLE_RATE)[0]) for c in clips]
            changed = replace(segments.of(clips), inputs=(torch.from_numpy(np.stack(x)),))
            runs = [system.predict(changed) for system in systems]
            accuracy = over_runs(runs, groups=corpus.groups(clips))
            condition = {"part": part, "sound": version}
            rows.append(
                row("accuracy", accuracy, condition=condition, train_accuracy=train_accuracy)
            )
    return rows


def _players(corpus: Corpus, clip_id: str, part: str) -> list[str]:
    """The instruments of a part that sound in a clip: "drums", or a family such as "bass"."""
    names = truth(corpus, clip_id).instruments
    if part == "drums":
        return [name for name in names if name == "drums"]
    return [name for name in names if name != "drums" and instrument_tag(name) == part]


DEVIATIONS = ("an experiment of ours: one split by artist, a third of them to test",)
SPLIT = "one split by artist"
STUDIES = (
    Study(
        "beyond/known-truth",
        "Maps of a network that recognizes drums",
        check_maps,
        {"n_per_artist": 1},
        SPLIT,
        DEVIATIONS,
    ),
    Study(
        "beyond/random-weights",
        "Maps after layers became random",
        randomize,
        {"layers": (1, None)},
        SPLIT,
        DEVIATIONS,
    ),
    Study(
        "beyond/muted",
        "Genres without a part of the band",
        mute,
        {"parts": ("drums", "bass", "voice")},
        SPLIT,
        DEVIATIONS,
    ),
)
