from __future__ import annotations

import functools
import hashlib
import http.server
import shutil
import threading
import zipfile
from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mgrlib import storage
from mgrlib.data.audio import FileSource
from mgrlib.data.corpus import Corpus
from mgrlib.data.gtzan import (
    CITATION,
    GENRES,
    LICENSE,
    download_gtzan,
    gtzan,
    gtzan_mini,
    known_faults,
)
from mgrlib.data.gtzan_artists import artist_groups
from mgrlib.data.splits import artist_folds, by_group, fault_filtered
from mgrlib.errors import ChecksumError, CorpusError, SplitError

ALL_IDS = [f"{genre}.{n:05d}" for genre, n in product(GENRES, range(100))]


@pytest.fixture
def lay_out(write) -> Callable[..., None]:
    """Write clips 0 and 1 of each genre below a folder."""

    def write_all(below: str, suffix: str = ".wav") -> None:
        for genre, n in product(GENRES, range(2)):
            write(f"{below}/{genre}/{genre}.{n:05d}{suffix}")

    return write_all


@pytest.mark.parametrize(
    ("below", "suffix"),
    [
        ("genres", ".au"),
        ("genres_original", ".wav"),
        ("Data/genres_original", ".wav"),
        ("data/genres", ".wav"),
        (".", ".flac"),
        ("gtzan_mini-main/genres", ".wav"),
    ],
)
def test_every_layout_in_use_gives_the_same_clips(tmp_path, lay_out, below, suffix):
    lay_out(below, suffix)
    corpus = gtzan(tmp_path)
    assert corpus.genres == GENRES
    assert list(corpus.clips.index[:3]) == ["blues.00000", "blues.00001", "classical.00000"]
    assert corpus.counts() == dict.fromkeys(GENRES, 2)
    assert corpus.clips["seconds"].tolist() == [0.5] * 20
    assert len(corpus.audio("rock.00001", 16_000)) == 8_000


def test_what_is_not_a_clip_by_its_name_is_passed_over(tmp_path, lay_out):
    lay_out("genres")
    for name in ("bl.mf", "blues/._blues.00000.wav", "blues/.DS_Store", "README.md", "pop/a.txt"):
        (tmp_path / "genres" / name).write_text("not a clip")
    (tmp_path / "__MACOSX" / "genres" / "blues").mkdir(parents=True)
    assert len(gtzan(tmp_path)) == 20


def test_a_part_of_gtzan_is_not_called_gtzan(tmp_path, lay_out):
    lay_out("genres")
    assert gtzan(tmp_path).name == "gtzan-part"


def test_missing_genres_are_listed(tmp_path, lay_out):
    lay_out("genres")
    shutil.rmtree(tmp_path / "genres" / "jazz")
    with pytest.raises(CorpusError, match="without 'jazz'"):
        gtzan(tmp_path)


def test_foreign_genres_are_listed(tmp_path, lay_out, write):
    lay_out("genres")
    write("genres/polka/polka.00000.wav")
    with pytest.raises(CorpusError, match="'polka' besides"):
        gtzan(tmp_path)


def test_a_genre_without_clips_is_named(tmp_path, lay_out):
    lay_out("genres")
    for path in (tmp_path / "genres" / "pop").iterdir():
        path.unlink()
    with pytest.raises(CorpusError, match="no clip in 'pop'"):
        gtzan(tmp_path)


def test_a_file_of_another_form_is_named(tmp_path, lay_out, write):
    lay_out("genres")
    write("genres/pop/my favorite.wav")
    with pytest.raises(CorpusError, match="my favorite"):
        gtzan(tmp_path)


def test_two_files_of_one_clip_are_named(tmp_path, lay_out, write):
    lay_out("genres")
    write("genres/pop/pop.00001.au")
    with pytest.raises(CorpusError, match=r"pop\.00001\.au and pop\.00001\.wav"):
        gtzan(tmp_path)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(CorpusError, match="no such folder"):
        gtzan(tmp_path / "gone")


def test_a_folder_of_something_else_is_refused_with_the_layout(tmp_path):
    (tmp_path / "pictures").mkdir()
    with pytest.raises(CorpusError, match="genres_original"):
        gtzan(tmp_path)


def test_without_a_folder_it_says_where_to_put_one(tmp_path, monkeypatch):
    monkeypatch.setenv("MGRLIB_HOME", str(tmp_path))
    with pytest.raises(CorpusError, match="download_gtzan"):
        gtzan()


