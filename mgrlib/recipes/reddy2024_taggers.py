"""What the published taggers are worth: their numbers reproduced, their statistics, their features.

The weights are found where `mgrlib.models.published.find` looks: the folder that the environment
variable MGRLIB_TAGGERS names, then `taggers` in MGRLIB_HOME, then the files' public addresses.

What the sources leave open and what we chose:
- *Which tag is which genre.* Nine of GTZAN's genres have a tag that says the same or nearly so
  (`PAIRS`); reggae has none. The AUC of a pair is the chance that a clip of the genre gets more of
  the tag than a clip of another genre; the mean over pairs is ours, no paper prints it.
- *How a network of 10 sigmoids decides.* By its largest output; Jiménez and José divide by the sum
  first, which changes no decision.
- *Neighbours.* GTZAN's clips of one artist mostly stand side by side, so blocks of neighbouring
  clips are held together. That parts fewer artists than one would wish: in the mini set all blues
  is of one artist and all classical music of one composer. The share of test clips whose artist is
  known to train as well stands beside every accuracy.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from mgrlib.data.corpus import Corpus, Split
from mgrlib.data.gtzan import known_artists
from mgrlib.data.splits import folds
from mgrlib.errors import RecipeError, explain, some
from mgrlib.evaluation.intervals import over_runs
from mgrlib.evaluation.metrics import accuracy_interval, confusion
from mgrlib.evaluation.paired import mcnemar
from mgrlib.evaluation.predictions import Predictions
from mgrlib.features import Mfcc, TaggerMel, standardize_clips
from mgrlib.models.keras1 import read_keras1
from mgrlib.models.pretrained import Tagger, load_tagger, pooled_layers
from mgrlib.models.published import CALIBRATED, FILES, GENRES, README, find
from mgrlib.recipes.core import Reported
from mgrlib.recipes.studies import Study
from mgrlib.segments import cut

__all__ = ["PAIRS", "PRINTED", "TAGGERS", "tag_auc"]

Row = dict[str, Any]

PRINTED: Mapping[str, Mapping[str, float]] = {
    "cute": {
        "jazz": 0.444,
        "instrumental": 0.151,
        "folk": 0.103,
        "Hip-Hop": 0.103,
        "ambient": 0.077,
        "guitar": 0.068,
        "rock": 0.058,
        "acoustic": 0.054,
        "experimental": 0.051,
        "electronic": 0.042,
    },
    "actionable": {
        "jazz": 0.416,
        "instrumental": 0.181,
        "Hip-Hop": 0.085,
        "folk": 0.085,
        "rock": 0.081,
        "ambient": 0.068,
        "guitar": 0.062,
        "Progressive rock": 0.048,
        "experimental": 0.046,
        "acoustic": 0.046,
    },
    "dubstep": {
        "Hip-Hop": 0.245,
        "rock": 0.183,
        "alternative": 0.081,
        "electronic": 0.076,
        "alternative rock": 0.053,
        "metal": 0.051,
        "indie": 0.028,
        "instrumental": 0.027,
        "electronica": 0.024,
        "hard rock": 0.023,
    },
    "thejazzpiano": {
        "jazz": 0.299,
        "instrumental": 0.174,
        "electronic": 0.089,
        "ambient": 0.061,
        "chillout": 0.052,
        "rock": 0.044,
        "guitar": 0.044,
        "funk": 0.033,
        "chill": 0.032,
        "Progressive rock": 0.029,
    },
}
"""The forty probabilities in the README of Choi's repository, by track, likeliest first."""

PAIRS: Mapping[str, str] = {
    "blues": "blues",
    "classical": "instrumental",
    "country": "country",
    "disco": "dance",
    "hiphop": "Hip-Hop",
    "jazz": "jazz",
    "metal": "metal",
    "pop": "pop",
    "rock": "rock",
}
"""The tag that comes nearest to each genre."""


