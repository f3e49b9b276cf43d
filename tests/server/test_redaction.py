"""Answers without what is denied: the words of `Hide`, without a server."""

from __future__ import annotations

import json
from typing import Any

import pytest

from authctl.model import Generation, Grant, Permission, Resource, ResourceType
from authctl.policy.resolution import Levels
from authctl.policy.rule import Access, Hide, rule
from authctl.server.redaction import Redaction
from authctl.upstream.subrequest import Answer

_RUN, _SECRET = ResourceType.RUN, ResourceType.GATEWAY_SECRET
_JSON = [(b"content-type", b"application/json"), (b"x-more", b"1")]


def _levels(*rows: tuple[str, str], level: str = "DENY") -> Levels:
    grants = [Grant("u", Resource(kind, thing), level) for kind, thing in rows]
    return Levels(grants, default=Permission.READ, generation=Generation.ROLES)


def _left(data: Any, *hides: Hide, levels: Levels) -> Any:
    found = Redaction(rule("GET /x", Access.SIGNED_IN, hide=hides), levels)
    answer = found.of(Answer(200, _JSON, json.dumps(data).encode()))
    return json.loads(answer.body)


_SHUT = _levels(("run", "*"))


@pytest.mark.parametrize(
    ("path", "data", "left"),
    [
        ("a", {"a": 1, "b": 2}, {"b": 2}),
        ("a", {"a": "x"}, {}),
        ("a", {"a": None, "b": 2}, {"b": 2}),
        ("a", {"a": [1, 2]}, {"a": []}),
        ("a", {"a": {"b": 1}}, {"a": {}}),
        ("a", {"b": {"a": 1}}, {"b": {"a": 1}}),
        ("a/b", {"a": {"b": 1, "c": 2}}, {"a": {"c": 2}}),
        ("a/b", {"a": [{"b": 1}, {"c": 2}, {"b": 3}]}, {"a": [{}, {"c": 2}, {}]}),
        ("a/b/c", {"a": [{"b": [{"c": 1, "d": 2}]}]}, {"a": [{"b": [{"d": 2}]}]}),
        ("a/b", {"a": 1}, {"a": 1}),
        ("a/b", {"a": None}, {"a": None}),
        ("a/b", {"a": [1, "b", None]}, {"a": [1, "b", None]}),
        ("a/key=k", {"a": [{"key": "k", "v": 1}, {"key": "l"}]}, {"a": [{"key": "l"}]}),
        ("a/b/key=k", {"a": [{"b": [{"key": "k"}]}, {"b": []}]}, {"a": [{"b": []}, {"b": []}]}),
        ("a", [{"a": 1, "b": 2}], [{"b": 2}]),
        ("a", "text", "text"),
    ],
)
def test_what_stands_at_the_end_of_the_way_is_taken_out(path: str, data: Any, left: Any) -> None:
    assert _left(data, Hide(path, _RUN), levels=_SHUT) == left
    assert _left(data, Hide(path), levels=_levels()) == left
    assert _left(data, Hide(path, _RUN), levels=_levels()) == data


@pytest.mark.parametrize("level", ["DENY", "NO_PERMISSIONS", "A_WORD_OF_TOMORROW"])
def test_every_level_that_allows_nothing_hides(level: str) -> None:
    data = {"run_id": "r"}
    assert _left(data, Hide("run_id", _RUN), levels=_levels(("run", "*"), level=level)) == {}


@pytest.mark.parametrize("level", ["READ", "USE", "EDIT", "MANAGE"])
def test_a_level_that_allows_something_hides_nothing(level: str) -> None:
    data = {"run_id": "r"}
    assert _left(data, Hide("run_id", _RUN), levels=_levels(("run", "*"), level=level)) == data


def test_another_kind_denied_hides_nothing() -> None:
    data = {"run_id": "r"}
    levels = _levels(("logged_model", "*"), ("experiment", "1"), ("gateway_secret", "s"))
    assert _left(data, Hide("run_id", _RUN), levels=levels) == data


def test_whoever_manages_the_workspace_sees_what_is_denied_besides() -> None:
    grants = [
        Grant("u", Resource("workspace", "*"), "MANAGE"),
        Grant("u", Resource("run", "*"), "DENY"),
    ]
    levels = Levels(grants, default=Permission.READ, generation=Generation.ROLES)
    assert _left({"run_id": "r"}, Hide("run_id", _RUN), levels=levels) == {"run_id": "r"}


_NAMES = (Hide("rows/name", _SECRET, by="id"), Hide("rows/id", _SECRET, by="id"))


def test_what_is_denied_by_itself_is_hidden_where_its_id_is() -> None:
    data = {"rows": [{"id": "s1", "name": "one"}, {"id": "s2", "name": "two"}, {"name": "three"}]}
    left = _left(data, *_NAMES, levels=_levels(("gateway_secret", "s1")))
    assert left == {"rows": [{}, {"id": "s2", "name": "two"}, {"name": "three"}]}
    left = _left(data, *_NAMES, levels=_levels(("gateway_secret", "*")))
    assert left == {"rows": [{}, {}, {}]}
    assert _left(data, *_NAMES, levels=_levels(("gateway_secret", "s3"))) == data


def test_an_answer_in_which_nothing_is_hidden_keeps_its_bytes() -> None:
    answer = Answer(200, _JSON, b'{ "run_id" : "r" }')
    found = Redaction(rule("GET /x", Access.SIGNED_IN, hide=(Hide("run_id", _RUN),)), _levels())
    assert not found
    assert found.of(answer) is answer


def test_an_error_of_mlflow_is_passed_on_as_it_is() -> None:
    answer = Answer(404, _JSON, b'{"run_id": "not an answer"}')
    found = Redaction(rule("GET /x", Access.SIGNED_IN, hide=(Hide("run_id", _RUN),)), _SHUT)
    assert found
    assert found.of(answer) is answer
