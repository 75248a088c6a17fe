from __future__ import annotations

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from mgrlib import synth
from mgrlib.errors import AudioError, CorpusError
from mgrlib.synth.composer import compose
from mgrlib.synth.renderer import render
from mgrlib.synth.styles import STYLES
from mgrlib.synth.theory import PITCH_CLASSES, SCALES, parse_progression

SHORT = 3.0


def digest(y: np.ndarray) -> str:
    return hashlib.sha256(np.round(y * 32768).astype("<i2").tobytes()).hexdigest()[:16]


# What the samples of this SYNTH_VERSION are. They change only together with it.
VERSION = "3"
CHECKSUMS = {
    "blues-a00/0": "8813f9f714d4faf8",
    "classical-a03/1": "f88dad1f4963fe4e",
    "hiphop-a02/0": "49269afd8160b326",
    "jazz-a01/2": "143e5bfe5753254e",
    "metal-a00/0": "f6477622ff3644e8",
    "pop-a06/1": "5dc22fc62f1311bc",
}


@pytest.mark.parametrize("genre", synth.GENRES)
def test_every_genre_renders_the_length_asked_for_within_full_scale(genre: str) -> None:
    y = synth.render_clip(genre, f"{genre}-a01", 0, seconds=SHORT)
    assert y.dtype == np.float32
    assert y.shape == (round(SHORT * 22050),)
    assert np.abs(y).max() < 1.0
    assert np.sqrt(np.mean(y**2)) > 0.003


def test_samples_are_whole_16_bit_steps() -> None:
    y = synth.render_clip("jazz", "jazz-a00", 0, seconds=1.0) * 32768
    np.testing.assert_array_equal(y, np.round(y))


@pytest.mark.parametrize("clip", sorted(CHECKSUMS))
def test_samples_are_the_same_on_every_machine(clip: str) -> None:
    artist, index = clip.split("/")
    y = synth.render_clip(artist.rsplit("-", 1)[0], artist, int(index), seconds=SHORT)
    assert (synth.SYNTH_VERSION, digest(y)) == (VERSION, CHECKSUMS[clip])


def test_another_process_makes_the_same_samples() -> None:
    code = (
        "import hashlib, numpy as np; from mgrlib.synth import render_clip;"
        "y = render_clip('rock', 'rock-a03', 2, seconds=2.0);"
        "print(hashlib.sha256(np.round(y * 32768).astype('<i2').tobytes()).hexdigest()[:16])"
    )
    there = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    expected = digest(synth.render_clip("rock", "rock-a03", 2, seconds=2.0))
    assert there.stdout.strip() == expected


def test_another_index_or_seed_is_another_clip() -> None:
    clip = synth.render_clip("pop", "pop-a00", 0, seconds=1.0)
    assert not np.array_equal(clip, synth.render_clip("pop", "pop-a00", 1, seconds=1.0))
    assert not np.array_equal(clip, synth.render_clip("pop", "pop-a00", 0, seconds=1.0, seed=1))


def test_truth_fits_the_clip() -> None:
    truth = synth.clip_truth("disco", "disco-a02", 1, seconds=20.0)
    gaps = np.diff(truth.beats)
    np.testing.assert_allclose(gaps, 60 / truth.tempo_bpm, rtol=1e-6)
    assert truth.key in PITCH_CLASSES
    assert truth.mode in SCALES
    assert truth.chords[0][0] == 0.0
    assert truth.chords[-1][1] == pytest.approx(20.0)
    assert all(
        a[1] == pytest.approx(b[0]) for a, b in zip(truth.chords, truth.chords[1:], strict=False)
    )
    assert set(truth.tags) <= set(synth.TAGS)


def test_beats_stand_where_the_kick_of_four_on_the_floor_falls() -> None:
    truth = synth.clip_truth("disco", "disco-a02", 1, seconds=10.0)
    y = synth.render_clip("disco", "disco-a02", 1, seconds=10.0)
    power = np.add.reduceat(y**2, np.arange(0, len(y), 220))
    onset = np.maximum(np.diff(power), 0)
    near = [onset[max(0, round(b * 100.2) - 3) : round(b * 100.2) + 4].max() for b in truth.beats]
    halfway = [
        onset[max(0, round(b * 100.2) - 3) : round(b * 100.2) + 4].max()
        for b in np.array(truth.beats)[:-1] + 15 / truth.tempo_bpm
    ]
    assert np.mean(near) > 1.5 * np.mean(halfway)