def readme_numbers(corpus: Corpus, seeds: Sequence[int], progress: bool = False) -> list[Row]:
    """Choi's printed probabilities, in both modes, from the inputs that he published.

    No clip of the corpus is used.
    """
    modes = {mode: load_tagger("msd-crnn", reading=mode) for mode in ("readme", "calibrated")}
    rows = []
    for track, printed in PRINTED.items():
        db = np.load(find(track))[0]  # (1, 96, 1366)
        probs = {
            "readme": modes["readme"](db),
            "calibrated": modes["calibrated"](standardize_clips(db)),
        }
        for tag in printed:
            k = modes["readme"].file.classes.index(tag)
            told = {mode: float(p[0, k]) for mode, p in probs.items()}
            row: Row = {"row": f"{track}: {tag}", "metric": "probability"}
            row["value"] = told["readme"]
            rows.append({**row, "calibrated": told["calibrated"]})
    return rows


def stored_statistics(corpus: Corpus, seeds: Sequence[int], progress: bool = False) -> list[Row]:
    """What each file holds as `running_std` of the frames, padded and others; and what clips have.

    The value is a mean over frames; beside it stand the smallest, the largest, and the mean of the
    frames' means. For the corpus the deviations are over clips and bands, of dB and standardised.
    """
    rows = []
    for name in ("msd-crnn", "msd-cnn", "genre-crnn"):
        norm = read_keras1(find(name))["bn_0_freq"]
        padded = norm["running_mean"] == 0
        for kind, frames in (("padded", padded), ("other", ~padded)):
            if frames.any():
                held = (norm["running_std"][frames], norm["running_mean"][frames])
                rows.append(_frames_row(f"{name}, {kind} frames", "running_std", *held))
    db = cut(corpus, TaggerMel(12000, scale="none"), progress=progress).inputs[0].numpy()
    for name, x in (("clips in dB", db), ("clips standardised", standardize_clips(db))):
        rows.append(_frames_row(name, "deviation", x.std((0, 1)), x.mean((0, 1))))
    return rows


def _frames_row(name: str, metric: str, deviations: np.ndarray, means: np.ndarray) -> Row:
    deviations = deviations.astype(float)
    row: Row = {"row": name, "metric": metric, "value": float(deviations.mean())}
    row |= {"smallest": float(deviations.min()), "largest": float(deviations.max())}
    return {**row, "n_frames": len(means), "mean": float(means.astype(float).mean())}


def zero_shot_auc(
    corpus: Corpus, seeds: Sequence[int], progress: bool = False, *, variants: Sequence[Row]
) -> list[Row]:
    """How well tags tell genres apart that no network was trained on: mean AUC, each variant a row.

    A variant is a name, a file, a statistic, a scale of the input, and, where it is not the
    published front end, `front`, or how the statistics are taken from batches, `batch`.
    """
    rows = []
    for variant in variants:
        front = TaggerMel(12000, **{"scale": variant["scale"], **variant.get("front", {})})
        db = cut(corpus, replace(front, scale="none"), progress=progress).inputs[0]
        x = standardize_clips(db) if front.scale == "clip" else db
        reading = replace(
            CALIBRATED if variant["statistic"] == "deviation" else README, scale=front.scale
        )
        tagger = load_tagger(variant["file"], reading=reading)
        batch = variant.get("batch")
        probs = _from_batches(tagger, x, batch, seeds[0]) if batch else tagger.folded()(x)
        rows.append({**_auc_row(variant["name"], probs.numpy(), corpus, seeds[0]), **variant})
    return rows


def _from_batches(
    tagger: Tagger, x: torch.Tensor, batch: Mapping[str, Any], seed: int
) -> torch.Tensor:
    """Outputs when the convolutions' statistics are those of the batch, as some have run it."""
    network = copy.deepcopy(tagger.network)
    for block in network.blocks:
        block.get_submodule("norm").train()
    order = torch.arange(len(x))
    if batch["shuffled"]:
        order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
    with torch.inference_mode():
        parts = [network(x[part]).sigmoid() for part in order.split(batch["size"])]
    return torch.cat(parts)[order.argsort()]


