"""The hand-made vectors: their columns, known values, librosa, and the public table."""

import librosa
import numpy as np
import pandas as pd
import pytest
import soundfile

from mgrlib.errors import FeatureError
from mgrlib.features import (
    Chroma,
    Concat,
    Dropped,
    LogMel,
    MelRows128,
    Mfcc,
    Rms,
    Tempo,
    Vector26,
    Vector57,
    ZeroCrossingRate,
)
from mgrlib.features.spectrum import Sound, Spectrum

RATE = 22050


def plain_vector26(y):
    feature = librosa.feature
    parts = [
        feature.tempo(y=y, sr=RATE),
        feature.zero_crossing_rate(y),
        feature.spectral_centroid(y=y, sr=RATE),
        feature.spectral_flatness(y=y),
        feature.chroma_stft(y=y, sr=RATE),
        feature.spectral_contrast(y=y, sr=RATE),
    ]
    return np.array([*(p.mean() for p in parts), *feature.mfcc(y=y, sr=RATE).mean(axis=1)])


def plain_vector57(y):
    feature, pad = librosa.feature, {"pad_mode": "reflect"}
    parts = librosa.decompose.hpss(librosa.stft(y, **pad))
    rows = [
        feature.chroma_stft(y=y, sr=RATE, **pad),
        feature.rms(y=y, **pad),
        feature.spectral_centroid(y=y, sr=RATE, **pad),
        feature.spectral_bandwidth(y=y, sr=RATE, **pad),
        feature.spectral_rolloff(y=y, sr=RATE, **pad),
        feature.zero_crossing_rate(y),
        *(librosa.util.fix_length(librosa.istft(part), size=len(y)) for part in parts),
    ]
    onsets = librosa.onset.onset_strength(y=y, sr=RATE, aggregate=np.median, **pad)
    tempo = feature.tempo(onset_envelope=onsets, sr=RATE)
    mfcc = feature.mfcc(y=y, sr=RATE, **pad)
    moments = [moment for row in [*rows] for moment in (row.mean(), row.var())]
    return np.array([*moments, *tempo, *(m for c in mfcc for m in (c.mean(), c.var()))])


def test_columns_are_named_and_there_is_one_name_a_value(y):
    for feature, n in ((Vector26, 26), (Vector57, 57), (MelRows128, 128)):
        assert len(feature.columns) == len(set(feature.columns)) == n
        assert feature(RATE)(y).shape == feature(RATE).shape(4.0) == (n,)
    assert Vector57.columns[16] == "tempo"
    assert Vector57.columns[-1] == "mfcc20_var"


def test_26_values_are_librosas(y):
    np.testing.assert_allclose(Vector26(RATE)(y), plain_vector26(y), rtol=1e-3)


def test_57_values_are_librosas(y):
    # the means of the two waveforms are about 1e-7 and compared absolutely
    np.testing.assert_allclose(Vector57(RATE)(y), plain_vector57(y), rtol=2e-3, atol=1e-6)


def test_row_means_are_those_of_the_log_mel(y):
    np.testing.assert_allclose(MelRows128(RATE)(y), LogMel(RATE)(y).mean(axis=1), atol=1e-4)


def test_one_stft_is_shared_by_all_parts(y, monkeypatch):
    spectra = []
    plain = Spectrum.stft_blocks

    def counted(self, n_frames=None):
        spectra.append(self)
        return plain(self, n_frames)

    monkeypatch.setattr(Spectrum, "stft_blocks", counted)
    for feature in (
        Vector57(RATE),
        Vector26(RATE),
        Concat(Mfcc(RATE), Chroma(RATE), LogMel(RATE, n_mels=40)),
        Concat(MelRows128(RATE, pad_mode="reflect"), Vector57(RATE)),
    ):
        spectra.clear()
        feature(y)
        assert len(spectra) == 1


@pytest.mark.parametrize("feature", [Vector26, Vector57, MelRows128])
@pytest.mark.parametrize("n", [1, 700, 22050])
def test_short_sounds_give_finite_values(feature, n, y):
    assert np.isfinite(feature(RATE)(y[:n])).all()


def test_silence_gives_finite_values_and_no_tempo():
    silence = np.zeros(RATE, dtype=np.float32)
    values = dict(zip(Vector57.columns, Vector57(RATE)(silence), strict=True))
    assert np.isfinite(list(values.values())).all()
    assert values["tempo"] == values["rms_mean"] == values["harmony_var"] == 0.0
    assert values["mfcc1_mean"] == pytest.approx(-100 * np.sqrt(128))


@pytest.mark.parametrize("scale", [32768.0, 1e9, 1e-6, 1e-20])
def test_very_loud_and_very_faint_sounds_give_finite_values(scale, y):
    loud = (y / np.abs(y).max() * scale).astype(np.float32)
    for feature in (Vector26(RATE), Vector57(RATE)):
        assert np.isfinite(feature(loud)).all()


def test_26_values_need_a_rate_for_their_highest_band():
    with pytest.raises(FeatureError, match="8000 Hz"):
        Vector26(8000)
    assert Vector57(8000)(np.random.default_rng(0).normal(size=8000)).shape == (57,)


def test_vectors_have_no_frames():
    with pytest.raises(FeatureError, match="n_frames"):
        Vector57(RATE, n_frames=100)


