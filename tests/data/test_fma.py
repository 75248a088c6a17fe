"""FMA, on a made-up tree in the layout of its archives."""

from __future__ import annotations

import csv
import warnings

import numpy as np
import pytest
import soundfile as sf

from mgrlib.cli import main
from mgrlib.data.fma import fma, known_faults
from mgrlib.data.splits import own_split
from mgrlib.errors import CorpusError, MgrWarning, SplitError
from mgrlib.experiments.protocol import NAMED
from mgrlib.experiments.record import read_records

# The columns of tracks.csv, in its order.
ALBUM = (
    "comments date_created date_released engineer favorites id information listens producer tags "
    "title tracks type"
)
ARTIST = (
    "active_year_begin active_year_end associated_labels bio comments date_created favorites id "
    "latitude location longitude members name related_projects tags website wikipedia_page"
)
TRACK = (
    "bit_rate comments composer date_created date_recorded duration favorites genre_top genres "
    "genres_all information interest language_code license listens lyricist number publisher tags "
    "title"
)
NAMES = [
    *(("album", name) for name in ALBUM.split()),
    *(("artist", name) for name in ARTIST.split()),
    *(("set", name) for name in ("split", "subset")),
    *(("track", name) for name in TRACK.split()),
]
LICENSE = "Attribution-NonCommercial-ShareAlike 3.0 International"
SPLITS = ("training", "training", "validation", "test")


def row(track: int, genre: str, artist: int, split: str, subset: str = "small") -> dict:
    """The values of a track that matter here."""
    return {
        "track_id": str(track),
        ("album", "title"): f"Album {artist}",
        ("artist", "bio"): '<p>Two lines,\nand "quotes".</p>',
        ("artist", "id"): str(artist),
        ("artist", "name"): "NA" if artist == 1 else f"Artist {artist}",
        ("set", "split"): split,
        ("set", "subset"): subset,
        ("track", "genre_top"): genre,
        ("track", "license"): "" if track == 2 else LICENSE,
        ("track", "title"): f"Song {track}",
        ("track", "duration"): "168",
    }


