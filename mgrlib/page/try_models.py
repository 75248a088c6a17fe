"""The networks that readers may try, each with its model card, and clips to begin with.

How good each is comes from the package's records, with the interval and the clips.
"""

from __future__ import annotations

from typing import Any

from mgrlib import papers
from mgrlib.compression.onnx_files import scratch_folder
from mgrlib.data.synthetic import SAMPLE_RATE, synthetic
from mgrlib.experiments.record import Record
from mgrlib.models.published import TAGS, at_hand
from mgrlib.page.player import mp3_bytes
from mgrlib.page.tryout import TryClip, TryModel

CLIP_SECONDS = 28
CLIPS_SEED = 1  # of clips that the pocket student was not trained on


def pocket_student() -> TryModel:
    """The compressed student, which comes with the package."""
    from mgrlib.papers.wei2023 import pocket

    content = pocket.onnx_bytes()
    records = papers.records("wei2023", "pocket")
    card = (
        ("Network", "a `ShallowCNN`, taught by a ResNet18, then pruned and with shared weights"),
        (
            "Trained on",
            f"{10 * pocket.N_PER_GENRE} clips of the embedded corpus, so on no "
            "recording, no singer, and no real guitar",
        ),
        ("Answers", "one of ten genres, whatever the sound is"),
        ("Listens to", "23.8 s at once, at 22,050 Hz"),
        ("License", "BSD-3-Clause, like the rest of the package"),
    )
    sentences = [_sentence(record) for record in records]
    worth = " ".join([*sentences, "Guessing among ten genres would be right for 10 %."])
    title = "Pocket student, trained on the course's own music"
    return TryModel("student", title, content, card, worth)


def published_tagger() -> TryModel | None:
    """The published tagger with ten genres on top of its tags; None if its file is not at hand."""
    if at_hand("msd-crnn") is None:
        return None
    from mgrlib.papers.reddy2024.tagger_file import write_tagger

    with scratch_folder() as folder:
        content = write_tagger(folder / "tagger.onnx").read_bytes()
    records = papers.records("reddy2024", "tags-softmax", data="gtzan-mini")
    card = (
        ("Network", "the CRNN tagger of Choi et al. (2017), 396,786 parameters"),
        (
            "Trained on",
            f"the {len(TAGS)} most common tags of the Million Song Dataset; the ten genres are a "
            "softmax on the tags, fitted to the hundred-clip sample of GTZAN",
        ),
        ("Answers", f"one of ten genres, and {len(TAGS)} tags, each by itself"),
        ("Listens to", "29.1 s at once, at 12,000 Hz"),
        ("License", "the tagger's weights: MIT, Keunwoo Choi (2016)"),
    )
    doubt = (
        "The sample has few artists, some of them in training and in test, which makes it too easy."
    )
    worth = " ".join([*(_sentence(record) for record in records), doubt])
    title = "Published tagger, trained on recordings"
    return TryModel("tagger", title, content, card, worth)


def worth_of(recipe: str, about: dict[str, Any]) -> str:
    """A sentence on how good a recipe is on recordings, for a system that was trained anew.

    Args:
        recipe: its name.
        about: where the system comes from, as in its file.
    """
    paper = recipe.split("/", maxsplit=1)[0]
    records = [
        record
        for record in papers.records(paper, recipe.split("/", maxsplit=1)[1], data="gtzan-mini")
        if record.metric == "accuracy" and not record.condition
    ]
    trained = f"This copy was trained on `{about.get('data') or 'segments'}`"
    if not records:
        return f"{trained}; no record says how good its recipe is on recordings."
    return f"{trained}. {_sentence(records[0], 'trained and tested on recordings, its recipe')}"


def _sentence(record: Record, who: str = "it") -> str:
    """A measured accuracy in words."""
    shares = [record.value, record.low, record.high]
    value, low, high = (f"{100 * share:.0f} %" for share in shares if share is not None)
    kind = "recorded clips" if record.data["name"].startswith("gtzan") else "new embedded clips"
    how = "" if "trained" in record.protocol else f", {record.protocol}"
    where = f"Of {record.n} {kind} (`{record.data['name']}`{how})"
    return f"{where}, {who} classifies {value} correctly (95 % interval {low} to {high})."


def course_clips() -> tuple[TryClip, ...]:
    """A clip of each genre that the pocket student was not trained on."""
    corpus = synthetic(n_per_genre=1, seed=CLIPS_SEED)
    clips = []
    for clip_id in corpus.clips.index:
        y = corpus.audio(clip_id, SAMPLE_RATE)[: CLIP_SECONDS * SAMPLE_RATE]
        genre = str(corpus.clips.loc[clip_id, "genre"])
        clips.append(TryClip(f"{genre}, composed by the course", mp3_bytes(y, SAMPLE_RATE)))
    return tuple(clips)
