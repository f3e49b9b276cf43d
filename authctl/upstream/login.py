"""What an MLflow elsewhere is shown of the server in front of it."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from authctl.certificates import show, trusting

if TYPE_CHECKING:
    import ssl

    from authctl.config import UpstreamLogin


def tls_for(login: UpstreamLogin) -> ssl.SSLContext:
    """How an https upstream is verified and is shown who asks. InvalidRequest."""
    context = trusting(login.ca_cert)
    if login.client_cert:
        show(context, login.client_cert)
    return context


def authorization(login: UpstreamLogin) -> str | None:
    """The Authorization header that shows a login, if there is one."""
    if login.token is not None:
        return f"Bearer {login.token}"
    if login.username is None:
        return None
    pair = base64.b64encode(f"{login.username}:{login.password}".encode()).decode()
    return f"Basic {pair}"
