"""Ways to grants and identities that nobody gave: names, renames, levels, roles, accounts."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

import pytest

from authctl.store import tables
from tests.live import ADMIN, authctl_server
from tests.server.attack import ALICE, BOB, EVE, Case, attack, cases, send, unclear
from tests.server.world import World, config
from tests.store.databases import make_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.mlflow

A2, A3 = "/api/2.0/mlflow", "/api/3.0/mlflow"
MODELS = f"{A2}/registered-models"
GRANTS = f"{A3}/users/permissions"
ROLES = f"{A3}/roles"
USERS = f"{A2}/users"
READ = Case("", f"GET {A2}/experiments/get?experiment_id=<V>")
PROMPT = {"tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]}

RESERVED = ("*", "__user_1__", "__user_x", "__user_", "a\x00b", "a\nb", "\x7f", "x" * 256)


@pytest.mark.parametrize("name", RESERVED)
def test_g1_nothing_is_called_what_means_something_to_grants(local: World, name: str) -> None:
    made, other = {"name": name}, {"new_name": name}
    for case in (
        unclear("G1 a model", f"POST {MODELS}/create", made),
        unclear("G1 a prompt", f"POST {MODELS}/create", made | PROMPT),
        unclear("G1 a rename", f"POST {MODELS}/rename", {"name": "<MO>"} | other),
        unclear("G1 a prompt's rename", f"POST {MODELS}/rename", {"name": "<PO>"} | other),
    ):
        attack(local, case, users=[BOB, ADMIN])


@pytest.mark.parametrize(
    "written", ["<MV>%", "%", "<MV> ", " <MV>", "<MV>_", "h%", "<MV>'--", "[a-z]*"]
)
def test_g1_no_name_reaches_another_s_model(local: World, written: str) -> None:
    name = written.replace("<MV>", local.names["MV"])
    before = local.victim()
    made = send(local, EVE, Case("G1", f"POST {MODELS}/create", {"name": name}))
    assert made.status in (200, 400)
    assert send(local, EVE, Case("G1", f"GET {MODELS}/get?name=<MV>")).status == 403
    gone = send(local, EVE, Case("G1", f"DELETE {MODELS}/delete", {"name": name}))
    assert gone.status == (200 if made.status == 200 else 403)
    assert local.victim() == before


def test_g1_no_role_and_no_user_is_called_so_either(local: World) -> None:
    for name in ("__user_1__", "__user_9999__", ""):
        body = {"name": name, "workspace": "default"}
        attack(local, unclear("G1 a role", f"POST {ROLES}/create", body), users=[ADMIN])
    for name in ("*", "a:b", "a\x00b", ""):
        body = {"username": name, "password": "a-long-password"}
        attack(local, unclear("G1 a user", f"POST {USERS}/create", body), users=[ADMIN])


def level(world: World, user: str, kind: str, name: str) -> str:
    """The level in effect."""
    found = f"username={user}&resource_type={kind}&resource_id={name}"
    return str(world.ok(f"GET {GRANTS}/get?{found}")["permission"])


def grant(world: World, user: str, kind: str, name: str, permission: str) -> None:
    """Let an administrator grant."""
    thing = {"username": user, "resource_type": kind, "resource_id": name}
    world.ok(f"POST {GRANTS}/grant", thing | {"permission": permission})


KINDS = {"registered_model": {}, "prompt": PROMPT}


@pytest.mark.parametrize("kind", KINDS)
def test_g2_a_name_made_again_does_not_pass_on_old_grants(world: World, kind: str) -> None:
    name = f"again-{uuid.uuid4().hex}"
    made = {"name": name} | KINDS[kind]
    world.ok(f"POST {MODELS}/create", made, ALICE)
    grant(world, "bob", kind, name, "EDIT")
    world.ok(f"DELETE {MODELS}/delete", {"name": name})  # by an administrator
    assert level(world, "alice", kind, name) == level(world, "bob", kind, name) == "NO_PERMISSIONS"
    grant(world, "bob", kind, name, "MANAGE")  # waits on the name
    world.ok(f"POST {MODELS}/create", made, EVE)
    assert level(world, "eve", kind, name) == "MANAGE"
    for other in (ALICE, BOB):
        assert send(world, other, Case("G2", f"GET {MODELS}/get?name={name}")).status == 403
        gone = Case("G2", f"DELETE {MODELS}/delete", {"name": name})
        assert send(world, other, gone).status == 403


@pytest.mark.parametrize("kind", KINDS)
def test_g2_grants_move_with_a_rename_and_none_is_captured(world: World, kind: str) -> None:
    before, after = f"before-{uuid.uuid4().hex}", f"after-{uuid.uuid4().hex}"
    world.ok(f"POST {MODELS}/create", {"name": before} | KINDS[kind], ALICE)
    grant(world, "bob", kind, before, "READ")
    grant(world, "eve", kind, after, "MANAGE")  # waits on the name
    world.ok(f"POST {MODELS}/rename", {"name": before, "new_name": after}, ALICE)
    levels = [level(world, user, kind, after) for user in ("alice", "bob", "eve")]
    assert levels == ["MANAGE", "READ", "NO_PERMISSIONS"]
    assert level(world, "alice", kind, before) == "NO_PERMISSIONS"


def test_g2_a_failed_creation_or_rename_grants_nothing(world: World) -> None:
    for line, body, user in (
        (f"POST {MODELS}/create", {"name": "<MV>"}, EVE),
        (f"POST {MODELS}/rename", {"name": "<MO>", "new_name": "<MV>"}, BOB),
    ):
        attack(world, unclear("G2", line, body), users=[user])
    for user in ("bob", "eve"):
        assert level(world, user, "registered_model", "<MV>") == "NO_PERMISSIONS"
    assert level(world, "alice", "registered_model", "<MV>") == "MANAGE"


def test_g2_a_deleted_experiment_keeps_its_grants_for_its_restoration(world: World) -> None:
    body = {"name": f"gone-{uuid.uuid4().hex}"}
    made = world.ok(f"POST {A2}/experiments/create", body, ALICE)
    world.ok(f"POST {A2}/experiments/delete", made, ALICE)
    assert send(world, EVE, Case("G2", f"POST {A2}/experiments/restore", made)).status == 403
    world.ok(f"POST {A2}/experiments/restore", made, ALICE)
    assert level(world, "alice", "experiment", made["experiment_id"]) == "MANAGE"


@pytest.fixture(scope="module")
def lesser(local: World) -> list[tuple[str, str]]:
    """Users with READ and with EDIT on the victim's experiment and model."""
    users = []
    for permission in ("READ", "EDIT"):
        user = local.server.add_user(f"{permission.lower()}er-{uuid.uuid4().hex[:8]}")
        grant(local, user[0], "experiment", "<V>", permission)
        grant(local, user[0], "registered_model", "<MV>", permission)
        users.append(user)
    return users


