"""What the published taggers are worth: their numbers reproduced, their statistics, their features.

The weights are found where `mgrlib.models.published.find` looks: the folder that the environment
variable MGRLIB_TAGGERS names, then `taggers` in MGRLIB_HOME, then the files' public addresses.

What the sources leave open and what we chose:

- *Which tag is which genre.* Nine of GTZAN's genres have a tag that says the same or nearly so
  (`PAIRS`); reggae has none. The AUC of a pair is the chance that a clip of the genre gets more of
  the tag than a clip of another genre; the mean over pairs is ours, no paper prints it.
- *How a network of 10 sigmoids decides.* By its largest output; Jiménez and José divide by the sum
  first, which changes no decision.
- *Neighbors.* GTZAN's clips of one artist mostly stand side by side, so blocks of neighboring
  clips are held together. That parts fewer artists than one would wish: in the mini set all blues
  is of one artist and all classical music of one composer. The share of test clips whose artist is
  known to train as well stands beside every accuracy.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

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
from mgrlib.evaluation.intervals import Interval, over_values
from mgrlib.evaluation.metrics import confusion
from mgrlib.evaluation.paired import mcnemar
from mgrlib.evaluation.predictions import Predictions
from mgrlib.evaluation.runs import correct_by_run
from mgrlib.evaluation.tagging import drawn_counts, mean_auc, tag_auc
from mgrlib.experiments.run import groups_of
from mgrlib.experiments.study import Row, Study, accuracy_row, row
from mgrlib.features import Mfcc, TaggerMel, standardize_clips
from mgrlib.features.base import Feature
from mgrlib.models.keras1 import read_keras1
from mgrlib.models.pretrained import Tagger, load_tagger, pooled_layers
from mgrlib.models.published import CALIBRATED, FILES, GENRES, README, find
from mgrlib.papers import printed
from mgrlib.rows import in_memory
from mgrlib.segments import cut

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

README_STUDY = "reddy2024/tagger-readme"


def _values(corpus: Corpus, feature: Feature, progress: bool) -> torch.Tensor:
    """A feature of all clips, (M, ...), in memory."""
    return in_memory(cut(corpus, feature, progress=progress).inputs[0])


def readme_numbers(corpus: Corpus, seeds: Sequence[int], progress: bool = False) -> list[Row]:
    """Choi's printed probabilities, in both modes, from the inputs that he published.

    No clip of the corpus is used.
    """
    modes = {mode: load_tagger("msd-crnn", reading=mode) for mode in ("readme", "calibrated")}
    conditions = [
        dict(entry.condition) for entry in printed("reddy2024") if entry.source == README_STUDY
    ]
    classes = modes["readme"].file.classes
    rows: list[Row] = []
    for track in dict.fromkeys(condition["track"] for condition in conditions):
        db = np.load(find(track))[0]  # (1, 96, 1366)
        readme, calibrated = modes["readme"](db), modes["calibrated"](standardize_clips(db))
        for condition in conditions:
            if condition["track"] == track:
                k = classes.index(condition["tag"])
                other = float(calibrated[0, k])
                value = float(readme[0, k])
                rows.append(row("probability", value, condition=condition, calibrated=other))
    return rows


def stored_statistics(corpus: Corpus, seeds: Sequence[int], progress: bool = False) -> list[Row]:
    """What each file holds as `running_std` of the frames, padded and others; and what clips have.

    The value is a mean over frames; beside it stand the smallest, the largest, and the mean of the
    frames' means. For the corpus the deviations are over clips and bands, of dB and standardized.
    """
    rows: list[Row] = []
    for name in ("msd-crnn", "msd-cnn", "genre-crnn"):
        norm = read_keras1(find(name))["bn_0_freq"]
        padded = norm["running_mean"] == 0
        for kind, frames in (("padded", padded), ("other", ~padded)):
            if frames.any():
                stored = (norm["running_std"][frames], norm["running_mean"][frames])
                rows.append(_frames_row("running_std", {"file": name, "frames": kind}, *stored))
    db = _values(corpus, TaggerMel(12000, scale="none"), progress).numpy()
    for name, x in (("in dB", db), ("standardized", standardize_clips(db))):
        rows.append(
            _frames_row("standard deviation", {"clips": name}, x.std((0, 1)), x.mean((0, 1)))
        )
    return rows


def _frames_row(
    metric: str, condition: Mapping[str, str], deviations: np.ndarray, means: np.ndarray
) -> Row:
    deviations = deviations.astype(float)
    details: dict[str, Any] = {
        "smallest": float(deviations.min()),
        "largest": float(deviations.max()),
    }
    details |= {"n_frames": len(means), "mean": float(means.astype(float).mean())}
    return row(metric, float(deviations.mean()), condition=condition, **details)


@dataclass(frozen=True)
class Batches:
    """How statistics are taken from batches in place of the stored ones."""

    size: int
    shuffled: bool


@dataclass(frozen=True)
class Variant:
    """A way to run a published tagger.

    Args:
        condition: what sets it apart in tables.
        file: of the weights.
        statistic: what `running_std` is read as.
        scale: of the input.
        front: settings of the front end that are not the published ones.
        batches: where the statistics are those of the batch, as some have run it.
    """

    condition: Mapping[str, str]
    file: str = "msd-crnn"
    statistic: str = "std"
    scale: Literal["clip", "none"] = "clip"
    front: Mapping[str, Any] = field(default_factory=dict)
    batches: Batches | None = None


def zero_shot_auc(
    corpus: Corpus,
    seeds: Sequence[int],
    progress: bool = False,
    *,
    variants: Sequence[Variant],
) -> list[Row]:
    """How well tags tell genres apart that no network was trained on: mean AUC of each variant."""
    rows: list[Row] = []
    for variant in variants:
        front = TaggerMel(12000, scale="none", **variant.front)
        db = _values(corpus, front, progress)
        x = standardize_clips(db) if variant.scale == "clip" else db
        reading = CALIBRATED if variant.statistic == "std" else README
        reading = replace(reading, scale=variant.scale)
        tagger = load_tagger(variant.file, reading=reading)
        if variant.batches:
            probs = _from_batches(tagger, x, variant.batches, seeds[0])
        else:
            probs = tagger.folded()(x)
        row = _auc_row(variant.condition, probs.numpy(), corpus, seeds[0])
        rows.append(row)
    return rows


def _from_batches(tagger: Tagger, x: torch.Tensor, batches: Batches, seed: int) -> torch.Tensor:
    """Outputs when the convolutions' statistics are those of the batch."""
    network = copy.deepcopy(tagger.network)
    for block in network.blocks:
        block.get_submodule("norm").train()
    order = torch.arange(len(x))
    if batches.shuffled:
        order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
    with torch.inference_mode():
        parts = [network(x[part]).sigmoid() for part in order.split(batches.size)]
    return torch.cat(parts)[order.argsort()]


