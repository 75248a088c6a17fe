"""Transfer learning without a download: a tagger of the embedded corpus learns genres.

The source task is that of the published taggers, in small: 44 tags (instruments, tempo, mode, mood,
voices) of music by artists of other worlds than those that are tested. The weights that came of it
are a file of the package, 130 kB; `mgrlib run reddy2024/tagger` makes them again.

What the paper leaves open and what we chose:
- *A smaller network on shorter segments*, so that a CPU trains it in minutes: the paper's CRNN with
  narrower layers, on the first 6.6 seconds of a clip.
- *How long.* Every network gets the same number of steps, however many clips it has: with the same
  number of epochs, few clips would also mean little training. On validation artists fine-tuning has
  nearly stopped gaining after 300.
- *Rates.* From scratch, that of the source task. Fine-tuning, "a bit slower than in the original
  model": ours is a third of it.
- *Rates of the optimisers.* Adam and RMSprop have the source task's, gradient descent with momentum
  ten times that, and each .3 of its own when it fine-tunes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from mgrlib.data.corpus import Corpus, Split
from mgrlib.data.splits import by_group
from mgrlib.data.synthetic import synthetic, tags
from mgrlib.evaluation.intervals import over_runs
from mgrlib.evaluation.paired import mcnemar
from mgrlib.evaluation.predictions import Predictions, predict, predict_sklearn
from mgrlib.evaluation.tagging import tag_auc
from mgrlib.features import LogMel, standardize_clips
from mgrlib.models.baselines import k_nn, linear, rbf_svm
from mgrlib.models.reddy2024 import Crnn
from mgrlib.recipes.core import Learned, Recipe, learn_estimator, learn_network
from mgrlib.segments import Cut, Segments, cut
from mgrlib.storage import home
from mgrlib.synth.tags import INSTRUMENT_TAGS, MODE_TAGS, MOOD_TAGS, TAGS, TEMPO_TAGS, VOICE_TAGS
from mgrlib.training.checkpoints import load_weights, save_weights
from mgrlib.training.config import Run, TrainConfig
from mgrlib.training.loop import fit
from mgrlib.training.losses import multi_label
from mgrlib.training.seeds import seeded
from mgrlib.training.transfer import by_depth, freeze, initialize, layer_features, new_head

__all__ = [
    "SHORT",
    "TAGGER_SHA256",
    "TUNING",
    "WIDTHS",
    "accuracy_row",
    "artists_apart",
    "band_statistics",
    "classified",
    "curve_rows",
    "embedded_tagger",
    "few_clips",
    "frozen_layers",
    "heard",
    "initialisations",
    "learn_features",
    "learn_scratch",
    "learn_tuned",
    "learning_curve",
    "optimisers",
    "pretrain",
    "small_crnn",
    "statistics",
    "steps",
    "with_tags",
]

Row = dict[str, Any]

SECONDS = 7.0
SHORT = LogMel(
    12000, n_fft=512, hop_length=256, n_mels=96, n_frames=310, pad_mode="reflect", exponent=2.0
)
"""The published taggers' spectrogram, of 6.6 s: with its padding 384 frames, 4 after pooling."""

WIDTHS = (12, 24, 48, 64)
"""Of the small CRNN's blocks; the paper's are 64, 128, 128 and 128."""

SCRATCH = TrainConfig(epochs=1, batch_size=16, lr=3e-3, precision="bfloat16")
TUNING = replace(SCRATCH, lr=1e-3)

WEIGHTS = "reddy2024-tagger.pt"
TAGGER_SHA256 = "41ff793e341f983c8f5bd9f0f9379c5ed772610db389b3fba5b362ad96b3822e"
"""Of the weights that come with the package."""

TAG_GROUPS = {
    "instruments": INSTRUMENT_TAGS,
    "tempo": TEMPO_TAGS,
    "mode": MODE_TAGS,
    "mood": MOOD_TAGS,
    "voices": VOICE_TAGS,
}


def heard(segments: Segments) -> Segments:
    """The segments as the tagger wants them: each by itself at mean 0 and deviation 1."""
    return segments.map(standardize_clips)


def statistics(segments: Segments) -> Segments:
    """What no network is needed for: mean, deviation and mean step of each band, (S, 3 F)."""
    return segments.map(band_statistics)


