"""Searches answer exactly what the caller may read: rows are dropped and the page is refilled."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from authctl.errors import InvalidRequest, Unavailable
from authctl.policy.decision import met
from authctl.server.request import Reading
from authctl.upstream.subrequest import Answer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from authctl.policy.resolution import Levels
    from authctl.policy.rule import Keep, Narrow
    from authctl.server.resolve import Resolver

REFILL_ROWS = 1000
"""How many rows a refill asks the upstream for at most."""

_GROWTH = 10
"""How many times as many rows as the refill before it a refill has at least."""

_OK = 200


@dataclass(frozen=True, slots=True)
class Page:
    """One page of the upstream: its rows, where it began and where the next one begins."""

    rows: list[dict[str, Any]]
    start: str | None
    following: str | None


class Filter:
    """Keeps of a list what one caller may read.

    `ask` gets a page of the upstream from its number of rows and its token; None leaves either
    as the caller sent it. `seal` makes what the caller is told of the upstream's own token.
    """

    def __init__(
        self,
        keep: Keep,
        resolver: Resolver,
        levels: Levels,
        ask: Callable[[int | None, str | None], Awaitable[Answer]],
        seal: Callable[[str], str],
    ) -> None:
        self._keep = keep
        self._resolver = resolver
        self._levels = levels
        self._ask = ask
        self._seal = seal

    async def answer(self, max_results: int | None, page_token: str | None) -> Answer:
        """The caller's page: as many readable rows as asked for, and a token if more follow."""
        first = await self._ask(None, None)
        if first.status != _OK:
            return first
        data = _object(first)
        page = self._page(data, page_token)
        wanted = max_results or max(len(page.rows), 1)
        kept: list[dict[str, Any]] = []
        token: str | None = None
        seen = asked = 0
        while True:
            overflow = await self._take(page, kept, wanted)
            if overflow is not None:
                token = await self._token_at(page, overflow)
                break
            if page.following is None:
                break
            seen += len(page.rows)
            asked = _refill(wanted + 1 - len(kept), len(kept), seen, asked)
            page = self._page(_object(await self._ask(asked, page.following)), page.following)
        data[self._keep.rows] = kept
        data.pop("next_page_token", None)
        if token:
            data["next_page_token"] = self._seal(token)
        body = json.dumps(data).encode()
        return Answer(_OK, [(b"content-type", b"application/json")], body)

    async def _take(self, page: Page, kept: list[dict[str, Any]], wanted: int) -> int | None:
        """Add the page's readable rows; the index of the first that is one too many, if any."""
        for index, row in enumerate(page.rows):
            if await self._resolver.allows(self._keep.need, row, self._levels):
                if len(kept) == wanted:
                    return index
                kept.append(row)
        return None

    async def _token_at(self, page: Page, index: int) -> str | None:
        """The upstream's own token for the row at an index of a page."""
        if index == 0:
            return page.start
        answer = _object(await self._ask(index, page.start or ""))
        return answer.get("next_page_token")

    def _page(self, data: dict[str, Any], start: str | None) -> Page:
        rows = data.get(self._keep.rows, [])
        following = data.get("next_page_token") or None
        return Page(rows, start, following)


def _refill(missing: int, kept: int, seen: int, asked: int) -> int:
    """How many rows to ask for where some are missing, `kept` of those `seen` being readable.

    As many as it takes at that rate: whoever may read all finds with one row that there are more.
    """
    expected = math.ceil(missing * seen / kept) if kept else REFILL_ROWS
    return min(REFILL_ROWS, max(expected, _GROWTH * asked))


async def narrowed(narrow: Narrow, ids: list[str], resolver: Resolver, levels: Levels) -> list[str]:
    """Of the ids in a request, those on which the caller may act as the row says."""
    name = narrow.need.selector.fields[0]
    return [
        item
        for item in ids
        if met((await resolver.demands_of(narrow.need, Reading(body={name: item})))[0], levels)
    ]


def page_size(value: object) -> int | None:
    """Read max_results as the upstream does; InvalidRequest for anything but a whole number."""
    if value is None or value == "":
        return None
    try:
        size = int(value) if isinstance(value, str | int) else 0
    except ValueError:
        size = 0
    if isinstance(value, bool) or size < 1:
        raise InvalidRequest("Parameter 'max_results' must be a whole number above 0.")
    return size


def _object(answer: Answer) -> dict[str, Any]:
    data = answer.json() if answer.status == _OK else None
    if not isinstance(data, dict):
        raise Unavailable("The MLflow behind this server did not answer a search.")
    return data
