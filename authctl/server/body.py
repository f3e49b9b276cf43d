"""A body read once: JSON or a form, without anything that could be read in another way.

Source: contract 6. What is refused here is refused for administrators too.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from authctl.errors import InvalidRequest
from authctl.server.request import read_query

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from authctl.policy.rule import Rule, Way


def read_json(body: bytes, rule: Rule) -> dict[str, Any]:
    """Read a JSON body: one UTF-8 object without repeated keys, or nothing at all."""
    if not body:
        return {}
    try:
        is_escaped = b"\\u" in body
        hook = _whole if is_escaped else _unique
        data = json.loads(body.decode("utf-8"), object_pairs_hook=hook)
        if is_escaped:  # an escape may be half a character
            json.dumps(data, ensure_ascii=False).encode("utf-8")
    except UnicodeError as error:
        raise InvalidRequest("The request body must be UTF-8.") from error
    except (ValueError, RecursionError) as error:
        if isinstance(error, _RepeatedKey):
            raise InvalidRequest(f"The key {error} is repeated in the request body.") from error
        raise InvalidRequest("The request body is not valid JSON.") from error
    if not isinstance(data, dict):
        raise InvalidRequest("The request body must be a JSON object.")
    _check_spelling(data, rule)
    return data


def in_order(data: dict[str, Any], rule: Rule) -> dict[str, Any]:
    """The body with what it is judged by in front, at every depth; itself if it is so already.

    MLflow stops reading at the first field of a wrong type, and goes on without the others.
    """
    ordered: dict[str, Any] = data
    for ways in rule.in_front:
        ordered = _fronted(ordered, ways)
    return ordered


def read_form(body: bytes) -> dict[str, Any]:
    """Read a form: UTF-8, every field once."""
    pairs = read_query(body)
    if len(dict(pairs)) != len(pairs):
        raise InvalidRequest("A form field must be given once.")
    return dict(pairs)


class _RepeatedKey(ValueError):
    pass


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    data = dict(pairs)
    if len(data) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _RepeatedKey(repr(key))
            seen.add(key)
    return data


def _whole(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The same where there are escapes, without which no JSON has a NUL."""
    data = _unique(pairs)
    if "\0" in "".join(data):  # protobuf takes the name to end there
        raise InvalidRequest("A key in the request body must not contain a NUL.")
    return data


def _check_spelling(data: Mapping[str, Any], rule: Rule) -> None:
    """Refuse what MLflow reads under two spellings: any field given twice, and camelCase ids."""
    for key in data:
        if "_" in key and (twin := _camel(key)) != key and twin in data:
            raise InvalidRequest(f"Write '{key}' instead of '{twin}'.")
    for way in rule.ways:
        _check_way(data, way)


def _check_way(data: Any, way: Way) -> None:
    """Refuse the other spelling of what a way leads by."""
    name, further = way[0], way[1:]
    twin = _camel(name)
    for item in data if isinstance(data, list) else (data,):
        if isinstance(item, list):
            _check_way(item, way)
        elif isinstance(item, dict):
            if twin != name and twin in item:
                raise InvalidRequest(f"Write '{name}' instead of '{twin}'.")
            if further and name in item:
                _check_way(item[name], further)


def _camel(name: str) -> str:
    """The other spelling under which protobuf reads a JSON field."""
    head, *rest = name.split("_")
    return head + "".join(word[:1].upper() + word[1:] for word in rest)


def _fronted(data: Any, ways: Sequence[Way]) -> Any:
    if isinstance(data, list):
        items = [_fronted(item, ways) for item in data]
        return data if all(new is old for new, old in zip(items, data, strict=True)) else items
    if not isinstance(data, dict) or not any(way[0] in data for way in ways):
        return data
    deeper = {way[0]: len(way) > 1 for way in ways}
    # What is deeper comes later, for it may have something of a wrong type beside it.
    named = {
        key: _fronted(data[key], [way[1:] for way in ways if way[0] == key and len(way) > 1])
        for key in sorted((key for key in data if key in deeper), key=deeper.__getitem__)
    }
    is_so = list(data)[: len(named)] == list(named) and all(
        named[key] is data[key] for key in named
    )
    return data if is_so else {**named, **{k: v for k, v in data.items() if k not in named}}
