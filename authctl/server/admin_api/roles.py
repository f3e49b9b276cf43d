"""Roles (contract 2.3): only a database of the roles generation has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from authctl.errors import InvalidRequest, NotFound
from authctl.model import DEFAULT_WORKSPACE, Permission, Resource
from authctl.server.request import missing
from authctl.wire.entities import assignment_to_json, role_permission_to_json, role_to_json

if TYPE_CHECKING:
    from authctl.model import Role
    from authctl.server.admin_api.call import Call

Json = dict[str, Any]


def create(call: Call) -> Json:
    """Make a role."""
    name, workspace = call.optional("name"), call.required("workspace")
    if name is None:
        raise missing("name")
    if workspace != DEFAULT_WORKSPACE:
        raise InvalidRequest(
            f"Workspaces are not supported: the only workspace is '{DEFAULT_WORKSPACE}'."
        )
    return {
        "role": role_to_json(call.store.create_role(name, workspace, call.optional("description")))
    }


def get(call: Call) -> Json:
    """One role."""
    return {"role": role_to_json(_role(call))}


def list_all(call: Call) -> Json:
    """Every role, or those of some workspaces."""
    roles = call.store.list_roles(call.reading.values("workspace"))
    return {"roles": [role_to_json(role) for role in roles if call.sees(role)]}


def update(call: Call) -> Json:
    """Rename or describe a role."""
    name, description = call.optional("name"), call.optional("description")
    if name is None and description is None:
        raise InvalidRequest(
            "At least one of 'name' or 'description' must be provided to update a role."
        )
    role = call.store.update_role(_role(call).id, name=name, description=description)
    return {"role": role_to_json(role)}


def delete(call: Call) -> Json:
    """Delete a role."""
    call.store.delete_role(_role(call).id)
    return {}


def add_permission(call: Call) -> Json:
    """Add a row to a role."""
    resource = Resource.checked(call.required("resource_type"), call.required("resource_pattern"))
    level = Permission.parse(call.required("permission"))
    row = call.store.add_role_permission(_role(call).id, resource, level)
    return {"role_permission": role_permission_to_json(row)}


def list_permissions(call: Call) -> Json:
    """The rows of a role."""
    rows = _role(call).permissions
    return {"role_permissions": [role_permission_to_json(row) for row in rows]}


def update_permission(call: Call) -> Json:
    """Change the level of a row."""
    level = Permission.parse(call.required("permission"))
    row = call.store.update_role_permission(_row_id(call), level)
    return {"role_permission": role_permission_to_json(row)}


def remove_permission(call: Call) -> Json:
    """Remove a row from a role."""
    call.store.remove_role_permission(_row_id(call))
    return {}


def assign(call: Call) -> Json:
    """Give a user a role."""
    assignment = call.store.assign_role(call.required("username"), _role(call).id)
    return {"assignment": assignment_to_json(assignment)}


def unassign(call: Call) -> Json:
    """Take a role from a user."""
    call.store.unassign_role(call.required("username"), _role(call).id)
    return {}


def list_holders(call: Call) -> Json:
    """Who holds a role."""
    found = call.store.assignments_of(_role(call).id)
    return {"assignments": [assignment_to_json(item) for item in found]}


def list_for_user(call: Call) -> Json:
    """The roles of a user."""
    found = call.store.roles_of(call.required("username"))
    return {"roles": [role_to_json(role) for role in found if call.sees(role)]}


def _role(call: Call) -> Role:
    """The role that is named; one the caller may not know of is as if it were not there."""
    role = call.store.get_role(call.integer("role_id"))
    if not call.sees(role):
        raise NotFound(f"Role with id={role.id} not found")
    return role


def _row_id(call: Call) -> int:
    """The id of the row that is named, likewise."""
    row = call.store.get_role_permission(call.integer("role_permission_id"))
    if not call.sees(call.store.get_role(row.role_id)):
        raise NotFound(f"Role permission with id={row.id} not found")
    return row.id
