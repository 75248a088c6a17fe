"""Resynthesis: turn a log-mel spectrogram back into sound, or change the levels of a sound's."""

from __future__ import annotations

import numpy as np

from mgrlib.errors import FeatureError, explain
from mgrlib.features.hpss import inverse_stft
from mgrlib.features.mel import LogMel, mel_filterbank
from mgrlib.features.spectrum import FloatArray, Sound


def noise_like(
    log_mel: np.ndarray,
    feature: LogMel,
    *,
    seed: int = 0,
) -> FloatArray:
    """Noise with a given log-mel spectrogram: hop_length * (T - 1) samples.

    The power of each band is spread evenly over its bins, and each bin gets a
    random phase. The noise therefore contains what the spectrogram contains and
    nothing else of the original sound.

    Args:
        log_mel: the array (n_mels, T) that `feature` computed, in dB,
            changed or unchanged.
        feature: the settings; frames have to overlap by at least half.
        seed: of the random phases.

    Raises:
        FeatureError: if the number of bands differs from the feature's, or if
            frames overlap by less than half.
    """
    if np.ndim(log_mel) != 2 or len(log_mel) != feature.n_mels:
        expected, got = f"shape (F={feature.n_mels}, T)", str(np.shape(log_mel))
        raise FeatureError(explain("noise_like", expected, got))
    if feature.hop_length > feature.n_fft // 2:
        expected = f"hop_length up to {feature.n_fft // 2}"
        got, hint = str(feature.hop_length), "frames have to overlap."
        raise FeatureError(explain("noise_like", expected, got, hint))
    levels = np.asarray(log_mel, dtype=np.float64)
    power = 10.0 ** (levels / (10.0 * feature.exponent))
    bands = (feature.n_mels, feature.fmin, feature.fmax)
    weights = mel_filterbank(feature.sample_rate, feature.n_fft, *bands)
    # The fraction of each band in each bin.
    fractions = weights / np.maximum(weights.sum(axis=0), 1e-12)
    density = power / weights.sum(axis=1, keepdims=True)
    bin_power = fractions.T @ density  # (F, T)
    generator = np.random.default_rng(seed)
    phases = generator.uniform(0.0, 2.0 * np.pi, bin_power.shape)
    # Frames with random phases lose this factor of power when they are added.
    overlap = feature.n_fft / feature.hop_length
    stft = np.sqrt(bin_power * overlap) * np.exp(1j * phases)
    columns = np.ascontiguousarray(stft.T, dtype=np.complex64)
    return inverse_stft(columns, feature.n_fft, feature.hop_length)


def with_gains(y: np.ndarray, gains_db: np.ndarray, feature: LogMel) -> FloatArray:
    """A sound whose mel bands are louder or softer by given gains, (N,) -> (N,).

    Each cell of the short-time spectrum is multiplied by the mean gain of the bands that it
    belongs to, and keeps its phase; a cell below or above all bands follows the nearest. The
    frames overlap, and so do the bands, so the levels of the result change by the gains only where
    neighboring cells have similar gains.

    Args:
        y: the waveform, at the feature's sample rate.
        gains_db: (n_mels, T), in dB; minus infinity removes a cell.
        feature: the settings; frames have to overlap by at least half.

    Raises:
        FeatureError: if the gains are not (n_mels, T) for this sound, or if frames overlap by less
            than half.
    """
    spectrum = Sound(y, feature.sample_rate).spectrum(
        feature.n_fft, feature.hop_length, feature.pad_mode
    )
    stft = spectrum.stft
    if np.shape(gains_db) != (feature.n_mels, len(stft)):
        expected = f"gains (F={feature.n_mels}, T={len(stft)})"
        raise FeatureError(explain("with_gains", expected, str(np.shape(gains_db))))
    if feature.hop_length > feature.n_fft // 2:
        expected, got = f"hop_length up to {feature.n_fft // 2}", str(feature.hop_length)
        raise FeatureError(explain("with_gains", expected, got, "frames have to overlap."))
    bands = (feature.n_mels, feature.fmin, feature.fmax)
    weights = mel_filterbank(feature.sample_rate, feature.n_fft, *bands)  # (F, bins)
    # A narrow high band weighs as much as a wide one: each triangle to a height of 1.
    weights = weights / np.maximum(weights.max(axis=1, keepdims=True), 1e-12)
    total = weights.sum(axis=0)  # (bins,)
    factors = 10.0 ** (np.asarray(gains_db, dtype=np.float64) / 20.0)
    mean = (factors.T @ weights) / np.maximum(total, 1e-12)  # (T, bins)
    below = np.arange(len(total)) < int(np.argmax(total > 0.0))
    outside = np.flatnonzero(total == 0.0)  # bins that belong to no band follow the nearest
    mean[:, outside] = factors[np.where(below[outside], 0, -1)].T
    changed = (stft * mean).astype(np.complex64)
    return inverse_stft(changed, feature.n_fft, feature.hop_length, len(y))