def _auc_row(condition: Mapping[str, str], probs: np.ndarray, corpus: Corpus, seed: int) -> Row:
    """The mean AUC over pairs, its interval, that of each pair, and the commonest first tag."""
    genre, tags = corpus.clips["genre"].to_numpy(), FILES["msd-crnn"].classes
    pairs = {g: tag for g, tag in PAIRS.items() if (genre == g).any()}
    scores = probs[:, [tags.index(tag) for tag in pairs.values()]]
    samples = drawn_counts(corpus.groups(corpus.clips.index), 2000, seed=seed)
    table = tag_auc(scores, genre[:, None] == list(pairs), samples)
    counts = np.bincount(probs.argmax(1), minlength=len(tags))
    return row(
        "mean AUC",
        mean_auc(table, len(genre)),
        condition=condition,
        commonest_tag=tags[counts.argmax()],
        n_commonest=int(counts.max()),
        pairs=dict(zip(pairs, table[0].tolist(), strict=True)),
    )


def decoder_shift(
    corpus: Corpus, seeds: Sequence[int], progress: bool = False, *, n_samples: int
) -> list[Row]:
    """How much the tags change if the sound starts a few samples later, as with another decoder.

    The value is the mean over clips of the largest change of any tag's probability.
    """
    feature = TaggerMel(12000, scale="none")
    sounds = [corpus.audio(clip_id, 12000) for clip_id in corpus.clips.index]
    on_time = torch.from_numpy(np.stack([feature(y) for y in sounds]))
    # The middle of a sound that lacks 2 n samples at its start begins n samples later.
    later = torch.from_numpy(np.stack([feature(y[2 * n_samples :]) for y in sounds]))
    rows: list[Row] = []
    for mode in ("calibrated", "readme"):
        tagger = load_tagger("msd-crnn", reading=mode).folded()
        scale = standardize_clips if tagger.reading.scale == "clip" else (lambda x: x)
        before, after = tagger(scale(on_time)), tagger(scale(later))
        change = (before - after).abs().amax(1).numpy()
        same = (before.argmax(1) == after.argmax(1)).float().mean().item()
        rows.append(
            row(
                "mean largest change",
                float(change.mean()),
                condition={"reading": mode},
                n=len(change),
                smallest=float(change.min()),
                largest=float(change.max()),
                same_likeliest_tag=same,
                n_samples=n_samples,
            )
        )
    return rows


