"""Resynthesis: turn a log-mel spectrogram back into sound."""

from __future__ import annotations

import numpy as np

from mgrlib.errors import FeatureError, explain
from mgrlib.features.hpss import inverse_stft
from mgrlib.features.mel import LogMel, mel_filterbank
from mgrlib.features.spectrum import FloatArray


def noise_like(log_mel: np.ndarray, feature: LogMel, *, seed: int = 0) -> FloatArray:
    """Noise with the given log-mel spectrogram, (n_mels, T) -> (hop_length * (T - 1),).

    The power of each band is spread evenly over its bins, and each bin gets a random phase. The
    noise therefore contains what the spectrogram contains and nothing else of the original sound.

    Args:
        log_mel: the array that `feature` computed, in dB; it may have been changed since.
        feature: the settings; frames have to overlap by at least half.
        seed: of the random phases.

    Raises:
        FeatureError: if the number of bands differs from the feature's, or if frames overlap by
            less than half.
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
    fractions = weights / np.maximum(weights.sum(axis=0), 1e-12)  # of each band in each bin
    bin_power = fractions.T @ (power / weights.sum(axis=1, keepdims=True))  # (F, T)
    phases = np.random.default_rng(seed).uniform(0.0, 2.0 * np.pi, bin_power.shape)
    overlap = feature.n_fft / feature.hop_length  # random frames add up to this much less power
    stft = np.sqrt(bin_power * overlap) * np.exp(1j * phases)
    return inverse_stft(
        np.ascontiguousarray(stft.T, dtype=np.complex64), feature.n_fft, feature.hop_length
    )
