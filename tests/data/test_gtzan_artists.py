"""The artists of GTZAN: two sources compared, decisions listed, groups that hold together."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

import pandas as pd
import pytest

from mgrlib.data import facts
from mgrlib.data.gtzan_artists import (
    CITATION,
    artist_groups,
    known_artists,
    known_credits,
    known_faults,
    repeat_groups,
)

GENRES = ("blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae")
DECISIONS = facts.read("gtzan_artist_decisions")
IDS = [f"{genre}.{n:05d}" for genre in (*GENRES, "rock") for n in range(100)]


def plain(name: str) -> str:
    """A name without case, accents, punctuation, articles and featured names."""
    text = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    text = re.sub(r"\b(feat|ft|featuring)\b.*", "", text).replace("&", " and ").replace("-", " ")
    return " ".join(re.sub(r"\b(the|and)\b", " ", re.sub(r"[^a-z0-9 ]+", "", text)).split())


def test_the_artists_of_982_clips_are_known():
    artists = known_artists()
    assert len(artists) == 982
    assert set(artists) <= set(IDS)
    assert "" not in artists.values()
    rows = facts.read("gtzan_artists").itertuples(index=False)
    clips = Counter(clip for _, genre, numbers in rows for clip in facts.expand(genre, numbers))
    assert max(clips.values()) == 1


def test_one_artist_has_one_spelling():
    assert len({plain(name) for name in known_artists().values()}) == len(
        set(known_artists().values())
    )


def test_every_decision_is_in_the_table_of_artists():
    artists = known_artists()
    for row in DECISIONS.itertuples(index=False):
        for clip in facts.expand(row.genre, row.numbers):
            assert artists.get(clip, "") == row.artist, clip
    assert set(DECISIONS["rule"]) == {
        "composer", "credited", "soloist", "duet", "same song", "other song", "hand",
    }  # fmt: skip


def test_further_credits_name_artists_of_other_clips_or_several_clips():
    artists = known_artists()
    credited = Counter(artist for _, artist in known_credits())
    for clip, artist in known_credits():
        assert artists.get(clip) != artist
        assert artist in artists.values() or credited[artist] > 1 or artist == "Creed", artist


def test_clips_that_share_an_artist_or_a_recording_share_a_group():
    group = dict(zip(IDS, artist_groups(IDS), strict=True))
    artists, first = known_artists(), {}
    for clip, artist in [*artists.items(), *known_credits()]:
        assert group[first.setdefault(artist, clip)] == group[clip], artist
    repeats = known_faults()
    for _, row in repeats[repeats["same_as"] != ""].iterrows():
        assert group[row["clip_id"]] == group[row["same_as"]]


def test_groups_do_not_depend_on_the_part_asked_for_and_join_by_further_ties():
    part = IDS[::7]
    groups = dict(zip(IDS, artist_groups(IDS), strict=True))
    assert artist_groups(part) == [groups[clip] for clip in part]
    tied = artist_groups(["blues.00000", "rock.00099"], ties=[("blues.00000", "rock.00099")])
    assert tied[0] == tied[1]
    assert artist_groups(["blues.00000", "rock.00099"]) != tied


def test_clips_of_unknown_artists_are_their_own_group():
    artists, repeats = known_artists(), dict(zip(IDS, repeat_groups(IDS), strict=True))
    alone = [c for c in IDS if c not in artists and list(repeats.values()).count(repeats[c]) == 1]
    credited = {clip for clip, _ in known_credits()}
    alone = [clip for clip in alone if clip not in credited]
    assert len(alone) == 17
    assert artist_groups(alone) == alone


def test_the_largest_group_is_bob_marley_and_one_artist_has_one_genre_mostly():
    sizes = Counter(artist_groups(IDS))
    assert sizes.most_common(1) == [("Bob Marley", 39)]
    assert len(sizes) == 264


def test_repeated_recordings_alone_give_31_fewer_groups():
    assert len(IDS) - len(set(repeat_groups(IDS))) == 31
    assert len(IDS) - len(set(repeat_groups(IDS, ["exact-duplicate"]))) == 14


def test_the_sources_are_cited():
    for name in ("Sturm", "Doh", "Foleis"):
        assert name in CITATION


@pytest.mark.realdata
def test_names_that_two_sources_agree_on_are_kept_and_the_others_are_decided(realdata):
    """Each clip of the index: the artist both name, the only one named, or a listed decision."""
    index = pd.read_csv(realdata / "gtzan_index/gtzan_index.csv", dtype=str).fillna("")
    artists = known_artists()
    rows = DECISIONS.itertuples(index=False)
    decided = {clip: row for row in rows for clip in facts.expand(row.genre, row.numbers)}
    n_agreeing = 0
    for row in index.itertuples(index=False):
        names = {plain(name) for name in (row.artist, row.fp_artist) if name}
        if row.clip in decided:
            assert (decided[row.clip].index, decided[row.clip].fingerprints) == (
                row.artist, row.fp_artist,
            )  # fmt: skip
            assert len(names) == 2 or decided[row.clip].rule == "hand"
            continue
        assert len(names) < 2, row.clip
        n_agreeing += bool(row.artist and row.fp_artist)
        artist = plain(artists.get(row.clip, ""))
        same = {
            "pnk": "pink",
            "bob marley wailers": "bob marley",
            "latoya jackson": "la toya jackson",
        }
        assert {same.get(name, name) for name in names} == ({artist} if artist else set()), row.clip
    assert n_agreeing == 691


@pytest.mark.realdata
def test_the_published_folds_are_those_of_the_index(realdata):
    index = pd.read_csv(realdata / "gtzan_index/gtzan_index.csv", dtype=str).fillna("")
    folds = {
        clip: float(fold)
        for fold, genre, numbers in facts.read("gtzan_artist_folds").itertuples(index=False)
        for clip in facts.expand(genre, numbers)
    }
    entries = index[index["foleiss_fold"] != ""]
    assert folds == dict(zip(entries["clip"], entries["foleiss_fold"].astype(float), strict=True))
