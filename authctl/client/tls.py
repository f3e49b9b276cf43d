"""How the server of an https address is verified, and how the caller is shown to it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from authctl.certificates import show, trusting
from authctl.client.flag import flag
from authctl.client.http import httpx
from authctl.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

INSECURE = "MLFLOW_TRACKING_INSECURE_TLS"
CA_CERT = "MLFLOW_TRACKING_SERVER_CERT_PATH"
CLIENT_CERT = "MLFLOW_TRACKING_CLIENT_CERT_PATH"

BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


@dataclass(frozen=True, slots=True)
class Tls:
    """Settings of a TLS connection.

    `ca_cert` is a PEM file or a directory of them to trust instead of the usual authorities,
    `client_cert` one PEM file with a certificate and its key.
    """

    ca_cert: str | None = None
    client_cert: str | None = None
    insecure: bool = False

    @classmethod
    def find(
        cls,
        env: Mapping[str, str],
        *,
        ca_cert: str | None = None,
        client_cert: str | None = None,
        insecure: bool = False,
    ) -> Self:
        """Join what was asked for with MLflow's variables, which it beats. InvalidRequest.

        To verify with a certificate and not to verify at all contradict each other, as in MLflow.
        """
        if not insecure and not ca_cert:
            insecure, ca_cert = flag(env, INSECURE), env.get(CA_CERT)
        if insecure and ca_cert:
            raise InvalidRequest(
                "A certificate to verify the server with is given, but verifying it is off.",
                hint=f"Set either {INSECURE} (--insecure) or {CA_CERT} (--ca-cert).",
            )
        if not insecure and not ca_cert:
            # MLflow's HTTP library reads these.
            ca_cert = next((env[name] for name in BUNDLES if env.get(name)), None)
        return cls(ca_cert or None, client_cert or env.get(CLIENT_CERT) or None, insecure)

    def context(self) -> ssl.SSLContext:
        """Load the certificates. InvalidRequest for one that cannot be."""
        context = trusting(self.ca_cert) if self.ca_cert else httpx.create_ssl_context()
        if self.insecure:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if self.client_cert:
            show(context, self.client_cert)
        return context
