"""Players: a sound on the page, small enough to load fast, with a title and a description."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence

import numpy as np
import soundfile as sf

from mgrlib.errors import AudioError, explain, some
from mgrlib.page.html import Html, inline, plain

# What the MP3 format allows.
SAMPLE_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)


def mp3_bytes(y: np.ndarray, sample_rate: int, *, compression: float = 0.7) -> bytes:
    """A waveform as an MP3 file of variable bit rate; the same samples give the same bytes.

    MP3 because it is byte-deterministic, which OGG is not, and seven times smaller than WAV.
    `compression` is 0 for the best sound, 1 for the smallest file.
    """
    buffer = io.BytesIO()
    with sf.SoundFile(
        buffer,
        "w",
        sample_rate,
        channels=1 if y.ndim == 1 else y.shape[1],
        format="MP3",
        subtype="MPEG_LAYER_III",
        bitrate_mode="VARIABLE",
        compression_level=compression,
    ) as file:
        file.write(y)
    return buffer.getvalue()


def listen(y: np.ndarray, sample_rate: int, *, title: str, description: str = "") -> Html:
    """A player for a waveform.

    Args:
        y: (N,) mono or (N, 2) stereo, within -1 and 1; only what is louder is turned down to fit,
            so that quiet clips stay quiet beside loud ones.
        sample_rate: in Hz; one of those that MP3 knows.
        title: what stands above the player.
        description: what there is to hear, for those who cannot; shown under the title.

    Raises:
        AudioError: for an empty or non-finite waveform, a wrong shape, or a sample rate that MP3
            lacks.

    >>> t = np.arange(22050) / 22050
    >>> listen(0.5 * np.sin(2 * np.pi * 440 * t), 22050, title="A 440", description="One tone.")
    player: A 440 (1.0 s)
    """
    y = _checked(np.asarray(y), sample_rate)
    seconds = len(y) / sample_rate
    data = base64.b64encode(mp3_bytes(y, sample_rate)).decode()
    label = f"{title}, {seconds:.0f} seconds" + (f": {description}" if description else "")
    about = f'<span class="mgr-about">{inline(description)}</span>' if description else ""
    body = (
        f'<figure class="mgr-player">'
        f"<figcaption><strong>{inline(title)}</strong>{about}</figcaption>"
        f'<audio controls preload="metadata" aria-label="{plain(label)}" '
        f'src="data:audio/mpeg;base64,{data}"></audio></figure>'
    )
    return Html(body, f"player: {title} ({seconds:.1f} s)")


def listen_grid(players: Sequence[Html], *, label: str = "Players") -> Html:
    """Several players side by side, as many in a row as fit.

    Args:
        players: what `listen` gave; at least one.
        label: what the group is, for screen readers.

    >>> silence = np.zeros(8000)
    >>> listen_grid([listen(silence, 8000, title=name) for name in ("one", "two")])
    2 players: Players
    """
    if not players:
        raise AudioError(explain("listen_grid", "at least one player", "none"))
    items = "".join(f"<li>{player.body}</li>" for player in players)
    name = html.escape(label)
    body = f'<ul class="mgr-players" role="list" aria-label="{name}">{items}</ul>'
    return Html(body, f"{len(players)} players: {label}")


def _checked(y: np.ndarray, sample_rate: int) -> np.ndarray:
    """The waveform as float32 that fits into -1 to 1, or a refusal that says why."""
    if sample_rate not in SAMPLE_RATES:
        rates = ", ".join(map(str, SAMPLE_RATES))
        hint = "resample, e.g. with librosa.resample(y, orig_sr=..., target_sr=22050)."
        raise AudioError(explain("listen", f"a sample rate of {rates} Hz", str(sample_rate), hint))
    if y.ndim not in (1, 2) or len(y) == 0 or (y.ndim == 2 and y.shape[1] not in (1, 2)):
        hint = "mono is (N,), stereo is (N, 2); transpose (2, N)."
        raise AudioError(
            explain("listen", "samples of shape (N,) or (N, 2)", f"shape {y.shape}", hint)
        )
    bad = np.flatnonzero(~np.isfinite(y).reshape(len(y), -1).all(axis=1))
    if len(bad):
        raise AudioError(
            explain("listen", "finite samples", f"NaN or infinity at {some(bad.tolist())}")
        )
    return (y / max(1.0, float(np.abs(y).max()))).astype(np.float32)
