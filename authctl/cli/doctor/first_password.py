"""Whether a server's first admin still has the password that everybody knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from authctl.cli.doctor.finding import error, info, ok
from authctl.cli.doctor.installation import release
from authctl.client.credentials import Credentials, Secret
from authctl.wire import paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from authctl.cli.doctor.exchange import Exchange
    from authctl.cli.doctor.finding import Finding

_ADMIN = "admin"
_CHANGED_IN = (2, 22)
_OK, _UNAUTHORIZED = 200, 401


def own(used: Credentials) -> Iterator[Finding]:
    """Look at the caller's own password, which needs no question."""
    from authctl.store.passwords import WELL_KNOWN  # noqa: PLC0415 - passlib may not be there

    if used.username and used.password and used.password.value in WELL_KNOWN:
        yield error(
            "default-password",
            used.username.value,
            "You sign in with a password that everybody tries first.",
            f"authctl user passwd {used.username.value}",
        )


def tried(exchange: Exchange, url: str, mlflow: str | None) -> Iterator[Finding]:
    """Try to sign in, once, as the admin that this release of MLflow was delivered with."""
    from authctl.store.passwords import WELL_KNOWN  # noqa: PLC0415 - passlib may not be there

    old = mlflow is not None and release(mlflow) < _CHANGED_IN
    password = Secret(WELL_KNOWN[1] if old else WELL_KNOWN[0], "MLflow")
    login = Credentials(Secret(_ADMIN, "MLflow"), password)
    answer = exchange.get(f"/api{paths.USERS_GET}?username={_ADMIN}", login)
    if answer.status_code == _OK:
        yield error(
            "default-password",
            url,
            f"'{_ADMIN}' signs in with the password that MLflow's documentation tells everybody.",
            f"authctl user passwd {_ADMIN}",
        )
    elif answer.status_code == _UNAUTHORIZED:
        yield ok("default-password", url, f"'{_ADMIN}' does not have MLflow's default password.")
    else:
        yield info(
            "default-password",
            url,
            f"Whether '{_ADMIN}' has MLflow's default password is not known: the server answered"
            f" {answer.status_code}.",
        )


def not_tried(url: str) -> Finding:
    """Say why there was no attempt."""
    return info(
        "default-password",
        url,
        "MLflow's default password was not tried: that is done on this machine's own server, or as"
        " an admin.",
    )