def test_an_artist_keeps_the_band_from_song_to_song() -> None:
    songs = [synth.song_plan("country", "country-a04", i) for i in range(4)]
    assert len({song.artist.substyle.name for song in songs}) == 1
    assert len({song.tempo_bpm for song in songs}) > 1


def test_whole_songs_last_two_to_five_minutes_and_have_a_form() -> None:
    for genre in synth.GENRES:
        for number in range(6):
            song = synth.song_plan(genre, f"{genre}-a{number:02d}", number)
            assert 120 <= song.seconds <= 300, (genre, number)
            assert song.sections[-1].name == "ending"


def level(y: np.ndarray) -> float:
    return float(np.sqrt(np.mean(y**2)))


def song_with(genre: str, ending: str) -> tuple[str, int]:
    """An artist and a song number: the first whose song ends so."""
    names = ((name, i) for i in range(4) for name in synth.artist_names(genre))
    return next(n for n in names if synth.song_plan(genre, *n).ending == ending)


def test_a_song_that_fades_out_gets_quieter_and_ends_in_silence() -> None:
    name, index = song_with("disco", "fade")
    song = synth.song_plan("disco", name, index)
    y = render(compose(song, song.seconds - 20, 20.0), 22_050)
    second = 22_050
    before = level(y[: 7 * second])
    assert level(y[-4 * second : -3 * second]) < 0.6 * before
    assert level(y[-second // 4 :]) < 0.02 * before


def test_a_song_with_a_cadence_ends_on_one_long_chord_of_the_tonic() -> None:
    name, index = song_with("country", "cadence")
    score = synth.song_score("country", name, index)
    song = score.song
    bar = song.seconds - song.artist.substyle.beats * 60 / song.tempo_bpm
    last = [note for _, notes in score.notes for note in notes if note.start > bar - 0.1]
    assert last
    # 50 ms: hands are not exact.
    assert all(abs(note.start - bar) < 0.05 for note in last)
    assert score.fade is None
    start, end, chord = score.chords[-1]
    assert (start, end) == pytest.approx((bar, song.seconds))
    assert chord.rstrip("m0123456789aj") == song.key


def test_a_clip_from_the_middle_of_a_song_does_not_fade() -> None:
    name, index = song_with("disco", "fade")
    assert synth.clip_score("disco", name, index, seconds=5.0).fade is None


def test_a_clip_is_a_window_of_its_song() -> None:
    clip = synth.clip_score("reggae", "reggae-a01", 0, seconds=10.0)
    song = synth.song_score("reggae", "reggae-a01", 0)
    assert clip.song == song.song
    assert {name for _, _, name in clip.chords} <= {name for _, _, name in song.chords}


def test_twelve_artists_share_out_the_substyles_of_a_genre() -> None:
    for genre in synth.GENRES:
        names = synth.artist_names(genre)
        assert len(set(names)) == 12
        played = {synth.song_plan(genre, name, 0).artist.substyle.name for name in names}
        assert len(played) >= 3


def test_every_chart_of_every_style_can_be_read() -> None:
    for style in STYLES.values():
        for substyle in style.substyles:
            for chart in substyle.verse + substyle.chorus + substyle.bridge:
                assert parse_progression(chart)
            assert set(substyle.moods) <= set(synth.TAGS)


@pytest.mark.parametrize(
    ("genre", "artist", "words"),
    [("polka", "polka-a00", "polka"), ("jazz", "rock-a00", "rock-a00"), ("jazz", "Miles", "Miles")],
)
def test_unknown_names_are_refused(genre: str, artist: str, words: str) -> None:
    with pytest.raises(CorpusError, match=words):
        synth.render_clip(genre, artist, 0)


def test_a_clip_without_length_or_longer_than_its_song_is_refused() -> None:
    with pytest.raises(AudioError):
        synth.render_clip("jazz", "jazz-a00", 0, seconds=0)
    with pytest.raises(CorpusError, match="render_song"):
        synth.render_clip("jazz", "jazz-a00", 0, seconds=400)
