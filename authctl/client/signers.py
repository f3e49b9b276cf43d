"""The ways to sign in that beat passwords and tokens: for AWS, by a plugin, with a header."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from authctl.client.auth_plugin import AUTH, find_plugin
from authctl.client.flag import flag
from authctl.client.sign_in import set_header
from authctl.client.sigv4 import AWS_SIGV4, SigV4

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from authctl.client.http import httpx
    from authctl.client.sign_in import Scheme, Signer


class Header:
    """The value of MLFLOW_TRACKING_AUTH itself, where no plugin has that name."""

    scheme: ClassVar[Scheme] = "header"
    origin: ClassVar[str] = AUTH
    name: ClassVar[None] = None
    what: ClassVar[str] = "the Authorization header"
    advice: ClassVar[str] = f"It is the value of {AUTH}, since no plugin of that name is installed."
    keeps: ClassVar[frozenset[Scheme]] = frozenset()

    def __init__(self, value: str) -> None:
        self._value = value

    def sign(self, request: httpx.Request) -> None:
        """Set the header. InvalidRequest if it cannot be sent."""
        set_header(request, "Authorization", self._value, AUTH)


class Signers:
    """Finds what signs in, and keeps it: plugins are loaded, and AWS asked for keys, once."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], Signer] = {}

    def find(self, env: Mapping[str, str]) -> Signer | None:
        """What the environment asks for, as MLflow's client would choose. InvalidRequest.

        Where MLFLOW_TRACKING_AUTH names no plugin, MLflow's client sends what it would without;
        here its value is the header, as MLflow's documentation has it.
        """
        if flag(env, AWS_SIGV4):
            return self._keep(AWS_SIGV4, "", lambda _: SigV4())
        if value := env.get(AUTH):
            return self._keep(AUTH, value, _plugin_or_header)
        return None

    def _keep(self, name: str, value: str, make: Callable[[str], Signer]) -> Signer:
        if (name, value) not in self._kept:
            self._kept[name, value] = make(value)
        return self._kept[name, value]


def _plugin_or_header(value: str) -> Signer:
    return find_plugin(value) or Header(value)
