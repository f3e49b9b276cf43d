"""Certificates in files: authorities to trust, and what a client shows of itself."""

from __future__ import annotations

import ssl
from pathlib import Path

from authctl.errors import InvalidRequest


def trusting(ca_cert: str | None) -> ssl.SSLContext:
    """Trust a PEM file or a directory of them, else the system's authorities. InvalidRequest."""
    if not ca_cert:
        return ssl.create_default_context()
    try:
        if Path(ca_cert).is_dir():
            return ssl.create_default_context(capath=ca_cert)
        return ssl.create_default_context(cafile=ca_cert)
    except OSError as error:
        raise _unusable(ca_cert, error) from error


def show(context: ssl.SSLContext, client_cert: str) -> None:
    """Show one PEM file with a certificate and its key to servers that ask. InvalidRequest."""
    try:
        # Without a password given, OpenSSL would ask the terminal for one.
        context.load_cert_chain(client_cert, password="")
    except OSError as error:
        raise _unusable(client_cert, error) from error


def _unusable(file: str, error: OSError) -> InvalidRequest:
    reason = error.reason if isinstance(error, ssl.SSLError) else error.strerror
    return InvalidRequest(
        f"The certificate file {file} cannot be used: {reason or 'it is not in PEM format'}.",
        hint="A client certificate is one PEM file with the certificate and its key, unencrypted.",
    )
