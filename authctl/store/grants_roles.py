"""Users' own grants since MLflow 3.13: rows of a role of their own (contract 1.6 to 1.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select, update

from authctl.errors import InvalidRequest
from authctl.model import (
    DEFAULT_WORKSPACE,
    SYNTHETIC_ROLE_PREFIX,
    Generation,
    Grant,
    Permission,
    Resource,
    ResourceType,
    synthetic_role,
)
from authctl.store.among import delete_among, if_few, insert_rows, rows_among
from authctl.store.grants_base import Held, refuse_level, set_levels

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Table

    from authctl.model import User
    from authctl.store.grants_base import OwnLevels
    from authctl.store.schema import Schema


class RoleGrants:
    """Grants in the role `__user_<id>__` of the default workspace, where its owner holds it."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._roles = schema.table("roles")
        self._rows = schema.table("role_permissions")
        self._assignments = schema.table("user_role_assignments")

    def key(self, resource: Resource) -> Resource:
        """Every type is kept as itself."""
        return resource

    def keeps(self, _: ResourceType) -> bool:
        """Every type has its place: it is a word in a row."""
        return True

    def check(self, resource: Resource, permission: Permission) -> None:
        """Raise InvalidRequest for what no user's own role may hold."""
        if resource.type == ResourceType.WORKSPACE:
            raise InvalidRequest(
                "resource_type 'workspace' is not supported for a user's own grants.",
                hint="Give it to a role, and the role to the user.",
            )
        check_level(self._schema, resource.type, permission)

    def find(
        self,
        connection: Connection,
        *,
        user: User | None = None,
        resource: Resource | None = None,
    ) -> list[Held]:
        """Users' own grants, narrowed to one user or one exact resource."""
        users, roles, rows = self._schema.table("users"), self._roles, self._rows
        query = (
            select(rows, users.c.id.label("owner"), users.c.username, roles.c.name)
            .join(roles, roles.c.id == rows.c.role_id)
            .join(self._assignments, self._assignments.c.role_id == roles.c.id)
            .join(users, users.c.id == self._assignments.c.user_id)
            .where(
                _is_in_default_workspace(roles, user),
                roles.c.name.startswith(SYNTHETIC_ROLE_PREFIX, autoescape=True),
                users.c.username.is_not(None),
            )
        )
        if user is not None:
            query = query.where(users.c.id == user.id)
        if resource is not None:
            query = query.where(
                rows.c.resource_type == resource.type, rows.c.resource_pattern == resource.id
            )
        found = [
            Held(
                rows,
                row.id,
                Grant(
                    row.username, Resource(row.resource_type, row.resource_pattern), row.permission
                ),
            )
            for row in connection.execute(query)
            if row.name == synthetic_role(row.owner)
        ]
        return [held for held in found if resource in (None, held.grant.resource)]

    def put(self, connection: Connection, levels: OwnLevels) -> None:
        """Give users levels of their own, over those there may be. InvalidRequest."""
        own = self._own_roles(connection, levels)
        put_rows(connection, self._schema, {own[user]: levels[user] for user in levels})

    def move(self, connection: Connection, held: Held, new: Resource) -> None:
        """Let a grant speak of another resource."""
        connection.execute(
            update(self._rows)
            .where(self._rows.c.id == held.row_id)
            .values(resource_type=new.type, resource_pattern=new.id)
        )

    def counting(self, connection: Connection, user: User | None = None) -> Sequence[Grant]:
        """A user's own grants and those through roles; everybody's if nobody is named."""
        return grants_through_roles(connection, self._schema, user)

    def _own_roles(self, connection: Connection, users: Collection[User]) -> dict[User, int]:
        """The ids of users' own roles, made and assigned where they are not. InvalidRequest.

        What waits in an unassigned role never counted and is not to come alive now; what is
        put in a role that others hold would count for them.
        """
        names = {user: synthetic_role(user.id) for user in users}
        ids = self._ids(connection, names.values())
        new = [name for name in names.values() if name not in ids]
        insert_rows(
            connection,
            self._roles,
            [{"name": name, "workspace": DEFAULT_WORKSPACE} for name in new],
        )
        ids |= self._ids(connection, new)
        own = {user: ids[name] for user, name in names.items()}
        holders: dict[int, set[int]] = {}
        held = self._assignments
        for row in rows_among(connection, select(held), held.c.role_id, own.values()):
            holders.setdefault(row.role_id, set()).add(row.user_id)
        for user, role_id in own.items():
            if holders.get(role_id, set()) - {user.id}:
                raise InvalidRequest(
                    f"Role '{names[user]}' is kept for user '{user.username}' but assigned to"
                    " others.",
                    hint=f"Unassign them: the role's id is {role_id}.",
                )
        unheld = {user: role_id for user, role_id in own.items() if role_id not in holders}
        delete_among(connection, self._rows.c.role_id, unheld.values())
        insert_rows(
            connection,
            held,
            [{"user_id": user.id, "role_id": role_id} for user, role_id in unheld.items()],
        )
        return own

    def _ids(self, connection: Connection, names: Iterable[str]) -> dict[str, int]:
        """The ids of the roles of exactly these names that there are."""
        roles, wanted = self._roles, set(names)
        query = select(roles.c.id, roles.c.name).where(roles.c.workspace == DEFAULT_WORKSPACE)
        found = rows_among(connection, query, roles.c.name, sorted(wanted))
        return {row.name: row.id for row in found if row.name in wanted}


