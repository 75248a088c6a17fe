"""A table of features: one row per segment, with its clip and its genre."""

from __future__ import annotations

import sys
from functools import partial

import pandas as pd
from tqdm.auto import tqdm

from mgrlib.data.corpus import Corpus
from mgrlib.errors import AudioError, CorpusError, FeatureError, explain
from mgrlib.features.base import Feature
from mgrlib.parallel import parallel
from mgrlib.segments import Cut, cut


def feature_table(
    corpus: Corpus,
    feature: Feature,
    *,
    how: Cut | None = None,
    skip_bad: bool = False,
    progress: bool = False,
) -> tuple[pd.DataFrame, dict[str, str]]:
    """The feature of every segment as a table, and the clips that were skipped.

    The columns are `clip_id`, `segment`, `genre` and the feature's own. joblib shares out the
    clips as in `mgrlib.segments.cut`.

    Args:
        feature: one that names its columns, such as `Vector57`.
        how: the cutting; default: each whole clip is one segment.
        skip_bad: leave out clips that give no feature instead of refusing the corpus.
        progress: show a bar.

    Returns:
        The table, and the reason of each skipped clip by its id.

    Raises:
        AudioError, FeatureError: a clip that gives no feature, unless `skip_bad`.
        CorpusError: every clip was skipped; the message has the reasons of the first.
        StorageError: the store cannot be read or written.
    """
    how = how or Cut()
    skipped = _skipped(corpus, feature, how, progress=progress) if skip_bad else {}
    clip_ids = [clip_id for clip_id in corpus.clips.index if clip_id not in skipped]
    if skipped and not clip_ids:
        reasons = " ".join(list(skipped.values())[:3])
        hint = "`mgrlib audit` lists what is wrong with each file."
        got = f"none of {len(skipped)}: {reasons}"
        raise CorpusError(explain(corpus.name, "a clip that can be read", got, hint))
    segments = cut(corpus, feature, how=how, clip_ids=clip_ids, progress=progress and not skip_bad)
    columns: list[str] = list(feature.columns)  # type: ignore[attr-defined]
    table = pd.DataFrame(segments.inputs[0].numpy(), columns=columns)
    table.insert(0, "genre", [segments.genres[k] for k in segments.y])
    table.insert(0, "clip_id", [segments.clip_ids[m] for m in segments.clip])
    table.insert(1, "segment", table.groupby("clip_id").cumcount())
    return table, skipped


def _skipped(corpus: Corpus, feature: Feature, how: Cut, *, progress: bool) -> dict[str, str]:
    """The clips that give no feature, each with its reason; those of the others are stored."""
    ids = list(corpus.clips.index)
    jobs = (partial(_fault, corpus.select(clip_ids=[clip_id]), feature, how) for clip_id in ids)
    bar = tqdm(
        parallel(jobs), total=len(ids), desc="features", disable=not progress, file=sys.stdout
    )
    return {clip_id: fault for clip_id, fault in zip(ids, bar, strict=True) if fault}


def _fault(clip: Corpus, feature: Feature, how: Cut) -> str:
    """Why a corpus of one clip gives no feature; empty if it does."""
    try:
        cut(clip, feature, how=how)
    except (AudioError, FeatureError) as error:
        return str(error)
    return ""
