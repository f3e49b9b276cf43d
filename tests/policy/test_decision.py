"""What a demand takes, by the levels in effect on the thing, its tier and what it hangs on."""

from __future__ import annotations

import pytest

from authctl.model import Action, Generation, Grant, Permission, Resource, ResourceType
from authctl.policy.decision import Demand, met
from authctl.policy.resolution import Levels

E1 = Resource("experiment", "1")
RUN = ResourceType.RUN
ASSESSMENT = ResourceType.ASSESSMENT
JUDGE = Resource("scorer", "1/judge")


def levels(grants: str, *, default: str = "NO_PERMISSIONS", legacy: bool = False) -> Levels:
    """Levels of grants written as `experiment:1=READ run:*=DENY`."""
    rows = []
    for text in grants.split():
        name, _, level = text.partition("=")
        kind, _, key = name.partition(":")
        rows.append(Grant("eve", Resource(kind, key), level))
    generation = Generation.LEGACY if legacy else Generation.ROLES
    return Levels(rows, default=Permission(default), generation=generation)


UPDATE_RUN = Demand(Action.UPDATE, E1, RUN)
CREATE_RUN = Demand(Action.CREATE, E1, RUN)
NEW_EXPERIMENT = Demand(Action.CREATE, Resource("experiment", "*"))
NEW_MODEL = Demand(Action.CREATE, Resource("registered_model", "churn"))
READ_JUDGE = Demand(Action.READ, JUDGE, parent=E1)
ADD_TO_JUDGE = Demand(Action.CREATE, JUDGE, ResourceType.SCORER_VERSION, E1)
DELETE_ASSESSMENT = Demand(Action.DELETE, E1, ASSESSMENT, inherited=Action.UPDATE)

CASES = [
    # A sub-resource: its tier first, else its parent, which must be readable anyhow.
    ("experiment:1=EDIT", UPDATE_RUN, True),
    ("experiment:1=READ", UPDATE_RUN, False),
    ("experiment:1=READ run:*=EDIT", UPDATE_RUN, True),
    ("experiment:1=MANAGE run:*=READ", UPDATE_RUN, False),
    ("experiment:1=MANAGE run:*=DENY", UPDATE_RUN, False),
    ("experiment:1=MANAGE run:*=OWNER", UPDATE_RUN, False),
    ("run:*=MANAGE", UPDATE_RUN, False),
    ("experiment:1=DENY run:*=MANAGE", UPDATE_RUN, False),
    ("experiment:1=DENY workspace:*=MANAGE", UPDATE_RUN, True),
    # Making one: a positive grant on the tier neither opens its parent nor closes it.
    ("experiment:1=EDIT", CREATE_RUN, True),
    ("experiment:1=EDIT run:*=READ", CREATE_RUN, True),
    ("experiment:1=READ run:*=MANAGE", CREATE_RUN, False),
    ("experiment:1=EDIT run:*=DENY", CREATE_RUN, False),
    ("experiment:1=EDIT run:*=NO_PERMISSIONS", CREATE_RUN, False),
    ("run:*=MANAGE", CREATE_RUN, False),
    # Making something that is in nothing: whoever is not denied.
    ("", NEW_EXPERIMENT, True),
    ("experiment:*=DENY", NEW_EXPERIMENT, False),
    ("experiment:1=DENY", NEW_EXPERIMENT, True),
    ("experiment:*=DENY workspace:*=MANAGE", NEW_EXPERIMENT, True),
    ("", NEW_MODEL, True),
    ("registered_model:churn=DENY", NEW_MODEL, False),
    ("registered_model:*=DENY", NEW_MODEL, False),
    ("registered_model:other=DENY prompt:churn=DENY", NEW_MODEL, True),
    # A scorer: its own grants, else its experiment's, which must be readable anyhow.
    ("experiment:1=READ", READ_JUDGE, True),
    ("scorer:1/judge=MANAGE", READ_JUDGE, False),
    ("experiment:1=READ scorer:1/judge=DENY", READ_JUDGE, False),
    ("experiment:1=READ scorer:*=DENY", READ_JUDGE, False),
    ("experiment:1=READ scorer:1/other=DENY", READ_JUDGE, True),
    ("experiment:1=EDIT", ADD_TO_JUDGE, True),
    ("experiment:1=EDIT scorer:1/judge=READ", ADD_TO_JUDGE, True),
    ("experiment:1=EDIT scorer:1/judge=DENY", ADD_TO_JUDGE, False),
    ("experiment:1=READ scorer:1/judge=MANAGE", ADD_TO_JUDGE, False),
    ("experiment:1=EDIT scorer_version:*=DENY", ADD_TO_JUDGE, False),
    # Another action of the parent, where no grant speaks of the tier.
    ("experiment:1=EDIT", DELETE_ASSESSMENT, True),
    ("experiment:1=READ", DELETE_ASSESSMENT, False),
    ("experiment:1=EDIT assessment:*=EDIT", DELETE_ASSESSMENT, False),
    ("experiment:1=READ assessment:*=MANAGE", DELETE_ASSESSMENT, True),
    ("experiment:1=MANAGE assessment:*=DENY", DELETE_ASSESSMENT, False),
    # What was not found is nobody's.
    ("workspace:*=MANAGE", Demand(Action.READ, None), False),
]


@pytest.mark.parametrize(("grants", "demand", "expected"), CASES)
def test_a_demand_is_met_or_it_is_not(grants: str, demand: Demand, expected: bool) -> None:
    assert met(demand, levels(grants)) is expected


@pytest.mark.parametrize("default", ["NO_PERMISSIONS", "READ", "EDIT", "MANAGE"])
def test_a_default_denies_no_making(default: str) -> None:
    assert met(NEW_EXPERIMENT, levels("", default=default))


@pytest.mark.parametrize(("grants", "expected"), [("experiment:1=EDIT", True), ("", False)])
def test_in_the_legacy_generation_tiers_have_no_grants(grants: str, expected: bool) -> None:
    given = levels(f"{grants} run:*=DENY", legacy=True)
    assert met(UPDATE_RUN, levels(grants, legacy=True)) is expected
    assert met(CREATE_RUN, levels(grants, legacy=True)) is expected
    assert not met(UPDATE_RUN, given)
