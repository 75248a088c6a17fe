import numpy as np
import pytest

SAMPLE_RATE = 22050


def _sine(hz, seconds=1.0, sample_rate=SAMPLE_RATE):
    return np.sin(2 * np.pi * hz * np.arange(round(seconds * sample_rate)) / sample_rate).astype(
        np.float32
    )


def _music(seconds=4.0, sample_rate=SAMPLE_RATE, seed=0, beats_per_minute=120.0):
    """Chords that decay on every beat over faint noise: harmonic, percussive and in time."""
    rng = np.random.default_rng(seed)
    n = round(seconds * sample_rate)
    time = np.arange(n) / sample_rate
    beat = 60.0 / beats_per_minute
    since_beat = time % beat
    chords = np.array([[220.0, 277.2, 329.6], [246.9, 311.1, 370.0], [196.0, 246.9, 293.7]])
    pitches = chords[(time // (2 * beat)).astype(int) % len(chords)]
    tones = np.sin(2 * np.pi * pitches * time[:, np.newaxis]).sum(axis=1) * np.exp(-4 * since_beat)
    clicks = rng.normal(size=n) * np.exp(-60 * since_beat)
    return (0.2 * tones + 0.2 * clicks + 0.001 * rng.normal(size=n)).astype(np.float32)


@pytest.fixture(scope="session")
def y():
    return _music()


@pytest.fixture(scope="session")
def sine():
    """A function: frequency in Hz, seconds, rate -> samples of amplitude 1."""
    return _sine


@pytest.fixture(scope="session")
def music():
    """A function: seconds, rate, seed, tempo -> samples."""
    return _music
