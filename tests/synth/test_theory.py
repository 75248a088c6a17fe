from __future__ import annotations

import pytest

from mgrlib.errors import CorpusError
from mgrlib.synth.composer import steps, voice
from mgrlib.synth.theory import frequency, parse_chord, parse_progression


def test_a_capital_numeral_is_major_and_a_small_one_minor() -> None:
    assert parse_chord("IV").tones == (0, 4, 7)
    assert parse_chord("iv").tones == (0, 3, 7)


def test_a_flat_seventh_degree_lies_ten_semitones_up() -> None:
    assert parse_chord("bVII").root == 10


def test_a_chord_is_named_in_its_key() -> None:
    assert parse_chord("V7").name(tonic=7) == "D7"


def test_an_unknown_numeral_is_refused_by_name() -> None:
    with pytest.raises(CorpusError, match="'H7'"):
        parse_chord("H7")


def test_an_unknown_quality_is_refused_by_name() -> None:
    with pytest.raises(CorpusError, match="'wrong'"):
        parse_chord("Iwrong")


def test_a_chart_has_one_tuple_a_bar() -> None:
    assert [len(bar) for bar in parse_progression("I | IV V | I")] == [1, 2, 1]


def test_concert_pitch_is_440_hz() -> None:
    assert frequency(69) == pytest.approx(440.0)
    assert frequency(57) == pytest.approx(220.0)


def test_tablature_gives_start_length_and_level() -> None:
    assert steps("x-.X", 4) == [(0.0, 2.0, 0.78), (3.0, 1.0, 1.0)]


def test_a_power_chord_is_root_fifth_and_octave() -> None:
    assert voice(parse_chord("i"), tonic=4, voicing="power", center=46) == (40, 47, 52)
