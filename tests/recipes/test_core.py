from __future__ import annotations

import importlib.util
import json
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
import torch
from torch import nn

from mgrlib.data.audio import FileSource
from mgrlib.data.corpus import Corpus
from mgrlib.errors import RecipeError, SplitError, StorageError, TrainingError
from mgrlib.features import LogMel
from mgrlib.models.luo2021 import ResNet1d
from mgrlib.recipes import core
from mgrlib.recipes.core import (
    Protocol,
    Recipe,
    Reported,
    Result,
    code_of,
    read_result,
    run,
    write_result,
)
from mgrlib.segments import Cut
from mgrlib.training import TrainConfig

RATE = 8000
MEL = LogMel(RATE, n_fft=256, hop_length=128, n_mels=8)


class Tiny(nn.Module):
    """The mean over time, and one linear layer behind dropout."""

    def __init__(self, n_classes: int, input_shape: tuple[int, int], *, width: int = 4) -> None:
        super().__init__()
        self.hidden = nn.Linear(input_shape[0], width)
        self.drop = nn.Dropout(0.1)
        self.linear = nn.Linear(width, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, F, T) -> logits (B, K)."""
        return self.linear(self.drop(torch.relu(self.hidden(x.mean(2)))))


class Wider(Tiny):
    """The same under another name."""


def louder(inputs, y, generator):
    """An augmentation."""
    return tuple(x + 1.0 for x in inputs), y


TINY = Recipe(
    "tiny/net",
    "Tiny",
    (MEL,),
    Tiny,
    TrainConfig(epochs=15, batch_size=8, lr=0.05),
    how=Cut(0.25),
    scaling="coefficient",
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty store for each test."""
    monkeypatch.setenv("MGRLIB_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    """Twelve clips of half a second by six artists: low tones, and noise."""
    rng = np.random.default_rng(0)
    time = np.arange(RATE // 2) / RATE
    rows = []
    for i in range(12):
        genre = ("tone", "noise")[i % 2]
        y = 0.3 * np.sin(2 * np.pi * (150 + 10 * i) * time) if genre == "tone" else 0.0
        path = tmp_path / f"{genre}{i}.wav"
        sf.write(path, y + 0.01 * rng.standard_normal(len(time)) * (1 + 9 * (i % 2)), RATE)
        rows.append((path.stem, str(path), genre, f"artist{i % 6}", 0.5))
    table = pd.DataFrame(rows, columns=["clip_id", "path", "genre", "group", "seconds"])
    return Corpus("tiny", ("tone", "noise"), table.set_index("clip_id"), FileSource())


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The seeds of the folds that are really trained."""
    seeds: list[int] = []
    whole = core.fit

    def counting(model, train, valid, config, **options):
        seeds.append(config.seed)
        return whole(model, train, valid, config, **options)

    monkeypatch.setattr(core, "fit", counting)
    return seeds


def dying(monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    """Let the `at`-th fold be interrupted."""
    whole, calls = core.fit, []

    def until(*args, **options):
        calls.append(1)
        if len(calls) == at:
            raise KeyboardInterrupt
        return whole(*args, **options)

    monkeypatch.setattr(core, "fit", until)


def told(result: Result) -> list:
    """All of a result that must not depend on the clock."""
    return [{k: v for k, v in one.items() if k != "seconds"} for one in result.runs]


# --- what a recipe is made of


@pytest.mark.parametrize("place", ["", "  "])
def test_a_number_without_its_place_is_refused(place):
    with pytest.raises(RecipeError, match="the number's place in the paper"):
        Reported(0.5, "accuracy", 200, "80/20", place)


@pytest.mark.parametrize("wrong", [{"name": "tiny"}, {"name": "a/b/c"}, {"scaling": "max"}])
def test_a_recipe_that_contradicts_itself_is_refused(wrong):
    with pytest.raises(RecipeError, match=repr(next(iter(wrong.values())))):
        replace(TINY, **wrong)


def test_the_options_of_a_recipe_cannot_be_changed_from_outside():
    options = {"width": 3}
    recipe = replace(TINY, options=options)
    options["width"] = 5
    assert recipe.options["width"] == 3
    with pytest.raises(TypeError):
        recipe.options["width"] = 4


@pytest.mark.parametrize(
    "change",
    [
        {"features": (LogMel(RATE, n_fft=256, hop_length=128, n_mels=9),)},
        {"features": (MEL, MEL)},
        {"model": Wider},
        {"config": replace(TINY.config, lr=0.04)},
        {"config": replace(TINY.config, seed=1)},
        {"options": {"width": 5}},
        {"how": Cut(0.2)},
        {"scaling": "array"},
        {"augment": louder},
    ],
)
def test_the_fingerprint_changes_with_every_ingredient(change):
    assert replace(TINY, **change).fingerprint != TINY.fingerprint


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Another"},
        {"name": "tiny/other"},
        {"deviations": ("none",)},
        {"reported": (Reported(0.5, "accuracy", 9, "80/20", "table 1"),)},
    ],
)
def test_the_fingerprint_does_not_change_with_what_is_only_told(change):
    assert replace(TINY, **change).fingerprint == TINY.fingerprint


