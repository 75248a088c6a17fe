from __future__ import annotations

import os
import shutil
from collections.abc import Callable

import numpy as np
import pytest
import soundfile as sf
import soxr
from scipy.signal import butter, sosfilt

from mgrlib.data import fingerprint
from mgrlib.data.audit import KINDS, Report, audit
from mgrlib.data.corpus import Corpus, Split
from mgrlib.data.folder import folder
from mgrlib.data.gtzan import gtzan
from mgrlib.data.splits import by_group, stratified
from mgrlib.data.synthetic import Faults, planted, synthetic
from mgrlib.errors import CorpusError

RATE = 22_050
SECONDS = 8.0


def tune(seed: int, seconds: float = SECONDS) -> np.ndarray:
    """Plucked notes at random times and pitches: music enough to have landmarks."""
    rng = np.random.default_rng(seed)
    y = 1e-3 * rng.standard_normal(round(seconds * RATE))
    for _ in range(round(8 * seconds)):
        start = rng.integers(len(y))
        t = np.arange(min(len(y) - start, RATE // 2)) / RATE
        pitch = 110 * 2 ** (rng.integers(36) / 12)
        note = sum(np.sin(2 * np.pi * k * pitch * t) / k for k in (1, 2, 3, 5))
        y[start : start + len(t)] += 0.1 * note * np.exp(-6 * t)
    return 0.8 * y / np.abs(y).max()


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """A folder of eight different clips in two genres."""
    root = tmp_path_factory.mktemp("clean")
    for k in range(8):
        path = root / "ab"[k % 2] / f"artist{k}" / f"clip{k}.wav"
        path.parent.mkdir(parents=True)
        sf.write(path, tune(k), RATE)
    return root


@pytest.fixture
def spoil(clean, tmp_path) -> Callable[..., Report]:
    """Add one file to the clean clips and audit them all."""

    def add(y: np.ndarray, name: str = "a/new/new.wav", rate: int = RATE, **form: str) -> Report:
        shutil.copytree(clean, tmp_path, dirs_exist_ok=True)
        (tmp_path / name).parent.mkdir(exist_ok=True)
        sf.write(tmp_path / name, y, rate, **form)
        return audit(folder(tmp_path, name="music", check=False))

    return add


def kinds_and_clips(report: Report) -> list[tuple[str, tuple[str, ...]]]:
    table = report.findings
    return list(zip(table["kind"], table["clip_ids"], strict=True))


def test_a_clean_corpus_has_no_finding(clean):
    report = audit(folder(clean, name="music"))
    assert report.ok
    assert list(report.findings.columns) == ["kind", "severity", "clip_ids", "evidence"]
    assert report.text() == "music: 8 clips, nothing found."


def test_two_processes_find_what_one_finds(spoil, tmp_path):
    report = spoil(tune(0))
    again = audit(folder(tmp_path, check=False), n_jobs=2)
    assert kinds_and_clips(again) == kinds_and_clips(report) != []


def test_the_bar_is_shown_only_if_asked_for(clean, capsys):
    corpus = folder(clean)
    audit(corpus)
    assert capsys.readouterr() == ("", "")
    audit(corpus, progress=True)
    output = capsys.readouterr()
    assert "8/8" in output.out
    assert output.err == ""


@pytest.mark.parametrize("name", ["a/new/new.wav", "a/new/new.flac"])
def test_the_same_samples_are_found_in_another_file(spoil, clean, name):
    samples, _ = sf.read(clean / "a" / "artist2" / "clip2.wav", dtype="int16")
    report = spoil(samples, name)
    assert kinds_and_clips(report) == [("exact-duplicate", ("a/artist2/clip2", "a/new/new"))]


def muffled(y: np.ndarray) -> np.ndarray:
    return sosfilt(butter(4, 3000, fs=RATE, output="sos"), y)


def noisy(y: np.ndarray) -> np.ndarray:
    return y + 0.1 * y.std() * np.random.default_rng(0).standard_normal(len(y))


CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "quieter by 20 dB": lambda y: 0.1 * y,
    "upside down": lambda y: -y,
    "with noise": noisy,
    "muffled": muffled,
    "half a second late": lambda y: np.append(tune(99, 0.5), y)[: len(y)],
    "from the second second on": lambda y: np.append(y[RATE + 77 :], tune(98, 1.0)),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", ["a/new/new.wav", "a/new/new.mp3", "a/new/new.ogg"])
def test_a_recording_is_known_again_when_changed_and_re_encoded(spoil, change, name):
    report = spoil(CHANGES[change](tune(2)), name)
    assert kinds_and_clips(report) == [("near-duplicate", ("a/artist2/clip2", "a/new/new"))]


def test_a_copy_at_another_rate_is_two_findings(spoil):
    report = spoil(tune(2)[::2], rate=RATE // 2)
    assert kinds_and_clips(report) == [
        ("sample-rate", ("a/new/new",)),
        ("near-duplicate", ("a/artist2/clip2", "a/new/new")),
    ]


def test_copies_of_copies_are_one_recording(clean, tmp_path, monkeypatch):
    """Many copies cost few comparisons, and no leak between two of them is missed."""
    shutil.copytree(clean, tmp_path, dirs_exist_ok=True)
    new = [f"a/new/{k}" for k in range(4)]
    for k, name in enumerate(new):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        sf.write(tmp_path / f"{name}.wav", (0.9 - 0.1 * k) * tune(2), RATE)
    shutil.copy(tmp_path / "a/new/3.wav", tmp_path / "a/new/4.wav")
    compared = []
    alignment = fingerprint.alignment
    monkeypatch.setattr(
        fingerprint, "alignment", lambda *args: compared.append(1) or alignment(*args)
    )
    corpus = folder(tmp_path)
    split = Split("s", ("a/new/1",), (), ("a/new/4",))
    report = audit(corpus, split)
    assert len(compared) == 4  # four new sounds, each beside one known copy
    leaks = [set(ids) for kind, ids in kinds_and_clips(report) if kind == "split-duplicate"]
    assert leaks == [{"a/new/1", "a/new/4"}]


def test_a_copy_in_another_genre_is_a_conflict_of_labels(spoil):
    report = spoil(tune(2), "b/new/new.wav")
    assert ("label-conflict", ("a/artist2/clip2", "b/new/new")) in kinds_and_clips(report)


def test_an_artist_in_two_genres_is_a_conflict_of_labels(clean, tmp_path):
    shutil.copytree(clean, tmp_path, dirs_exist_ok=True)
    (tmp_path / "a" / "artist1").mkdir()
    sf.write(tmp_path / "a" / "artist1" / "other.wav", tune(50), RATE)
    sf.write(tmp_path / "b" / "artist1" / "third.wav", tune(51), RATE)
    report = audit(folder(tmp_path))
    assert kinds_and_clips(report) == [("label-conflict", ("a/artist1/other",))]
    assert "a (1), b (2)" in report.text()


def test_silence_is_found_and_not_taken_for_a_duplicate(clean, tmp_path):
    shutil.copytree(clean, tmp_path, dirs_exist_ok=True)
    for name in ("a/x.wav", "a/y.wav"):
        sf.write(tmp_path / name, np.zeros(round(SECONDS * RATE)), RATE)
    assert kinds_and_clips(audit(folder(tmp_path))) == [("silent", ("a/x",)), ("silent", ("a/y",))]


def test_channels_in_antiphase_are_no_silence(spoil):
    y = tune(20)
    spoil(np.stack([0 * y, 0 * y], axis=1), "a/new/silent.wav")
    report = spoil(np.stack([y, -0.98 * y], axis=1))
    assert ("antiphase", ("a/new/new",)) in kinds_and_clips(report)
    assert [ids for kind, ids in kinds_and_clips(report) if kind == "silent"] == [("a/new/silent",)]


def test_a_header_that_disagrees_with_its_file_is_found(spoil, tmp_path):
    spoil(tune(20))
    path = tmp_path / "a" / "new" / "new.wav"
    path.write_bytes(path.read_bytes()[:-4])
    report = audit(folder(tmp_path))
    assert kinds_and_clips(report) == [("header", ("a/new/new",))]
    assert "(4)" in report.findings["evidence"][0]


def test_a_clip_too_large_for_the_memory_does_not_stop_the_rest(clean, monkeypatch):
    def too_large(y, rate, other):
        raise MemoryError

    monkeypatch.setattr("mgrlib.data.audit.soxr.resample", too_large)
    report = audit(folder(clean))
    assert set(report.findings["kind"]) == {"corrupt"}
    assert len(report.findings) == 8


def test_a_stretch_of_digital_silence_is_found_with_its_place(spoil):
    y = tune(20)
    y[2 * RATE : 4 * RATE] = 0
    report = spoil(y)
    assert kinds_and_clips(report) == [("gap", ("a/new/new",))]
    assert "2.0 s from 2.0 s on" in report.findings["evidence"][0]


def test_clipping_is_found(spoil):
    assert kinds_and_clips(spoil(np.clip(4 * tune(20), -1, 1))) == [("clipped", ("a/new/new",))]


def test_a_clip_shorter_than_the_rest_is_found(spoil):
    assert kinds_and_clips(spoil(tune(20, 5.0))) == [("truncated", ("a/new/new",))]


def test_songs_of_all_lengths_are_no_finding_but_half_a_second_is(tmp_path):
    for k, seconds in enumerate((3, 5, 8, 13, 21, 0.5)):
        path = tmp_path / "ab"[k % 2] / f"song{k}.wav"
        path.parent.mkdir(exist_ok=True)
        sf.write(path, tune(k, seconds), RATE)
    assert kinds_and_clips(audit(folder(tmp_path))) == [("short", ("b/song5",))]


def test_broken_files_are_found_and_do_not_stop_the_rest(spoil, clean, tmp_path):
    shutil.copytree(clean, tmp_path, dirs_exist_ok=True)
    (tmp_path / "a" / "empty.wav").touch()
    (tmp_path / "a" / "text.wav").write_text("not audio\n" * 99)
    content = (clean / "b" / "artist1" / "clip1.wav").read_bytes()
    (tmp_path / "b" / "half.wav").write_bytes(content[: len(content) // 2])
    sf.write(tmp_path / "b" / "nan.wav", np.append(tune(21), np.nan), RATE, subtype="FLOAT")
    assert kinds_and_clips(audit(folder(tmp_path, check=False))) == [
        ("corrupt", ("a/empty",)),
        ("corrupt", ("a/text",)),
        ("truncated", ("b/half",)),
        ("corrupt", ("b/nan",)),
    ]


def test_a_clip_upsampled_from_8_khz_is_found(spoil):
    y = soxr.resample(soxr.resample(tune(20), RATE, 8000), 8000, RATE)
    report = spoil(0.9 * y)
    assert kinds_and_clips(report) == [("band-limited", ("a/new/new",))]
    top = float(report.findings["evidence"][0].split()[2])
    assert top == pytest.approx(4000, abs=200)  # soxr's transition band


def test_a_quiet_clip_is_not_taken_for_one_without_treble(spoil):
    assert kinds_and_clips(spoil(0.02 * tune(20))) == []


def test_a_rate_that_was_asked_for_is_held_to(clean):
    report = audit(folder(clean), sample_rate=44_100)
    assert set(report.findings["kind"]) == {"sample-rate"}
    assert len(report.findings) == 8


def test_genres_of_unequal_size_are_found(tmp_path):
    for k in range(6):
        path = tmp_path / ("a" if k < 4 else "b") / f"{k}.wav"
        path.parent.mkdir(exist_ok=True)
        sf.write(path, tune(k, 2.0), RATE)
    report = audit(folder(tmp_path))
    assert kinds_and_clips(report) == [("imbalance", ())]
    assert report.findings["evidence"][0] == "4 clips of a, 2 of b"


def test_a_copy_on_the_other_side_of_a_split_is_found(spoil, tmp_path):
    spoil(0.5 * tune(2))
    corpus = folder(tmp_path)
    ids = [i for i in corpus.clips.index if i not in ("a/artist2/clip2", "a/new/new")]
    apart = Split("apart", ("a/artist2/clip2", *ids[:4]), (), ("a/new/new", *ids[4:]))
    together = Split("together", ("a/artist2/clip2", "a/new/new", *ids[:4]), (), tuple(ids[4:]))
    both = ("a/artist2/clip2", "a/new/new")
    assert ("split-duplicate", both) in kinds_and_clips(audit(corpus, apart))
    assert ("split-duplicate", both) not in kinds_and_clips(audit(corpus, together))


def test_an_artist_on_both_sides_of_a_split_is_found(clean, tmp_path):
    shutil.copytree(clean, tmp_path, dirs_exist_ok=True)
    sf.write(tmp_path / "a" / "artist2" / "second.wav", tune(30), RATE)
    corpus = folder(tmp_path)
    ids = [i for i in corpus.clips.index if "artist2" not in i]
    split = Split("s", ("a/artist2/clip2", *ids[:4]), ("a/artist2/second",), tuple(ids[4:]))
    assert kinds_and_clips(audit(corpus, split)) == [
        ("split-group", ("a/artist2/clip2", "a/artist2/second"))
    ]


def test_a_split_of_another_corpus_is_refused(clean):
    with pytest.raises(CorpusError, match="'elsewhere'"):
        audit(folder(clean), Split("s", ("a/artist0/clip0",), (), ("elsewhere",)))


def test_a_long_report_is_cut_by_kind(tmp_path):
    for k in range(16):
        path = tmp_path / "ab"[k % 2] / f"{k}.wav"
        path.parent.mkdir(exist_ok=True)
        sf.write(path, np.zeros(RATE), RATE)
    text = audit(folder(tmp_path, name="quiet")).text(n_each=5)
    assert text.splitlines()[0] == "quiet: 16 clips, 16 findings on 16 of them"
    assert text.splitlines()[-1] == "  and 11 more"
    assert len(text.splitlines()) == 8


def test_every_finding_has_a_severity_and_a_meaning(spoil):
    report = spoil(np.zeros(RATE))
    assert set(report.findings["severity"]) <= {"error", "warning"}
    assert all(severity in ("error", "warning") and text for severity, text in KINDS.values())


@pytest.fixture(scope="module")
def small() -> Corpus:
    return synthetic(2, seconds=5.0)


def test_the_clean_embedded_corpus_has_no_finding(small):
    assert audit(small, by_group(small, test=0.5, seed=0)).text().endswith("nothing found.")


def test_every_planted_fault_is_found_and_nothing_else(small):
    corpus = synthetic(
        2, seconds=5.0, faults=Faults(exact=2, reencoded=3, clipped=3, silent=2, truncated=2)
    )
    table = planted(corpus)
    kinds = {
        "exact": "exact-duplicate",
        "reencoded": "near-duplicate",
        "clipped": "clipped",
        "silent": "silent",
        "truncated": "truncated",
    }
    expected = {
        (kinds[row["fault"]], frozenset({clip, row["of"]} - {""})) for clip, row in table.iterrows()
    }
    # a copy takes its original's genre, so that genres of two clips become unequal: no clip's fault
    assert {
        (kind, frozenset(ids)) for kind, ids in kinds_and_clips(audit(corpus)) if ids
    } == expected


@pytest.mark.realdata
def test_real_clips_have_no_finding(realdata):
    corpus = gtzan(realdata / "gtzan_sample", groups="clip")
    assert audit(corpus, stratified(corpus, test=0.5, seed=0)).text().endswith("nothing found.")


@pytest.mark.realdata
def test_re_encoded_real_clips_are_known_again(realdata, tmp_path):
    corpus = gtzan(realdata / "gtzan_sample")
    copied = [str(clip) for clip in corpus.clips.index[::4]]
    for clip_id, row in corpus.clips.iterrows():
        (tmp_path / row["genre"]).mkdir(exist_ok=True)
        os.symlink(row["path"], tmp_path / row["genre"] / f"{clip_id}.flac")
    for clip in copied:
        y = 0.3 * corpus.audio(clip, RATE)[10 * RATE + 99 :]
        sf.write(tmp_path / clip.split(".")[0] / f"{clip}-copy.mp3", y, RATE)
    report = audit(folder(tmp_path))
    pairs = report.findings[report.findings["kind"] == "near-duplicate"]["clip_ids"]
    genre = [clip.split(".")[0] for clip in copied]
    expected = {
        frozenset({f"{g}/{c}", f"{g}/{c}-copy"}) for g, c in zip(genre, copied, strict=True)
    }
    assert {frozenset(pair) for pair in pairs} == expected


def test_silence_has_no_landmarks():
    for y in (np.zeros(0), np.zeros(100), np.zeros(50_000)):
        assert len(fingerprint.landmarks(y.astype(np.float32)).hashes) == 0


def test_the_lag_of_a_copy_is_measured():
    y = tune(0)[::2].astype(np.float32)
    late = np.append(np.zeros(3 * fingerprint.RATE, np.float32), y)
    marks = [fingerprint.landmarks(part) for part in (y, late)]
    (match,) = fingerprint.matches(marks, 30)
    assert (match.a, match.b) == (0, 1)
    assert match.lag_seconds == pytest.approx(3.0, abs=0.024)  # one frame
    alike, overlap = fingerprint.alignment(y, late, match.lag_seconds)
    assert alike == pytest.approx(1.0, abs=1e-3)  # float32
    assert overlap == pytest.approx(SECONDS, abs=0.024)


def test_different_music_does_not_match():
    marks = [fingerprint.landmarks(tune(k)[::2].astype(np.float32)) for k in range(6)]
    assert fingerprint.matches(marks, 30) == []
    y_a, y_b = (tune(k)[::2] for k in (0, 1))
    assert fingerprint.alignment(y_a, y_b, 0.0)[0] < 0.5
