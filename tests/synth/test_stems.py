"""Stems add up to the clip, and a clip minus a stem is without its instruments."""

from __future__ import annotations

import numpy as np
import pytest

from mgrlib.data.synthetic import SAMPLE_RATE, stem, synthetic, truth
from mgrlib.errors import CorpusError
from mgrlib.synth import GENRES, clip_truth, render_clip, render_stem

ROUNDING = 1 / 32768


@pytest.mark.parametrize("genre", GENRES)
@pytest.mark.parametrize("number", [0, 5])
def test_stems_of_two_halves_of_a_band_add_up_to_the_whole_band(genre, number):
    artist = f"{genre}-a{number:02d}"
    names = clip_truth(genre, artist, 1, seconds=4.0).instruments
    halves = [names[: len(names) // 2], names[len(names) // 2 :]]
    parts = [render_stem(genre, artist, 1, half, seconds=4.0) for half in halves]
    everybody = render_stem(genre, artist, 1, names, seconds=4.0)
    # gains are ratios of samples, which cost a few digits where the mix crosses zero
    np.testing.assert_allclose(parts[0] + parts[1], everybody, atol=2 * ROUNDING)


@pytest.mark.parametrize("genre", GENRES)
def test_all_instruments_are_the_clip_but_for_the_recordings_noise(genre):
    artist = f"{genre}-a03"
    y = render_clip(genre, artist, 0, seconds=4.0)
    names = clip_truth(genre, artist, 0, seconds=4.0).instruments
    noise = y - render_stem(genre, artist, 0, names, seconds=4.0)
    assert np.sqrt(np.mean(noise**2)) < 0.2 * np.sqrt(np.mean(y**2))


def test_drums_are_short_and_a_clip_without_them_is_smoother():
    y = render_clip("disco", "disco-a00", 0, seconds=6.0)
    drums = render_stem("disco", "disco-a00", 0, ["drums"], seconds=6.0)
    assert np.abs(drums).max() > 0.01
    power = [np.square(x[: 256 * 500].reshape(-1, 256)).mean(1) for x in (drums, y - drums)]
    crest = [p.max() / p.mean() for p in power]
    assert crest[0] > 2 * crest[1]


def test_no_instrument_is_silence():
    assert not render_stem("jazz", "jazz-a00", 0, [], seconds=1.0).any()


def test_an_instrument_that_does_not_play_is_refused():
    with pytest.raises(CorpusError, match=r"sound in the clip.*kazoo"):
        render_stem("jazz", "jazz-a00", 0, ["kazoo"], seconds=1.0)


def test_a_corpus_gives_the_stems_of_its_clips():
    corpus = synthetic(1, seconds=2.0)
    names = truth(corpus, "rock.00000").instruments
    y = stem(corpus, "rock.00000", names)
    assert y.shape == corpus.audio("rock.00000", SAMPLE_RATE).shape
    songs = synthetic(1, songs=True)
    with pytest.raises(CorpusError, match="stem"):
        stem(songs, "rock.00000", names)
