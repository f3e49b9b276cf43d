"""What is wrong in an auth database, and what mends it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, or_, select, text

from authctl.errors import InvalidRequest
from authctl.model import (
    SYNTHETIC_ROLE_PREFIX,
    WILDCARD,
    Generation,
    Permission,
    Resource,
    ResourceType,
    experiment_id,
    synthetic_role,
)
from authctl.store.grants_legacy import LegacyGrants
from authctl.store.passwords import can_log_in, is_usable, is_well_known
from authctl.store.upkeep.denials import lost_denials

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection, Row, Table

    from authctl.store.schema import Schema
    from authctl.store.sql_engine import Database

LEVELS = frozenset(map(str, Permission))
_TYPES = frozenset(map(str, ResourceType))
_COLLATION = text(
    "SELECT collation_name FROM information_schema.columns"
    " WHERE table_schema = DATABASE() AND table_name = 'users' AND column_name = 'username'"
)


class Severity(StrEnum):
    """An error lets somebody do what they should not, keeps somebody out, or makes MLflow fail."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: the check that found it, whom or what it is about, the remedy."""

    check: str
    severity: Severity
    subject: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Facts:
    """A database as the checks see it."""

    connection: Connection
    schema: Schema
    users: Sequence[Row[Any]]
    all_passwords: bool

    def rows(self, name: str) -> Sequence[Row[Any]]:
        """Every row of a table; none where this revision has no such table."""
        if not self.schema.has(name):
            return []
        return self.connection.execute(select(self.schema.table(name))).all()


def check(database: Database, schema: Schema, *, all_passwords: bool = False) -> list[Finding]:
    """Everything that is wrong, the worst first.

    Passwords that everybody tries are looked for among administrators, with `all_passwords`
    among all users: that takes a quarter of a second each.
    """

    def work(connection: Connection) -> list[Finding]:
        users = connection.execute(select(schema.table("users"))).all()
        facts = Facts(connection, schema, users, all_passwords)
        return [finding for ask in _CHECKS for finding in ask(facts)]

    return sorted(database.snapshot(work), key=lambda found: found.severity)


def remove_orphans(database: Database, schema: Schema) -> int:
    """Delete every row that refers to a user or role that is not there; how many there were."""

    def work(connection: Connection) -> int:
        schema.hold(connection)
        return sum(
            connection.execute(delete(table).where(orphaned)).rowcount
            for table, orphaned in _orphans(schema)
        )

    return database.write(work)


def count_orphans(database: Database, schema: Schema) -> dict[str, int]:
    """How many rows of which table refer to a user or role that is not there."""

    def work(connection: Connection) -> dict[str, int]:
        found = {
            table.name: connection.scalar(select(func.count()).select_from(table).where(orphaned))
            for table, orphaned in _orphans(schema)
        }
        return {name: count for name, count in found.items() if count}

    return database.snapshot(work)


def _revision(facts: Facts) -> Iterator[Finding]:
    if not facts.schema.known:
        yield Finding(
            "unknown-revision",
            Severity.ERROR,
            facts.schema.revision,
            "A newer MLflow may have made this database; it is only read.",
            "Upgrade authctl.",
        )


def _admins(facts: Facts) -> Iterator[Finding]:
    admins = [user for user in facts.users if user.is_admin and user.username is not None]
    if not any(can_log_in(user.password_hash) for user in admins):
        yield Finding(
            "no-admin",
            Severity.ERROR,
            "users",
            "Nobody who can log in is an admin.",
            "authctl db reset-admin",
        )


def _passwords(facts: Facts) -> Iterator[Finding]:
    for user in facts.users:
        name = user.username
        if name is None:
            yield Finding(
                "no-name",
                Severity.WARNING,
                f"user id {user.id}",
                "This user has no name, so nobody can log in as them.",
                "Delete the row.",
            )
        elif not is_usable(user.password_hash):
            what = "no password hash" if user.password_hash is None else "a hash of no known form"
            yield Finding(
                "no-hash" if user.password_hash is None else "unusable-hash",
                Severity.ERROR,
                name,
                f"There is {what}: a login makes MLflow fail with an internal error.",
                f"authctl user passwd {name}",
            )
        elif (user.is_admin or facts.all_passwords) and is_well_known(name, user.password_hash):
            yield Finding(
                "well-known-password",
                Severity.ERROR,
                name,
                "The password is one that everybody tries first.",
                f"authctl user passwd {name}",
            )


def _orphaned(facts: Facts) -> Iterator[Finding]:
    for table, orphaned in _orphans(facts.schema):
        count = facts.connection.scalar(select(func.count()).select_from(table).where(orphaned))
        if count:
            yield Finding(
                "orphans",
                Severity.ERROR,
                table.name,
                f"{count} rows are about a user or role that is not there; whoever gets the id"
                " next inherits them.",
                "authctl db check --remove-orphans",
            )


