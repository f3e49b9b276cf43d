"""The tables of MLflow's auth database, revision by revision (contract 1.1 and 1.2)."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy
from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    UniqueConstraint,
    func,
    insert,
    select,
    text,
)

from authctl.errors import Unavailable
from authctl.model import DEFAULT_WORKSPACE, Generation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

INITIAL = "8606fa83a998"
SCORERS = "0965eb92f5f0"
GATEWAY = "a1b2c3d4e5f6"
WORKSPACES = "2ed73881770d"
ROLE_TABLES = "c3d4e5f6a7b8"
ROLES = "e5f6a7b8c9d0"
HEAD = "f1a2b3c4d5e6"

REVISIONS = (INITIAL, SCORERS, GATEWAY, WORKSPACES, ROLE_TABLES, ROLES, HEAD)
"""Every revision MLflow made, oldest first."""

VERSION_TABLES = ("alembic_version_auth", "alembic_version")
"""Where MLflow writes the revision: since 3.6.0, and before."""

_CREATION_LOCK = 0x61757468  # any number that others are unlikely to lock


@dataclass(frozen=True, slots=True)
class Schema:
    """What one auth database is: its revision, and the tables it has at that revision."""

    revision: str
    tables: MetaData
    version_table: Table

    @property
    def generation(self) -> Generation:
        """In which tables grants count: since e5f6a7b8c9d0 in those of roles."""
        return Generation.ROLES if self.reached(ROLES) else Generation.LEGACY

    def reached(self, revision: str) -> bool:
        """Whether this database has all that a revision brought."""
        return REVISIONS.index(self.revision) >= REVISIONS.index(revision)

    def table(self, name: str) -> Table:
        """One of this revision's tables."""
        return self.tables.tables[name]

    def has(self, name: str) -> bool:
        """Whether this revision has a table."""
        return name in self.tables.tables

    def hold(self, connection: Connection) -> None:
        """Keep other writers of authctl out until the transaction ends.

        Where SQLite's BEGIN IMMEDIATE does not, a lock on the row with the revision does.
        Unavailable when MLflow has upgraded the database since it was inspected: grants then
        count in other tables than this schema says.
        """
        found = connection.scalars(select(self.version_table.c[0]).with_for_update()).all()
        if found != [self.revision]:
            raise Unavailable(
                "The auth database was upgraded while it was in use.",
                hint="Start this program again.",
            )


def schema_at(
    revision: str, *, version_table: str = VERSION_TABLES[0], dialect: str = "sqlite"
) -> Schema:
    """Describe the tables at a revision.

    InnoDB wants the names of foreign keys to be unique in a database. MLflow's two `fk_user_id`
    are not, for which reason it cannot make its own tables there; here the second has no name.
    Names of users and models are told apart by case in MLflow, so on MySQL by the collation too.
    """
    tables = MetaData()
    schema = Schema(revision, tables, _version_table(tables, version_table))
    _initial(tables, second_key=None if dialect in ("mysql", "mariadb") else "fk_user_id")
    if schema.reached(SCORERS):
        _scorers(tables)
    if schema.reached(GATEWAY):
        _gateway(tables)
    if schema.reached(WORKSPACES):
        _workspaces(tables)
    if schema.reached(ROLE_TABLES):
        _roles(tables)
    for table in tables.tables.values():
        table.dialect_options["mysql"]["collate"] = "utf8mb4_bin"
    return schema


def inspect(connection: Connection) -> Schema:
    """Find out which revision a database is of, and hold its tables against it.

    Unavailable for a database without auth tables, of an unknown revision, or whose tables are
    not those of its revision.
    """
    inspector = sqlalchemy.inspect(connection)
    names = set(inspector.get_table_names())
    if "users" not in names:
        raise Unavailable(
            "The database has no MLflow auth tables.",
            hint="Check its URL, or make the tables with: authctl db init",
        )
    schema = _stamped(connection, names)
    columns = {
        (table, column["name"])
        for (_, table), found in inspector.get_multi_columns().items()
        for column in found
    }
    for table in schema.tables.sorted_tables:
        for column in table.c:
            if (table.name, column.name) not in columns:
                raise Unavailable(
                    f"The auth database says it is at revision {schema.revision},"
                    f" but has no {table.name}.{column.name}.",
                    hint="Restore it from a backup; it was changed by other hands than MLflow's.",
                )
    return schema


def create(connection: Connection) -> None:
    """Make the tables of MLflow 3.13 and later where there are none; harmless where there are."""
    with _alone(connection):
        names = set(sqlalchemy.inspect(connection).get_table_names())
        if "users" not in names:
            make(connection, schema_at(HEAD, dialect=connection.dialect.name))


def make(connection: Connection, schema: Schema) -> None:
    """Make the tables of a schema and write down its revision."""
    schema.tables.create_all(connection)
    if connection.execute(select(schema.version_table)).first() is None:
        connection.execute(insert(schema.version_table).values(version_num=schema.revision))


