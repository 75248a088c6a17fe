"""The page "Try it": its networks and clips, which are stored as scripts beside the page."""

from __future__ import annotations

from pathlib import Path

MARK = "<!-- try it -->"
FOLDER = "_static/try"
WITHOUT = """
:::{admonition} One network is missing in this copy of the book
:class: note
The published tagger's weights belong to others and are downloaded only when somebody asks for them.
This copy was built on a computer that does not have them. To build it with them:

```bash
.venv/bin/python -c "from mgrlib.models.published import find; find('msd-crnn')"
make book
```
:::
"""


def try_page(out: Path) -> str:
    """Write the scripts into the site's folder, and return the content of the page."""
    from mgrlib.page.try_models import course_clips, pocket_student, published_tagger
    from mgrlib.page.tryout import try_it

    tagger = published_tagger()
    models = [pocket_student(), *([tagger] if tagger else [])]
    widget = try_it(models, course_clips(), folder=out / FOLDER, address=f"../{FOLDER}/")
    return f"```{{raw}} html\n{widget.data}\n```\n{'' if tagger else WITHOUT}"