def test_a_corrupt_clip_is_refused_left_out_or_kept_but_never_skipped_in_silence(tmp_path, lay_out):
    lay_out("genres_original")
    (tmp_path / "genres_original" / "jazz" / "jazz.00001.wav").write_bytes(b"\0" * 100)
    with pytest.raises(CorpusError, match=r"(?s)jazz\.00001\.wav.*exclude"):
        gtzan(tmp_path)
    assert "jazz.00001" not in gtzan(tmp_path, exclude=["jazz.00001"]).clips.index
    assert np.isnan(gtzan(tmp_path, check=False).clips.loc["jazz.00001", "seconds"])


def test_excluding_a_clip_that_is_not_there_is_refused(tmp_path, lay_out):
    lay_out("genres")
    with pytest.raises(CorpusError, match=r"jazz\.00054"):
        gtzan(tmp_path, exclude=["jazz.00054"])


def test_groups_are_artists_where_they_are_known_and_clips_otherwise(tmp_path, lay_out):
    lay_out("genres")
    groups = gtzan(tmp_path).clips["group"]
    assert groups["blues.00000"] == groups["blues.00001"] == "John Lee Hooker"
    assert groups["country.00000"] == "Faith Hill"
    by_clip = gtzan(tmp_path, groups="clip").clips
    assert (by_clip["group"] == by_clip.index).all()


def test_groups_of_another_kind_are_refused(tmp_path, lay_out):
    lay_out("genres")
    with pytest.raises(CorpusError, match="groups="):
        gtzan(tmp_path, groups="album")


@pytest.fixture(scope="module")
def all_clips() -> Corpus:
    """GTZAN's 1,000 rows without its audio."""
    groups = artist_groups(ALL_IDS)
    genres = [clip.split(".")[0] for clip in ALL_IDS]
    table = pd.DataFrame(
        {"path": "", "genre": genres, "group": groups, "seconds": 30.0},
        index=pd.Index(ALL_IDS, name="clip_id"),
    )
    return Corpus("gtzan", GENRES, table, FileSource())


def test_the_fault_filtered_split_has_the_published_sizes_and_17_groups_in_two_parts(all_clips):
    split = fault_filtered(all_clips)
    assert len(split.shared_groups(all_clips)) == 17
    groups = all_clips.clips["group"]
    trained = set(groups[[*split.train, *split.valid]])
    assert groups[list(split.test)].isin(trained).sum() == 56
    assert [len(ids) for ids in split.parts().values()] == [443, 197, 290]
    assert split.source == "Kereliuk et al. (2015), fault-filtered"
    assert "blues.00000" in split.valid
    assert "rock.00099" in split.train


def test_the_artist_folds_keep_groups_whole_and_the_published_ones_do_not(all_clips):
    splits = artist_folds(all_clips)
    published = artist_folds(all_clips, published=True)
    assert [split.check(all_clips) for split in splits] == splits
    for several in (splits, published):
        tested = [clip for split in several for clip in split.test]
        assert len(tested) == len(set(tested)) == 948
        assert all(len(split.train) + len(split.test) == 948 for split in several)
        assert all(300 <= len(split.test) <= 330 for split in several)
    shared = {group for split in published for group in split.shared_groups(all_clips)}
    assert len(shared) == 28
    assert {"A Tribe Called Quest", "Slayer", "Vince Gill"} <= shared
    old = {clip: split.name for split in published for clip in split.test}
    assert sum(old[clip] != split.name for split in splits for clip in split.test) == 58
    assert "hiphop.00000" in published[0].test and "hiphop.00046" in published[1].test


def test_artist_folds_of_a_part_say_how_small_they_are(all_clips):
    part = all_clips.select(clip_ids=[clip for clip in ALL_IDS if int(clip[-5:]) % 2])
    splits = artist_folds(part)
    assert "only the 475 of its 948 clips that" in splits[0].source
    assert set().union(*(split.test for split in splits)) <= set(part.clips.index)


def test_artist_folds_refuse_a_part_that_cannot_be_taught(all_clips):
    first = [clip for clip in ALL_IDS if int(clip[-5:]) < 10]
    with pytest.raises(SplitError, match="training clips in each genre"):
        artist_folds(all_clips.select(clip_ids=first))
    with pytest.raises(SplitError, match="clips in every fold"):
        artist_folds(
            all_clips.select(
                genres=["blues", "classical"], clip_ids=[*ALL_IDS[:12], *ALL_IDS[132:140]]
            )
        )


