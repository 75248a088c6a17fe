"""The source task: our taggers trained on other worlds' music, and asked for tags."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from torch import nn

from mgrlib.data.corpus import Corpus
from mgrlib.data.synthetic import synthetic
from mgrlib.evaluation.predictions import logits_of
from mgrlib.evaluation.tagging import drawn_counts, mean_auc, tag_auc
from mgrlib.experiments.study import Row, Study, row
from mgrlib.features import standardize_clips
from mgrlib.papers.reddy2024.features import SHORT
from mgrlib.papers.reddy2024.tagger import TAG_GROUPS, Kind, small_network, with_tags
from mgrlib.segments import Cut, Segments, cut, joined_segments
from mgrlib.storage import home
from mgrlib.synth.tags import TAGS
from mgrlib.training.checkpoints import save_weights
from mgrlib.training.config import TrainConfig
from mgrlib.training.loop import fit
from mgrlib.training.losses import multi_label
from mgrlib.training.seeds import seeded

WEIGHTS = {"CRNN": "reddy2024-tagger.pt", "CNN": "reddy2024-tagger-cnn.pt"}


@dataclass(frozen=True)
class OtherWorlds:
    """The music of the source task.

    Args:
        worlds: seeds of the composer, other than those of the corpora that test.
        n_per_genre: clips per genre and world.
        seconds: of each clip.
    """

    worlds: tuple[int, ...] = tuple(range(1, 11))
    n_per_genre: int = 24
    seconds: float = 7.0


def pretrain(
    corpus: Corpus,
    seeds: Sequence[int],
    progress: bool = False,
    *,
    music: OtherWorlds,
    config: TrainConfig,
    kind: Kind = "CRNN",
) -> list[Row]:
    """Train the tagger on other worlds' music, keep its weights, and ask it for the corpus' tags.

    A row is the mean AUC of a group of tags on clips of artists that it has never heard. Of a clip
    of half a minute it hears all whole excerpts, and the mean of its logits counts; two more rows
    tell what the first excerpt alone gives, and what it knows of the music that it learned from.
    The weights are written to `mgrlib.storage.home() / "weights"`.
    """
    seconds = music.seconds
    worlds = [synthetic(music.n_per_genre, seconds, world) for world in music.worlds]
    parts = [_tagged(world, seconds) for world in worlds]
    train = joined_segments(parts)
    model, sha256 = _pretrained(train, replace(config, seed=seeds[0]), kind, progress)
    test = _tagged(corpus, seconds)
    logits = logits_of(model, test).numpy()
    excerpts = [np.flatnonzero(test.clip.numpy() == m) for m in range(test.n_clips)]
    first = [rows[0] for rows in excerpts]
    truth = test.y.numpy()[first]
    means = np.stack([logits[rows].mean(axis=0) for rows in excerpts])
    every = {"all tags": TAGS}
    artists = corpus.groups(test.clip_ids)
    names = [
        f"{i} {artist}"
        for i, (world, part) in enumerate(zip(worlds, parts, strict=True))
        for artist in world.groups(part.clip_ids)
    ]
    train_artists = np.array(names)[train.clip.numpy()]
    train_logits, train_truth = logits_of(model, train).numpy(), train.y.numpy()
    return [
        *_auc_rows(means, truth, artists, "new artists", {**every, **TAG_GROUPS}, sha256),
        *_auc_rows(logits[first], truth, artists, "new artists, first excerpt", every, sha256),
        *_auc_rows(train_logits, train_truth, train_artists, "training music", every, sha256),
    ]


def _tagged(corpus: Corpus, seconds: float) -> Segments:
    """All whole excerpts of a corpus of our own music, standardized, with tags."""
    segments = cut(corpus, SHORT, how=Cut(segment_seconds=seconds))
    return with_tags(corpus, segments.map(standardize_clips))


def _pretrained(
    train: Segments, config: TrainConfig, kind: Kind, progress: bool
) -> tuple[nn.Module, str]:
    """Train the tagger, and store its weights; returns it with the SHA-256 of the file."""
    with seeded(config.seed):
        model = small_network(kind, len(TAGS))
    fit(model, train, config=config, loss=multi_label, progress=progress)
    half = {k: v.half() if v.is_floating_point() else v for k, v in model.state_dict().items()}
    model.load_state_dict(half)  # what is measured is what is kept
    path = home() / "weights" / WEIGHTS[kind]
    path.parent.mkdir(parents=True, exist_ok=True)
    sha256 = save_weights(path, model.half())
    return model.float(), sha256


def _auc_rows(
    scores: np.ndarray,
    truth: np.ndarray,
    artists: np.ndarray,
    music: str,
    groups: dict[str, tuple[str, ...]],
    sha256: str,
) -> list[Row]:
    """The mean AUC of each group of tags, with intervals that draw whole artists."""
    table = tag_auc(scores, truth, drawn_counts(artists, 500))  # (501, K)
    rows: list[Row] = []
    for name, group in groups.items():
        columns = [TAGS.index(tag) for tag in group]
        each = dict(zip(group, table[0, columns].tolist(), strict=True))
        auc_by_tag = {} if name == "all tags" else {t: auc for t, auc in each.items() if auc == auc}
        condition = {"tags": name, "music": music}
        details: dict[str, Any] = {
            "n_tags": len(group),
            "sha256": sha256,
            **({"aucs": auc_by_tag} if auc_by_tag else {}),
        }
        interval = mean_auc(table[:, columns], len(truth))
        rows.append(row("mean AUC", interval, condition=condition, **details))
    return rows


_CONFIG = TrainConfig(
    epochs=16,
    batch_size=16,
    lr=3e-3,
    schedule="cosine",
    precision="bfloat16",
    n_threads=1,
)
PRETRAINING = Study(
    "reddy2024/tagger",
    "Our tagger, on artists it never heard",
    pretrain,
    {"music": OtherWorlds(), "config": _CONFIG},
    "other worlds train",
)
PRETRAINING_CNN = Study(
    "reddy2024/tagger-cnn",
    "Our convolutional tagger, on artists it never heard",
    pretrain,
    {
        "music": OtherWorlds(worlds=(1, 2, 3, 4)),
        "config": replace(_CONFIG, epochs=20),
        "kind": "CNN",
    },
    "other worlds train",
    deviations=("four of the CRNN's ten worlds, and half as many steps",),
)
