from __future__ import annotations

from collections import Counter

import pytest

from mgrlib.data.corpus import Split
from mgrlib.data.splits import (
    by_group,
    fault_filtered,
    folds,
    read_split,
    stratified,
    write_split,
)
from mgrlib.errors import SplitError


def genres_of(ids) -> dict[str, int]:
    return dict(Counter(clip[0] for clip in ids))


def test_stratified_gives_each_genre_the_same_shares(make_corpus):
    split = stratified(make_corpus(n=10), test=0.2, valid=0.1, seed=0)
    assert genres_of(split.train) == {"a": 7, "b": 7, "c": 7}
    assert genres_of(split.valid) == {"a": 1, "b": 1, "c": 1}
    assert genres_of(split.test) == {"a": 2, "b": 2, "c": 2}


def test_stratified_is_leaky_and_says_so(make_corpus):
    corpus = make_corpus(n=10, n_per_group=5)
    split = stratified(corpus, seed=0)
    with pytest.raises(SplitError, match="leaky=True"):
        split.check(corpus)
    assert split.check(corpus, leaky=True) is split


@pytest.mark.parametrize("draw", [stratified, by_group])
def test_the_same_seed_gives_the_same_split_and_another_seed_another(make_corpus, draw):
    corpus = make_corpus(n=20, n_per_group=2)
    assert draw(corpus, seed=3) == draw(corpus, seed=3)
    assert draw(corpus, seed=3).test != draw(corpus, seed=4).test


def test_every_clip_tests_equally_often_over_seeds(make_corpus):
    corpus = make_corpus("ab", n=5)
    times = Counter(c for seed in range(500) for c in stratified(corpus, seed=seed).test)
    # 100 expected of 500; 5 standard deviations of a binomial with p = 0.2 are 45
    assert all(55 < times[clip] < 145 for clip in corpus.clips.index)


def test_by_group_keeps_every_group_in_one_part(make_corpus):
    corpus = make_corpus(n=30, n_per_group=3)
    split = by_group(corpus, test=0.2, valid=0.2, seed=1).check(corpus)
    assert genres_of(split.train) == {"a": 18, "b": 18, "c": 18}
    assert genres_of(split.valid) == genres_of(split.test) == {"a": 6, "b": 6, "c": 6}


def test_by_group_comes_near_the_shares_when_groups_are_uneven(make_corpus):
    corpus = make_corpus(n=40)
    clips = corpus.clips.assign(
        group=[f"{c[0]}{int(int(c[2:]) ** 0.5)}" for c in corpus.clips.index]  # sizes 1, 3, 5, ...
    )
    corpus = type(corpus)(corpus.name, corpus.genres, clips, corpus.source)
    split = by_group(corpus, test=0.25, seed=0).check(corpus)
    assert len(split.test) == pytest.approx(30, abs=6)
    assert set(genres_of(split.test)) == {"a", "b", "c"}


def test_by_group_refuses_a_genre_of_one_artist(make_corpus):
    with pytest.raises(SplitError, match="one artist"):
        corpus = make_corpus(n=10, n_per_group=10)
        folds(corpus, 3, seed=0)


@pytest.mark.parametrize(("test", "valid"), [(0, 0.1), (1, 0), (0.6, 0.4), (-0.2, 0), (0.2, -1)])
def test_impossible_shares_are_refused(make_corpus, test, valid):
    with pytest.raises(SplitError, match="below 1"):
        stratified(make_corpus(), test=test, valid=valid, seed=0)


def test_a_share_too_small_for_one_clip_is_refused(make_corpus):
    with pytest.raises(SplitError):
        stratified(make_corpus("ab", n=4), test=0.25, valid=0.01, seed=0)


@pytest.mark.parametrize("by", ["group", "clip"])
def test_every_clip_tests_in_exactly_one_fold(make_corpus, by):
    corpus = make_corpus(n=20, n_per_group=2)
    splits = folds(corpus, 5, seed=0, by=by)
    assert sorted(c for s in splits for c in s.test) == sorted(corpus.clips.index)
    for split in splits:
        assert len(split.train) + len(split.test) == 60
        assert genres_of(split.test) == {"a": 4, "b": 4, "c": 4}


def test_folds_by_group_keep_groups_together(make_corpus):
    corpus = make_corpus(n=20, n_per_group=2)
    for split in folds(corpus, 5, seed=0, n_valid=1):
        split.check(corpus)
        assert len(split.valid) == 12


def test_a_validating_fold_is_the_next_ones_test(make_corpus):
    splits = folds(make_corpus(), 5, seed=0, n_valid=1)
    assert all(splits[k].valid == splits[(k + 1) % 5].test for k in range(5))


@pytest.mark.parametrize(("n_folds", "n_valid"), [(1, 0), (31, 0), (2, 1), (3, -1)])
def test_impossible_folds_are_refused(make_corpus, n_folds, n_valid):
    with pytest.raises(SplitError):
        folds(make_corpus(n=10), n_folds, seed=0, n_valid=n_valid)


def test_fewer_groups_than_folds_are_refused(make_corpus):
    with pytest.raises(SplitError, match="groups"):
        folds(make_corpus("ab", n=10, n_per_group=5), 5, seed=0)


def test_fault_filtered_refuses_a_corpus_that_is_not_gtzan(make_corpus):
    with pytest.raises(SplitError, match="GTZAN"):
        fault_filtered(make_corpus())


def test_a_split_comes_back_from_its_file(tmp_path, make_corpus):
    split = stratified(make_corpus(), test=0.3, valid=0.2, seed=0)
    write_split(split, tmp_path / "new" / "split.csv")
    assert read_split(tmp_path / "new" / "split.csv") == split


def test_clip_ids_with_commas_and_spaces_survive_the_file(tmp_path):
    split = Split("odd: one", ("a/x, y", "b z"), (), ("c",), "by hand: 1 of 2")
    write_split(split, tmp_path / "split.csv")
    assert read_split(tmp_path / "split.csv") == split


@pytest.mark.parametrize(
    "content", ["", "clip,part\na,train\n", "clip_id,part\na,train\nb,tests\n", "\udcff"]
)
def test_a_file_that_is_not_a_split_is_refused(tmp_path, content):
    path = tmp_path / "split.csv"
    path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(SplitError, match=r"split\.csv"):
        read_split(path)


def test_a_missing_split_file_is_refused(tmp_path):
    with pytest.raises(SplitError, match=r"gone\.csv"):
        read_split(tmp_path / "gone.csv")


def test_a_genre_of_one_clip_is_told_to_get_more(make_corpus):
    corpus = make_corpus("ab", 5)
    ids = [clip for clip in corpus.clips.index if not clip.startswith("b") or clip == "b.00000"]
    lonely = corpus.select(clip_ids=ids)
    for by in ("clip", "group"):
        with pytest.raises(SplitError, match="one clip cannot both train and test: add clips"):
            folds(lonely, 3, seed=0, by=by)


@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b""])
@pytest.mark.parametrize("ends", [b"\n", b"\r\n"])
def test_a_split_file_from_another_system_is_read(make_corpus, tmp_path, mark, ends):
    split = by_group(make_corpus(), test=0.3, seed=0)
    path = tmp_path / "split.csv"
    write_split(split, path)
    path.write_bytes(mark + path.read_bytes().replace(b"\n", ends))
    assert read_split(path) == split
