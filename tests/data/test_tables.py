from __future__ import annotations

import gzip

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mgrlib.data.gtzan import GENRES
from mgrlib.data.tables import kaggle_features
from mgrlib.errors import CorpusError

COLUMNS = [f"value_{k}" for k in range(57)]


@pytest.fixture
def table() -> pd.DataFrame:
    """Two clips of jazz and one of pop, two segments each."""
    names = [
        f"{clip}.{s}.wav" for clip in ("jazz.00000", "jazz.00007", "pop.00003") for s in (0, 1)
    ]
    x = np.arange(6 * 57).reshape(6, 57) / 7
    frame = pd.DataFrame(x, columns=COLUMNS)
    frame.insert(0, "filename", names)
    frame.insert(1, "length", 66_149)
    return frame.assign(label=[name.split(".")[0] for name in names])


@pytest.fixture
def save(tmp_path):
    def to_csv(frame: pd.DataFrame, name: str = "features_3_sec.csv"):
        frame.to_csv(tmp_path / name, index=False)
        return tmp_path / name

    return to_csv


@pytest.mark.parametrize("name", ["features_3_sec.csv", "features_3_sec.csv.gz"])
def test_rows_come_with_their_clip_and_label(table, save, name):
    features = kaggle_features(save(table, name))
    assert features.x.shape == (6, 57)
    assert features.x.dtype == np.float64
    np.testing.assert_array_equal(features.x, table[COLUMNS].to_numpy())
    assert features.columns == tuple(COLUMNS)
    assert features.genres == ("jazz", "pop")
    assert features.labels.tolist() == [0, 0, 0, 0, 1, 1]
    assert features.clip_ids.tolist() == ["jazz.00000"] * 2 + ["jazz.00007"] * 2 + ["pop.00003"] * 2
    assert features.groups.tolist() == features.clip_ids.tolist()
    assert features.segments.tolist() == [0, 1] * 3
    assert features.duplicates() == []


def test_a_row_a_clip_has_segment_0(table, save):
    of_clips = table.iloc[::2].assign(filename=["jazz.00000.au", "jazz.00007.au", "pop.00003.au"])
    features = kaggle_features(save(of_clips))
    assert features.clip_ids.tolist() == ["jazz.00000", "jazz.00007", "pop.00003"]
    assert features.segments.tolist() == [0, 0, 0]


def test_clips_with_an_equal_row_are_reported_and_share_a_group(table, save):
    table.loc[5, COLUMNS] = table.loc[0, COLUMNS]
    features = kaggle_features(save(table))
    assert features.duplicates() == [("jazz.00000", "pop.00003")]
    assert features.groups.tolist() == ["jazz.00000"] * 2 + ["jazz.00007"] * 2 + ["jazz.00000"] * 2


def test_ties_between_clips_are_carried_on(table, save):
    table.loc[5, COLUMNS] = table.loc[2, COLUMNS]
    table.loc[4, COLUMNS] = table.loc[0, COLUMNS]
    assert len(set(kaggle_features(save(table)).groups)) == 1


def test_a_missing_column_is_refused(table, save):
    with pytest.raises(CorpusError, match="57 features"):
        kaggle_features(save(table.drop(columns="value_3")))


def test_a_table_of_something_else_is_refused(table, save):
    with pytest.raises(CorpusError, match="'label'"):
        kaggle_features(save(table.drop(columns="label")))


@pytest.mark.parametrize("value", [np.nan, np.inf, "loud"])
def test_a_value_that_is_no_number_is_named_with_its_row(table, save, value):
    table["value_3"] = table["value_3"].astype(object)
    table.loc[2, "value_3"] = value
    with pytest.raises(CorpusError, match=r"jazz\.00007\.0\.wav, value_3"):
        kaggle_features(save(table))


def test_a_label_that_contradicts_the_file_name_is_named(table, save):
    table.loc[4, "label"] = "polka"
    with pytest.raises(CorpusError, match=r"pop\.00003\.0\.wav labeled polka"):
        kaggle_features(save(table))


def test_a_repeated_file_name_is_named(table, save):
    table.loc[1, "filename"] = table.loc[0, "filename"]
    with pytest.raises(CorpusError, match="once"):
        kaggle_features(save(table))


def test_a_missing_or_broken_file_is_named(tmp_path):
    with pytest.raises(CorpusError, match=r"gone\.csv"):
        kaggle_features(tmp_path / "gone.csv")
    (tmp_path / "empty.csv").touch()
    with pytest.raises(CorpusError, match=r"empty\.csv"):
        kaggle_features(tmp_path / "empty.csv")
    (tmp_path / "half.csv.gz").write_bytes(gzip.compress(b"filename,length" * 999)[:30])
    with pytest.raises(CorpusError, match=r"half\.csv\.gz"):
        kaggle_features(tmp_path / "half.csv.gz")


