from __future__ import annotations

import os
import pickle

import librosa
import numpy as np
import pandas as pd
import pytest
import soundfile as sf

from mgrlib.data.audio import MIN_SECONDS, FileSource, audio_info, load_audio
from mgrlib.errors import AudioError

RATE = 22_050


def test_a_16_bit_wav_comes_as_soundfile_reads_it(write):
    path = write("clip.wav")
    y = load_audio(path, RATE)
    assert y.dtype == np.float32
    np.testing.assert_array_equal(y, sf.read(path, dtype="float32")[0])


@pytest.mark.parametrize(
    ("name", "form", "tolerance"),
    [
        ("clip.wav", {"subtype": "PCM_24"}, 1e-6),
        ("clip.wav", {"subtype": "FLOAT"}, 0),
        ("clip.wav", {"format": "WAVEX"}, 1e-4),
        ("clip.au", {}, 1e-4),
        ("clip.au", {"endian": "LITTLE"}, 1e-4),
        ("clip.aiff", {}, 1e-4),
        ("clip.flac", {}, 1e-4),
    ],
)
def test_lossless_formats_give_the_same_samples_up_to_their_word_length(
    write, noise, name, form, tolerance
):
    np.testing.assert_allclose(load_audio(write(name, **form), RATE), noise, atol=tolerance)


