from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from authctl.store import tables
from tests.cli.commands import PASSWORD, Done, Shell
from tests.cli.conftest import on_database
from tests.cli.test_terminal import at_terminal, ended
from tests.cli.tracking import GONE, NO_PAGE, Tracking, serving
from tests.store.databases import Backend, auth_database, contents, execute

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.cli.tracking import Answer


@pytest.fixture(scope="module")
def world(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database in which alice has grants on things that are there, and bob on things gone."""
    folder = tmp_path_factory.mktemp("world")
    shutil.copy(template, folder)
    shell = on_database(folder)
    for name in ("alice", "bob"):
        shell.new_user(name)
    grant = ("--level", "EDIT", "--experiment-id", "1", "--experiment-id", "2", "--model", "churn")
    more = ("--prompt", "greet", "--resource", "scorer:1/tone", "--resource", "experiment:*")
    shell.ok("perm", "grant", "alice", *grant, *more)
    shell.ok("perm", "grant", "bob", "--level", "READ", "--experiment-id", "99", "--experiment-id",
             "1", "--model", "old", "--prompt", "bye")  # fmt: skip
    return folder / "auth.db"


@pytest.fixture
def tracking() -> Iterator[Tracking]:
    """A server that has all that alice has grants on; experiment 2 is deleted."""
    with serving(
        Tracking(experiments=["0", "1"], deleted=["2"], models=["churn"], prompts=["greet"])
    ) as tracking:
        yield tracking


@pytest.fixture
def shell(world: Path, tmp_path: Path, tracking: Tracking) -> Shell:
    shutil.copy(world, tmp_path)
    settings = on_database(tmp_path).settings
    return Shell(tmp_path, {**settings, "MLFLOW_TRACKING_URI": tracking.url})


def kept(shell: Shell) -> object:
    return contents(f"sqlite:///{shell.folder}/auth.db")


PRUNED = (
    "bob\texperiment:99\tREAD\tresource\tremoved\n"
    "bob\tprompt:bye\tREAD\tresource\tremoved\n"
    "bob\tregistered_model:old\tREAD\tresource\tremoved\n"
)
STAYS = (
    "alice\texperiment:*\tEDIT\nalice\texperiment:1\tEDIT\nalice\texperiment:2\tEDIT\n"
    "alice\tprompt:greet\tEDIT\nalice\tregistered_model:churn\tEDIT\n"
    "alice\tscorer:1/tone\tEDIT\nbob\texperiment:1\tREAD\n"
)


def test_grants_on_what_is_gone_are_removed_and_no_others(shell: Shell) -> None:
    assert shell.ok("perm", "prune", "--yes") == PRUNED
    assert shell.ok("perm", "list") == STAYS
    assert shell.ok("perm", "prune", "--yes") == ""


def test_a_dry_run_shows_them_and_changes_nothing(shell: Shell) -> None:
    before = kept(shell)
    assert shell.ok("perm", "prune", "-n") == PRUNED.replace("removed", "would be removed")
    assert kept(shell) == before


def test_json_says_what_was_gone(shell: Shell) -> None:
    assert json.loads(shell.ok("perm", "prune", "--yes", "-o", "json"))[0] == {
        "username": "bob",
        "resource": "experiment:99",
        "resource_type": "experiment",
        "resource_id": "99",
        "level": "READ",
        "gone": "resource",
        "result": "removed",
        "changed": True,
        "dry_run": False,
        "error": None,
    }


def test_every_page_of_a_search_is_read(shell: Shell, tracking: Tracking) -> None:
    tracking.page = 1
    assert shell.ok("perm", "prune", "--yes") == PRUNED
    assert tracking.asked.count("experiments/search") == 3
    # Three are gone; each is asked for once to find that out, and once more to be sure.
    assert tracking.asked.count("experiments/get") == 2
    assert tracking.asked.count("registered-models/get") == 4


def test_a_page_that_comes_again_and_again_ends_in_an_error(
    shell: Shell, tracking: Tracking
) -> None:
    tracking.instead["experiments/search"] = lambda _: (200, {"next_page_token": "again"})
    before = kept(shell)
    done = shell.run("perm", "prune", "--yes")
    assert (done.stdout, done.code) == ("", 7)
    assert "have no end" in done.stderr
    assert kept(shell) == before


def second_page(given: dict[str, object]) -> Answer | None:
    return (503, {"message": "busy"}) if "page_token" in given else None


FAILURES: dict[str, tuple[str, Callable[[dict[str, object]], Answer | None], int]] = {
    "a search fails": ("experiments/search", lambda _: (500, {"message": "oh"}), 1),
    "a search fails on its second page": ("experiments/search", second_page, 7),
    "a search is denied": ("registered-models/search", lambda _: (403, None), 5),
    "a search is answered by another program": ("registered-models/search", lambda _: (200, 1), 7),
    "a look-up fails": ("experiments/get", lambda _: (500, {"message": "oh"}), 1),
    "a look-up is denied": ("registered-models/get", lambda _: (403, None), 5),
    "a look-up finds another page": ("registered-models/get", lambda _: NO_PAGE, 2),
    "a look-up says nothing": ("experiments/get", lambda _: (200, {}), 7),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_nothing_is_removed_when(shell: Shell, tracking: Tracking, failure: str) -> None:
    tracking.page = 1
    path, answer, code = FAILURES[failure]
    tracking.instead[path] = answer
    before = kept(shell)
    done = shell.run("perm", "prune", "--yes", "--retries", "0")
    assert (done.stdout, done.code) == ("", code)
    assert kept(shell) == before


def test_nothing_is_removed_when_the_server_is_down(shell: Shell) -> None:
    before = kept(shell)
    down = Shell(shell.folder, {**shell.settings, "MLFLOW_TRACKING_URI": "http://127.0.0.1:1"})
    assert down.run("perm", "prune", "--yes", "--retries", "0").code == 7
    assert kept(shell) == before


@pytest.mark.parametrize(("is_admin", "code"), [(True, 0), (False, 5)])
def test_only_an_admin_of_the_server_prunes(
    shell: Shell, tracking: Tracking, *, is_admin: bool, code: int
) -> None:
    tracking.is_admin = is_admin
    assert shell.run("perm", "prune", "-n").code == code


def test_a_server_with_workspaces_does_not_tell_of_everything(
    shell: Shell, tracking: Tracking
) -> None:
    tracking.info = {"workspaces_enabled": True}
    assert shell.run("perm", "prune", "--yes") == Done(
        "",
        "error: This server keeps workspaces, so it does not tell of all that is there.\n",
        2,
    )


def test_what_comes_back_before_the_removal_keeps_its_grants(
    shell: Shell, tracking: Tracking
) -> None:
    answers = iter([GONE])
    tracking.instead["experiments/get"] = lambda _: next(
        answers, (200, {"experiment": {"experiment_id": "99"}})
    )
    assert shell.ok("perm", "prune", "--yes").splitlines()[0] == (
        "bob\texperiment:99\tREAD\tresource\tunchanged"
    )
    assert "bob\texperiment:99\tREAD\n" in shell.ok("perm", "list")


def test_a_failure_at_the_removal_keeps_that_grant_only(shell: Shell, tracking: Tracking) -> None:
    answers = iter([GONE])
    tracking.instead["experiments/get"] = lambda _: next(answers, (500, {"message": "oh"}))
    done = shell.run("perm", "prune", "--yes")
    assert done.code == 9
    assert done.stdout.splitlines() == [
        "bob\texperiment:99\tREAD\tresource\tfailed: Looking up experiment:99: oh",
        *PRUNED.splitlines()[1:],
    ]


def test_more_than_may_be_removed_is_refused_as_a_whole(shell: Shell) -> None:
    before = kept(shell)
    assert shell.run("perm", "prune", "--yes", "--max-deletes", "2") == Done(
        "",
        "error: 3 grants would be removed, more than --max-deletes 2.\n"
        "hint: --dry-run without it shows them.\n",
        2,
    )
    assert kept(shell) == before
    assert shell.ok("perm", "prune", "--yes", "--max-deletes", "3") == PRUNED


def test_a_server_that_has_nothing_of_it_is_taken_for_another_one(
    shell: Shell, tracking: Tracking
) -> None:
    tracking.experiments = tracking.deleted = tracking.models = tracking.prompts = []
    before = kept(shell)
    assert shell.run("perm", "prune", "--yes") == Done(
        "",
        f"error: Nothing that grants are on is at {tracking.url}: is it the server of this"
        " database?\nhint: If it is, say so with --max-deletes 8.\n",
        2,
    )
    assert kept(shell) == before
    assert shell.run("perm", "prune", "-n").code == 0
    assert shell.ok("perm", "prune", "--yes", "--max-deletes", "8").count("removed") == 8


def test_without_a_tracking_server_it_says_which_setting_names_one(
    world: Path, tmp_path: Path
) -> None:
    shutil.copy(world, tmp_path)
    assert on_database(tmp_path).run("perm", "prune") == Done(
        "",
        "error: The auth database does not know which experiments and models there are.\n"
        "hint: Set MLFLOW_TRACKING_URI to the server that has them.\n",
        2,
    )


def test_it_asks_first_and_says_what_cannot_be_looked_up(shell: Shell) -> None:
    before = kept(shell)
    child = at_terminal(shell, "perm prune")
    child.expect_exact("Grants on these cannot be looked up and stay: scorer.")
    child.expect_exact("Remove 3 grants whose user or resource is gone (--dry-run shows them)?")
    child.sendline("n")
    assert ended(child) == 2
    assert shell.run("perm", "prune").code == 2
    assert kept(shell) == before


def test_what_a_gone_user_leaves_is_removed(shell: Shell) -> None:
    url = f"sqlite:///{shell.folder}/auth.db"
    execute(url, "INSERT INTO roles (id, name, workspace) VALUES (90, '__user_9__', 'default')")
    execute(
        url,
        "INSERT INTO role_permissions (role_id, resource_type, resource_pattern, permission)"
        " VALUES (90, 'experiment', '1', 'MANAGE'), (91, 'experiment', '1', 'MANAGE')",
    )
    execute(url, "INSERT INTO user_role_assignments (user_id, role_id) VALUES (9, 90), (9, 1)")
    assert shell.ok("perm", "prune", "--yes") == (
        PRUNED + "__user_9__\texperiment:1\tMANAGE\tuser\tremoved\n"
        "\t1 row of role_permissions\t\tuser\tremoved\n"
        "\t2 rows of user_role_assignments\t\tuser\tremoved\n"
    )
    assert shell.ok("perm", "list") == STAYS
    assert shell.ok("db", "check") == ""


def test_an_old_database_is_pruned_too(tmp_path: Path, tracking: Tracking) -> None:
    with auth_database(Backend("sqlite", tables.INITIAL), tmp_path) as url:
        shell = Shell(tmp_path, {"AUTHCTL_DB": url, "MLFLOW_TRACKING_URI": tracking.url})
        shell.ok("user", "create", "bob", "--password-stdin", stdin=PASSWORD)
        shell.ok("perm", "grant", "bob", "--level", "READ", "--experiment-id", "2",
                 "--experiment-id", "99", "--model", "greet", "--model", "old")  # fmt: skip
        execute(url, "INSERT INTO experiment_permissions (experiment_id, user_id, permission)"
                " VALUES ('1', 77, 'MANAGE')")  # fmt: skip
        assert shell.ok("perm", "prune", "--yes") == (
            "bob\texperiment:99\tREAD\tresource\tremoved\n"
            "bob\tregistered_model:old\tREAD\tresource\tremoved\n"
            "\t1 row of experiment_permissions\t\tuser\tremoved\n"
        )
        assert shell.ok("perm", "list") == (
            "bob\texperiment:2\tREAD\nbob\tregistered_model:greet\tREAD\n"
        )