def _raises() -> Iterator[Case]:
    for kind, name in (("experiment", "<V>"), ("registered_model", "<MV>"), ("prompt", "<PV>")):
        thing = {"resource_type": kind, "resource_id": name}
        for user in ("eve", "bob", "<me>"):
            more = {"username": user, "permission": "MANAGE"}
            yield Case(f"G3 grant {kind} to {user}", f"POST {GRANTS}/grant", thing | more)
        lost = thing | {"username": "alice"}
        yield Case(f"G3 revoke alice's {kind}", f"POST {GRANTS}/revoke", lost)
        query = f"username=alice&resource_type={kind}&resource_id={name}"
        yield Case(f"G3 look at alice's {kind}", f"GET {GRANTS}/get?{query}")
    for family, thing in (
        ("experiments", {"experiment_id": "<V>"}),
        ("registered-models", {"name": "<MV>"}),
    ):
        path = f"{A2}/{family}/permissions"
        given = thing | {"username": "<me>", "permission": "MANAGE"}
        yield Case(f"G3 create in {family}", f"POST {path}/create", given)
        yield Case(f"G3 update in {family}", f"PATCH {path}/update", given)
        yield Case(f"G3 delete in {family}", f"DELETE {path}/delete", thing | {"username": "alice"})
    own = {"username": "bob", "permission": "MANAGE", "resource_type": "experiment"}
    for name in ("*", "0<V>", " <V>", "<V>_0", ["<V>"], ""):
        yield Case(f"G3 grant {name!r}", f"POST {GRANTS}/grant", own | {"resource_id": name})
    yield Case(
        "G3 grant an own and another's",
        f"POST {GRANTS}/grant",
        '{"username": "bob", "permission": "MANAGE", "resource_type": "experiment",'
        ' "resource_id": "<O>", "resource_id": "<V>"}',
    )
    for kind in (
        "run",
        "trace",
        "workspace",
        "assessment",
        "logged_model",
        "Experiment",
        "nothing",
    ):
        body = own | {"resource_type": kind, "resource_id": "*"}
        yield Case(f"G3 grant every {kind}", f"POST {GRANTS}/grant", body)


@cases(*_raises())
def test_below_manage_nobody_changes_a_grant(
    local: World, lesser: list[tuple[str, str]], case: Case
) -> None:
    for user in (*lesser, BOB):
        local.names["me"] = user[0]
        attack(local, case, users=[user])


ROLE = {"name": "planted", "workspace": "default"}


def _statuses(world: World, user: tuple[str, str]) -> set[int]:
    """What several connections are answered, which several workers answer."""
    return {send(world, user, READ).status for _ in range(6)}


