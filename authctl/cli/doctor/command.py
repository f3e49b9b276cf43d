"""authctl doctor: what is wrong with the set-up, with a remedy each."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Option

from authctl.cli.batch import THE_ANSWER_IS_NO
from authctl.cli.command import command
from authctl.cli.field import Field
from authctl.cli.session import Session

if TYPE_CHECKING:
    from collections.abc import Sequence

    from authctl.cli.doctor.examination import Section
    from authctl.cli.doctor.finding import Finding
    from authctl.cli.output import Sheet

app = typer.Typer()

_STYLES = {"error": "red", "warning": "yellow", "info": "cyan", "ok": "dim"}
_FIELDS = (
    Field("severity", style=lambda word: _STYLES.get(str(word), "")),
    Field("check"),
    Field("subject"),
    Field("message"),
    Field("remedy"),
)


@command(
    app,
    "doctor",
    examples="""
    authctl doctor
    authctl doctor --offline
    authctl doctor --db sqlite:///basic_auth.db
    authctl doctor --timeout 3 -o json""",
)
def doctor(
    session: Session,
    *,
    offline: Annotated[
        bool, Option("--offline", help="Look at this machine only; send nothing.")
    ] = False,
) -> None:
    """Look at the whole set-up, and say what is wrong.

    Settings and their files, credentials, the way to the server and what it is,
    the auth database, and what is installed: each finding with what mends it.
    Nothing is changed. Exit 8 if there is an error or a warning; -q names the
    checks that gave one. --timeout is for each step, 10 seconds if left out.

    On a server of this machine, or as an admin of another, it tries once whether
    'admin' has the password that MLflow came with.
    """
    from authctl.cli.doctor.examination import SECONDS, sections  # noqa: PLC0415 - loads httpx

    sheet = session.output.sheet(_FIELDS, name="check")
    timeout = session.options.timeout
    with Session(replace(session.options, timeout=timeout or SECONDS, retries=0)) as asking:
        found = _show(sections(asking, timeout=timeout, offline=offline), sheet)
    if any(finding.severity.fails for finding in found):
        raise typer.Exit(THE_ANSWER_IS_NO)


def _show(sections: Sequence[Section], sheet: Sheet) -> list[Finding]:
    """Show findings, on a terminal each as soon as it is made; all of them."""
    from authctl.cli.doctor.report import Report  # noqa: PLC0415 - as above

    found: list[Finding] = []
    if sheet.form == "table" and not sheet.chosen:
        report = Report(sheet.stdout, color=sheet.color)
        for title, findings in sections:
            found += report.section(title, findings)
        report.total(found)
        return found
    found = [each for _, findings in sections for each in findings]
    told = [each for each in found if sheet.form != "names" or each.severity.fails]
    sheet.show([asdict(each) for each in told])
    return found
