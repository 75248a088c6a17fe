from __future__ import annotations

import numpy as np
import pytest

from mgrlib.data.folder import folder
from mgrlib.data.splits import by_group
from mgrlib.errors import AudioError, CorpusError


def test_folders_are_genres_and_files_clips(write, tmp_path):
    write("blues/one.wav")
    write("blues/two.flac")
    write("jazz/three.mp3")
    corpus = folder(tmp_path, name="mine")
    assert corpus.name == "mine"
    assert corpus.genres == ("blues", "jazz")
    assert list(corpus.clips.index) == ["blues/one", "blues/two", "jazz/three"]
    assert list(corpus.clips["group"]) == ["blues/one", "blues/two", "jazz/three"]
    assert len(corpus.audio("jazz/three", 8000)) == pytest.approx(4000, abs=900)  # mp3 padding


def test_the_folder_below_the_genre_is_the_group(write, tmp_path):
    for name in ("a/ann/x.wav", "a/ann/live/y.wav", "a/bob/z.wav", "b/ann/v.wav", "b/cid/w.wav"):
        write(name)
    corpus = folder(tmp_path)
    assert list(corpus.clips["group"]) == ["ann", "ann", "bob", "ann", "cid"]
    by_group(corpus, test=0.4, seed=0).check(corpus)


def test_whole_songs_and_the_folders_own_name(write, tmp_path):
    write("music/a/long.wav", np.zeros(8000 * 200), 8000)
    write("music/b/short.wav")
    corpus = folder(tmp_path / "music")
    assert corpus.name == "music"
    assert corpus.clips["seconds"].tolist() == [200.0, 0.5]


def test_hidden_files_and_other_kinds_are_passed_over(write, tmp_path):
    write("a/one.wav")
    write("b/two.WAV")
    for name in ("a/._one.wav", "a/.DS_Store", "a/cover.jpg", "notes.txt"):
        (tmp_path / name).write_text("not audio")
    (tmp_path / ".cache").mkdir()
    (tmp_path / "a" / ".git").mkdir()
    (tmp_path / "a" / ".git" / "x.wav").write_text("not audio")
    assert list(folder(tmp_path).clips.index) == ["a/one", "b/two"]


def test_files_that_differ_in_their_ending_alone_are_two_clips_of_one_group(write, tmp_path):
    for name in ("a/one.wav", "a/one.mp3", "b/two.wav"):
        write(name)
    corpus = folder(tmp_path)
    assert sorted(corpus.clips.index) == ["a/one.mp3", "a/one.wav", "b/two"]
    assert corpus.clips["group"].nunique() == 2


def test_a_missing_folder_is_refused(tmp_path):
    with pytest.raises(CorpusError, match="no such folder"):
        folder(tmp_path / "gone")


def test_a_file_is_refused(write):
    with pytest.raises(CorpusError, match="a file"):
        folder(write("a/one.wav"))


def test_a_folder_without_folders_is_refused(write, tmp_path):
    write("one.wav")
    with pytest.raises(CorpusError, match="no folder"):
        folder(tmp_path)


def test_a_single_genre_is_refused(write, tmp_path):
    write("blues/one.wav")
    with pytest.raises(CorpusError, match="only 'blues'"):
        folder(tmp_path)


def test_a_genre_without_audio_is_named(write, tmp_path):
    write("blues/one.wav")
    (tmp_path / "jazz").mkdir()
    (tmp_path / "jazz" / "notes.txt").write_text("later")
    with pytest.raises(CorpusError, match="no audio in 'jazz'"):
        folder(tmp_path)


def test_unreadable_files_are_named_with_what_to_do(write, tmp_path):
    write("blues/one.wav")
    write("jazz/two.wav")
    (tmp_path / "jazz" / "empty.wav").touch()
    (tmp_path / "jazz" / "text.wav").write_text("not audio")
    with pytest.raises(CorpusError, match=r"(?s)empty\.wav.*text\.wav.*check=False"):
        folder(tmp_path)


def test_a_file_of_one_sample_is_named_when_the_corpus_is_made(write, tmp_path):
    write("blues/one.wav", np.zeros(1))
    write("jazz/two.wav")
    with pytest.raises(CorpusError, match=r"one\.wav.*0\.1 s.*1 samples"):
        folder(tmp_path)


def test_unreadable_files_can_be_kept_for_an_audit(write, tmp_path):
    write("blues/one.wav")
    (tmp_path / "jazz").mkdir()
    (tmp_path / "jazz" / "empty.wav").touch()
    corpus = folder(tmp_path, check=False)
    assert np.isnan(corpus.clips.loc["jazz/empty", "seconds"])
    with pytest.raises(AudioError, match=r"empty\.wav"):
        corpus.audio("jazz/empty", 22_050)