def _stamped(connection: Connection, names: set[str]) -> Schema:
    for version_table in VERSION_TABLES:
        if version_table not in names:
            continue
        found = connection.scalars(select(_version_table(MetaData(), version_table).c[0])).all()
        if not found:
            continue  # MLflow 3.6.0 leaves an empty one when it fails to open an older database
        if len(found) == 1 and found[0] in REVISIONS:
            return schema_at(found[0], version_table=version_table, dialect=connection.dialect.name)
        raise Unavailable(
            f"The auth database is of an unknown revision, {', '.join(map(str, found))}.",
            hint="A newer MLflow may have made it: upgrade authctl.",
        )
    raise Unavailable(
        "The auth database does not say of which revision it is.",
        hint="It has a users table without alembic_version_auth, so it may not be MLflow's.",
    )


@contextmanager
def _alone(connection: Connection) -> Iterator[None]:
    """Wait for others who make tables; on SQLite the transaction itself does."""
    dialect = connection.dialect.name
    if dialect == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_CREATION_LOCK)))
        yield
    elif dialect in ("mysql", "mariadb"):
        connection.execute(select(func.get_lock(str(_CREATION_LOCK), 10)))
        try:
            yield
        finally:
            connection.execute(select(func.release_lock(str(_CREATION_LOCK))))
    else:
        yield


def _version_table(tables: MetaData, name: str) -> Table:
    return Table(
        name,
        tables,
        Column("version_num", String(32), nullable=False),
        PrimaryKeyConstraint("version_num", name=f"{name}_pkc"),
    )


def _grants(
    tables: MetaData, name: str, *columns: Column[str], unique: str, key: str | None
) -> Table:
    """Make a legacy table of grants: a resource's columns, a user, a level."""
    return Table(
        name,
        tables,
        Column("id", Integer, primary_key=True),
        *columns,
        Column("user_id", Integer, nullable=False),
        Column("permission", String(255)),
        ForeignKeyConstraint(["user_id"], ["users.id"], name=key),
        UniqueConstraint(*(column.name for column in columns), "user_id", name=unique),
    )


def _text(name: str, length: int = 255) -> Column[str]:
    return Column(name, String(length), nullable=False)


def _initial(tables: MetaData, *, second_key: str | None) -> None:
    Table(
        "users",
        tables,
        Column("id", Integer, primary_key=True),
        Column("username", String(255)),
        Column("password_hash", String(255)),
        Column("is_admin", Boolean),
        UniqueConstraint("username"),
    )
    _grants(
        tables,
        "experiment_permissions",
        _text("experiment_id"),
        unique="unique_experiment_user",
        key="fk_user_id",
    )
    _grants(
        tables,
        "registered_model_permissions",
        _text("name"),
        unique="unique_name_user",
        key=second_key,
    )


def _scorers(tables: MetaData) -> None:
    _grants(
        tables,
        "scorer_permissions",
        _text("experiment_id"),
        _text("scorer_name", 256),
        unique="unique_scorer_user",
        key="fk_scorer_perm_user_id",
    )


def _gateway(tables: MetaData) -> None:
    for kind, short in (
        ("secret", "secret"),
        ("endpoint", "endpoint"),
        ("model_definition", "model_def"),
    ):
        _grants(
            tables,
            f"gateway_{kind}_permissions",
            _text(f"{kind}_id"),
            unique=f"unique_{short}_user",
            key=f"fk_gateway_{short}_perm_user_id",
        )


def _workspaces(tables: MetaData) -> None:
    Table(
        "workspace_permissions",
        tables,
        _text("workspace", 63),
        Column("user_id", Integer, ForeignKey("users.id"), nullable=False),
        _text("permission", 32),
        PrimaryKeyConstraint("workspace", "user_id", name="workspace_permissions_pk"),
        Index("idx_workspace_permissions_user_id", "user_id"),
        Index("idx_workspace_permissions_workspace", "workspace"),
    )
    models = tables.tables["registered_model_permissions"]
    models.append_column(
        Column(
            "workspace",
            String(63),
            nullable=False,
            server_default=text(f"'{DEFAULT_WORKSPACE}'"),
        )
    )
    by_name = next(rule for rule in models.constraints if rule.name == "unique_name_user")
    models.constraints.remove(by_name)
    models.append_constraint(
        UniqueConstraint("workspace", "name", "user_id", name="unique_workspace_name_user")
    )


def _roles(tables: MetaData) -> None:
    Table(
        "roles",
        tables,
        Column("id", Integer, primary_key=True),
        _text("name"),
        _text("workspace", 63),
        Column("description", String(1024)),
        UniqueConstraint("workspace", "name", name="unique_workspace_role_name"),
        Index("idx_roles_workspace", "workspace"),
    )
    Table(
        "role_permissions",
        tables,
        Column("id", Integer, primary_key=True),
        Column("role_id", Integer, ForeignKey("roles.id"), nullable=False),
        _text("resource_type", 64),
        _text("resource_pattern"),
        _text("permission"),
        UniqueConstraint(
            "role_id", "resource_type", "resource_pattern", name="unique_role_resource_perm"
        ),
        Index("idx_role_permissions_role_id", "role_id"),
    )
    Table(
        "user_role_assignments",
        tables,
        Column("id", Integer, primary_key=True),
        Column("user_id", Integer, ForeignKey("users.id"), nullable=False),
        Column("role_id", Integer, ForeignKey("roles.id"), nullable=False),
        UniqueConstraint("user_id", "role_id", name="unique_user_role"),
        Index("idx_user_role_assignments_user_id", "user_id"),
        Index("idx_user_role_assignments_role_id", "role_id"),
    )
