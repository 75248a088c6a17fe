"""What is wrong with a corpus, found by listening to all of it.

Most published figures on GTZAN rest on repeated recordings and on artists who are on both sides
of the split. `audit` looks for that and for broken files in any corpus, yours included.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from hashlib import blake2b
from itertools import combinations

import numpy as np
import pandas as pd
import soxr
from scipy.signal import welch
from tqdm.auto import tqdm

from mgrlib.data import fingerprint
from mgrlib.data.audio import AudioInfo, FileSource, Recording, decode
from mgrlib.data.containers import CutOffError
from mgrlib.data.corpus import AudioSource, Corpus, Split
from mgrlib.errors import AudioError, CorpusError, explain, some
from mgrlib.parallel import parallel

KINDS = {
    "corrupt": ("error", "cannot be read: replace or remove the file"),
    "truncated": ("error", "ends too early: replace it, or pad on purpose"),
    "header": ("warning", "its header and its content disagree: check that the sound is whole"),
    "silent": ("error", "nothing to hear: remove it"),
    "antiphase": ("error", "channels cancel each other when averaged: keep one of them"),
    "gap": ("warning", "a stretch of digital silence: a broken recording or transfer"),
    "clipped": ("warning", "peaks are cut off: distortion that a model may learn as a genre"),
    "short": ("warning", "too short for a segment: remove it"),
    "sample-rate": ("warning", "another rate than the rest: missing treble marks these clips"),
    "band-limited": ("warning", "no treble: once at a lower rate or bit rate; a model hears that"),
    "exact-duplicate": ("warning", "the same samples: keep one, or give them one group"),
    "near-duplicate": ("warning", "the same recording: keep one, or give them one group"),
    "label-conflict": ("error", "one recording or group in two genres: one label may be wrong"),
    "split-duplicate": ("error", "one recording in two parts of the split: figures are too good"),
    "split-group": ("error", "an artist or song in two parts: use `by_group`"),
    "imbalance": ("warning", "genres of very different size: report accuracy by genre"),
}
"""Each kind of finding with its severity, and what it means or asks for."""

RENDERED_RATE = 22_050  # at which clips are heard that are no files
CANCELLED_DB = 20.0  # averaging uncorrelated channels costs 3 dB, and no recording so much
SILENT_DB = -60.0  # RMS below full scale; GTZAN's quietest clips have -31
CLIPPED_SHARE = 5e-4  # samples in runs of 3 or more at the peak; 2e-4 at most in GTZAN's mini set
GAP_LEVEL = 1e-4  # -80 dB: below any noise floor of a recording, and half of a 13-bit step
GAP_SECONDS, GAP_SHARE = 1.0, 0.05
SHORT_SECONDS = 1.0
EQUAL_LENGTH, SHORTER = 0.05, 0.9  # most clips within 5 % of the median: shorter ones are cut
IMBALANCE = 2.0
# Above its cut-off an upsampled clip has only rounding noise, and just below it 20 dB more. All of
# GTZAN's mini set reaches 0.9 of half its rate; clips upsampled from 8 kHz 0.36.
BAND, CLIFF_DB, CLIFF_BINS, N_BINS = 0.7, 20.0, 26, 512
MIN_VOTES = 30  # landmarks in common; different music has 16 at most, copies hundreds
MIN_ALIKE = 0.5  # correlation of the waveforms; different music has 0.1, an MP3 copy 0.9


@dataclass(frozen=True, eq=False)
class Report:
    """The findings of an audit.

    Args:
        corpus: the corpus's name.
        n_clips: how many clips were looked at.
        findings: one row a finding: `kind` (of `KINDS`), `severity` (`"error"` or `"warning"`),
            `clip_ids` (a tuple, empty for what concerns the whole corpus) and `evidence`.
    """

    corpus: str
    n_clips: int
    findings: pd.DataFrame = field(repr=False)

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return self.findings.empty

    def text(self, n_each: int = 10) -> str:
        """The findings for reading, at most `n_each` of a kind, with what each kind asks for."""
        if self.ok:
            return f"{self.corpus}: {self.n_clips} clips, nothing found."
        lines = []
        for kind, rows in self.findings.groupby("kind", sort=False):
            severity, meaning = KINDS[str(kind)]
            lines.append(f"{severity}: {len(rows)} x {kind} ({meaning})")
            for clip_ids, evidence in zip(rows["clip_ids"], rows["evidence"], strict=True):
                clips = f"{' = '.join(clip_ids[:4])}{' ...' if len(clip_ids) > 4 else ''}: "
                lines.append(f"  {clips if clip_ids else ''}{evidence}")
            if len(rows) > n_each:
                lines[-(len(rows) - n_each) :] = [f"  and {len(rows) - n_each} more"]
        n_faulty = len({clip for clips in self.findings["clip_ids"] for clip in clips})
        summary = f"{len(self.findings)} findings on {n_faulty} of them"
        return "\n".join([f"{self.corpus}: {self.n_clips} clips, {summary}", *lines])


def audit(
    corpus: Corpus,
    split: Split | None = None,
    *,
    sample_rate: int | None = None,
    n_jobs: int = 1,
    progress: bool = False,
) -> Report:
    """What is wrong with the clips of a corpus, and with a split of it if one is given.

    Every clip is read once. Found are: files that cannot be read or end early, or whose header
    disagrees with what they hold; silence, channels that cancel each other, gaps and clipping;
    clips shorter than 1 s; files of another sample rate, upsampled from a lower one, or stripped
    of treble by a low bit rate; the same samples twice; the same recording twice, also at another
    level, re-encoded, muffled, or starting elsewhere as long as 4 s overlap; a recording or a
    group in two genres; genres of unequal size; recordings, and groups, on both sides of the
    split. Clipping is seen as long as the flat peaks survive, so not after an MP3. Not found:
    copies at another speed or pitch, cover versions, an artist whose clips carry different groups,
    and wrong labels without a second clip of the group to contradict them.

    Corrupt files do not stop it: make the corpus with `folder(path, check=False)`.

    Args:
        sample_rate: Hz that files should have; without it, the rate of most.
        n_jobs: processes that read and compare clips, as in joblib.
        progress: show a bar on standard output.

    Raises:
        CorpusError: the split has clips that the corpus does not have.
    """
    rows = [row for _, row in corpus.clips.iterrows()]
    work = (partial(_listen, corpus.source, row) for row in rows)
    bar = tqdm(
        parallel(work, n_jobs=n_jobs),
        total=len(rows),
        desc="audit",
        disable=not progress,
        file=sys.stdout,
    )
    clips = {str(row.name): clip for row, clip in zip(rows, bar, strict=True)}
    copies = [*_exact(clips), *_near(corpus, clips)]
    findings = [*_broken(clips), *_odd_sound(clips), *_odd_length(clips)]
    findings += [*_odd_rate(clips, sample_rate), *_odd_band(clips)]
    findings += [*(copy.finding() for copy in copies)]
    recordings = _recordings(copies)
    findings += [*_conflicts(corpus, recordings), *_imbalance(corpus)]
    if split is not None:
        findings += _split_faults(corpus, split, recordings)
    table = pd.DataFrame(
        [(kind, KINDS[kind][0], ids, evidence) for kind, ids, evidence in findings],
        columns=["kind", "severity", "clip_ids", "evidence"],
    )
    return Report(corpus.name, len(corpus), table)


Finding = tuple[str, tuple[str, ...], str]  # kind, clip_ids, evidence


@dataclass(frozen=True)
class _Clip:
    """The measurements of a clip, a few kilobytes without its samples."""

    problem: str = ""
    cut_off: bool = False
    notes: tuple[str, ...] = ()
    seconds: float = 0.0
    sample_rate: int = 0  # 0: rendered, so of any rate
    digest: str = ""
    level_db: float = 0.0
    loudest_db: float = 0.0  # of the channels, before they are averaged
    clipped: float = 0.0
    gap: tuple[float, float] = (0.0, 0.0)  # start and length in seconds
    band: float = 1.0  # where its spectrum breaks off, as a share of half the rate
    marks: fingerprint.Landmarks | None = None

    @property
    def is_audible(self) -> bool:
        return not self.problem and self.level_db > SILENT_DB


@dataclass(frozen=True)
class _Copies:
    """Clips that contain the same recording."""

    kind: str
    clip_ids: tuple[str, ...]
    evidence: str

    def finding(self) -> Finding:
        return self.kind, self.clip_ids, self.evidence


def _listen(source: AudioSource, row: pd.Series) -> _Clip:
    """Read a clip at its own rate and measure it; record any failure as a fault of the clip."""
    try:
        if isinstance(source, FileSource):
            recording = decode(row["path"])
        else:
            y = source.audio(row, RENDERED_RATE)
            recording = Recording(y, AudioInfo(0, 0, 1, ""), -np.inf)
        return _measured(recording)
    except AudioError as error:
        return _Clip(problem=str(error), cut_off=isinstance(error, CutOffError))
    except (MemoryError, RecursionError) as error:
        reason = str(error) or type(error).__name__
        return _Clip(problem=explain(str(row.name), "a clip that fits into memory", reason))


def _measured(recording: Recording) -> _Clip:
    y, rate = recording.y, recording.info.sample_rate or RENDERED_RATE
    if not np.isfinite(y).all():
        return _Clip(problem="samples that are NaN or infinite")
    level_db = 10 * np.log10(np.mean(np.square(y, dtype=np.float64)) + 1e-20)
    start, length = _longest(np.abs(y) < GAP_LEVEL)
    slow = soxr.resample(y, rate, fingerprint.RATE)
    return _Clip(
        notes=recording.info.notes,
        seconds=len(y) / rate,
        sample_rate=recording.info.sample_rate,
        digest=blake2b(np.ascontiguousarray(y).tobytes(), digest_size=16).hexdigest(),
        level_db=float(level_db),
        loudest_db=recording.level_db,
        clipped=_clipped_share(y),
        gap=(start / rate, length / rate),
        band=_band(y),
        marks=fingerprint.landmarks(slow) if level_db > SILENT_DB else None,
    )


def _runs(mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The starts and lengths of all runs of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], mask, [False]])))
    return edges[::2], edges[1::2] - edges[::2]


def _longest(mask: np.ndarray) -> tuple[int, int]:
    starts, lengths = _runs(mask)
    if not len(starts):
        return 0, 0
    k = int(lengths.argmax())
    return int(starts[k]), int(lengths[k])


def _clipped_share(y: np.ndarray) -> float:
    """The fraction of samples in flat runs of three or more at the peak."""
    size = np.abs(y)
    _, lengths = _runs(size >= size.max() * (1 - 1e-4))
    return float(lengths[lengths >= 3].sum() / len(y))


def _band(y: np.ndarray) -> float:
    """Where the spectrum drops to rounding noise, as a fraction of half the rate; else 1."""
    if len(y) < 2 * N_BINS:
        return 1.0
    power = welch(y, nperseg=2 * N_BINS)[1]
    floor = 4 * 2 * (2.0**-15) ** 2 / 12  # four times what rounding to 16 bits leaves
    last = int(np.flatnonzero(np.append(True, power[1:] > floor))[-1])
    steep = power[max(0, last - CLIFF_BINS)] > floor * 10 ** (CLIFF_DB / 10)
    return last / N_BINS if steep else 1.0


def _exact(clips: dict[str, _Clip]) -> Iterator[_Copies]:
    same: dict[str, list[str]] = {}
    for clip_id, clip in clips.items():
        if clip.is_audible:
            same.setdefault(clip.digest, []).append(clip_id)
    for clip_ids in same.values():
        if len(clip_ids) > 1:
            yield _Copies("exact-duplicate", tuple(clip_ids), "the same samples")


def _near(corpus: Corpus, clips: dict[str, _Clip]) -> Iterator[_Copies]:
    """Yield pairs of clips of one recording, with one clip for each set of exact copies.

    Two clips that are known to be copies of a third are not compared with each other, so that many
    copies of one recording cost as many comparisons as there are copies.
    """
    first = {clip.digest: clip_id for clip_id, clip in reversed(clips.items()) if clip.is_audible}
    ids = sorted(first.values(), key=list(clips).index)
    marks = [clips[clip_id].marks or fingerprint.landmarks(np.zeros(0)) for clip_id in ids]
    first_of = {clip_id: clip_id for clip_id in ids}
    for match in fingerprint.matches(marks, MIN_VOTES):
        a, b = ids[match.a], ids[match.b]
        roots = _root(first_of, a), _root(first_of, b)
        if roots[0] == roots[1]:
            continue
        y_a, y_b = (corpus.audio(clip_id, fingerprint.RATE) for clip_id in (a, b))
        alike, overlap = fingerprint.alignment(y_a, y_b, match.lag_seconds)
        if alike >= MIN_ALIKE:
            first_of[roots[1]] = roots[0]
            evidence = (
                f"the same recording over {overlap:.1f} s, {abs(match.lag_seconds):.2f} s "
                f"{'later' if match.lag_seconds >= 0 else 'earlier'} in the second, waveforms "
                f"correlate {alike:.2f}, {match.votes} landmarks in common"
            )
            yield _Copies("near-duplicate", (a, b), evidence)


def _root(first_of: dict[str, str], clip_id: str) -> str:
    """The clip that represents all known copies of this one."""
    while first_of[clip_id] != clip_id:
        clip_id = first_of[clip_id]
    return clip_id


def _recordings(copies: Iterable[_Copies]) -> list[_Copies]:
    """Merge copies that share a clip, into one entry per recording with all its clips."""
    joined: list[_Copies] = []
    for copy in copies:
        touching = [other for other in joined if set(other.clip_ids) & set(copy.clip_ids)]
        parts = [*touching, copy]
        clip_ids = tuple(dict.fromkeys(c for part in parts for c in part.clip_ids))
        evidence = "; ".join(dict.fromkeys(part.evidence for part in parts))
        joined = [other for other in joined if other not in touching]
        joined.append(_Copies(copy.kind, clip_ids, evidence))
    return joined


def _broken(clips: dict[str, _Clip]) -> Iterator[Finding]:
    for clip_id, clip in clips.items():
        if clip.problem:
            yield ("truncated" if clip.cut_off else "corrupt"), (clip_id,), clip.problem
        for note in clip.notes:
            yield "header", (clip_id,), note


def _odd_sound(clips: dict[str, _Clip]) -> Iterator[Finding]:
    for clip_id, clip in clips.items():
        if clip.problem:
            continue
        start, length = clip.gap
        if clip.loudest_db > max(SILENT_DB, clip.level_db + CANCELLED_DB):
            evidence = f"{max(clip.level_db, -120):.0f} dB, one channel {clip.loudest_db:.0f} dB"
            yield "antiphase", (clip_id,), evidence
        elif not clip.is_audible:
            yield "silent", (clip_id,), f"{max(clip.level_db, -120):.0f} dB"
        elif length >= max(GAP_SECONDS, GAP_SHARE * clip.seconds):
            yield "gap", (clip_id,), f"digital silence for {length:.1f} s from {start:.1f} s on"
        if clip.is_audible and clip.clipped >= CLIPPED_SHARE:
            yield "clipped", (clip_id,), f"{100 * clip.clipped:.2f} % of samples at the peak"


def _odd_length(clips: dict[str, _Clip]) -> Iterator[Finding]:
    """Yield clips below 1 s and, if most clips have one length, clips that are clearly shorter."""
    lengths = {clip_id: clip.seconds for clip_id, clip in clips.items() if not clip.problem}
    if not lengths:
        return
    seconds = np.array(list(lengths.values()))
    usual = float(np.median(seconds))
    uniform = np.mean(np.abs(seconds - usual) <= EQUAL_LENGTH * usual) > 0.5 and len(lengths) > 2
    for clip_id, length in lengths.items():
        if uniform and length < SHORTER * usual:
            yield "truncated", (clip_id,), f"{length:.2f} s where most clips have {usual:.2f} s"
        elif length < SHORT_SECONDS:
            yield "short", (clip_id,), f"{length:.2f} s"


def _odd_rate(clips: dict[str, _Clip], expected: int | None) -> Iterator[Finding]:
    rates = pd.Series({i: clip.sample_rate for i, clip in clips.items() if clip.sample_rate})
    if rates.empty:
        return
    usual = expected or int(rates.mode().iloc[0])
    for clip_id, rate in rates[rates != usual].items():
        yield "sample-rate", (str(clip_id),), f"{rate} Hz and not {usual} Hz"


def _odd_band(clips: dict[str, _Clip]) -> Iterator[Finding]:
    """Yield clips without high frequencies if most clips have them."""
    audible = {clip_id: clip for clip_id, clip in clips.items() if clip.is_audible}
    narrow = {clip_id: clip for clip_id, clip in audible.items() if clip.band < BAND}
    if 2 * len(narrow) > len(audible):
        return
    for clip_id, clip in narrow.items():
        top = clip.band * (clip.sample_rate or 22_050) / 2
        yield "band-limited", (clip_id,), f"nothing above {top:.0f} Hz"


def _conflicts(corpus: Corpus, recordings: Iterable[_Copies]) -> Iterator[Finding]:
    """Yield recordings and groups whose clips have more than one genre."""
    genre = corpus.clips["genre"]
    for recording in recordings:
        labels = [str(genre[clip_id]) for clip_id in recording.clip_ids]
        if len(set(labels)) > 1:
            yield "label-conflict", recording.clip_ids, f"one recording labeled {_counted(labels)}"
    for group, labels_of in genre.groupby(corpus.clips["group"]):
        if labels_of.nunique() > 1:
            rare = labels_of[labels_of.map(labels_of.value_counts()) < len(labels_of) / 2]
            suspects = tuple(str(i) for i in (rare.index if len(rare) else labels_of.index))
            evidence = f"group {group!r} is labeled {_counted(labels_of)}"
            yield "label-conflict", suspects, evidence


def _counted(labels: Iterable[str]) -> str:
    counts = pd.Series(list(labels)).value_counts(sort=False)
    return ", ".join(f"{label} ({n})" for label, n in counts.items())


def _imbalance(corpus: Corpus) -> Iterator[Finding]:
    counts = corpus.counts()
    low, high = (pick(counts, key=counts.__getitem__) for pick in (min, max))
    if counts[high] >= IMBALANCE * counts[low]:
        yield "imbalance", (), f"{counts[high]} clips of {high}, {counts[low]} of {low}"


def _split_faults(corpus: Corpus, split: Split, recordings: Iterable[_Copies]) -> Iterator[Finding]:
    """Yield recordings and groups that are in more than one part of the split."""
    part_of = {clip: part for part, ids in split.parts().items() for clip in ids}
    unknown = [clip for clip in part_of if clip not in corpus.clips.index]
    if unknown:
        where = f"audit of {corpus.name!r} with split {split.name!r}"
        raise CorpusError(explain(where, "clips of the corpus", f"unknown {some(unknown)}"))
    for recording in recordings:
        for a, b in combinations(recording.clip_ids, 2):
            parts = part_of.get(a), part_of.get(b)
            if None not in parts and parts[0] != parts[1]:
                yield "split-duplicate", (a, b), f"{parts[0]} and {parts[1]}: {recording.evidence}"
    group = corpus.clips["group"]
    members = pd.Series({clip: group[clip] for clip in part_of})
    for name in split.shared_groups(corpus):
        ids = tuple(str(clip) for clip in members.index[members == name])
        yield "split-group", ids, f"{name!r}: {_counted(part_of[clip] for clip in ids)}"
