"""One canonical reading of a request, or a refusal: what can be read two ways is not passed on.

Source: contract 6. What is refused here is refused for administrators too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, unquote_to_bytes

from starlette.datastructures import Headers

from authctl.errors import InvalidRequest
from authctl.policy.rule import Handle

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from authctl.policy.rule import Rule, Selector

_API = re.compile(r"/(?:ajax-)?api/(\d\.\d)(/.*)", re.DOTALL)
_HIDDEN_IN_PATH = re.compile(r"%(?:2f|5c|25|0[0-9a-f]|1[0-9a-f]|7f)", re.IGNORECASE)
_PAGE_SIZE = re.compile(r"[1-9][0-9]{0,8}")
# What has words of its own for what is wrong with it.
_READ_LATER = frozenset({Handle.EXPERIMENT_ID, Handle.ENDPOINT_URI})
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
# There is one way to read it, and one to write it: as most requests do.
_PLAIN = re.compile(r"(?:/[A-Za-z0-9_-][A-Za-z0-9_.~-]*)+")
# Kept as they are in a path: what RFC 3986 allows in a segment.
_PATH_SAFE = "/:@!$&'()*+,;=~-._"

_HEADER = "header:"

JSON_TYPE = "application/json"
FORM_TYPE = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes: the path that is forwarded, and the folded one that rules speak of."""

    method: str
    forwarded: str
    version: str
    path: str
    query: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """The one meaning of a request's parameters: path first, then the query or the body."""

    params: Mapping[str, str] = field(default_factory=dict)
    query: tuple[tuple[str, str], ...] = ()
    body: Mapping[str, Any] = field(default_factory=dict)
    headers: Headers = field(default_factory=Headers)

    def values(self, name: str) -> list[Any]:
        """All values given under a name; a dotted name looks inside objects and lists."""
        if name.startswith(_HEADER):
            return list(self.headers.getlist(name.removeprefix(_HEADER)))
        if name in self.params:
            return [self.params[name]]
        if self.body:
            return list(_dig(self.body, name.split(".")))
        return [value for key, value in self.query if key == name]

    @property
    def parameters(self) -> dict[str, Any]:
        """All that was given, by its name; of the query as lists."""
        query = {name: [v for key, v in self.query if key == name] for name, _ in self.query}
        return {**query, **self.body, **self.params}

    def one(self, name: str) -> Any:
        """The one value under a name, of whatever type; None when absent."""
        found = self.values(name)
        if len(found) > 1:
            raise InvalidRequest(f"Parameter '{name}' must be given once.")
        return found[0] if found else None

    def text(self, name: str) -> str | None:
        """The one text under a name, None when absent; InvalidRequest for any other type."""
        if not isinstance(value := self.one(name), str | None):
            raise InvalidRequest(f"Parameter '{name}' must be a string.")
        return value

    def required(self, name: str) -> str:
        """The one text under a name; InvalidRequest when it is absent or empty."""
        value = self.text(name)
        if not value:
            raise missing(name)
        return value

    def named(self, selector: Selector) -> list[str]:
        """What a selector points at; empty when nothing is given.

        InvalidRequest when two of its fields differ, or for anything but text.
        """
        if selector.every:
            self._check_every(selector.fields[0])
        given = [
            (name, values)
            for name in selector.fields
            if (values := [value for value in self.values(name) if value not in (None, "")])
        ]
        if not given:
            return []
        name, values = given[0]
        if name not in self.params and not _is_shaped(self.body, name.split("."), selector.each):
            raise InvalidRequest(f"'{name}' must be in an object, or in a list of objects.")
        # MLflow's clients send a run's id under both of its names.
        if any(other != values for _, other in given):
            names = " and ".join(f"'{name}'" for name, _ in given)
            raise InvalidRequest(f"{names} must not differ.")
        # The items of a list of objects are found already; each must name one thing.
        flat = list(_flat(values)) if selector.each and "." not in name else values
        if not all(isinstance(item, str) for item in flat):
            raise InvalidRequest(f"Parameter '{name}' must be a string.")
        if not selector.each and len(flat) > 1:
            raise InvalidRequest(f"Parameter '{name}' must be given once.")
        # MLflow takes some out of paths.
        if not (selector.each or selector.handle in _READ_LATER) and _CONTROL.search(flat[0]):
            raise InvalidRequest(f"Invalid {name}: it contains a control character.")
        return flat

    def _check_every(self, name: str) -> None:
        """Refuse a list of which an item does not name the thing: it would pass unjudged."""
        first, *inner = name.split(".")
        items = self.body.get(first) or []
        named = [list(_dig([item], inner)) for item in items] if isinstance(items, list) else [[]]
        if not all(len(one) == 1 and isinstance(one[0], str) and one[0] for one in named):
            raise InvalidRequest(f"Every item of '{first}' must have '{'.'.join(inner)}'.")