def band_statistics(x: torch.Tensor) -> torch.Tensor:
    """(S, F, T) -> (S, 3 F)."""
    return torch.cat([x.mean(2), x.std(2), x.diff(dim=2).abs().mean(2)], dim=1)


def small_crnn(n_classes: int, *, widths: tuple[int, ...] = WIDTHS) -> Crnn:
    """The paper's CRNN on 6.6 seconds, (96, 310), with narrower layers."""
    return Crnn(n_classes, (96, 310), widths=widths)


# The source task ------------------------------------------------------------------------------


def with_tags(corpus: Corpus, segments: Segments) -> Segments:
    """The segments with tags (S, 44) in place of genres: the clips must be of our own music."""
    table = torch.tensor(tags(corpus).loc[list(segments.clip_ids)].to_numpy(), dtype=torch.float32)
    return replace(segments, y=table[segments.clip], genres=TAGS)


def pretrain(
    corpus: Corpus,
    seeds: Sequence[int],
    progress: bool = False,
    *,
    worlds: Sequence[int],
    n_per_genre: int,
    config: TrainConfig,
) -> list[Row]:
    """Train the tagger on other worlds' music, keep its weights, and ask it for the corpus' tags.

    A row is the mean AUC of a group of tags on clips of artists that it has never heard. Of a clip
    of half a minute it hears all whole excerpts, and the mean of its logits counts; two more rows
    tell what the first excerpt alone gives, and what it knows of the music that it learnt from.
    The weights are written to `mgrlib.storage.home() / "weights"`.
    """
    train = _joined([_tagged(synthetic(n_per_genre, SECONDS, world)) for world in worlds])
    model, sha256 = _pretrained(train, replace(config, seed=seeds[0]), progress)
    test = _tagged(corpus)
    logits = _logits(model, test)
    excerpts = [np.flatnonzero(test.clip.numpy() == m) for m in range(test.n_clips)]
    first = [rows[0] for rows in excerpts]
    truth = test.y.numpy()[first]
    rows = _auc_rows(np.stack([logits[one].mean(axis=0) for one in excerpts]), truth, seeds[0])
    others = {
        "all tags, first excerpt": _auc_rows(logits[first], truth, seeds[0]),
        "all tags, music that it learnt from": _auc_rows(
            _logits(model, train), train.y.numpy(), seeds[0]
        ),
    }
    rows += [{**some[0], "row": name} for name, some in others.items()]
    return [{**row, "sha256": sha256} for row in rows]


def _tagged(corpus: Corpus) -> Segments:
    """All whole excerpts of a corpus of our own music, standardised, with tags."""
    return with_tags(corpus, heard(cut(corpus, SHORT, how=Cut(segment_seconds=SECONDS))))


def _pretrained(train: Segments, config: TrainConfig, progress: bool) -> tuple[nn.Module, str]:
    """The tagger after training, as its weights are kept, and the SHA-256 of their file."""
    with seeded(config.seed):
        model = small_crnn(len(TAGS))
    fit(model, train, config=config, loss=multi_label, progress=progress)
    half = {k: v.half() if v.is_floating_point() else v for k, v in model.state_dict().items()}
    model.load_state_dict(half)  # what is measured is what is kept
    path = home() / "weights" / WEIGHTS
    path.parent.mkdir(parents=True, exist_ok=True)
    sha256 = save_weights(path, model.half())
    return model.float(), sha256


def _logits(model: nn.Module, segments: Segments) -> np.ndarray:
    """What the model says of each segment, (S, K), in evaluation mode."""
    with torch.inference_mode():
        return torch.cat([model.eval()(part) for part in segments.inputs[0].split(64)]).numpy()


def _joined(parts: Sequence[Segments]) -> Segments:
    """Several corpora's segments as one, each clip's name led by its corpus' number."""
    ids = tuple(f"{i}/{c}" for i, part in enumerate(parts) for c in part.clip_ids)
    starts = np.cumsum([0, *(part.n_clips for part in parts)])
    return Segments(
        (torch.cat([part.inputs[0] for part in parts]),),
        torch.cat([part.y for part in parts]),
        torch.cat([part.clip + int(n) for part, n in zip(parts, starts, strict=False)]),
        ids,
        parts[0].genres,
    )


