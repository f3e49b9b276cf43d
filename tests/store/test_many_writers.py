"""Processes that write at once lose nothing of each other's, and see no error but an honest one."""

from __future__ import annotations

import sys
from contextlib import ExitStack, suppress
from copy import deepcopy
from functools import partial
from multiprocessing import get_context
from random import Random
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from authctl.errors import AlreadyExists, AuthctlError, NotFound, Refused
from authctl.model import Generation, Permission, Resource
from authctl.store import tables
from authctl.store.sql_engine import connect
from authctl.store.upkeep.backup import backup
from authctl.store.upkeep.check import check
from authctl.store.upkeep.restore import restore
from tests.live import authctl_server
from tests.servers import mlflow_server
from tests.store.databases import DIALECTS, Backend, auth_database
from tests.store.forked import PATIENCE_SECONDS, forked, together
from tests.store.imagined import LEVELS, Cast, Imagined, take, write_for_ever, writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from multiprocessing.synchronize import Barrier
    from pathlib import Path

    from tests.live import Server
    from tests.store.imagined import Writer

Contest: TypeAlias = "Callable[[Writer, int, int], object]"
"""What each writer does in each turn, given the turn's number and the writer's."""

WRITERS = 4
TURNS = 4
STEPS = 20
REQUESTS = 8
BURST = 8
API = "/api/2.0/mlflow"
SHARED = "shared"
BACKENDS = [
    Backend("sqlite", tables.WORKSPACES),
    *(Backend(dialect) for dialect in DIALECTS),
    *(
        pytest.param(Backend(dialect, tables.WORKSPACES), marks=pytest.mark.long)
        for dialect in DIALECTS[1:]
    ),
]


@pytest.fixture(params=BACKENDS, ids=str)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with auth_database(request.param, tmp_path) as url:
        yield url


def test_writers_of_different_things_lose_none_of_them(url: str) -> None:
    expected = Imagined()
    with writer(url) as store:
        casts = [Cast(number, store.generation is Generation.ROLES) for number in range(WRITERS)]
        for cast in casts:
            cast.enter(store)
    for world in together([partial(play, url, cast) for cast in casts]):
        for mine, everybodys in zip(vars(world).values(), vars(expected).values(), strict=True):
            everybodys.update(mine)
    with writer(url) as store:
        assert store.seen() == expected
        assert check(store.database, store.schema) == []


def play(url: str, cast: Cast, step: Callable[[], None]) -> Imagined:
    """Do many steps; what must have become of them."""
    world, random = Imagined(), Random(cast.number)
    cast.enter(world)
    with writer(url) as store:
        for _ in range(STEPS):
            now = cast.next_step(random, world)
            take(store, now)
            take(world, now)
            step()
    return world


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_backup_holds_one_moment_of_what_others_write(dialect: str, tmp_path: Path) -> None:
    cast, world = Cast(), Imagined()
    with auth_database(Backend(dialect), tmp_path) as url:
        with writer(url) as store:
            for stage in (store, world):
                cast.enter(stage)
        with forked(partial(write_for_ever, url, cast, world, 1)) as child, writer(url) as store:
            child.wait_for_step()
            saved = [
                backup(store.database, store.schema, tmp_path / f"saved-{turn}").path
                for turn in range(TURNS)
            ]
            assert child.kill()
            steps = child.steps()
    random, moments = Random(1), [deepcopy(world)]
    for _ in range(steps + 1):
        take(world, cast.next_step(random, world))
        moments.append(deepcopy(world))
    for path in saved:
        copy = connect(f"sqlite:///{path}.db", create=True)
        restore(copy, path)
        copy.close()
        with writer(f"sqlite:///{path}.db") as store:
            assert store.seen() in moments


EXCLUSIVE: dict[str, tuple[Contest, type[AuthctlError]]] = {
    "a name": (lambda store, turn, _: store.add_user(f"made-{turn}"), AlreadyExists),
    "a user": (lambda store, turn, _: store.delete_user(f"leaver-{turn}"), NotFound),
    "a grant": (lambda store, turn, _: store.revoke(SHARED, thing("lost", turn)), NotFound),
    "a place": (
        lambda store, turn, number: store.grant(
            SHARED, thing("place", turn), LEVELS[number], existing="refuse"
        ),
        AlreadyExists,
    ),
}
ROLES_ALONE = {"a role": (lambda store, turn, _: store.add_role(f"role-{turn}"), AlreadyExists)}


