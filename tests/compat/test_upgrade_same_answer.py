"""What a release before 3.13 answers about a database, the newest answers after the upgrade."""

from __future__ import annotations

import shutil
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given

from authctl.model import Permission
from authctl.policy.resolution import resolve_with
from authctl.store.sql import SqlStore
from authctl.store.sql_engine import connect
from authctl.store.upkeep.proof import LevelsDiffer
from authctl.store.upkeep.restore import restore
from authctl.store.upkeep.upgrade import upgrade
from tests.compat.legacy_at_random import TABLES, Database, databases, things_asked_about, write
from tests.compat.test_same_answer import ACTIONS, THEIRS, WORDS
from tests.environments import python_with_mlflow
from tests.live import clean_environment
from tests.oracle import oracle
from tests.policy.conftest import THEIRS as THE_NEWEST
from tests.policy.databases_at_random import USERS, drawn
from tests.store.databases import opened

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.compat


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("examples", [40, pytest.param(1500, marks=pytest.mark.long)])
@pytest.mark.parametrize("release", WORDS)
def test_nobody_may_do_more_or_less_after_an_upgrade(
    release: str, examples: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, copy, new = (tmp_path / f"{name}.db" for name in ("old", "copy", "new"))
    env = clean_environment(MLFLOW_FLASK_SERVER_SECRET_KEY="a-key")
    counts: Counter[str] = Counter()
    with opened(f"sqlite:///{new}", create=True):
        pass
    with (
        oracle(
            THEIRS,
            f"sqlite:///{old}",
            log=tmp_path / "old.log",
            env=env,
            python=python_with_mlflow(release),
        ) as before,
        oracle(THE_NEWEST, f"sqlite:///{new}", log=tmp_path / "new.log", env=env) as after,
    ):
        kinds = [kind for kind in before.answer() if kind in TABLES]
        things = things_asked_about(kinds)

        @drawn(examples, always_the_same=True)
        @given(databases(kinds=kinds, words=WORDS[release], with_roles=release == "3.12.0"))
        def the_same(database: Database) -> None:
            default = database.defaults[0]
            write(_with_free_names(database), old)
            asked: dict[str, Any] = {"defaults": [default], "users": USERS}
            named = [(thing.kind, thing.name) for thing in things]
            theirs = before.ask({**asked, "resources": named})
            shutil.copy(old, copy)
            if not _upgraded(copy, default):
                counts["refused"] += 1
                return
            database_of_the_newest = connect(f"sqlite:///{new}")
            restore(database_of_the_newest, copy)
            database_of_the_newest.close()
            levels = [(thing.resource.type, thing.resource.id) for thing in things]
            now = iter(after.ask({**asked, "levels": levels, "demands": []}))
            then = iter(theirs)
            counts["upgraded"] += 1
            for user in USERS:
                next(now)  # whether they manage the workspace
                for thing in things:
                    level, could = next(now), next(then)
                    can = {a.value for a in ACTIONS if level and Permission(level).allows(a)}
                    # What made the old one fail is denied.
                    expected = {a.value for a in ACTIONS} & set(could or ())
                    assert can == expected, (user, thing.resource, default, level, could)
                    counts["answers"] += 1

        the_same()
    with capsys.disabled():
        sys.stdout.write(f"\n{release}: {dict(counts)}\n")
    assert counts["upgraded"] > examples // 4
    assert counts["answers"] > examples


def _with_free_names(database: Database) -> Database:
    """The same without roles that are called as users' own, which are refused."""
    return Database(
        database.direct,
        tuple(role for role in database.roles if not role.name.startswith("__user_")),
        database.defaults,
    )


def _upgraded(file: Path, default: Permission) -> bool:
    store = SqlStore.open(f"sqlite:///{file}", resolve=resolve_with(default))
    try:
        upgrade(store.database, store.schema, store.resolve)
    except LevelsDiffer:
        return False
    finally:
        store.close()
    return True