def genre_network(
    corpus: Corpus,
    seeds: Sequence[int],
    progress: bool = False,
    *,
    variants: Mapping[str, Mapping[str, Any]],
) -> list[Row]:
    """The accuracy of Jiménez and José's network on all clips, none of which it is trained on.

    Args:
        variants: by name, the part of the clip, and what is read differently.
    """
    unknown = sorted(set(corpus.genres) - set(GENRES))
    if unknown:
        raise RecipeError(explain("genre_network", f"genres among {GENRES}", some(unknown)))
    columns = [GENRES.index(genre) for genre in corpus.genres]
    path, ids = find("genre-crnn"), tuple(corpus.clips.index)
    rows: list[Row] = []
    for name, variant in variants.items():
        feature = TaggerMel(12000, part=variant["part"], scale="none")
        x = _values(corpus, feature, progress)
        file = replace(FILES["genre-crnn"], backend=variant.get("backend", "theano"))
        reading = replace(README, statistic=variant.get("statistic", "variance"))
        probs = load_tagger(file, reading=reading, source=path).folded()(x)[:, columns].double()
        share = (probs / probs.sum(1, keepdim=True)).numpy()
        answers = Predictions(ids, corpus.labels(ids), share, corpus.genres)
        rows.append(
            accuracy_row(
                [answers],
                groups_of(corpus),
                condition={"variant": name},
                train_accuracy=None,
                confusion=confusion(answers).tolist(),
            )
        )
    return rows


@dataclass(frozen=True)
class Layers:
    """A network whose layers give features.

    Args:
        name: what tables call it.
        file: of the weights.
        reading: "calibrated", or "readme" for the misread one.
        sets: names of layers, by the name of the set.
        tags: what features of the output are called; empty for none.
        with_mfcc: the set that is joined with MFCC as well.
    """

    name: str
    file: str
    reading: Literal["calibrated", "readme"]
    sets: Mapping[str, tuple[str, ...]]
    tags: str = ""
    with_mfcc: str = ""


@dataclass(frozen=True)
class Folding:
    """Random folds, or blocks of neighboring clips, which are the same whatever the seed.

    Args:
        name: what tables call it.
        penalty: C of the machine; of several, the best of three inner folds is taken.
        n_folds: number of random folds.
        n_blocks: number of blocks of each genre, in place of random folds.
    """

    name: str
    penalty: float | tuple[float, ...] = 10.0
    n_folds: int = 10
    n_blocks: int = 0

    def seeds(self, seeds: Sequence[int]) -> Sequence[int]:
        """Those that make a difference."""
        return seeds[:1] if self.n_blocks else seeds

    def splits(self, corpus: Corpus, seed: int) -> list[Split]:
        """Random folds, or one block of neighbors of each genre left out after the other."""
        if not self.n_blocks:
            return folds(corpus, self.n_folds, seed=seed, by="clip")
        ids, genre = corpus.clips.index.to_numpy(), corpus.clips["genre"].to_numpy()
        block = np.empty(len(ids), dtype=int)
        for name in corpus.genres:
            members = np.flatnonzero(genre == name)
            members = members[np.argsort(ids[members].astype(str))]
            for number, part in enumerate(np.array_split(members, self.n_blocks)):
                block[part] = number
        return [
            Split(f"block{b}", tuple(ids[block != b]), (), tuple(ids[block == b]), self.name)
            for b in range(self.n_blocks)
        ]