def test_what_one_can_have_one_has(url: str) -> None:
    with writer(url) as store:
        store.add_user(SHARED, is_admin=True)
        for turn in range(TURNS):
            store.add_user(f"leaver-{turn}")
            for resource in (thing("lost", turn), thing("experiment", turn)):
                store.grant(f"leaver-{turn}", resource, Permission.EDIT)
            store.grant(SHARED, thing("lost", turn), Permission.READ)
        contests = EXCLUSIVE | (ROLES_ALONE if store.generation is Generation.ROLES else {})
    outcomes = race(url, [contest for contest, _ in contests.values()])
    for (what, (_, loss)), turns in zip(contests.items(), outcomes, strict=True):
        assert [turn.count(loss) for turn in turns] == [WRITERS - 1] * TURNS, what
    with writer(url) as store:
        seen = store.seen()
        assert check(store.database, store.schema) == []
    places = outcomes[list(contests).index("a place")]
    winners = [next(n for n in range(WRITERS) if turn[n] is not AlreadyExists) for turn in places]
    assert seen.grants == {
        (SHARED, thing("place", turn)): LEVELS[number] for turn, number in enumerate(winners)
    }
    assert seen.users == {SHARED: True} | {f"made-{turn}": False for turn in range(TURNS)}


def test_what_all_may_do_all_have_done(url: str) -> None:
    holders = {f"holder-{number}": level for number, level in enumerate(LEVELS)}
    with writer(url) as store:
        for name in (SHARED, *holders, *(f"newcomer-{turn}" for turn in range(TURNS))):
            store.add_user(name, is_admin=name == SHARED)
        for turn in range(TURNS):
            for name, level in holders.items():
                store.grant(name, thing("old", turn), level)
    renamed, _, before, _ = race(
        url,
        [
            lambda store, turn, n: store.rename(thing("old", turn), thing(f"new-{n}", turn)),
            lambda store, turn, n: store.own(f"holder-{n}", thing("owned", turn)),
            lambda store, turn, n: store.grant(SHARED, thing("level", turn), LEVELS[n]),
            lambda store, turn, n: store.grant(
                f"newcomer-{turn}", thing(f"gift-{n}", 0), LEVELS[n]
            ),
        ],
    )
    with writer(url) as store:
        grants = store.seen().grants
        assert check(store.database, store.schema) == []
    for turn in range(TURNS):
        # The first to come renames for all, and those after find nothing.
        assert sorted(renamed[turn]) == [0] * (WRITERS - 1) + [len(holders)]
        winner = renamed[turn].index(len(holders))
        for name, level in holders.items():
            assert grants.pop((name, thing(f"new-{winner}", turn))) == level
        # The last to come owns it alone.
        owners = [grants.pop((name, thing("owned", turn)), "") for name in holders]
        assert sorted(owners) == ["", "", "", "MANAGE"]
        # Each has put its level over another's, and one was there last.
        last = grants.pop((SHARED, thing("level", turn)))
        assert sorted(map(str, [*before[turn], last])) == sorted(["None", *LEVELS])
        for number in range(WRITERS):
            gift = (f"newcomer-{turn}", thing(f"gift-{number}", 0))
            assert grants.pop(gift) == LEVELS[number]
    assert grants == {}


def test_two_admins_who_demote_each_other_leave_one(url: str) -> None:
    with writer(url) as store:
        for number in range(2):
            store.add_user(f"admin-{number}", is_admin=True)

    def demote(store: Writer, _: int, number: int) -> int:
        with suppress(Refused, NotFound):
            store.set_admin(f"admin-{number ^ 1}", is_admin=False)
        return sum(user.is_admin for user in store.list_users())

    def promote(store: Writer, _: int, number: int) -> None:
        store.set_admin(f"admin-{number}", is_admin=True)

    left, _ = race(url, [demote, promote], writers=2)
    assert left == [[1, 1]] * TURNS


