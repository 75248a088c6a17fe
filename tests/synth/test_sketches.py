"""The sketches have the features that they are built of, and the ten genres are as before."""

from __future__ import annotations

import numpy as np
import pytest

from mgrlib import synth
from mgrlib.data.sketches import joined, sketches
from mgrlib.data.synthetic import synthetic, truth
from mgrlib.errors import CorpusError
from mgrlib.synth.artists import artist
from mgrlib.synth.composer import compose, plan
from mgrlib.synth.styles import SKETCHES, STYLES
from mgrlib.synth.theory import SCALES, parse_progression


def notes_of(genre: str, number: int, part: str) -> tuple:
    """The notes of a part of an artist's first song, in its first half minute, with the song."""
    song = plan(artist(genre, f"{genre}-a{number:02d}"), 0)
    score = compose(song, 0.0, 30.0)
    return song, next(notes for player, notes in score.notes if player.part.name == part)


def test_sketches_are_no_part_of_the_ten_genres() -> None:
    assert len(synth.GENRES) == 10
    assert not set(synth.SKETCHES) & set(synth.GENRES)
    assert set(STYLES) == set(synth.GENRES)


def test_genres_of_the_corpus_are_in_equal_temperament() -> None:
    for style in STYLES.values():
        for substyle in style.substyles:
            assert substyle.tuning == () and substyle.tuning_spread == 0


def test_every_first_chord_of_the_ten_genres_has_a_third_and_so_a_mode() -> None:
    for style in STYLES.values():
        for substyle in style.substyles:
            for chart in substyle.verse:
                assert {3, 4} & set(parse_progression(chart)[0][0].tones)


@pytest.mark.parametrize("name", synth.SKETCHES)
def test_every_line_of_a_sketch_fills_its_bars_evenly(name: str) -> None:
    for substyle in SKETCHES[name].substyles:
        lines = [line for groove in substyle.grooves for line in groove.lines]
        lines += [line for groove in substyle.grooves for line in groove.fill if substyle.fills]
        for line in lines:
            assert len(line.split()[1]) % substyle.beats == 0, (substyle.name, line)
        for part in substyle.parts:
            for rhythm in getattr(part.play, "rhythms", ()):
                assert len(rhythm) % substyle.beats == 0, (substyle.name, rhythm)
        assert set(substyle.modes) <= set(SCALES)


def test_bars_of_the_additive_sketch_have_seven_or_nine_beats() -> None:
    corpus = sketches(6, seconds=4.0)
    bars = {truth(corpus, f"additive.{i:05d}").beats_per_bar for i in range(6)}
    assert bars == {7, 9}


def test_neutral_third_lies_half_way_between_minor_and_major() -> None:
    song, notes = notes_of("drone", 1, "tune")
    assert song.mode == "neutral third"
    steps = {round((note.pitches[0] - song.tonic) % 12, 1) for note in notes}
    thirds = [step for step in steps if 3.1 < step < 3.9]
    assert thirds and all(abs(step - 3.5) < 0.25 for step in thirds)
    assert 0.0 in steps or 12.0 in steps


def test_an_artists_scale_is_the_same_in_all_songs() -> None:
    singer = artist("layers", "layers-a03")
    scales = []
    for index in (0, 1):
        song = plan(singer, index)
        notes = compose(song, 0.0, 60.0).notes[0][1]
        scales.append({round((n.pitches[0] - song.tonic) % 12, 6) % 12 for n in notes})
    assert len(scales[0] | scales[1]) == 5


def test_five_steps_are_nearly_equal() -> None:
    song, notes = notes_of("layers", 0, "core")
    degrees = sorted({round((n.pitches[0] - song.tonic) % 12, 6) % 12 for n in notes})
    gaps = np.diff([*degrees, degrees[0] + 12])
    assert len(degrees) == 5
    assert np.all(np.abs(gaps - 2.4) < 0.6)


def test_layers_play_one_tune_at_four_times_the_density() -> None:
    _, core = notes_of("layers", 0, "core")
    _, fast = notes_of("layers", 0, "fast layer")
    assert abs(len(fast) - 4 * len(core)) <= 4  # notes that end before the window are left out
    assert {round(n.pitches[0] % 12, 6) for n in fast[::4]} <= {
        round(n.pitches[0] % 12, 6) for n in core
    }


def test_slow_layer_holds_notes_until_the_next() -> None:
    _, slow = notes_of("layers", 0, "slow layer")
    song, core = notes_of("layers", 0, "core")
    assert 0 < len(slow) < len(core)
    assert min(n.length for n in slow) >= 0.9 * 4 * 60 / song.tempo_bpm


def test_sketches_render_and_their_first_clips_do_not_depend_on_how_many_there_are() -> None:
    y = sketches(1, seconds=2.0).audio("drone.00000", 22050)
    assert y.shape == (44100,) and np.abs(y).max() < 1
    assert np.array_equal(y, sketches(3, seconds=2.0).audio("drone.00000", 22050))


def test_a_chord_without_a_third_gives_no_mode_tag() -> None:
    tags = truth(sketches(1, seconds=4.0), "layers.00000").tags
    assert not {"major mode", "minor mode"} & set(tags)


def test_corpora_of_different_seeds_or_with_the_same_clips_are_not_joined() -> None:
    with pytest.raises(CorpusError, match="one seed"):
        joined(synthetic(1, seed=1), sketches(1))
    with pytest.raises(CorpusError, match="each clip once"):
        joined(sketches(1), sketches(2))
    assert len(joined(synthetic(1), sketches(2))) == 16


@pytest.mark.parametrize(("n", "seconds", "words"), [(0, 30.0, "clip"), (1, 0.0, "seconds")])
def test_a_corpus_of_sketches_without_clips_or_length_is_refused(
    n: int, seconds: float, words: str
) -> None:
    with pytest.raises(CorpusError, match=words):
        sketches(n, seconds)