def machines_on_layers(
    corpus: Corpus,
    seeds: Sequence[int],
    progress: bool = False,
    *,
    networks: Sequence[Layers],
    foldings: Sequence[Folding],
) -> list[Row]:
    """Accuracy of a support vector machine on layers' outputs and on MFCC, for each set of folds.

    McNemar's test compares with MFCC, on the same folds of the first seed. `gain` is the accuracy
    minus that of MFCC, the mean over all seeds. All bounds are those of draws of whole artists.
    """
    vectors = layer_vectors_of(corpus, networks, progress)
    rows: list[Row] = []
    for folding in foldings:
        splits = [folding.splits(corpus, seed) for seed in folding.seeds(seeds)]
        artist_overlap = artists_on_both_sides(
            corpus, [split for parts in splits for split in parts]
        )
        runs = {
            name: [machine_answers(corpus, x, parts, folding.penalty) for parts in splits]
            for name, x in vectors.items()
        }
        baseline = [answers for answers, _ in runs["MFCC"]]
        for name, pairs in runs.items():
            answers, trained = zip(*pairs, strict=True)
            test = mcnemar(answers[0], baseline[0])
            gain = gain_over(answers, baseline, corpus)
            rows.append(
                accuracy_row(
                    answers,
                    groups_of(corpus),
                    condition={"features": name, "folds": folding.name},
                    train_accuracy=float(np.mean(trained)),
                    n_values=vectors[name].shape[1],
                    n_seeds=len(answers),
                    first_seed=float(answers[0].correct.mean()),
                    p_against_mfcc=test.p_exact,
                    only_this=test.only_a,
                    only_mfcc=test.only_b,
                    gain=[round(value, 4) for value in (gain.value, gain.low, gain.high)],
                    known_artist=artist_overlap,
                )
            )
    return rows


def gain_over(
    answers: Sequence[Predictions], baseline: Sequence[Predictions], corpus: Corpus
) -> Interval:
    """The mean accuracy minus that of a baseline on the same clips; whole artists are drawn."""
    ids = list(corpus.clips.index)
    correct, other = (
        correct_by_run([table.select(ids) for table in tables]) for tables in (answers, baseline)
    )
    return over_values(correct - other, corpus.groups(ids))


def layer_vectors_of(
    corpus: Corpus, networks: Sequence[Layers], progress: bool = False
) -> dict[str, np.ndarray]:
    """MFCC and every layer set of every network: name -> (M, D)."""
    mfcc = _values(corpus, Mfcc(22050, n_mfcc=20, n_frames=1290), progress).numpy()
    vectors = {"MFCC": np.concatenate([mfcc.mean(2), mfcc.std(2)], axis=1)}
    db = _values(corpus, TaggerMel(12000, scale="none"), progress)
    for network in networks:
        tagger = load_tagger(network.file, reading=network.reading).folded()
        x = standardize_clips(db) if tagger.reading.scale == "clip" else db
        parts = pooled_layers(tagger.network, x)
        if network.tags:
            vectors[f"{network.name} {network.tags}"] = torch.logit(tagger(x), eps=1e-7).numpy()
        for key, layers in network.sets.items():
            name = f"{network.name} {key}"
            vectors[name] = torch.cat([parts[layer] for layer in layers], 1).numpy()
            if network.with_mfcc == key:
                both = [vectors[name], vectors["MFCC"]]
                vectors[f"{name} + MFCC"] = np.concatenate(both, axis=1)
    return vectors


def artists_on_both_sides(corpus: Corpus, splits: Sequence[Split]) -> float | None:
    """The share of test clips whose artist is known, and known to be in training as well."""
    artists = {k: v for k, v in known_artists().items() if k in corpus.clips.index}
    if not artists:
        return None
    shares = []
    for split in splits:
        trained = {artists[c] for c in split.train if c in artists}
        shares += [artists.get(c) in trained for c in split.test]
    return float(np.mean(shares))