@pytest.fixture
def tree(tmp_path):
    """Two genres of four artists with two tracks each in small, and more in larger subsets."""
    rows = []
    for k, genre in enumerate(("Hip-Hop", "Rock")):
        for i in range(8):
            rows.append(row(2 + 1000 * k + i, genre, 1 + 10 * k + i // 2, SPLITS[i // 2]))
    rows += [
        row(140, "Jazz", 30, "test", "medium"),
        row(141, "Jazz", 31, "training", "medium"),
        row(142, "", 31, "training", "large"),
    ]
    rng = np.random.default_rng(0)
    for subset in ("small", "medium"):
        for entry in rows:
            if entry["set", "subset"] in ("small", subset):
                name = f"{int(entry['track_id']):06d}"
                path = tmp_path / f"fma_{subset}" / name[:3] / f"{name}.mp3"
                path.parent.mkdir(parents=True, exist_ok=True)
                sf.write(path, 0.1 * rng.standard_normal(16000), 16000, format="MP3")
        (tmp_path / f"fma_{subset}" / "README.txt").write_text("by the artists")
    return write_table(tmp_path, rows)


def write_table(root, rows):
    path = root / "fma_metadata" / "tracks.csv"
    path.parent.mkdir(exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["", *(first for first, _ in NAMES)])
        writer.writerow(["", *(second for _, second in NAMES)])
        writer.writerow(["track_id", *[""] * len(NAMES)])
        for entry in rows:
            writer.writerow([entry["track_id"], *(entry.get(name, "") for name in NAMES)])
    return root


def test_a_subset_comes_with_genres_artists_and_licenses(tree):
    corpus = fma(tree, "small")
    assert (corpus.name, corpus.genres) == ("fma-small", ("Hip-Hop", "Rock"))
    assert corpus.counts() == {"Hip-Hop": 8, "Rock": 8}
    clip = corpus.clips.loc["000004"]
    assert clip["path"] == str(tree / "fma_small" / "000" / "000004.mp3")
    assert (clip["group"], clip["artist"], clip["title"]) == ("2 Artist 2", "Artist 2", "Song 4")
    assert clip["license"] == LICENSE
    assert clip["attribution"] == f"Song 4 by Artist 2 ({LICENSE}), Free Music Archive, track 4"
    assert clip["seconds"] == pytest.approx(1, abs=0.2)
    assert len(corpus.audio("000004", 22050)) > 20_000


def test_an_artist_called_na_and_a_missing_license_are_texts(tree):
    clip = fma(tree, "small").clips.loc["000002"]
    assert (clip["artist"], clip["license"]) == ("NA", "")
    assert "license not stated" in clip["attribution"]


def test_a_larger_subset_holds_the_smaller_ones(tree):
    assert fma(tree, "medium").counts() == {"Hip-Hop": 8, "Jazz": 2, "Rock": 8}


def test_tracks_without_a_top_genre_are_counted(tree):
    (tree / "fma_medium").rename(tree / "fma_large")
    with pytest.warns(MgrWarning, match="passed over: 1 tracks without a single top genre"):
        assert len(fma(tree, "large")) == 18


@pytest.mark.parametrize("place", ["fma_small", "."])
def test_the_folder_says_which_subset_it_is(tree, place):
    if place == ".":
        (tree / "fma_medium").rename(tree / "elsewhere")
    assert fma(tree / place).name == "fma-small"


def test_several_subsets_need_a_choice(tree):
    with pytest.raises(CorpusError, match=r"'small', 'medium'.*--subset"):
        fma(tree)
    with pytest.raises(CorpusError, match="subset among"):
        fma(tree, "tiny")
    with pytest.raises(CorpusError, match="fma_small"):
        fma(tree / "fma_metadata")
    with pytest.raises(CorpusError, match="no such folder"):
        fma(tree / "none")


def test_missing_files_are_one_error_or_one_line(tree):
    for name in ("000002", "000003"):
        (tree / "fma_small" / "000" / f"{name}.mp3").unlink()
    with pytest.raises(CorpusError, match=r"2 of 16 files missing: '000/000002.mp3'.*partial"):
        fma(tree, "small")
    with pytest.warns(MgrWarning, match="passed over: 2 of 16 listed files, which are missing"):
        corpus = fma(tree, "small", partial=True)
    assert (corpus.name, len(corpus)) == ("fma-small-part", 14)


def test_a_missing_or_foreign_table_is_named(tree):
    table = tree / "fma_metadata" / "tracks.csv"
    table.write_text("track_id,artist\n2,A\n")
    with pytest.raises(CorpusError, match=r"tracks\.csv.*artist\.id"):
        fma(tree, "small")
    table.unlink()
    with pytest.raises(CorpusError, match=r"fma_metadata\.zip"):
        fma(tree, "small")


def test_excerpts_known_to_be_silent_are_left_out_by_name(tree):
    rows = [row(t, g, t, "training") for t, g in ((2, "Pop"), (1002, "Rock"), (99134, "Rock"))]
    write_table(tree, rows)
    (tree / "fma_small" / "099").mkdir()
    (tree / "fma_small" / "099" / "099134.mp3").write_bytes(b"")
    with pytest.warns(MgrWarning, match=r"1 excerpts known .*\(099134\)"):
        assert len(fma(tree, "small")) == 2
    with pytest.raises(CorpusError, match="099134"):
        fma(tree, "small", faults=True)


def test_known_faults_name_three_silent_excerpts():
    faults = known_faults()
    assert len(faults) == 21
    silent = faults.index[faults["fault"] == "silent"].tolist()
    assert silent == ["099134", "108925", "133297"]
    late = faults["reported_seconds"] / 2 + 15 > faults["real_seconds"]
    assert late.all()  # the last of the 30 s from the supposed middle is behind the song's end


def test_clips_are_left_out_by_their_ids(tree):
    assert "000002" not in fma(tree, "small", exclude=["000002"]).clips.index
    with pytest.raises(CorpusError, match="'2'"):
        fma(tree, "small", exclude=["2"])


def test_its_own_split_is_read_from_the_table(tree):
    corpus = fma(tree, "small")
    (split,) = NAMED["own-split"].splits(corpus, seed=3)
    assert [len(part) for part in split.parts().values()] == [8, 4, 4]
    assert split.test == ("000008", "000009", "001008", "001009")
    assert not split.shared_groups(corpus)


def test_an_artist_in_two_parts_of_the_own_split_is_refused(tree):
    corpus = fma(tree, "small")
    corpus.clips.loc["000003", "split"] = "test"
    with pytest.raises(SplitError, match=r"'1 NA'.*own-split-published"):
        NAMED["own-split"].splits(corpus, seed=0)
    (split,) = NAMED["own-split-published"].splits(corpus, seed=0)
    assert split.shared_groups(corpus) == ["1 NA"]


def test_other_words_or_no_split_are_refused(tree, make_corpus):
    with pytest.raises(SplitError, match="column split"):
        own_split(make_corpus())
    corpus = fma(tree, "small")
    corpus.clips.loc["000003", "split"] = "holdout"
    with pytest.raises(SplitError, match="'holdout'"):
        own_split(corpus)


def test_a_recipe_runs_on_fma_by_its_own_split(tree, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("MGRLIB_HOME", str(tmp_path / "home"))
    options = ["--data", "fma", "--root", str(tree), "--subset", "small", "--epochs", "1"]
    out = ["--out", str(tmp_path / "results")]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert main(["run", "luo2021/cnn-mfcc", *options, "--protocol", "own-split", *out]) == 0
    (file,) = (tmp_path / "results").rglob("*.json.gz")
    (record,) = read_records(file)
    assert (record.data["name"], record.protocol, record.n) == ("fma-small", "own split", 4)
    assert "fma-small" in capsys.readouterr().out


def test_options_of_other_data_are_refused(capsys, tmp_path):
    arguments = ["run", "luo2021/cnn-mfcc", "--data", "gtzan", "--root", str(tmp_path)]
    assert main([*arguments, "--subset", "small"]) == 1
    assert "--subset" in capsys.readouterr().err
