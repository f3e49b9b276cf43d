"""What is wrong in a database is found, each with its remedy."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from authctl.model import Permission
from authctl.store import tables
from authctl.store.passwords import hash_password, verify_password
from authctl.store.upkeep.admin import reset_admin
from authctl.store.upkeep.check import check, remove_orphans
from authctl.store.upkeep.status import status
from tests.store.contract import EXPERIMENT, PASSWORD, ROOT
from tests.store.databases import (
    DIALECTS,
    Backend,
    auth_database,
    contents,
    execute,
    opened,
)
from tests.store.recordings import RECORDINGS, recorded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from authctl.store.sql import SqlStore

WELL_KNOWN = hash_password("password1234")
USERS = "INSERT INTO users (id, username, password_hash, is_admin) VALUES"


@pytest.fixture
def url(backend: Backend, tmp_path: Path) -> Iterator[str]:
    """A database with the admin root, whose password is nobody's guess, and with alice."""
    with auth_database(backend, tmp_path) as url:
        with opened(url) as store:
            store.create_user(ROOT, PASSWORD, is_admin=True)
            store.create_user("alice", PASSWORD)
            store.grant("alice", EXPERIMENT, Permission.EDIT)
        yield url


def found(url: str, *, all_passwords: bool = False) -> list[tuple[str, str, str]]:
    with opened(url) as store:
        findings = check(store.database, store.schema, all_passwords=all_passwords)
    assert all(finding.message and finding.remedy for finding in findings)
    return [(finding.severity, finding.check, finding.subject) for finding in findings]


BOTH = (Backend("sqlite", tables.WORKSPACES), Backend("sqlite"))


@pytest.mark.parametrize("backend", [*BOTH, Backend("postgresql"), Backend("mysql")], ids=str)
def test_a_sound_database_has_no_findings(url: str) -> None:
    assert found(url) == []


@dataclass(frozen=True)
class Trouble:
    statements: tuple[str, ...]
    findings: list[tuple[str, str, str]]
    backends: tuple[Backend, ...] = field(default=BOTH)


LEGACY, ROLES = BOTH[:1], BOTH[1:]
TROUBLES = {
    "no admin": Trouble(("UPDATE users SET is_admin = 0",), [("error", "no-admin", "users")]),
    "an admin who is shut off": Trouble(
        ("UPDATE users SET password_hash = NULL WHERE id = 1",),
        [("error", "no-admin", "users"), ("error", "no-hash", ROOT)],
    ),
    "an admin with a well-known password": Trouble(
        (f"{USERS} (9, 'boss', '{WELL_KNOWN}', 1)",),
        [("error", "well-known-password", "boss")],
    ),
    "a password that is the name": Trouble(
        (f"{USERS} (9, 'password123456', '{hash_password('password123456')}', 1)",),
        [("error", "well-known-password", "password123456")],
    ),
    "a user without a hash": Trouble(
        (f"{USERS} (9, 'bob', NULL, 0)",), [("error", "no-hash", "bob")]
    ),
    "a hash that MLflow fails on": Trouble(
        (f"{USERS} (9, 'bob', 'md5$salt$0123', 0)",), [("error", "unusable-hash", "bob")]
    ),
    "a user who is shut off on purpose": Trouble((f"{USERS} (9, 'bob', '!', 0)",), []),
    "a user without a name": Trouble(
        (f"{USERS} (9, NULL, '!', 0)",), [("warning", "no-name", "user id 9")]
    ),
    "grants of nobody": Trouble(
        (
            "INSERT INTO experiment_permissions VALUES (8, '1', 99, 'READ')",
            "INSERT INTO scorer_permissions VALUES (8, '1', 's', 99, 'READ')",
        ),
        [
            ("error", "orphans", "experiment_permissions"),
            ("error", "orphans", "scorer_permissions"),
        ],
    ),
    "rows of no role": Trouble(
        (
            "INSERT INTO role_permissions VALUES (8, 99, 'experiment', '1', 'READ')",
            "INSERT INTO user_role_assignments VALUES (8, 1, 99)",
        ),
        [
            ("error", "orphans", "role_permissions"),
            ("error", "orphans", "user_role_assignments"),
        ],
        ROLES,
    ),
    "a level of nobody's": Trouble(
        ("INSERT INTO experiment_permissions VALUES (8, '1', 2, 'OWNER')",),
        [("error", "unknown-level", "alice on experiment:1")],
        LEGACY,
    ),
    "no level": Trouble(
        ("INSERT INTO experiment_permissions VALUES (8, '1', 2, NULL)",),
        [("error", "unknown-level", "alice on experiment:1")],
        LEGACY,
    ),
    "an id that no experiment has": Trouble(
        ("INSERT INTO experiment_permissions VALUES (8, '01', 2, 'READ')",),
        [("warning", "no-such-id", "alice on experiment:01")],
        LEGACY,
    ),
    "a star that is no wildcard": Trouble(
        ("INSERT INTO experiment_permissions VALUES (8, '*', 2, 'READ')",),
        [("warning", "no-wildcard", "alice on experiment:*")],
        LEGACY,
    ),
    "a role's level of nobody's": Trouble(
        (
            "INSERT INTO roles VALUES (8, 'readers', 'default', NULL)",
            "INSERT INTO role_permissions VALUES (8, 8, 'experiment', '1', 'OWNER')",
        ),
        [("error", "unknown-level", "readers on experiment:1")],
        ROLES,
    ),
    "a role's type of tomorrow": Trouble(
        (
            "INSERT INTO roles VALUES (8, 'readers', 'default', NULL)",
            "INSERT INTO role_permissions VALUES (8, 8, 'galaxy', '*', 'READ')",
        ),
        [("warning", "unknown-type", "readers on galaxy:*")],
        ROLES,
    ),
    "a user's own role that others hold": Trouble(
        ("INSERT INTO user_role_assignments (user_id, role_id) VALUES (1, 1)",),
        [("error", "shared-own-role", "__user_2__")],
        ROLES,
    ),
    "a user's own role that nobody holds": Trouble(
        ("DELETE FROM user_role_assignments",),
        [("warning", "unassigned-own-role", "__user_2__")],
        ROLES,
    ),
    "an own role of nobody": Trouble(
        ("INSERT INTO roles VALUES (8, '__user_99__', 'default', NULL)",),
        [("warning", "ownerless-role", "__user_99__")],
        ROLES,
    ),
    "a revision of tomorrow": Trouble(
        ("UPDATE alembic_version_auth SET version_num = 'fedcba987654'",),
        [("error", "unknown-revision", "fedcba987654")],
        ROLES,
    ),
}


