"""Pictures of spectrograms as a corpus: known color maps are inverted, others refused."""

from __future__ import annotations

import pickle

import matplotlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from mgrlib.data.corpus import FeatureSource
from mgrlib.data.gtzan import gtzan
from mgrlib.data.pictures import COLOR_MAPS, gtzan_pictures, inverted, read_picture
from mgrlib.errors import AudioError, CorpusError, FeatureError
from mgrlib.features import (
    Concat,
    Crop,
    LogMel,
    MelPicture,
    MelPixels,
    Mfcc,
    Rms,
    TaggerMel,
    Vector57,
    WavePlot,
)
from mgrlib.segments import Cut, cut


def colored(levels: np.ndarray, name: str) -> np.ndarray:
    """Levels (H, W), low bands first, as matplotlib colors them, high bands above."""
    colors = matplotlib.colormaps[name](levels[::-1], bytes=True)
    return np.ascontiguousarray(colors[..., :3])


def some_levels(seed: int = 0, shape: tuple[int, int] = (32, 60)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@given(seed=st.integers(0, 2**32 - 1), name=st.sampled_from(COLOR_MAPS), stated=st.booleans())
@settings(max_examples=30, deadline=None)
def test_what_matplotlib_colored_is_read_back(seed, name, stated):
    levels = some_levels(seed, (9, 13))
    inversion = inverted(colored(levels, name), name if stated else None)
    assert inversion.color_map == name
    assert np.array_equal(colored(inversion.levels, name), colored(levels, name))
    assert inversion.largest == 0.0
    assert inversion.far == 0.0


def test_a_margin_is_cut_off_white_or_transparent():
    levels = some_levels()
    picture = np.full((50, 90, 4), 255, dtype=np.uint8)
    picture[10:42, 20:80, :3] = colored(levels, "magma")
    assert inverted(picture).levels.shape == levels.shape
    picture[:10, :, :] = 0
    assert inverted(picture).levels.shape == levels.shape


def test_colors_a_little_off_are_read_and_said_to_be_off():
    picture = colored(some_levels(), "viridis").astype(int)
    picture[0, 0] = (picture[0, 0] + 40) % 256
    inversion = inverted(picture.astype(np.uint8))
    assert inversion.largest > 12
    assert 0 < inversion.far < 0.01
    assert "viridis" in repr(inversion)


@pytest.mark.parametrize(
    ("picture", "message"),
    [
        (np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8), "of the pixels"),
        (colored(some_levels(), "coolwarm"), "of the pixels"),
        (np.full((20, 30, 3), 255, dtype=np.uint8), "an empty one"),
        (np.zeros((20, 30, 3), dtype=np.uint8), "one color"),
        (np.zeros((20, 30), dtype=np.uint8), "shape"),
    ],
)
def test_what_is_not_of_a_known_map_is_refused(picture, message):
    with pytest.raises(FeatureError, match=message):
        inverted(picture)


def test_another_map_than_the_one_stated_is_refused():
    with pytest.raises(FeatureError, match="jet"):
        inverted(colored(some_levels(), "magma"), "jet")
    with pytest.raises(FeatureError, match="'hot'"):
        inverted(colored(some_levels(), "magma"), "hot")


def test_the_mel_picture_of_this_package_is_read_as_well(tmp_path):
    y = np.random.default_rng(0).normal(size=22050).astype(np.float32)
    picture = (255 * MelPicture(22050, size=64)(y)).round().astype(np.uint8)
    Image.fromarray(picture).save(tmp_path / "a.png")
    assert read_picture(tmp_path / "a.png").color_map == "magma"


@pytest.mark.parametrize("content", [b"", b"no picture"])
def test_a_file_that_is_no_picture_is_named(tmp_path, content):
    (tmp_path / "a.png").write_bytes(content)
    for name in ("a.png", "b.png"):
        with pytest.raises(FeatureError, match=name.replace(".", r"\.")):
            read_picture(tmp_path / name)


@pytest.fixture
def maps():
    """Three clips of each of two genres, 128 bands by 535 columns."""
    ids = [f"{genre}.{n:05d}" for genre in ("blues", "jazz") for n in (0, 20, 40)]
    return {clip: some_levels(i, (128, 535)) for i, clip in enumerate(ids)}


@pytest.fixture
def archive(tmp_path, maps):
    path = tmp_path / "maps.npz"
    np.savez_compressed(path, maps=np.stack(list(maps.values())), clip_ids=np.array(list(maps)))
    return path


@pytest.fixture
def folder(tmp_path, maps):
    for clip, levels in maps.items():
        genre, number = clip.split(".")
        place = tmp_path / "kaggle" / "images_original" / genre
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(colored(levels, "viridis")).save(place / f"{genre}{number}.png")
    (place / "._jazz00000.png").write_bytes(b"macOS")
    return tmp_path / "kaggle"


MEL = LogMel(22050, n_frames=1024)


def test_a_folder_and_an_archive_give_the_same_features(folder, archive, maps):
    unpacked, packed = gtzan_pictures(folder), gtzan_pictures(archive)
    assert list(unpacked.clips.index) == list(packed.clips.index) == list(maps)
    assert (unpacked.name, unpacked.genres) == ("gtzan-pictures-6", ("blues", "jazz"))
    assert isinstance(packed.source, FeatureSource)
    a, b = (cut(corpus, MEL).inputs[0] for corpus in (unpacked, packed))
    assert a.shape == (6, 128, 1024)
    assert (a - b).abs().max() <= 80 / 255 * 1.01  # some steps of a map share a color


def test_groups_are_artists(archive):
    assert gtzan_pictures(archive).clips["group"]["blues.00000"] == "John Lee Hooker"


