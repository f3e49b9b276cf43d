"""The options that many commands share, each spelled once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

from typer import Argument, Option

if TYPE_CHECKING:
    from collections.abc import Mapping

_WHERE = "Connection options"
_HOW = "Output options"


@dataclass(frozen=True, slots=True)
class SharedOptions:
    """Where to and in which form: accepted before and after every command."""

    server: Annotated[
        str | None,
        Option("--server", metavar="URL", help="The MLflow server.", rich_help_panel=_WHERE),
    ] = None
    db: Annotated[
        str | None,
        Option(
            "--db",
            metavar="URL",
            help="The auth database itself, such as sqlite:///basic_auth.db.",
            rich_help_panel=_WHERE,
        ),
    ] = None
    auth_config: Annotated[
        str | None,
        Option(
            "--auth-config",
            metavar="FILE",
            help="MLflow's basic_auth.ini, which names the auth database.",
            rich_help_panel=_WHERE,
        ),
    ] = None
    context_name: Annotated[
        str | None,
        Option(
            "--context",
            metavar="NAME",
            help="Work in this context: see authctl context.",
            rich_help_panel=_WHERE,
        ),
    ] = None
    timeout: Annotated[
        float | None,
        Option(
            "--timeout",
            metavar="SECONDS",
            min=0.1,
            help="How long to wait for the server's answer.",
            rich_help_panel=_WHERE,
        ),
    ] = None
    retries: Annotated[
        int | None,
        Option(
            "--retries",
            metavar="N",
            min=0,
            help="How often to repeat a request that may be repeated.",
            rich_help_panel=_WHERE,
        ),
    ] = None
    ca_cert: Annotated[
        str | None,
        Option(
            "--ca-cert",
            metavar="FILE",
            help="Trust the certificates in this file.",
            rich_help_panel=_WHERE,
        ),
    ] = None
    client_cert: Annotated[
        str | None,
        Option(
            "--client-cert",
            metavar="FILE",
            help="Show this certificate, with its key, to the server.",
            rich_help_panel=_WHERE,
        ),
    ] = None
    insecure: Annotated[
        bool,
        Option(
            "--insecure",
            help="Do not check the server's certificate.",
            rich_help_panel=_WHERE,
        ),
    ] = False
    allow_http: Annotated[
        bool,
        Option(
            "--allow-http",
            help="Send credentials without TLS to another machine.",
            rich_help_panel=_WHERE,
        ),
    ] = False
    output: Annotated[
        str | None,
        Option(
            "--output",
            "-o",
            metavar="FORM",
            help="table, tsv, csv, json or jsonl. On a terminal the default is table; into a pipe"
            " it is tsv, a row a record and no heading.",
            rich_help_panel=_HOW,
        ),
    ] = None
    fields: Annotated[
        str | None,
        Option(
            "--fields",
            metavar="A,B",
            help="Only these fields, in this order, named as in the JSON.",
            rich_help_panel=_HOW,
        ),
    ] = None
    quiet: Annotated[
        bool,
        Option("--quiet", "-q", help="Only names, one a line.", rich_help_panel=_HOW),
    ] = False
    color: Annotated[
        str | None,
        Option(
            "--color",
            metavar="WHEN",
            help="auto, always or never; NO_COLOR is honoured.",
            rich_help_panel=_HOW,
        ),
    ] = None
    no_input: Annotated[
        bool,
        Option("--no-input", help="Never ask; fail instead.", rich_help_panel=_HOW),
    ] = False
    debug: Annotated[
        bool,
        Option(
            "--debug",
            help="Show HTTP requests, secrets masked, and where an error arose.",
            rich_help_panel=_HOW,
        ),
    ] = False

    def overlaid(self, given: Mapping[str, Any]) -> SharedOptions:
        """These options, with those given after the command in place of those given before."""
        return replace(self, **{k: v for k, v in given.items() if v is not None and v is not False})


UserName = Annotated[str, Argument(metavar="NAME", help="The account's name.")]
UserNames = Annotated[list[str], Argument(metavar="NAME...", help="One or more accounts.")]
Holders = Annotated[list[str], Argument(metavar="USER...", help="One or more users.")]
OneUser = Annotated[str, Argument(metavar="USER", help="The user.")]
DryRun = Annotated[
    bool, Option("--dry-run", "-n", help="Say what would change, and change nothing.")
]
NoGrantIsFine = Annotated[
    bool, Option("--ignore-missing", help="Let it pass if there is no such grant.")
]
Yes = Annotated[bool, Option("--yes", "-y", help="Do not ask for confirmation.")]
Force = Annotated[
    bool,
    Option("--force", help="Do it even to yourself or to the last admin."),
]
LevelName = Annotated[
    str,
    Option(
        "--level", metavar="LEVEL", help="READ, USE, EDIT or MANAGE; to shut out: NO_PERMISSIONS."
    ),
]
