"""Sound files as they come: headers that leave things open or are wrong, and files of many tools.

Most files are made here byte by byte, so that what is in them is known.
"""

from __future__ import annotations

import io
import os
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mgrlib.data import audio
from mgrlib.data.audio import FileSource, audio_info, decode, load_audio, write_audio
from mgrlib.data.containers import CutOffError, Pieces
from mgrlib.data.formats import SLACK_BYTES
from mgrlib.data.mpeg import _KBPS, _RATES, frames
from mgrlib.errors import AudioError, StorageError

RATE = 22_050
made_files = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
needs_ffmpeg = pytest.mark.skipif(not shutil.which("ffmpeg"), reason="ffmpeg is not installed")


def length(path: Path) -> int:
    """The samples of a file, decoded; what `audio_info` says of them must agree."""
    recording = decode(path)
    info = audio_info(path)
    assert info == recording.info
    assert round(info.seconds * info.sample_rate) == len(recording.y)
    return len(recording.y)


@pytest.fixture
def without_ffmpeg(monkeypatch):
    """As if ffmpeg were not installed."""
    monkeypatch.setattr(audio, "ffmpeg_available", lambda: False)


# MP3: frames of silence, put together as encoders do it.


def mp3_frame(
    rate_place: tuple[int, int], kbps_number: int, mono: bool, body: bytes = b""
) -> bytes:
    """A frame of layer III; zeros behind its header are silence."""
    version, k = rate_place
    rate = _RATES[version][k]
    kbps = _KBPS[1 if version == 3 else 2, 1][kbps_number]
    size = (144 if version == 3 else 72) * 1000 * kbps // rate
    head = bytes([0xFF, 0xE3 | version << 3, (kbps_number + 1) << 4 | k << 2, 0xC0 if mono else 0])
    return (head + body).ljust(size, b"\0")


def stating(rate_place: tuple[int, int], mono: bool, n: int) -> bytes:
    """The frame with which an encoder states how many follow."""
    large = rate_place[0] == 3
    side = (17 if mono else 32) if large else (9 if mono else 17)
    return mp3_frame(rate_place, 8, mono, bytes(side) + b"Xing" + struct.pack(">II", 1, n))


TAG = b"ID3\x03\x00\x00" + bytes([0, 1, 0x30, 0]) + b"\xff\xfb\x90\x00" * 5632  # cover art, 22 kB
kinds = st.tuples(st.sampled_from([0, 2, 3]), st.integers(0, 2))
fronts = st.sampled_from([b"", TAG, TAG + TAG, b"junk \xff\xfa" * 99])
tails = st.sampled_from([b"", b"TAG".ljust(128, b" "), bytes(30_000), b"rubbish\xff\xfa" * 4000])


@made_files
@given(kinds, st.booleans(), st.lists(st.integers(4, 13), min_size=12, max_size=60), fronts, tails)
@pytest.mark.parametrize("states", [False, True])
def test_every_frame_of_an_mp3_is_read_whatever_its_bit_rates_and_what_surrounds_it(
    tmp_path, states, kind, mono, rates, front, tail
):
    sound = b"".join(mp3_frame(kind, number, mono) for number in rates)
    count = stating(kind, mono, len(rates)) if states else b""
    path = tmp_path / "clip.mp3"
    path.write_bytes(front + count + sound + tail)
    n = len(rates) * (1152 if kind[0] == 3 else 576)
    assert length(path) == pytest.approx(n, abs=529)  # a decoder may drop its own delay
    notes = " ".join(audio_info(path).notes)
    assert ("no count" in notes) is not states
    assert ("left out" in notes) is (len(tail) > 128)


@made_files
@given(kinds, st.integers(20, 60), st.integers(3, 1000))
def test_an_mp3_with_fewer_frames_than_it_states_is_cut_off(tmp_path, kind, n, more):
    path = tmp_path / "clip.mp3"
    path.write_bytes(stating(kind, False, n + more) + mp3_frame(kind, 8, False) * n)
    for read in (audio_info, decode):
        with pytest.raises(CutOffError, match=rf"{n + more} frames.*{n}"):
            read(path)


@made_files
@given(kinds, st.integers(20, 60), st.integers(3, 15))
def test_an_mp3_with_more_frames_than_it_states_is_read_to_its_end(tmp_path, kind, n, fewer):
    path = tmp_path / "clip.mp3"
    path.write_bytes(stating(kind, False, n - fewer) + mp3_frame(kind, 8, False) * n)
    assert length(path) == pytest.approx(n * (1152 if kind[0] == 3 else 576), abs=529)
    assert f"{n - fewer} frames, {n} found" in audio_info(path).notes[0]


