"""Where users' own grants lie in a database, by its generation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from authctl.model import Generation
from authctl.store.grants_legacy import LegacyGrants
from authctl.store.grants_roles import RoleGrants

if TYPE_CHECKING:
    from authctl.store.grants_base import Grants
    from authctl.store.schema import Schema


def grants_in(schema: Schema) -> Grants:
    """The tables of grants that count in a database."""
    return RoleGrants(schema) if schema.generation is Generation.ROLES else LegacyGrants(schema)
