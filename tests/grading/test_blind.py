from __future__ import annotations

import numpy as np

from mgrlib.data.synthetic import Faults, planted, synthetic
from mgrlib.grading.blind import blind


def test_a_blind_corpus_sounds_the_same_and_tells_nothing() -> None:
    whole = synthetic(1, 0.5, seed=33, faults=Faults(silent=1, truncated=1))
    seen = blind(whole)
    assert list(seen.clips.columns) == ["path", "genre", "group", "seconds"]
    for clip_id in whole.clips.index:
        assert np.array_equal(seen.audio(clip_id, 22050), whole.audio(clip_id, 22050))
        assert seen.fingerprint(clip_id) == whole.fingerprint(clip_id)


def test_a_blind_corpus_says_how_long_clips_should_be() -> None:
    whole = synthetic(1, 0.5, seed=33, faults=Faults(truncated=2))
    short = planted(whole).index
    assert (whole.clips.loc[short, "seconds"] < 0.5).all()
    assert (blind(whole).clips["seconds"] == 0.5).all()
