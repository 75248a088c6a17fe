"""Simulated listeners follow their rules, and slips are as many as they should be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mgrlib.data.listeners import LISTENERS, Listener, relabeled, truths, with_slips
from mgrlib.data.synthetic import synthetic
from mgrlib.errors import CorpusError


@pytest.fixture(scope="module")
def corpus():
    return synthetic(4, seconds=6.0)


@pytest.fixture(scope="module")
def known(corpus):
    return truths(corpus)


def test_merger_has_four_families_in_known_sizes(corpus, known):
    counts = relabeled(corpus, LISTENERS["merger"], known).clips["genre"].value_counts()
    assert counts.to_dict() == {"club": 16, "roots": 12, "loud": 8, "concert": 4}


def test_dancer_goes_by_drums_and_tempo(corpus, known):
    own = relabeled(corpus, LISTENERS["dancer"], known)
    for clip, shelf in own.clips["genre"].items():
        if "drums" not in known[clip].instruments:
            assert shelf == "for sitting"
        else:
            assert shelf == ("for walking" if known[clip].tempo_bpm < 110 else "for running")


def test_neighbor_moves_only_clips_of_three_genres(corpus, known):
    own = relabeled(corpus, LISTENERS["neighbor"], known)
    moved = own.clips["genre"] != corpus.clips["genre"]
    assert 0 < moved.sum() < len(corpus) / 2
    assert set(corpus.clips.loc[moved, "genre"]) <= {"blues", "rock", "country"}


def test_singer_knows_three_kinds_of_voices(corpus, known):
    own = relabeled(corpus, LISTENERS["singer"], known)
    clips = own.clips["genre"]
    assert all("instrumental" in known[c].tags for c in clips.index[clips == "instrumental"])
    spoken = clips.index[clips == "spoken or shouted"]
    assert all({"rap", "scream"} & set(known[c].tags) for c in spoken)


def test_relabeled_music_is_the_same(corpus, known):
    own = relabeled(corpus, LISTENERS["merger"], known)
    y = own.audio("jazz.00001", 22050)
    assert np.array_equal(y, corpus.audio("jazz.00001", 22050))


def test_rule_that_names_an_unknown_shelf_is_refused(corpus, known):
    lost = Listener("lost", "", ("here",), lambda clip: "there")
    with pytest.raises(CorpusError, match=r"lost.*'there'"):
        relabeled(corpus, lost, known)


def test_only_music_with_a_known_truth_has_listeners(corpus):
    with pytest.raises(CorpusError, match="synthetic"):
        truths(replace(corpus, source=object()))


def test_slips_change_the_given_fraction_of_labels_and_nothing_else():
    labels = np.arange(3000) % 3
    slipped = with_slips(labels, 3, 0.2, seed=1)
    assert abs((slipped != labels).mean() - 0.2) < 0.03  # 4 standard deviations
    assert set(slipped) == {0, 1, 2}
    assert (with_slips(labels, 3, 1.0, seed=1) != labels).all()