def module(path: Path, source: str) -> ModuleType:
    path.write_text(source)
    spec = importlib.util.spec_from_file_location("made", path)
    made = importlib.util.module_from_spec(spec)
    sys.modules["made"] = made
    spec.loader.exec_module(made)
    return made


NET = '''
class Net:
    """{told}"""

    def forward(self, x):
        """{told}"""
        # {told}
        return x + {value}
'''


def test_code_is_the_same_whatever_is_told_about_it(tmp_path):
    one = code_of(module(tmp_path / "one.py", NET.format(told="One.", value=1)).Net)
    other = code_of(module(tmp_path / "two.py", NET.format(told="Two.", value=1)).Net)
    changed = code_of(module(tmp_path / "three.py", NET.format(told="One.", value=2)).Net)
    assert one == other != changed


def test_the_code_of_a_model_has_the_blocks_it_is_built_of():
    assert "class ResidualBlock" in code_of(ResNet1d)
    assert "def pad_channels" in code_of(ResNet1d)


# --- protocols


def test_folds_by_clip_test_every_clip_once(corpus):
    splits = Protocol(n_folds=3).splits(corpus, seed=0)
    assert sorted(c for split in splits for c in split.test) == sorted(corpus.clips.index)


def test_folds_by_group_keep_artists_together(corpus):
    for split in Protocol(n_folds=3, by="group").splits(corpus, seed=0):
        assert split.shared_groups(corpus) == []


@pytest.mark.parametrize("by", ["clip", "group"])
def test_a_holdout_is_one_split_of_the_share_asked_for(corpus, by):
    (split,) = Protocol(n_folds=None, by=by, test=1 / 3).splits(corpus, seed=0)
    assert (len(split.train), len(split.test)) == (8, 4)


@pytest.mark.parametrize("protocol", [Protocol(3), Protocol(None), Protocol(3, "group")])
def test_another_seed_is_another_split_and_the_same_seed_the_same(corpus, protocol):
    assert protocol.splits(corpus, 0) == protocol.splits(corpus, 0)
    assert [s.test for s in protocol.splits(corpus, 0)] != [
        s.test for s in protocol.splits(corpus, 1)
    ]


@pytest.mark.parametrize(
    ("protocol", "text"),
    [
        (Protocol(), "5 folds by clip"),
        (Protocol(3, "group"), "3 folds by group"),
        (Protocol(None), "80%/20% by clip"),
        (Protocol(None, test=0.1), "90%/10% by clip"),
        (Protocol(None, test=0.204), "79.6%/20.4% by clip"),
    ],
)
def test_a_protocol_says_what_it_is(protocol, text):
    assert str(protocol) == text


def test_an_unknown_way_to_split_is_refused():
    with pytest.raises(RecipeError, match="'artist'"):
        Protocol(by="artist")


def test_a_split_that_cannot_be_made_is_refused_before_anything_is_computed(corpus, home):
    with pytest.raises(SplitError, match="n_folds=1"):
        run(TINY, corpus, Protocol(1))
    assert not home.exists()


# --- running


def test_a_run_learns_and_tells_all_that_is_needed_to_judge_it(corpus):
    result = run(TINY, corpus, Protocol(3), seeds=(0, 1))
    assert result.accuracy().value == 1.0
    assert (result.recipe, result.fingerprint) == ("tiny/net", TINY.fingerprint)
    assert result.data["name"] == "tiny"
    assert result.data["n_clips"] == 12
    assert result.protocol == "3 folds by clip"
    assert result.config["epochs"] == 15
    assert [(one["seed"], one["split"]) for one in result.runs] == [
        (seed, f"fold-{k}") for seed in (0, 1) for k in range(3)
    ]
    assert {"torch", "librosa", "mgrlib"} <= set(result.about["versions"])
    assert result.seconds >= 0


