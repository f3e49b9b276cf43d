"""Auth databases with many users and grants, which the database itself fills within seconds."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, String, case, cast, insert, literal, select, text

from authctl.model import SYNTHETIC_ROLE_PREFIX
from authctl.store import tables
from authctl.store.schema import schema_at
from authctl.store.sql_engine import connect
from tests.live import ADMIN
from tests.store.databases import Backend, auth_database, opened, quick_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sqlalchemy import CTE, Connection, MetaData, Select, Table

PASSWORD = "the-password-of-everybody"
RICH = "rich"
"""The user who holds many grants alone."""


@dataclass(frozen=True)
class Size:
    """How many users there are, how many grants each has, and how many `RICH` has alone."""

    users: int
    each: int
    alone: int = 0

    @property
    def grants(self) -> int:
        return self.users * self.each + self.alone

    def __str__(self) -> str:
        alone = ", nearly all of them one user's" if self.alone else ""
        return f"{self.users:,} users, {self.grants:,} grants{alone}"


def username(number: int) -> str:
    return f"user-{number}"


@contextmanager
def filled_database(dialect: str, folder: Path, size: Size) -> Iterator[str]:
    """The URL of a database with an admin, and users who may read experiment 0 and others."""

    def work(connection: Connection, made: MetaData) -> None:
        users = made.tables["users"]
        people = _numbers(size.users)
        names = literal("user-").concat(cast(people.c.number, String))
        _add_people(connection, made, select(names.label("name")))
        _give_everybody(connection, made, size.each)
        if size.alone:
            _add_people(connection, made, select(literal(RICH).label("name")))
            _give_everybody(connection, made, size.alone, users.c.username == RICH)

    with auth_database(Backend(dialect), folder) as url:
        _write(url, work)
        if dialect == "postgresql":  # a database that runs does so by itself soon
            _write(url, lambda connection, _: connection.execute(text("ANALYZE")))
        with opened(url) as store:
            store.create_user(*ADMIN, is_admin=True)
        yield url


def add_reader(url: str, name: str, experiment_ids: Sequence[str]) -> None:
    """Make a user who may read these experiments, by a grant on each."""

    def work(connection: Connection, made: MetaData) -> None:
        users, roles = made.tables["users"], made.tables["roles"]
        _add_people(connection, made, select(literal(name).label("name")))
        own = select(roles.c.id).join(users, roles.c.name == _own_role(users))
        role_id = connection.scalars(own.where(users.c.username == name)).one()
        values = [
            {
                "role_id": role_id,
                "resource_type": "experiment",
                "resource_pattern": experiment_id,
                "permission": "READ",
            }
            for experiment_id in experiment_ids
        ]
        connection.execute(insert(made.tables["role_permissions"]), values)

    _write(url, work)


def _write(url: str, work: Callable[[Connection, MetaData], Any]) -> None:
    database = connect(url)
    database.write(
        lambda connection: work(
            connection, schema_at(tables.HEAD, dialect=connection.dialect.name).tables
        )
    )
    database.close()


def _add_people(connection: Connection, made: MetaData, names: Select[Any]) -> None:
    """Make accounts of these names, each with a role of its own, as MLflow would."""
    users, roles, held = (made.tables[n] for n in ("users", "roles", "user_role_assignments"))
    named = names.subquery()
    connection.execute(
        insert(users).from_select(
            ["username", "password_hash", "is_admin"],
            select(named.c.name, literal(quick_hash(PASSWORD)), literal(False)),
        )
    )
    new = users.c.id.not_in(select(held.c.user_id))
    connection.execute(
        insert(roles).from_select(
            ["name", "workspace"], select(_own_role(users), literal("default")).where(new)
        )
    )
    connection.execute(
        insert(held).from_select(
            ["user_id", "role_id"],
            select(users.c.id, roles.c.id).join(roles, roles.c.name == _own_role(users)).where(new),
        )
    )


def _give_everybody(connection: Connection, made: MetaData, each: int, *whose: Any) -> None:
    """Give READ on experiment 0, and on others that nobody else may read."""
    users, roles = made.tables["users"], made.tables["roles"]
    things = _numbers(each)
    thing = things.c.number
    pattern = case((thing == 0, 0), else_=users.c.id * each + thing)
    rows = (
        select(roles.c.id, literal("experiment"), cast(pattern, String), literal("READ"))
        .select_from(users)
        .join(roles, roles.c.name == _own_role(users))
        .join(things, literal(True))
        .where(*whose)
    )
    columns = ["role_id", "resource_type", "resource_pattern", "permission"]
    connection.execute(insert(made.tables["role_permissions"]).from_select(columns, rows))


def _numbers(count: int) -> CTE:
    first = select(literal(0, Integer).label("number")).cte("numbers", recursive=True)
    return first.union_all(select(first.c.number + 1).where(first.c.number < count - 1))


def _own_role(users: Table) -> Any:
    return literal(SYNTHETIC_ROLE_PREFIX).concat(cast(users.c.id, String)).concat("__")
