"""authctl user import: many users made from one file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from authctl.cli.batch import RESULTS, Batch, Failed, result, unchanged
from authctl.cli.command import command
from authctl.cli.field import Field
from authctl.cli.location import Mode
from authctl.cli.options import DryRun
from authctl.cli.people import find_user, refuse_lockout
from authctl.cli.progress import progress
from authctl.cli.session import Session
from authctl.errors import AlreadyExists, AuthctlError, InvalidRequest, Unavailable
from authctl.model import User, checked_username

if TYPE_CHECKING:
    from authctl.cli.field import Row
    from authctl.cli.user.file import UserFile
    from authctl.manifest.accounts import WantedUser
    from authctl.store.base import AuthStore

app = typer.Typer()

_THREADS = 4  # a password takes a core a tenth of a second; a server should serve others too
_MOST_TOLD = 5


@command(
    app,
    "import",
    examples="""
    authctl user import users.csv --generate -o csv
    authctl user import users.csv --failed failed.csv
    authctl user import users.toml --dry-run
    authctl user export --db sqlite:///old.db | authctl user import - --generate""",
)
def import_users(
    session: Session,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A file of users, or - for stdin.")],
    *,
    form: Annotated[
        str | None,
        typer.Option(
            "--format", metavar="FORM", help="csv or toml; if left out, FILE's name tells."
        ),
    ] = None,
    generate: Annotated[
        bool,
        typer.Option(
            "--generate", help="Make passwords up where the file has none, and print them, once."
        ),
    ] = False,
    update_admins: Annotated[
        bool,
        typer.Option(
            "--update-admins", help="Promote and demote users who exist, as the file says."
        ),
    ] = False,
    failed: Annotated[
        str | None,
        typer.Option(
            "--failed",
            metavar="FILE",
            help="Keep the rows that failed or were not reached, to import them again. It may"
            " hold passwords; only you can read it.",
        ),
    ] = None,
    dry_run: DryRun = False,
) -> None:
    """Create the users of a file; those who exist are left as they are.

    CSV begins with a heading: username, and if wanted is_admin (yes or no),
    password or password_file. TOML has [[user]] tables as in a manifest. The
    whole file is checked first; then a user who fails does not keep the others
    from being made.
    """
    from authctl.cli.user.file import FailedRows, read_users  # noqa: PLC0415 - keeps start-up fast
    from authctl.manifest.accounts import GENERATED  # noqa: PLC0415 - as above

    read = read_users(session, file, form)
    wanted = {asked.user.name: asked.user for asked in read.users}
    makes = generate or any(user.password == GENERATED for user in wanted.values())
    sheet = session.output.sheet(
        (
            Field("username", "user"),
            Field("is_admin", "admin"),
            *RESULTS,
            *((Field("password"),) if makes else ()),
        ),
        name="username",
    )
    if makes and session.output.only_names:
        raise InvalidRequest(
            "-q would hide the generated passwords.",
            hint="Use --fields username,password to see just them.",
        )
    retry = FailedRows(Path(failed) if failed else None, read.form)
    retry.check()
    existing = _existing(session.store, wanted)
    passwords = _passwords(read, existing, generate=generate)
    if not update_admins:
        _warn_of_others(session, wanted, existing, read.name)

    def change(row: Row) -> dict[str, Any]:
        user = wanted[row["username"]]
        if found := existing.get(user.name):
            return _updated(session, user, found, update=update_admins, dry_run=dry_run)
        return _created(session.store, user, *passwords[user.name], dry_run=dry_run)

    rows = [
        {"username": name, "is_admin": _flag(user, existing.get(name))}
        for name, user in wanted.items()
    ]
    batch = Batch(rows, change, dry_run=dry_run)
    try:
        with progress() as report:
            batch.run(threads=_threads(session), tell=lambda done, of: report("Users", done, of))
    finally:
        try:
            batch.show(sheet)
        finally:
            if not dry_run:
                retry.write([wanted[row["username"]] for row in batch.undone])
    batch.raise_failures()


