"""All rows, indexed: which rule, if any, speaks for a method on a path."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from authctl.policy.rules import (
    admin,
    artifacts,
    gateway,
    genai,
    registries,
    registry,
    system,
    tracing,
    tracking,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from authctl.policy.rule import Rule

ALL_RULES: tuple[Rule, ...] = (
    *tracking.RULES,
    *registry.RULES,
    *artifacts.RULES,
    *tracing.RULES,
    *genai.RULES,
    *gateway.RULES,
    *registries.RULES,
    *system.RULES,
    *admin.RULES,
)


@dataclass(frozen=True, slots=True)
class Match:
    """The rule that speaks for a request, with the parameters of its path."""

    rule: Rule
    params: Mapping[str, str] = field(default_factory=dict)


class Table:
    """The policy: an exact path first, then the patterns in the order they are written."""

    def __init__(self, rules: Iterable[Rule] = ALL_RULES) -> None:
        self._exact: dict[tuple[str, str, str], Match] = {}
        self._patterns: dict[tuple[str, str], list[Rule]] = {}
        self._rules = tuple(rules)
        for rule in self._rules:
            for version in rule.versions or ("",):
                if rule.pattern is None:
                    key = (rule.method, version, rule.path)
                    if key in self._exact:
                        raise ValueError(f"two rows for {rule.method} {version} {rule.path}")
                    self._exact[key] = Match(rule)
                else:
                    self._patterns.setdefault((rule.method, version), []).append(rule)

    def __iter__(self) -> Iterator[Rule]:
        return iter(self._rules)

    def match(self, method: str, version: str, path: str) -> Match | None:
        """The row for a folded path, or None: unlisted."""
        exact = self._exact.get((method, version, path))
        if exact is not None:
            return exact
        for rule in self._patterns.get((method, version), ()):
            found = rule.pattern.fullmatch(path) if rule.pattern else None
            if found:
                return Match(rule, found.groupdict())
        return None