def _auc_row(name: str, probs: np.ndarray, corpus: Corpus, seed: int) -> Row:
    """The mean AUC over pairs, its interval, that of each pair, and the commonest first tag."""
    genre = corpus.clips["genre"].to_numpy()
    pairs = {g: tag for g, tag in PAIRS.items() if (genre == g).any()}
    weights = _drawn(genre, 2000, seed)
    tags = FILES["msd-crnn"].classes
    drawn = {g: tag_auc(probs[:, tags.index(t)], genre == g, weights) for g, t in pairs.items()}
    mean = np.mean(list(drawn.values()), axis=0)  # (1 + 2000,), the first is the corpus itself
    low, high = np.quantile(mean[1:], [0.025, 0.975])
    row: Row = {"row": name, "metric": "mean AUC", "value": float(mean[0])}
    row |= {"low": float(low), "high": float(high), "n": len(genre)}
    counts = np.bincount(probs.argmax(1), minlength=len(tags))
    row |= {"commonest tag": tags[counts.argmax()], "its clips": int(counts.max())}
    return {**row, "pairs": {g: float(values[0]) for g, values in drawn.items()}}


def _drawn(genre: np.ndarray, n: int, seed: int) -> np.ndarray:
    """How often each clip is drawn, (1 + n, M): once each, then n times at random within genres."""
    generator = np.random.default_rng(seed)
    weights = np.ones((1 + n, len(genre)))
    for one in np.unique(genre):
        members = np.flatnonzero(genre == one)
        share = np.full(len(members), 1 / len(members))
        weights[1:, members] = generator.multinomial(len(members), share, size=n)
    return weights