def missing(name: str) -> InvalidRequest:
    """Tell of a parameter that is not there, in the words MLflow's clients know."""
    return InvalidRequest(f"Missing value for required parameter '{name}'.")


def read_target(method: str, raw_path: bytes, query: bytes, static_prefix: str) -> Target:
    """Read the request line. InvalidRequest for whatever servers are known to read differently."""
    if method != method.upper():
        raise InvalidRequest("The request method must be in upper case.")
    path = _read_path(raw_path)
    forwarded = path if _PLAIN.fullmatch(path) else quote(path, safe=_PATH_SAFE)
    inside = path
    if static_prefix:
        inside = path.removeprefix(static_prefix)
        if inside == path or not inside.startswith("/"):
            inside = ""
    match = _API.fullmatch(inside)
    version, folded = (match[1], match[2]) if match else ("", inside)
    return Target(method, forwarded, version, folded, read_query(query))


def read_query(raw: bytes) -> tuple[tuple[str, str], ...]:
    """Read a query or a form, which are written alike. InvalidRequest."""
    pairs = tuple(
        (_unquote_plus(key), _unquote_plus(value))
        for part in raw.split(b"&")
        if part
        for key, _, value in (part.partition(b"="),)
    )
    if any(key.endswith("[]") for key, _ in pairs):
        raise InvalidRequest("A parameter's name must not end in '[]'.")
    return pairs


def check_query(target: Target, many: Iterable[str]) -> None:
    """Refuse a query key that is repeated although the row does not say that it may be."""
    seen: set[str] = set()
    for key, _ in target.query:
        if key in seen and key not in many:
            raise InvalidRequest(f"Parameter '{key}' must be given once.")
        seen.add(key)


def check_reading(reading: Reading, rule: Rule) -> None:
    """Refuse what some handlers take instead of what is in the path, and what they overlook."""
    for name, value in reading.params.items():
        given = [other for key, other in reading.query if key == name]
        if any(other not in (None, "", value) for other in (*given, reading.body.get(name))):
            raise InvalidRequest(f"'{name}' must not differ from what is in the path.")
    size = reading.one("max_results") if rule.keep else None
    if size not in (None, "") and not _PAGE_SIZE.fullmatch(str(size)):
        raise InvalidRequest("Parameter 'max_results' must be a whole number above 0.")


def _read_path(raw: bytes) -> str:
    try:
        text = raw.decode("ascii")
    except UnicodeDecodeError as error:
        raise InvalidRequest("The path must be percent-encoded ASCII.") from error
    if _PLAIN.fullmatch(text):
        return text
    if _HIDDEN_IN_PATH.search(text):
        raise InvalidRequest("The path must not hide a slash, a percent sign or a control.")
    if text.count("%") != len(re.findall(r"%[0-9a-fA-F]{2}", text)):
        raise InvalidRequest("The path is not percent-encoded properly.")
    try:
        path = unquote(text, errors="strict")
    except UnicodeDecodeError as error:
        raise InvalidRequest("The path must be UTF-8.") from error
    if not path.startswith("/") or "\\" in path or _CONTROL.search(path):
        raise InvalidRequest("The path is not one that this server reads.")
    segments = path.split("/")[1:]
    if "" in segments[:-1] or any(segment in (".", "..") for segment in segments):
        raise InvalidRequest("The path must not contain '//', '.' or '..'.")
    return path


def _unquote_plus(raw: bytes) -> str:
    try:
        return unquote_to_bytes(raw.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidRequest("The parameters must be UTF-8.") from error


def _is_shaped(data: Any, names: list[str], in_list: bool) -> bool:
    """Whether the way to a field leads through objects alone, of which the first may be listed."""
    if in_list and len(names) > 1:
        items = [] if data.get(names[0]) is None else data[names[0]]
        return isinstance(items, list) and all(
            isinstance(item, dict) and _is_shaped(item, names[1:], False) for item in items
        )
    for name in names[:-1]:
        data = data.get(name)
        if not isinstance(data, dict):
            return data is None
    return True


def _dig(data: Any, names: list[str]) -> Iterator[Any]:
    if isinstance(data, list):
        for item in data:
            yield from _dig(item, names)
    elif not names:
        yield data
    elif isinstance(data, dict) and names[0] in data:
        inner = data[names[0]]
        if len(names) == 1:
            yield inner
        else:
            yield from _dig(inner, names[1:])


def _flat(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list):
            yield from value
        else:
            yield value
