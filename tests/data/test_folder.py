from __future__ import annotations

import io
import os
import re
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mgrlib.data.folder import folder
from mgrlib.data.layout import songs_of
from mgrlib.data.splits import by_group
from mgrlib.errors import AudioError, CorpusError, MgrWarning


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


def remarks(path, **options) -> str:
    """What `folder` says of what it passed over."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        folder(path, **options)
    return "; ".join(str(w.message) for w in caught if w.category is MgrWarning)


NAMES = ("song.wav", "song.WAV", "tune.flac", "x.m4a", "y.wma", "z.mid", "list.m3u", "cover.jpg",
         ".hidden.wav", "._x.wav", "notes.txt", "no ending")  # fmt: skip
PLACES = ("a", "b", "a/artist", "b/album/disc 1", "a/.git", "b/__MACOSX", "")
SOUND = io.BytesIO()
sf.write(SOUND, np.zeros(8000, np.int16), 8000, format="WAV")


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    files=st.sets(st.tuples(st.sampled_from(PLACES), st.sampled_from(NAMES))),
    links=st.sets(st.sampled_from(["a/linked", "b/artist"])),
    ffmpeg=st.booleans(),
)
def test_what_is_not_hidden_and_sounds_is_a_clip_or_is_counted(
    tmp_path, monkeypatch, files, links, ffmpeg
):
    monkeypatch.setattr("mgrlib.data.layout.ffmpeg_available", lambda: ffmpeg)
    root = Path(tempfile.mkdtemp(dir=tmp_path))
    elsewhere = Path(tempfile.mkdtemp(dir=tmp_path))
    for place, name in files | {("a", "first.wav"), ("b", "first.wav")}:
        (root / place).mkdir(parents=True, exist_ok=True)
        (root / place / name).write_bytes(SOUND.getvalue())
    for link in links:
        (root / link).symlink_to(elsewhere)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        corpus = folder(root)
    messages = " ".join(str(w.message) for w in caught)
    counted = sum(int(n) for n in re.findall(r"(\d+) ×", messages))
    visible = [(p, n) for p, n in files if p not in ("a/.git", "b/__MACOSX") and n[0] != "."]
    endings = (".wav", "flac", ".m4a", ".wma", ".mid")
    readable = [(p, n) for p, n in visible if n[-4:].lower() in endings]
    assert len(corpus) + counted == 2 + len(readable) + len(links)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.integers(0, 99_999), min_size=2, max_size=6, unique=True),
    st.integers(2, 12),
    st.sampled_from([".", "_", "-", " ", ".part", "_seg_", "-chunk-", ".wav."]),
)
def test_segments_of_a_song_are_known_by_their_names(numbers, n_segments, between):
    songs = [f"blues.{number:05d}" for number in numbers]
    names = [f"{song}{between}{k}" for song in songs for k in range(n_segments)]
    assert songs_of(names) == [song for song in songs for _ in range(n_segments)]


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(["blues.{:05d}", "track {}", "{:06d}", "song_{}", "Top 40 - {}", "{} a tune"]),
    st.lists(st.integers(0, 999), min_size=2, max_size=9, unique=True),
)
def test_numbered_songs_are_no_segments(form, numbers):
    assert songs_of([form.format(number) for number in numbers]) == [None] * len(numbers)


def test_segments_of_one_song_are_one_group(write, tmp_path):
    for genre in ("blues", "jazz"):
        for song in range(4):
            for segment in range(3):
                write(f"{genre}/{genre}.{song:05d}.{segment}.wav")
    with pytest.warns(MgrWarning, match="24 files are segments of 8 songs"):
        corpus = folder(tmp_path)
    assert corpus.grouped
    assert corpus.clips.loc["blues/blues.00003.2", "group"] == "blues/blues.00003"
    assert corpus.clips["group"].nunique() == 8
    by_group(corpus, test=0.5, seed=0).check(corpus)


def test_clips_can_be_left_out_even_if_they_cannot_be_read(write, tmp_path):
    write("a/one.wav")
    write("a/two.wav")
    write("b/three.wav")
    (tmp_path / "a" / "bad.wav").touch()
    corpus = folder(tmp_path, exclude=["a/bad", "a/two"])
    assert list(corpus.clips.index) == ["a/one", "b/three"]
    with pytest.raises(CorpusError, match=r"exclude.*'a/gone'"):
        folder(tmp_path, exclude=["a/gone"])


@pytest.mark.parametrize("given_folder", ["", "Data"])
def test_the_archive_of_kaggle_names_the_folder_to_give(write, tmp_path, given_folder):
    for genre in ("blues", "jazz"):
        write(f"Data/genres_original/{genre}/{genre}.00000.wav")
        (tmp_path / "Data" / "images_original" / genre).mkdir(parents=True)
    with pytest.raises(CorpusError) as caught:
        folder(tmp_path / given_folder)
    assert "give that folder" in str(caught.value)
    assert str(tmp_path / "Data" / "genres_original") in str(caught.value)


def test_folders_that_all_hold_the_genres_are_asked_about(write, tmp_path):
    for part in ("train", "test"):
        for genre in ("blues", "jazz"):
            write(f"{part}/{genre}/{part}.wav")
    assert "'blues', 'jazz': are those the genres?" in remarks(tmp_path)


def test_odd_headers_are_said_once_for_a_folder(write, tmp_path):
    for k in range(3):
        path = write(f"a/{k}.wav")
        path.write_bytes(path.read_bytes()[:-2])
    write("b/whole.wav")
    assert remarks(tmp_path).count("3 files with odd headers") == 1


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes by name here")
def test_pipes_and_devices_are_passed_over_and_named(write, tmp_path):
    write("a/one.wav")
    write("b/two.wav")
    os.mkfifo(tmp_path / "a" / "pipe.wav")
    (tmp_path / "b" / "zero.wav").symlink_to("/dev/zero")
    assert "2 × pipe or device" in remarks(tmp_path)


def test_a_link_to_a_lost_file_is_no_silent_loss(write, tmp_path):
    write("a/one.wav")
    write("b/two.wav")
    (tmp_path / "b" / "lost.wav").symlink_to(tmp_path / "nowhere.wav")
    with pytest.raises(CorpusError, match=r"lost\.wav.*no such file"):
        folder(tmp_path)
