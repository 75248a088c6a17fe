"""What the assignment on features asks, and what is right."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from mgrlib.grading.assignment import Assignment, Hidden, Part, Question, Written
from mgrlib.grading.checks import all_close

RATE = 22_050


def mirrored_frames(y: np.ndarray, n_fft: int, hop_length: int) -> np.ndarray:
    """Frames centered on every hop, the waveform continued by its mirror image."""
    starts = hop_length * np.arange(-(-len(y) // hop_length))
    padded = np.pad(y, n_fft, mode="reflect")
    return padded[starts[:, None] + n_fft - n_fft // 2 + np.arange(n_fft)]


def causal_frames(y: np.ndarray, n_fft: int, hop_length: int) -> np.ndarray:
    """Frames that end on every hop, with silence before the waveform."""
    ends = hop_length * np.arange(-(-len(y) // hop_length))
    padded = np.concatenate([np.zeros(n_fft - 1), y])
    return padded[ends[:, None] + np.arange(n_fft)]


def _one_sided(pieces: np.ndarray, window: np.ndarray) -> np.ndarray:
    n = pieces.shape[1]
    power = np.abs(np.fft.rfft(pieces * window)) ** 2
    power[:, 1 : (n + 1) // 2] *= 2
    return power


def mean_square_spectrum(pieces: np.ndarray) -> np.ndarray:
    """Power behind a sine window; a row's sum is the mean square of its windowed frame."""
    n = pieces.shape[1]
    return _one_sided(pieces, np.sin(np.pi * (np.arange(n) + 0.5) / n)) / n**2


def tone_power_spectrum(pieces: np.ndarray) -> np.ndarray:
    """Power behind a parabola; a tone of amplitude A in the middle of a bin has A**2 / 2 there."""
    n = pieces.shape[1]
    window = 1 - ((np.arange(n) - (n - 1) / 2) / ((n + 1) / 2)) ** 2
    return _one_sided(pieces, window) / window.sum() ** 2


