"""Automatic links in chapters.

The first use of a term links to the glossary, and the first mention of a name of the package links
to its documentation. Notebooks therefore need no roles, which Colab would show as plain text. The
extension sphinx-codeautolink links names in code.
"""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.nodes import make_refnode

CHAPTERS = ("book/foundations/", "book/papers/", "book/beyond/", "book/assignments/")
GLOSSARY = "book/reference/glossary"
# Terms that usually have their everyday meaning, or that have a second one.
EVERYDAY = {
    "bias", "genre", "group", "kernel", "key", "level", "loss", "recall", "resampling", "sample",
    "significant",
}  # fmt: skip
# Nodes that are not prose: names, headings, code, formulas, and existing links.
NOT_PROSE = (
    nodes.title,
    nodes.reference,
    nodes.literal,
    nodes.literal_block,
    nodes.math,
    nodes.math_block,
    nodes.raw,
    nodes.citation,
    nodes.substitution_definition,
)
NAME = re.compile(r"[A-Za-z_][\w.]*")


def pattern_of(term: str) -> str:
    """A regular expression for a term in prose, also in the plural and at the start of a sentence.

    >>> [bool(re.fullmatch(pattern_of("hierarchy"), w)) for w in ("Hierarchies", "hierarch")]
    [True, False]
    """
    words = []
    for word in term.split():
        first = word[0] if word[:2].isupper() else f"[{word[0].lower()}{word[0].upper()}]"
        words.append(first + re.escape(word[1:]).replace("'", "['’]"))
    pattern = r"\s+".join(words)
    if term.endswith("y"):
        return pattern[:-1] + "(?:y|ies)"
    return pattern if term.endswith("s") else pattern + "s?"


def finder_of(terms: list[str]) -> re.Pattern[str]:
    """A pattern that finds the longest matching term, as whole words."""
    by_length = sorted(terms, key=len, reverse=True)
    groups = [f"(?P<t{terms.index(term)}>{pattern_of(term)})" for term in by_length]
    return re.compile(rf"(?<![\w-])(?:{'|'.join(groups)})(?![\w-])")


def definitions(app: Sphinx) -> dict[str, tuple[str, str]]:
    """The glossary's terms, each with its id and its first sentence."""
    entries = {}
    for item in app.env.get_doctree(GLOSSARY).findall(nodes.definition_list_item):
        text = next(item.findall(nodes.definition)).astext().replace("\n", " ")
        text = re.sub(r"\s*\[[^\]]*\]", "", text)  # citations
        sentence = re.split(r"(?<=\.)\s", text, maxsplit=1)[0]
        for term in item.findall(nodes.term):
            entries[term.astext()] = (term["ids"][0], sentence)
    return entries


def is_prose(node: nodes.Node) -> bool:
    """Whether a text is prose: not a heading, link, code, or the output of a cell."""
    parent = node.parent
    while parent is not None:
        if isinstance(parent, NOT_PROSE) or "cell_output" in parent.get("classes", ()):
            return False
        parent = parent.parent
    return True


def link_terms(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Make the first use of each term of the glossary a link to it."""
    entries = definitions(app)
    terms = [term for term in entries if term not in EVERYDAY]
    finder = finder_of(terms)
    builder: Any = app.builder
    address = builder.get_relative_uri(docname, GLOSSARY)
    linked: set[str] = set()
    for text in list(doctree.findall(nodes.Text)):
        if not is_prose(text):
            continue
        prose, pieces, at = text.astext(), [], 0
        for match in finder.finditer(prose):
            term = terms[int(str(match.lastgroup)[1:])]
            if term in linked:
                continue
            linked.add(term)
            place, sentence = entries[term]
            link = nodes.reference(
                "", match[0], internal=True, refuri=f"{address}#{place}", reftitle=sentence,
                classes=["mgr-term"],
            )  # fmt: skip
            pieces += [nodes.Text(prose[at : match.start()]), link]
            at = match.end()
        if pieces:
            text.parent.replace(text, [*pieces, nodes.Text(prose[at:])])


def imported(notebook: Path) -> dict[str, str]:
    """The names that a notebook imports from the package, with their modules."""
    names = {}
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        source = re.sub(r"^(\s*)[%!].*$", r"\1pass", "".join(cell["source"]), flags=re.MULTILINE)
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mgrlib"):
                names.update({alias.name: str(node.module) for alias in node.names})
    return names


def documented(name: str, names: dict[str, str], objects: dict[str, Any]) -> str | None:
    """The full name of an imported `name` or `name.method`, if it is documented."""
    if name in objects:
        return name
    first, *rest = name.split(".")
    if first not in names:
        return None
    module = names[first]
    ends = ["", *sorted({o.rsplit(".", 1)[0] for o in objects if o.startswith(f"{module}.")})]
    for inside in [module, *ends]:
        full = ".".join([inside, first, *rest])
        if full in objects:
            return full
    return None


def link_names(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Make the first mention of each imported name a link to its documentation."""
    notebook = Path(app.env.doc2path(docname))
    if notebook.suffix != ".ipynb":
        return
    names, builder = imported(notebook), app.builder
    objects = app.env.get_domain("py").data["objects"]
    linked: set[str] = set()
    for literal in list(doctree.findall(nodes.literal)):
        match = NAME.match(literal.astext())
        if match is None or not is_prose(literal.parent) or isinstance(literal.parent, NOT_PROSE):
            continue
        full = documented(match[0].rstrip("."), names, objects)
        if full is None or full in linked:
            continue
        linked.add(full)
        entry = objects[full]
        link = make_refnode(
            builder, docname, entry.docname, entry.node_id, literal.deepcopy(), full
        )
        literal.parent.replace(literal, link)


def on_resolved(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    if app.builder.format == "html" and docname.startswith(CHAPTERS):
        link_terms(app, doctree, docname)
        link_names(app, doctree, docname)


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("doctree-resolved", on_resolved)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
