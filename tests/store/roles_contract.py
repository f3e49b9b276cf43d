"""What every store of the roles generation does with roles.

A test class takes it as its base and gives it a fixture `store` that holds nothing but `root`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from authctl.errors import AlreadyExists, InvalidRequest, NotFound
from authctl.model import Assignment, Permission, Resource, Role, RolePermission
from tests.store.contract import EXPERIMENT, MODEL, PASSWORD

if TYPE_CHECKING:
    from authctl.store.base import Store

ANY_EXPERIMENT = Resource("experiment", "*")
WORKSPACE = Resource("workspace", "*")
NOWHERE = (0, -1, 99_999, 10**30)
IMPOSSIBLE_ROWS = (
    (WORKSPACE, Permission.READ),
    (WORKSPACE, Permission.EDIT),
    (WORKSPACE, Permission.DENY),
    (Resource("workspace", "default"), Permission.USE),
    (Resource("run", "abc"), Permission.READ),
    (Resource("experiment", "01"), Permission.READ),
    (Resource("skill", "@org/name"), Permission.USE),
    (Resource("widget", "1"), Permission.READ),
)


class RolesContract:
    def test_a_new_role_is_found_listed_and_described(self, store: Store) -> None:
        role = store.create_role("readers", "default", "may read")
        assert role == Role(role.id, "readers", "default", "may read")
        assert store.get_role(role.id) == role
        assert store.list_roles() == [role]
        assert store.list_roles(["default"]) == [role]
        assert store.list_roles(["elsewhere"]) == []

    def test_a_taken_role_name_is_refused_in_its_workspace_only(self, store: Store) -> None:
        store.create_role("readers", "default", None)
        with pytest.raises(AlreadyExists) as caught:
            store.create_role("readers", "default", None)
        assert caught.value.message == "Role (name=readers, workspace=default) already exists"
        store.create_role("readers", "other", None)
        assert [role.workspace for role in store.list_roles()] == ["default", "other"]

    def test_an_empty_reserved_or_hostile_role_name_is_refused(self, store: Store) -> None:
        role = store.create_role("readers", "default", None)
        for name in ("", "  ", "__user_9__", "__user_x", "a\0b", "x" * 256):
            with pytest.raises(InvalidRequest):
                store.create_role(name, "default", None)
            with pytest.raises(InvalidRequest):
                store.update_role(role.id, name=name)
        assert store.list_roles() == [role]

    def test_what_is_too_long_for_its_column_is_refused(self, store: Store) -> None:
        with pytest.raises(InvalidRequest):
            store.create_role("readers", "w" * 64, None)
        with pytest.raises(InvalidRequest):
            store.create_role("readers", "default", "d" * 1025)
        assert store.list_roles() == []

    def test_a_role_is_renamed_and_described_apart(self, store: Store) -> None:
        role = store.create_role("readers", "default", "old")
        store.add_role_permission(role.id, EXPERIMENT, Permission.READ)
        renamed = store.update_role(role.id, name="viewers")
        assert (renamed.name, renamed.description) == ("viewers", "old")
        described = store.update_role(role.id, description="new")
        assert (described.name, described.description) == ("viewers", "new")
        assert len(described.permissions) == 1

    def test_an_update_of_nothing_or_to_a_taken_name_is_refused(self, store: Store) -> None:
        role = store.create_role("readers", "default", None)
        store.create_role("writers", "default", None)
        with pytest.raises(InvalidRequest):
            store.update_role(role.id)
        with pytest.raises(AlreadyExists) as caught:
            store.update_role(role.id, name="writers")
        assert caught.value.message == "Role with name=writers already exists in workspace=default"
        assert store.get_role(role.id) == role

    def test_rows_of_a_role_are_added_changed_and_removed(self, store: Store) -> None:
        role = store.create_role("readers", "default", None)
        row = store.add_role_permission(role.id, ANY_EXPERIMENT, Permission.READ)
        assert row == RolePermission(row.id, role.id, ANY_EXPERIMENT, "READ")
        changed = store.update_role_permission(row.id, Permission.EDIT)
        assert changed == RolePermission(row.id, role.id, ANY_EXPERIMENT, "EDIT")
        assert store.get_role_permission(row.id) == changed
        assert store.get_role(role.id).permissions == (changed,)
        store.remove_role_permission(row.id)
        assert store.get_role(role.id).permissions == ()
        with pytest.raises(NotFound):
            store.remove_role_permission(row.id)

    def test_a_role_has_one_row_for_a_resource(self, store: Store) -> None:
        role = store.create_role("readers", "default", None)
        row = store.add_role_permission(role.id, MODEL, Permission.READ)
        with pytest.raises(AlreadyExists) as caught:
            store.add_role_permission(role.id, MODEL, Permission.EDIT)
        assert caught.value.message == (
            f"Role permission (role_id={role.id}, resource_type=registered_model,"
            " resource_pattern=churn) already exists"
        )
        assert store.get_role(role.id).permissions == (row,)

    def test_a_row_no_role_can_have_is_refused(self, store: Store) -> None:
        role = store.create_role("readers", "default", None)
        for resource, level in IMPOSSIBLE_ROWS:
            with pytest.raises(InvalidRequest):
                store.add_role_permission(role.id, resource, level)
        assert store.get_role(role.id).permissions == ()

    def test_a_workspace_row_cannot_be_changed_to_a_level_it_does_not_take(
        self, store: Store
    ) -> None:
        role = store.create_role("readers", "default", None)
        row = store.add_role_permission(role.id, WORKSPACE, Permission.USE)
        with pytest.raises(InvalidRequest) as caught:
            store.update_role_permission(row.id, Permission.READ)
        assert caught.value.message == (
            "Invalid permission 'READ' for resource_type='workspace'."
            " Workspace-wide grants accept only: ('MANAGE', 'USE')."
        )
        assert store.get_role_permission(row.id) == row

    def test_an_assigned_role_counts_until_it_is_taken_away(self, store: Store) -> None:
        alice = store.create_user("alice", PASSWORD)
        role = store.create_role("editors", "default", None)
        store.add_role_permission(role.id, ANY_EXPERIMENT, Permission.EDIT)
        assignment = store.assign_role("alice", role.id)
        assert assignment == Assignment(assignment.id, role.id, alice.id)
        assert store.assignments_of(role.id) == [assignment]
        assert store.roles_of("alice") == [store.get_role(role.id)]
        assert store.level("alice", EXPERIMENT) is Permission.EDIT
        assert store.list_grants(username="alice") == []
        store.unassign_role("alice", role.id)
        assert store.level("alice", EXPERIMENT) is Permission.READ
        assert store.roles_of("alice") == []

    def test_a_role_is_assigned_once(self, store: Store) -> None:
        alice = store.create_user("alice", PASSWORD)
        role = store.create_role("editors", "default", None)
        store.assign_role("alice", role.id)
        with pytest.raises(AlreadyExists) as caught:
            store.assign_role("alice", role.id)
        assert caught.value.message == (
            f"User role assignment (user_id={alice.id}, role_id={role.id}) already exists"
        )
        store.unassign_role("alice", role.id)
        with pytest.raises(NotFound) as missing:
            store.unassign_role("alice", role.id)
        assert missing.value.message == (
            f"User role assignment (user_id={alice.id}, role_id={role.id}) not found"
        )

    def test_a_users_own_role_goes_to_nobody_else_and_keeps_its_name(self, store: Store) -> None:
        store.create_user("alice", PASSWORD)
        store.create_user("bob", PASSWORD)
        store.grant("alice", EXPERIMENT, Permission.MANAGE)
        [own] = store.roles_of("alice")
        with pytest.raises(InvalidRequest):
            store.assign_role("bob", own.id)
        with pytest.raises(InvalidRequest):
            store.update_role(own.id, name="mine")
        assert store.level("bob", EXPERIMENT) is Permission.READ
        assert store.get_role(own.id) == own

    def test_a_deleted_role_counts_no_more(self, store: Store) -> None:
        store.create_user("alice", PASSWORD)
        role = store.create_role("editors", "default", None)
        store.add_role_permission(role.id, ANY_EXPERIMENT, Permission.EDIT)
        store.assign_role("alice", role.id)
        store.delete_role(role.id)
        assert store.list_roles() == []
        assert store.level("alice", EXPERIMENT) is Permission.READ

    def test_a_deleted_user_leaves_roles_to_their_other_holders(self, store: Store) -> None:
        for name in ("alice", "bob"):
            store.create_user(name, PASSWORD)
        bob = store.get_user("bob")
        role = store.create_role("editors", "default", None)
        store.assign_role("alice", role.id)
        store.assign_role("bob", role.id)
        store.grant("alice", EXPERIMENT, Permission.MANAGE)
        store.delete_user("alice")
        assert store.list_holders() == [(role, (bob.id,))]

    def test_roles_of_other_workspaces_do_not_count(self, store: Store) -> None:
        alice = store.create_user("alice", PASSWORD)
        role = store.create_role("editors", "elsewhere", None)
        store.add_role_permission(role.id, ANY_EXPERIMENT, Permission.EDIT)
        store.assign_role("alice", role.id)
        assert store.level("alice", EXPERIMENT) is Permission.READ
        assert list(store.grants_of(alice)) == []

    def test_whoever_manages_the_workspace_manages_all(self, store: Store) -> None:
        store.create_user("alice", PASSWORD)
        role = store.create_role("stewards", "default", None)
        store.add_role_permission(role.id, WORKSPACE, Permission.MANAGE)
        store.assign_role("alice", role.id)
        store.grant("alice", MODEL, Permission.NO_PERMISSIONS)
        assert store.level("alice", MODEL) is Permission.MANAGE

    def test_a_role_that_is_not_there_is_not_found(self, store: Store) -> None:
        store.create_user("alice", PASSWORD)
        asks = (
            store.get_role,
            lambda number: store.update_role(number, name="x"),
            store.delete_role,
            lambda number: store.add_role_permission(number, MODEL, Permission.READ),
            lambda number: store.assign_role("alice", number),
            lambda number: store.unassign_role("alice", number),
            store.assignments_of,
            store.get_role_permission,
            lambda number: store.update_role_permission(number, Permission.READ),
            store.remove_role_permission,
        )
        for number in NOWHERE:
            for ask in asks:
                with pytest.raises(NotFound):
                    ask(number)

    def test_roles_are_asked_for_known_users(self, store: Store) -> None:
        role = store.create_role("editors", "default", None)
        for ask in (
            lambda: store.assign_role("nobody", role.id),
            lambda: store.unassign_role("nobody", role.id),
            lambda: store.roles_of("nobody"),
        ):
            with pytest.raises(NotFound) as caught:
                ask()
            assert caught.value.message == "User with username=nobody not found"