@pytest.mark.realdata
def test_the_public_table_of_clips_holds_14_repeated_pairs(realdata):
    features = kaggle_features(realdata / "kaggle" / "features_30_sec.csv.gz")
    assert features.x.shape == (1000, 57)
    assert np.bincount(features.labels).tolist() == [100] * 10
    assert len(features.duplicates()) == 14
    assert ("metal.00058", "rock.00016") in features.duplicates()


@pytest.mark.realdata
def test_the_public_table_of_segments_holds_ten_a_clip(realdata):
    path = realdata / "kaggle" / "features_3_sec_classical_jazz_rock.csv.gz"
    features = kaggle_features(path)
    assert len(features) == 2996
    assert features.genres == ("classical", "jazz", "rock")
    sizes = pd.Series(features.clip_ids).value_counts()
    assert (len(sizes), sizes.max(), sizes.min()) == (300, 10, 9)


@pytest.mark.parametrize("name", ["", "Unnamed: 0", "index"])
@pytest.mark.parametrize("start", [0, 1])
def test_a_column_that_counts_the_rows_is_left_out(table, save, name, start):
    expected = kaggle_features(save(table))
    table.insert(0, name, range(start, start + len(table)))
    features = kaggle_features(save(table))
    assert features.columns == expected.columns
    np.testing.assert_array_equal(features.x, expected.x)


def test_a_column_named_like_an_index_that_counts_nothing_is_no_index(table, save):
    table.insert(0, "index", [3, 1, 4, 1, 5, 9])
    with pytest.raises(CorpusError, match="57 features"):
        kaggle_features(save(table))


def test_a_table_without_lengths_and_with_a_byte_order_mark_is_read(table, save):
    expected = kaggle_features(save(table))
    path = save(table.drop(columns="length"))
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    np.testing.assert_array_equal(kaggle_features(path).x, expected.x)


@pytest.mark.parametrize("ending", [".gz", ".bz2", ".xz", ".zip"])
def test_a_packed_table_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch, ending):
    monkeypatch.setattr("mgrlib.data.tables.MAX_BYTES", 100_000)
    path = tmp_path / f"features.csv{ending}"
    pd.DataFrame({"filename": ["x" * 1000] * 1000}).to_csv(path, index=False)
    assert path.stat().st_size < 10_000
    with pytest.raises(CorpusError, match=r"features\.csv.*at most"):
        kaggle_features(path)


@pytest.mark.parametrize("ending", ["", ".gz", ".bz2", ".xz", ".zip"])
@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(content=st.binary(max_size=200), complete=st.booleans())
def test_whatever_a_table_holds_the_error_names_it(tmp_path, ending, content, complete):
    path = tmp_path / f"features.csv{ending}"
    if complete and ending == ".gz":
        content = gzip.compress(content)
    path.write_bytes(content)
    with pytest.raises(CorpusError, match=r"features\.csv"):
        kaggle_features(path)


def test_the_table_is_asked_for_by_the_key_of_its_feature():
    from mgrlib.data.tables import FEATURE_KEY
    from mgrlib.features import Vector57

    assert Vector57(22050).key == FEATURE_KEY


def test_the_corpus_of_a_table_gives_that_feature_alone(table, save):
    from mgrlib.errors import FeatureError
    from mgrlib.features import LogMel, Vector57
    from mgrlib.segments import Cut, cut

    corpus = kaggle_features(save(table)).corpus()
    assert cut(corpus, Vector57(22050)).inputs[0].shape == (6, 57)
    for feature, how in (
        (LogMel(22050), Cut()),
        (Vector57(22050), Cut(1.0)),
        (Vector57(44100), Cut()),
    ):
        with pytest.raises(FeatureError, match="Vector57"):
            cut(corpus, feature, how=how)


def test_a_table_of_a_part_of_the_clips_is_named_by_their_number(table, save):
    assert kaggle_features(save(table)).corpus().name == "gtzan-table-3"
    ids = [f"{genre}.{n:05d}" for genre in GENRES for n in range(100)]
    whole = pd.DataFrame(np.random.default_rng(0).random((1000, 57)), columns=COLUMNS)
    whole.insert(0, "filename", [f"{clip}.wav" for clip in ids])
    labels = [clip.split(".")[0] for clip in ids]
    assert kaggle_features(save(whole.assign(label=labels))).corpus().name == "gtzan-table"


def test_the_groups_of_a_table_are_artists_and_equal_rows_join_them(table, save):
    corpus = kaggle_features(save(table)).corpus()
    assert corpus.clips["group"]["jazz.00000"] == "Leonard Bernstein"
    tied = table.copy()
    tied.loc[4, COLUMNS] = tied.loc[0, COLUMNS]  # pop.00003 repeats a row of jazz.00000
    groups = kaggle_features(save(tied)).corpus().clips["group"]
    assert groups["pop.00003"] == groups["jazz.00000"]
