"""A way in, written down as a case: one request, by whom it fails, and what must not happen."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.server.things import ALICE, BOB, EVE, SECRET

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tests.server.world import World

User = tuple[str, str]
Headers = tuple[tuple[str, str], ...]

REFUSALS = (400, 401, 403, 404)
JSON: Headers = (("Content-Type", "application/json"),)
TEXT: Headers = (("Content-Type", "text/plain"),)
UNTYPED: Headers = ()


@dataclass(frozen=True)
class Case:
    """One request that must not get through.

    `name` begins with the id under which an auditor looks for it. A body that is text is sent as
    it is, all else as JSON, and `pack` may write its bytes otherwise. `passes` are the statuses
    with which the same request succeeds for `by`, who may; none, where that is not tried. What a
    case `spoils` is the family of the things that it leaves unfit for others.
    """

    name: str
    line: str
    body: Any = None
    headers: Headers | None = None
    pack: Callable[[bytes], bytes] = bytes
    answers: tuple[int, ...] = REFUSALS
    by: User = ALICE
    passes: tuple[int, ...] = (200,)
    spoils: str = ""


def unclear(
    name: str,
    line: str,
    body: Any = None,
    headers: Headers | None = None,
    pack: Callable[[bytes], bytes] = bytes,
) -> Case:
    """A case that can be read two ways: refused as that, whoever asks."""
    return Case(name, line, body, headers, pack, answers=(400,))


@dataclass(frozen=True)
class Answer:
    """What came back, to the byte."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        """One header's value."""
        return {key.lower(): value for key, value in self.headers}.get(name.lower())


def cases(*table: Case) -> pytest.MarkDecorator:
    """Run a test on each case, under its name."""
    return pytest.mark.parametrize("case", [pytest.param(item, id=item.name) for item in table])


def send(world: World, user: User | None, case: Case, *, root: bool = False) -> Answer:
    """Send a request exactly as written, which HTTP libraries would not; `root` leaves the prefix.

    What is not said about the body is: its Content-Length, and that it is JSON.
    """
    method, target = world.fill(case.line).split(" ", 1)
    parts = urlsplit(world.server.url)
    content = _content(world, case)
    given = case.headers if case.headers is not None else JSON if content else ()
    names = {name.lower() for name, _ in given}
    address = (parts.hostname or "", parts.port)
    with contextlib.closing(http.client.HTTPConnection(*address, timeout=60)) as connection:
        path = target if root else parts.path + target
        connection.putrequest(method, path, "host" in names, skip_accept_encoding=True)
        if user and "authorization" not in names:
            connection.putheader("Authorization", basic(user))
        if content and names.isdisjoint({"content-length", "transfer-encoding"}):
            connection.putheader("Content-Length", str(len(content)))
        for name, value in given:
            connection.putheader(name, world.fill(value))
        connection.endheaders(content or None)
        with connection.getresponse() as response:
            return Answer(response.status, tuple(response.getheaders()), response.read())


def basic(user: User) -> str:
    """An Authorization header."""
    return "Basic " + base64.b64encode(":".join(user).encode()).decode()


def attack(world: World, case: Case, *, users: Iterable[User | None] = (BOB, EVE)) -> list[Answer]:
    """Try a case as these users; nothing is told and nothing is written."""
    before = world.state()
    found: list[Answer] = []
    for user, turn in turns(world, case, users):
        answer = send(world, user, turn)
        assert answer.status in case.answers, (user, turn.line, answer)
        check_untold(world, case, answer)
        found.append(answer)
    assert world.state() == before
    return found


def turns(
    world: World, case: Case, users: Iterable[User | None] = (BOB, EVE)
) -> Iterator[tuple[User | None, Case]]:
    """Who sends a case in which spelling.

    Where MLflow is in the server's process, without a prefix, the first user sends every one;
    elsewhere the users take turns at the two prefixes of the API.
    """
    lines = list(spellings(case.line))
    for number, user in enumerate(users):
        turn = lines if world.is_plain and number == 0 else lines[number % 2 :][:1] or lines[:1]
        for line in turn:
            yield user, replace(case, line=line)


def control(world: World, case: Case) -> None:
    """The same request succeeds for whoever may: what is refused is not a mistake in writing."""
    spare = world.spare
    answer = send(spare, case.by, case)
    if case.spoils:
        world.renew(case.spoils)
    assert answer.status in case.passes, answer
    # MLflow's own errors have an SQL state, or a detail where FastAPI answers; authctl's have none.
    theirs = b"sqlstate" in answer.body or b'"detail"' in answer.body or not answer.body
    assert answer.status < 300 or answer.status > 499 or theirs, answer


def spellings(line: str) -> Iterator[str]:
    """A request through both prefixes of the API; HEAD besides GET."""
    method, path = line.split(" ", 1)
    paths = [path]
    for prefix, other in (("/api/", "/ajax-api/"), ("/ajax-api/", "/api/")):
        if path.startswith(prefix):
            paths.append(path.replace(prefix, other, 1))
    for method_ in (method, "HEAD") if method == "GET" else (method,):
        yield from (f"{method_} {path}" for path in paths)


def check_untold(world: World, case: Case, answer: Answer) -> None:
    """Nothing that is the victim's is in the answer, but for what the request itself said."""
    asked = world.fill(case.line).encode() + _content(world, replace(case, pack=bytes))
    told = answer.body + repr(answer.headers).encode()
    for word in world.words():
        assert word in asked or word not in told, (word, answer)
    length = rb"(?<![0-9a-f])%d(?![0-9a-f])" % len(SECRET)
    assert not re.search(length, told), answer


def _content(world: World, case: Case) -> bytes:
    if case.body is None:
        return b""
    filled = world.fill(case.body)
    return case.pack((filled if isinstance(filled, str) else json.dumps(filled)).encode())
