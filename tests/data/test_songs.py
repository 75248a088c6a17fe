from __future__ import annotations

import pytest

from mgrlib.data.songs import handmade, song_split
from mgrlib.errors import CorpusError, SplitError


@pytest.fixture(scope="module")
def corpus():
    return handmade()


def test_the_handmade_set_has_thirty_whole_songs_a_genre(corpus):
    assert set(corpus.counts().values()) == {30}
    assert corpus.clips["seconds"].between(110, 320).all()


def test_every_artist_has_three_songs(corpus):
    assert set(corpus.clips["artist"].value_counts()) == {3}
    assert set(handmade(6).clips["artist"].value_counts()) == {3}


def test_more_songs_than_there_are_is_refused():
    with pytest.raises(CorpusError, match="36"):
        handmade(37)


def test_by_song_twenty_of_each_genre_train_and_ten_test(corpus):
    split = song_split(corpus, by="song", seed=0)
    assert set(corpus.rows(split.test)["genre"].value_counts()) == {10}
    assert len(split.train) == 200


def test_by_artist_ten_of_each_genre_test_as_near_as_whole_artists_allow(corpus):
    split = song_split(corpus, by="artist", seed=0)
    assert corpus.rows(split.test)["genre"].value_counts().between(8, 12).all()


def test_by_artist_nobody_stands_on_both_sides(corpus):
    assert song_split(corpus, by="artist", seed=0).shared_groups(corpus) == []
    assert len(song_split(corpus, by="song", seed=0).shared_groups(corpus)) > 50


def test_another_way_of_splitting_is_refused(corpus):
    with pytest.raises(SplitError, match="by='artist'"):
        song_split(corpus, by="album", seed=0)
