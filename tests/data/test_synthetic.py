from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from importlib.resources import files

import numpy as np
import pandas as pd
import pytest
import soundfile

from mgrlib.data import synthetic as module
from mgrlib.data.synthetic import Faults, faulty, plant, planted, synthetic, tags, truth
from mgrlib.errors import CorpusError, StorageError
from mgrlib.synth import GENRES, SYNTH_VERSION, TAGS


def test_a_corpus_has_so_many_clips_of_each_genre() -> None:
    corpus = synthetic(3)
    assert corpus.counts() == dict.fromkeys(GENRES, 3)
    assert (corpus.clips["group"] == corpus.clips["artist"]).all()


def test_the_first_clips_do_not_depend_on_how_many_follow() -> None:
    few, many = synthetic(2).clips, synthetic(15).clips
    pd.testing.assert_frame_equal(few, many.loc[few.index])


def test_audio_comes_at_the_rate_asked_for() -> None:
    corpus = synthetic(1, seconds=2.0)
    assert corpus.audio("blues.00000", 22_050).shape == (44_100,)
    assert corpus.audio("blues.00000", 16_000).shape == (32_000,)


def test_a_clip_comes_back_from_the_cache_as_it_was_rendered() -> None:
    corpus = synthetic(1, seconds=1.5)
    fresh = corpus.audio("metal.00000", 22_050)
    row = corpus.rows(["metal.00000"]).iloc[0]
    assert corpus.source.path(row).is_file()  # type: ignore[attr-defined]
    np.testing.assert_array_equal(corpus.audio("metal.00000", 22_050), fresh)


def cut_short(content: bytes) -> bytes:
    return content[: len(content) // 2]


def with_a_wrong_byte(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 0x5A]) + content[middle + 1 :]


@pytest.mark.parametrize("spoil", [cut_short, with_a_wrong_byte, lambda content: b""])
def test_a_damaged_clip_in_the_cache_is_announced_and_rendered_again(
    spoil: Callable[[bytes], bytes],
) -> None:
    corpus = synthetic(1, seconds=0.6)
    fresh = corpus.audio("rock.00000", 22_050)
    path = corpus.source.path(corpus.rows(["rock.00000"]).iloc[0])  # type: ignore[attr-defined]
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.warns(UserWarning, match="rendered again"):
        np.testing.assert_array_equal(corpus.audio("rock.00000", 22_050), fresh)
    np.testing.assert_array_equal(corpus.audio("rock.00000", 22_050), fresh)


