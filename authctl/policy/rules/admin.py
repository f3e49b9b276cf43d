"""The admin API, which authctl itself answers: users, permissions in both generations, roles."""

from __future__ import annotations

from authctl.policy.needs import manage, read
from authctl.policy.rule import Access, Body, Handle, Need, Rule, Selector, rule
from authctl.policy.selectors import experiment, model, user, workspace

_V3 = ("3.0",)
_TYPED = Selector(Handle.TYPED_ID, ("resource_type", "resource_id"))
_ROLE = Selector(Handle.ROLE_ID, ("role_id",))
_ROLE_PERMISSION = Selector(Handle.ROLE_PERMISSION_ID, ("role_permission_id",))
_WORKSPACE = workspace()


def _here(
    route: str,
    demand: Access | Need,
    *more: Need,
    versions: tuple[str, ...] | None = None,
    who: Selector | None = None,
    body: Body | None = None,
    many: tuple[str, ...] = (),
) -> Rule:
    return rule(route, demand, *more, versions=versions, who=who, body=body, many=many, here=True)


def _legacy(family: str, needed: Need) -> tuple[Rule, ...]:
    return (
        _here(f"POST /mlflow/{family}/permissions/create", needed),
        _here(f"GET /mlflow/{family}/permissions/get", needed),
        _here(f"PATCH /mlflow/{family}/permissions/update", needed),
        _here(f"DELETE /mlflow/{family}/permissions/delete", needed),
    )


def _about(route: str) -> Rule:
    """What a user may know of themselves, and whoever manages the workspace of everyone."""
    return _here(route, Access.SELF, manage(_WORKSPACE), versions=_V3, who=user())


RULES: tuple[Rule, ...] = (
    _here("GET /access", Access.ADMIN),
    _here("GET /signup", manage(_WORKSPACE)),
    _here("POST /mlflow/users/create-ui", manage(_WORKSPACE), body=Body.FORM),
    _here("POST /mlflow/users/create", manage(_WORKSPACE)),
    _here("GET /mlflow/users/get", Access.SELF, who=user()),
    _here("GET /mlflow/users/current", Access.SIGNED_IN),
    _here("GET /mlflow/users/list", manage(_WORKSPACE)),
    _here("PATCH /mlflow/users/update-password", Access.SELF, who=user()),
    _here("PATCH /mlflow/users/update-admin", Access.ADMIN),
    _here("DELETE /mlflow/users/delete", Access.ADMIN),
    *_legacy("experiments", manage(experiment())),
    *_legacy("registered-models", manage(model())),
    _here("GET /mlflow/users/current/permissions", Access.SIGNED_IN, versions=_V3),
    _about("GET /mlflow/users/permissions/list"),
    _about("GET /mlflow/users/permissions/get"),
    _here("POST /mlflow/users/permissions/grant", manage(_TYPED), versions=_V3),
    _here("POST /mlflow/users/permissions/revoke", manage(_TYPED), versions=_V3),
    _about("GET /mlflow/users/roles/list"),
    _here("POST /mlflow/roles/create", manage(_WORKSPACE), versions=_V3),
    _here("GET /mlflow/roles/get", read(_ROLE), versions=_V3),
    _here("GET /mlflow/roles/list", read(_WORKSPACE), versions=_V3, many=("workspace",)),
    _here("PATCH /mlflow/roles/update", manage(_ROLE), versions=_V3),
    _here("DELETE /mlflow/roles/delete", manage(_ROLE), versions=_V3),
    _here("POST /mlflow/roles/permissions/add", manage(_ROLE), versions=_V3),
    _here("GET /mlflow/roles/permissions/list", read(_ROLE), versions=_V3),
    _here("PATCH /mlflow/roles/permissions/update", manage(_ROLE_PERMISSION), versions=_V3),
    _here("DELETE /mlflow/roles/permissions/remove", manage(_ROLE_PERMISSION), versions=_V3),
    _here("POST /mlflow/roles/assign", manage(_ROLE), versions=_V3),
    _here("DELETE /mlflow/roles/unassign", manage(_ROLE), versions=_V3),
    _here("GET /mlflow/roles/users/list", manage(_ROLE), versions=_V3),
    _here("POST /authctl/tokens/create", Access.SELF, versions=_V3, who=user()),
    _here("GET /authctl/tokens/list", Access.SELF, versions=_V3, who=user()),
    _here("GET /authctl/tokens/list-all", Access.ADMIN, versions=_V3),
    _here("DELETE /authctl/tokens/revoke", Access.SELF, versions=_V3, who=user()),
)