def test_g6_a_change_counts_at_once_on_every_worker(world: World) -> None:
    user = world.server.add_user(f"moving-{uuid.uuid4().hex[:8]}")
    thing = {"username": user[0], "resource_type": "experiment", "resource_id": "<V>"}
    for _ in range(2):
        assert _statuses(world, user) == {403}
        world.ok(f"POST {GRANTS}/grant", thing | {"permission": "READ"})
        assert _statuses(world, user) == {200}
        world.ok(f"POST {GRANTS}/revoke", thing)
    role = world.ok(f"POST {ROLES}/create", {"name": user[0], "workspace": "default"})["role"]["id"]
    row = {"role_id": role, "resource_type": "experiment", "resource_pattern": "<V>"}
    added = world.ok(f"POST {ROLES}/permissions/add", row | {"permission": "READ"})
    assert _statuses(world, user) == {403}
    world.ok(f"POST {ROLES}/assign", {"role_id": role, "username": user[0]})
    assert _statuses(world, user) == {200}
    world.ok(f"DELETE {ROLES}/unassign", {"role_id": role, "username": user[0]})
    assert _statuses(world, user) == {403}
    world.ok(f"POST {ROLES}/assign", {"role_id": role, "username": user[0]})
    removed = {"role_permission_id": added["role_permission"]["id"]}
    world.ok(f"DELETE {ROLES}/permissions/remove", removed)
    assert _statuses(world, user) == {403}
    world.ok(f"PATCH {USERS}/update-admin", {"username": user[0], "is_admin": True})
    assert _statuses(world, user) == {200}
    world.ok(f"PATCH {USERS}/update-admin", {"username": user[0], "is_admin": False})
    assert _statuses(world, user) == {403}
    changed = {"username": user[0], "password": "another-password"}
    world.ok(f"PATCH {USERS}/update-password", changed)
    assert _statuses(world, user) == {401}
    assert _statuses(world, (user[0], "another-password")) == {403}
    world.ok(f"DELETE {USERS}/delete", {"username": user[0]})
    assert _statuses(world, (user[0], "another-password")) == {401}


def test_g7_who_is_gone_makes_nothing_and_who_makes_owns(world: World) -> None:
    user = world.server.add_user(f"going-{uuid.uuid4().hex[:8]}")
    made = world.ok(f"POST {A2}/experiments/create", {"name": user[0]}, user)["experiment_id"]
    assert level(world, user[0], "experiment", made) == "MANAGE"
    world.ok(f"DELETE {USERS}/delete", {"username": user[0]})
    for line in (f"POST {A2}/experiments/create", f"POST {MODELS}/create"):
        attack(world, Case("G7", line, {"name": f"{user[0]} 2"}, answers=(401,)), users=[user])
    assert world.server.add_user(user[0])
    again = Case("G7", f"GET {A2}/experiments/get?experiment_id={made}")
    assert send(world, user, again).status == 403


@pytest.mark.parametrize("generation", ["roles", "legacy"])
def test_g8_a_denial_beats_a_default_that_lets_everyone_read(
    worlds: Callable[[str], World], tmp_path_factory: pytest.TempPathFactory, generation: str
) -> None:
    behind = worlds("proxied")
    folder = tmp_path_factory.mktemp(generation)
    if generation == "legacy":
        (folder / "basic_auth.db").touch()
        make_tables(f"sqlite:///{folder / 'basic_auth.db'}", tables.INITIAL)
    options = ("--upstream", behind.upstream, *config(folder, "READ"))
    with authctl_server(folder, *options) as server:
        front = World(server, (folder, *behind.folders), names=behind.names)
        eve = server.add_user("eve")
        lines = (
            READ.line,
            f"GET {A2}/runs/get?run_id=<RV>",
            "GET /api/2.0/mlflow-artifacts/artifacts/<V>/<RV>/artifacts/secret.txt",
            f"GET {A3}/traces/<TV>",
            f"GET {A2}/logged-models/<LV>",
        )
        for line in lines:
            assert send(front, eve, Case("G8", line)).status == 200
        path = f"{A2}/experiments/permissions"
        denied = {"experiment_id": "<V>", "username": "eve", "permission": "NO_PERMISSIONS"}
        front.ok(f"POST {path}/create", denied)
        if generation == "roles":
            role = front.ok(f"POST {ROLES}/create", ROLE)["role"]["id"]
            row = {"resource_type": "experiment", "resource_pattern": "*", "permission": "DENY"}
            front.ok(f"POST {ROLES}/permissions/add", {"role_id": role} | row)
            front.ok(f"POST {ROLES}/assign", {"role_id": role, "username": "eve"})
            front.ok(f"PATCH {path}/update", denied | {"permission": "MANAGE"})
        for line in lines:
            attack(front, Case("G8", line), users=[eve])
        found = send(front, eve, Case("G8", f"POST {A2}/experiments/search", {"max_results": 100}))
        assert front.names["NameV"].encode() not in found.body