def test_a_result_comes_back_from_its_file_as_it_was(corpus, tmp_path):
    result = run(TINY, corpus, Protocol(2))
    path = write_result(result, tmp_path / "results")
    assert path == tmp_path / "results" / "tiny" / "net.tiny.2-folds-by-clip.json"
    back = read_result(path)
    assert back.runs == result.runs
    assert (back.data, back.config, back.about) == (result.data, result.config, result.about)
    assert str(back.accuracy()) == str(result.accuracy())


def test_the_same_seed_gives_the_same_result_to_the_bit(corpus, tmp_path, monkeypatch):
    first = run(TINY, corpus, Protocol(2))
    monkeypatch.setenv("MGRLIB_HOME", str(tmp_path / "another"))
    torch.rand(5)
    assert told(run(TINY, corpus, Protocol(2))) == told(first)


def test_finished_folds_are_not_trained_again(corpus, trained):
    first = run(TINY, corpus, Protocol(2))
    assert trained == [0, 0]
    second = run(TINY, corpus, Protocol(2), seeds=(0, 1))
    assert trained == [0, 0, 1, 1]
    assert second.runs[:2] == first.runs


def test_a_run_that_was_killed_goes_on_where_it_stopped(corpus, trained, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        dying(patch, at=3)
        with pytest.raises(KeyboardInterrupt):
            run(TINY, corpus, Protocol(4))
    resumed = run(TINY, corpus, Protocol(4))
    assert len(trained) == 4
    monkeypatch.setenv("MGRLIB_HOME", str(tmp_path / "another"))
    assert told(run(TINY, corpus, Protocol(4))) == told(resumed)


def test_fresh_forgets_what_was_kept(corpus, trained):
    run(TINY, corpus, Protocol(2))
    run(TINY, corpus, Protocol(2), fresh=True)
    assert len(trained) == 4


@pytest.mark.parametrize(
    "again",
    [
        lambda corpus: run(TINY, corpus, Protocol(2), changes={"epochs": 2}),
        lambda corpus: run(TINY, corpus, Protocol(2, "group")),
        lambda corpus: run(replace(TINY, scaling="array"), corpus, Protocol(2)),
        lambda corpus: run(TINY, corpus.select(clip_ids=corpus.clips.index[:10]), Protocol(2)),
    ],
)
def test_what_was_kept_of_another_run_is_not_taken(corpus, trained, again):
    run(TINY, corpus, Protocol(2), changes={"epochs": 1})
    again(corpus)
    assert len(trained) == 4


def test_what_was_kept_for_another_grouping_is_not_taken(corpus, trained):
    before = run(TINY, corpus, Protocol(2, "group"))
    regrouped = replace(corpus, clips=corpus.clips.assign(group=list("aabbccddeeff")))
    after = run(TINY, regrouped, Protocol(2, "group"))
    assert before.predictions(0).n == after.predictions(0).n == 12
    (fold, _) = Protocol(2, "group").splits(regrouped, 0)
    assert set(after.runs[0]["predictions"]["clip_ids"]) == set(fold.test)


@pytest.mark.parametrize("content", ["", '{"seed": 0', "[]", "{}"])
def test_a_damaged_fold_is_announced_and_trained_again(corpus, trained, home, content):
    first = run(TINY, corpus, Protocol(2))
    kept = next((home / "runs").rglob("0-fold-1.json"))
    kept.write_text(content)
    with pytest.warns(UserWarning, match="0-fold-1"):
        second = run(TINY, corpus, Protocol(2))
    assert len(trained) == 3
    assert told(second) == told(first)


def test_changes_of_the_training_are_told_by_the_result(corpus):
    result = run(TINY, corpus, Protocol(2), changes={"epochs": 2})
    assert result.config["epochs"] == 2
    assert [len(one["history"]["train_loss"]) for one in result.runs] == [2, 2]


def test_changes_that_make_no_sense_are_refused_before_anything_is_computed(corpus, home):
    with pytest.raises(TrainingError, match="epochs"):
        run(TINY, corpus, Protocol(2), changes={"epochs": 0})
    assert not home.exists()


@pytest.mark.parametrize("seeds", [(), (0, 0)])
def test_seeds_are_wanted_each_once(corpus, home, seeds):
    with pytest.raises(RecipeError, match="seeds"):
        run(TINY, corpus, Protocol(2), seeds=seeds)
    assert not home.exists()


def test_test_clips_do_not_scale_the_inputs(corpus, monkeypatch):
    """What standardises is the training part of each fold: seen by what `standardize` is given."""
    seen = []
    whole = core.standardize

    def spy(train, *others, per):
        seen.append(train.clip_ids)
        return whole(train, *others, per=per)

    monkeypatch.setattr(core, "standardize", spy)
    run(TINY, corpus, Protocol(2))
    assert seen == [split.train for split in Protocol(2).splits(corpus, 0)]


def test_the_augmentation_reaches_the_training(corpus, trained):
    run(TINY, corpus, Protocol(2))
    changed = run(replace(TINY, augment=louder), corpus, Protocol(2))
    assert len(trained) == 4
    assert told(changed) != told(run(TINY, corpus, Protocol(2)))


def test_the_content_of_a_corpus_does_not_depend_on_order_or_place(corpus, tmp_path):
    turned = replace(corpus, clips=corpus.clips.iloc[::-1])
    relabelled = corpus.clips.assign(genre=corpus.clips["genre"].to_numpy()[::-1])
    content = core.corpus_fingerprint(corpus)
    assert core.corpus_fingerprint(turned) == content
    assert core.corpus_fingerprint(replace(corpus, clips=relabelled)) != content
    assert core.corpus_fingerprint(corpus.select(clip_ids=corpus.clips.index[:9])) != content


# --- results


def by_hand(correct: dict[int, list[bool]], clips: str = "abcd") -> Result:
    """A result of one fold a seed, in which the clips are right or wrong as given."""
    runs = [
        {
            "seed": seed,
            "split": "fold-0",
            "seconds": 1.5,
            "predictions": {
                "genres": ["x", "y"],
                "clip_ids": list(clips),
                "truth": [0] * len(clips),
                "probs": [[0.9, 0.1] if right else [0.2, 0.8] for right in rights],
            },
        }
        for seed, rights in correct.items()
    ]
    data = {"name": "made", "n_clips": len(clips), "fingerprint": ""}
    return Result("tiny/net", TINY.fingerprint, data, "1 fold", {}, tuple(runs), {})


def test_accuracy_is_the_mean_over_seeds_with_the_clips_counted():
    accuracy = by_hand({3: [True, True, True, False], 1: [True, False, True, False]}).accuracy()
    assert accuracy.value == 0.625
    assert (accuracy.n, accuracy.unit) == (4, "clips")
    assert accuracy.low <= 0.625 <= accuracy.high


def test_seeds_keep_their_order_and_seconds_add_up():
    result = by_hand({3: [True] * 4, 1: [True] * 4})
    assert result.seeds == (3, 1)
    assert result.seconds == 3.0


def test_a_seed_that_was_not_run_is_refused():
    with pytest.raises(RecipeError, match=r"a seed among \(3,\), got 5"):
        by_hand({3: [True] * 4}).predictions(5)


def test_holdouts_of_different_clips_are_uncertain_by_seed():
    one, other = by_hand({0: [True] * 4}), by_hand({1: [True, True, False, False]}, clips="efgh")
    accuracy = replace(one, runs=one.runs + other.runs).accuracy()
    assert (accuracy.value, accuracy.n, accuracy.unit) == (0.75, 2, "seeds")


@pytest.mark.parametrize("content", [None, "", "text", "[]", "{}", '{"recipe": "tiny/net"}'])
def test_what_is_not_a_result_is_refused_by_name(tmp_path, content):
    path = tmp_path / "net.tiny.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(RecipeError, match=r"net\.tiny\.json"):
        read_result(path)


def test_a_result_is_plain_json(tmp_path):
    path = write_result(by_hand({0: [True] * 4}), tmp_path)
    assert json.loads(path.read_text())["recipe"] == "tiny/net"
    assert path.read_text().endswith("\n")


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match=r"net\.made"):
        write_result(by_hand({0: [True] * 4}), tmp_path / "file")
