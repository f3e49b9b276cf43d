"""authctl db upgrade: the safe way to the tables of MLflow 3.13, and back for lost denials."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from authctl.cli.batch import RESULT, result, unchanged
from authctl.cli.command import command
from authctl.cli.field import Field
from authctl.cli.location import without_password
from authctl.cli.options import DryRun, Yes
from authctl.cli.progress import progress
from authctl.cli.session import Session
from authctl.cli.suggest import did_you_mean
from authctl.errors import InvalidRequest
from authctl.model import Generation, Permission

if TYPE_CHECKING:
    from authctl.store.sql import SqlStore
    from authctl.store.upkeep.upgrade import Upgraded

app = typer.Typer()

_RESTORE, _FORGET = "restore", "forget"
_DIFFERENCE = (Field("username", "user"), Field("resource"), Field("before"), Field("after"))


@command(
    app,
    "upgrade",
    examples="""
    authctl db upgrade --dry-run --db sqlite:///basic_auth.db
    authctl db upgrade --auth-config basic_auth.ini --yes
    authctl db upgrade --tracking-db sqlite:///mlflow.db --backup before-3.13.db
    authctl db upgrade --denials restore""",
)
def upgrade(
    session: Session,
    *,
    backup: Annotated[
        str | None,
        typer.Option("--backup", metavar="FILE", help="Where the backup goes that is made before."),
    ] = None,
    no_backup: Annotated[bool, typer.Option("--no-backup", help="Make no backup.")] = False,
    tracking_db: Annotated[
        str | None,
        typer.Option(
            "--tracking-db",
            metavar="URL",
            help="MLflow's own database, to tell prompts from models; without it each grant on a"
            " model becomes one on the prompt of that name too.",
        ),
    ] = None,
    without_workspaces: Annotated[
        bool,
        typer.Option("--without-workspaces", help="Leave behind what users may do in workspaces."),
    ] = False,
    denials: Annotated[
        str | None,
        typer.Option(
            "--denials",
            metavar="WHAT",
            help="restore or forget the denials that MLflow's own upgrade dropped.",
        ),
    ] = None,
    yes: Yes = False,
    dry_run: DryRun = False,
) -> None:
    """Upgrade for MLflow 3.13 and later, and prove that no level changes.

    MLflow's own upgrade drops every NO_PERMISSIONS; this keeps them. Stop the
    servers that use the database first. --dry-run upgrades a copy.
    """
    if denials is not None:
        if backup is not None or no_backup or tracking_db is not None or without_workspaces:
            raise InvalidRequest("--denials goes with --yes and --dry-run only.")
        _settle_denials(session, denials, yes=yes, dry_run=dry_run)
        return
    sheet = session.output.sheet(
        (
            Field("database"),
            Field("before", "from"),
            Field("after", "to"),
            Field("users"),
            Field("grants"),
            Field("compared", "levels compared"),
            Field("backup"),
            *RESULT,
        ),
        name="database",
    )
    if backup is not None and no_backup:
        raise InvalidRequest("--backup and --no-backup cannot both be given.")
    store = session.database
    prompts = _prompts_in(tracking_db) if tracking_db else None
    row: dict[str, Any] = {"database": without_password(session.location.url)}
    if store.generation is Generation.ROLES:
        here = store.schema.revision
        sheet.show_one({**row, "before": here, "after": here, **unchanged(dry_run=dry_run)})
        _warn_if_lost(session, store)
        return
    if not (yes or dry_run):
        session.prompts.confirm(
            f"Upgrade {row['database']}, with every MLflow server that uses it stopped?",
            option="--yes",
        )
    if not (no_backup or dry_run):
        row["backup"] = _back_up(session, store, backup)
        session.output.note(f"The backup is in {row['backup']}.")
    done = _upgrade(session, store, prompts, leave=without_workspaces, rehearse=dry_run)
    row |= asdict(done)
    if not dry_run:
        session.output.note("It is one of MLflow 3.13 and later now: start no older one on it.")
    sheet.show_one({**row, **result("upgraded", changed=True, dry_run=dry_run)})


def warn_of_lost(session: Session, count: int) -> None:
    """Say that denials were lost, and what to do."""
    session.output.warn(
        f"{count} denials were dropped when MLflow upgraded this database: authctl db check lists"
        " them, authctl db upgrade --denials restore puts them back."
    )


def _warn_if_lost(session: Session, store: SqlStore) -> None:
    from authctl.store.upkeep.denials import lost_denials  # noqa: PLC0415 - keeps start-up fast

    lost = store.database.read(lambda connection: lost_denials(connection, store.schema))
    if lost:
        warn_of_lost(session, len(lost))


def _back_up(session: Session, store: SqlStore, file: str | None) -> str:
    """Copy the database, to a new file beside it if none is named; of a server's, to here."""
    from authctl.store.sql_engine import database_file  # noqa: PLC0415 - keeps start-up fast
    from authctl.store.upkeep.backup import backup  # noqa: PLC0415 - as above

    if file is None:
        lies_in = database_file(session.location.url)
        now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        name = f"{lies_in.name if lies_in else 'authctl'}.{store.schema.revision}.{now}"
        file = str(lies_in.with_name(name) if lies_in else f"{name}.jsonl")
    return str(backup(store.database, store.schema, Path(file)).path)