@pytest.mark.parametrize("order", [(True, False), (False, True)])
def test_an_mp3_joined_out_of_mono_and_stereo_is_read_whole(tmp_path, order):
    path = tmp_path / "joined.mp3"
    path.write_bytes(b"".join(mp3_frame((3, 0), 8, mono) * 30 for mono in order))
    assert length(path) == pytest.approx(60 * 1152, abs=2 * 529)
    assert "several recordings" in audio_info(path).notes[1]


def test_an_mp3_joined_out_of_two_rates_is_refused_by_name(tmp_path):
    path = tmp_path / "joined.mp3"
    path.write_bytes(mp3_frame((3, 0), 8, True) * 30 + mp3_frame((3, 1), 8, True) * 30)
    with pytest.raises(AudioError, match=r"joined\.mp3.*44100 Hz, then 48000 Hz"):
        decode(path)


def test_bytes_in_the_middle_of_an_mp3_are_left_out(tmp_path):
    path = tmp_path / "clip.mp3"
    sound = mp3_frame((3, 0), 8, False) * 30
    path.write_bytes(sound + np.random.default_rng(0).bytes(5000) + sound)
    assert length(path) == pytest.approx(60 * 1152, abs=529)
    assert "(5000): left out" in audio_info(path).notes[1]


@made_files
@given(st.binary(max_size=4000))
def test_bytes_at_random_are_no_mp3(data):
    assert frames(data) == ()


# WAV, AIFF and AU: lengths in headers.


def wav(samples: np.ndarray, stated: int, riff: int, before: bytes, after: bytes) -> bytes:
    """A mono wav of 16 bits whose header says what it is told to."""
    form = b"fmt " + struct.pack("<IHHIIHH", 16, 1, 1, RATE, 2 * RATE, 2, 16)
    head = b"RIFF" + struct.pack("<I", riff) + b"WAVE" + form + before
    return head + b"data" + struct.pack("<I", stated) + samples.astype("<i2").tobytes() + after


