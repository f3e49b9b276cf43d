"""authctl admin: who is an administrator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from authctl.cli.batch import RESULTS, change_each, result, unchanged
from authctl.cli.command import command, group
from authctl.cli.field import Field
from authctl.cli.options import DryRun, Force, UserNames
from authctl.cli.people import get_user, naming, refuse_lockout
from authctl.cli.session import Session

if TYPE_CHECKING:
    from authctl.cli.field import Row

app = group(
    "List admins, promote and demote them.",
    examples="""
    authctl admin list
    authctl admin promote alice""",
)

_NAME = Field("username", "user")


@command(
    app,
    "list",
    examples="""
    authctl admin list
    authctl admin list -q""",
)
def list_admins(session: Session) -> None:
    """List the admins."""
    sheet = session.output.sheet((_NAME, Field("id", shown=False)), name="username")
    sheet.show(
        [
            {"username": user.username, "id": user.id}
            for user in session.store.list_users()
            if user.is_admin
        ]
    )


@command(
    app,
    "promote",
    examples="""
    authctl admin promote alice
    authctl admin promote alice bob --dry-run""",
)
def promote(session: Session, names: UserNames, *, dry_run: DryRun = False) -> None:
    """Make users admins."""
    _set_admin(session, names, is_admin=True, word="promoted", force=False, dry_run=dry_run)


@command(
    app,
    "demote",
    examples="""
    authctl admin demote alice
    authctl admin demote alice bob --dry-run""",
)
def demote(
    session: Session, names: UserNames, *, force: Force = False, dry_run: DryRun = False
) -> None:
    """Make admins ordinary users."""
    _set_admin(session, names, is_admin=False, word="demoted", force=force, dry_run=dry_run)


def _set_admin(
    session: Session, names: list[str], *, is_admin: bool, word: str, force: bool, dry_run: bool
) -> None:
    sheet = session.output.sheet((_NAME, *RESULTS), name="username")

    gone: set[str] = set()

    def change(row: Row) -> dict[str, Any]:
        user = get_user(session.store, row["username"])
        if user.is_admin == is_admin:
            return unchanged(dry_run=dry_run)
        if not (is_admin or force):
            refuse_lockout(session, user, "demote", gone)
        if dry_run:
            gone.add(user.username)
        else:
            with naming(session.store, user.username):
                session.store.set_admin(user.username, is_admin, force=force)
        return result(word, changed=True, dry_run=dry_run)

    rows = [{"username": name} for name in dict.fromkeys(names)]
    change_each(sheet, rows, change, dry_run=dry_run)
