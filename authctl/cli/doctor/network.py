"""The way to a server, a step at a time: its name, its port, its certificate."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from authctl.cli.doctor.attempt import Stop
from authctl.cli.doctor.finding import error, ok, warning

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cryptography.x509 import Certificate

    from authctl.cli.doctor.finding import Finding
    from authctl.client.address import Address
    from authctl.client.tls import Tls

_PORTS = {"http": 80, "https": 443}
_SOCKS = 1080
_SOON_DAYS = 14

# OpenSSL's verification errors (X509_V_ERR_...) that have a remedy of their own.
_NOT_YET_VALID, _EXPIRED = 9, 10
_UNTRUSTED = frozenset({18, 19, 20, 21})
_OTHER_NAME = frozenset({62, 64})


def port_of(url: str) -> int:
    """The port of a server's or a proxy's address."""
    parts = urlsplit(url)
    return parts.port or _PORTS.get(parts.scheme, _SOCKS)


def name(host: str) -> Iterator[Finding]:
    """Look the host's name up. Stop."""
    if _is_number(host):
        return
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as failure:
        yield error(
            "dns",
            host,
            f"The name cannot be looked up: {getattr(failure, 'strerror', None) or 'not valid'}.",
            "Check how it is written, and this machine's DNS or VPN.",
        )
        raise Stop from failure
    yield ok("dns", host, f"It is {', '.join(dict.fromkeys(str(each[4][0]) for each in found))}.")


def port(host: str, number: int, seconds: float) -> Iterator[Finding]:
    """Connect to the port. Stop."""
    where = f"{host} port {number}"
    try:
        socket.create_connection((host, number), seconds).close()
    except ConnectionRefusedError as failure:
        yield error(
            "tcp",
            where,
            "Nothing listens on this port.",
            "Start the server, or check the port in the address.",
        )
        raise Stop from failure
    except TimeoutError as failure:
        yield error(
            "tcp",
            where,
            f"There was no answer within {seconds:g} seconds.",
            "A firewall may be in the way; check the address, or wait longer with --timeout.",
        )
        raise Stop from failure
    except OSError as failure:
        yield error(
            "tcp", where, f"It cannot be reached: {failure.strerror}.", "Check the network."
        )
        raise Stop from failure
    yield ok("tcp", where, "It accepts connections.")


def certificate(address: Address, tls: Tls, seconds: float) -> Iterator[Finding]:
    """Shake hands, and look at the certificate that the server shows. Stop."""
    where = (address.host, port_of(address.url))
    try:
        secured, shown = _handshake(where, tls.context(), seconds)
    except ssl.SSLCertVerificationError as failure:
        yield _refused(failure, address, where, seconds)
        raise Stop from failure
    except ssl.SSLError as failure:
        reason = (failure.reason or "it is not TLS").replace("_", " ").lower()
        yield error(
            "tls",
            address.url,
            f"It does not speak TLS as it should: {reason}.",
            "Check the port, and whether it is an http:// address.",
        )
        raise Stop from failure
    except OSError as failure:
        reason = failure.strerror or "no answer"
        yield error(
            "tls",
            address.url,
            f"The TLS connection failed: {reason}.",
            "Check the port, and whether it is an http:// address.",
        )
        raise Stop from failure
    yield ok("tls", address.host, f"{secured}.")
    yield _expiry(address.host, shown)


def _handshake(
    where: tuple[str, int], context: ssl.SSLContext, seconds: float
) -> tuple[str, Certificate]:
    """The version of TLS that was agreed on, and the certificate that was shown."""
    from cryptography.x509 import load_der_x509_certificate  # noqa: PLC0415 - slow to import

    with (
        socket.create_connection(where, seconds) as line,
        context.wrap_socket(line, server_hostname=where[0]) as secured,
    ):
        shown = secured.getpeercert(binary_form=True) or b""
        return secured.version() or "TLS", load_der_x509_certificate(shown)


def _unverified() -> ssl.SSLContext:
    """Looks at a certificate that is not trusted; nothing is sent."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _expiry(host: str, shown: Certificate) -> Finding:
    until = shown.not_valid_after_utc
    days = (until - datetime.now(UTC)).days
    if days < 0:  # seen only where certificates are not checked
        return warning(
            "certificate", host, f"It expired on {until:%Y-%m-%d}.", "Renew the certificate."
        )
    if days < _SOON_DAYS:
        return warning(
            "certificate",
            host,
            f"It expires on {until:%Y-%m-%d}, in {_days(days)}.",
            "Renew the certificate.",
        )
    return ok("certificate", host, f"Valid until {until:%Y-%m-%d}, for {_days(days)} more.")


def _refused(
    failure: ssl.SSLCertVerificationError,
    address: Address,
    where: tuple[str, int],
    seconds: float,
) -> Finding:
    code = failure.verify_code
    try:
        _, shown = _handshake(where, _unverified(), seconds)
    except (OSError, ValueError):
        shown = None
    if code == _EXPIRED and shown:
        until = shown.not_valid_after_utc
        ago = (datetime.now(UTC) - until).days
        return error(
            "certificate",
            address.host,
            f"It expired on {until:%Y-%m-%d}, {_days(ago)} ago.",
            "Renew the server's certificate.",
        )
    if code == _NOT_YET_VALID and shown:
        return error(
            "certificate",
            address.host,
            f"It is valid from {shown.not_valid_before_utc:%Y-%m-%d} on only.",
            "Check the clocks of this machine and of the server.",
        )
    if code in _OTHER_NAME and shown:
        return error(
            "certificate",
            address.host,
            f"It is for {', '.join(_names(shown)) or 'no host at all'}, not for {address.host}.",
            "Use a name in the address that the certificate is for, or have one made for this"
            " name.",
        )
    if code in _UNTRUSTED:
        issuer = f" ({shown.issuer.rfc4514_string()})" if shown else ""
        return error(
            "certificate",
            address.host,
            f"Nobody whom this machine trusts has signed it{issuer}.",
            "If the authority is one of your own, name its certificate with --ca-cert FILE or"
            " MLFLOW_TRACKING_SERVER_CERT_PATH.",
        )
    return error(
        "certificate",
        address.host,
        f"It is refused: {failure.verify_message}.",
        "Renew the server's certificate.",
    )


def _names(shown: Certificate) -> list[str]:
    from cryptography.x509 import (  # noqa: PLC0415 - slow to import
        DNSName,
        ExtensionNotFound,
        IPAddress,
        SubjectAlternativeName,
    )

    try:
        names = shown.extensions.get_extension_for_class(SubjectAlternativeName).value
    except ExtensionNotFound:
        return []
    return [
        *names.get_values_for_type(DNSName),
        *(str(number) for number in names.get_values_for_type(IPAddress)),
    ]


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"
