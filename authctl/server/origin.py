"""Browsers: which hosts this server answers to, and whose pages may change anything on it.

MLflow checks the same for its own routes, by the same settings (contract 3.2); this is for the
routes that authctl answers itself.
"""

from __future__ import annotations

import fnmatch
import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from authctl.errors import PermissionDenied
from authctl.server.bounded import Bounded

if TYPE_CHECKING:
    from collections.abc import Mapping

ALLOWED_HOSTS = "MLFLOW_SERVER_ALLOWED_HOSTS"
ALLOWED_ORIGINS = "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS"
DISABLED = "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE"

_SAFE_METHODS = frozenset({"GET", "HEAD"})
_REMEMBERED = 1_000


@dataclass(frozen=True, slots=True)
class Origins:
    """The hosts and origins that are allowed; no hosts means loopback and private addresses."""

    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    enabled: bool = True
    _known: Bounded[str, bool] = field(
        default_factory=lambda: Bounded(_REMEMBERED), repr=False, compare=False
    )

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> Origins:
        """Read MLflow's settings."""
        return cls(
            hosts=_items(env.get(ALLOWED_HOSTS, "")),
            origins=_items(env.get(ALLOWED_ORIGINS, "")),
            enabled=env.get(DISABLED, "").lower() not in ("true", "1"),
        )

    def check(self, method: str, headers: Mapping[str, str]) -> None:
        """Refuse an unknown Host, and a change asked for by a foreign page. PermissionDenied."""
        if not self.enabled:
            return
        host = headers.get("host", "")
        if not self._known.get(host):
            if not self._knows_host(host):
                raise PermissionDenied("Invalid Host header: this server does not go by that name.")
            self._known.put(host, True)
        origin = headers.get("origin")
        if origin is None or method in _SAFE_METHODS:
            return
        if urlsplit(origin).netloc != host and not self._knows_origin(origin):
            raise PermissionDenied("Cross-origin request blocked.")

    def _knows_host(self, host: str) -> bool:
        name = _hostname(host)
        if self.hosts:
            return any(
                fnmatch.fnmatchcase(candidate, pattern)
                for pattern in self.hosts
                for candidate in (host, name)
            )
        if name == "localhost":
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return address.is_private or address.is_loopback

    def _knows_origin(self, origin: str) -> bool:
        return any(fnmatch.fnmatchcase(origin, pattern) for pattern in self.origins)


def _items(text: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in text.split(",") if item.strip())


def _hostname(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
