"""The safe way up: the tables become those of MLflow 3.13, and nobody's level changes."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from authctl.errors import AuthctlError, InvalidRequest, Unavailable
from authctl.model import Generation, Permission, Resource
from authctl.policy.resolution import resolve_with
from authctl.store import history, tables
from authctl.store.grants import grants_in
from authctl.store.schema import alone
from authctl.store.sql import SqlStore
from authctl.store.upkeep.proof import TYPES, UNNAMED, LevelsDiffer
from authctl.store.upkeep.rehearsal import rehearse
from authctl.store.upkeep.upgrade import Upgraded, upgrade
from tests.compat.legacy_at_random import TABLES, Database, databases, write
from tests.policy.databases_at_random import KNOWN, drawn
from tests.store.contract import EXPERIMENT, MODEL, PASSWORD, ROOT
from tests.store.databases import (
    DIALECTS,
    Backend,
    auth_database,
    contents,
    execute,
    make_tables,
    opened,
)
from tests.store.recordings import RECORDINGS, Recording, recorded

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sqlalchemy import Connection

LEGACY = [recording for recording in RECORDINGS if recording.generation is Generation.LEGACY]
CHANGED_TABLES = ("roles", "role_permissions", "user_role_assignments")
EVERYTHING = tuple(Resource(kind, UNNAMED) for kind in TYPES)


def go_up(store: SqlStore, *, prompts: frozenset[str] | None = None) -> Upgraded:
    return upgrade(
        store.database, store.schema, store.resolve, prompts=prompts, without_workspaces=True
    )


def levels(store: SqlStore, resources: Iterable[Resource]) -> dict[tuple[str, Resource], str]:
    """What everybody may do with each of these, asked one by one."""
    asked = [*resources]
    key = grants_in(store.schema).key
    found = {}
    for user in store.list_users():
        held = store.resolve(store.grants_of(user), store.generation)
        for resource in asked:
            level = held.on(key(resource))
            found[user.username, resource] = "nothing" if level.denies else str(level)
    return found


def spoken_of(store: SqlStore) -> set[Resource]:
    """What any grant names, as itself and as the prompt of that name."""
    named = {grant.resource for user in store.list_users() for grant in store.grants_of(user)} | {
        Resource("experiment", "unheard-of")
    }
    twins = {Resource("prompt", thing.id) for thing in named if thing.type == "registered_model"}
    return {thing for thing in named | twins if thing.type in TYPES and thing.id != "*"}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("recording", LEGACY, ids=str)
def test_what_mlflow_made_goes_up_with_every_level(
    recording: Recording, dialect: str, tmp_path: Path
) -> None:
    with recorded(recording, dialect, tmp_path) as url:
        with opened(url) as store:
            asked = spoken_of(store) | set(EVERYTHING)
            before, users, grants = levels(store, asked), store.list_users(), store.list_grants()
            done = go_up(store)
        with opened(url) as store:
            assert store.schema.revision == done.after == tables.HEAD
            assert levels(store, asked) == before
            assert store.list_users() == users
            assert {grant.resource for grant in grants} <= {
                grant.resource for grant in store.list_grants()
            }
            assert "nothing" in before.values()
            assert done.before == recording.revision
            assert done.users == len(users)
            assert done.compared >= len(users) * len(TYPES)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_legacy_tables_stay_as_they_were(dialect: str, tmp_path: Path) -> None:
    recording = RECORDINGS[3]
    with recorded(recording, dialect, tmp_path) as url:
        before = contents(url)
        with opened(url) as store:
            go_up(store)
        after = contents(url)
    assert recording.revision == tables.ROLE_TABLES
    for name in before.keys() - {*CHANGED_TABLES, "alembic_version_auth"}:
        assert after[name] == before[name]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_upgrade_is_written_down(dialect: str, tmp_path: Path) -> None:
    with auth_database(Backend(dialect, tables.INITIAL), tmp_path) as url:
        with opened(url) as store:
            go_up(store)
        with opened(url) as store:
            [entry] = store.database.read(history.entries)
    assert (entry.event, entry.detail) == ("upgraded", f"{tables.INITIAL} to {tables.HEAD}")


@dataclass(frozen=True)
class Refusal:
    """What makes an upgrade impossible, and what is said of it."""

    statements: tuple[str, ...]
    error: type[AuthctlError]
    words: str
    default: Permission = Permission.READ


def _tried(store: SqlStore) -> bool:
    try:
        go_up(store)
    except LevelsDiffer:
        return False
    return True


REFUSALS = {
    "a grant of less than the default": Refusal(
        ("INSERT INTO experiment_permissions VALUES (9, '9', 2, 'READ')",),
        LevelsDiffer,
        "alice on experiment:9: READ before, EDIT after",
        default=Permission.EDIT,
    ),
    "a role that is called like a user's own": Refusal(
        ("INSERT INTO roles VALUES (9, '__user_2__', 'default', NULL)",),
        InvalidRequest,
        "a role called '__user_2__'",
    ),
    "an unknown level beside a role's": Refusal(
        (
            "INSERT INTO experiment_permissions VALUES (9, '9', 2, 'OWNER')",
            "INSERT INTO roles VALUES (9, 'readers', 'default', NULL)",
            "INSERT INTO role_permissions VALUES (9, 9, 'experiment', '9', 'READ')",
            "INSERT INTO user_role_assignments VALUES (9, 2, 9)",
        ),
        LevelsDiffer,
        "alice on experiment:9: DENY before, READ after",
    ),
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("refusal", REFUSALS.values(), ids=list(REFUSALS))
def test_an_upgrade_that_would_change_a_level_is_not_made(
    refusal: Refusal, dialect: str, tmp_path: Path
) -> None:
    with auth_database(Backend(dialect, tables.ROLE_TABLES), tmp_path) as url:
        with opened(url) as store:
            for name in (ROOT, "alice"):
                store.create_user(name, PASSWORD)
            store.grant("alice", EXPERIMENT, Permission.NO_PERMISSIONS)
        for statement in refusal.statements:
            execute(url, statement)
        before = contents(url)
        store = SqlStore.open(url, resolve=resolve_with(refusal.default))
        with pytest.raises(refusal.error) as caught:
            go_up(store)
        store.close()
        assert refusal.words in caught.value.message
        assert caught.value.hint
        assert contents(url) == before


def test_every_level_that_would_change_is_named(tmp_path: Path) -> None:
    with auth_database(Backend("sqlite", tables.INITIAL), tmp_path) as url:
        with opened(url) as store:
            for name in ("alice", "bob"):
                store.create_user(name, PASSWORD)
                store.grant(name, EXPERIMENT, Permission.READ)
                store.grant(name, MODEL, Permission.MANAGE)
        store = SqlStore.open(url, resolve=resolve_with(Permission.EDIT))
        with pytest.raises(LevelsDiffer) as caught:
            go_up(store)
        store.close()
    assert sorted(map(str, caught.value.differences)) == [
        f"{name} on experiment:42: READ before, EDIT after" for name in ("alice", "bob")
    ]
    assert caught.value.exit_code == 8


def test_permissions_on_workspaces_are_left_behind_only_on_request(tmp_path: Path) -> None:
    with auth_database(Backend("sqlite", tables.WORKSPACES), tmp_path) as url:
        with opened(url) as store:
            store.create_user("alice", PASSWORD)
            execute(url, "INSERT INTO workspace_permissions VALUES ('default', 1, 'MANAGE')")
            before = contents(url)
            with pytest.raises(InvalidRequest, match="workspaces") as caught:
                upgrade(store.database, store.schema, store.resolve)
            assert "--without-workspaces" in str(caught.value.hint)
            assert contents(url) == before
            go_up(store)
        with opened(url) as store:
            assert store.level("alice", EXPERIMENT) is Permission.READ


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_store_that_is_open_meanwhile_reads_and_writes_no_more(
    dialect: str, tmp_path: Path
) -> None:
    for revision in (tables.INITIAL, tables.ROLE_TABLES):
        folder = tmp_path / revision
        folder.mkdir()
        with auth_database(Backend(dialect, revision), folder) as url, opened(url) as serving:
            alice = serving.create_user("alice", PASSWORD)
            with opened(url) as store:
                go_up(store)
            for use in (
                lambda: serving.account("alice"),
                lambda: serving.level("alice", EXPERIMENT),
                lambda: serving.grant("alice", EXPERIMENT, Permission.EDIT),
            ):
                with pytest.raises(Unavailable, match="upgraded while it was in use"):
                    use()
            assert alice.username == "alice"


@pytest.mark.parametrize("dialect", ["mysql"])
def test_an_upgrade_waits_for_who_makes_tables_and_gives_up(dialect: str, tmp_path: Path) -> None:
    """PostgreSQL's and SQLite's locks end as every lock does: see test_engine_faults."""
    with (
        auth_database(Backend(dialect, tables.INITIAL), tmp_path) as url,
        opened(url) as other,
        opened(url) as store,
    ):
        before = contents(url)

        def meanwhile(connection: Connection) -> None:
            with alone(connection), pytest.raises(Unavailable, match="locked by another process"):
                go_up(store)

        other.database.read(meanwhile)
        assert contents(url) == before
        assert go_up(store).after == tables.HEAD


def test_a_database_of_roles_is_not_upgraded_again(tmp_path: Path) -> None:
    with (
        auth_database(Backend("sqlite"), tmp_path) as url,
        opened(url) as store,
        pytest.raises(InvalidRequest, match="already"),
    ):
        go_up(store)


def test_a_grant_on_a_prompt_stays_one_where_it_is_known_which_are_prompts(tmp_path: Path) -> None:
    prompt = Resource("prompt", "greeting")
    with auth_database(Backend("sqlite", tables.INITIAL), tmp_path) as url:
        with opened(url) as store:
            store.create_user("alice", PASSWORD)
            store.grant("alice", prompt, Permission.NO_PERMISSIONS)
            store.grant("alice", MODEL, Permission.EDIT)
            go_up(store, prompts=frozenset({"greeting"}))
        with opened(url) as store:
            assert [grant.resource for grant in store.list_grants()] == [prompt, MODEL]
            assert store.level("alice", prompt) is Permission.NO_PERMISSIONS


def test_prompts_are_told_from_models_by_a_registry_in_the_same_database(tmp_path: Path) -> None:
    with auth_database(Backend("sqlite", tables.INITIAL), tmp_path) as url:
        execute(url, "CREATE TABLE registered_model_tags (name TEXT, key TEXT, value TEXT)")
        execute(
            url,
            "INSERT INTO registered_model_tags VALUES"
            " ('greeting', 'mlflow.prompt.is_prompt', 'True'), ('churn', 'team', 'true')",
        )
        with opened(url) as store:
            store.create_user("alice", PASSWORD)
            for name in ("greeting", "churn"):
                store.grant("alice", Resource("registered_model", name), Permission.EDIT)
            go_up(store)
        with opened(url) as store:
            assert [str(grant.resource) for grant in store.list_grants()] == [
                "prompt:greeting",
                "registered_model:churn",
            ]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_rehearsal_says_the_same_and_touches_nothing(dialect: str, tmp_path: Path) -> None:
    with recorded(LEGACY[1], dialect, tmp_path) as url, opened(url) as store:
        before = contents(url)
        rehearsed = rehearse(
            store.database,
            store.schema,
            store.resolve,
            prompts=None,
            without_workspaces=False,
            progress=lambda *_: None,
        )
        assert contents(url) == before
        assert go_up(store) == rehearsed


@pytest.mark.parametrize(
    ("examples", "seeded"),
    [
        pytest.param(30, True, id="a few"),
        pytest.param(5000, False, id="many", marks=[pytest.mark.long, pytest.mark.timeout(3600)]),
    ],
)
@pytest.mark.parametrize("revision", [tables.GATEWAY, tables.ROLE_TABLES])
def test_on_random_databases_an_upgrade_keeps_all_levels_or_is_not_made(
    revision: str,
    examples: int,
    seeded: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The proof compares what it must; here every user is asked about everything there is."""
    file = tmp_path / "auth.db"
    url = f"sqlite:///{file}"
    counts: Counter[str] = Counter()
    words = sorted(KNOWN - {"DENY"})
    with_roles = revision == tables.ROLE_TABLES

    @drawn(examples, always_the_same=seeded)
    @given(databases(kinds=[*TABLES], words=words, with_roles=with_roles))
    def kept(database: Database) -> None:
        file.unlink(missing_ok=True)
        file.touch()
        make_tables(url, revision)
        write(database, file)
        for role in database.roles:
            if role.name.startswith("__user_"):
                execute(url, f"UPDATE roles SET name = 'o{role.name}' WHERE name = '{role.name}'")
        before = contents(url)
        store = SqlStore.open(url, resolve=resolve_with(database.defaults[0]))
        asked = spoken_of(store) | set(EVERYTHING)
        levels_before = levels(store, asked)
        made = _tried(store)
        store.close()
        counts["upgraded" if made else "refused"] += 1
        if not made:
            assert contents(url) == before
            return
        after = SqlStore.open(url, resolve=resolve_with(database.defaults[0]))
        try:
            assert levels(after, asked) == levels_before
            counts["levels"] += len(levels_before)
        finally:
            after.close()

    kept()
    with capsys.disabled():
        sys.stdout.write(f"\n{revision}: {dict(counts)}\n")
    assert counts["upgraded"] > examples // 10
    assert counts["refused"] > 0
