"""One change that a plan consists of, and how it is written down."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from authctl.manifest.accounts import NOWHERE, From, PasswordSource
from authctl.manifest.state import Holder, Kind
from authctl.model import Resource


class Act(StrEnum):
    """What becomes of a thing."""

    ADD = "add"
    CHANGE = "change"
    REMOVE = "remove"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing to add, change or remove.

    A user has `is_admin` and, if new, where the password comes from; a role a `description`, None
    to leave it alone; a member both a user and a role; a grant a user or a role, a `resource` and
    a `level`. `before` is what a change replaces or a removal takes: a level, a description, or
    whether the user was an admin.
    """

    act: Act
    kind: Kind
    username: str | None = None
    role: str | None = None
    resource: Resource | None = None
    level: str | None = None
    before: str | bool | None = None
    is_admin: bool | None = None
    description: str | None = None
    password: PasswordSource = NOWHERE

    @property
    def holder(self) -> Holder:
        """Who has the grant."""
        if self.username is not None:
            return Holder(Kind.USER, self.username)
        return Holder(Kind.ROLE, self.role or "")

    @property
    def on(self) -> Resource:
        """What the grant is on."""
        assert self.resource is not None  # noqa: S101 - for the type checker: grants have one
        return self.resource

    def to_json(self) -> dict[str, Any]:
        """Write it down, without secrets."""
        return {
            "action": str(self.act),
            "kind": str(self.kind),
            "username": self.username,
            "role": self.role,
            "resource": None if self.resource is None else str(self.resource),
            "resource_type": None if self.resource is None else self.resource.type,
            "resource_id": None if self.resource is None else self.resource.id,
            "level": self.level,
            "before": self.before,
            "is_admin": self.is_admin,
            "description": self.description,
            "password_from": None if self.password == NOWHERE else str(self.password.kind),
            "password_file": None if self.password.file is None else str(self.password.file),
        }

    @classmethod
    def from_json(cls, data: Any) -> Change:
        """Read it back. KeyError, TypeError or ValueError for what `to_json` does not write."""
        kind, file = From(data["password_from"] or From.NOWHERE), data["password_file"]
        if (kind is From.FILE) != isinstance(file, str) or kind is From.GIVEN:
            raise ValueError
        change = cls(
            Act(data["action"]),
            Kind(data["kind"]),
            _text(data["username"]),
            _text(data["role"]),
            None
            if data["resource_type"] is None
            else Resource.checked(data["resource_type"], data["resource_id"]),
            _text(data["level"]),
            data["before"] if isinstance(data["before"], bool) else _text(data["before"]),
            None if data["is_admin"] is None else bool(data["is_admin"]),
            _text(data["description"]),
            PasswordSource(kind, Path(file) if isinstance(file, str) else None),
        )
        if change.to_json() != data or not change._is_whole():
            raise ValueError
        return change

    def _is_whole(self) -> bool:
        """Whether it has all that its kind must have."""
        has_user, has_role = self.username is not None, self.role is not None
        match self.kind:
            case Kind.USER:
                return has_user and not has_role and isinstance(self.is_admin, bool)
            case Kind.ROLE:
                return has_role and not has_user
            case Kind.MEMBER:
                return has_user and has_role
        removed = self.act is Act.REMOVE
        return has_user != has_role and self.resource is not None and (not self.level) == removed


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise TypeError
