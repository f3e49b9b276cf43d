"""Variables that are true or false, read as MLflow reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from authctl.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

_TRUE = ("true", "1")
_FALSE = ("false", "0", "")


def flag(env: Mapping[str, str], name: str) -> bool:
    """Whether a variable says true. InvalidRequest for what is neither true nor false."""
    value = env.get(name, "").lower()
    if value not in (*_TRUE, *_FALSE):
        raise InvalidRequest(f"{name} is '{env[name]}', but must be true or false.")
    return value in _TRUE
