"""Requests that doctor makes by itself, to see headers and answers that other commands do not."""

from __future__ import annotations

import ssl
import sys
import time
from functools import cached_property
from typing import TYPE_CHECKING, Self

from authctl import __version__
from authctl.cli.visible import visible
from authctl.client.http import httpx

if TYPE_CHECKING:
    from types import TracebackType

    from authctl.client.address import Address
    from authctl.client.sign_in import SignIn
    from authctl.client.tls import Tls


class Exchange:
    """Asks one server as the other commands do: the same certificates, proxies and redirects."""

    def __init__(self, address: Address, tls: Tls, seconds: float, *, debug: bool) -> None:
        self._address = address
        self._tls = tls
        self._seconds = seconds
        self._debug = debug

    @cached_property
    def _client(self) -> httpx.Client:
        encrypted = self._address.is_encrypted
        return httpx.Client(
            # An http address verifies nobody, and the authorities take a while to load.
            verify=self._tls.context() if encrypted else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
            timeout=self._seconds,
            trust_env=not self._address.is_loopback,
            headers={"User-Agent": f"authctl/{__version__}", "Accept": "application/json"},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if "_client" in self.__dict__:  # something was asked
            self._client.close()

    def get(self, path: str, sign_in: SignIn | None = None) -> httpx.Response:
        """Ask for a path below the server's address, as nobody or with this credential.

        Raises httpx.RequestError when no answer comes.
        """
        started = time.perf_counter()
        request = self._client.build_request("GET", f"{self._address.url}{path}")
        if sign_in:
            sign_in.sign(request)
        # Left to itself, httpx would take a credential from ~/.netrc.
        response = self._client.send(request, auth=_as_is)
        if self._debug:
            took = (time.perf_counter() - started) * 1000
            sys.stderr.write(
                f"debug: GET {visible(self._address.url)}{path} {response.status_code}"
                f" {took:.0f} ms\n"
            )
        return response


def _as_is(request: httpx.Request) -> httpx.Request:
    return request
