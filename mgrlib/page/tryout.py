"""A page on which readers try a network on their own music, in the browser and without a server.

`try_it` shows it in a notebook or a chapter; `demo_page` writes it as one HTML file with the model
inside. The network is a file of `mgrlib.compression.export`, and a program of the page's own runs
it (onnx.js beside this module): nothing is fetched, and no sound leaves the computer. In the book
the models stand in scripts beside the page, which are loaded on a click.
"""

from __future__ import annotations

import base64
import gzip
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from mgrlib.compression.classifier_files import Note, read_note
from mgrlib.compression.onnx_files import load
from mgrlib.errors import MgrError, explain
from mgrlib.page.explorer import color_map
from mgrlib.page.html import Html, inline, plain, script_json, style, unique_id
from mgrlib.plots.style import GENRE_COLORS
from mgrlib.storage import atomic_write

RATES = (8000, 96_000)  # Hz, which every browser decodes sound to
PART = 262_144  # characters of one script, so that loading can be seen to progress
PRIVATE = "Nothing leaves your computer: your browser decodes the sound and runs the network."
# A page of ours asks for nothing; with this the browser makes sure that it cannot.
POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval' blob:; worker-src blob:; "
    "style-src 'unsafe-inline'; img-src data: blob:; media-src data: blob:; connect-src 'none'; "
    "form-action 'none'; base-uri 'none'"
)
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --pst-color-primary: #135f84; --pst-color-background: #fff; }}
body {{ max-width: 52rem; margin: 0 auto; padding: 1rem; line-height: 1.5; font-size: 1.05rem;
  font-family: system-ui, -apple-system, sans-serif; color: #1d262e; background: #fff; }}
@media (prefers-color-scheme: dark) {{
  :root {{ --pst-color-primary: #86cbe6; --pst-color-background: #12181e; }}
  body {{ color: #dbe1e6; background: #12181e; }}
}}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{lead}</p>
{body}
</main>
</body>
</html>
"""


@dataclass(frozen=True)
class TryModel:
    """A network that readers may try, with its model card.

    Args:
        key: a short name of letters, digits and hyphens.
        title: what the choice of models calls it.
        onnx: a file of `export`.
        card: pairs of a name and a text, such as ("Trained on", "400 clips ..."); `code` and
            *emphasis* are marked as in `mgrlib.page.html.inline`.
        worth: one sentence that is shown beside every answer: how often it is right, with the
            interval, the clips, and where that was measured.
    """

    key: str
    title: str
    onnx: bytes
    card: tuple[tuple[str, str], ...]
    worth: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[a-z0-9-]+", self.key):
            got = repr(self.key)
            raise MgrError(explain("TryModel", "a key of letters, digits and hyphens", got))


@dataclass(frozen=True)
class TryClip:
    """A clip of the course to begin with: an MP3 file with its title."""

    title: str
    mp3: bytes


def model_of(path: Path, *, key: str = "model", worth: str, title: str = "") -> TryModel:
    """The model of an exported file, with a card of what the file says of itself.

    Raises:
        StorageError: no such file.
        MgrError: a file that `export` did not write, or whose sample rate no browser decodes to.
    """
    note = read_note(path, load(path))
    low, high = RATES
    if not low <= note.sample_rate <= high:
        expected = f"a sample rate from {low} to {high} Hz, which browsers decode sound to"
        raise MgrError(explain(str(path), expected, f"{note.sample_rate} Hz"))
    name = title or str(note.about.get("recipe") or path.stem)
    return TryModel(key, name, path.read_bytes(), _card(note), worth)


def _card(note: Note) -> tuple[tuple[str, str], ...]:
    """What a file says of itself, as a model card."""
    about, seconds = note.about, note.n_samples / note.sample_rate
    n_clips, data = about.get("n_clips"), about.get("data")
    trained = f"{n_clips} clips of `{data or 'segments'}`" if n_clips else "not known"
    weights = str(about.get("weights", "float32"))
    rows = (
        ("Network", f"`{about.get('recipe', 'unknown recipe')}`, {weights} weights"),
        ("Trained on", trained),
        ("Answers", f"one of {len(note.genres)} genres: {', '.join(note.genres)}"),
        ("Listens to", f"{seconds:.1f} s at once, at {note.sample_rate:,} Hz"),
    )
    return rows


def try_it(
    models: Sequence[TryModel],
    clips: Sequence[TryClip] = (),
    *,
    folder: Path | None = None,
    address: str = "",
) -> Html:
    """Return a page on which readers try networks on their own music.

    Args:
        models: one or more, the first of which is chosen at the beginning.
        clips: to begin with.
        folder: where the models and clips are written as scripts, to be loaded on a click; by
            default they are part of the page.
        address: of that folder, as the page sees it, ending in a slash.

    Raises:
        MgrError: if there is no model, or if two have the same key.
        StorageError: if the folder cannot be written to.
    """
    keys = [model.key for model in models]
    if not keys or len(set(keys)) < len(keys):
        raise MgrError(explain("try_it", "one or more models of different keys", str(keys)))
    uid = unique_id("try" + "".join(keys))
    places = _Places(folder, address)
    files_of = [places.of(model.key, _packed(model.onnx)) for model in models]
    options = {
        "models": [
            {"worth": _unmarked(model.worth), **file}
            for model, file in zip(models, files_of, strict=True)
        ],
        "clips": [
            {"title": c.title, **places.of(f"clip-{i}", c.mp3)} for i, c in enumerate(clips, 1)
        ],
        "colors": GENRE_COLORS,
        "map": color_map(),
    }
    body = (
        f"<style>{style('tryout.css')}</style>"
        f'<div class="mgr-try" id="{uid}" role="group" aria-label="Try a network on your music">'
        f"<p>{PRIVATE}</p>{_choice(uid, models, files_of)}{_sources(uid, clips)}"
        f"{_outcome(uid)}"
        f'<script type="application/json">{script_json(options)}</script>'
        f'<script>(function(){{{_script()}\nmgrTry(document.getElementById("{uid}"));}})();</script>'
        "<noscript><p>This part of the page needs JavaScript.</p></noscript></div>"
    )
    return Html(body, f"try it: {', '.join(model.title for model in models)}")


def demo_page(model: TryModel, path: Path, *, title: str = "What genre is this?") -> Path:
    """Write one HTML file with the network inside, which works from a disk; returns the path.

    Raises:
        StorageError: if the file cannot be written.
    """
    lead = (
        f"A small neural network, <em>{html.escape(model.title)}</em>, listens to a sound and says "
        "which genre it thinks it hears. Save this page, send it to a friend: it needs no network "
        "connection, and it is not allowed to use one."
    )
    widget = try_it([model])
    text = PAGE.format(policy=POLICY, title=html.escape(title), lead=lead, body=widget.data)
    with atomic_write(path) as part:
        part.write_text(text, encoding="utf-8")
    return path


def _unmarked(text: str) -> str:
    """A text without the marks of `inline`, to be shown as it is."""
    return html.unescape(plain(text))


def _packed(onnx: bytes) -> bytes:
    """The same bytes for the same file, on every computer."""
    return gzip.compress(onnx, 9, mtime=0)


@dataclass(frozen=True)
class _Places:
    """Where a page has its models and clips: in itself, or in scripts of a folder."""

    folder: Path | None
    address: str

    def of(self, key: str, content: bytes) -> dict[str, Any]:
        """What the page knows of one file."""
        text = base64.b64encode(content).decode()
        size = f"{len(text) / 1000:,.0f} kB"
        if self.folder is None:
            return {"key": key, "size": size, "data": text}
        parts = [text[i : i + PART] for i in range(0, len(text), PART)]
        for number, part in enumerate(parts):
            script = f'mgrTryPart("{key}",{number},"{part}");\n'
            with atomic_write(self.folder / f"{key}.{number}.js") as file:
                file.write_text(script, encoding="utf-8")
        sources = [f"{self.address}{key}.{number}.js" for number in range(len(parts))]
        return {"key": key, "size": size, "sources": sources}


def _choice(uid: str, models: Sequence[TryModel], places: Sequence[dict[str, Any]]) -> str:
    """The models to choose from, and the card of each, of which one is seen."""
    cards = "".join(
        f'<dl data-card="{m.key}"{" hidden" if i else ""}>'
        + "".join(f"<div><dt>{inline(a)}</dt><dd>{inline(b)}</dd></div>" for a, b in m.card)
        + f"<div><dt>How good</dt><dd>{inline(m.worth)}</dd></div></dl>"
        for i, m in enumerate(models)
    )
    folded = f"<details><summary>Model card</summary>{cards}</details>"
    if len(models) == 1:
        return folded
    choices = "".join(
        f'<div><input type="radio" name="{uid}-model" id="{uid}-{m.key}" value="{m.key}" '
        f'data-part="model"{"" if i else " checked"}>'
        f'<label for="{uid}-{m.key}">{inline(m.title)} <small>{places[i]["size"]}</small></label>'
        "</div>"
        for i, m in enumerate(models)
    )
    fieldset = f'<fieldset class="mgr-choices"><legend>Network</legend><div>{choices}</div>'
    return f"{fieldset}</fieldset>{folded}"


def _sources(uid: str, clips: Sequence[TryClip]) -> str:
    """The ways to give it sound."""
    options = "".join(f"<option>{html.escape(clip.title)}</option>" for clip in clips)
    course = (
        f'<span><label for="{uid}-clip">or a clip of the course:</label> '
        f'<select id="{uid}-clip" data-part="clip">{options}</select> '
        '<button type="button" data-part="take">Listen to it</button></span>'
    )
    return (
        '<div class="mgr-sources"><button type="button" data-part="choose">Choose a sound file'
        '</button><input type="file" data-part="file" accept="audio/*,video/*" hidden>'
        '<button type="button" data-part="record" aria-pressed="false">Record with the microphone'
        "</button>"
        f"<span>or drop a file here</span>{course if clips else ''}</div>"
        '<p role="status" aria-live="polite" data-part="status"></p>'
        '<progress data-part="progress" max="1" value="0" hidden aria-label="Progress"></progress>'
    )


def _outcome(uid: str) -> str:
    """Where the answer will stand."""
    return (
        '<div data-part="outcome" hidden>'
        '<p class="mgr-answer" data-part="answer"></p><div data-part="remarks"></div>'
        '<p class="mgr-worth" data-part="worth"></p>'
        '<audio controls data-part="audio"></audio>'
        '<div class="mgr-paper" data-part="plot"></div><p class="mgr-now" data-part="now"></p>'
        '<div class="mgr-tables"><table><caption>Most probable genres</caption>'
        '<tbody data-part="bars"></tbody></table>'
        '<table data-part="tags" hidden><caption>Strongest tags, each by itself from 0 to 100 %'
        '</caption><tbody data-part="tagbars"></tbody></table></div>'
        '<figure><canvas data-part="picture" role="img" aria-label="What the network was given">'
        '</canvas><figcaption data-part="caption"></figcaption></figure>'
        "<details><summary>Every window in numbers</summary>"
        f'<div class="mgr-scroll" tabindex="0" role="region" aria-labelledby="{uid}-numbers">'
        f'<p id="{uid}-numbers">Probability of each genre, window by window</p>'
        '<table data-part="numbers"></table></div></details></div>'
    )


@cache
def _script() -> str:
    package = files("mgrlib.page")
    return "".join(package.joinpath(name).read_text("utf-8") for name in ("onnx.js", "tryout.js"))
