"""An explorer of mel spectrograms: the reader picks genre, window, hop and bands, sees and hears.

In a live notebook it is made of widgets, and the package computes what they show. On a rendered
page, in Colab's viewer and wherever a notebook is executed with nobody there, the same controls
are plain HTML and the browser computes: no kernel, no network, no state of widgets in the page.
There the sounds are MP3, which leaves nothing above nine tenths of half the sample rate.
"""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Sequence
from functools import cache, cached_property
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

from mgrlib.errors import MgrError, explain
from mgrlib.features.mel import LogMel
from mgrlib.features.resynthesis import noise_like
from mgrlib.page.frames import png_address
from mgrlib.page.html import OWN_KEYS, Html, style, unique_id
from mgrlib.page.player import mp3_bytes

if TYPE_CHECKING:
    import ipywidgets

    from mgrlib.data.corpus import Corpus

CONTROLS: dict[str, tuple[str, tuple[int, ...], int]] = {
    "window": ("window (samples)", (1024, 2048, 4096, 8192), 2048),
    "hop": ("hop (samples)", (128, 256, 512), 512),
    "bands": ("mel bands", (8, 16, 32, 64, 128), 64),
}
ALT = "Mel spectrogram of {name}: {bands} bands, windows of {window} samples, {hop} samples apart"
TOLD = (
    "{bands} bands by {frames} frames are {numbers} numbers. "
    "A window lasts {ms} ms, and its bins are {hz} Hz wide."
)


def explore(
    corpus: Corpus,
    *,
    clip_ids: Sequence[str] | None = None,
    seconds: float = 4.0,
    sample_rate: int = 22_050,
) -> Explorer:
    """Mel spectrograms of a clip of each genre, with controls for window, hop and bands.

    Args:
        corpus: where the clips come from.
        clip_ids: which to choose from; default: the first of each genre.
        seconds: how much of each clip, from its start.
        sample_rate: in Hz; one of those that MP3 knows.

    Raises:
        MgrError: no clip.
        AudioError: a clip cannot be read.
    """
    first = [corpus.clips.index[corpus.clips["genre"] == genre] for genre in corpus.genres]
    chosen = [ids[0] for ids in first if len(ids)] if clip_ids is None else list(clip_ids)
    if not chosen:
        raise MgrError(explain("explore", "at least one clip", "none"))
    names = [str(corpus.clips.loc[c, "genre"]) if clip_ids is None else c for c in chosen]
    sounds = [corpus.audio(c, sample_rate)[: round(seconds * sample_rate)] for c in chosen]
    return Explorer(dict(zip(names, sounds, strict=True)), sample_rate)