@pytest.mark.parametrize("name", ["clip.mp3", "clip.ogg"])
def test_lossy_formats_give_a_waveform_that_resembles_the_original(write, name):
    t = np.arange(RATE) / RATE
    sine = 0.5 * np.sin(2 * np.pi * 440 * t)
    y = load_audio(write(name, sine), RATE)
    assert len(y) == pytest.approx(RATE, abs=2304)  # two mp3 frames of padding at most
    spectrum = np.abs(np.fft.rfft(y[: RATE // 2]))
    assert np.argmax(spectrum) * 2 == 440  # bins of 2 Hz


def test_stereo_at_48_khz_is_averaged_and_resampled(write):
    t = np.arange(48_000) / 48_000
    left, right = 0.5 * np.sin(2 * np.pi * 440 * t), np.zeros(48_000)
    y = load_audio(write("clip.wav", np.stack([left, right], axis=1), 48_000), RATE)
    assert y.shape == (RATE,)
    spectrum = np.abs(np.fft.rfft(y)) / (RATE / 2)
    assert np.argmax(spectrum) == 440
    assert spectrum[440] == pytest.approx(0.25, abs=1e-3)  # half of 0.5; the filter's ripple


def test_8_khz_is_resampled_up_and_holds_nothing_above_4_khz(write):
    rng = np.random.default_rng(0)
    y = load_audio(write("clip.wav", 0.1 * rng.standard_normal(8000), 8000), RATE)
    assert y.shape == (RATE,)
    power = np.abs(np.fft.rfft(y)) ** 2
    assert power[4200:].sum() < 1e-3 * power.sum()


def test_resampling_agrees_with_librosa(write, noise):
    path = write("clip.wav", subtype="FLOAT")
    expected = librosa.resample(noise, orig_sr=RATE, target_sr=16_000)
    y = load_audio(path, 16_000)
    np.testing.assert_allclose(y, expected[: len(y)], atol=1e-6)


def test_silence_is_audio_like_any_other(write):
    y = load_audio(write("clip.wav", np.zeros(RATE)), RATE)
    assert y.shape == (RATE,)
    assert not y.any()


def test_the_shortest_clip_allowed_is_read(write):
    y = np.full(int(np.ceil(MIN_SECONDS * RATE)), 0.5)
    assert len(load_audio(write("clip.wav", y), RATE)) == len(y)


def refused(path) -> str:
    with pytest.raises(AudioError) as caught:
        load_audio(path, RATE)
    message = str(caught.value)
    assert str(path) in message, "the message names the file"
    assert "Hint: " in message, "the message names the remedy"
    return message


def test_a_missing_file_is_refused(tmp_path):
    assert "no such file" in refused(tmp_path / "gone.wav")


def test_a_folder_is_refused(tmp_path):
    assert "a folder" in refused(tmp_path)


def test_an_empty_file_is_refused(tmp_path):
    (tmp_path / "empty.wav").touch()
    assert "empty" in refused(tmp_path / "empty.wav")


def test_a_text_file_named_wav_is_refused(tmp_path):
    (tmp_path / "text.wav").write_text("this is not audio\n" * 20)
    assert "this is not" in refused(tmp_path / "text.wav")


def test_zero_samples_are_refused(write):
    assert "0 samples" in refused(write("none.wav", np.zeros(0)))


def test_one_sample_is_refused(write):
    assert "1 samples" in refused(write("one.wav", np.zeros(1)))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_finite_are_refused(write, noise, value):
    noise[7] = value
    assert "the first at 7" in refused(write("bad.wav", noise, subtype="FLOAT"))


@pytest.mark.parametrize(
    "name", ["clip.wav", "clip.au", "clip.aiff", "clip.flac", "clip.mp3", "clip.ogg"]
)
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_file_cut_off_in_the_middle_is_refused(write, name, share):
    path = write(name)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    refused(path)


@pytest.mark.parametrize("n_bytes", [2, 16])
def test_a_wav_that_lacks_a_few_bytes_is_read_and_the_file_says_so(write, noise, n_bytes):
    path = write("clip.wav")
    path.write_bytes(path.read_bytes()[:-n_bytes])
    np.testing.assert_array_equal(len(load_audio(path, RATE)), len(noise) - n_bytes // 2)
    assert f"({n_bytes})" in audio_info(path).notes[0]


def test_a_wav_that_lacks_more_than_a_few_bytes_is_refused(write):
    path = write("clip.wav")
    path.write_bytes(path.read_bytes()[:-18])
    assert "cut off" in refused(path)


@pytest.mark.parametrize("promise", [0, 0x7FFFF000, 0xFFFFFFFF, 0x7FFFFFFF])
def test_a_wav_written_to_a_pipe_is_read_to_its_end(write, noise, promise):
    path = write("clip.wav")
    content = bytearray(path.read_bytes())
    at = content.index(b"data") + 4
    content[at : at + 4] = promise.to_bytes(4, "little")
    path.write_bytes(content)
    assert len(load_audio(path, RATE)) == len(noise)


def test_an_au_file_that_leaves_its_length_open_is_read_to_its_end(write, noise):
    path = write("clip.au")
    content = bytearray(path.read_bytes())
    content[8:12] = b"\xff\xff\xff\xff"
    path.write_bytes(content)
    assert len(load_audio(path, RATE)) == len(noise)


@pytest.mark.parametrize("rate", [0, -1, 22_050.0, None])
def test_an_impossible_sample_rate_is_refused(write, rate):
    with pytest.raises(AudioError, match="sample rate"):
        load_audio(write("clip.wav"), rate)


def test_the_header_tells_length_rate_channels_and_type(write):
    info = audio_info(write("clip.wav", np.zeros((4800, 2)), 48_000, subtype="PCM_24"))
    assert (info.seconds, info.sample_rate, info.channels) == (0.1, 48_000, 2)
    assert info.subtype == "PCM_24"


def test_the_fingerprint_follows_the_content_and_not_the_place(write, noise, tmp_path):
    source = FileSource()
    path = write("clip.wav")
    row = pd.Series({"path": str(path)})
    before = source.fingerprint(row)
    moved = tmp_path / "moved.wav"
    moved.write_bytes(path.read_bytes())
    assert source.fingerprint(pd.Series({"path": str(moved)})) == before
    write("clip.wav", -noise)
    os.utime(path, ns=(1, 1))  # the same size and a clock too coarse to tell must not hide it
    assert source.fingerprint(row) != before


def test_the_fingerprint_of_a_missing_file_is_refused(tmp_path):
    with pytest.raises(AudioError, match=r"gone\.wav"):
        FileSource().fingerprint(pd.Series({"path": str(tmp_path / "gone.wav")}))


def test_the_source_travels_to_another_process(write):
    row = pd.Series({"path": str(write("clip.wav"))})
    copy = pickle.loads(pickle.dumps(FileSource()))
    np.testing.assert_array_equal(copy.audio(row, RATE), FileSource().audio(row, RATE))