def grants_through_roles(
    connection: Connection, schema: Schema, user: User | None = None
) -> list[Grant]:
    """Every row of the roles that a user holds in the default workspace; everybody's without one.

    Of a user's own role, which there is since MLflow 3.13, `role` is None.
    """
    kept_apart = schema.generation is Generation.ROLES
    roles, rows = schema.table("roles"), schema.table("role_permissions")
    users, assignments = schema.table("users"), schema.table("user_role_assignments")
    query = (
        select(rows, roles.c.name, assignments.c.user_id)
        .join(roles, roles.c.id == rows.c.role_id)
        .join(assignments, assignments.c.role_id == roles.c.id)
        .where(_is_in_default_workspace(roles, user))
    )
    if user is not None:
        names = {user.id: user.username}
        query = query.where(assignments.c.user_id == user.id)
    else:
        named = select(users.c.id, users.c.username).where(users.c.username.is_not(None))
        names = {row.id: row.username for row in connection.execute(named)}
    return [
        Grant(
            names[row.user_id],
            Resource(row.resource_type, row.resource_pattern),
            row.permission,
            None if kept_apart and row.name == synthetic_role(row.user_id) else row.name,
        )
        for row in connection.execute(query)
        if row.user_id in names
    ]


def _is_in_default_workspace(roles: Table, user: User | None) -> ColumnElement[bool]:
    """Of one user in words that no index fits: SQLite would begin there, with nearly all roles."""
    if user is None:
        return roles.c.workspace == DEFAULT_WORKSPACE
    return func.coalesce(roles.c.workspace, "") == DEFAULT_WORKSPACE


def put_rows(
    connection: Connection, schema: Schema, levels: Mapping[int, Mapping[Resource, Permission]]
) -> None:
    """Give roles, named by their ids, these levels, over those they may have there."""
    rows = schema.table("role_permissions")
    wanted = {
        (role_id, resource.type, resource.id): level
        for role_id, each in levels.items()
        for resource, level in each.items()
    }
    query = select(rows.c.id, rows.c.role_id, rows.c.resource_type, rows.c.resource_pattern).where(
        if_few(rows.c.resource_pattern, (pattern for _, _, pattern in wanted))
    )
    there = {
        (row.role_id, row.resource_type, row.resource_pattern): row.id
        for row in rows_among(connection, query, rows.c.role_id, levels)
    }
    new = [
        {
            "role_id": role_id,
            "resource_type": kind,
            "resource_pattern": pattern,
            "permission": str(level),
        }
        for (role_id, kind, pattern), level in wanted.items()
        if (role_id, kind, pattern) not in there
    ]
    insert_rows(connection, rows, new)
    set_levels(
        connection, rows, {there[key]: level for key, level in wanted.items() if key in there}
    )


def check_level(schema: Schema, resource_type: str, permission: Permission) -> None:
    """Raise InvalidRequest for a level that rows of this type cannot have (contract 1.7).

    NO_PERMISSIONS is not among the levels MLflow's API takes, but a row of it denies there too.
    """
    if resource_type == ResourceType.WORKSPACE:
        refuse_level(permission, resource_type, {Permission.USE, Permission.MANAGE})
    elif resource_type == ResourceType.SKILL:
        refuse_level(permission, resource_type, set(Permission) - {Permission.USE})
    if permission is Permission.DENY and not schema.reads_deny:
        raise InvalidRequest(
            "This database may be opened by MLflow 3.13 to 3.16, which fail on DENY.",
            hint="Use NO_PERMISSIONS, which none of them fails on.",
        )
