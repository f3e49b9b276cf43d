"""Grants on scorers and on what the gateway has: one of each, and its life through the client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from authctl.client import (
    GatewayEndpointPermission,
    GatewayModelDefinitionPermission,
    GatewaySecretPermission,
    ScorerPermission,
)
from authctl.errors import AlreadyExists, InvalidRequest, NotFound

if TYPE_CHECKING:
    from authctl.client import AuthServiceClient, User

OTHERS: dict[str, tuple[tuple[str, ...], Any]] = {
    "scorer": (("42", "größer/kleiner?"), ScorerPermission),
    "gateway_secret": (("s-1",), GatewaySecretPermission),
    "gateway_endpoint": (("e-1",), GatewayEndpointPermission),
    "gateway_model_definition": (("m-1",), GatewayModelDefinitionPermission),
}


def live_through(kind: str, client: AuthServiceClient, alice: User) -> None:
    """Make, read, change and delete a grant of alice's, and try what cannot be."""
    ids, entity = OTHERS[kind]
    create, get, update, delete = (
        getattr(client, f"{verb}_{kind}_permission")
        for verb in ("create", "get", "update", "delete")
    )
    with pytest.raises(NotFound):
        update(*ids, "alice", "READ")
    assert create(*ids, "alice", "READ") == entity(*ids, alice.id, "READ")
    with pytest.raises(AlreadyExists):
        create(*ids, "alice", "EDIT")
    update(*ids, "alice", "EDIT")
    assert get(*ids, "alice") == entity(*ids, alice.id, "EDIT")
    delete(*ids, "alice")
    for act in (lambda: get(*ids, "alice"), lambda: delete(*ids, "alice")):
        with pytest.raises(NotFound):
            act()
    with pytest.raises(InvalidRequest):
        create(*ids, "alice", "OWNER")