@pytest.mark.mlflow
@pytest.mark.parametrize(
    "start", [mlflow_server, pytest.param(authctl_server, marks=pytest.mark.long)]
)
def test_nothing_is_lost_of_what_is_granted_beside_a_server(
    start: Callable[[Path], AbstractContextManager[Server]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    people = ("ann", "ben")
    turn_begins = get_context("fork").Barrier(1 + len(people))
    with start(tmp_path) as server, ExitStack() as administrators:
        maker = server.add_user("maker")
        with writer(server.database) as store:
            for name in people:
                store.add_user(name)
        work = [partial(administer, server.database, name, turn_begins) for name in people]
        at_work = [administrators.enter_context(forked(grants)) for grants in work]
        expected = make_things(server, maker, turn_begins)
        for child in at_work:
            child.result()
        with writer(server.database) as store:
            seen = store.seen()
            assert check(store.database, store.schema) == []
        locked = server.log.read_text().count("locked")
    for name in people:
        everything = [thing(name, number) for number in range(REQUESTS * BURST)]
        expected |= {(name, resource): "EDIT" for resource in everything}
    with capsys.disabled():
        sys.stdout.write(f"\n{len(expected)} grants beside a server; {locked} times locked\n")
    assert seen.grants == expected
    made = {f"made-{turn}": False for turn in range(REQUESTS)}
    assert seen.users == {"admin": True, "maker": False, **dict.fromkeys(people, False), **made}


def administer(url: str, name: str, turn_begins: Barrier, step: Callable[[], None]) -> None:
    """Grant much while the server is asked for things, turn by turn.

    Not without a pause: SQLite lets whoever asks again and again write before those who wait.
    """
    with writer(url) as store:
        for turn in range(REQUESTS):
            turn_begins.wait(PATIENCE_SECONDS)
            for number in range(turn * BURST, (turn + 1) * BURST):
                store.grant(name, thing(name, number), Permission.READ)
                store.grant(name, thing(name, number), Permission.EDIT)
            step()


def make_things(
    server: Server, maker: tuple[str, str], turn_begins: Barrier
) -> dict[tuple[str, Resource], str]:
    """Make users, and what gives its maker a grant: the grants."""
    grants: dict[tuple[str, Resource], str] = {}
    for turn in range(REQUESTS):
        name = f"made-{turn}"
        turn_begins.wait(PATIENCE_SECONDS)
        made = server.call("POST", f"{API}/experiments/create", {"name": name}, user=maker)
        assert made.status_code == 200, made.text
        grants[maker[0], Resource("experiment", made.json()["experiment_id"])] = "MANAGE"
        made = server.call("POST", f"{API}/registered-models/create", {"name": name}, user=maker)
        assert made.status_code == 200, made.text
        grants[maker[0], Resource("registered_model", name)] = "MANAGE"
        password = {"username": name, "password": "a-long-password"}
        made = server.call("POST", f"{API}/users/create", password)
        assert made.status_code == 200, made.text
    return grants


def race(url: str, contests: Sequence[Contest], writers: int = WRITERS) -> list[list[list[Any]]]:
    """Let all writers do the same at once, turn by turn; what each contest gave to each of them.

    A class stands for an error that was raised: the name was taken, or the thing was gone.
    """
    start = get_context("fork").Barrier(writers)
    each = together([partial(_compete, url, contests, start, number) for number in range(writers)])
    return [
        [[one[turn][contest] for one in each] for turn in range(TURNS)]
        for contest in range(len(contests))
    ]


def _compete(
    url: str, contests: Sequence[Contest], start: Barrier, number: int, _: Callable[[], None]
) -> list[list[Any]]:
    with writer(url) as store:
        return [
            [_outcome(contest, store, turn, number, start) for contest in contests]
            for turn in range(TURNS)
        ]


def _outcome(contest: Contest, store: Writer, turn: int, number: int, start: Barrier) -> Any:
    start.wait(PATIENCE_SECONDS)
    try:
        return contest(store, turn, number)
    except (AlreadyExists, NotFound) as error:
        return type(error)


def thing(name: str, turn: int) -> Resource:
    return Resource("registered_model", f"{name}-{turn}")
