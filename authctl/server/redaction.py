"""What is left out of an answer for a caller to whom the type it is about is denied."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from authctl.model import WILDCARD, Resource
from authctl.upstream.subrequest import Answer

if TYPE_CHECKING:
    from authctl.policy.resolution import Levels
    from authctl.policy.rule import Hide, Rule

_OK = 200
_KEY = "key="


class Redaction:
    """What of a rule's answers one caller is not to see."""

    def __init__(self, rule: Rule, levels: Levels) -> None:
        self._levels = levels
        self._hides = [hide for hide in rule.hide if self._applies(hide)]

    def __bool__(self) -> bool:
        """Whether there is anything to leave out."""
        return bool(self._hides)

    def of(self, answer: Answer) -> Answer:
        """The answer with every hidden part taken out, or emptied where it holds others."""
        if answer.status != _OK or not self._hides:
            return answer
        data = answer.json()
        for hide in self._hides:
            self._remove(data, hide.path.split("/"), hide)
        return Answer(_OK, [(b"content-type", b"application/json")], json.dumps(data).encode())

    def _applies(self, hide: Hide) -> bool:
        if hide.type is None or self._levels.deny(Resource(hide.type, WILDCARD)):
            return True
        return bool(hide.by) and self._levels.deny_any(hide.type)

    def _remove(self, data: Any, way: list[str], hide: Hide) -> None:
        name, rest = way[0], way[1:]
        if isinstance(data, list):
            if name.startswith(_KEY):
                key = name.removeprefix(_KEY)
                data[:] = [item for item in data if item.get("key") != key]
                return
            for item in data:
                self._remove(item, way, hide)
        elif isinstance(data, dict) and name in data:
            if rest:
                self._remove(data[name], rest, hide)
            elif self._hidden_here(data, hide):
                _empty(data, name)

    def _hidden_here(self, data: dict[str, Any], hide: Hide) -> bool:
        if hide.type is None or not hide.by:
            return True
        return self._levels.deny(Resource(hide.type, str(data.get(hide.by, WILDCARD))))


def _empty(data: dict[str, Any], name: str) -> None:
    if isinstance(data[name], dict | list):
        data[name] = type(data[name])()
    else:
        del data[name]
