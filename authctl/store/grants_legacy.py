"""Users' own grants before MLflow 3.13: a table a resource type (contract 1.1 and 1.8)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from sqlalchemy import literal, select, update

from authctl.errors import InvalidRequest
from authctl.model import (
    DEFAULT_WORKSPACE,
    WILDCARD,
    Grant,
    Permission,
    Resource,
    ResourceType,
)
from authctl.store.among import if_few, insert_rows, rows_among
from authctl.store.grants_base import Held, refuse_level, set_levels
from authctl.store.grants_roles import grants_through_roles
from authctl.store.tables import GATEWAY, ROLE_TABLES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Select, Table

    from authctl.model import User
    from authctl.store.grants_base import OwnLevels
    from authctl.store.schema import Schema


@dataclass(frozen=True, slots=True)
class _Place:
    """The table of a resource type, and the columns that name the resource."""

    type: ResourceType
    table: str
    columns: tuple[str, ...]

    def values(self, resource_id: str) -> dict[str, str]:
        """The columns' values; a scorer's id is `experiment/percent-encoded name`."""
        if len(self.columns) == 1:
            return {self.columns[0]: resource_id}
        first, _, second = resource_id.partition("/")
        return dict(zip(self.columns, (first, unquote(second)), strict=True))

    def resource(self, values: Sequence[str]) -> Resource:
        """The resource that a row names."""
        first, *more = values
        return Resource(self.type, "/".join([first, *(quote(text, safe="") for text in more)]))


_PLACES = (
    _Place(ResourceType.EXPERIMENT, "experiment_permissions", ("experiment_id",)),
    _Place(ResourceType.REGISTERED_MODEL, "registered_model_permissions", ("name",)),
    _Place(ResourceType.SCORER, "scorer_permissions", ("experiment_id", "scorer_name")),
    _Place(ResourceType.GATEWAY_SECRET, "gateway_secret_permissions", ("secret_id",)),
    _Place(ResourceType.GATEWAY_ENDPOINT, "gateway_endpoint_permissions", ("endpoint_id",)),
    _Place(
        ResourceType.GATEWAY_MODEL_DEFINITION,
        "gateway_model_definition_permissions",
        ("model_definition_id",),
    ),
)


@dataclass(frozen=True, slots=True)
class LegacyRow:
    """One row as it lies there; `permission` may be any text or None."""

    user_id: int
    username: str | None
    workspace: str
    resource: Resource
    permission: str | None


class LegacyGrants:
    """Grants in a table a type; of the workspaces that 3.10 brought, only the default one."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._places = {place.type: place for place in _PLACES if schema.has(place.table)}

    def key(self, resource: Resource) -> Resource:
        """A prompt's grants are kept as a registered model's."""
        if resource.type == ResourceType.PROMPT:
            return Resource(ResourceType.REGISTERED_MODEL, resource.id)
        return resource

    def keeps(self, kind: ResourceType) -> bool:
        """Whether there is a table for a type, as there was not for every one at first."""
        return self.key(Resource(kind, "")).type in self._places

    def check(self, resource: Resource, permission: Permission) -> None:
        """Raise InvalidRequest for what came with later releases of MLflow."""
        place = self._places.get(ResourceType(resource.type))
        if place is None:
            raise InvalidRequest(
                f"This database keeps no grants on resource_type='{resource.type}'.",
                hint="They came with a later MLflow than the one this database is of.",
            )
        if resource.id == WILDCARD:
            raise InvalidRequest(
                "This database keeps no wildcard grants.", hint="They came with MLflow 3.13."
            )
        if len(place.columns) > 1 and not all(place.values(resource.id).values()):
            raise InvalidRequest(
                f"Invalid {resource.type} '{resource.id}'.", hint="Write it as EXPERIMENT/NAME."
            )
        if permission is Permission.DENY:
            raise InvalidRequest(
                "This database cannot keep DENY, which came with MLflow 3.17.",
                hint="Use NO_PERMISSIONS.",
            )
        if permission is Permission.USE and not self._schema.reached(GATEWAY):
            levels = set(Permission) - {Permission.USE, Permission.DENY}
            refuse_level(permission, resource.type, levels)

    def find(
        self,
        connection: Connection,
        *,
        user: User | None = None,
        resource: Resource | None = None,
    ) -> list[Held]:
        """Users' own grants, narrowed to one user or one exact resource."""
        found: list[Held] = []
        for place in self._places.values():
            if resource is not None and resource.type != place.type:
                continue
            table = self._schema.table(place.table)
            rows = connection.execute(self._select(place, table, user, resource))
            for row_id, username, permission, *values in rows:
                grant = Grant(username, place.resource(values), permission or "")
                if resource is None or grant.resource == resource:
                    found.append(Held(table, row_id, grant))
        return found

    def put(self, connection: Connection, levels: OwnLevels) -> None:
        """Give users levels of their own, over those there may be."""
        for place in self._places.values():
            wanted = {
                (user.id, resource): level
                for user, each in levels.items()
                for resource, level in each.items()
                if resource.type == place.type
            }
            if wanted:
                self._put_in(connection, place, wanted)

    def move(self, connection: Connection, held: Held, new: Resource) -> None:
        """Let a grant speak of another resource of its type."""
        self._set(connection, held, self._places[ResourceType(new.type)].values(new.id))

    def counting(self, connection: Connection, user: User | None = None) -> Sequence[Grant]:
        """A user's own grants, and in MLflow 3.12 also those through roles; or everybody's."""
        own = [held.grant for held in self.find(connection, user=user)]
        if not self._schema.reached(ROLE_TABLES):
            return own
        beside = grants_through_roles(connection, self._schema, user)
        return own + [replace(grant, resource=quoted(grant.resource)) for grant in beside]

    def every(self, connection: Connection) -> Iterator[LegacyRow]:
        """Every row of an existing user in these tables, of whatever workspace and level."""
        users = self._schema.table("users")
        for place in self._places.values():
            table = self._schema.table(place.table)
            workspace = table.c.get("workspace", literal(DEFAULT_WORKSPACE))
            columns = [table.c[name] for name in place.columns]
            query = (
                select(table.c.user_id, users.c.username, workspace, table.c.permission, *columns)
                .join(users, users.c.id == table.c.user_id)
                .order_by(table.c.id)
            )
            for user_id, username, space, permission, *values in connection.execute(query):
                yield LegacyRow(user_id, username, space, place.resource(values), permission)

    def _put_in(
        self,
        connection: Connection,
        place: _Place,
        wanted: Mapping[tuple[int, Resource], Permission],
    ) -> None:
        table = self._schema.table(place.table)
        columns = [table.c[name] for name in place.columns]
        new = {
            key: {**place.values(key[1].id), "user_id": key[0], "permission": str(level)}
            for key, level in wanted.items()
        }
        query = self._of_default(select(table.c.id, table.c.user_id, *columns), table).where(
            if_few(columns[0], (row[columns[0].name] for row in new.values()))
        )
        there = {}
        user_ids = dict.fromkeys(user_id for user_id, _ in wanted)
        for row in rows_among(connection, query, table.c.user_id, user_ids):
            key = (row.user_id, place.resource(row[2:]))
            if new.pop(key, None):
                there[row.id] = wanted[key]
        insert_rows(connection, table, list(new.values()))
        set_levels(connection, table, there)

    def _select(
        self, place: _Place, table: Table, user: User | None, resource: Resource | None
    ) -> Select[tuple[Any, ...]]:
        users = self._schema.table("users")
        columns = [table.c[name] for name in place.columns]
        query = (
            select(table.c.id, users.c.username, table.c.permission, *columns)
            .join(users, users.c.id == table.c.user_id)
            .where(users.c.username.is_not(None))
        )
        query = self._of_default(query, table)
        if user is not None:
            query = query.where(users.c.id == user.id)
        if resource is not None:
            for name, value in place.values(resource.id).items():
                query = query.where(table.c[name] == value)
        return query

    @staticmethod
    def _of_default(query: Select[Any], table: Table) -> Select[Any]:
        """Narrow a query to the default workspace, where a table knows workspaces."""
        if "workspace" in table.c:
            return query.where(table.c.workspace == DEFAULT_WORKSPACE)
        return query

    def _set(self, connection: Connection, held: Held, values: dict[str, str]) -> None:
        table = held.table
        connection.execute(update(table).where(table.c.id == held.row_id).values(**values))


def quoted(resource: Resource) -> Resource:
    """What a row of a role of 3.12 speaks of, as rows since 3.13 write it."""
    experiment, slash, name = resource.id.partition("/")
    if resource.type == ResourceType.SCORER and slash:
        return Resource(resource.type, f"{experiment}/{quote(name, safe='')}")
    return resource
