"""The tables of MLflow's auth database, revision by revision (contract 1.1 and 1.2)."""

from __future__ import annotations

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
    text,
)

from authctl.model import DEFAULT_WORKSPACE

INITIAL = "8606fa83a998"
SCORERS = "0965eb92f5f0"
GATEWAY = "a1b2c3d4e5f6"
WORKSPACES = "2ed73881770d"
ROLE_TABLES = "c3d4e5f6a7b8"
ROLES = "e5f6a7b8c9d0"
HEAD = "f1a2b3c4d5e6"

REVISIONS = {
    INITIAL: "2.5 to 3.6",
    SCORERS: "3.7 and 3.8",
    GATEWAY: "3.9",
    WORKSPACES: "3.10 and 3.11",
    ROLE_TABLES: "3.12",
    ROLES: "3.13",
    HEAD: "3.13 and later",
}
"""Every revision MLflow made, oldest first, and the releases whose head it is."""

VERSION_TABLES = ("alembic_version_auth", "alembic_version")
"""Where MLflow writes the revision: since 3.6.0, and before."""


def tables_at(revision: str, *, dialect: str) -> MetaData:
    """The tables at a revision, without the one that says which it is.

    InnoDB wants the names of foreign keys to be unique in a database. MLflow's two `fk_user_id`
    are not, for which reason it cannot make its own tables there; here the second has no name.
    Names of users and models are told apart by case in MLflow, so on MySQL by the collation too.
    """
    tables = MetaData()
    _initial(tables, second_key=None if dialect in ("mysql", "mariadb") else "fk_user_id")
    for brought, build in (
        (SCORERS, _scorers),
        (GATEWAY, _gateway),
        (WORKSPACES, _workspaces),
        (ROLE_TABLES, _roles),
    ):
        if reaches(revision, brought):
            build(tables)
    for table in tables.tables.values():
        as_exact(table)
    return tables


def reaches(revision: str, brought: str) -> bool:
    """Whether a revision has all that another brought; one that is not known comes after all."""
    order = list(REVISIONS)
    return revision not in REVISIONS or order.index(revision) >= order.index(brought)


def version_table(tables: MetaData, name: str) -> Table:
    """The table that says which revision a database is of, as alembic makes it."""
    return as_exact(
        Table(
            name,
            tables,
            Column("version_num", String(32), nullable=False),
            PrimaryKeyConstraint("version_num", name=f"{name}_pkc"),
        )
    )


def as_exact(table: Table) -> Table:
    """Let MySQL tell texts apart by every character; other databases do so anyway."""
    table.dialect_options["mysql"]["collate"] = "utf8mb4_bin"
    return table


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