def _legacy_levels(facts: Facts) -> Iterator[Finding]:
    if facts.schema.generation is not Generation.LEGACY:
        return
    for row in LegacyGrants(facts.schema).every(facts.connection):
        subject = f"{row.username} on {row.resource}"
        yield from _level(subject, row.permission)
        yield from _pattern(subject, row.resource, wildcards=False)


def _role_levels(facts: Facts) -> Iterator[Finding]:
    names = {role.id: role.name for role in facts.rows("roles")}
    for row in facts.rows("role_permissions"):
        resource = Resource(row.resource_type, row.resource_pattern)
        subject = f"{names.get(row.role_id, row.role_id)} on {resource}"
        yield from _level(subject, row.permission)
        yield from _pattern(subject, resource, wildcards=True)
        if resource.type not in _TYPES:
            yield Finding(
                "unknown-type",
                Severity.WARNING,
                subject,
                "This authctl does not know the resource type.",
                "Upgrade authctl.",
            )


def _own_roles(facts: Facts) -> Iterator[Finding]:
    if facts.schema.generation is not Generation.ROLES:
        return
    held: dict[int, set[int]] = {}
    for row in facts.rows("user_role_assignments"):
        held.setdefault(row.role_id, set()).add(row.user_id)
    owners = {synthetic_role(user.id): user for user in facts.users}
    for role in facts.rows("roles"):
        if not role.name.startswith(SYNTHETIC_ROLE_PREFIX):
            continue
        owner = owners.get(role.name)
        holders = held.get(role.id, set())
        if owner is None:
            yield Finding(
                "ownerless-role",
                Severity.WARNING,
                role.name,
                "The user whose grants these were is gone.",
                f"Delete the role: its id is {role.id}.",
            )
        elif holders - {owner.id}:
            yield Finding(
                "shared-own-role",
                Severity.ERROR,
                role.name,
                f"Others hold the role in which the grants of '{owner.username}' are.",
                f"Unassign them: the role's id is {role.id}.",
            )
        elif not holders:
            yield Finding(
                "unassigned-own-role",
                Severity.WARNING,
                role.name,
                f"The grants in it do not count, since '{owner.username}' does not hold it.",
                f"Grant them anew: authctl perm grant {owner.username} ...",
            )


def _denials(facts: Facts) -> Iterator[Finding]:
    for lost in lost_denials(facts.connection, facts.schema):
        yield Finding(
            "lost-denial",
            Severity.ERROR,
            f"{lost.user.username} on {lost.resource}",
            "NO_PERMISSIONS was dropped when MLflow upgraded this database.",
            "authctl db upgrade --denials restore (or forget)",
        )


def _collation(facts: Facts) -> Iterator[Finding]:
    if facts.connection.dialect.name not in ("mysql", "mariadb"):
        return
    collation = str(facts.connection.scalar(_COLLATION))
    if collation.endswith("_ci"):
        yield Finding(
            "letter-case",
            Severity.WARNING,
            "users.username",
            f"The collation {collation} takes Alice and alice for one name: MLflow logs either"
            " in as the other.",
            "ALTER TABLE users CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
        )


def _level(subject: str, word: str | None) -> Iterator[Finding]:
    if word not in LEVELS:
        yield Finding(
            "unknown-level",
            Severity.ERROR,
            subject,
            f"The level {word!r} is none that authctl knows. It denies; MLflow may fail on it.",
            "Grant a level anew, or upgrade authctl.",
        )


def _pattern(subject: str, resource: Resource, *, wildcards: bool) -> Iterator[Finding]:
    if resource.id == WILDCARD:
        if not wildcards:
            yield Finding(
                "no-wildcard",
                Severity.WARNING,
                subject,
                "Before MLflow 3.13 '*' is no wildcard: this grant has no effect.",
                "Revoke it.",
            )
        return
    if resource.type == ResourceType.EXPERIMENT:
        try:
            experiment_id(resource.id)
        except InvalidRequest:
            yield Finding(
                "no-such-id",
                Severity.WARNING,
                subject,
                "No experiment has an id that is written so: this grant has no effect.",
                "Revoke it, and grant it under the id as MLflow writes it.",
            )


def _orphans(schema: Schema) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    """Every table whose rows are about users or roles, and what is so of those about none."""
    for table in schema.tables.sorted_tables:
        about = [
            table.c[name].not_in(select(schema.table(owners).c.id))
            for name, owners in (("user_id", "users"), ("role_id", "roles"))
            if name in table.c
        ]
        if about:
            yield table, or_(*about)


_CHECKS: tuple[Callable[[Facts], Iterator[Finding]], ...] = (
    _revision,
    _admins,
    _passwords,
    _orphaned,
    _denials,
    _legacy_levels,
    _role_levels,
    _own_roles,
    _collation,
)
