"""The tables of a legacy database, made those of MLflow 3.12, without touching who may do what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy
from sqlalchemy import Column, MetaData, String, delete, insert, text

from authctl.model import DEFAULT_WORKSPACE
from authctl.store.schema import schema_at
from authctl.store.tables import (
    REVISIONS,
    ROLE_TABLES,
    VERSION_TABLES,
    WORKSPACES,
    reaches,
    tables_at,
    version_table,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from authctl.store.schema import Schema

_MODELS = "registered_model_permissions"


def climb(connection: Connection, schema: Schema) -> Schema:
    """Add what later revisions brought, up to the tables of roles, one revision at a time.

    MySQL commits each table by itself, so each step may have been made before, and leaves a
    database that is whole at its revision. MLflow 3.5 and before wrote their revision into
    `alembic_version`, which stays as MLflow's own upgrade leaves it.
    """
    dialect = connection.dialect.name
    for revision in REVISIONS:
        if reaches(schema.revision, revision) or not reaches(ROLE_TABLES, revision):
            continue
        tables_at(revision, dialect=dialect).create_all(connection)
        if revision == WORKSPACES:
            _add_workspace(connection)
        stamp(connection, revision)
    return schema_at(
        ROLE_TABLES if not schema.reached(ROLE_TABLES) else schema.revision, dialect=dialect
    )


def stamp(connection: Connection, revision: str) -> None:
    """Write down the revision where MLflow looks for it since 3.6."""
    table = version_table(MetaData(), VERSION_TABLES[0])
    table.create(connection, checkfirst=True)
    connection.execute(delete(table))
    connection.execute(insert(table).values(version_num=revision))


def _add_workspace(connection: Connection) -> None:
    """Let grants on models say in which workspace, as MLflow's own revision does.

    alembic knows how to do so on SQLite, which can only make the table anew.
    """
    from alembic.migration import MigrationContext  # noqa: PLC0415 - slow to import
    from alembic.operations import Operations  # noqa: PLC0415 - as above

    change = Operations(MigrationContext.configure(connection))
    inspector = sqlalchemy.inspect(connection)
    if "workspace" not in {column["name"] for column in inspector.get_columns(_MODELS)}:
        default = text(f"'{DEFAULT_WORKSPACE}'")
        with change.batch_alter_table(_MODELS) as models:
            models.add_column(
                Column("workspace", String(63), nullable=False, server_default=default)
            )
    unique = {found["name"] for found in inspector.get_unique_constraints(_MODELS)}
    with change.batch_alter_table(_MODELS) as models:
        if "unique_name_user" in unique:
            models.drop_constraint("unique_name_user", type_="unique")
        if "unique_workspace_name_user" not in unique:
            models.create_unique_constraint(
                "unique_workspace_name_user", ["workspace", "name", "user_id"]
            )
