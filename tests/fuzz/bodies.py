"""JSON bodies that the fields of a message allow, with what a row looks for in them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from authctl.policy.rule import Handle

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from random import Random

    from authctl.policy.rule import Rule, Selector

    Names = Mapping[Handle, Sequence[str]]
    # A field's name, its kind, whether it repeats, and what is inside it.
    Field = tuple[str, str, bool, list[Any]]

# The way to a name inside a body: its keys, and at the end what is named.
Ways = dict[str, Any]


@dataclass
class Obj:
    """A JSON object whose keys are JSON texts, so that they may repeat and be escaped."""

    members: list[tuple[str, Node]] = field(default_factory=list)


@dataclass
class Arr:
    """A JSON list."""

    items: list[Node] = field(default_factory=list)


Node = Obj | Arr | str


def text(node: Node) -> str:
    if isinstance(node, Obj):
        return "{" + ", ".join(f"{key}: {text(inner)}" for key, inner in node.members) + "}"
    if isinstance(node, Arr):
        return "[" + ", ".join(text(item) for item in node.items) + "]"
    return node


def ways_of(rule: Rule) -> Ways:
    """Where a row looks, but for what is in the path."""
    ways: Ways = {}
    needs = [*rule.needs, *([rule.narrow.need] if rule.narrow else [])]
    for need in needs:
        for name in need.selector.fields:
            _lay(ways, name.split("."), handle_of(name, need.selector))
    if rule.keep:
        ways["max_results"] = '"7"'  # a token would be another search's
    if rule.then:
        for name in filter(None, (*rule.then.fields, rule.then.new)):
            _lay(ways, name.split("."), Handle.NEW)
    for name, value in rule.never:
        _lay(ways, name.split("."), json.dumps(f"{value}2"))
    for name, value in rule.only:
        _lay(ways, name.split("."), json.dumps(value))
    return {name: way for name, way in ways.items() if is_inside(name, rule)}


def handle_of(field: str, selector: Selector) -> Handle:
    """What a field holds; some things are named by two fields of different kinds."""
    word = field.rpartition(".")[2]
    return _BY_FIELD.get(word, selector.handle) if len(selector.fields) > 1 else selector.handle


_BY_FIELD = {
    "experiment_id": Handle.EXPERIMENT_ID,
    "trace_id": Handle.TRACE_ID,
}


def is_inside(name: str, rule: Rule) -> bool:
    """Whether a field is in the query or the body, and not in the path, a header or the answer."""
    return f"{{{name}" not in rule.path and not name.startswith(("header:", "answer:"))


def _lay(ways: Ways, names: list[str], end: Handle | str) -> None:
    if len(names) == 1:
        ways.setdefault(names[0], end)
    else:
        inner = ways.setdefault(names[0], {})
        if isinstance(inner, dict):
            _lay(inner, names[1:], end)


def valid(random: Random, fields: Sequence[Field], ways: Ways, names: Names) -> Obj:
    """An object that a message's fields allow, with what the row looks for and some of the rest."""
    given = Obj()
    for name, kind, repeated, inner in fields:
        way = ways.get(name)
        if way is None and random.randrange(len(fields) + 3) > 3:
            continue
        if name == "run_uuid" and random.randrange(3):
            continue
        node = _value(random, kind, inner, way, names)
        if repeated and kind != "map":
            more = [_value(random, kind, inner, way, names)] if random.randrange(3) == 0 else []
            node = Arr([node, *more])
        given.members.append((json.dumps(name), node))
    if "run_id" in ways and not random.randrange(3):
        _both_names(random, given)
    known = {name for name, *_ in fields}
    for name, way in ways.items():
        if name not in known and not random.randrange(4):
            given.members.append((json.dumps(name), _value(random, "string", [], way, names)))
    if not random.randrange(4):
        random.shuffle(given.members)
    return given


def _both_names(random: Random, given: Obj) -> None:
    """A run under both names of its id, or under its old one only."""
    found = dict(given.members)
    if isinstance(found.get('"run_id"'), str):
        kept = [member for member in given.members if member[0] not in ('"run_uuid"', '"run_id"')]
        new = [('"run_uuid"', found['"run_id"'])]
        if random.randrange(4):
            new.append(('"run_id"', found['"run_id"']))
        given.members = [*new, *kept] if random.randrange(2) else [*kept, *new]


def _value(random: Random, kind: str, inner: list[Any], way: Any, names: Names) -> Node:
    if isinstance(way, Handle):
        return json.dumps(random.choice(names[way]), ensure_ascii=bool(random.randrange(2)))
    if isinstance(way, str):
        return way.strip('"') if kind == "int" else way
    if kind == "message" or isinstance(way, dict):
        return valid(random, inner, way or {}, names)
    if kind == "map":
        return Obj([('"a"', '"b"')])
    if kind == "enum":
        return json.dumps(random.choice(inner))
    return random.choice(_PLAIN.get(kind, ['{"a": 1}']))


_PLAIN = {
    "string": ['"text"', '"a key"', '"ü"', '""', '"7"'],
    "int": ["1", "2", '"3"', "0"],
    "float": ["1.50", "1", '"NaN"', "1e3"],
    "bool": ["true", "false"],
    "Timestamp": ['"2025-01-02T03:04:05Z"'],
    "Duration": ['"1.5s"'],
    "FieldMask": ['"rationale"'],
}