def _auc_rows(scores: np.ndarray, truth: np.ndarray, seed: int) -> list[Row]:
    """The mean AUC of all tags and of each group, with intervals by bootstrap over clips."""
    rng = np.random.default_rng(seed)
    draws = [np.arange(len(truth)), *rng.integers(len(truth), size=(500, len(truth)))]
    table = np.stack([tag_auc(scores[rows], truth[rows]) for rows in draws])  # (501, K)
    rows = []
    for name, group in {"all tags": TAGS, **TAG_GROUPS}.items():
        means = np.nanmean(table[:, [TAGS.index(tag) for tag in group]], axis=1)
        low, high = np.quantile(means[1:], [0.025, 0.975])
        row: Row = {"row": name, "metric": "mean AUC", "value": float(means[0])}
        row |= {"low": float(low), "high": float(high), "n": len(truth), "n_tags": len(group)}
        each = {tag: table[0, TAGS.index(tag)] for tag in group}
        known = {tag: float(auc) for tag, auc in each.items() if auc == auc}
        rows.append({**row, "tags": known} if name != "all tags" else row)
    return rows


def embedded_tagger(sha256: str = TAGGER_SHA256) -> nn.Module:
    """The tagger that comes with the package: logits of 44 tags of 6.6 s, (B, 96, 310).

    Raises:
        ChecksumError: the file is not the one that this version was made with.
    """
    path = Path(str(files("mgrlib.recipes"))) / "weights" / WEIGHTS
    return load_weights(path, small_crnn(len(TAGS)), sha256=sha256).eval()


# The target task ------------------------------------------------------------------------------


def learn_scratch(
    recipe: Recipe, train: Segments, valid: Segments, test: Segments, config: TrainConfig
) -> Learned:
    """The recipe's network from its first weights, each segment standardised."""
    return learn_network(recipe, heard(train), heard(valid), heard(test), config)


def learn_features(
    recipe: Recipe,
    train: Segments,
    valid: Segments,
    test: Segments,
    config: TrainConfig,
    *,
    tagger: str,
) -> Learned:
    """The recipe's scikit-learn classifier on what all layers of our tagger say of training clips.

    Validation clips are not used.
    """
    model = embedded_tagger(tagger)
    train, test = (layer_features(model, heard(part)) for part in (train, test))
    return learn_estimator(recipe, train, train.of(()), test, config)


def learn_tuned(
    recipe: Recipe,
    train: Segments,
    valid: Segments,
    test: Segments,
    config: TrainConfig,
    *,
    tagger: str,
    n_frozen: int,
) -> Learned:
    """Our tagger with a new head, its first layers fixed, trained on."""

    def tuned(n_classes: int, input_shape: tuple[int, ...]) -> nn.Module:
        return _tuned(n_classes, config.seed, tagger, n_frozen)

    copied = replace(recipe, model=tuned, options={})
    return learn_network(copied, heard(train), heard(valid), heard(test), config)


def _scratch(train: Segments, seed: int) -> nn.Module:
    with seeded(seed):
        return small_crnn(train.n_classes)


def _tuned(n_classes: int, seed: int, tagger: str, n_frozen: int = 0) -> nn.Module:
    return freeze(new_head(embedded_tagger(tagger), n_classes, seed=seed), n_frozen)


def steps(config: TrainConfig, train: Segments, seed: int, n_steps: int) -> TrainConfig:
    """The config with as many epochs as make `n_steps` steps of this training set."""
    epochs = round(n_steps * config.batch_size / len(train))
    return replace(config, epochs=max(epochs, 1), seed=seed)


# The studies ----------------------------------------------------------------------------------


def artists_apart(corpus: Corpus) -> Split:
    """By artist, and the same for every seed, so that seeds differ in training alone."""
    return by_group(corpus, test=1 / 4, valid=1 / 12, seed=0).check(corpus)


def few_clips(segments: Segments, clip_ids: Sequence[str], size: int, seed: int) -> Segments:
    """The segments of `size` clips a genre; those of a smaller size are among them."""
    part = segments.of(clip_ids)
    rng = np.random.default_rng(seed)
    chosen: list[str] = []
    for k in range(part.n_classes):
        members = np.flatnonzero(part.y.numpy() == k)
        chosen += [part.clip_ids[part.clip[i]] for i in rng.permutation(members)[:size]]
    return part.of(chosen)


