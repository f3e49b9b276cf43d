"""authctl serve: MLflow with authentication in front."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Argument, Option

from authctl.cli.command import command
from authctl.cli.field import Field
from authctl.cli.session import Session
from authctl.config import ServeOptions
from authctl.errors import AuthctlError, InvalidRequest

if TYPE_CHECKING:
    from authctl.policy.shape import Coverage

_DEFAULTS = ServeOptions()


app = typer.Typer()


@command(
    app,
    "serve",
    examples="""
    authctl serve
    authctl serve --port 8080 --backend-store-uri sqlite:///mlflow.db
    authctl serve --auth-config basic_auth.ini
    authctl serve --upstream http://127.0.0.1:5001
    authctl serve --check
    authctl serve -- --default-artifact-root ./artifacts""",
)
def serve(  # noqa: PLR0913 - a setting each
    session: Session,
    *,
    host: Annotated[
        str, Option("--host", metavar="HOST", help="The address to listen on.")
    ] = _DEFAULTS.host,
    port: Annotated[
        int, Option("--port", metavar="PORT", help="The port to listen on.")
    ] = _DEFAULTS.port,
    workers: Annotated[
        int | None, Option("--workers", metavar="N", help="How many processes serve.")
    ] = None,
    backend_store_uri: Annotated[
        str | None,
        Option("--backend-store-uri", metavar="URI", help="Where MLflow keeps runs and models."),
    ] = None,
    artifacts_destination: Annotated[
        str | None,
        Option("--artifacts-destination", metavar="URI", help="Where MLflow keeps artifacts."),
    ] = None,
    auth_db: Annotated[
        str | None,
        Option("--auth-db", metavar="URL", help="The auth database, if not as --auth-config says."),
    ] = None,
    static_prefix: Annotated[
        str | None,
        Option(
            "--static-prefix", metavar="/PATH", help="What every path of the server begins with."
        ),
    ] = None,
    upstream: Annotated[
        str | None,
        Option("--upstream", metavar="URL", help="Stand in front of this MLflow, start none."),
    ] = None,
    check: Annotated[
        bool,
        Option("--check", help="Start nothing: list what the policy and MLflow do not share."),
    ] = False,
    extra: Annotated[
        list[str] | None,
        Argument(metavar="[-- ARGUMENTS]", help="Further arguments for mlflow server."),
    ] = None,
) -> None:
    """Serve MLflow with authentication."""
    from authctl.server import run  # noqa: PLC0415 - the server is slow to import

    if session.options.server:
        raise InvalidRequest(
            "serve starts a server and does not look for one.",
            hint="To stand in front of an MLflow that runs already, use --upstream.",
        )
    config = session.options.auth_config
    options = ServeOptions(
        host=host,
        port=port,
        workers=workers,
        backend_store_uri=backend_store_uri,
        artifacts_destination=artifacts_destination,
        auth_db=auth_db or session.options.db,
        auth_config=Path(config) if config else None,
        static_prefix=static_prefix,
        upstream=upstream,
        extra=tuple(extra or ()),
    )
    if check:
        _show(session, run.check(options))
    else:
        run.serve(options)


def _show(session: Session, found: Coverage) -> None:
    sheet = session.output.sheet((Field("route"), Field("verdict")), name="route")
    verdicts = {
        **dict.fromkeys(found.unlisted, "no row: administrators only"),
        **dict.fromkeys(found.unserved, "for other releases"),
    }
    sheet.show([{"route": route, "verdict": verdict} for route, verdict in verdicts.items()])
    if found.unlisted:
        raise AuthctlError(str(found))
    session.output.note(str(found))
