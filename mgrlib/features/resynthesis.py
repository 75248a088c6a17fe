"""Array back to sound: what a log-mel spectrogram knows, made audible."""

from __future__ import annotations

import numpy as np

from mgrlib.errors import FeatureError, explain
from mgrlib.features.hpss import inverse_stft
from mgrlib.features.mel import LogMel, mel_filterbank
from mgrlib.features.spectrum import FloatArray


def noise_like(log_mel: np.ndarray, feature: LogMel, *, seed: int = 0) -> FloatArray:
    """Noise that has this log-mel spectrogram, (n_mels, T) -> (hop_length * (T - 1),).

    The power of a band is spread evenly over its bins, and each bin gets a phase at random. So
    what is heard is what the spectrogram holds, and what is missing it does not hold.

    Args:
        log_mel: what `feature` gave, in dB, or what is left of it.
        feature: the settings; frames have to overlap by half.
        seed: of the phases.

    Raises:
        FeatureError: another number of bands, or frames that do not overlap.
    """
    if np.ndim(log_mel) != 2 or len(log_mel) != feature.n_mels:
        expected = f"shape (F={feature.n_mels}, T)"
        raise FeatureError(explain("noise_like", expected, str(np.shape(log_mel))))
    if feature.hop_length > feature.n_fft // 2:
        expected, got = f"hop_length up to {feature.n_fft // 2}", str(feature.hop_length)
        raise FeatureError(explain("noise_like", expected, got, "frames have to overlap."))
    power = 10.0 ** (np.asarray(log_mel, dtype=np.float64) / (10.0 * feature.exponent))
    bands = (feature.n_mels, feature.fmin, feature.fmax)
    weights = mel_filterbank(feature.sample_rate, feature.n_fft, *bands)
    share = weights / np.maximum(weights.sum(axis=0), 1e-12)  # of each band in each bin
    spread = share.T @ (power / weights.sum(axis=1, keepdims=True))  # (bins, T)
    phases = np.random.default_rng(seed).uniform(0.0, 2.0 * np.pi, spread.shape)
    overlap = feature.n_fft / feature.hop_length  # frames at random add up to this much less power
    stft = np.sqrt(spread * overlap) * np.exp(1j * phases)
    return inverse_stft(
        np.ascontiguousarray(stft.T, dtype=np.complex64), feature.n_fft, feature.hop_length
    )
