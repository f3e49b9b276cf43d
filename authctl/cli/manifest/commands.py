"""authctl export, plan and apply: all users, roles and grants as one file."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from authctl.cli.batch import RESULT, RESULTS, THE_ANSWER_IS_NO, result
from authctl.cli.command import command
from authctl.cli.field import Field
from authctl.cli.location import Mode
from authctl.cli.manifest.lines import (
    FIELDS,
    are_lines,
    line_of,
    row_of,
    show_changes,
    summary,
    tell,
    write_lines,
)
from authctl.cli.options import DryRun, Force, Yes
from authctl.cli.session import Session
from authctl.client.private_file import PrivateFile
from authctl.errors import InvalidRequest
from authctl.manifest.accounts import From
from authctl.manifest.plan import refuse_lockout, removals
from authctl.model import Generation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from authctl.cli.manifest.draft import Draft
    from authctl.cli.output import Sheet
    from authctl.manifest.change import Change

app = typer.Typer()

_MOST_THREADS = 32

_PLANNED = ("to add", "to change", "to remove")
_DONE = ("added", "changed", "removed")

ManifestFile = Annotated[
    str, typer.Option("--file", "-f", metavar="FILE", help="The manifest; - is standard input.")
]
Prune = Annotated[
    bool, typer.Option("--prune", help="Remove what the manifest does not name, too.")
]


@dataclass(frozen=True, slots=True)
class Limits:
    """How much `apply` may do, and how much at a time."""

    max_deletes: Annotated[
        int,
        typer.Option(
            "--max-deletes",
            metavar="N",
            min=0,
            help="Refuse to remove more things than this; 10 if left out.",
        ),
    ] = 10
    parallel: Annotated[
        int,
        typer.Option(
            "--parallel",
            metavar="N",
            min=1,
            max=_MOST_THREADS,
            help="How many requests a server gets at a time; 4 if left out.",
        ),
    ] = 4


@command(
    app,
    "export",
    examples="""
    authctl export
    authctl export --out access.toml
    authctl export --db sqlite:///basic_auth.db -o json""",
)
def export(
    session: Session,
    *,
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="FILE", help="Write into this file, not to stdout."),
    ] = None,
) -> None:
    """Write all users, roles and grants as a manifest.

    Passwords are not in it. A plan of it is empty until something changes.
    """
    from authctl.manifest.export import exported, left_out, to_toml  # noqa: PLC0415 - start-up
    from authctl.manifest.state import State, can_be_said  # noqa: PLC0415 - as above

    sheet = session.output.sheet(
        (Field("file"), Field("users"), Field("roles"), Field("grants"), *RESULT), name="file"
    )
    if out is None:
        _refuse_other_forms(session)
    state = State.of(session.store.survey())
    document = exported(state)
    text = to_toml(document)
    for told in left_out(state):
        session.output.warn(told)
    if session.location.mode is Mode.REMOTE and session.store.generation is Generation.LEGACY:
        session.output.warn("this server lists no grants but on experiments and models: use --db.")
    if out is None:
        sys.stdout.write(text if session.options.output is None else json.dumps(document) + "\n")
        return
    changed = PrivateFile(Path(out), "The manifest").change(lambda _: text)
    grants = sum(can_be_said(on, level) for (_, on), level in state.grants.items())
    counts = {"users": len(state.users), "roles": len(state.roles or ()), "grants": grants}
    word = result("written" if changed else "unchanged", changed=changed, dry_run=False)
    sheet.show_one({"file": out, **counts, **word})


@command(
    app,
    "plan",
    examples="""
    authctl plan -f access.toml
    authctl plan -f access.toml --prune --exit-code
    authctl plan -f access.toml --out access.plan
    authctl plan -f access.toml -o json""",
)
def plan(
    session: Session,
    *,
    file: ManifestFile,
    prune: Prune = False,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit 8 if there is anything to change.")
    ] = False,
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="PLAN", help="Save the plan, for authctl apply PLAN."),
    ] = None,
) -> None:
    """Show what would have to change to be as a manifest says.

    Nothing is changed.
    """
    from authctl.cli.manifest.draft import draft, place  # noqa: PLC0415 - keeps start-up fast
    from authctl.manifest.saved import SavedPlan  # noqa: PLC0415 - as above

    sheet = session.output.sheet(FIELDS, name="name")
    drafted = draft(session, file, prune=prune)
    changes = drafted.changes
    if out is not None:
        text = SavedPlan(place(session), drafted.digest, tuple(changes)).to_text()
        PrivateFile(Path(out), "The plan").change(lambda _: text)
    show_changes(sheet, session.options, changes, [row_of(change) for change in changes])
    tell(summary(changes, _PLANNED, "Plan") if changes else "No changes.")
    if exit_code and changes:
        raise typer.Exit(THE_ANSWER_IS_NO)