def test_bad_waveforms_are_refused():
    for bad in (np.zeros((2, 9)), np.zeros(0), np.ones(9, dtype=np.int16), np.array([np.nan])):
        for feature in (Vector26(RATE), Vector57(RATE), Concat(Tempo(RATE))):
            with pytest.raises(FeatureError):
                feature(bad)


def test_concat_puts_one_below_the_other(y):
    joined = Concat(Mfcc(RATE, n_mfcc=13), Rms(RATE), ZeroCrossingRate(RATE))
    array = joined(y)
    assert array.shape == joined.shape(4.0) == (15, 173)
    np.testing.assert_allclose(array[:13], Mfcc(RATE, n_mfcc=13)(y), atol=1e-4)
    np.testing.assert_array_equal(array[14:], ZeroCrossingRate(RATE)(y))


def test_concat_of_vectors_keeps_their_names(y):
    joined = Concat(Vector26(RATE), MelRows128(RATE))
    assert joined.columns == Vector26.columns + MelRows128.columns
    assert joined(y).shape == (154,)


def test_concat_takes_features_that_know_nothing_of_sharing(y):
    class Loudness:
        sample_rate, key = RATE, "Loudness-v1"

        def __call__(self, y):
            return np.array([np.sqrt(np.mean(y**2))])

        def shape(self, seconds):
            return (1,)

    joined = Concat(Tempo(RATE), Loudness())
    assert joined(y)[1] == pytest.approx(np.sqrt(np.mean(y**2)))
    assert "Loudness-v1" in joined.key


def test_concat_refuses_what_does_not_fit():
    with pytest.raises(FeatureError, match="one sample rate"):
        Concat(Mfcc(22050), Mfcc(16000))
    with pytest.raises(FeatureError, match="rows only"):
        Concat(Mfcc(RATE), Rms(RATE, hop_length=256))
    with pytest.raises(FeatureError, match="rows only"):
        Concat(Mfcc(RATE), Tempo(RATE))
    with pytest.raises(FeatureError, match="at least one"):
        Concat()


def test_concat_is_a_value():
    assert Concat(Mfcc(RATE), Rms(RATE)) == Concat(Mfcc(RATE), Rms(RATE))
    assert len({Concat(Mfcc(RATE)), Concat(Mfcc(RATE)), Concat(Rms(RATE))}) == 2
    assert Concat(Mfcc(RATE)).key != Concat(Rms(RATE)).key
    assert "Mfcc-v1" in Concat(Mfcc(RATE)).key


def test_dropping_nothing_changes_nothing(y):
    np.testing.assert_allclose(
        Dropped(Vector26(RATE), fraction=0.0)(y), Vector26(RATE)(y), rtol=1e-3
    )


def test_dropped_cells_are_gone_from_the_spectrum(y):
    spectrum = Dropped(Mfcc(RATE), fraction=0.75).masked_sound(Sound(y, RATE)).spectrum(2048, 512)
    assert np.mean(spectrum.power == 0) == pytest.approx(0.75, abs=0.01)


def test_dropping_depends_on_seed_and_sound(y, music):
    dropped = Dropped(Mfcc(RATE), fraction=0.5, seed=1)
    np.testing.assert_array_equal(dropped(y), dropped(y))
    assert not np.allclose(dropped(y), Dropped(Mfcc(RATE), fraction=0.5, seed=2)(y))
    holes = [
        dropped.masked_sound(Sound(sound, RATE)).spectrum(2048, 512).stft == 0
        for sound in (y, music(seed=5))
    ]
    assert not np.array_equal(*holes)
    assert dropped.key != Dropped(Mfcc(RATE), fraction=0.5, seed=2).key


def test_more_is_dropped_more_is_changed(y):
    clean = Vector26(RATE)(y)
    changes = [
        np.abs(Dropped(Vector26(RATE), fraction=f)(y) - clean)[6:].mean() for f in (0.25, 0.5, 0.75)
    ]
    assert changes == sorted(changes)


@pytest.mark.realdata
def test_the_public_tables_rows_are_reproduced(realdata):
    table = pd.read_csv(realdata / "kaggle/features_30_sec.csv.gz").set_index("filename")
    assert tuple(table.columns[1:-1]) == Vector57.columns
    deviations = []
    for path in sorted((realdata / "gtzan_sample/genres").glob("*/*.flac")):
        y, rate = soundfile.read(path, dtype="float32")
        name = next(
            f"{path.stem}{end}" for end in (".wav", ".au") if f"{path.stem}{end}" in table.index
        )
        expected = table.loc[name, list(Vector57.columns)].to_numpy(dtype=float)
        deviations.append(np.abs(Vector57(rate)(y) - expected) / np.abs(expected))
    assert np.mean(np.array(deviations) < 1e-5) > 0.99
    worst = dict(zip(Vector57.columns, np.max(deviations, axis=0), strict=True))
    # The means of the two waveforms are differences of large sums: relative errors mean little.
    for column in ("harmony_mean", "perceptr_mean"):
        assert worst.pop(column) < 1e-2
    assert max(worst.values()) < 1e-4


@pytest.mark.realdata
def test_real_clips_are_librosas(realdata):
    for path in sorted((realdata / "gtzan_sample/genres").glob("*/*.flac"))[::7]:
        y = soundfile.read(path, dtype="float32")[0][: 5 * RATE]
        np.testing.assert_allclose(Vector26(RATE)(y), plain_vector26(y), rtol=1e-3)
        np.testing.assert_allclose(Vector57(RATE)(y), plain_vector57(y), rtol=2e-3, atol=1e-5)