@pytest.mark.parametrize(
    ("backend", "trouble"),
    [
        pytest.param(backend, trouble, id=f"{name}, {backend}")
        for name, trouble in TROUBLES.items()
        for backend in trouble.backends
    ],
)
def test_each_trouble_is_found_and_nothing_else(url: str, trouble: Trouble) -> None:
    for statement in trouble.statements:
        execute(url, statement)
    before = contents(url)
    assert found(url) == trouble.findings
    assert contents(url) == before


@pytest.mark.parametrize("dialect", DIALECTS)
def test_lost_denials_are_found(dialect: str, tmp_path: Path) -> None:
    [recording] = [recording for recording in RECORDINGS if recording.upgraded_by]
    with recorded(recording, dialect, tmp_path) as url:
        lost = [subject for _, name, subject in found(url) if name == "lost-denial"]
        assert "o'brien on experiment:2" in lost


@pytest.mark.parametrize("backend", [Backend("mysql")], ids=str)
def test_a_collation_that_takes_alice_for_Alice_is_found(url: str) -> None:  # noqa: N802
    execute(url, "ALTER TABLE users CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci")
    assert found(url) == [("warning", "letter-case", "users.username")]


@pytest.mark.parametrize("backend", [Backend("sqlite")], ids=str)
def test_well_known_passwords_of_others_are_looked_for_on_request(url: str) -> None:
    execute(url, f"{USERS} (9, 'bob', '{WELL_KNOWN}', 0)")
    assert found(url) == []
    assert found(url, all_passwords=True) == [("error", "well-known-password", "bob")]


@pytest.mark.parametrize("backend", BOTH, ids=str)
def test_orphans_are_removed_and_nothing_else(url: str) -> None:
    before = contents(url)
    for number in (8, 9):
        execute(
            url, f"INSERT INTO experiment_permissions VALUES ({number}, '{number}', 99, 'READ')"
        )
    with opened(url) as store:
        assert remove_orphans(store.database, store.schema) == 2
        assert remove_orphans(store.database, store.schema) == 0
    assert contents(url) == before
    assert found(url) == []


@pytest.mark.parametrize("backend", [*BOTH, Backend("postgresql"), Backend("mysql")], ids=str)
def test_whoever_is_reset_is_an_admin_with_the_new_password_and_keeps_their_grants(
    url: str,
) -> None:
    with opened(url) as store:
        assert not reset_admin(store.database, store.schema, "alice", "a-brand-new-password")
        assert store.get_user("alice").is_admin
        assert [grant.username for grant in store.list_grants()] == ["alice"]
        assert reset_admin(store.database, store.schema, "rescuer", "a-brand-new-password")
        assert store.get_user("rescuer").is_admin
        assert _logs_in(store, "alice")
        assert _logs_in(store, "rescuer")


def _logs_in(store: SqlStore, name: str) -> bool:
    account = store.account(name)
    return account is not None and verify_password("a-brand-new-password", account.password_hash)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_status_counts_what_there_is(dialect: str, tmp_path: Path) -> None:
    told = {}
    for recording in RECORDINGS:
        folder = tmp_path / str(recording)
        folder.mkdir()
        with recorded(recording, dialect, folder) as url, opened(url) as store:
            seen = status(store.database, store.schema)
            told[str(recording)] = (seen.mlflow, seen.users, seen.admins, seen.denials, seen.roles)
            assert seen.engine == dialect
            assert seen.writable
            assert seen.grants == len(store.list_grants())
    assert told == {
        "2.22.5": ("2.5 to 3.6", 6, 2, 2, 0),
        "3.4.0": ("2.5 to 3.6", 6, 2, 2, 0),
        "3.9.0": ("3.9", 6, 2, 4, 0),
        "3.12.0": ("3.12", 6, 2, 4, 5),
        "3.12.0-upgraded": ("3.13 and later", 6, 2, 0, 5),
        "3.13.0": ("3.13 and later", 6, 2, 0, 5),
        "3.17.2": ("3.13 and later", 6, 2, 2, 5),
    }


def test_the_status_of_an_unknown_revision_is_that_it_is_only_read(tmp_path: Path) -> None:
    with auth_database(Backend("sqlite"), tmp_path) as url:
        execute(url, "UPDATE alembic_version_auth SET version_num = 'fedcba987654'")
        with opened(url) as store:
            seen = status(store.database, store.schema)
    assert (seen.mlflow, seen.writable) == ("later than 3.13", False)
