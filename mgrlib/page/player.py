"""Audio players for pages, with a title and a description, small enough to load fast."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence

import numpy as np
import soundfile as sf

from mgrlib.errors import AudioError, explain, some
from mgrlib.page.html import Html, inline, plain

# The sample rates of MP3.
SAMPLE_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)


def mp3_bytes(y: np.ndarray, sample_rate: int, *, compression: float = 0.7) -> bytes:
    """Encode a waveform as MP3 with a variable bit rate; the same samples give the same bytes.

    An MP3 file is seven times smaller than WAV and, unlike OGG, deterministic. `compression` is 0
    for the best sound, 1 for the smallest file.
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
    """Return an audio player for a waveform.

    Args:
        y: (N,) mono or (N, 2) stereo, from -1 to 1. A louder waveform is scaled down to this range;
            a quiet one is not changed, so that differences in loudness can be heard.
        sample_rate: in Hz; one of the rates of MP3.
        title: the text above the player.
        description: what the sound contains, for readers who cannot hear it; shown below the title.

    Raises:
        AudioError: if the waveform is empty, not finite or of a wrong shape, or if MP3 does not
            support the sample rate.

    >>> t = np.arange(22050) / 22050
    >>> listen(0.5 * np.sin(2 * np.pi * 440 * t), 22050, title="A 440", description="One tone.")
    player: A 440 (1.0 s)
    """
    y = _check_sound(np.asarray(y), sample_rate)
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
    """Arrange several players in rows, with as many per row as fit.

    Args:
        players: results of `listen`, at least one.
        label: the name of the group, for screen readers.

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


def _check_sound(y: np.ndarray, sample_rate: int) -> np.ndarray:
    """Check a waveform, and return it as float32 from -1 to 1."""
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
