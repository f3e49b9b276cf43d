"""Roles by their names: which one is meant, and which may be changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from authctl.cli.suggest import did_you_mean
from authctl.errors import InvalidRequest, NotFound
from authctl.model import DEFAULT_WORKSPACE, SYNTHETIC_ROLE_PREFIX, Role, checked_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from authctl.cli.session import Session

OneRole = Annotated[str, typer.Argument(metavar="ROLE", help="The role's name.")]
RoleNames = Annotated[list[str], typer.Argument(metavar="ROLE...", help="One or more roles.")]


class NamedRoles:
    """The roles of the default workspace as they were when first asked for; one request."""

    def __init__(self, session: Session) -> None:
        self._roles = {role.name: role for role in session.roles.list_roles([DEFAULT_WORKSPACE])}

    def __iter__(self) -> Iterator[Role]:
        """Every role by its name, those of users' own grants last."""
        return iter(sorted(self._roles.values(), key=lambda role: (role.is_synthetic, role.name)))

    def find(self, name: str) -> Role | None:
        """The role of exactly this name, or None."""
        return self._roles.get(name)

    def get(self, name: str) -> Role:
        """The role of exactly this name; NotFound suggests the one that was probably meant."""
        role = self._roles.get(name)
        if role is None:
            names = [role.name for role in self if not role.is_synthetic]
            raise NotFound(f"There is no role '{name}'.", hint=did_you_mean(name, names))
        return role

    def to_change(self, name: str) -> Role:
        """A role that an administrator made. NotFound; InvalidRequest for any other."""
        refuse_synthetic(name)
        return self.get(name)


def refuse_synthetic(name: str) -> None:
    """Refuse a name that MLflow keeps for users' own grants."""
    if name.startswith(SYNTHETIC_ROLE_PREFIX):
        raise InvalidRequest(
            f"'{name}' holds a user's own grants and is no role to change.",
            hint="Use authctl perm grant and perm revoke for what a user is to have alone.",
        )


def checked_role_name(name: str) -> str:
    """Check a new role's name. InvalidRequest."""
    refuse_synthetic(name)
    return checked_name(name, "role name")