def accuracy_row(name: str, runs: Sequence[Predictions], **more: Any) -> Row:
    """A table's row: the accuracy of runs that differ in their seed, with its interval."""
    found = over_runs(runs)
    row: Row = {"row": name, "metric": "accuracy", "value": found.value}
    return {**row, "low": found.low, "high": found.high, "n": found.n, **more}


def learning_curve(
    corpus: Corpus,
    seeds: Sequence[int],
    progress: bool = False,
    *,
    sizes: Sequence[int],
    n_steps: int,
    tagger: str,
) -> list[Row]:
    """Accuracy against training clips a genre: from scratch, on features, fine-tuned.

    Every network makes `n_steps` steps; which epoch's weights count is chosen on validation
    artists. Each row's `p` is McNemar's test against training from scratch on as many clips, first
    seed.
    """
    split = artists_apart(corpus)
    segments = heard(cut(corpus, SHORT, progress=progress))

    def answers(size: int, seed: int) -> dict[str, Predictions]:
        train = few_clips(segments, split.train, size, seed)
        valid, test = segments.of(split.valid), segments.of(split.test)
        tuned = _trained(train, valid, test, seed=seed, n_steps=n_steps, tagger=tagger)
        return {**tuned, **_listened(train, test, seed, tagger)}

    return curve_rows(answers, sizes, seeds, rival="from scratch")


def curve_rows(
    answers: Callable[[int, int], dict[str, Predictions]],
    sizes: Sequence[int],
    seeds: Sequence[int],
    *,
    rival: str,
) -> list[Row]:
    """A row a strategy and size, of what `answers(size, seed)` says by strategy."""
    rows = []
    for size in sizes:
        runs: dict[str, list[Predictions]] = {}
        for seed in seeds:
            for name, said in answers(size, seed).items():
                runs.setdefault(name, []).append(said)
        for name, said_by in runs.items():
            p = mcnemar(runs[rival][0], said_by[0]).p_exact
            label = f"{name}, {size} a genre"
            rows.append(accuracy_row(label, said_by, strategy=name, size=size, p=p))
    return rows


def _trained(
    train: Segments, valid: Segments, test: Segments, *, seed: int, n_steps: int, tagger: str
) -> dict[str, Predictions]:
    """What the test clips are after training: from scratch, and from the tagger's weights."""
    K = train.n_classes
    learners = {
        "from scratch": (_scratch(train, seed), SCRATCH),
        "fine-tuned": (_tuned(K, seed, tagger), TUNING),
        "fine-tuned, convolutions fixed": (_tuned(K, seed, tagger, 5), TUNING),
    }
    said = {}
    for name, (model, config) in learners.items():
        fit(model, train, valid, steps(config, train, seed, n_steps))
        said[name] = predict(model, test)
    return said


def _listened(train: Segments, test: Segments, seed: int, tagger: str) -> dict[str, Predictions]:
    """What classifiers say of the test clips that only listen to a network, or to none."""
    said = {}
    sources = {
        "tagger's features": lambda part: layer_features(embedded_tagger(tagger), part),
        "untrained features": lambda part: layer_features(_scratch(train, seed), part),
        "band statistics": statistics,
    }
    for name, listen in sources.items():
        a, z = listen(train), listen(test)
        said[f"{name} + SVM"] = classified(rbf_svm, a, z, seed)
        if name == "tagger's features":
            said[f"{name} + softmax"] = classified(linear, a, z, seed)
            said[f"{name} + k-NN"] = classified(k_nn, a, z, seed)
    return said


def classified(make: Callable[..., Any], train: Segments, test: Segments, seed: int) -> Predictions:
    """What a classifier of `mgrlib.models.baselines` says after training on rows (S, D)."""
    estimator = make(seed).fit(train.inputs[0].numpy(), train.y.numpy())
    return predict_sklearn(estimator, test)


def _one_size(
    corpus: Corpus, size: int, progress: bool
) -> tuple[Segments, Callable[[int], Segments], Segments]:
    """Validation segments, training segments of a seed, and test segments."""
    split = artists_apart(corpus)
    segments = heard(cut(corpus, SHORT, progress=progress))

    def train(seed: int) -> Segments:
        return few_clips(segments, split.train, size, seed)

    return segments.of(split.valid), train, segments.of(split.test)


