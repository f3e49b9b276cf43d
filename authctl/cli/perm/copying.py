"""authctl perm copy: one user's own grants, given to others too."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any

import typer

from authctl.cli.batch import RESULTS, change_each
from authctl.cli.command import command
from authctl.cli.grants import BEFORE, LEVEL, RESOURCE, USER, level_set, resource_of, resource_row
from authctl.cli.options import DryRun
from authctl.cli.people import get_user, naming
from authctl.cli.session import Session
from authctl.errors import InvalidRequest, PermissionDenied
from authctl.model import Permission

if TYPE_CHECKING:
    from authctl.cli.field import Row
    from authctl.model import Resource, User

app = typer.Typer()


@command(
    app,
    "copy",
    examples="""
    authctl perm copy --from alice --to bob
    authctl perm copy --from alice --to bob --to carol --dry-run""",
)
def copy(
    session: Session,
    *,
    source: Annotated[
        str, typer.Option("--from", metavar="USER", help="Whose own grants to copy.")
    ],
    targets: Annotated[
        list[str], typer.Option("--to", metavar="USER", help="Who gets them; repeatable.")
    ],
    dry_run: DryRun = False,
) -> None:
    """Give users the own grants of another, level for level.

    What they have on other resources stays. Roles are not copied, nor is being
    an admin.
    """
    sheet = session.output.sheet((USER, *RESOURCE, LEVEL, BEFORE, *RESULTS), name="username")
    store = session.store
    targets = list(dict.fromkeys(targets))
    if source in targets:
        raise InvalidRequest(f"'{source}' cannot be both --from and --to.")
    user = get_user(store, source)
    grants = store.list_grants(username=source)
    _warn_of_the_rest(session, user)
    if not grants:
        session.output.note(f"'{source}' has no grants of their own.")
    present: dict[str, dict[Resource, str]] = {}

    def change(row: Row) -> dict[str, Any]:
        username, resource = row["username"], resource_of(row)
        wanted = Permission.parse(row["level"])
        with naming(store, username):
            if not dry_run:
                before = store.grant(username, resource, wanted)
            else:
                if username not in present:
                    own = store.list_grants(username=username)
                    present[username] = {grant.resource: grant.permission for grant in own}
                before = present[username].get(resource)
        return level_set(before, wanted, dry_run=dry_run)

    rows = [
        {"username": username, **resource_row(grant.resource), "level": grant.permission}
        for username in targets
        for grant in grants
    ]
    change_each(sheet, rows, change, dry_run=dry_run)


def _warn_of_the_rest(session: Session, source: User) -> None:
    name = source.username
    if source.is_admin:
        session.output.warn(f"'{name}' is an admin, which is not copied: authctl admin promote")
    with suppress(InvalidRequest, PermissionDenied):  # no roles here, or none to be seen
        roles = [role.name for role in session.roles.roles_of(name) if not role.is_synthetic]
        if roles:
            session.output.warn(
                f"'{name}' also holds roles, which are not copied ({', '.join(roles)}):"
                " authctl role assign"
            )
