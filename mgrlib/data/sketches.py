"""The sketches as a corpus: music outside the ten genres, rendered like the embedded corpus."""

from __future__ import annotations

import pandas as pd

from mgrlib.data.corpus import Corpus
from mgrlib.data.synthetic import SyntheticSource, clip_row
from mgrlib.errors import CorpusError, explain
from mgrlib.synth import SKETCHES


def sketches(n_per_sketch: int = 12, seconds: float = 30.0, seed: int = 0) -> Corpus:
    """Clips of the three sketches of `mgrlib.synth.styles.sketches`, by twelve artists each.

    A sketch is built of a few documented features. It represents no tradition: see that module.

    Args:
        n_per_sketch: clips per sketch; the first n are the same whatever n is.
        seconds: length of a clip, up to two minutes.
        seed: another seed gives other artists and other songs.

    Raises:
        CorpusError: no clip, or a length that is not positive or above two minutes.

    >>> sketches(1).genres
    ('additive', 'drone', 'layers')
    """
    if n_per_sketch < 1:
        raise CorpusError(explain("sketches", "at least one clip per sketch", str(n_per_sketch)))
    if not 0 < seconds <= 120:
        raise CorpusError(explain("sketches", "0 < seconds <= 120", f"{seconds:g}"))
    rows = [
        clip_row(name, i, seconds, seed, False) for name in SKETCHES for i in range(n_per_sketch)
    ]
    clips = pd.DataFrame(rows).set_index("clip_id")
    return Corpus(f"sketches-{n_per_sketch}-seed{seed}", SKETCHES, clips, SyntheticSource(seed))


def joined(*corpora: Corpus) -> Corpus:
    """Several synthetic corpora of one seed as one, with the genres of all.

    Raises:
        CorpusError: no corpus, corpora with different sources, or a clip that is in two of them.

    >>> from mgrlib.data.synthetic import synthetic
    >>> len(joined(synthetic(2), sketches(2)).genres)
    13
    """
    sources = {corpus.source for corpus in corpora}
    if len(sources) != 1:
        got = f"{len(sources)} sources"
        raise CorpusError(explain("joined", "corpora with one source", got, "use one seed."))
    clips = pd.concat([corpus.clips for corpus in corpora])
    if clips.index.has_duplicates:
        repeated = str(clips.index[clips.index.duplicated()][0])
        raise CorpusError(explain("joined", "each clip once", f"{repeated!r} in two corpora"))
    genres = tuple(dict.fromkeys(genre for corpus in corpora for genre in corpus.genres))
    name = "+".join(corpus.name for corpus in corpora)
    return Corpus(name, genres, clips, corpora[0].source)
