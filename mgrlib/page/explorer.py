"""An interactive explorer of mel spectrograms with controls for genre, window, hop and bands.

The controls are plain HTML and the browser computes the spectrograms, without a kernel, a network
or widget state, on a rendered page as in a live notebook. The sounds are MP3, which removes
frequencies above nine tenths of half the sample rate.

Why the browser computes, and does not show pictures that were drawn in advance, as `choices` does:
ten clips with 4 windows, 3 hops and 5 numbers of bands are 600 settings, each with a picture (25 kB
on average) and a resynthesis to hear (34 kB). Together they would be 36 MB; the explorer of ten
clips has 0.54 MB, of which its program is 11 kB. A test compares the program's spectrograms with
those of `LogMel` to 0.01 dB.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np

from mgrlib.errors import MgrError, explain
from mgrlib.features.mel import LogMel
from mgrlib.features.resynthesis import noise_like
from mgrlib.page.frames import png_address
from mgrlib.page.html import OWN_KEYS, Html, script_json, unique_id
from mgrlib.page.player import mp3_bytes

if TYPE_CHECKING:
    from mgrlib.data.corpus import Corpus

CONTROLS: dict[str, tuple[str, tuple[int, ...], int]] = {
    "window": ("window (samples)", (1024, 2048, 4096, 8192), 2048),
    "hop": ("hop (samples)", (128, 256, 512), 512),
    "bands": ("mel bands", (8, 16, 32, 64, 128), 64),
}
ALT = "Mel spectrogram of {name}: {bands} bands, windows of {window} samples, {hop} samples apart"
SUMMARY = (
    "{bands} bands by {frames} frames are {numbers} numbers. "
    "A window lasts {ms} ms, and its bins are {hz} Hz wide."
)


def explore(
    corpus: Corpus,
    *,
    clip_ids: Sequence[str] | None = None,
    seconds: float = 4.0,
    sample_rate: int = 22_050,
) -> Html:
    """Show mel spectrograms of a clip of each genre, with controls for window, hop and bands.

    Args:
        corpus: the clips.
        clip_ids: the clips to choose from; by default the first of each genre.
        seconds: the length of sound that is used, from the start of each clip.
        sample_rate: in Hz; one of the rates of MP3.

    Raises:
        MgrError: if there is no clip.
        AudioError: if a clip cannot be read.
    """
    if clip_ids is None:
        by_genre = [corpus.clips.index[corpus.clips["genre"] == genre] for genre in corpus.genres]
        ids = [genre_ids[0] for genre_ids in by_genre if len(genre_ids)]
        names = [str(corpus.clips.loc[c, "genre"]) for c in ids]
    else:
        ids = names = list(clip_ids)
    if not ids:
        raise MgrError(explain("explore", "at least one clip", "none"))
    sounds = [corpus.audio(c, sample_rate)[: round(seconds * sample_rate)] for c in ids]
    return explorer_of(dict(zip(names, sounds, strict=True)), sample_rate)


def explorer_of(sounds: Mapping[str, np.ndarray], sample_rate: int) -> Html:
    """The explorer of some sounds.

    Args:
        sounds: (N,) float waveforms by name.
        sample_rate: of the sounds, in Hz.

    >>> explorer_of({"a": np.zeros(22050, dtype=np.float32)}, 22050)
    explorer: 1 sounds of 1 s
    """
    seconds = max(len(y) for y in sounds.values()) / sample_rate
    name, first = next(iter(sounds.items()))
    window, hop, bands = (start for _, _, start in CONTROLS.values())
    feature = LogMel(sample_rate, n_fft=window, hop_length=hop, n_mels=bands)
    log_mel = feature(first)
    picture, summary = _picture(name, log_mel, feature)
    addresses = {n: _mp3_address(y, sample_rate) for n, y in sounds.items()}
    resynthesis = noise_like(log_mel, feature)
    resynthesis /= max(float(np.abs(resynthesis).max()), 1e-9)
    uid = unique_id("explorer" + "".join(sounds))
    options = {
        "rate": sample_rate,
        "seconds": seconds,
        "sounds": addresses,
        "colors": color_map(),
        "alt": ALT,
        "summary": SUMMARY,
    }
    body = (
        f'<div class="mgr-frames mgr-explorer" id="{uid}" role="group" '
        f'aria-label="Explorer of mel spectrograms">{_selects(uid, list(sounds))}'
        f'<p role="status" data-part="summary">{summary}</p>{picture}'
        f"{_players(name, addresses[name], _mp3_address(resynthesis, sample_rate), bands)}"
        f'<script type="application/json">{script_json(options)}</script>'
        f'<script>(function(){{{_script()}\nmgrExplore(document.getElementById("{uid}"));}})();'
        f"</script></div>"
    )
    return Html(body, f"explorer: {len(sounds)} sounds of {seconds:g} s")


def _picture(name: str, log_mel: np.ndarray, feature: LogMel) -> tuple[str, str]:
    """A spectrogram as an `img` element, and a summary of its size in words."""
    from mgrlib.plots.sound import plot_mel

    source = png_address(plot_mel(log_mel, feature, color_bar=False), 100)
    window, bands = feature.n_fft, feature.n_mels
    alt = ALT.format(name=name, window=window, hop=feature.hop_length, bands=bands)
    summary = SUMMARY.format(
        bands=bands,
        frames=log_mel.shape[1],
        numbers=f"{log_mel.size:,}",
        ms=f"{1000 * window / feature.sample_rate:.0f}",
        hz=f"{feature.sample_rate / window:.1f}",
    )
    return f'<img data-part="picture" src="{source}" alt="{html.escape(alt)}">', summary


def _mp3_address(y: np.ndarray, sample_rate: int) -> str:
    y = y / max(1.0, float(np.abs(y).max(initial=0.0)))
    data = mp3_bytes(y, sample_rate, compression=0.3)  # good enough for the browser's spectrograms
    return "data:audio/mpeg;base64," + base64.b64encode(data).decode()


def _selects(uid: str, names: list[str]) -> str:
    """The four controls of the page, each with its label."""
    controls: list[tuple[str, str, Sequence[object], object]]
    controls = [("genre", "genre", names, names[0])]
    controls += [(key, *control) for key, control in CONTROLS.items()]
    out = []
    for key, label, values, start in controls:
        options = "".join(
            f"<option{' selected' if value == start else ''}>{html.escape(str(value))}</option>"
            for value in values
        )
        out.append(
            f'<label for="{uid}-{key}">{label}</label>'
            f'<select {OWN_KEYS} id="{uid}-{key}" data-part="{key}">{options}</select>'
        )
    return f'<div class="mgr-control">{"".join(f"<span>{pair}</span>" for pair in out)}</div>'


def _players(name: str, original: str, resynthesis: str, bands: int) -> str:
    """Players of the original sound and of its resynthesis from the spectrogram."""
    players = (
        ("the clip", "original", original, f"{name}, original"),
        (
            "noise with the same spectrogram",
            "resynthesis",
            resynthesis,
            f"{name}, resynthesized from {bands} bands",
        ),
    )
    items = "".join(
        f"<div><span>{title}</span>"
        f'<audio controls preload="metadata" data-part="{part}" aria-label="{html.escape(label)}" '
        f'src="{address}"></audio></div>'
        for title, part, address, label in players
    )
    return f'<div class="mgr-sounds">{items}</div>'


@cache
def _script() -> str:
    return files("mgrlib.page").joinpath("explorer.js").read_text(encoding="utf-8")


def color_map() -> str:
    """The 256 colors of the map that `plot_mel` uses, six hexadecimal digits each."""
    import matplotlib

    levels = matplotlib.colormaps["magma"](np.arange(256), bytes=True)[:, :3]
    return bytes(levels.ravel().tolist()).hex()
