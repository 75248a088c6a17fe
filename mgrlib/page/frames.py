"""Sliders and choices over figures that are drawn in advance, for pages without a kernel."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable, Sequence
from typing import Any

from mgrlib.errors import MgrError, explain
from mgrlib.page.html import OWN_KEYS, Html, inline, plain, script_json, unique_id

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
    """Draw a figure for each value, and return a slider over them; arrow keys move it, too.

    Args:
        make: a function that draws the figure for a value and returns it or its axes.
        values: the values of the slider, at least two.
        label: the name of the quantity, e.g. ``"hop length"``.
        alt: the text alternative of the figure, or a function of the value that returns it.
        unit: the unit of the values, e.g. ``"samples"``.
        start: index of the value shown first.
        dpi: dots per inch; a figure of 6 by 3 inches at 100 dpi takes about 20 kB.

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
    """Draw a figure for each value, and return buttons that show one of them at a time.

    Args:
        make: a function that draws the figure for a value and returns it or its axes.
        values: the values to choose from, at least two.
        label: the name of the quantity, e.g. ``"genre"``.
        alt: the text alternative of the figure, or a function of the value that returns it.
        names: the labels of the buttons; by default the values themselves.
        start: index of the figure shown first.
        dpi: dots per inch.
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
    """For each value, its picture as a data address, its text alternative, and its name."""
    if len(values) < 2:
        raise MgrError(explain(where, "at least two values", str(len(values))))
    alts = [
        alt(value) if callable(alt) else f"{alt} ({n})"
        for value, n in zip(values, names, strict=True)
    ]
    if not all(text.strip() for text in alts):
        raise MgrError(explain(where, "a text alternative for each figure", "an empty `alt`"))
    pictures = [png_address(make(value), dpi) for value in values]
    return list(zip(pictures, alts, names, strict=True))


def png_address(plot: Any, dpi: int) -> str:
    """Convert a figure, or the figure of axes, to the data address of a PNG, and close it.

    The PNG has a palette of 256 colors, which takes a third of the bytes without a visible
    difference.
    """
    import matplotlib.pyplot as plt
    from PIL import Image

    figure = plot if hasattr(plot, "savefig") else getattr(plot, "figure", None)
    if figure is None:
        hint = "end `make` with `return ax`."
        raise MgrError(explain("make", "a figure or axes", type(plot).__name__, hint))
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
    """Join the control, the first picture, the others as data, and the script that swaps them."""
    source, alt, _ = frames[start]
    entries = [("" if k == start else frame[0], *frame[1:]) for k, frame in enumerate(frames)]
    data = script_json(entries)
    return (
        f'<div class="mgr-frames" id="{uid}" role="group" aria-label="{plain(label)}">{head}'
        f'<img src="{source}" alt="{html.escape(alt)}">'
        f'<script type="application/json">{data}</script>{_SCRIPT.format(uid=uid)}</div>'
    )


def _check_start(where: str, start: int, n: int) -> None:
    if not 0 <= start < n:
        raise MgrError(explain(where, f"a start from 0 to {n - 1}", str(start)))