riffs = st.sampled_from([0, 36, 0xFFFF_FFFF, 0x7FFF_F024])
chunks = st.sampled_from([b"", b"LIST" + struct.pack("<I", 26) + b"x" * 26, b"junk\4\0\0\0abcd"])
SAMPLES = (3000 * np.sin(np.arange(RATE // 2) / 9)).astype(np.int16)


@made_files
@given(riffs, chunks, st.sampled_from([0, 0x7F00_0000, 0x7FFF_F000, 0x8000_0000, 0xFFFF_FFFF]))
def test_a_wav_that_leaves_its_length_open_is_read_to_its_end(tmp_path, riff, before, stated):
    path = tmp_path / "clip.wav"
    path.write_bytes(wav(SAMPLES, stated, riff, before, b""))
    np.testing.assert_array_equal(decode(path).y, SAMPLES / np.float32(32768))
    assert length(path) == len(SAMPLES)
    assert "read to" in audio_info(path).notes[0]


@made_files
@given(riffs, chunks, chunks)
def test_a_wav_that_states_its_length_has_no_oddity(tmp_path, riff, before, after):
    path = tmp_path / "clip.wav"
    path.write_bytes(wav(SAMPLES, 2 * len(SAMPLES), riff, before, after))
    np.testing.assert_array_equal(decode(path).y, SAMPLES / np.float32(32768))
    assert audio_info(path).notes == ()


@made_files
@given(riffs, st.integers(1, 10_000))
def test_a_wav_may_lack_a_few_bytes_but_no_more(tmp_path, riff, missing):
    path = tmp_path / "clip.wav"
    path.write_bytes(wav(SAMPLES, 2 * len(SAMPLES) + missing, riff, b"", b""))
    if missing <= SLACK_BYTES:
        assert length(path) == len(SAMPLES)
        assert f"({missing})" in audio_info(path).notes[0]
    else:
        with pytest.raises(CutOffError):
            decode(path)


@pytest.mark.parametrize("after", [b"", b"LIST\4\0\0\0abcd"])
def test_a_wav_without_a_sample_stays_one(tmp_path, after):
    path = tmp_path / "none.wav"
    path.write_bytes(wav(SAMPLES[:0], 0, 36, b"", after))
    with pytest.raises(AudioError, match="0 samples"):
        decode(path)


@pytest.mark.parametrize(
    ("form", "name", "place", "width"),
    [("AIFF", b"SSND", 4, 4), ("AU", b".snd", 8, 4), ("CAF", b"data", 4, 8)],
)
@pytest.mark.parametrize("stated", [0, -1])
def test_other_containers_that_leave_their_length_open_are_read_too(
    tmp_path, form, name, place, width, stated
):
    content = io.BytesIO()
    sf.write(content, SAMPLES, RATE, format=form)
    data = bytearray(content.getvalue())
    at = data.index(name) + place
    data[at : at + width] = stated.to_bytes(width, "big", signed=True)
    path = tmp_path / "clip"
    path.write_bytes(data)
    assert length(path) == len(SAMPLES)
    assert audio_info(path).notes


# FLAC and the rest of libsndfile.


def test_a_flac_of_unknown_length_is_read(tmp_path):
    path = tmp_path / "clip.flac"
    sf.write(path, SAMPLES, RATE)
    data = bytearray(path.read_bytes())
    data[21] &= 0xF0  # 36 bits of the first block of metadata
    data[22:26] = bytes(4)
    path.write_bytes(data)
    assert length(path) == len(SAMPLES)


def test_a_flac_that_claims_2_to_the_36_samples_is_refused_before_anything_is_allocated(tmp_path):
    path = tmp_path / "clip.flac"
    sf.write(path, SAMPLES, RATE)
    data = bytearray(path.read_bytes())
    data[21] |= 0x0F
    data[22:26] = b"\xff" * 4
    path.write_bytes(data)
    for read in (audio_info, decode):
        with pytest.raises(AudioError, match="at most 2 h"):
            read(path)


FORMS = [
    (form, subtype)
    for form in ("WAV", "AU", "AIFF", "CAF", "W64", "RF64", "FLAC", "OGG", "MP3")
    for subtype in sf.available_subtypes(form)
    if subtype not in ("DWVW_12", "MPEG_LAYER_I", "MPEG_LAYER_II")  # not written
    if (form, subtype) != ("WAV", "MPEG_LAYER_III")
]


@pytest.mark.parametrize(("form", "subtype"), FORMS)
def test_every_kind_that_libsndfile_writes_is_read_whole(tmp_path, form, subtype):
    path = tmp_path / f"clip.{form.lower()}"
    sf.write(path, np.resize(SAMPLES, 16_000), 8000 if "MPEG" not in subtype else 16_000,
             format=form, subtype=subtype)  # fmt: skip
    assert 16_000 <= length(path) <= 16_000 + 2304  # blocks are filled up
    assert audio_info(path).notes == ()


@settings(made_files, max_examples=80)
@given(
    st.sampled_from(["WAV", "AU", "AIFF", "CAF", "W64", "FLAC", "OGG", "MP3"]),
    st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), max_size=8),
    st.floats(0.02, 1),
    st.binary(max_size=30),
)
def test_whatever_happens_to_the_bytes_of_a_file_the_error_names_the_file(
    tmp_path, without_ffmpeg, form, changes, fraction, tail
):
    content = io.BytesIO()
    sf.write(content, SAMPLES, RATE, format=form)
    data = bytearray(content.getvalue())
    for place, value in changes:
        data[place % min(len(data), 400)] = value  # headers, where it hurts
    path = tmp_path / f"clip.{form.lower()}"
    path.write_bytes(data[: int(fraction * len(data))] + tail)
    for read in (audio_info, decode):
        try:
            read(path)
        except AudioError as error:
            assert str(path) in str(error)


@pytest.mark.parametrize("form", ["NIST", "IRCAM", "VOC", "SVX", "PAF", "AVR", "PVF"])
def test_old_formats_are_read_too(tmp_path, form):
    path = tmp_path / f"clip.{form.lower()}"
    sf.write(path, SAMPLES, RATE, format=form, subtype="PCM_16")
    np.testing.assert_allclose(decode(path).y, SAMPLES / 32768, atol=1e-4)


def test_recordings_in_a_row_in_one_ogg_are_all_read(tmp_path):
    path = tmp_path / "chain.ogg"
    sf.write(path, SAMPLES, RATE)
    path.write_bytes(path.read_bytes() * 3)
    assert length(path) == 3 * len(SAMPLES)
    assert "several recordings" in audio_info(path).notes[0]


def test_an_ogg_without_the_mark_of_its_end_is_read(tmp_path):
    path = tmp_path / "clip.ogg"
    sf.write(path, np.resize(SAMPLES, 5 * RATE), RATE)
    data = path.read_bytes()
    path.write_bytes(data[: data.rindex(b"OggS")])
    assert length(path) > 2 * RATE  # without what the last page held
    assert "mark of its end" in audio_info(path).notes[0]


# Limits.


def test_an_hour_long_file_of_one_sample_a_second_is_refused(tmp_path):
    path = tmp_path / "slow.wav"
    sf.write(path, np.resize(SAMPLES, 44_000), 1)
    with pytest.raises(AudioError, match=r"slow\.wav.*at most 2 h"):
        load_audio(path, RATE)


def test_a_length_that_no_header_stated_is_limited_too(tmp_path, monkeypatch):
    monkeypatch.setattr(audio, "MAX_SECONDS", 0.4)
    path = tmp_path / "clip.gsm.wav"
    sf.write(path, SAMPLES, 8000, subtype="GSM610")
    with pytest.raises(AudioError, match="at most"):
        decode(path)


@pytest.mark.parametrize("error", [MemoryError(), RecursionError("too deep"), ValueError("odd")])
def test_whatever_a_decoder_raises_is_the_files_error(tmp_path, monkeypatch, error):
    path = tmp_path / "clip.wav"
    sf.write(path, SAMPLES, RATE)

    def fail(*_, **__):
        raise error

    monkeypatch.setattr(sf.SoundFile, "read", fail)
    with pytest.raises(AudioError, match=r"clip\.wav"):
        load_audio(path, RATE)


def test_memory_does_not_grow_with_the_channels(tmp_path):
    path = tmp_path / "wide.flac"
    sf.write(path, np.zeros((20 * RATE, 8), np.int16), RATE)
    tracemalloc = pytest.importorskip("tracemalloc")
    tracemalloc.start()
    y = load_audio(path, 8000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    n_bytes = 20 * RATE * 8 * 4
    assert peak < n_bytes / 2
    assert len(y) == 20 * 8000


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes by name here")
def test_a_pipe_and_a_link_to_a_device_are_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "zero.wav").symlink_to("/dev/zero")
    for name in ("pipe.wav", "zero.wav"):
        for read in (audio_info, decode, lambda path: FileSource().fingerprint({"path": path})):
            with pytest.raises(AudioError, match="regular file"):
                read(tmp_path / name)


# Stereo, writing, pieces, ffmpeg.


def test_the_level_is_that_of_the_loudest_channel_before_they_cancel(tmp_path):
    path = tmp_path / "antiphase.wav"
    sine = 0.5 * np.sin(np.arange(RATE))
    sf.write(path, np.stack([sine, -sine], axis=1), RATE, subtype="FLOAT")
    recording = decode(path)
    assert not recording.y.any()
    assert recording.level_db == pytest.approx(-9.03, abs=0.01)  # 0.5 / sqrt(2)


def test_a_full_disk_is_a_storage_error_and_leaves_no_file(tmp_path, monkeypatch):
    def full(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(StorageError, match="No space left"):
        write_audio(tmp_path / "clip.flac", SAMPLES / 32768, RATE, form="FLAC", subtype="PCM_16")
    assert list(tmp_path.iterdir()) == []


@made_files
@given(
    st.lists(st.one_of(st.binary(max_size=9), st.tuples(st.integers(0, 50), st.integers(0, 50))))
)
def test_pieces_read_as_if_they_were_one_file(parts):
    source = bytes(range(50))
    pieces = [part if isinstance(part, bytes) else range(*part) for part in parts]
    content = b"".join(p if isinstance(p, bytes) else source[p.start : p.stop] for p in pieces)
    with Pieces(source, pieces) as file:
        assert file.read() == content
        assert file.seek(-len(content) // 2, io.SEEK_END) == len(content) + -len(content) // 2
        assert file.read(7) == content[len(content) + -len(content) // 2 :][:7]


@needs_ffmpeg
@pytest.mark.parametrize("name", ["clip.m4a", "clip.wma", "clip.aac", "clip.wv", "clip.mka"])
def test_what_libsndfile_lacks_is_read_by_ffmpeg(tmp_path, name):
    sf.write(tmp_path / "source.wav", np.resize(SAMPLES, 2 * RATE), RATE)
    command = ["ffmpeg", "-v", "error", "-i", tmp_path / "source.wav", tmp_path / name]
    subprocess.run(command, check=True)
    assert length(tmp_path / name) == pytest.approx(2 * RATE, abs=2 * 2048)
    y = load_audio(tmp_path / name, RATE)
    spectrum = np.abs(np.fft.rfft(y[2048 : 2048 + 4096]))
    assert np.argmax(spectrum) == pytest.approx(4096 / (2 * np.pi * 9), abs=1)


def test_what_needs_ffmpeg_says_so_where_it_is_missing(tmp_path, without_ffmpeg):
    (tmp_path / "song.m4a").write_bytes(b"\0\0\0\x1cftypM4A " + bytes(99))
    with pytest.raises(AudioError, match=r"song\.m4a.*install ffmpeg"):
        load_audio(tmp_path / "song.m4a", RATE)


@needs_ffmpeg
def test_ffmpeg_opens_no_other_file_for_a_playlist(tmp_path):
    sf.write(tmp_path / "other.wav", SAMPLES, RATE)
    for text in (
        "#EXTM3U\n#EXTINF:1,\nother.wav\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile other.wav\n",
    ):
        (tmp_path / "list.m4a").write_text(text)
        with pytest.raises(AudioError, match=r"list\.m4a"):
            decode(tmp_path / "list.m4a")