def test_a_full_disk_is_said_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = synthetic(1, seconds=1.25)
    path = corpus.source.path(corpus.rows(["pop.00000"]).iloc[0])  # type: ignore[attr-defined]

    def full(self: object, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(type(path), "write_bytes", full)
    with pytest.raises(StorageError, match="No space left"):
        corpus.audio("pop.00000", 22_050)
    assert not path.exists() and not list(path.parent.glob(f"{path.name}*"))


def test_a_clip_of_another_length_in_the_cache_is_not_taken_for_it() -> None:
    corpus = synthetic(1, seconds=0.6)
    fresh = corpus.audio("rock.00000", 22_050)
    path = corpus.source.path(corpus.rows(["rock.00000"]).iloc[0])  # type: ignore[attr-defined]
    soundfile.write(path, fresh[:5000], 22_050, format="FLAC", subtype="PCM_16")
    with pytest.warns(UserWarning, match="5000 samples where 13230 belong"):
        np.testing.assert_array_equal(corpus.audio("rock.00000", 22_050), fresh)


def test_a_source_survives_pickling() -> None:
    corpus = synthetic(1, seconds=1.0)
    again = pickle.loads(pickle.dumps(corpus.source))
    assert again == corpus.source


def test_fingerprints_tell_clips_lengths_seeds_and_faults_apart() -> None:
    prints = {
        synthetic(2, seconds=s, seed=k).fingerprint(c)
        for s in (1.0, 2.0)
        for k in (0, 1)
        for c in ("pop.00000", "pop.00001")
    }
    assert len(prints) == 8


def test_truth_is_known_for_a_clip() -> None:
    corpus = synthetic(2, seconds=10.0)
    facts = truth(corpus, "jazz.00001")
    assert facts.tempo_bpm == corpus.clips.loc["jazz.00001", "tempo_bpm"]
    assert facts.seconds == 10.0


def test_tags_are_a_table_of_clips_by_words() -> None:
    table = tags(synthetic(1, seconds=5.0))
    assert table.shape == (10, len(TAGS))
    assert (table[["slow", "medium", "fast"]].sum(axis=1) == 1).all()


def test_songs_are_whole() -> None:
    corpus = synthetic(1, songs=True)
    assert corpus.clips["seconds"].between(120, 300).all()


@pytest.mark.parametrize("arguments", [{"n_per_genre": 0}, {"seconds": 0}, {"seconds": 500}])
def test_impossible_sizes_are_refused(arguments: dict) -> None:
    with pytest.raises(CorpusError):
        synthetic(**arguments)


FAULTS = Faults(exact=2, reencoded=1, mislabeled=3, clipped=1, silent=1, truncated=2)


def test_what_was_planted_is_listed() -> None:
    corpus = synthetic(5, faults=FAULTS)
    counts = planted(corpus)["fault"].value_counts().to_dict()
    assert counts == {
        "exact": 2,
        "reencoded": 1,
        "mislabeled": 3,
        "clipped": 1,
        "silent": 1,
        "truncated": 2,
    }


def test_planting_leaves_the_given_table_alone_and_repeats_itself() -> None:
    clips = synthetic(5).clips
    before = clips.copy()
    first, two = plant(clips, FAULTS, seed=1), plant(clips, FAULTS, seed=1)
    pd.testing.assert_frame_equal(clips, before)
    pd.testing.assert_frame_equal(first, two)


def test_a_mislabeled_clip_carries_another_genre() -> None:
    wrong = planted(synthetic(5, faults=Faults(mislabeled=4)))
    assert (wrong["genre"] != wrong["true_genre"]).all()


def test_a_duplicate_stays_in_its_genre() -> None:
    twins = planted(synthetic(6, faults=Faults(exact=6, reencoded=6)))
    assert [c.split(".")[0] for c in twins.index] == twins["genre"].tolist()
    assert [c.split(".")[0] for c in twins["of"]] == twins["genre"].tolist()


def test_a_duplicate_has_its_originals_samples() -> None:
    corpus = synthetic(3, seconds=1.0, faults=Faults(exact=1))
    row = planted(corpus).iloc[0]
    np.testing.assert_array_equal(
        corpus.audio(str(row.name), 22_050), corpus.audio(row["of"], 22_050)
    )


def test_a_reencoded_duplicate_differs_and_yet_sounds_the_same() -> None:
    corpus = synthetic(3, seconds=3.0, faults=Faults(reencoded=1))
    row = planted(corpus).iloc[0]
    copy, original = (corpus.audio(str(c), 22_050) for c in (row.name, row["of"]))
    assert copy.shape == original.shape
    assert not np.array_equal(copy, original)
    late = round(0.04 * 22_050)
    assert np.corrcoef(copy[late:], original[:-late])[0, 1] > 0.9


def test_each_fault_does_what_it_says() -> None:
    y = np.sin(np.arange(22_050) / 10).astype(np.float32) * 0.3
    assert not faulty(y, "silent").any()
    assert len(faulty(y, "truncated")) == round(0.3 * len(y))
    assert np.mean(np.abs(faulty(y, "clipped")) > 0.98) > 0.1
    with pytest.raises(CorpusError, match="bent"):
        faulty(y, "bent")


def test_more_faults_than_clips_are_refused() -> None:
    with pytest.raises(CorpusError, match="at most 10"):
        synthetic(1, faults=Faults(silent=11))


def test_preparing_renders_what_is_missing_and_nothing_twice() -> None:
    corpus = synthetic(1, seconds=0.5, seed=3)
    assert module.prepare(corpus, n_jobs=1) == 10
    assert module.prepare(corpus, n_jobs=1) == 0


def test_the_measured_figures_that_travel_are_those_of_this_version() -> None:
    facts = json.loads((files("mgrlib.data") / "facts" / "synthetic.json").read_text("utf-8"))
    assert facts["synth_version"] == SYNTH_VERSION
    assert set(facts["accuracy"]["spread, synthetic"]["tempo"]) == set(GENRES)


def test_the_corpus_is_hard_and_shows_what_an_artist_gives_away() -> None:
    facts = json.loads((files("mgrlib.data") / "facts" / "synthetic.json").read_text("utf-8"))
    rows = facts["accuracy"]["difficulty"]
    for name in ("linear", "RBF SVM"):
        by_artist, at_random = rows[name]["by artist"], rows[name]["clips at random"]
        assert by_artist["value"] <= 0.9
        assert by_artist["high"] < at_random["value"]
    best = facts["accuracy"]["trained on synthetic, tested on real"].values()
    assert max(score["value"] for score in best) >= 0.3
    rows |= facts["networks"]["accuracy"]
    values = [row["by artist"]["value"] for row in rows.values()]
    assert max(values) < 0.9
    assert max(values) - min(values) > 0.1
