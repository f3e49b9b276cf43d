"""All users, roles and grants written as a manifest whose plan is empty."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import tomli_w

from authctl.manifest.read import VERSION
from authctl.manifest.state import Holder, Kind, can_be_said
from authctl.model import WILDCARD, Resource, ResourceType

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from authctl.manifest.state import State

_HEAD = """\
# Users, roles and grants, as authctl export found them.
# Passwords are not exported. To make a user who is not there, add to the table of that user
# password_file = "FILE", or password = "generate" or "none".
"""
_KEYS = {
    ResourceType.EXPERIMENT: "experiment_id",
    ResourceType.REGISTERED_MODEL: "model",
    ResourceType.PROMPT: "prompt",
}
_LEVELS = ("MANAGE", "EDIT", "USE", "READ", "NO_PERMISSIONS", "DENY")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")


def exported(state: State) -> dict[str, Any]:
    """Give the manifest as TOML's own kinds of values, in an order that does not change.

    Grants that a manifest has no words for are left out (see `left_out`).
    """
    held = {
        holder: {on: level for on, level in grants.items() if can_be_said(on, level)}
        for holder, grants in state.grants_by_holder().items()
    }
    users = [{"name": name, "admin": state.users[name]} for name in sorted(state.users)]
    roles = [
        {
            "name": name,
            **({"description": role.description} if role.description else {}),
            "members": sorted(role.members),
            "grants": [
                {**_target(on), "level": level}
                for on, level in held.get(Holder(Kind.ROLE, name), {}).items()
            ],
        }
        for name, role in sorted((state.roles or {}).items())
    ]
    grants = [
        table
        for holder, levels in held.items()
        if holder.kind is Kind.USER
        for table in _own(holder, levels)
    ]
    tables = {"user": users, "role": roles, "grant": grants}
    return {"version": VERSION, **{key: rows for key, rows in tables.items() if rows}}


def to_toml(document: Mapping[str, Any]) -> str:
    """Write a manifest; what no eye sees in a name, such as a bidi control, is escaped."""
    lines = [_pair("version", document["version"])]
    for kind in ("user", "role", "grant"):
        for table in document.get(kind, ()):
            lines += ["", f"[[{kind}]]", *(_pair(key, value) for key, value in table.items())]
    return _HEAD + _NOT_ASCII.sub(_escaped, "\n".join(lines)) + "\n"


def left_out(state: State) -> list[str]:
    """Name what a manifest cannot say, each in a sentence."""
    told = [
        f"{level or 'no level'} of {holder} on {resource} is left out: a manifest has no words"
        " for it."
        for (holder, resource), level in sorted(state.grants.items())
        if not can_be_said(resource, level)
    ]
    if state.elsewhere:
        told.append(
            f"{state.elsewhere} role(s) of other workspaces are left out: a manifest speaks of the"
            " default one."
        )
    return told


def _own(holder: Holder, levels: Mapping[Resource, str]) -> Iterable[dict[str, Any]]:
    """One table for all that a user has the same level on."""
    by_level: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for resource, level in levels.items():
        for key, text in _target(resource).items():
            by_level[level][key].append(text)
    for level in sorted(by_level, key=_LEVELS.index):
        targets = {
            key: found[0] if len(found) == 1 else found
            for key, found in sorted(by_level[level].items())
        }
        yield {"user": holder.name, "level": level, **targets}


def _target(resource: Resource) -> dict[str, str]:
    key = _KEYS.get(ResourceType(resource.type))
    if key is None or resource.id == WILDCARD:
        return {"resource": str(resource)}
    return {key: resource.id}


def _pair(key: str, value: Any) -> str:
    """A key and its value; a table in a list stays on one line, however long it is."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        tables = (", ".join(_pair(*item) for item in table.items()) for table in value)
        rows = "".join(f"    {{ {table} }},\n" for table in tables)
        return f"{key} = [\n{rows}]"
    return tomli_w.dumps({key: value}).rstrip("\n")


def _escaped(found: re.Match[str]) -> str:
    """Only strings hold such characters here, and there TOML knows these escapes."""
    char = found[0]
    if unicodedata.category(char) not in _UNSEEN:
        return char
    return f"\\u{ord(char):04x}" if ord(char) <= 0xFFFF else f"\\U{ord(char):08x}"  # noqa: PLR2004 - the last code point that four hex digits can say
