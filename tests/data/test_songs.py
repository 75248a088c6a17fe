from __future__ import annotations

import pytest

from mgrlib.data.songs import handmade
from mgrlib.errors import CorpusError


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
