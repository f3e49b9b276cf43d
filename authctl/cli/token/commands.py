"""authctl token: secrets for programs, which act as their user."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from authctl.cli.batch import RESULT, RESULTS, change_each, result, unchanged
from authctl.cli.command import command, group
from authctl.cli.field import Field
from authctl.cli.options import DryRun
from authctl.cli.people import naming
from authctl.cli.session import Session
from authctl.cli.suggest import did_you_mean, no_such
from authctl.cli.targets import TargetOptions
from authctl.cli.token.owner import OwnerName, owner_of, those_seen, tokens_of
from authctl.errors import AlreadyExists, InvalidRequest, NotFound
from authctl.service_token import Asked, Scope, expiry

if TYPE_CHECKING:
    from authctl.cli.field import Row
    from authctl.service_token import ServiceToken

app = group(
    "Make tokens for programs, list and revoke them (authctl serve).",
    examples="""
    authctl token create ci --user ci-bot
    authctl token list
    authctl token revoke ci --user ci-bot""",
)


def _red_when_past(expires: Any) -> str:
    past = expires is not None and datetime.fromisoformat(expires) <= datetime.now(UTC)
    return "red" if past else ""


_NAME = Field("name")
_ABOUT = (
    _NAME,
    Field("username", "user"),
    Field("scope"),
    Field("resources"),
    Field("expires_at", "expires", style=_red_when_past),
)
_KNOWN = (
    *_ABOUT,
    Field("expired", shown=False),
    Field("last_used_at", "last used"),
    Field("start", "begins with"),
    Field("created_at", shown=False),
    Field("created_by", shown=False),
    Field("id", shown=False),
)
_EVERYTHING = ["*"]


@command(
    app,
    "create",
    examples="""
    authctl token create ci --user ci-bot
    authctl token create dashboard --user alice --scope read --expires 1y
    authctl token create trainer --user ci-bot --experiment fraud --model churn
    authctl token create ci --user ci-bot --if-not-exists -o json""",
)
def create(
    session: Session,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is called.")],
    targets: TargetOptions,
    *,
    user: OwnerName = None,
    expires: Annotated[
        str,
        typer.Option(
            "--expires",
            metavar="WHEN",
            help="For how long: 90d, 12h, 1y; until a day: 2027-06-30; or never.",
        ),
    ] = "90d",
    scope: Annotated[
        str, typer.Option("--scope", metavar="all|read", help="read lets it change nothing.")
    ] = Scope.ALL,
    if_not_exists: Annotated[
        bool, typer.Option("--if-not-exists", help="Leave a token alone that exists already.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Make a token and print it, this once.

    Whoever has it acts as its user, in every MLflow client, by setting
    MLFLOW_TRACKING_TOKEN. It can be limited to reading, and to the resources
    that are named; it can never do more than its user.
    """
    sheet = session.output.sheet((*_ABOUT, *RESULT, Field("token")), name="name")
    if session.output.only_names:
        raise InvalidRequest("-q would hide the token.", hint="Use --fields token to see just it.")
    now = datetime.now(UTC)
    owner = owner_of(session, user)
    asked = Asked(
        name, owner, _scope(scope), tuple(targets.resources(session)) or None, expiry(expires, now)
    )
    asked.check(now)
    existing = None
    if if_not_exists or dry_run:
        existing = {token.name: token for token in tokens_of(session, owner)}.get(name)
    if existing and if_not_exists:
        sheet.show_one({**_about(existing), **unchanged(dry_run=dry_run)})
        return
    if existing:
        raise _taken(name, owner)
    if dry_run:
        sheet.show_one({**_about(asked), **result("created", changed=True, dry_run=True)})
        return
    try:
        with naming(session.store, owner):
            token, secret = session.tokens.create_token(asked)
    except AlreadyExists as error:
        raise _taken(name, owner) from error
    sheet.show_one(
        {**_about(token), "token": secret, **result("created", changed=True, dry_run=False)}
    )
    session.output.note("The token cannot be shown again: keep it where its program finds it.")


@command(
    app,
    "list",
    examples="""
    authctl token list
    authctl token list --user ci-bot
    authctl token list -o json""",
)
def list_tokens(session: Session, *, user: OwnerName = None) -> None:
    """List tokens: your own, those of a user, or as an admin everybody's.

    The tokens themselves are not kept; a token is known by how it begins.
    """
    sheet = session.output.sheet(_KNOWN, name="name")
    sheet.show([_known(token) for token in those_seen(session, user)])


@command(
    app,
    "revoke",
    examples="""
    authctl token revoke ci --user ci-bot
    authctl token revoke ci trainer --user ci-bot --ignore-missing
    authctl token revoke ci --user ci-bot --dry-run""",
)
def revoke(
    session: Session,
    names: Annotated[
        list[str], typer.Argument(metavar="NAME...", help="One or more of the user's tokens.")
    ],
    *,
    user: OwnerName = None,
    ignore_missing: Annotated[
        bool, typer.Option("--ignore-missing", help="Let it pass if there is no such token.")
    ] = False,
    dry_run: DryRun = False,
) -> None:
    """Revoke tokens: the next request with one of them is refused."""
    sheet = session.output.sheet((_NAME, Field("username", "user"), *RESULTS), name="name")
    owner = owner_of(session, user)
    there = {token.name for token in tokens_of(session, owner)}

    def change(row: Row) -> dict[str, Any]:
        name = row["name"]
        if name not in there:
            if ignore_missing:
                return unchanged(dry_run=dry_run)
            raise NotFound(
                f"'{owner}' has no token '{name}'.",
                hint=did_you_mean(name, there) or "--ignore-missing lets that pass.",
            )
        if not dry_run:
            session.tokens.revoke_token(owner, name)
        return result("revoked", changed=True, dry_run=dry_run)

    rows = [{"name": name, "username": owner} for name in dict.fromkeys(names)]
    change_each(sheet, rows, change, dry_run=dry_run)


def _about(token: ServiceToken | Asked) -> dict[str, Any]:
    return {
        "name": token.name,
        "username": token.username,
        "scope": str(token.scope),
        "resources": (
            _EVERYTHING if token.resources is None else [str(found) for found in token.resources]
        ),
        "expires_at": _written(token.expires_at),
    }


def _known(token: ServiceToken) -> dict[str, Any]:
    return {
        **_about(token),
        "expired": token.is_expired(datetime.now(UTC)),
        "last_used_at": _written(token.last_used_at),
        "start": token.start,
        "created_at": _written(token.created_at),
        "created_by": token.created_by,
        "id": token.id,
    }


def _written(time: datetime | None) -> str | None:
    return None if time is None else time.strftime("%Y-%m-%dT%H:%M:%SZ")


def _scope(text: str) -> Scope:
    try:
        return Scope(text)
    except ValueError:
        raise no_such("scope", text, list(Scope)) from None


def _taken(name: str, owner: str) -> AlreadyExists:
    return AlreadyExists(
        f"'{owner}' has a token '{name}' already.",
        hint="--if-not-exists makes that harmless; for another secret, revoke it and make it anew.",
    )
