"""What authctl reads in a request that its door lets pass, and what it passes on."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from authctl.errors import AuthctlError, PermissionDenied
from authctl.policy.rule import Body
from authctl.server.exchange import Exchange
from authctl.server.graphql import Document
from tests.exchanges import TABLE, at_once
from tests.fuzz.world import MARK, USER

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping

    from starlette.types import ASGIApp

    from authctl.policy.rule import Rule
    from authctl.policy.table import Match
    from authctl.server.request import Reading
    from tests.fuzz.sent import Sent
    from tests.fuzz.world import World

_CREDENTIAL = (b"authorization", b"Basic " + base64.b64encode(":".join(USER).encode()))


@dataclass(frozen=True)
class Passed:
    """A request that is passed on: its row, what was read, and what the upstream is sent.

    `values` are those of each field the row looks at; `asked` those of a GraphQL request's roots.
    """

    rule: Rule
    params: Mapping[str, str]
    values: Mapping[str, list[Any]]
    asked: list[Mapping[str, list[Any]]] = field(default_factory=list)
    scope: Mapping[str, Any] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True)
class Refused:
    """A request that is not passed on, and the answer's words without those of the request."""

    reason: str


class Gate:
    """Sends requests through a door to a world."""

    def __init__(self, door: ASGIApp, world: World, runner: asyncio.Runner) -> None:
        self._door = door
        self._world = world
        self._runner = runner

    def read(self, sent: Sent) -> Passed | Refused:
        try:
            match, reading = read_as_the_door_does(sent, self._world.prefix)
        except AuthctlError as error:
            return Refused(_without_names(error.message))
        scope = {**sent.scope(), MARK: True}
        scope["headers"] = [*scope["headers"], _CREDENTIAL]
        caller = sent.caller()
        self._world.passed.clear()
        self._runner.run(self._call(scope, caller))
        if not self._world.passed:
            return Refused(_without_names(_message(caller.answer)))
        forwarded, body = self._world.passed[0]
        values = {name: flat(reading.values(name)) for name in match.rule.fields}
        asked = _asked(reading) if match.rule.body is Body.GRAPHQL else []
        return Passed(match.rule, match.params, values, asked, forwarded, body)

    async def _call(self, scope: dict[str, Any], caller: Any) -> None:
        await self._door(scope, caller.receive, caller.send)


def read_as_the_door_does(sent: Sent, prefix: str) -> tuple[Match, Reading]:
    """Read a request; AuthctlError for what is refused whoever sends it."""
    caller = sent.caller()
    exchange = Exchange(sent.scope(), caller.receive, caller.send)
    target = exchange.aim(prefix)
    match = TABLE.match(target.method, target.version, target.path)
    if match is None or match.rule.here:
        raise PermissionDenied("unlisted" if match is None else "answered here")
    at_once(exchange.read(match))
    return match, exchange.reading


def _asked(reading: Reading) -> list[Mapping[str, list[Any]]]:
    """What each root field of a GraphQL request was found to name."""
    return [
        {name: flat(given.values(name)) for name in need.selector.fields}
        for need, given in Document.read(reading.body).asked
    ]


def flat(values: list[Any]) -> list[Any]:
    flat = [item for value in values for item in (value if isinstance(value, list) else [value])]
    return [item for item in flat if item not in (None, "", [], {})]


def _message(answer: list[Any]) -> str:
    body = b"".join(message.get("body", b"") for message in answer)
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body.decode("utf-8", "replace")


def _without_names(message: str) -> str:
    return re.sub(r"'[^']*'", "'..'", message)[:80]