def _existing(store: AuthStore, wanted: dict[str, WantedUser]) -> dict[str, User]:
    try:
        return {user.username: user for user in store.list_users() if user.username in wanted}
    except InvalidRequest:  # MLflow before 3.10 lists no users
        return {name: user for name in wanted if (user := find_user(store, name))}


def _passwords(
    read: UserFile, existing: dict[str, User], *, generate: bool
) -> dict[str, tuple[str | None, bool]]:
    """The password of each new user, and whether it was made up; InvalidRequest for bad rows.

    A service account has none.
    """
    from authctl.manifest.accounts import GENERATED, From, read_password  # noqa: PLC0415 - start-up
    from authctl.manifest.user_list import refuse  # noqa: PLC0415 - as above

    passwords: dict[str, tuple[str | None, bool]] = {}
    problems = []
    for asked in read.users:
        if asked.user.name in existing:
            continue
        source = asked.user.password
        made = source == GENERATED or (generate and source.kind is From.NOWHERE)
        try:
            _checked(asked.user.name, asked.where)
            secret = read_password(GENERATED if made else source, where=asked.where)
        except InvalidRequest as error:
            problems.append(error.message)
            continue
        if secret is None and source.kind is not From.NONE:
            problems.append(f"{asked.where}: there is no password, and no --generate to make one.")
        else:
            passwords[asked.user.name] = (secret, made)
    refuse(problems, read.name)
    return passwords


def _checked(username: str, where: str) -> None:
    try:
        checked_username(username)
    except InvalidRequest as error:
        raise InvalidRequest(f"{where}: {error.message}") from error


def _warn_of_others(
    session: Session, wanted: dict[str, WantedUser], existing: dict[str, User], name: str
) -> None:
    others = [user.username for user in existing.values() if _differs(wanted[user.username], user)]
    if others:
        told = ", ".join(others[:_MOST_TOLD]) + (", ..." if len(others) > _MOST_TOLD else "")
        session.output.warn(
            f"{name} differs on who is an admin ({told}); --update-admins makes it so."
        )


def _differs(user: WantedUser, found: User) -> bool:
    return user.is_admin not in (None, found.is_admin)


def _flag(user: WantedUser, found: User | None) -> bool:
    return found.is_admin if found else bool(user.is_admin)


def _created(
    store: AuthStore, user: WantedUser, password: str | None, made: bool, *, dry_run: bool
) -> dict[str, Any]:
    if dry_run:
        return result("created", changed=True, dry_run=True)
    shown = {"password": password or ""} if made else {}
    try:
        store.create_user(user.name, password)
    except AlreadyExists:
        if find_user(store, user.name) is None:  # a name that the database takes for another
            raise
        return unchanged(dry_run=False)
    except AuthctlError as error:
        # Whether it was done is not known then; an account whose password nobody has is of no use.
        if type(error) in (AuthctlError, Unavailable):
            raise Failed(error, shown) from error
        raise
    if user.is_admin:
        _promote(store, user.name, shown)
    return {**shown, **result("created", changed=True, dry_run=False)}


def _promote(store: AuthStore, username: str, shown: dict[str, str]) -> None:
    try:
        store.set_admin(username, True)
    except AuthctlError as error:
        half = type(error)(f"created, but not made an admin: {error.message}", hint=error.hint)
        raise Failed(half, {**shown, "is_admin": False, "changed": True}) from error


def _updated(
    session: Session, user: WantedUser, found: User, *, update: bool, dry_run: bool
) -> dict[str, Any]:
    if not update or not _differs(user, found):
        return unchanged(dry_run=dry_run)
    wanted = bool(user.is_admin)
    if not wanted:
        refuse_lockout(session, found, "demote")
    if not dry_run:
        session.store.set_admin(user.name, wanted)
    word = "promoted" if wanted else "demoted"
    return {"is_admin": wanted, **result(word, changed=True, dry_run=dry_run)}


def _threads(session: Session) -> int:
    cores = os.cpu_count() or 1
    return min(_THREADS, cores) if session.location.mode is Mode.DIRECT else _THREADS
