"""What every store does, wherever it keeps users and grants.

A test class takes a contract as its base and gives it a fixture `store`: a store whose default
level is READ, and which holds nothing but the admin `root`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from authctl.errors import AlreadyExists, InvalidRequest, NotFound, Refused
from authctl.model import Grant, Permission, Resource, ResourceType, User

if TYPE_CHECKING:
    from authctl.store.base import AuthStore

PASSWORD = "correct-horse-battery"
ROOT = "root"

EXPERIMENT = Resource("experiment", "42")
MODEL = Resource("registered_model", "churn")

HOSTILE_NAMES = (
    "",
    "   ",
    "*",
    "a:b",
    " alice",
    "alice ",
    "__user_1__",
    "line\nbreak",
    "nul\0",
    "\x1b[31mred",
    "\ud800",
    "x" * 256,
)
STRANGE_NAMES = (
    "Алиса",
    "名前",
    "o'brien",
    'say "hi"; DROP TABLE users; --',
    "per%cent_under\\back",
    "x" * 255,
)


class UsersContract:
    def test_a_new_user_is_found_by_name_and_listed_in_order(self, store: AuthStore) -> None:
        bob = store.create_user("bob", PASSWORD)
        alice = store.create_user("alice", PASSWORD, is_admin=True)
        root = store.get_user(ROOT)
        assert (alice.username, alice.is_admin) == ("alice", True)
        assert (bob.username, bob.is_admin) == ("bob", False)
        assert store.get_user("bob") == bob
        assert store.list_users() == [alice, bob, root]

    def test_a_taken_name_cannot_be_made_again(self, store: AuthStore) -> None:
        alice = store.create_user("alice", PASSWORD)
        with pytest.raises(AlreadyExists) as caught:
            store.create_user("alice", "another-password", is_admin=True)
        assert caught.value.message == "User (username=alice) already exists"
        assert store.get_user("alice") == alice

    def test_a_strange_name_is_kept_as_it_is(self, store: AuthStore) -> None:
        for name in STRANGE_NAMES:
            user = store.create_user(name, PASSWORD)
            store.grant(name, EXPERIMENT, Permission.EDIT)
            assert store.get_user(name) == User(user.id, name, is_admin=False)
            assert store.list_grants(username=name) == [Grant(name, EXPERIMENT, "EDIT")]

    def test_a_hostile_name_is_refused(self, store: AuthStore) -> None:
        for name in HOSTILE_NAMES:
            with pytest.raises(InvalidRequest):
                store.create_user(name, PASSWORD)
            with pytest.raises((NotFound, InvalidRequest)):
                store.get_user(name)
        assert [user.username for user in store.list_users()] == [ROOT]

    def test_a_bad_password_is_refused(self, store: AuthStore) -> None:
        for password in ("", "elevenchars", "with\0nul-in-it"):
            with pytest.raises(InvalidRequest):
                store.create_user("alice", password)
            with pytest.raises(InvalidRequest):
                store.set_password(ROOT, password)
        assert [user.username for user in store.list_users()] == [ROOT]

    def test_names_that_differ_in_case_are_two_users(self, store: AuthStore) -> None:
        store.create_user("alice", PASSWORD)
        with pytest.raises(NotFound):
            store.get_user("Alice")
        store.create_user("Alice", PASSWORD)
        store.grant("Alice", MODEL, Permission.EDIT)
        assert store.list_grants(username="alice") == []

    def test_an_unknown_user_is_not_found_by_anything(self, store: AuthStore) -> None:
        for ask in (
            lambda: store.get_user("nobody"),
            lambda: store.set_password("nobody", PASSWORD),
            lambda: store.set_admin("nobody", is_admin=True),
            lambda: store.delete_user("nobody"),
            lambda: store.list_grants(username="nobody"),
            lambda: store.grant("nobody", EXPERIMENT, Permission.EDIT),
            lambda: store.revoke("nobody", EXPERIMENT),
            lambda: store.level("nobody", EXPERIMENT),
        ):
            with pytest.raises(NotFound) as caught:
                ask()
            assert caught.value.message == "User with username=nobody not found"

    def test_promoting_and_demoting_tell_whether_they_changed_anything(
        self, store: AuthStore
    ) -> None:
        store.create_user("alice", PASSWORD)
        assert store.set_admin("alice", is_admin=True)
        assert not store.set_admin("alice", is_admin=True)
        assert store.get_user("alice").is_admin
        assert store.set_admin("alice", is_admin=False)
        assert not store.get_user("alice").is_admin

    def test_the_last_admin_stays_unless_forced(self, store: AuthStore) -> None:
        store.create_user("alice", PASSWORD)
        with pytest.raises(Refused):
            store.set_admin(ROOT, is_admin=False)
        with pytest.raises(Refused):
            store.delete_user(ROOT)
        assert store.get_user(ROOT).is_admin

    def test_one_of_two_admins_can_go(self, store: AuthStore) -> None:
        store.create_user("alice", PASSWORD, is_admin=True)
        store.delete_user("alice")
        assert [user.username for user in store.list_users()] == [ROOT]

    def test_a_deleted_user_leaves_nothing_to_the_next_of_that_name(self, store: AuthStore) -> None:
        store.create_user("alice", PASSWORD)
        store.grant("alice", EXPERIMENT, Permission.MANAGE)
        store.grant("alice", MODEL, Permission.EDIT)
        store.delete_user("alice")
        with pytest.raises(NotFound):
            store.get_user("alice")
        assert store.list_grants() == []
        store.create_user("alice", PASSWORD)
        assert store.list_grants(username="alice") == []
        assert store.level("alice", EXPERIMENT) is Permission.READ


class GrantsContract:
    denial = Permission.NO_PERMISSIONS
    """A level that this store keeps and that allows nothing: DENY not every MLflow can read."""

    def test_a_grant_is_listed_and_in_effect(self, store: AuthStore) -> None:
        store.create_user("alice", PASSWORD)
        assert store.grant("alice", EXPERIMENT, Permission.EDIT) is None
        assert store.list_grants() == [Grant("alice", EXPERIMENT, "EDIT")]
        assert store.level("alice", EXPERIMENT) is Permission.EDIT
        assert store.level("alice", MODEL) is Permission.READ

    def test_granting_again_replaces_the_level_and_tells_the_one_before(
        self, store: AuthStore
    ) -> None:
        store.create_user("alice", PASSWORD)
        store.grant("alice", MODEL, Permission.EDIT)
        assert store.grant("alice", MODEL, Permission.READ) == "EDIT"
        assert store.list_grants() == [Grant("alice", MODEL, "READ")]

    def test_a_grant_that_must_be_new_refuses_an_old_one(self, store: AuthStore) -> None:
        store.create_user("alice", PASSWORD)
        store.grant("alice", EXPERIMENT, Permission.EDIT, existing="refuse")
        with pytest.raises(AlreadyExists):
            store.grant("alice", EXPERIMENT, Permission.MANAGE, existing="refuse")
        assert store.list_grants() == [Grant("alice", EXPERIMENT, "EDIT")]

    def test_a_grant_that_must_exist_is_not_made(self, store: AuthStore) -> None:
        store.create_user("alice", PASSWORD)
        with pytest.raises(NotFound):
            store.grant("alice", EXPERIMENT, Permission.EDIT, existing="require")
        assert store.list_grants() == []

    def test_revoking_gives_the_level_and_goes_back_to_the_default(self, store: AuthStore) -> None:
        store.create_user("alice", PASSWORD)
        store.grant("alice", EXPERIMENT, Permission.EDIT)
        assert store.revoke("alice", EXPERIMENT) == "EDIT"
        assert store.list_grants() == []
        assert store.level("alice", EXPERIMENT) is Permission.READ
        with pytest.raises(NotFound):
            store.revoke("alice", EXPERIMENT)

    def test_grants_are_ordered_and_narrowed_to_a_user_and_a_resource(
        self, store: AuthStore
    ) -> None:
        for name in ("bob", "alice"):
            store.create_user(name, PASSWORD)
            store.grant(name, MODEL, Permission.EDIT)
            store.grant(name, EXPERIMENT, Permission.READ)
        alice = [Grant("alice", EXPERIMENT, "READ"), Grant("alice", MODEL, "EDIT")]
        bob = [Grant("bob", EXPERIMENT, "READ"), Grant("bob", MODEL, "EDIT")]
        assert store.list_grants() == alice + bob
        assert store.list_grants(username="bob") == bob
        assert store.list_grants(resource=MODEL) == [alice[1], bob[1]]
        assert store.list_grants(username="bob", resource=EXPERIMENT) == [bob[0]]

    def test_one_name_is_not_another_that_resembles_it(self, store: AuthStore) -> None:
        store.create_user("alice", PASSWORD)
        store.grant("alice", Resource("registered_model", "Churn"), Permission.MANAGE)
        assert store.level("alice", MODEL) is Permission.READ
        assert store.list_grants(resource=MODEL) == []
        store.grant("alice", MODEL, Permission.EDIT)
        assert [grant.permission for grant in store.list_grants()] == ["MANAGE", "EDIT"]

    def test_an_experiment_id_is_a_whole_number(self, store: AuthStore) -> None:
        store.create_user("alice", PASSWORD)
        for experiment in ("", "01", " 1", "+1", "1_0", "x", "-1", "\N{FULLWIDTH DIGIT ONE}"):
            with pytest.raises(InvalidRequest):
                store.grant("alice", Resource("experiment", experiment), Permission.EDIT)
        assert store.list_grants() == []

    def test_a_hostile_model_name_is_refused(self, store: AuthStore) -> None:
        store.create_user("alice", PASSWORD)
        for name in ("", "  ", "a\0b", "line\nbreak", "\ud800", "x" * 256):
            with pytest.raises(InvalidRequest):
                store.grant("alice", Resource("registered_model", name), Permission.EDIT)
            with pytest.raises((NotFound, InvalidRequest)):
                store.revoke("alice", Resource("registered_model", name))
        assert store.list_grants() == []

    def test_an_unknown_resource_type_is_refused(self, store: AuthStore) -> None:
        store.create_user("alice", PASSWORD)
        with pytest.raises(InvalidRequest):
            store.grant("alice", Resource("widget", "1"), Permission.EDIT)

    def test_nobody_is_granted_a_workspace(self, store: AuthStore) -> None:
        store.create_user("alice", PASSWORD)
        with pytest.raises(InvalidRequest):
            store.grant("alice", Resource("workspace", "*"), Permission.USE)
        assert store.list_grants() == []

    def test_everybody_comes_with_the_grants_that_count_for_them(self, store: AuthStore) -> None:
        bob, alice = store.create_user("bob", PASSWORD), store.create_user("alice", PASSWORD)
        store.grant("alice", EXPERIMENT, Permission.EDIT)
        store.grant("alice", MODEL, Permission.READ)
        found = [(user, sorted(grants)) for user, grants in store.everybody()]
        held = [Grant("alice", EXPERIMENT, "EDIT"), Grant("alice", MODEL, "READ")]
        assert found == [(alice, held), (bob, []), (store.get_user(ROOT), [])]
        assert sorted(store.grants_of(alice)) == held
        assert store.keeps(ResourceType.EXPERIMENT)

    def test_a_level_that_denies_is_in_effect(self, store: AuthStore) -> None:
        store.create_user("alice", PASSWORD)
        store.grant("alice", EXPERIMENT, self.denial)
        assert store.level("alice", EXPERIMENT) is self.denial

    def test_a_prompt_can_be_granted(self, store: AuthStore) -> None:
        store.create_user("alice", PASSWORD)
        prompt = Resource("prompt", "greeting")
        store.grant("alice", prompt, Permission.EDIT)
        assert store.level("alice", prompt) is Permission.EDIT
        assert store.revoke("alice", prompt) == "EDIT"
