"""Same database, same answer, before MLflow 3.13: authctl beside the release that made it."""

from __future__ import annotations

import sys
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from authctl.model import WILDCARD, Action, Generation, Resource, ResourceType
from authctl.policy.decision import Demand, met
from authctl.policy.resolution import Levels
from tests.compat.legacy_at_random import Database, databases, things_asked_about, write
from tests.environments import python_with_mlflow
from tests.live import clean_environment
from tests.oracle import oracle
from tests.policy.databases_at_random import KNOWN, USERS, drawn
from tests.store.databases import opened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from authctl.model import Grant
    from authctl.store.sql import SqlStore
    from tests.compat.legacy_at_random import Asked
    from tests.oracle import Oracle

pytestmark = pytest.mark.compat

THEIRS = Path(__file__).with_name("their_legacy_answers.py")
# What each release can keep: words of a later one fail there, whatever they say.
WORDS = {
    "3.4.0": sorted(KNOWN - {"USE", "DENY"}),
    "3.9.0": sorted(KNOWN - {"DENY"}),
    "3.12.0": sorted(KNOWN - {"DENY"}),
}
# USE is left out: the oldest of them cannot tell it from READ.
ACTIONS = (Action.READ, Action.UPDATE, Action.DELETE, Action.MANAGE)


@dataclass(frozen=True)
class Both:
    """One database, open in authctl and in an older MLflow, and the types this one knows."""

    file: Path
    ours: SqlStore
    theirs: Oracle
    kinds: list[str]


@contextmanager
def both(release: str, folder: Path) -> Iterator[Both]:
    file = folder / "auth.db"
    url = f"sqlite:///{file}"
    env = clean_environment(MLFLOW_FLASK_SERVER_SECRET_KEY="a-key")
    python = python_with_mlflow(release)
    with oracle(THEIRS, url, log=folder / "log", env=env, python=python) as theirs:
        kinds = theirs.answer()
        with opened(url) as ours:
            yield Both(file, ours, theirs, kinds)


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("examples", [100, pytest.param(3000, marks=pytest.mark.long)])
@pytest.mark.parametrize("release", WORDS)
def test_on_random_databases_authctl_answers_as_the_release_that_made_them(
    release: str, examples: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    counts: Counter[str] = Counter()
    with both(release, tmp_path) as asked:
        things = things_asked_about(asked.kinds)

        @drawn(examples, always_the_same=True)
        @given(databases(kinds=asked.kinds, words=WORDS[release], with_roles=release == "3.12.0"))
        def agree(database: Database) -> None:
            write(database, asked.file)
            expected = asked.theirs.ask(
                {
                    "defaults": database.defaults,
                    "users": USERS,
                    "resources": [(thing.kind, thing.name) for thing in things],
                }
            )
            grants = {user.username: asked.ours.grants_of(user) for user in asked.ours.list_users()}
            counts["databases"] += 1
            answers = iter(expected)
            for default in database.defaults:
                for username in USERS:
                    levels = Levels(grants[username], default=default, generation=Generation.LEGACY)
                    for thing in things:
                        check(grants[username], levels, thing, next(answers), counts)
            assert next(answers, None) is None

        agree()
    with capsys.disabled():
        sys.stdout.write(f"\n{release}: {dict(counts)}\n")
    assert counts["answers"] > 100 * examples
    assert counts["unknown words"] > examples


def check(
    grants: Sequence[Grant],
    levels: Levels,
    asked: Asked,
    theirs: list[str] | None,
    counts: Counter[str],
) -> None:
    """Hold what authctl allows against what MLflow does: nothing, where it fails.

    A word that authctl does not know denies even where MLflow takes a better one beside it.
    """
    known = speaking_of(asked.resource, grants) <= KNOWN - {"DENY"}
    counts["unknown words"] += not known
    for tier in asked.tiers:
        for action in ACTIONS:
            counts["answers"] += 1
            may = met(Demand(action, asked.resource, tier), levels)
            counts["may" if may else "may not"] += 1
            assert may == (known and action.value in (theirs or ())), (asked, tier, action, theirs)


def speaking_of(resource: Resource, grants: Sequence[Grant]) -> set[str]:
    """The words of the rows about a resource; a role's wildcards and workspace speak of it too."""
    everything = {Resource(resource.type, WILDCARD), Resource(ResourceType.WORKSPACE, WILDCARD)}
    return {
        grant.permission
        for grant in grants
        if grant.resource == resource or (grant.role and grant.resource in everything)
    }
