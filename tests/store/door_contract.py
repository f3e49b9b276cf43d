"""What the server's door asks of every database, whichever MLflow made it.

A test class takes it as its base and gives it a fixture `store` that holds nothing but `root`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from authctl.errors import InvalidRequest, NotFound
from authctl.model import Grant, Permission, Resource
from authctl.store.passwords import verify_password
from tests.store.contract import EXPERIMENT, MODEL, PASSWORD, ROOT

if TYPE_CHECKING:
    from authctl.store.base import Store

RENAMED = Resource("registered_model", "churn-2")
ANY_MODEL = Resource("registered_model", "*")


class DoorContract:
    def test_an_account_has_a_hash_that_verifies(self, store: Store) -> None:
        account = store.account(ROOT)
        assert account is not None
        assert account.user == store.get_user(ROOT)
        assert verify_password(PASSWORD, account.password_hash)
        assert not verify_password("something-else", account.password_hash)

    def test_a_changed_password_replaces_the_old_one(self, store: Store) -> None:
        store.set_password(ROOT, "a-brand-new-password")
        account = store.account(ROOT)
        assert account is not None
        assert verify_password("a-brand-new-password", account.password_hash)
        assert not verify_password(PASSWORD, account.password_hash)

    def test_there_is_no_account_of_a_similar_name(self, store: Store) -> None:
        for name in ("nobody", "Root", "root ", "", "root\0"):
            assert store.account(name) is None

    def test_the_creator_owns_and_others_lose_what_waited(self, store: Store) -> None:
        for name in ("alice", "bob"):
            store.create_user(name, PASSWORD)
        store.grant("bob", MODEL, Permission.MANAGE)
        store.grant("bob", EXPERIMENT, Permission.EDIT)
        store.own("alice", MODEL)
        assert store.list_grants(resource=MODEL) == [Grant("alice", MODEL, "MANAGE")]
        assert store.level("bob", MODEL) is Permission.READ
        assert store.level("bob", EXPERIMENT) is Permission.EDIT

    def test_the_creators_own_old_grant_becomes_manage(self, store: Store) -> None:
        store.create_user("alice", PASSWORD)
        store.grant("alice", EXPERIMENT, Permission.NO_PERMISSIONS)
        store.own("alice", EXPERIMENT)
        assert store.list_grants() == [Grant("alice", EXPERIMENT, "MANAGE")]

    def test_nobody_unknown_owns_anything(self, store: Store) -> None:
        store.create_user("bob", PASSWORD)
        store.grant("bob", MODEL, Permission.EDIT)
        with pytest.raises(NotFound):
            store.own("nobody", MODEL)
        assert store.list_grants() == [Grant("bob", MODEL, "EDIT")]

    def test_what_is_gone_is_forgotten_for_everyone(self, store: Store) -> None:
        for name in ("alice", "bob"):
            store.create_user(name, PASSWORD)
            store.grant(name, MODEL, Permission.EDIT)
            store.grant(name, RENAMED, Permission.EDIT)
        assert store.forget(MODEL) == 2
        assert store.forget(MODEL) == 0
        assert {grant.resource for grant in store.list_grants()} == {RENAMED}

    def test_a_renamed_model_takes_its_grants_along_and_captures_none(self, store: Store) -> None:
        for name in ("alice", "bob", "carol"):
            store.create_user(name, PASSWORD)
        store.grant("alice", MODEL, Permission.MANAGE)
        store.grant("bob", MODEL, Permission.EDIT)
        store.grant("bob", RENAMED, Permission.MANAGE)
        store.grant("carol", RENAMED, Permission.MANAGE)
        assert store.rename(MODEL, RENAMED) == 2
        assert store.list_grants() == [
            Grant("alice", RENAMED, "MANAGE"),
            Grant("bob", RENAMED, "EDIT"),
        ]

    def test_a_rename_to_the_same_name_changes_nothing(self, store: Store) -> None:
        store.create_user("alice", PASSWORD)
        store.grant("alice", MODEL, Permission.MANAGE)
        store.rename(MODEL, MODEL)
        assert store.list_grants() == [Grant("alice", MODEL, "MANAGE")]

    def test_a_rename_in_letter_case_alone_keeps_the_grants(self, store: Store) -> None:
        store.create_user("alice", PASSWORD)
        store.grant("alice", MODEL, Permission.MANAGE)
        upper = Resource("registered_model", "Churn")
        assert store.rename(MODEL, upper) == 1
        assert store.list_grants() == [Grant("alice", upper, "MANAGE")]

    def test_a_model_named_like_the_wildcard_has_no_effect_on_grants(self, store: Store) -> None:
        store.create_user("alice", PASSWORD)
        store.grant("alice", MODEL, Permission.MANAGE)
        for effect in (
            lambda: store.own("alice", ANY_MODEL),
            lambda: store.forget(ANY_MODEL),
            lambda: store.rename(MODEL, ANY_MODEL),
            lambda: store.rename(ANY_MODEL, MODEL),
        ):
            with pytest.raises(InvalidRequest):
                effect()
        assert store.list_grants() == [Grant("alice", MODEL, "MANAGE")]

    def test_a_model_cannot_be_renamed_to_an_experiment(self, store: Store) -> None:
        with pytest.raises(InvalidRequest):
            store.rename(MODEL, EXPERIMENT)

    def test_the_grants_of_a_user_are_the_user_s_alone(self, store: Store) -> None:
        alice, bob = (store.create_user(name, PASSWORD) for name in ("alice", "bob"))
        store.grant("alice", MODEL, Permission.EDIT)
        assert list(store.grants_of(alice)) == [Grant("alice", MODEL, "EDIT")]
        assert list(store.grants_of(bob)) == []
