"""authctl perm list: grants as they are written, as they count, or all levels in a matrix."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from authctl.cli.command import command
from authctl.cli.field import Field
from authctl.cli.grants import LEVEL, RESOURCE, USER, level_style, resource_row
from authctl.cli.people import naming
from authctl.cli.perm.matrix import FIELDS, show_matrix
from authctl.cli.perm.reasons import everybody, somebody
from authctl.cli.session import Session
from authctl.cli.targets import TargetOptions

if TYPE_CHECKING:
    from authctl.cli.perm.reasons import Person
    from authctl.model import Grant, Resource
    from authctl.store.base import AuthStore

app = typer.Typer()

EFFECTIVE = (LEVEL, Field("grant", "own grant", style=level_style))


@command(
    app,
    "list",
    examples="""
    authctl perm list
    authctl perm list --user alice
    authctl perm list --experiment fraud --effective
    authctl perm list --matrix
    authctl perm list --matrix --user alice --user bob --model churn""",
)
def list_grants(
    session: Session,
    targets: TargetOptions,
    *,
    user: Annotated[
        list[str] | None,
        typer.Option("--user", metavar="NAME", help="Only this user's; repeatable."),
    ] = None,
    effective: Annotated[
        bool,
        typer.Option(
            "--effective",
            help="Show the level that counts, by grant, role, default or being an admin.",
        ),
    ] = False,
    matrix: Annotated[
        bool,
        typer.Option("--matrix", help="Show the levels that count, users by resources."),
    ] = False,
) -> None:
    """List users' own grants; -q prints users, or with --user resources."""
    users = list(dict.fromkeys(user or ()))
    if matrix:
        sheet = session.output.sheet(FIELDS, name="username")
    else:
        shown = EFFECTIVE if effective else (LEVEL,)
        sheet = session.output.sheet(
            (USER, *RESOURCE, *shown), name="resource" if users else "username"
        )
    resources = targets.resources(session)
    if not (matrix or effective):
        grants = _grants(session.store, users, resources)
        sheet.show(
            [
                {"username": g.username, **resource_row(g.resource), "level": g.permission}
                for g in grants
            ]
        )
        return
    people = somebody(session, users) if users else everybody(session)
    if matrix:
        show_matrix(session, sheet, people, resources)
        return
    sheet.show(
        [
            effective_row(person, resource)
            for person in people
            for resource in resources or person.reasons.owned()
        ]
    )


def effective_row(person: Person, resource: Resource) -> dict[str, str | None]:
    """Say which level a user has on a resource, and their own grant there."""
    return {
        "username": person.user.username,
        **resource_row(resource),
        "level": str(person.level(resource)),
        "grant": person.reasons.own(resource),
    }


def _grants(store: AuthStore, users: list[str], resources: list[Resource]) -> list[Grant]:
    found: list[Grant] = []
    places: list[Resource | None] = [*resources] or [None]
    for username in [*users] or [""]:
        with naming(store, username):
            for resource in places:
                found += store.list_grants(username=username or None, resource=resource)
    return found
