"""A folder of files in any order, and a table of their genres and artists."""

from __future__ import annotations

import pytest

from mgrlib.cli import main
from mgrlib.data.catalog import catalog
from mgrlib.data.splits import own_split
from mgrlib.errors import CorpusError, MgrWarning

TABLE = """file,genre,artist,split,year
a/one.wav,polka,X,train,1999
two.wav,polka,,test,2000
three,ska,X,train,2001
4,ska,Y,test,2002
"""
FILES = ("a/one.wav", "b/two.wav", "three.flac", "000/000004.wav")


@pytest.fixture
def music(tmp_path, write):
    """Four files in odd places, and a table that names each in its own way."""
    for name in FILES:
        write(f"music/{name}")
    (tmp_path / "clips.csv").write_text(TABLE, encoding="utf-8")
    return tmp_path


def test_a_table_gives_files_in_any_place_their_genres_and_artists(music):
    corpus = catalog(music / "music", music / "clips.csv")
    assert (corpus.name, corpus.genres) == ("music", ("polka", "ska"))
    assert corpus.clips.index.tolist() == ["a/one", "b/two", "three", "000/000004"]
    assert corpus.clips["group"].tolist() == ["X", "b/two", "X", "Y"]
    assert corpus.clips["year"].tolist() == ["1999", "2000", "2001", "2002"]
    assert corpus.grouped
    assert len(corpus.audio("000/000004", 22050)) == 11025
    assert own_split(corpus).test == ("b/two", "000/000004")


def test_the_table_may_name_the_clips_itself(music):
    text = "clip_id,file,genre\np1,a/one.wav,polka\ns1,three.flac,ska\n"
    (music / "clips.csv").write_text(text)
    with pytest.warns(MgrWarning, match="2 audio files that the table does not list"):
        corpus = catalog(music / "music", music / "clips.csv")
    assert corpus.clips.index.tolist() == ["p1", "s1"]
    assert not corpus.grouped


def test_rows_without_a_genre_are_counted(music):
    (music / "clips.csv").write_text(TABLE.replace("two.wav,polka", "two.wav,"))
    with pytest.warns(MgrWarning, match="1 rows without a genre, 1 audio files"):
        assert len(catalog(music / "music", music / "clips.csv")) == 3


def test_missing_files_are_refused_or_counted(music):
    (music / "music" / "three.flac").unlink()
    with pytest.raises(CorpusError, match=r"1 of 4 files missing: 'three'.*--partial"):
        catalog(music / "music", music / "clips.csv")
    with pytest.warns(MgrWarning, match="passed over: 1 of 4 listed files"):
        assert len(catalog(music / "music", music / "clips.csv", partial=True)) == 3


def test_a_name_that_several_files_have_is_refused(music, write):
    write("music/c/two.wav")
    with pytest.raises(CorpusError, match=r"2 called 'two\.wav'"):
        catalog(music / "music", music / "clips.csv")


def test_a_file_listed_twice_is_refused(music):
    (music / "clips.csv").write_text(TABLE + "one.wav,ska,Z,train,1\n")
    with pytest.raises(CorpusError, match="repeated 'a/one'"):
        catalog(music / "music", music / "clips.csv")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("file,artist\na/one.wav,X\n", "column genre"),
        ("name,genre\na/one.wav,X\n", "column of files"),
        ("", "No columns"),
        ("file,genre\n", "at least one clip"),
        ("file,genre\na/one.wav,polka\n", "two or more genres"),
    ],
)
@pytest.mark.filterwarnings("ignore::mgrlib.errors.MgrWarning")
def test_tables_of_another_form_are_refused(music, text, expected):
    (music / "clips.csv").write_text(text)
    with pytest.raises(CorpusError, match=expected):
        catalog(music / "music", music / "clips.csv")


def test_missing_folders_and_tables_are_named(music):
    with pytest.raises(CorpusError, match="no such folder"):
        catalog(music / "none", music / "clips.csv")
    with pytest.raises(CorpusError, match=r"none\.csv"):
        catalog(music / "music", music / "none.csv")


def test_a_file_that_cannot_be_read_may_be_left_out_by_its_id(music):
    (music / "music" / "b" / "two.wav").write_bytes(b"broken")
    with pytest.raises(CorpusError, match=r"two\.wav"):
        catalog(music / "music", music / "clips.csv")
    assert len(catalog(music / "music", music / "clips.csv", exclude=["b/two"])) == 3


def test_the_command_line_takes_a_table(music, capsys, monkeypatch):
    monkeypatch.setenv("MGRLIB_HOME", str(music / "home"))
    arguments = ["--data", "folder", "--root", str(music / "music")]
    arguments += ["--catalog", str(music / "clips.csv"), "--protocol", "own-split"]
    assert main(["run", "luo2021/cnn-mfcc", *arguments, "--epochs", "1"]) == 0
    assert "polka 2, ska 2" in capsys.readouterr().out
