"""Explanations end in the level that counts, and tell how MLflow's own answer differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from authctl.model import (
    WILDCARD,
    WILDCARD_ONLY,
    Generation,
    Grant,
    Permission,
    Resource,
    ResourceType,
)
from authctl.policy.divergence import DIVERGENCES, theirs
from authctl.policy.explanation import Default, Effect, Source, Step
from authctl.policy.reasons import Reasons, kept_as
from authctl.policy.resolution import Levels
from tests.policy.databases_at_random import IDS, USERS, Database, databases, drawn, write

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.policy.conftest import Both

E7 = Resource("experiment", "7")
ALL = Resource("experiment", "*")
RUNS = Resource("run", "*")
WORKSPACE = Resource("workspace", "*")
SCORER = Resource("scorer", "7/name")
PROMPT = Resource("prompt", "greeting")
MODEL = Resource("registered_model", "greeting")
READ = Default(Permission.READ, "It is assumed.")
EDIT = Default(Permission.EDIT, "It is from basic_auth.ini.")
NONE = Default(Permission.NO_PERMISSIONS, "It is from basic_auth.ini.")
UNKNOWN = Default(None, "")

PLACES = [E7, ALL, RUNS, WORKSPACE, SCORER, PROMPT, MODEL, Resource("scorer", "*")]
ASKED = [*PLACES, Resource("experiment", "8"), Resource("registered_model_version", "*")]
WORDS = [*map(str, Permission), "OWNER", ""]

grants_at_random = st.lists(
    st.builds(
        Grant,
        st.just("alice"),
        st.sampled_from([*PLACES, Resource("registered_model_version", "*")]),
        st.sampled_from(WORDS),
        st.sampled_from([None, None, "readers", "writers", "__user_5__"]),
    ),
    max_size=7,
)
levels_at_random = st.sampled_from([level for level in Permission if level != Permission.DENY])


def reasons(
    *rows: tuple[Resource, str] | tuple[Resource, str, str],
    default: Default = READ,
    generation: Generation = Generation.ROLES,
    is_admin: bool = False,
) -> Reasons:
    grants = [Grant("alice", *row) for row in rows]
    return Reasons(grants, default=default, generation=generation, is_admin=is_admin)


def effects(found: Reasons, on: Resource = E7) -> list[tuple[str, str | None, str]]:
    """Which steps say anything: the source, its level, and what becomes of it."""
    return [
        (str(step.source) if step.role is None else step.role, step.level, str(step.effect))
        for step in found.explain(on).steps
        if step.effect is not Effect.NOTHING
    ]


@settings(max_examples=600, deadline=None, derandomize=True, database=None)
@given(
    grants=grants_at_random,
    default=levels_at_random,
    generation=st.sampled_from(Generation),
    resource=st.sampled_from(ASKED),
)
def test_every_explanation_ends_in_the_level_that_counts(
    grants: list[Grant], default: Permission, generation: Generation, resource: Resource
) -> None:
    levels = Levels(grants, default=default, generation=generation)
    counts = levels.on(kept_as(resource, generation))
    why = Reasons(grants, default=Default(default, ""), generation=generation)
    told = why.explain(resource)
    assert told.level == counts
    assert why.on(resource).level == counts
    assert told.allows == [
        action for action in ("read", "use", "update", "delete", "manage") if action in told.allows
    ]
    [decisive] = [step for step in told.steps if step.effect is Effect.DECIDES]
    assert decisive == told.decisive
    assert decisive.level in (str(counts), *(["OWNER", ""] if counts is Permission.DENY else []))


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(grants=grants_at_random, generation=st.sampled_from(Generation))
def test_an_admin_has_manage_and_all_else_is_still_shown(
    grants: list[Grant], generation: Generation
) -> None:
    for resource in ASKED:
        plain = Reasons(grants, default=READ, generation=generation)
        admin = Reasons(grants, default=READ, generation=generation, is_admin=True)
        told = admin.explain(resource)
        assert (told.level, told.decisive.source) == (Permission.MANAGE, Source.ADMIN)
        assert [(step.source, step.role, step.resource, step.level) for step in told.steps[1:]] == [
            (step.source, step.role, step.resource, step.level)
            for step in plain.explain(resource).steps[1:]
        ]


def test_without_a_grant_the_default_decides_and_every_place_was_looked_at() -> None:
    assert reasons().explain(E7).steps == (
        Step(Source.ADMIN, Effect.NOTHING, "The user is no admin."),
        Step(
            Source.WORKSPACE,
            Effect.NOTHING,
            "No role of the user's manages the workspace.",
            resource=WORKSPACE,
        ),
        Step(
            Source.OWN,
            Effect.NOTHING,
            "The user has no grant of their own on it.",
            resource=E7,
        ),
        Step(
            Source.OWN_WILDCARD,
            Effect.NOTHING,
            "The user has no grant of their own on everything of its type.",
            resource=ALL,
        ),
        Step(Source.ROLE, Effect.NOTHING, "No role of the user's speaks of it.", resource=E7),
        Step(
            Source.DEFAULT,
            Effect.DECIDES,
            "No grant speaks of it. It is assumed.",
            level="READ",
        ),
    )


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (
            [(E7, "READ"), (E7, "EDIT", "ds-team"), (ALL, "EDIT", "all")],
            [
                ("own", "READ", "overruled"),
                ("ds-team", "EDIT", "decides"),
                ("all", "EDIT", "counts"),
                ("default", "READ", "overruled"),
            ],
        ),
        (
            [(E7, "MANAGE"), (ALL, "DENY", "outcasts")],
            [
                ("own", "MANAGE", "overruled"),
                ("outcasts", "DENY", "decides"),
                ("default", "READ", "overruled"),
            ],
        ),
        (
            [(E7, "NO_PERMISSIONS"), (E7, "USE", "users")],
            [
                ("own", "NO_PERMISSIONS", "overruled"),
                ("users", "USE", "decides"),
                ("default", "READ", "overruled"),
            ],
        ),
        (
            [(E7, "DENY"), (WORKSPACE, "MANAGE", "managers")],
            [
                ("managers", "MANAGE", "decides"),
                ("own", "DENY", "overruled"),
                ("default", "READ", "overruled"),
            ],
        ),
        (
            [(ALL, "OWNER"), (E7, "MANAGE")],
            [
                ("own", "MANAGE", "overruled"),
                ("own_wildcard", "OWNER", "decides"),
                ("default", "READ", "overruled"),
            ],
        ),
    ],
)
def test_what_is_overruled_is_told_beside_what_decides(
    rows: list[tuple[Resource, str]], told: list[tuple[str, str, str]]
) -> None:
    assert effects(reasons(*rows)) == told


def test_a_grant_below_the_default_is_raised_since_3_13_and_kept_before() -> None:
    assert effects(reasons((E7, "READ"), default=EDIT)) == [
        ("own", "READ", "overruled"),
        ("default", "EDIT", "decides"),
    ]
    assert effects(reasons((E7, "READ"), default=EDIT, generation=Generation.LEGACY)) == [
        ("own", "READ", "decides"),
        ("default", "EDIT", "overruled"),
    ]


def test_what_overrules_is_named() -> None:
    told = reasons((E7, "READ"), (ALL, "EDIT", "ds-team")).explain(E7)
    assert [step.reason for step in told.steps if step.effect is not Effect.NOTHING] == [
        "EDIT of the role 'ds-team' is higher.",
        "It is the highest of the 2 grants that speak of it.",
        "A grant speaks of it. It is assumed.",
    ]


def test_grants_on_a_part_say_what_stands_in_for_them() -> None:
    assert reasons().explain(RUNS).decisive.reason == (
        "No grant speaks of it: each has the level of its experiment. It is assumed."
    )


def test_a_default_that_is_not_known_leaves_open_what_it_would_decide() -> None:
    legacy = Generation.LEGACY
    told = reasons(default=UNKNOWN, generation=legacy).explain(E7)
    assert (told.level, told.allows) == (None, [])
    assert told.decisive == Step(
        Source.DEFAULT,
        Effect.DECIDES,
        "No grant speaks of it, and the server keeps its default to itself.",
    )
    assert reasons((E7, "USE"), default=UNKNOWN, generation=legacy).on(E7).level == "USE"


def test_a_server_that_answers_otherwise_has_the_last_word() -> None:
    told = reasons((E7, "EDIT")).explain(E7).contradicted(Permission.READ)
    assert told.level is Permission.READ
    assert told.decisive.source is Source.SERVER
    assert [step.effect for step in told.steps if step.source is Source.OWN] == [Effect.OVERRULED]


# What MLflow's own server answers

LEGACY = Generation.LEGACY
CASES = [
    # No case at all
    (reasons((E7, "EDIT")), E7, "EDIT", False, ""),
    (reasons(is_admin=True, generation=LEGACY), E7, "MANAGE", False, ""),
    (reasons((E7, "MANAGE"), is_admin=True), E7, "MANAGE", False, ""),
    (reasons((E7, "DENY"), (WORKSPACE, "MANAGE", "managers")), E7, "MANAGE", False, ""),
    (reasons((E7, "NO_PERMISSIONS"), default=NONE), E7, "NO_PERMISSIONS", False, ""),
    (reasons((E7, "EDIT")), SCORER, "READ", True, "MLflow lets the default decide on a scorer"),
    (reasons((E7, "READ")), SCORER, "READ", False, ""),
    # One case each
    (reasons((WORKSPACE, "USE", "all")), WORKSPACE, None, True, "tells no level on the workspace"),
    (reasons((PROMPT, "EDIT")), PROMPT, None, True, "tells no level on a single prompt"),
    (reasons(is_admin=True), E7, "READ", True, "leaves it aside that a user is an admin"),
    (reasons((E7, "OWNER"), (ALL, "EDIT")), E7, "EDIT", True, "does not know this level either"),
    (reasons((E7, "OWNER")), E7, None, True, "does not know this level either"),
    (reasons((E7, "DENY"), (ALL, "EDIT")), E7, "DENY", True, "3.13 to 3.16 do not know DENY"),
    (reasons((E7, "NO_PERMISSIONS")), E7, "NO_PERMISSIONS", True, "still show it in searches"),
    (reasons((RUNS, "READ")), RUNS, "READ", True, "before 3.17 has no grants on this type"),
    (
        reasons((ALL, "NO_PERMISSIONS"), default=NONE),
        ALL,
        "NO_PERMISSIONS",
        True,
        "also lets the user make none of this type",
    ),
    (reasons(), Resource("skill", "sort"), "READ", True, "leaves MCP servers and skills to admins"),
    (
        reasons((E7, "DENY"), generation=LEGACY),
        E7,
        None,
        True,
        ("makes MLflow answer 500", "drops this denial"),
    ),
    (
        reasons((E7, "READ"), (E7, "OWNER", "role"), generation=LEGACY),
        E7,
        None,
        True,
        "makes MLflow answer 500",
    ),
    (
        reasons((E7, "READ"), (E7, "OWNER", "a"), (E7, "EDIT", "b"), generation=LEGACY),
        E7,
        "EDIT",
        True,
        "other grants decide beside it",
    ),
    (
        reasons((E7, "MANAGE"), (E7, "OWNER", "role"), generation=LEGACY),
        E7,
        "MANAGE",
        True,
        "other grants decide beside it",
    ),
    (
        reasons((E7, "NO_PERMISSIONS"), generation=LEGACY),
        E7,
        "NO_PERMISSIONS",
        False,
        "drops this denial",
    ),
    (
        reasons((E7, "READ"), generation=LEGACY, default=EDIT),
        E7,
        "READ",
        False,
        "gives no less than the default",
    ),
    (
        reasons((WORKSPACE, "EDIT", "all"), generation=LEGACY),
        E7,
        "EDIT",
        False,
        "speaks of nothing in it",
    ),
    (
        reasons((E7, "NO_PERMISSIONS", "out"), generation=LEGACY),
        E7,
        "READ",
        False,
        "NO_PERMISSIONS in a role denies",
    ),
    (
        reasons((MODEL, "EDIT"), generation=LEGACY),
        PROMPT,
        "EDIT",
        False,
        "a prompt is a registered",
    ),
]


@pytest.mark.parametrize(("why", "resource", "answer", "differs", "said"), CASES)
def test_where_mlflow_answers_otherwise_that_is_told(
    why: Reasons, resource: Resource, answer: str | None, differs: bool, said: str | tuple[str, ...]
) -> None:
    found = theirs(why, resource)
    assert (found.answer, found.differs) == (answer, differs)
    wanted = [said] if isinstance(said, str) and said else said
    assert len(found.why) == len(wanted), found.why
    assert all(words in told for words, told in zip(wanted, found.why, strict=True))


def test_use_is_a_strange_word_before_mlflow_3_9() -> None:
    why = reasons((E7, "USE"), generation=LEGACY)
    assert theirs(why, E7).differs is False
    found = theirs(why, E7, knows_use=False)
    assert (found.answer, found.differs, len(found.why)) == (None, True, 1)


def test_every_case_is_among_those_tested() -> None:
    said = {sentence for why, resource, *_ in CASES for sentence in theirs(why, resource).why}
    said |= set(theirs(reasons((E7, "USE"), generation=LEGACY), E7, knows_use=False).why)
    assert said == {row.why for row in DIVERGENCES}


@pytest.mark.mlflow
def test_on_random_databases_the_installed_mlflow_answers_as_told(both: Both) -> None:
    """Skills came after the installed release; single prompts and the workspace it tells nothing of
    by its API, which the function below it does.
    """
    asked = [
        Resource(kind, name)
        for kind, names in IDS.items()
        if kind in ResourceType.__members__.values()
        and kind not in (ResourceType.SKILL, ResourceType.PROMPT, ResourceType.WORKSPACE)
        for name in ((WILDCARD,) if kind in WILDCARD_ONLY else (names[0], WILDCARD, "unheard-of"))
    ]
    wanted = {"users": USERS, "levels": [(one.type, one.id) for one in asked], "demands": []}
    counts = {"the same": 0, "otherwise": 0, "none": 0}

    @drawn(30, always_the_same=True)
    @given(databases())
    def agree(database: Database) -> None:
        write(database, both.file)
        answers = iter(both.theirs.ask({"defaults": [*map(str, database.defaults)], **wanted}))
        grants = {user.username: both.ours.grants_of(user) for user in both.ours.list_users()}
        for default in database.defaults:
            for username in USERS:
                next(answers)  # whether they manage the workspace
                compare(grants[username], default, [next(answers) for _ in asked])

    def compare(grants: Sequence[Grant], default: Permission, answers: list[object]) -> None:
        why = Reasons(grants, default=Default(default, ""), generation=Generation.ROLES)
        for resource, answer in zip(asked, answers, strict=True):
            told = theirs(why, resource)
            if told.answer is None:
                counts["none"] += 1
                assert answer in (None, "NO_PERMISSIONS"), resource
                continue
            assert told.answer == answer, resource
            counts["the same" if told.answer == why.on(resource).level else "otherwise"] += 1

    agree()
    assert min(counts.values()) > 10, counts