def test_the_fault_filtered_split_of_a_part_says_how_small_it_is(all_clips):
    first = [clip for clip in ALL_IDS if int(clip[-5:]) < 10]
    split = fault_filtered(all_clips.select(clip_ids=first))
    assert "only the 93 of its 930 clips" in split.source


def test_all_of_gtzan_can_be_split_by_artist(all_clips):
    split = by_group(all_clips, test=0.2, valid=0.1, seed=0).check(all_clips)
    assert len(split.test) == pytest.approx(200, abs=10)


def test_known_faults_name_clips_of_gtzan_and_repeated_ones_share_a_group(all_clips):
    faults = known_faults()
    assert set(faults["clip_id"]) <= set(ALL_IDS)
    assert (faults["kind"] == "exact-duplicate").sum() == 14
    assert "jazz.00054" in set(faults.loc[faults["kind"] == "corrupt", "clip_id"])
    group = all_clips.clips["group"]
    for _, row in faults[faults["same_as"] != ""].iterrows():
        assert group[row["clip_id"]] == group[row["same_as"]]


def test_the_license_and_the_papers_are_named():
    assert "no license" in LICENSE
    assert "Tzanetakis" in CITATION
    assert "Sturm" in CITATION


class Shelf(http.server.SimpleHTTPRequestHandler):
    """Serves files without a word."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@pytest.fixture
def address(tmp_path, lay_out, monkeypatch):
    """A server on this machine with a small archive in the form of the mini set's."""
    lay_out("gtzan_mini-main/genres")
    archive = tmp_path / "main.zip"
    with zipfile.ZipFile(archive, "w") as pack:
        for path in sorted((tmp_path / "gtzan_mini-main").rglob("*.wav")):
            pack.write(path, path.relative_to(tmp_path))
    digest = "md5:" + hashlib.md5(archive.read_bytes(), usedforsecurity=False).hexdigest()
    monkeypatch.setenv("MGRLIB_HOME", str(tmp_path / "store"))
    handler = functools.partial(Shelf, directory=str(tmp_path))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", digest
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_mini_set_is_fetched_once_from_the_first_mirror_that_works(address):
    server, digest = address
    corpus = gtzan_mini(urls=[f"{server}/gone.zip", f"{server}/main.zip"], digest=digest)
    assert corpus.name == "gtzan-mini"
    assert len(corpus) == 20
    assert corpus.clips["group"]["blues.00000"] == "John Lee Hooker"
    assert str(storage.home()) in corpus.clips["path"].iloc[0]
    again = gtzan_mini(urls=[])
    pd.testing.assert_frame_equal(again.clips, corpus.clips)
    archives = [p.name for p in (storage.home() / "downloads").glob("*.zip")]
    assert archives == []


def test_a_mini_set_of_other_content_is_refused_with_the_digest_that_came(address):
    server, digest = address
    with pytest.raises(ChecksumError, match=digest.removeprefix("md5:")):
        gtzan_mini(urls=[f"{server}/main.zip"])
    assert not (storage.home() / "gtzan-mini").exists()


def test_the_full_set_is_fetched_only_when_asked_for_and_found_afterwards(address):
    server, digest = address
    with pytest.raises(CorpusError, match="download_gtzan"):
        gtzan()
    folder = download_gtzan(urls=[f"{server}/main.zip"], digest=digest)
    assert folder == storage.home() / "gtzan"
    assert len(gtzan()) == 20


@pytest.mark.realdata
def test_real_clips_are_read(realdata):
    corpus = gtzan(realdata / "gtzan_sample")
    assert corpus.counts() == dict.fromkeys(GENRES, 2)
    y = corpus.audio("blues.00000", 22_050)
    assert y.shape == (661_794,)  # the length that the public feature table gives
    assert 0.01 < np.sqrt(np.mean(y**2)) < 0.5


@pytest.mark.realdata
def test_the_split_is_that_of_the_published_lists(realdata, all_clips):
    split = fault_filtered(all_clips)
    for part, ids in split.parts().items():
        lines = (realdata / "gtzan_fault_filtered" / f"{part}_filtered.txt").read_text().split()
        assert list(ids) == [Path(line).stem for line in lines]
