"""Embeddings as a corpus, and tables that name artists."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mgrlib.data.artist_tables import read_artists
from mgrlib.data.folder import folder
from mgrlib.data.splits import own_split
from mgrlib.data.vectors import vectors
from mgrlib.errors import AudioError, CorpusError, FeatureError
from mgrlib.features import LogMel, Stored
from mgrlib.segments import Cut, cut

IDS = ["blues.00000", "blues.00012", "jazz.00000", "jazz.00090"]


@pytest.fixture
def store(tmp_path):
    def write(ids=IDS, x=None, **columns):
        x = np.arange(len(ids) * 3).reshape(-1, 3) / 7 if x is None else x
        np.save(tmp_path / "open_l3.npy", x)
        pd.DataFrame({"clip_id": ids, **columns}).to_csv(tmp_path / "ids.csv", index=False)
        return tmp_path

    return write


def test_vectors_of_gtzan_come_with_genres_and_artists(store):
    corpus = vectors(store())
    assert (corpus.name, corpus.genres) == ("gtzan-open-l3-4", ("blues", "jazz"))
    assert corpus.clips["group"].tolist()[:2] == ["John Lee Hooker", "Robert Johnson"]
    segments = cut(corpus, Stored("open_l3", 3))
    np.testing.assert_allclose(segments.inputs[0], np.arange(12).reshape(4, 3) / 7, rtol=1e-6)
    assert segments.y.tolist() == [0, 0, 1, 1]


def test_clips_of_other_data_bring_their_genres_and_artists(store):
    genres, artists = ["polka", "ska"] * 2, ["x", "y", "x", "z"]
    corpus = vectors(store(ids=list("abcd"), genre=genres, group=artists))
    assert corpus.name == "open-l3"
    assert corpus.genres == ("polka", "ska")
    assert corpus.grouped
    assert not vectors(store(ids=list("abcd"), genre=["polka", "ska"] * 2)).grouped


def test_clips_without_an_artist_are_groups_of_their_own(store):
    ids, genres = ["000002", "x/7", "NA", "d"], ["polka", "ska"] * 2
    corpus = vectors(store(ids=ids, genre=genres, artist=["X", "", "X", ""]))
    assert corpus.clips.index.tolist() == ids
    assert corpus.clips["group"].tolist() == ["X", "x/7", "X", "d"]


def test_a_table_with_a_split_is_divided_by_it(store):
    parts = ["train", "train", "test", "test"]
    corpus = vectors(store(ids=list("abcd"), genre=["polka", "ska"] * 2, split=parts))
    assert own_split(corpus).train == ("a", "b")


def test_a_clip_without_a_genre_is_refused(store):
    with pytest.raises(CorpusError, match=r"a genre for each clip.*'b'"):
        vectors(store(ids=list("abcd"), genre=["polka", "", "ska", "ska"]))


@pytest.mark.parametrize(
    ("feature", "how"),
    [(Stored("open_l3", 4), Cut()), (Stored("vggish", 3), Cut()), (LogMel(22050), Cut()),
     (Stored("open_l3", 3), Cut(3.0))],
)  # fmt: skip
def test_other_features_are_refused(store, feature, how):
    with pytest.raises(FeatureError, match=r"Stored\('open_l3', 3\)"):
        cut(vectors(store()), feature, how=how)


def test_stored_vectors_cannot_be_computed_from_sound(store):
    feature = Stored("open_l3", 3)
    with pytest.raises(FeatureError, match="a corpus of vectors"):
        feature(np.zeros(10))
    with pytest.raises(AudioError, match="a vector"):
        vectors(store()).audio("blues.00000", 22050)


def test_the_content_is_told_by_the_vectors(store):
    content = vectors(store()).content()
    assert vectors(store(x=np.ones((4, 3)))).content() != content


@pytest.mark.parametrize(
    "change",
    [
        {"x": np.ones((3, 3))},
        {"x": np.ones(4)},
        {"x": np.ones((4, 3), dtype=int)},
        {"x": np.full((4, 3), np.nan)},
        {"ids": ["blues.00000", "polka.00000", "a", "b"]},
    ],
)
def test_odd_vectors_are_refused(store, change):
    with pytest.raises(CorpusError, match=r"open_l3\.npy|ids\.csv"):
        vectors(store(**change))


def test_a_folder_needs_one_array_and_one_table(store, tmp_path):
    place = store()
    np.save(place / "more.npy", np.ones((4, 3)))
    with pytest.raises(CorpusError, match=r"2 \.npy files"):
        vectors(place)
    with pytest.raises(CorpusError, match="no such folder"):
        vectors(tmp_path / "none")


@pytest.mark.realdata
def test_the_public_embeddings_are_of_999_clips(realdata):
    corpus = vectors(realdata / "openl3")
    assert len(corpus) == 999
    assert cut(corpus, Stored("openl3_music_mel128_512", 512)).inputs[0].shape == (999, 512)


FMA = """,artist,artist,track,track
,id,name,genre_top,title
track_id,,,,
2,1,AWOL,Hip-Hop,Food
3,1,AWOL,Hip-Hop,Electric Ave
5,6,Kurt Vile,Pop,This World
"""


@pytest.fixture
def tracks(tmp_path, write):
    """A tree of four files, three of which FMA's table names."""
    for name in ("hiphop/000002", "hiphop/000003", "pop/000005", "pop/000134"):
        write(f"music/{name}.wav")
    (tmp_path / "tracks.csv").write_text(FMA)
    return tmp_path


def test_fma_tracks_name_the_artists_of_a_folder(tracks):
    corpus = folder(tracks / "music", artists=tracks / "tracks.csv")
    assert corpus.clips["group"].tolist() == ["AWOL", "AWOL", "Kurt Vile", "pop/000134"]
    assert corpus.grouped
    assert not folder(tracks / "music").grouped


@pytest.mark.parametrize(
    "text",
    [
        "file,artist\nhiphop/000002.wav,A\n000003.wav,A\npop\\000005.wav,B\n",
        "track_id,artist_name,year\n2,A,2001\n3,A,2002\n5,B,2003\n",
        "\ufeffclip_id,Artist\nhiphop/000002,A\nhiphop/000003,A\npop/000005,B\n",
    ],
)
def test_plain_tables_name_artists_by_file_path_or_number(tracks, text):
    (tracks / "artists.csv").write_text(text, encoding="utf-8")
    corpus = folder(tracks / "music", artists=tracks / "artists.csv")
    assert corpus.clips["group"].tolist() == ["A", "A", "B", "pop/000134"]


def test_a_name_with_dots_keeps_them(tmp_path):
    (tmp_path / "a.csv").write_text("file,artist\nblues.00012,A\nmr. x.mp3,B\n")
    assert read_artists(tmp_path / "a.csv") == {"blues.00012": "A", "mr. x": "B"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,artist\na,b\n", "columns"),
        ("file,artist\na,b\na,c\n", "one artist for each file"),
        ("", "columns|No columns"),
        ("file,artist\nx,y\n", "files that"),
    ],
)
def test_tables_that_do_not_fit_are_refused(tracks, text, message):
    (tracks / "odd.csv").write_text(text)
    with pytest.raises(CorpusError, match=message):
        folder(tracks / "music", artists=tracks / "odd.csv")
    with pytest.raises(CorpusError, match=r"none\.csv"):
        folder(tracks / "music", artists=tracks / "none.csv")
