from __future__ import annotations

from dataclasses import replace

import pytest
from tiny import TINY

from mgrlib.data.corpus import Corpus
from mgrlib.data.gtzan_artists import artist_groups
from mgrlib.errors import RecipeError, SplitError
from mgrlib.experiments.protocol import NAMED, Protocol, best_by
from mgrlib.experiments.run import cross_validate


def test_folds_by_clip_test_every_clip_once(corpus):
    splits = Protocol(n_folds=3).splits(corpus, seed=0)
    assert sorted(c for split in splits for c in split.test) == sorted(corpus.clips.index)


def test_folds_by_group_keep_artists_together(corpus):
    for split in Protocol(n_folds=3, by="group").splits(corpus, seed=0):
        assert split.shared_groups(corpus) == []


@pytest.mark.parametrize("by", ["clip", "group"])
def test_a_holdout_is_one_split_of_the_fraction_asked_for(corpus, by):
    (split,) = Protocol(n_folds=None, by=by, test=1 / 3).splits(corpus, seed=0)
    assert (len(split.train), len(split.test)) == (8, 4)


@pytest.mark.parametrize("protocol", [Protocol(3), Protocol(None), Protocol(3, "group")])
def test_another_seed_is_another_split_and_the_same_seed_the_same(corpus, protocol):
    assert protocol.splits(corpus, 0) == protocol.splits(corpus, 0)
    tests = [[split.test for split in protocol.splits(corpus, seed)] for seed in (0, 1)]
    assert tests[0] != tests[1]


@pytest.mark.parametrize(
    ("protocol", "text"),
    [
        (Protocol(), "5 folds by clip"),
        (Protocol(3, "group"), "3 folds by group"),
        (Protocol(None), "80%/20% by clip"),
        (Protocol(None, test=0.1), "90%/10% by clip"),
        (Protocol(None, test=0.1, valid=0.2), "70%/20%/10% by clip"),
        (NAMED["artist-folds"], "3 artist folds"),
        (NAMED["artist-folds-published"], "3 artist folds, as published"),
        (NAMED["fault-filtered"], "fault-filtered"),
    ],
)
def test_a_protocol_says_what_it_is(protocol, text):
    assert str(protocol) == text


def test_an_unknown_way_to_split_is_refused():
    with pytest.raises(RecipeError, match="'artist'"):
        Protocol(by="artist")


def test_a_split_that_cannot_be_made_is_refused_before_anything_is_computed(corpus, home):
    with pytest.raises(SplitError, match="n_folds=1"):
        cross_validate(TINY, corpus, Protocol(1))
    assert not home.exists()


def test_groups_are_known_where_two_clips_share_one(corpus):
    alone = replace(corpus, clips=corpus.clips.assign(group=corpus.clips.index))
    assert corpus.grouped and not alone.grouped
    assert (best_by(corpus, 3), best_by(alone, 3)) == ("group", "clip")
    assert best_by(corpus, 4) == "clip"  # three artists in a genre cannot fill four parts


@pytest.fixture
def gtzan_tones(corpus) -> Corpus:
    """Three tones of each of two genres under the names of clips of GTZAN, one in each fold."""
    ids = [f"{g}.{n:05d}" for g, numbers in (("blues", (12, 0, 29)), ("rock", (0, 39, 91)))
           for n in numbers]  # fmt: skip
    clips = corpus.clips.groupby("genre").head(3).assign(genre=[i[:-6] for i in ids])
    clips = clips.set_axis(ids, axis=0).assign(group=artist_groups(ids))
    return Corpus("gtzan-tones", ("blues", "rock"), clips.iloc[:6], corpus.source)


def test_published_divisions_are_the_same_for_every_seed(gtzan_tones):
    for name in ("artist-folds", "artist-folds-published"):
        division = NAMED[name]
        assert division.splits(gtzan_tones, 0) == division.splits(gtzan_tones, 1)
        assert len(division.splits(gtzan_tones, 0)) == 3


def test_cross_validation_takes_a_published_division(gtzan_tones, corpus):
    result = cross_validate(TINY, gtzan_tones, NAMED["artist-folds"], seeds=(0, 1))
    record = result.record()
    assert (record.protocol, record.n, len(record.runs)) == ("3 artist folds", 6, 6)
    with pytest.raises(SplitError, match="this split is for GTZAN"):
        cross_validate(TINY, corpus, NAMED["fault-filtered"])