def _losses(runs: Sequence[Run]) -> Row:
    """The mean course of the losses over seeds, and the epochs that were best."""
    course = {
        name: np.mean([run.history[name] for run in runs], axis=0).round(4).tolist()
        for name in ("train_loss", "valid_loss")
    }
    return {**course, "best_epochs": [run.best_epoch for run in runs]}


def _compared(
    corpus: Corpus,
    seeds: Sequence[int],
    progress: bool,
    size: int,
    variants: dict[str, Callable[[Segments, int], tuple[nn.Module, TrainConfig]]],
) -> list[Row]:
    """One row a variant: each trained with every seed, the epoch chosen on validation artists."""
    valid, training, test = _one_size(corpus, size, progress)
    rows = []
    for name, make in variants.items():
        said, runs = [], []
        for seed in seeds:
            train = training(seed)
            model, config = make(train, seed)
            runs.append(fit(model, train, valid, config))
            said.append(predict(model, test))
        rows.append(accuracy_row(name, said, size=size, **_losses(runs)))
    return rows


def frozen_layers(
    corpus: Corpus,
    seeds: Sequence[int],
    progress: bool = False,
    *,
    size: int,
    n_steps: int,
    n_frozen: Sequence[int],
    tagger: str,
) -> list[Row]:
    """Fine-tuning with the first n layers fixed, or with rates that fall with depth instead."""

    def fixed(n: int) -> Callable[[Segments, int], tuple[nn.Module, TrainConfig]]:
        return lambda train, seed: (
            _tuned(train.n_classes, seed, tagger, n),
            steps(TUNING, train, seed, n_steps),
        )

    def falling(train: Segments, seed: int) -> tuple[nn.Module, TrainConfig]:
        model = _tuned(train.n_classes, seed, tagger)
        return model, by_depth(steps(SCRATCH, train, seed, n_steps), model, decay=0.5)

    variants = {f"{n} layers fixed": fixed(n) for n in n_frozen}
    variants["each layer at half the rate of the next"] = falling
    return _compared(corpus, seeds, progress, size, variants)


def optimisers(
    corpus: Corpus,
    seeds: Sequence[int],
    progress: bool = False,
    *,
    size: int,
    n_steps: int,
    rates: dict[str, float],
    tagger: str,
) -> list[Row]:
    """Each optimiser at its own rate from scratch, and at .3 of it fine-tuning."""

    def made(optimizer: str, lr: float, tuned: bool) -> Any:
        def make(train: Segments, seed: int) -> tuple[nn.Module, TrainConfig]:
            config = replace(
                steps(SCRATCH, train, seed, n_steps), optimizer=optimizer, momentum=0.9
            )
            if tuned:
                return _tuned(train.n_classes, seed, tagger), replace(config, lr=0.3 * lr)
            return _scratch(train, seed), replace(config, lr=lr)

        return make

    variants = {
        f"{optimizer}, {how}": made(optimizer, lr, how == "fine-tuned")
        for how in ("from scratch", "fine-tuned")
        for optimizer, lr in rates.items()
    }
    return _compared(corpus, seeds, progress, size, variants)


def initialisations(
    corpus: Corpus,
    seeds: Sequence[int],
    progress: bool = False,
    *,
    size: int,
    n_steps: int,
    hows: Sequence[str],
    tagger: str,
) -> list[Row]:
    """The same network from several first weights, the tagger's among them, at one rate."""

    def drawn(how: str | None) -> Any:
        def make(train: Segments, seed: int) -> tuple[nn.Module, TrainConfig]:
            model = _scratch(train, seed)
            config = steps(SCRATCH, train, seed, n_steps)
            return (initialize(model, how, seed=seed) if how else model), config

        return make

    variants = {"PyTorch's own": drawn(None), **{how: drawn(how) for how in hows}}
    variants["the tagger's weights"] = lambda train, seed: (
        _tuned(train.n_classes, seed, tagger),
        steps(SCRATCH, train, seed, n_steps),
    )
    return _compared(corpus, seeds, progress, size, variants)
