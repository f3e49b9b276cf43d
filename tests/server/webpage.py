"""A web page as a test reads it: its rows, links, fields and complaints, without a browser."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlsplit

_CELLS = ("td", "th", "caption", "h2", "a", "title", "strong")


@dataclass
class WebPage(HTMLParser):
    """What a page says; text of a cell is told with its white space folded."""

    html: str
    rows: list[list[str]] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    suggested: list[str] = field(default_factory=list)
    captions: list[str] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    alert: str | None = None
    attributes: set[str] = field(default_factory=set)
    tags: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[tuple[str, list[str], str]] = []
        self._alert: tuple[int, list[str]] | None = None
        self.feed(self.html)
        self.close()

    @property
    def body(self) -> list[list[str]]:
        """The rows of the tables without their headings."""
        heads = (["Resource", "Level", "From"], ["User", "Level", "From"])
        return [row for row in self.rows if row not in heads and row[0] != "Looked at"]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.add(tag)
        self.attributes |= given.keys()
        if tag == "input":
            self.fields[given["name"]] = given.get("value", "")
        elif tag == "option":
            self.suggested.append(given["value"])
        elif tag == "tr":
            self.rows.append([])
        if given.get("role") == "alert":
            self._alert = (len(self._open), [])
        if tag in _CELLS:
            self._open.append((tag, [], given.get("href", "")))

    def handle_data(self, data: str) -> None:
        for _, texts, _ in self._open:
            texts.append(data)
        if self._alert and self.alert is None:
            self._alert[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("p", "div") and self._alert and self.alert is None and tag == self._ends():
            self.alert = _folded(self._alert[1])
        if tag not in _CELLS:
            return
        name, texts, href = self._open.pop()
        assert name == tag
        text = _folded(texts)
        if tag in ("td", "th"):
            self.rows[-1].append(text)
        elif tag == "a":
            self.links.setdefault(text, href)
        elif tag == "caption":
            self.captions.append(text)
        elif tag == "h2":
            self.headings.append(text)

    def _ends(self) -> str:
        return "div" if '<div class="error"' in self.html else "p"


def _folded(texts: list[str]) -> str:
    return " ".join("".join(texts).split())


def path_of(link: str) -> str:
    """A link without the host."""
    parts = urlsplit(link)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
