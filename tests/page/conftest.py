"""A reader of HTML that finds what a browser would silently repair."""

from __future__ import annotations

from collections.abc import Callable
from html.parser import HTMLParser

import pytest

VOID = {"img", "input", "br", "hr", "meta", "link"}


class Reader(HTMLParser):
    """Collects elements, and complains about what is not closed, repeated or nameless."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.faults: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        self.faults += [f"<{tag}> is not closed" for tag in self.open]
        ids = self.all("id")
        self.faults += [f"id {i} occurs twice" for i in set(ids) if ids.count(i) > 1]
        self.faults += [f"label for {i}: none" for i in self.all("for") if i not in ids]

    def all(self, attribute: str) -> list[str]:
        """The values of one attribute, wherever it stands."""
        return [a[attribute] or "" for _, a in self.elements if attribute in a]

    def named(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every element of one kind."""
        return [attributes for name, attributes in self.elements if name == tag]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        if len(set(names)) < len(names):
            self.faults.append(f"<{tag}> has an attribute twice")
        self.elements.append((tag, dict(attrs)))
        if tag == "img" and not (dict(attrs).get("alt") or "").strip():
            self.faults.append("a picture without words")
        if tag not in VOID and not (tag == "path" or tag == "circle"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.faults.append(f"</{tag}> closes nothing")

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def page() -> Callable[..., Reader]:
    """What displayed things make together, checked: valid, and asking nothing of the net."""

    def check(*widgets: object) -> Reader:
        text = "".join(thing.data for thing in widgets)  # type: ignore[attr-defined]
        reader = Reader(text)
        assert reader.faults == []
        assert "http:" not in text.replace("http://www.w3.org", "")
        assert "https:" not in text
        assert not [a for a in reader.named("script") if "src" in a]
        return reader

    return check