def machine_answers(
    corpus: Corpus, x: np.ndarray, splits: Sequence[Split], penalty: float | Sequence[float]
) -> tuple[Predictions, float]:
    """Every clip classified by the machine that was trained on the other folds, (M, D).

    Returns:
        The answers, and the mean accuracy on the training clips.
    """
    where = {clip_id: i for i, clip_id in enumerate(corpus.clips.index)}
    y, K = corpus.labels(corpus.clips.index), len(corpus.genres)
    parts, trained = [], []
    for split in splits:
        train, test = ([where[c] for c in ids] for ids in (split.train, split.test))
        machine: Any = make_pipeline(StandardScaler(), SVC(gamma="scale"))
        if isinstance(penalty, Sequence):
            machine = GridSearchCV(machine, {"svc__C": list(penalty)}, cv=3)
        else:
            machine.set_params(svc__C=penalty)
        answers = machine.fit(x[train], y[train]).predict(x[test])
        trained.append(float(machine.score(x[train], y[train])))
        parts.append(Predictions(split.test, y[test], np.eye(K)[answers], corpus.genres))
    return Predictions.concat(parts), float(np.mean(trained))


POOLS = ("pool1", "pool2", "pool3", "pool4")
SETS = {"gru2": ("gru2",), "pool4": ("pool4",), "pools": POOLS, "pools + gru2": (*POOLS, "gru2")}
NETWORKS = (
    Layers(
        "tagger",
        "msd-crnn",
        "calibrated",
        {**{name: (name,) for name in POOLS}, **SETS},
        "50 tags",
        with_mfcc="pools + gru2",
    ),
    Layers("misread tagger", "msd-crnn", "readme", SETS, "50 tags"),
    Layers("ten-genre network", "genre-crnn", "calibrated", SETS),
)
FOLDINGS = (
    Folding("10 random folds", (0.1, 1.0, 10.0, 100.0)),
    Folding("10 random folds, C = 10"),
    Folding("5 blocks of neighbors, C = 10", n_blocks=5),
    Folding("2 blocks of neighbors, C = 10", n_blocks=2),
)
SCALES: Mapping[str, Literal["clip", "none"]] = {"dB": "none", "standardized": "clip"}
GRID = tuple(
    Variant({"network": name, "std_read_as": statistic, "input": text}, file, statistic, scale)
    for name, file in (("CRNN", "msd-crnn"), ("CNN", "msd-cnn"))
    for statistic in ("variance", "std")
    for text, scale in SCALES.items()
)
FRONTS = (
    Variant({"front_end": "without the square"}, front={"exponent": 1.0}),
    Variant(
        {"front_end": "without the square and the floor"}, front={"exponent": 1.0, "top_db": None}
    ),
    Variant({"front_end": "without the floor"}, front={"top_db": None}),
)
BATCHES = tuple(
    Variant({"batch": name}, scale="none", batches=Batches(size, shuffled))
    for name, size, shuffled in (
        ("25 shuffled clips", 25, True),
        ("10 shuffled clips", 10, True),
        ("10 clips of a genre", 10, False),
        ("one clip", 1, False),
    )
)
GENRE_NETWORK: Mapping[str, Mapping[str, Any]] = {
    "first 29.12 s": {"part": "start"},
    "middle 29.12 s": {"part": "center"},
    "kernels not rotated": {"part": "center", "backend": "tensorflow"},
    "running_std taken as std": {"part": "center", "statistic": "std"},
}


def _study(name: str, title: str, conduct: Callable[..., Sequence[Row]], **settings: Any) -> Study:
    return Study(f"reddy2024/{name}", title, conduct, settings, "no training")


STUDIES: tuple[Study, ...] = (
    replace(
        _study("tagger-readme", "The README's forty probabilities", readme_numbers),
        deviations=("from the prepared arrays, since decoders differ by 12 ms",),
    ),
    _study("tagger-statistics", "What the files hold as running_std", stored_statistics),
    _study("tagger-auc", "Tags against genres, by reading", zero_shot_auc, variants=GRID),
    _study(
        "tagger-front-end",
        "The same, each quirk of the front end left out",
        zero_shot_auc,
        variants=FRONTS,
    ),
    _study(
        "tagger-batches",
        "The same, statistics taken from the batch",
        zero_shot_auc,
        variants=BATCHES,
    ),
    _study("tagger-shift", "Tags when the sound starts 12 ms later", decoder_shift, n_samples=144),
    _study("genre-net", "Jiménez and José's network", genre_network, variants=GENRE_NETWORK),
    replace(
        _study(
            "tagger-svm",
            "A support vector machine on layers",
            machines_on_layers,
            networks=NETWORKS,
            foldings=FOLDINGS,
        ),
        protocol="folds and blocks",
    ),
)
