"""The log-mel spectrogram in torch, so that slopes flow from a network back to the waveform."""

from __future__ import annotations

import math

import torch

from mgrlib.errors import FeatureError, explain
from mgrlib.features.mel import FLOOR_DB, LogMel, mel_filterbank
from mgrlib.features.spectrum import hann_window


def log_mel_tensor(y: torch.Tensor, feature: LogMel) -> torch.Tensor:
    """What a `LogMel` computes, of a batch of waveforms and with gradients, (B, N) -> (B, F, T).

    The numbers agree with the feature's within 0.01 dB where the level is above the floor; a cell
    at the floor has the slope 0.

    Args:
        y: float waveforms at the feature's sample rate.
        feature: the settings; without `n_frames`, and without `top_db`, whose floor depends on
            the loudest cell.

    Raises:
        FeatureError: for a feature with `n_frames` or `top_db`, or a tensor that is not (B, N).
    """
    if feature.n_frames is not None or feature.top_db is not None:
        got = f"n_frames={feature.n_frames}, top_db={feature.top_db}"
        hint = "write LogMel(..., top_db=None)."
        expected = "a LogMel without n_frames and top_db"
        raise FeatureError(explain("log_mel_tensor", expected, got, hint))
    if y.ndim != 2:
        raise FeatureError(explain("log_mel_tensor", "waveforms (B, N)", str(tuple(y.shape))))
    stft = torch.stft(
        y,
        feature.n_fft,
        feature.hop_length,
        window=y.new_tensor(hann_window(feature.n_fft)),
        pad_mode=feature.pad_mode,
        return_complex=True,
    )  # (B, bins, T)
    power = stft.real.square() + stft.imag.square()
    bands = (feature.n_mels, feature.fmin, feature.fmax)
    weights = y.new_tensor(mel_filterbank(feature.sample_rate, feature.n_fft, *bands))
    smallest = 10.0 ** (FLOOR_DB / 10.0 / feature.exponent)
    mel = (weights @ power).clamp_min(smallest)  # (B, F, T)
    return mel.log() * (10.0 * feature.exponent / math.log(10.0))
