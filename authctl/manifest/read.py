"""access.toml: what a manifest asks for, table by table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import tomli

from authctl.errors import InvalidRequest
from authctl.manifest.accounts import WantedUser, wanted_user
from authctl.manifest.entry import Entry, nearest
from authctl.manifest.state import Holder, Kind
from authctl.model import SYNTHETIC_ROLE_PREFIX, Permission, Resource, ResourceType

if TYPE_CHECKING:
    from pathlib import Path

VERSION = 1

_TOP_KEYS = ("version", "user", "role", "grant")
_TARGET_KEYS = ("experiment", "experiment_id", "model", "prompt", "resource")
_ROLE_KEYS = ("name", "description", "members", "grants")
_ROLE_GRANT_KEYS = ("level", *_TARGET_KEYS)
_GRANT_KEYS = ("user", "users", "role", *_ROLE_GRANT_KEYS)
_TYPES = {
    "experiment_id": ResourceType.EXPERIMENT,
    "model": ResourceType.REGISTERED_MODEL,
    "prompt": ResourceType.PROMPT,
}
_LEVELS = {str(level): level for level in Permission}


@dataclass(frozen=True, slots=True)
class ExperimentName:
    """An experiment as people call it; grants know only its id."""

    name: str


@dataclass(frozen=True, slots=True)
class AskedUser:
    """One `[[user]]` table."""

    user: WantedUser
    where: str


@dataclass(frozen=True, slots=True)
class AskedRole:
    """One `[[role]]` table but for its grants; None is what it leaves open."""

    name: str
    description: str | None
    members: tuple[str, ...] | None
    where: str


@dataclass(frozen=True, slots=True)
class AskedGrant:
    """One `[[grant]]` table, or one grant of a role: each holder's level on each target."""

    holders: tuple[Holder, ...]
    targets: tuple[Resource | ExperimentName, ...]
    level: Permission
    where: str


@dataclass(frozen=True, slots=True)
class Asked:
    """All that a manifest asks for, as it is written there."""

    users: tuple[AskedUser, ...] = ()
    roles: tuple[AskedRole, ...] = ()
    grants: tuple[AskedGrant, ...] = ()


def read_manifest(content: bytes, *, name: str, folder: Path) -> Asked:
    """Read a manifest called `name`, whose password files are named from `folder`.

    InvalidRequest, which names the file, the table and its number, for whatever is not clear.
    """
    top = Entry.checked(_parsed(content, name), name, _TOP_KEYS)
    version = top.values.get("version")
    if version is None:
        raise top.error("it does not say its version.", hint="Begin it with: version = 1")
    if version != VERSION or version is True:
        raise top.error(
            "its version is not known; this authctl reads version 1.",
            hint="Write version = 1, or upgrade authctl.",
        )
    users = [
        AskedUser(wanted_user(table, where=where, folder=folder), where)
        for table, where in _tables(top, "user")
    ]
    roles, grants = [], []
    for table, where in _tables(top, "role"):
        role, of_role = _role(Entry.checked(table, where, _ROLE_KEYS))
        roles.append(role)
        grants += of_role
    for table, where in _tables(top, "grant"):
        grants.append(_grant(Entry.checked(table, where, _GRANT_KEYS)))
    return Asked(tuple(users), tuple(roles), tuple(grants))


def _parsed(content: bytes, name: str) -> dict[str, Any]:
    try:
        return tomli.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        # Not "from error", here and below: the errors hold the text, in which a secret may stand.
        raise InvalidRequest(f"{name} is not UTF-8 text.") from None
    except tomli.TOMLDecodeError as error:
        raise InvalidRequest(
            f"{name}, line {error.lineno}: this is not valid TOML.",
            hint=f"{error.msg} (column {error.colno}).",
        ) from None
    except (ValueError, RecursionError):
        raise InvalidRequest(f"{name} is not valid TOML.") from None


def _tables(top: Entry, key: str) -> list[tuple[dict[str, Any], str]]:
    value = top.values.get(key, [])
    if not isinstance(value, list) or not all(isinstance(table, dict) for table in value):
        raise top.error(
            f"'{key}' must be a list of tables.", hint=f"Head each of them with [[{key}]]."
        )
    return [(table, f"{top.where}, {key} {number}") for number, table in enumerate(value, 1)]


def _role(table: Entry) -> tuple[AskedRole, list[AskedGrant]]:
    name = table.text("name")
    if name.startswith(SYNTHETIC_ROLE_PREFIX):
        raise table.error(
            f"no role can be called '{name}'.",
            hint="Such roles hold users' own grants: write those as [[grant]] with a user.",
        )
    members = tuple(table.texts("members")) if "members" in table.values else None
    holder = (Holder(Kind.ROLE, name),)
    grants = [
        _grant_of(Entry.checked(entry, where, _ROLE_GRANT_KEYS), holder)
        for number, entry in enumerate(table.items("grants"), 1)
        for where in [f"{table.where}, grant {number}"]
    ]
    return AskedRole(name, table.optional_text("description"), members, table.where), grants


def _grant(table: Entry) -> AskedGrant:
    given = [key for key in ("user", "users", "role") if key in table.values]
    if len(given) != 1:
        both = f"'{given[0]}' and '{given[1]}' cannot both be given." if given else None
        raise table.error(
            both or "it does not say whose it is.", hint='Write user = "NAME" or role = "NAME".'
        )
    kind = Kind.ROLE if given == ["role"] else Kind.USER
    holders = tuple(Holder(kind, name) for name in table.texts(given[0]))
    if not holders:
        raise table.error(f"'{given[0]}' names nobody.")
    return _grant_of(table, holders)


def _grant_of(table: Entry, holders: tuple[Holder, ...]) -> AskedGrant:
    targets: list[Resource | ExperimentName] = [
        _target(table, key, text)
        for key in _TARGET_KEYS
        if key in table.values
        for text in table.texts(key, numbers=key == "experiment_id")
    ]
    if not targets:
        raise table.error(
            "it names no resource.", hint=f"Name it with one of: {', '.join(_TARGET_KEYS)}."
        )
    return AskedGrant(holders, tuple(targets), _level(table), table.where)


def _level(table: Entry) -> Permission:
    text = table.text("level")
    level = _LEVELS.get(text.upper())
    if level is None:
        raise table.error(
            f"there is no level '{text}'.",
            hint=nearest(text, _LEVELS) or f"The levels are: {', '.join(_LEVELS)}.",
        )
    return level


def _target(table: Entry, key: str, text: str) -> Resource | ExperimentName:
    if key == "experiment":
        return ExperimentName(text)
    kind, pattern = str(_TYPES.get(key, "")), text
    if key == "resource":
        kind, colon, pattern = text.partition(":")
        types = [str(known) for known in ResourceType]
        if not colon:
            raise table.error(
                f"'{text}' is not of the form TYPE:PATTERN.",
                hint="For example registered_model:churn.",
            )
        if kind not in types:
            raise table.error(
                f"there is no resource type '{kind}'.",
                hint=nearest(kind, types) or f"The types are: {', '.join(types)}.",
            )
    try:
        return Resource.checked(kind, pattern)
    except InvalidRequest as error:
        raise table.error(error.message, hint=error.hint) from error