def _upgrade(
    session: Session,
    store: SqlStore,
    prompts: frozenset[str] | None,
    *,
    leave: bool,
    rehearse: bool,
) -> Upgraded:
    """Upgrade, or show every level that would differ."""
    from authctl.store.upkeep import proof, rehearsal, upgrade  # noqa: PLC0415 - start-up

    change = rehearsal.rehearse if rehearse else upgrade.upgrade
    try:
        with progress() as report:
            return change(
                store.database,
                store.schema,
                store.resolve,
                prompts=prompts,
                without_workspaces=leave,
                progress=report,
            )
    except proof.LevelsDiffer as error:
        session.output.sheet(_DIFFERENCE, name="username").show(
            [
                {
                    "username": found.username,
                    "resource": found.named,
                    "before": str(found.before),
                    "after": str(found.after),
                }
                for found in error.differences
            ]
        )
        raise


def _prompts_in(url: str) -> frozenset[str] | None:
    """The prompts that MLflow's own database names. InvalidRequest for any other."""
    from authctl.store.sql_engine import connect  # noqa: PLC0415 - keeps start-up fast
    from authctl.store.upkeep.carry import known_prompts  # noqa: PLC0415 - as above

    database = connect(url)
    try:
        found = database.read(known_prompts)
    finally:
        database.close()
    if found is None:
        raise InvalidRequest(
            "The database of --tracking-db has no registered models.",
            hint="Name the one of mlflow server's --backend-store-uri.",
        )
    return found


def _settle_denials(session: Session, what: str, *, yes: bool, dry_run: bool) -> None:
    """Put back what MLflow's own upgrade dropped, or write down that it is not wanted."""
    from authctl.store.upkeep import denials  # noqa: PLC0415 - keeps start-up fast

    if what not in (_RESTORE, _FORGET):
        raise InvalidRequest(
            f"--denials cannot be '{what}'.",
            hint=did_you_mean(what, (_RESTORE, _FORGET)) or f"It is {_RESTORE} or {_FORGET}.",
        )
    sheet = session.output.sheet(
        (Field("username", "user"), Field("resource"), Field("level"), *RESULT), name="username"
    )
    store = session.database
    lost = store.database.read(lambda connection: denials.lost_denials(connection, store.schema))
    if lost and not (yes or dry_run):
        session.prompts.confirm(f"{what.capitalize()} {len(lost)} denials?", option="--yes")
    levels: dict[denials.Denial, str] = {}
    if lost and not dry_run:
        if what == _FORGET:
            lost = denials.forget(store.database, store.schema)
        else:
            done = denials.put_back(store.database, store.schema, store.resolve)
            levels = {found.denial: str(found.level) for found in done}
            lost = list(levels)
    word = "restored" if what == _RESTORE else "forgotten"
    sheet.show(
        [
            {
                "username": found.user.username,
                "resource": str(found.resource),
                "level": levels.get(found),
                **result(word, changed=True, dry_run=dry_run),
            }
            for found in lost
        ]
    )
    outweighed = sum(not Permission(level).denies for level in levels.values())
    if outweighed:
        session.output.warn(
            f"{outweighed} of them do not count, since roles give their users more: take those"
            " roles from them."
        )