class Explorer:
    """Sounds by name, to be seen and heard as mel spectrograms; displays itself as it can.

    `widget` and `static` are the two forms.

    >>> Explorer({"a": np.zeros(22050, dtype=np.float32)}, 22050)
    explorer: 1 sounds of 1 s
    """

    def __init__(self, sounds: dict[str, np.ndarray], sample_rate: int) -> None:
        self.sounds = dict(sounds)
        self.sample_rate = sample_rate
        self.seconds = max(len(y) for y in sounds.values()) / sample_rate

    def __repr__(self) -> str:
        return f"explorer: {len(self.sounds)} sounds of {self.seconds:g} s"

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self.widget if someone_is_there() else self.static)

    def feature(self, window: int, hop: int, bands: int) -> LogMel:
        """The feature with these settings."""
        return LogMel(self.sample_rate, n_fft=window, hop_length=hop, n_mels=bands)

    def picture(self, name: str, window: int, hop: int, bands: int) -> tuple[str, str]:
        """A spectrogram as an `img` element, and what it is made of in words."""
        from mgrlib.plots.sound import plot_mel

        feature = self.feature(window, hop, bands)
        log_mel = feature(self.sounds[name])
        source = png_address(plot_mel(log_mel, feature, colour_bar=False), 100)
        alt = ALT.format(name=name, window=window, hop=hop, bands=bands)
        told = TOLD.format(
            bands=bands,
            frames=log_mel.shape[1],
            numbers=f"{log_mel.size:,}",
            ms=f"{1000 * window / self.sample_rate:.0f}",
            hz=f"{self.sample_rate / window:.1f}",
        )
        return f'<img data-part="picture" src="{source}" alt="{html.escape(alt)}">', told

    def kept(self, name: str, window: int, hop: int, bands: int) -> np.ndarray:
        """Noise that has the spectrogram, (N,): what the spectrogram keeps of the sound."""
        feature = self.feature(window, hop, bands)
        sound = noise_like(feature(self.sounds[name]), feature)
        return sound / max(float(np.abs(sound).max()), 1e-9)

    @cached_property
    def static(self) -> Html:
        """The explorer as a piece of a page: the browser computes."""
        uid = unique_id("explorer" + "".join(self.sounds))
        name, *settings = next(iter(self.sounds)), *(start for _, _, start in CONTROLS.values())
        picture, told = self.picture(name, *settings)
        sounds = {n: _mp3_address(y, self.sample_rate) for n, y in self.sounds.items()}
        said = {
            "rate": self.sample_rate,
            "seconds": self.seconds,
            "sounds": sounds,
            "colours": _colours(),
            "alt": ALT,
            "told": TOLD,
        }
        data = json.dumps(said).replace("<", "\\u003c")
        kept = _mp3_address(self.kept(name, *settings), self.sample_rate)
        body = (
            f'<div class="mgr-frames mgr-explorer" id="{uid}" role="group" '
            f'aria-label="Explorer of mel spectrograms">{_selects(uid, list(self.sounds))}'
            f'<p role="status" data-part="told">{told}</p>{picture}'
            f"{_players(name, sounds[name], kept, settings[-1])}"
            f'<script type="application/json">{data}</script>'
            f'<script>(function(){{{_script()}\nmgrExplore(document.getElementById("{uid}"));}})();'
            f"</script></div>"
        )
        return Html(body, repr(self))

    @cached_property
    def widget(self) -> ipywidgets.VBox:
        """The explorer made of widgets: the package computes, in a live kernel."""
        import ipywidgets

        style_ = {"description_width": "initial"}
        choose = {"genre": ipywidgets.Dropdown(options=list(self.sounds), description="genre")}
        for key, (label, values, start) in CONTROLS.items():
            choose[key] = ipywidgets.Dropdown(options=values, value=start, description=label)
        shown = {part: ipywidgets.HTML() for part in ("told", "picture", "players")}

        def renew(_change: Any = None) -> None:
            values = [control.value for control in choose.values()]
            for part, text in zip(shown, self._redrawn(*values), strict=True):
                shown[part].value = text

        for control in choose.values():
            control.style = style_
            control.observe(renew, names="value")
        renew()
        row = ipywidgets.HBox(list(choose.values()), layout={"flex_flow": "row wrap"})
        return ipywidgets.VBox([row, *shown.values()])

    def _redrawn(self, name: str, *settings: int) -> tuple[str, str, str]:
        """What the widgets show: a line in words, the picture, the players."""
        picture, told = self.picture(name, *settings)
        kept = self.kept(name, *settings)
        heard, left = (_mp3_address(y, self.sample_rate) for y in (self.sounds[name], kept))
        players = _players(name, heard, left, settings[-1])
        wrapped = [f'<div class="mgr-explorer">{part}</div>' for part in (picture, players)]
        return f'<style>{style()}</style><p role="status">{told}</p>', wrapped[0], wrapped[1]


def someone_is_there() -> bool:
    """Whether the running cell came from a front end that could ask its user for input.

    JupyterLab, Colab and editors can; what executes notebooks for a book, a test or a report
    says that it cannot.
    """
    from IPython import get_ipython

    shell: Any = get_ipython()
    return bool(getattr(getattr(shell, "kernel", None), "_allow_stdin", False))


def _mp3_address(y: np.ndarray, sample_rate: int) -> str:
    y = y / max(1.0, float(np.abs(y).max(initial=0.0)))
    data = mp3_bytes(y, sample_rate, compression=0.3)  # the browser also reckons with it
    return "data:audio/mpeg;base64," + base64.b64encode(data).decode()


def _selects(uid: str, names: list[str]) -> str:
    """The four controls of the page, each with its label."""
    parts: list[tuple[str, str, Sequence[object], object]] = [("genre", "genre", names, names[0])]
    parts += [(key, *rest) for key, rest in CONTROLS.items()]
    out = []
    for key, label, values, start in parts:
        options = "".join(
            f"<option{' selected' if value == start else ''}>{html.escape(str(value))}</option>"
            for value in values
        )
        out.append(
            f'<label for="{uid}-{key}">{label}</label>'
            f'<select {OWN_KEYS} id="{uid}-{key}" data-part="{key}">{options}</select>'
        )
    return f'<div class="mgr-control">{"".join(f"<span>{pair}</span>" for pair in out)}</div>'


def _players(name: str, heard: str, kept: str, bands: int) -> str:
    """The sound as it is, and what is left of it."""
    pairs = (
        ("the clip", "heard", heard, f"{name}, as it is"),
        (
            "what the picture keeps of it, as noise",
            "kept",
            kept,
            f"{name}, what {bands} bands keep",
        ),
    )
    items = "".join(
        f"<div><span>{title}</span>"
        f'<audio controls preload="metadata" data-part="{part}" aria-label="{html.escape(label)}" '
        f'src="{address}"></audio></div>'
        for title, part, address, label in pairs
    )
    return f'<div class="mgr-heard">{items}</div>'


@cache
def _script() -> str:
    return files("mgrlib.page").joinpath("explorer.js").read_text(encoding="utf-8")


def _colours() -> str:
    """The map of colours that `plot_mel` uses, 256 of them, six hexadecimal digits each."""
    import matplotlib

    levels = matplotlib.colormaps["magma"](np.arange(256), bytes=True)[:, :3]
    return bytes(levels.ravel().tolist()).hex()
