"""What a part of the tour works with: what was made, and how an attempt ended."""

from __future__ import annotations

import json
import re
from collections import UserDict
from typing import TYPE_CHECKING, Any

import mlflow
from mlflow.exceptions import MlflowException

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

RELEASE = tuple(int(number) for number in re.findall(r"\d+", mlflow.__version__)[:2])
"""The client's release, such as (3, 4)."""

DENIED = "PERMISSION_DENIED"

WORDS = "zażółć 数据 ½"
"""Names are not all ASCII."""


class Made(UserDict[str, Any]):
    """What the editor made, by name: later programs read it from a file.

    `grants` are the things, as type and id, that others are to be given a level on; `ascii` says
    that the server can give out files of such names only.
    """

    def __init__(self, word: str) -> None:
        super().__init__(word=word, grants=[], ascii=False)

    @classmethod
    def read(cls, path: Path) -> Made:
        made = cls("")
        made.data = json.loads(path.read_text(encoding="utf-8"))
        return made

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(self.data), encoding="utf-8")

    def name(self, what: str) -> str:
        """A name for something, which tells one tour from another on the same server."""
        return f"{what} of {self['word']}"

    def grant(self, kind: str, name: str) -> str:
        self["grants"].append([kind, name])
        return name


def attempt(action: Callable[[], Any]) -> Any:
    """What an action gives, or how it was refused."""
    try:
        return plain(action())
    except Exception as error:  # noqa: BLE001 - a client raises what it likes
        return refusal(error)


def refusal(error: BaseException) -> str:
    """PERMISSION_DENIED as the client tells it; files are asked for over plain HTTP."""
    if isinstance(error, MlflowException) and error.error_code == DENIED:
        return DENIED
    if re.search(r"\b403 Client Error\b|\b403: ", str(error)):
        return "403"
    return f"{type(error).__name__}: {error}"


def plain(value: Any) -> Any:
    """The same in what JSON knows."""
    return json.loads(json.dumps(value, default=str, ensure_ascii=True))


def paged(search: Callable[..., Any], name: Callable[[Any], str], **query: Any) -> list[list[str]]:
    """The names on each page of a search, until there is no further token."""
    pages: list[list[str]] = []
    token = None
    while True:
        page = search(page_token=token, **query)
        pages.append([name(row) for row in page])
        token = page.token
        if not token or len(pages) > 50:
            return pages


def names(rows: Iterable[Any]) -> list[str]:
    return sorted(row.name for row in rows)