def test_levels_are_decibels_at_the_bands_and_times_of_the_map(tmp_path):
    levels = np.zeros((128, 535), dtype=np.uint8)
    levels[40, 300] = 255
    other = levels.copy()
    other[0, 0] = 1
    path = tmp_path / "m.npz"
    np.savez(path, maps=np.stack([levels, other]), clip_ids=["blues.00000", "jazz.00000"])
    mel = cut(gtzan_pictures(path), LogMel(22050)).inputs[0][0].numpy()
    band, frame = np.unravel_index(mel.argmax(), mel.shape)
    assert band == 40
    assert frame * 512 / 22050 == pytest.approx(300.5 * 30 / 535, abs=0.03)
    assert mel.min() == -80.0
    assert -12 < mel.max() <= 0


def test_every_feature_of_mel_levels_can_be_had(archive):
    corpus = gtzan_pictures(archive)
    features = (
        MEL,
        Mfcc(22050, n_mfcc=16, n_frames=1024),
        MelPicture(22050, size=96, channels="first"),
        TaggerMel(12000, part="start"),
        TaggerMel(12000),
        Crop(MelPixels(22050, n_frames=216), seconds=5.0),
    )
    for feature in features:
        x = cut(corpus, feature).inputs[0]
        assert tuple(x.shape[1:]) == feature.shape(30.0)
        assert x.isfinite().all()
        assert x.std() > 0


def test_mfcc_of_pictures_are_the_cosine_transform_of_their_levels(archive):
    from scipy.fft import dct

    corpus = gtzan_pictures(archive)
    mel, mfcc = cut(corpus, MEL, Mfcc(22050, n_mfcc=16, n_frames=1024)).inputs
    np.testing.assert_allclose(
        mfcc.numpy(), dct(mel.numpy(), axis=1, norm="ortho")[:, :16], rtol=1e-3, atol=1e-2
    )


def test_clips_are_cut_into_segments_in_time(archive):
    corpus = gtzan_pictures(archive)
    segments = cut(corpus, Mfcc(22050, n_mfcc=13), how=Cut(3.0))
    assert segments.inputs[0].shape == (60, 13, 130)
    clip = cut(corpus, Mfcc(22050, n_mfcc=13, top_db=None)).inputs[0][0]
    third = cut(corpus, Mfcc(22050, n_mfcc=13, top_db=None), how=Cut(3.0)).inputs[0][2]
    at = 2 * 3 * 22050 / 512  # not a whole number of frames
    np.testing.assert_allclose(third[:, 0], clip[:, round(at)], atol=25)
    with pytest.raises(AudioError, match="at least 40 s"):
        cut(corpus, MEL, how=Cut(40.0))


@pytest.mark.parametrize(
    "feature", [Vector57(22050), WavePlot(22050), Rms(22050), Concat(Mfcc(22050), Rms(22050))]
)
def test_features_that_need_the_sound_are_refused(archive, feature):
    with pytest.raises(FeatureError, match=r"blues\.00000.*mel levels"):
        cut(gtzan_pictures(archive), feature)


def test_there_is_no_audio(archive):
    with pytest.raises(AudioError, match="a picture"):
        gtzan_pictures(archive).audio("blues.00000", 22050)


def test_the_content_is_told_by_the_pictures(archive, folder, tmp_path, maps):
    assert gtzan_pictures(archive).content() != gtzan_pictures(folder).content()
    before = gtzan_pictures(folder).content()
    place = folder / "images_original/jazz/jazz00000.png"
    Image.fromarray(colored(maps["blues.00000"], "viridis")).save(place)
    assert gtzan_pictures(folder).content() != before


def test_a_source_travels_to_other_processes_without_its_maps(archive):
    corpus = gtzan_pictures(archive)
    cut(corpus, MEL)
    assert len(pickle.dumps(corpus.source)) < 500


def test_odd_archives_and_folders_are_refused(tmp_path, archive, folder):
    odd = tmp_path / "odd.npz"
    for content in (
        {"maps": np.zeros((2, 3, 4)), "clip_ids": ["blues.00000", "jazz.00000"]},
        {"maps": np.zeros((2, 3, 4), dtype=np.uint8), "clip_ids": ["blues.00000"]},
        {"maps": np.zeros((2, 3, 4), dtype=np.uint8)},
        {"maps": np.zeros((2, 3, 4), dtype=np.uint8), "clip_ids": ["blues.00000", "polka.1"]},
    ):
        np.savez(odd, **content)
        with pytest.raises(CorpusError, match=r"odd\.npz"):
            gtzan_pictures(odd)
    odd.write_bytes(archive.read_bytes()[:1000])
    for path in (odd, tmp_path / "none.npz", tmp_path / "none"):
        with pytest.raises(CorpusError, match=path.name):
            gtzan_pictures(path)
    (folder / "images_original/jazz/cover.png").write_bytes(b"")
    with pytest.raises(CorpusError, match=r"jazz/cover\.png"):
        gtzan_pictures(folder)


@pytest.mark.realdata
def test_the_maps_are_in_step_with_the_recordings(realdata):
    """Averaged over time, log-mel of the sound and of the picture rise and fall together."""
    maps = gtzan_pictures(realdata / "gtzan_maps/gtzan_maps.npz")
    sound = gtzan(realdata / "gtzan_sample")
    assert len(maps) == 1000
    coarse = LogMel(22050, n_fft=512, hop_length=256, n_mels=20, n_frames=2500)
    for clip in sound.clips.index[::4]:
        columns, frames = (
            cut(c, coarse, clip_ids=[clip]).inputs[0][0].numpy() for c in (maps, sound)
        )
        blocks = [x.reshape(20, 50, 50).mean(axis=2).ravel() for x in (columns, frames)]
        assert np.corrcoef(*blocks)[0, 1] > 0.85, clip