def erb_bank(sample_rate: int, n_fft: int, n_bands: int, f_min: float, f_max: float) -> np.ndarray:
    """Triangles on the ERB scale whose weights sum to one; an empty one takes the nearest bin."""

    def to_erb(hz: float) -> float:
        return 21.4 * np.log10(1 + 0.00437 * hz)

    corners = (10 ** (np.linspace(to_erb(f_min), to_erb(f_max), n_bands + 2) / 21.4) - 1) / 0.00437
    weights = _triangles(corners, sample_rate, n_fft)
    bins = np.arange(n_fft // 2 + 1) * sample_rate / n_fft
    for band in np.flatnonzero(weights.sum(1) == 0):
        weights[band, np.argmin(np.abs(bins - corners[band + 1]))] = 1
    return weights / weights.sum(1, keepdims=True)


def bark_bank(sample_rate: int, n_fft: int, n_bands: int, f_min: float, f_max: float) -> np.ndarray:
    """Triangles of height one on the Bark scale; the outermost have shoulders."""

    def to_bark(hz: float) -> float:
        return 26.81 * hz / (1960 + hz) - 0.53

    z = np.linspace(to_bark(f_min), to_bark(f_max), n_bands + 2)
    corners = 1960 * (z + 0.53) / (26.28 - z)
    weights = _triangles(corners, sample_rate, n_fft)
    bins = np.arange(n_fft // 2 + 1) * sample_rate / n_fft
    weights[0, bins <= corners[1]] = 1
    weights[-1, bins >= corners[-2]] = 1
    return weights


def _triangles(corners: np.ndarray, sample_rate: int, n_fft: int) -> np.ndarray:
    edges = corners[:, None]
    bins = np.arange(n_fft // 2 + 1) * sample_rate / n_fft
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    return np.maximum(0, np.minimum(rising, falling))


def _cosines(power: np.ndarray, n: int) -> np.ndarray:
    """Coefficients 0 to n - 1 of the orthonormal cosine transform of the logarithm."""
    n_bands = len(power)
    k, m = np.arange(n)[:, None], np.arange(n_bands)
    scale = np.where(k == 0, np.sqrt(1 / n_bands), np.sqrt(2 / n_bands))
    logs = np.log(np.maximum(power, 1e-10))
    return scale * np.cos(np.pi * k * (2 * m + 1) / (2 * n_bands)) @ logs


def centered_cepstrum(power: np.ndarray, n: int) -> np.ndarray:
    """Coefficients 1 to n, each less its mean over time."""
    cepstrum = _cosines(power, n + 1)[1:]
    return cepstrum - cepstrum.mean(1, keepdims=True)


def moving_cepstrum(power: np.ndarray, n: int) -> np.ndarray:
    """Coefficients 0 to n - 1, and below them their slopes over five frames."""
    cepstrum = _cosines(power, n)
    n_frames = cepstrum.shape[1]
    padded = np.pad(cepstrum, ((0, 0), (2, 2)), mode="edge")
    slopes = sum(
        k * (padded[:, 2 + k : 2 + k + n_frames] - padded[:, 2 - k : 2 - k + n_frames])
        for k in (1, 2)
    )
    return np.concatenate([cepstrum, slopes / 10])


REFERENCES: dict[str, dict[str, Callable[..., np.ndarray]]] = {
    "a": {
        "frames": mirrored_frames,
        "power_spectrum": mean_square_spectrum,
        "filter_bank": erb_bank,
        "cepstrum": centered_cepstrum,
    },
    "b": {
        "frames": causal_frames,
        "power_spectrum": tone_power_spectrum,
        "filter_bank": bark_bank,
        "cepstrum": moving_cepstrum,
    },
}


def comparison(
    hidden: Hidden, function: str, title: str, points: float, cases: Sequence[tuple[Any, ...]]
) -> Question:
    """A question that calls a function on several inputs and compares all its values."""
    reference = REFERENCES[hidden.variant][function]
    expected = [reference(*case) for case in cases]

    def judge(value: Any) -> None:
        names = [f"{function}{described(case)}" for case in cases]
        all_close(value, expected, names, atol=1e-8)

    code = f"result = [{function}(*case) for case in cases]"
    return Question(title, points, code, judge, {"cases": [list(case) for case in cases]})


def described(case: tuple[Any, ...]) -> str:
    """A function's arguments, arrays by their shapes."""
    words = [f"array of shape {x.shape}" if isinstance(x, np.ndarray) else f"{x:g}" for x in case]
    return f"({', '.join(words)})"


def waveform(rng: np.random.Generator, n: int) -> np.ndarray:
    """Whole numbers from -9 to 9, which are easy to read in a message."""
    return rng.integers(-9, 10, n).astype(float)


def frames_questions(hidden: Hidden) -> list[Question]:
    """Ordinary frames; odd lengths and a rest; a waveform that is shorter than a frame."""
    rng = hidden.rng("frames")
    hop = int(rng.integers(3, 7))
    ordinary = [(waveform(rng, 12 * hop), 2 * hop, hop), (waveform(rng, 9 * hop), 4 * hop, hop)]
    odd = [(waveform(rng, 10 * hop + 2), 2 * hop + 3, hop), (waveform(rng, 31), 9, 4)]
    short = [(waveform(rng, 7), 10, int(rng.integers(2, 4))), (waveform(rng, 5), 8, 9)]
    return [
        comparison(hidden, "frames", "Frames", 2, ordinary),
        comparison(hidden, "frames", "Odd frames and a rest", 1, odd),
        comparison(hidden, "frames", "A waveform shorter than a frame", 1, short),
    ]


def power_questions(hidden: Hidden) -> list[Question]:
    """Frames of even length, and of odd length."""
    rng = hidden.rng("power")
    even = [(waveform(rng, n * 3).reshape(3, n),) for n in (16, 2 * int(rng.integers(10, 40)))]
    odd = [(waveform(rng, n * 2).reshape(2, n),) for n in (15, 2 * int(rng.integers(10, 40)) + 1)]
    return [
        comparison(hidden, "power_spectrum", "Frames of even length", 2, even),
        comparison(hidden, "power_spectrum", "Frames of odd length", 1, odd),
    ]


def bank_questions(hidden: Hidden) -> list[Question]:
    """An ordinary bank, one between two frequencies, and one with bands narrower than a bin."""
    rng = hidden.rng("bank")
    top = float(rng.integers(70, 78)) * 100
    low = float(rng.integers(100, 300))
    return [
        comparison(hidden, "filter_bank", "From 0 Hz to half the rate", 2,
                   [(RATE, 1024, int(rng.integers(10, 20)), 0.0, RATE / 2)]),
        comparison(hidden, "filter_bank", "Between two frequencies", 1,
                   [(16_000, 1024, int(rng.integers(8, 14)), low, top)]),
        comparison(hidden, "filter_bank", "Bands narrower than a bin", 1,
                   [(RATE, 128, int(rng.integers(28, 36)), 40.0, 9_000.0)]),
    ]  # fmt: skip


def cepstrum_questions(hidden: Hidden) -> list[Question]:
    """Noise, and a passage of silence or of a single frame."""
    rng = hidden.rng("cepstrum")
    noise = rng.random((24, 9)) ** 4
    quiet = rng.random((16, 6))
    quiet[:, 2:4] = 0
    return [
        comparison(hidden, "cepstrum", "Coefficients of noise", 1, [(noise, 8)]),
        comparison(hidden, "cepstrum", "Silence, and a single frame", 1,
                   [(quiet, 5), (noise[:, :1], 4)]),
    ]  # fmt: skip


SETUP = "import numpy as np\nRATE = 22_050\n"


def setup(hidden: Hidden) -> tuple[str, Mapping[str, Any]]:
    """NumPy, the rate, and two seconds of sound in place of the notebook's clip."""
    t = np.arange(2 * RATE) / RATE
    return SETUP, {"y": np.sin(2 * np.pi * 220 * t).astype(np.float32)}


ASSIGNMENT = Assignment(
    title="Features from scratch",
    variants=("a", "b"),
    parts=(
        Part("frames", "Frames", 4, frames_questions),
        Part("power", "Power spectrum", 3, power_questions),
        Part("filter_bank", "Filter bank", 4, bank_questions),
        Part("cepstrum", "Cepstrum", 2, cepstrum_questions),
    ),
    written=(
        Written(
            "window",
            "What a window does",
            {
                "a labeled plot of one tone's spectrum behind both windows, in decibels": 1,
                "compares the width of the main lobe and the height of the side lobes": 1,
                "explains them by what the window does to the ends of a frame": 1,
                "chooses one for music and says what is lost": 1,
            },
        ),
        Written(
            "listening",
            "Hearing and seeing",
            {
                "points to one sound with its time and band in the picture": 1,
                "the description of the sound fits the clip": 1,
                "names something audible that the picture does not show, and why": 1,
            },
        ),
    ),
    setup=setup,
    hidden_modules=("scipy", "librosa", "torch", "sklearn", "mgrlib", "soundfile", "torchaudio"),
    cell_seconds=20,
)
