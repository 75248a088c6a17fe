"""Who plays in GTZAN: the artists of its clips, and the groups that a fair split keeps together.

GTZAN itself names no artist. The names come from two sources that were compared clip by clip: the
index of Sturm (2013) and the fingerprints of Doh et al. (2023). Where they differ, the file
`gtzan_artist_decisions.csv` has both names, the decision and the rule that it follows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache

import pandas as pd

from mgrlib.data import facts

CITATION = """\
B. L. Sturm. The GTZAN dataset: its contents, its faults, their effects on evaluation, and its
future use. arXiv:1306.1461, 2013.
S. Doh and others. GTZAN-Bind: annotations of GTZAN with fingerprints (doh2023fingerprint), 2023.
J. H. Foleis and T. F. Tavares. Texture selection for automatic music genre classification. Applied
Soft Computing 89, 106127, 2020."""


def known_faults() -> pd.DataFrame:
    """What is known to be wrong with GTZAN: columns `kind`, `clip_id`, `same_as`, `note`.

    `exact-duplicate`: 14 pairs with the same 57 feature values. `near-duplicate`: the same song by
    the same artist in Sturm's index, and closest to each other in those values. `corrupt`: cannot
    be decoded in the copy named. `distorted`: most of the clip is noise. Mislabeled clips, on
    which people differ, are in Sturm (2013) and not here.
    """
    return facts.read("gtzan_faults")


def known_artists() -> dict[str, str]:
    """The artist (the composer in classical music) of each clip whose artist is known: 982."""
    return {clip: artist for artist, clip in _named("gtzan_artists")}


def known_credits() -> list[tuple[str, str]]:
    """Clips with a further artist who is heard in other clips as well: (clip, artist).

    Performers of several composers, partners in duets, and artists whom only one of the two
    sources names for the clip.
    """
    return [(clip, artist) for artist, clip in _named("gtzan_credits")]


def artist_groups(clip_ids: Iterable[str], ties: Iterable[tuple[str, str]] = ()) -> list[str]:
    """The group of each clip of GTZAN: no group may be on both sides of a split.

    Clips share a group if they share an artist, directly or through other clips, or if one repeats
    the other's recording. A group is called after the artist with most of its clips; a clip of
    an unknown artist that repeats no other clip is a group of its own. The groups are the same
    whichever part of GTZAN is asked for.

    Args:
        ties: further pairs of clips that belong together, such as clips with equal features.
    """
    groups = _artist_groups(tuple(ties))
    return [groups.get(clip, clip) for clip in clip_ids]


def repeat_groups(
    clip_ids: Iterable[str], kinds: Sequence[str] = ("exact-duplicate", "near-duplicate")
) -> list[str]:
    """The first clip of each clip's recording: repeated recordings share a group, others do not."""
    groups = _joined(_repeats(kinds))
    return [min(groups.get(clip, {clip})) for clip in clip_ids]


def _named(table: str) -> list[tuple[str, str]]:
    """(artist, clip) of a table of names with the numbers of their clips."""
    rows = facts.read(table)[["artist", "genre", "numbers"]].itertuples(index=False)
    return [(artist, clip) for artist, genre, n in rows for clip in facts.expand(genre, n)]


def _repeats(kinds: Sequence[str]) -> list[tuple[str, str]]:
    faults = known_faults()
    pairs = faults[faults["kind"].isin(list(kinds))]
    return list(zip(pairs["clip_id"], pairs["same_as"], strict=True))


@cache
def _artist_groups(further: tuple[tuple[str, str], ...]) -> dict[str, str]:
    artists = known_artists()
    names = set(artists.values())
    repeats = _repeats(("exact-duplicate", "near-duplicate"))
    ties = [*artists.items(), *known_credits(), *repeats, *further]
    groups = {}
    for item, members in _joined(ties).items():
        counts = Counter(artists[clip] for clip in members if clip in artists)
        most = max(counts.values(), default=0)
        if item not in names:
            groups[item] = min((a for a, n in counts.items() if n == most), default=min(members))
    return groups


def _joined(pairs: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """All items connected to each item by these pairs, directly or indirectly."""
    members: dict[str, set[str]] = {}
    for first, second in pairs:
        small, large = (members.get(item, {item}) for item in (first, second))
        if small is large:
            continue
        large |= small
        members.update(dict.fromkeys(large, large))
    return members
