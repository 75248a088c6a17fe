"""The styles of the ten genres, with one file per genre, and sketches outside of them."""

from __future__ import annotations

from mgrlib.errors import CorpusError, explain
from mgrlib.synth.styles.blues import STYLE as BLUES
from mgrlib.synth.styles.classical import STYLE as CLASSICAL
from mgrlib.synth.styles.country import STYLE as COUNTRY
from mgrlib.synth.styles.disco import STYLE as DISCO
from mgrlib.synth.styles.hiphop import STYLE as HIPHOP
from mgrlib.synth.styles.jazz import STYLE as JAZZ
from mgrlib.synth.styles.metal import STYLE as METAL
from mgrlib.synth.styles.pop import STYLE as POP
from mgrlib.synth.styles.reggae import STYLE as REGGAE
from mgrlib.synth.styles.rock import STYLE as ROCK
from mgrlib.synth.styles.sketches import SKETCHES
from mgrlib.synth.styles.style import Style

STYLES: dict[str, Style] = {
    style.genre: style
    for style in (BLUES, CLASSICAL, COUNTRY, DISCO, HIPHOP, JAZZ, METAL, POP, REGGAE, ROCK)
}


def style_of(genre: str) -> Style:
    """Return the style of a genre or a sketch.

    Raises:
        CorpusError: if there is no such genre.
    """
    style = STYLES.get(genre) or SKETCHES.get(genre)
    if style is None:
        raise CorpusError(explain("style_of", f"one of {[*STYLES, *SKETCHES]}", repr(genre)))
    return style