def tag_auc(score: np.ndarray, positive: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The chance that a positive clip scores higher than another, ties half: (M,) twice -> (R,).

    Args:
        weights: how often each clip counts, (R, M), a row for each result.

    >>> tag_auc(np.array([.9, .4, .5, .1]), np.array([1, 1, 0, 0], bool), np.ones((1, 4)))
    array([0.75])
    """
    up, down = score[positive][:, None], score[~positive][None]
    wins = (up > down) + 0.5 * (up == down)  # (M+, M-)
    a, b = weights[:, positive], weights[:, ~positive]
    return np.einsum("ri,ij,rj->r", a, wins, b, optimize=True) / (a.sum(1) * b.sum(1))


def decoder_shift(
    corpus: Corpus, seeds: Sequence[int], progress: bool = False, *, n_samples: int
) -> list[Row]:
    """How far the tags move when the sound starts a few samples later, as another decoder's does.

    The value is the mean over clips of the largest change of any tag's probability.
    """
    feature = TaggerMel(12000, scale="none")
    sounds = [corpus.audio(clip_id, 12000) for clip_id in corpus.clips.index]
    here = torch.from_numpy(np.stack([feature(y) for y in sounds]))
    # The middle of a sound that lacks 2 n samples at its start begins n samples later.
    later = torch.from_numpy(np.stack([feature(y[2 * n_samples :]) for y in sounds]))
    rows = []
    for mode in ("calibrated", "readme"):
        tagger = load_tagger("msd-crnn", reading=mode).folded()
        scale = standardize_clips if tagger.reading.scale == "clip" else (lambda x: x)
        before, after = tagger(scale(here)), tagger(scale(later))
        moved = (before - after).abs().amax(1).numpy()
        row: Row = {"row": mode, "metric": "mean largest change", "value": float(moved.mean())}
        row |= {"smallest": float(moved.min()), "largest": float(moved.max()), "n": len(moved)}
        same = (before.argmax(1) == after.argmax(1)).float().mean().item()
        rows.append({**row, "same likeliest tag": same, "n_samples": n_samples})
    return rows


def genre_network(
    corpus: Corpus, seeds: Sequence[int], progress: bool = False, *, variants: Sequence[Row]
) -> list[Row]:
    """The accuracy of Jiménez and José's network on all clips, none of which it is trained on."""
    unknown = sorted(set(corpus.genres) - set(GENRES))
    if unknown:
        raise RecipeError(explain("genre_network", f"genres among {GENRES}", some(unknown)))
    columns = [GENRES.index(genre) for genre in corpus.genres]
    path = find("genre-crnn")
    rows = []
    for variant in variants:
        feature = TaggerMel(12000, part=variant["part"], scale="none")
        x = cut(corpus, feature, progress=progress).inputs[0]
        file = replace(FILES["genre-crnn"], backend=variant.get("backend", "theano"))
        reading = replace(README, statistic=variant.get("statistic", "variance"))
        probs = load_tagger(file, reading=reading, source=path).folded()(x)[:, columns].double()
        share = (probs / probs.sum(1, keepdim=True)).numpy()
        ids = tuple(corpus.clips.index)
        made = Predictions(ids, corpus.labels(ids), share, corpus.genres)
        found = accuracy_interval(made)
        row: Row = {"row": variant["name"], "metric": "accuracy", "value": found.value}
        row |= {"low": found.low, "high": found.high, "n": found.n, "protocol": "no training"}
        rows.append({**row, "confusion": confusion(made).tolist()})
    return rows


def transfer(
    corpus: Corpus,
    seeds: Sequence[int],
    progress: bool = False,
    *,
    networks: Sequence[Row],
    protocols: Sequence[Row],
) -> list[Row]:
    """A support vector machine on what layers say, and on MFCC: accuracy, each way to fold a row.

    Networks are read in their own way or misread ("readme"); protocols are random folds and blocks
    of neighbouring clips. McNemar's test is against MFCC, under the same protocol and first seed.
    """
    vectors = _vectors(corpus, networks, progress)
    rows = []
    for protocol in protocols:
        splits = {s: _splits(corpus, protocol, s) for s in _seeds_of(protocol, seeds)}
        known = _artists_on_both_sides(corpus, [one for made in splits.values() for one in made])
        runs = {
            name: [_svm(corpus, x, made, protocol["C"]) for made in splits.values()]
            for name, x in vectors.items()
        }
        for name, made in runs.items():
            found, pair = over_runs(made), mcnemar(made[0], runs["MFCC"][0])
            row: Row = {"row": f"{name}, {protocol['name']}", "metric": "accuracy"}
            row |= {"value": found.value, "low": found.low, "high": found.high, "n": found.n}
            row |= {"features": name, "n_values": vectors[name].shape[1]}
            row |= {"protocol": protocol["name"], "n_seeds": len(made)}
            row |= {"first_seed": float(made[0].correct.mean()), "p_against_mfcc": pair.p_exact}
            row |= {"only_this": pair.only_a, "only_mfcc": pair.only_b, "known_artist": known}
            rows.append(row)
    return rows


def _vectors(corpus: Corpus, networks: Sequence[Row], progress: bool) -> dict[str, np.ndarray]:
    """MFCC and every layer set of every network: name -> (M, D)."""
    mfcc = cut(corpus, Mfcc(22050, n_mfcc=20, n_frames=1290), progress=progress).inputs[0].numpy()
    vectors = {"MFCC": np.concatenate([mfcc.mean(2), mfcc.std(2)], axis=1)}
    db = cut(corpus, TaggerMel(12000, scale="none"), progress=progress).inputs[0]
    for one in networks:
        tagger = load_tagger(one["file"], reading=one["reading"]).folded()
        x = standardize_clips(db) if tagger.reading.scale == "clip" else db
        parts = pooled_layers(tagger.network, x)
        if one.get("tags"):
            vectors[f"{one['name']} {one['tags']}"] = torch.logit(tagger(x), eps=1e-7).numpy()
        for name, layers in one["sets"].items():
            vectors[f"{one['name']} {name}"] = torch.cat([parts[k] for k in layers], 1).numpy()
            if one.get("with_mfcc") == name:
                both = [vectors[f"{one['name']} {name}"], vectors["MFCC"]]
                vectors[f"{one['name']} {name} + MFCC"] = np.concatenate(both, axis=1)
    return vectors


def _seeds_of(protocol: Row, seeds: Sequence[int]) -> Sequence[int]:
    """Blocks of neighbours are the same whatever the seed."""
    return seeds if "n_folds" in protocol else seeds[:1]


def _splits(corpus: Corpus, protocol: Row, seed: int) -> list[Split]:
    """Random folds, or one block of neighbours of each genre left out after the other."""
    if "n_folds" in protocol:
        return folds(corpus, protocol["n_folds"], seed=seed, by="clip")
    ids, genre = corpus.clips.index.to_numpy(), corpus.clips["genre"].to_numpy()
    block = np.empty(len(ids), dtype=int)
    for one in corpus.genres:
        members = np.flatnonzero(genre == one)
        members = members[np.argsort(ids[members].astype(str))]
        for number, part in enumerate(np.array_split(members, protocol["n_blocks"])):
            block[part] = number
    return [
        Split(f"block{b}", tuple(ids[block != b]), (), tuple(ids[block == b]), protocol["name"])
        for b in range(protocol["n_blocks"])
    ]


def _artists_on_both_sides(corpus: Corpus, splits: Sequence[Split]) -> float | None:
    """The share of test clips whose artist is known, and known to be in training as well."""
    artists = {k: v for k, v in known_artists().items() if k in corpus.clips.index}
    if not artists:
        return None
    shares = []
    for split in splits:
        trained = {artists[c] for c in split.train if c in artists}
        shares += [artists.get(c) in trained for c in split.test]
    return float(np.mean(shares))


def _svm(
    corpus: Corpus, x: np.ndarray, splits: Sequence[Split], penalty: float | Sequence[float]
) -> Predictions:
    """Every clip classified by the machine that was trained on the other folds.

    Several penalties: the best of three inner folds of the training clips is taken.
    """
    where = {clip_id: i for i, clip_id in enumerate(corpus.clips.index)}
    y, K = corpus.labels(corpus.clips.index), len(corpus.genres)
    parts = []
    for split in splits:
        train, test = ([where[c] for c in ids] for ids in (split.train, split.test))
        machine: Any = make_pipeline(StandardScaler(), SVC(gamma="scale"))
        if isinstance(penalty, Sequence):
            machine = GridSearchCV(machine, {"svc__C": list(penalty)}, cv=3)
        else:
            machine.set_params(svc__C=penalty)
        said = machine.fit(x[train], y[train]).predict(x[test])
        parts.append(Predictions(split.test, y[test], np.eye(K)[said], corpus.genres))
    return Predictions.concat(parts)


_POOLS = ("pool1", "pool2", "pool3", "pool4")
_ALL = (*_POOLS, "gru2")
_SETS = {"gru2": ("gru2",), "pool4": ("pool4",), "pools": _POOLS, "pools + gru2": _ALL}
_NETWORKS: tuple[Row, ...] = (
    {
        "name": "tagger",
        "file": "msd-crnn",
        "reading": "calibrated",
        "sets": {**{name: (name,) for name in _POOLS}, **_SETS},
        "tags": "50 tags",
        "with_mfcc": "pools + gru2",
    },
    {
        "name": "misread tagger",
        "file": "msd-crnn",
        "reading": "readme",
        "sets": _SETS,
        "tags": "50 tags",
    },
    {
        "name": "ten-genre network",
        "file": "genre-crnn",
        "reading": "calibrated",
        "sets": _SETS,
    },
)
_PROTOCOLS: tuple[Row, ...] = (
    {"name": "10 random folds", "n_folds": 10, "C": (0.1, 1.0, 10.0, 100.0)},
    {"name": "10 random folds, C = 10", "n_folds": 10, "C": 10.0},
    {"name": "5 blocks of neighbours, C = 10", "n_blocks": 5, "C": 10.0},
    {"name": "2 blocks of neighbours, C = 10", "n_blocks": 2, "C": 10.0},
)


def _variant(name: str, file: str, statistic: str, scale: str, **more: Any) -> Row:
    return {"name": name, "file": file, "statistic": statistic, "scale": scale, **more}


_GRID: tuple[Row, ...] = tuple(
    _variant(f"{title}, std read as {statistic}, {told}", file, statistic, scale)
    for title, file in (("CRNN", "msd-crnn"), ("CNN", "msd-cnn"))
    for statistic in ("variance", "deviation")
    for scale, told in (("none", "dB"), ("clip", "standardised"))
)
_FRONTS = {
    "without the square": {"exponent": 1.0},
    "without the square and the floor": {"exponent": 1.0, "top_db": None},
    "without the floor": {"top_db": None},
}
_BATCHES = {
    "25 shuffled clips": {"size": 25, "shuffled": True},
    "10 shuffled clips": {"size": 10, "shuffled": True},
    "10 clips of a genre": {"size": 10, "shuffled": False},
    "one clip": {"size": 1, "shuffled": False},
}

_README_PLACE = "README of music-auto_tagging-keras"
_JIMENEZ_PLACE = "README of Music-Genre-Classification-with-Deep-Learning"


def _printed() -> dict[str, Reported]:
    """The forty numbers as rows of `readme_numbers`."""
    note = "printed by a Keras that took the stored deviations for variances, from dB"
    return {
        f"{track}: {tag}": Reported(value, "probability", 1, "one track", _README_PLACE, note)
        for track, tags in PRINTED.items()
        for tag, value in tags.items()
    }


def _study(name: str, title: str, conduct: Callable[..., Sequence[Row]], **settings: Any) -> Study:
    return Study(f"reddy2024/{name}", title, conduct, settings)


TAGGERS: tuple[Study, ...] = (
    replace(
        _study("tagger-readme", "The README's forty probabilities", readme_numbers),
        reported=_printed(),
        deviations=("from the prepared arrays, since decoders differ by 12 ms",),
    ),
    _study("tagger-statistics", "What the files hold as running_std", stored_statistics),
    _study("tagger-auc", "Tags against genres, by reading", zero_shot_auc, variants=_GRID),
    _study(
        "tagger-front-end",
        "The same, each quirk of the front end left out",
        zero_shot_auc,
        variants=tuple(
            _variant(name, "msd-crnn", "deviation", "clip", front=front)
            for name, front in _FRONTS.items()
        ),
    ),
    _study(
        "tagger-batches",
        "The same, statistics taken from the batch",
        zero_shot_auc,
        variants=tuple(
            _variant(name, "msd-crnn", "deviation", "none", batch=batch)
            for name, batch in _BATCHES.items()
        ),
    ),
    _study("tagger-shift", "Tags when the sound starts 12 ms later", decoder_shift, n_samples=144),
    replace(
        _study(
            "genre-net",
            "Jiménez and José's network",
            genre_network,
            variants=(
                {"name": "first 29.12 s", "part": "start"},
                {"name": "middle 29.12 s", "part": "centre"},
                {"name": "kernels not turned", "part": "centre", "backend": "tensorflow"},
                {"name": "std read as deviation", "part": "centre", "statistic": "deviation"},
            ),
        ),
        reported={
            "first 29.12 s": Reported(
                0.80,
                "accuracy",
                1000,
                "all of GTZAN, trained on songs of their own",
                _JIMENEZ_PLACE,
                "their report says about .78",
            )
        },
    ),
    _study(
        "tagger-svm",
        "A support vector machine on layers",
        transfer,
        networks=_NETWORKS,
        protocols=_PROTOCOLS,
    ),
)
"""All of them, for the paper's list of recipes."""
