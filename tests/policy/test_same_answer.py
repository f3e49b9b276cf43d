"""Same database, same answer: authctl's resolution beside the installed MLflow's own."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from authctl.model import WILDCARD, Action, Generation, Permission, Resource, ResourceType
from authctl.policy.decision import Demand, met
from authctl.policy.resolution import Levels
from tests.policy.databases_at_random import (
    IDS,
    KNOWN,
    USERS,
    Database,
    databases,
    drawn,
    write,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from authctl.model import Grant
    from tests.policy.conftest import Both

TIERS = {
    ResourceType.EXPERIMENT: (
        ResourceType.RUN,
        ResourceType.TRACE,
        ResourceType.ASSESSMENT,
        ResourceType.LOGGED_MODEL,
        ResourceType.REVIEW_QUEUE,
    ),
    ResourceType.REGISTERED_MODEL: (ResourceType.REGISTERED_MODEL_VERSION,),
    ResourceType.PROMPT: (ResourceType.PROMPT_VERSION,),
    ResourceType.SCORER: (ResourceType.SCORER_VERSION,),
    ResourceType.MCP_SERVER: (ResourceType.MCP_SERVER_VERSION,),
}
# What stands for itself; skills came after the installed release, the workspace is no resource.
KINDS = (
    *TIERS,
    ResourceType.GATEWAY_SECRET,
    ResourceType.GATEWAY_ENDPOINT,
    ResourceType.GATEWAY_MODEL_DEFINITION,
)
ASKED = [Resource(kind, name) for kind in KINDS for name in (IDS[kind][0], "unheard-of")]
DEMANDS = [
    demand
    for resource in ASKED
    for tier in (None, *TIERS.get(ResourceType(resource.type), ()))
    for demand in (
        *(Demand(action, resource, tier) for action in Action),
        *([Demand(Action.DELETE, resource, tier, inherited=Action.UPDATE)] if tier else ()),
    )
]


@pytest.mark.mlflow
@pytest.mark.parametrize(
    ("examples", "seeded"),
    [
        pytest.param(30, True, id="a few"),
        pytest.param(3000, False, id="many", marks=[pytest.mark.long, pytest.mark.timeout(3600)]),
    ],
)
def test_on_random_databases_both_resolutions_agree(
    both: Both, examples: int, seeded: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    counts: Counter[str] = Counter()

    @drawn(examples, always_the_same=seeded)
    @given(databases())
    def agree(database: Database) -> None:
        write(database, both.file)
        expected = iter(
            both.theirs.ask(
                {
                    "defaults": [str(default) for default in database.defaults],
                    "users": USERS,
                    "levels": [(resource.type, resource.id) for resource in ASKED],
                    "demands": [in_json(demand) for demand in DEMANDS],
                }
            )
        )
        grants = {user.username: both.ours.grants_of(user) for user in both.ours.list_users()}
        counts["databases"] += 1
        for default in database.defaults:
            for username in USERS:
                check(grants[username], default, expected, counts)
        assert next(expected, None) is None

    agree()
    with capsys.disabled():
        sys.stdout.write(f"\n{dict(counts)}\n")
    assert counts["levels"] + counts["demands"] > 1000 * examples
    assert {str(level) for level in Permission} <= set(counts)


def check(
    grants: Sequence[Grant], default: Permission, expected: Iterator[object], counts: Counter[str]
) -> None:
    """Hold all levels and demands of a user against MLflow's.

    Where authctl denies more on purpose, it must deny: a word that it does not know, whatever
    MLflow makes of it, and NO_PERMISSIONS on what is about to be made, which there takes a DENY.
    """
    levels = Levels(grants, default=default, generation=Generation.ROLES)
    manages = levels.on(Resource(ResourceType.WORKSPACE, WILDCARD)) == Permission.MANAGE
    assert manages == next(expected)
    words = {} if manages else words_of(grants)
    for resource in ASKED:
        found, theirs = levels.on(resource), next(expected)
        counts["levels"] += 1
        counts[str(theirs)] += 1
        if words.get(resource, set()) - KNOWN:
            counts["unknown words"] += 1
            assert found.denies, (resource, theirs)
        else:
            assert found == theirs, (resource, default)
    for demand in DEMANDS:
        may, theirs = met(demand, levels), next(expected)
        assert demand.resource is not None
        counts["demands"] += 1
        counts["may" if theirs else "may not"] += 1
        tier = [Resource(demand.tier, WILDCARD)] if demand.tier else []
        made = (tier or [demand.resource])[0]
        if any(words.get(key, set()) - KNOWN for key in (demand.resource, *tier)):
            counts["unknown words"] += 1
            assert not may, (demand, theirs)
        elif demand.action is Action.CREATE and words.get(made) == {"NO_PERMISSIONS"}:
            counts["nothing to be made"] += 1
            assert not may, (demand, theirs)
        else:
            assert may == theirs, (demand, default)


def words_of(grants: Sequence[Grant]) -> dict[Resource, set[str]]:
    """The words that stand in the rows about each key, wildcard rows among them."""
    found: dict[Resource, set[str]] = {}
    for key in {*ASKED, *(Resource(tier, WILDCARD) for tiers in TIERS.values() for tier in tiers)}:
        about = {key, Resource(key.type, WILDCARD)}
        found[key] = {grant.permission for grant in grants if grant.resource in about}
    return found


def in_json(demand: Demand) -> list[str | None]:
    assert demand.resource is not None
    inherited = demand.inherited.value if demand.inherited else None
    return [demand.action.value, demand.resource.type, demand.resource.id, demand.tier, inherited]
