"""Simulated listeners, who sort the same music onto shelves of their own.

A genre is an agreement, and people disagree. A listener here is a rule that looks at the known
truth of a clip (tempo, instruments, voices, tags, genre) and names a shelf. Real listeners are not
rules: they hesitate, change their minds, and hear things that no table holds. What the rules give
is an answer that is known, so that one can measure how fast a classifier learns it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from mgrlib.data.corpus import Corpus
from mgrlib.data.synthetic import truth
from mgrlib.errors import CorpusError, explain
from mgrlib.synth import Truth


@dataclass(frozen=True)
class Listener:
    """A listener's own genres.

    Args:
        name: one word.
        text: the rule in one sentence.
        shelves: the names of the shelves.
        shelf: the rule, from the truth of a clip to a shelf.
    """

    name: str
    text: str
    shelves: tuple[str, ...]
    shelf: Callable[[Truth], str]


_MERGED = {
    "blues": "roots", "country": "roots", "jazz": "roots",
    "disco": "club", "hiphop": "club", "pop": "club", "reggae": "club",
    "metal": "loud", "rock": "loud",
    "classical": "concert",
}  # fmt: skip


def _merged(clip: Truth) -> str:
    return _MERGED[clip.genre]


def _for_dancing(clip: Truth) -> str:
    if "drums" not in clip.instruments:
        return "for sitting"
    return "for walking" if clip.tempo_bpm < 110 else "for running"


def _by_voice(clip: Truth) -> str:
    if {"rap", "scream"} & set(clip.tags):
        return "spoken or shouted"
    voices = {"male voice", "female voice", "choir"} & set(clip.tags)
    return "sung" if voices else "instrumental"


def _moved(clip: Truth) -> str:
    """The ten genres, with different borders between three pairs of them."""
    if clip.genre == "blues" and "distorted guitar" in clip.tags:
        return "rock"
    if clip.genre == "rock" and clip.tempo_bpm < 115:
        return "pop"
    if clip.genre == "country" and "drums" not in clip.instruments:
        return "blues"
    return clip.genre


LISTENERS: dict[str, Listener] = {
    listener.name: listener
    for listener in (
        Listener(
            "merger",
            "hears four families in place of ten genres",
            ("roots", "club", "loud", "concert"),
            _merged,
        ),
        Listener(
            "neighbor",
            "has ten genres, three of whose borders lie elsewhere",
            ("blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae",
             "rock"),
            _moved,
        ),
        Listener(
            "dancer",
            "sorts by drums and tempo",
            ("for sitting", "for walking", "for running"),
            _for_dancing,
        ),
        Listener(
            "singer",
            "sorts by the voices",
            ("sung", "spoken or shouted", "instrumental"),
            _by_voice,
        ),
    )
}  # fmt: skip
"""Four listeners by name, from the one who is nearest to the genres to the one who is farthest."""


def truths(corpus: Corpus) -> dict[str, Truth]:
    """What is known of every clip of a synthetic corpus; a second for about a hundred clips.

    Raises:
        CorpusError: the corpus is not synthetic.
    """
    return {str(clip): truth(corpus, str(clip)) for clip in corpus.clips.index}


def relabeled(
    corpus: Corpus, listener: Listener, known: Mapping[str, Truth] | None = None
) -> Corpus:
    """A synthetic corpus with a listener's shelves in place of genres; the music is the same.

    Args:
        corpus: the clips.
        listener: whose shelves.
        known: what `truths` gives, for those who ask several listeners.

    Raises:
        CorpusError: the corpus is not synthetic, or the rule names a shelf that there is not.
    """
    clips = truths(corpus) if known is None else known
    shelves = [listener.shelf(clips[str(clip)]) for clip in corpus.clips.index]
    unknown = sorted(set(shelves) - set(listener.shelves))
    if unknown:
        where = f"listener {listener.name!r}"
        raise CorpusError(explain(where, f"one of {listener.shelves}", repr(unknown[0])))
    name = f"{corpus.name}-{listener.name}"
    return replace(
        corpus, name=name, genres=listener.shelves, clips=corpus.clips.assign(genre=shelves)
    )


def with_slips(labels: np.ndarray, n_shelves: int, fraction: float, seed: int) -> np.ndarray:
    """Labels (M,) of which each is replaced with probability `fraction` by another shelf.

    >>> with_slips(np.array([0, 1, 2]), 3, 0.0, seed=0).tolist()
    [0, 1, 2]
    """
    rng = np.random.default_rng(seed)
    slips = rng.random(len(labels)) < fraction
    shift = rng.integers(1, max(n_shelves, 2), size=len(labels))
    return np.where(slips, (labels + shift) % n_shelves, labels)
