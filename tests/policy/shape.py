"""A row in the shape in which routes are listed, to compare the two."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from authctl.policy.rule import Rule

_PLACEHOLDER = re.compile(r"\{[a-z_]+(:path)?\}")


def shape(rule: Rule) -> set[tuple[str, str, str]]:
    path = _PLACEHOLDER.sub(lambda match: f"{{{match[1] or ''}}}", rule.path)
    return {(rule.method, version, path) for version in rule.versions or ("",)}
