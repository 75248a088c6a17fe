from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mgrlib.data.corpus import Corpus, Split
from mgrlib.errors import CorpusError, SplitError


class Ramp:
    """Every clip is a ramp as long as the rate; its fingerprint is its id."""

    def audio(self, row: pd.Series, sample_rate: int) -> np.ndarray:
        return np.arange(sample_rate, dtype=np.float32)

    def fingerprint(self, row: pd.Series) -> str:
        return f"content of {row.name}"


def table(**columns: list) -> pd.DataFrame:
    content = {
        "path": "",
        "genre": ["jazz", "blues", "jazz", "pop"],
        "group": ["ann", "bob", "ann", "cem"],
        "seconds": 30.0,
    }
    index = pd.Index(["a", "b", "c", "d"], name="clip_id")
    return pd.DataFrame({**content, **columns}, index=index)


@pytest.fixture
def corpus() -> Corpus:
    """Clips a to d: jazz, blues, jazz, pop; a and c by one artist."""
    return Corpus("small", ("blues", "jazz", "pop"), table(), Ramp())


def test_a_corpus_says_what_it_has(corpus):
    assert len(corpus) == 4
    assert corpus.counts() == {"blues": 1, "jazz": 2, "pop": 1}
    assert repr(corpus) == "Corpus('small', 4 clips: blues 1, jazz 2, pop 1)"


def test_a_genre_without_a_clip_counts_zero(corpus):
    assert replace(corpus, genres=("rock", *corpus.genres)).counts()["rock"] == 0


def test_labels_are_numbers_in_the_order_of_the_genres(corpus):
    labels = corpus.labels(["d", "a", "b"])
    assert labels.tolist() == [2, 1, 0]
    assert labels.dtype == np.int64


def test_groups_are_those_of_the_clips_asked_for(corpus):
    assert corpus.groups(["d", "a", "c"]).tolist() == ["cem", "ann", "ann"]


def test_rows_come_in_the_order_asked_for(corpus):
    assert corpus.rows(["c", "a"]).index.tolist() == ["c", "a"]


def test_audio_and_fingerprint_come_from_the_source(corpus):
    assert corpus.audio("b", 7).tolist() == [0, 1, 2, 3, 4, 5, 6]
    assert corpus.fingerprint("b") == "content of b"


@pytest.mark.parametrize(
    "ask",
    [
        lambda corpus: corpus.rows(["a", "x", "y"]),
        lambda corpus: corpus.labels(["x", "y"]),
        lambda corpus: corpus.select(clip_ids=["a", "x", "y"]),
    ],
)
def test_unknown_clips_are_refused_by_name(corpus, ask):
    with pytest.raises(CorpusError, match=r"'small'.*'x', 'y'"):
        ask(corpus)


def test_selected_genres_are_numbered_in_the_order_given(corpus):
    selection = corpus.select(genres=["pop", "jazz"])
    assert selection.genres == ("pop", "jazz")
    assert selection.clips.index.tolist() == ["a", "c", "d"]
    assert selection.labels(["d", "a"]).tolist() == [0, 1]
    assert len(corpus) == 4


def test_selected_clips_keep_all_genres(corpus):
    selection = corpus.select(clip_ids=["d", "b"])
    assert selection.clips.index.tolist() == ["d", "b"]
    assert selection.genres == corpus.genres


def test_an_unknown_genre_cannot_be_selected(corpus):
    with pytest.raises(CorpusError, match="'rock'"):
        corpus.select(genres=["jazz", "rock"])


def test_a_selection_of_one_genre_is_refused(corpus):
    with pytest.raises(CorpusError, match="two or more genres"):
        corpus.select(genres=["jazz"])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"clips": table().drop(columns=["group", "seconds"])}, "'group', 'seconds'"),
        ({"clips": table().iloc[:0]}, "at least one clip"),
        ({"genres": ("jazz",)}, "two or more genres"),
        ({"genres": ("jazz", "blues", "jazz", "pop")}, "two or more genres"),
        ({"genres": ("blues", "jazz")}, "'pop'"),
        ({"clips": table().set_axis(["a", "a", "b", "b"])}, "repeated 'a', 'b'"),
    ],
)
def test_a_table_that_does_not_hold_together_is_refused(corpus, change, message):
    with pytest.raises(CorpusError, match=f"'small'.*{message}"):
        replace(corpus, **change)


# --- splits


def test_a_fair_split_is_returned_by_its_check(corpus):
    split = Split("mine", ("a", "c"), (), ("b", "d"))
    assert split.check(corpus) is split
    assert split.parts() == {"train": ("a", "c"), "valid": (), "test": ("b", "d")}


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ((("a",), (), ("a",)), "'a' in train and test"),
        ((("a",), ("b",), ("b",)), "'b' in valid and test"),
        ((("a", "a"), (), ("b",)), "'a' in train and train"),
        (((), (), ("b",)), "at least one clip in train"),
        ((("a",), ("b",), ()), "at least one clip in test"),
    ],
)
def test_overlapping_and_empty_parts_are_refused_when_made(parts, message):
    with pytest.raises(SplitError, match=f"'mine'.*{message}"):
        Split("mine", *parts)


def test_unknown_clips_are_refused_by_the_check(corpus):
    with pytest.raises(SplitError, match="unknown 'x'"):
        Split("mine", ("a", "x"), (), ("b",)).check(corpus)


@pytest.mark.parametrize(
    "parts", [(("a",), (), ("c",)), (("a",), ("c",), ("b",)), (("b",), ("a",), ("c",))]
)
def test_an_artist_in_two_parts_is_refused_unless_it_is_meant(corpus, parts):
    split = Split("mine", *parts)
    with pytest.raises(SplitError, match=r"'ann'.*leaky=True"):
        split.check(corpus)
    assert split.check(corpus, leaky=True) is split
    assert split.shared_groups(corpus) == ["ann"]


def test_clips_are_left_out_by_their_ids(make_corpus):
    corpus = make_corpus("ab", 3)
    assert list(corpus.without(["a.00001", "b.00000"]).clips.index) == [
        "a.00000",
        "a.00002",
        "b.00001",
        "b.00002",
    ]
    with pytest.raises(CorpusError, match="gone"):
        corpus.without(["gone"])


def test_a_corpus_is_grouped_if_a_group_has_several_clips(make_corpus):
    assert not make_corpus(n_per_group=1).grouped
    assert make_corpus(n_per_group=2).grouped
