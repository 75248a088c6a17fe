"""Figures that the reader moves, drawn beforehand: they work on a page that has no kernel."""

from __future__ import annotations

import base64
import html
import io
import json
from collections.abc import Callable, Sequence
from typing import Any

from mgrlib.errors import MgrError, explain
from mgrlib.page.html import OWN_KEYS, Html, inline, plain, unique_id

_SCRIPT = """<script>(function(){{
const root=document.getElementById("{uid}"),image=root.querySelector("img");
const shown=root.querySelector("output");
const frames=JSON.parse(root.querySelector("script").textContent);
frames.forEach(function(frame){{frame[0]=frame[0]||image.src;}});
function show(k,input){{image.src=frames[k][0];image.alt=frames[k][1];
if(shown){{shown.textContent=frames[k][2];input.setAttribute("aria-valuetext",frames[k][2]);}}}}
root.querySelectorAll("input").forEach(function(input){{
input.addEventListener("input",function(){{show(+input.value,input);}});
if(input.type==="range"||input.checked)show(+input.value,input);}});
}})();</script>"""


def frames_slider(
    make: Callable[[Any], Any],
    values: Sequence[Any],
    *,
    label: str,
    alt: str | Callable[[Any], str],
    unit: str = "",
    start: int = 0,
    dpi: int = 100,
) -> Html:
    """A slider over figures drawn beforehand, one for each value; arrow keys move it too.

    Args:
        make: draws the figure of one value and returns it, or its axes.
        values: what the slider steps through, at least two.
        label: what the values are, with the slider, e.g. ``"hop length"``.
        alt: what the figure shows, in words; a function of the value where it differs.
        unit: stands after the value, e.g. ``"samples"``.
        start: index of the value shown first.
        dpi: dots an inch; a frame of 6 by 3 inches at 100 takes some 20 kB.

    >>> import matplotlib.pyplot as plt
    >>> def line(slope):
    ...     fig, ax = plt.subplots(figsize=(2, 1))
    ...     ax.plot([0, 1], [0, slope])
    ...     return ax
    >>> frames_slider(line, [1, 2, 4], label="slope", alt=lambda s: f"a line of slope {s}")
    slider: slope, 3 figures
    """
    frames = _frames(
        "frames_slider", make, values, [f"{v} {unit}".strip() for v in values], alt, dpi
    )
    _check_start("frames_slider", start, len(frames))
    uid = unique_id(label + frames[0][0])
    head = (
        f'<div class="mgr-control"><label for="{uid}-r">{inline(label)}</label>'
        f'<input type="range" {OWN_KEYS} id="{uid}-r" min="0" max="{len(frames) - 1}" step="1" '
        f'value="{start}" aria-valuetext="{html.escape(frames[start][2])}">'
        f'<output for="{uid}-r">{html.escape(frames[start][2])}</output></div>'
    )
    return Html(
        _assemble(uid, label, head, frames, start), f"slider: {label}, {len(frames)} figures"
    )


def choices(
    make: Callable[[Any], Any],
    values: Sequence[Any],
    *,
    label: str,
    alt: str | Callable[[Any], str],
    names: Sequence[str] | None = None,
    start: int = 0,
    dpi: int = 100,
) -> Html:
    """Figures drawn beforehand, one shown at a time, picked by name.

    Args:
        make: draws the figure of one value and returns it, or its axes.
        values: what there is to pick from, at least two.
        label: what is picked, e.g. ``"genre"``.
        alt: what the figure shows, in words; a function of the value where it differs.
        names: what the buttons say, if not the values themselves.
        start: index of the figure shown first.
        dpi: dots an inch.
    """
    names = [str(v) for v in values] if names is None else list(names)
    if len(names) != len(values):
        raise MgrError(explain("choices", f"{len(values)} names", str(len(names))))
    frames = _frames("choices", make, values, names, alt, dpi)
    _check_start("choices", start, len(frames))
    uid = unique_id(label + frames[0][0])
    buttons = "".join(
        f'<input type="radio" {OWN_KEYS} id="{uid}-{k}" name="{uid}" value="{k}"'
        f"{' checked' if k == start else ''}>"
        f'<label for="{uid}-{k}">{inline(name)}</label>'
        for k, name in enumerate(names)
    )
    head = (
        f'<fieldset class="mgr-choices"><legend>{inline(label)}</legend>'
        f"<div>{buttons}</div></fieldset>"
    )
    return Html(
        _assemble(uid, label, head, frames, start), f"choice: {label}, {len(frames)} figures"
    )


def _frames(
    where: str,
    make: Callable[[Any], Any],
    values: Sequence[Any],
    names: Sequence[str],
    alt: str | Callable[[Any], str],
    dpi: int,
) -> list[tuple[str, str, str]]:
    """For each value: its picture as a data address, its description, its name."""
    if len(values) < 2:
        raise MgrError(explain(where, "at least two values", str(len(values))))
    described = [
        alt(value) if callable(alt) else f"{alt} ({n})"
        for value, n in zip(values, names, strict=True)
    ]
    if not all(text.strip() for text in described):
        raise MgrError(explain(where, "words for what each figure shows", "an empty `alt`"))
    pictures = [png_address(make(value), dpi) for value in values]
    return [(p, d, n) for p, d, n in zip(pictures, described, names, strict=True)]


def png_address(drawn: Any, dpi: int) -> str:
    """A figure, or the figure of some axes, as the data address of a PNG; the figure is closed.

    A palette of 256 colours takes a third of the bytes, and the eye does not miss the others.
    """
    import matplotlib.pyplot as plt
    from PIL import Image

    figure = drawn if hasattr(drawn, "savefig") else getattr(drawn, "figure", None)
    if figure is None:
        hint = "end `make` with `return ax`."
        raise MgrError(explain("make", "a figure or axes", type(drawn).__name__, hint))
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=dpi, facecolor="white")
    plt.close(figure)
    small = io.BytesIO()
    picture = Image.open(buffer).convert("RGB").quantize(256, dither=Image.Dither.NONE)
    picture.save(small, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(small.getvalue()).decode()


def _assemble(
    uid: str, label: str, head: str, frames: list[tuple[str, str, str]], start: int
) -> str:
    """The control, the first picture, the others as data, and the script that swaps them."""
    source, alt, _ = frames[start]
    others = [("" if k == start else frame[0], *frame[1:]) for k, frame in enumerate(frames)]
    data = json.dumps(others).replace("<", "\\u003c")
    return (
        f'<div class="mgr-frames" id="{uid}" role="group" aria-label="{plain(label)}">{head}'
        f'<img src="{source}" alt="{html.escape(alt)}">'
        f'<script type="application/json">{data}</script>{_SCRIPT.format(uid=uid)}</div>'
    )


def _check_start(where: str, start: int, n: int) -> None:
    if not 0 <= start < n:
        raise MgrError(explain(where, f"a start from 0 to {n - 1}", str(start)))