@command(
    app,
    "apply",
    examples="""
    authctl apply -f access.toml
    authctl apply -f access.toml --dry-run
    authctl apply -f access.toml --prune --max-deletes 25 --yes
    authctl apply access.plan""",
)
def apply(
    session: Session,
    saved: Annotated[
        str | None, typer.Argument(metavar="[PLAN]", help="A plan that authctl plan saved.")
    ] = None,
    *,
    file: Annotated[
        str | None,
        typer.Option("--file", "-f", metavar="FILE", help="The manifest; - is standard input."),
    ] = None,
    prune: Prune = False,
    limits: Limits,
    yes: Yes = False,
    force: Force = False,
    dry_run: DryRun = False,
) -> None:
    """Make users, roles and grants as a manifest says.

    Or carry out a plan that authctl plan saved, if nothing it rests on has moved.
    In an auth database everything is done or nothing. Through a server, what
    fails does not stop the rest, and doing it again does what is left.
    """
    from authctl.cli.manifest.applying import (  # noqa: PLC0415 - keeps start-up fast
        Options,
        Outcomes,
        carry_out,
        planned,
        read_passwords,
    )

    drafted = _drafted(session, saved, file, prune=prune)
    changes = drafted.changes
    sheet = _results(session, changes)
    if not force:
        refuse_lockout(drafted.state, changes, session.caller)
    _refuse_many(removals(changes), limits.max_deletes)
    if not changes or dry_run:
        show_changes(sheet, session.options, changes, planned(changes))
        tell(summary(changes, _PLANNED, "Plan") if changes else "No changes.")
        return
    outcomes = Outcomes(read_passwords(changes))
    seen = not (yes or saved) and _confirm(session, sheet, drafted)
    try:
        carry_out(session, drafted, outcomes, Options(force, limits.parallel))
    finally:
        # Whoever has just read the lines and said yes is told what is new in them.
        news = seen and are_lines(sheet, session.options)
        rows = {
            number: row
            for number, row in sorted(outcomes.rows.items())
            if not news or row["error"] or row["password"]
        }
        made = [changes[number] for number in rows]
        show_changes(sheet, session.options, made, list(rows.values()))
        done = outcomes.rows.keys() - outcomes.failures.keys()
        if outcomes.rows:
            tell(summary([changes[number] for number in done], _DONE, "Applied"))


def _drafted(session: Session, saved: str | None, file: str | None, *, prune: bool) -> Draft:
    from authctl.cli.manifest.draft import draft, saved_draft  # noqa: PLC0415 - as above

    if file is not None and saved is None:
        return draft(session, file, prune=prune)
    if saved is None or file is not None:
        raise InvalidRequest(
            "Say what to apply: a manifest, or a saved plan.",
            hint="authctl apply -f access.toml, or authctl apply PLAN",
        )
    if prune:
        raise InvalidRequest(
            "A saved plan says itself what it removes.", hint="Give --prune to authctl plan."
        )
    return saved_draft(session, saved)


def _refuse_many(count: int, allowed: int) -> None:
    if count > allowed:
        raise InvalidRequest(
            f"This would remove {count} things, and --max-deletes allows {allowed}.",
            hint=f"Look at them with authctl plan; if all are meant, add --max-deletes {count}.",
        )


def _results(session: Session, changes: Sequence[Change]) -> Sheet:
    """Prepare to show results, with a field for generated passwords if there will be any."""
    if not any(change.password.kind is From.GENERATE for change in changes):
        return session.output.sheet((*FIELDS, *RESULTS), name="name")
    sheet = session.output.sheet((*FIELDS, *RESULTS, Field("password")), name="name")
    if sheet.form == "names" or "password" not in [field.key for field in sheet.fields]:
        option = "-q" if sheet.form == "names" else "--fields"
        raise InvalidRequest(
            f"{option} would hide the generated passwords.",
            hint="Use --fields username,password to see just them.",
        )
    return sheet


def _confirm(session: Session, sheet: Sheet, drafted: Draft) -> bool:
    """Ask whoever is there, and say whether anybody is; else only removals need a --yes."""
    changes = drafted.changes
    if session.prompts.possible:
        lines = [line_of(change) for change in changes]
        write_lines(lines, sys.stderr, color=sheet.color, aligned=True)
        tell(summary(changes, _PLANNED, "Plan"))
    if session.prompts.possible or removals(changes):
        session.prompts.confirm("Apply this?", option="--yes")
    return session.prompts.possible


def _refuse_other_forms(session: Session) -> None:
    options = session.options
    if options.output not in (None, "json") or options.fields or options.quiet:
        raise InvalidRequest(
            "A manifest is written as TOML, or with -o json as JSON.",
            hint="Leave out -o, --fields and -q.",
        )
