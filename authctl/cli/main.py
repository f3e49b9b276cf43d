"""The command tree, and the one place where errors become words and exit codes."""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

from authctl import __version__
from authctl.cli.command import Later, group, spread
from authctl.cli.options import SharedOptions
from authctl.cli.suggest import did_you_mean
from authctl.cli.visible import visible
from authctl.errors import AuthctlError, InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Sequence

INTERRUPTED = 130
TERMINATED = 143

# Each command or group, the module that has it, and the first line of its help.
_COMMANDS = {
    "login": ("login.commands", "Check a login with the server, and save it."),
    "logout": ("login.commands", "Remove the login that authctl login has saved."),
    "whoami": ("whoami", "Show where commands go, and as whom."),
    "context": ("context.commands", "Name servers and databases, and choose among them."),
    "user": ("user.commands", "Create, list and delete users, and set their passwords."),
    "admin": ("user.admins", "List admins, promote and demote them."),
    "perm": ("perm.commands", "Grant, revoke, list and check permissions."),
    "role": ("role.commands", "Make roles, say what they allow, and assign them to users."),
    "token": ("token.commands", "Make tokens for programs, list and revoke them (authctl serve)."),
    "doctor": ("doctor.command", "Look at the whole set-up, and say what is wrong."),
    "export": ("manifest.commands", "Write all users, roles and grants as a manifest."),
    "plan": ("manifest.commands", "Show what would have to change to be as a manifest says."),
    "apply": ("manifest.commands", "Make users, roles and grants as a manifest says."),
    "db": ("db.commands", "Work on the auth database itself (with --db or --auth-config)."),
    "serve": ("serve", "Serve MLflow with authentication."),
    "completion": ("completion.command", "Print the script that makes a shell complete authctl."),
    "help": ("help.command", "Show the help of a command, or a topic."),
}

# Click's class, or Typer's own copy of it: newer releases of Typer bring Click along.
_UsageError: Any = typer.BadParameter.__base__


def tree() -> Any:
    """Build the command tree; what is below a command is imported when it is asked for."""
    app = group(
        "Administer and serve MLflow with users, admins and permissions.", examples=_EXAMPLES
    )
    app.callback()(_root)
    root: Any = typer.main.get_command(app)
    root.commands = Later(_COMMANDS)
    return root


def run(arguments: Sequence[str]) -> int:
    """Run one command line and give its exit code."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        try:
            code = _outcome(list(arguments))
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        _drop_stdout()  # whoever read has read enough
        return 0
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return INTERRUPTED
    except OSError as error:
        _drop_stdout()
        return _report(
            AuthctlError(f"Reading or writing failed: {error.strerror}."), list(arguments)
        )
    return code


def _outcome(arguments: list[str]) -> int:
    try:
        root = tree()
        with root.make_context("authctl", arguments) as context:
            root.invoke(context)
    except typer.Exit as stop:
        return stop.exit_code
    except (OSError, KeyboardInterrupt):
        raise
    except AuthctlError as error:
        return _report(error, arguments)
    except _UsageError as error:
        return _report(_usage(error), arguments)
    except Exception as error:  # noqa: BLE001 - the outermost place: nothing may end in a traceback
        if "--debug" in arguments:
            # Frames only: the text of a foreign exception may quote a secret.
            sys.stderr.writelines(traceback.format_tb(error.__traceback__))
        return _report(
            AuthctlError(
                f"Something unexpected failed ({type(error).__name__}).",
                hint="--debug shows where. Please report it.",
            ),
            arguments,
        )
    return 0


def _report(error: AuthctlError, arguments: list[str]) -> int:
    if _wants_json(arguments):
        twin = {
            "error_code": error.error_code,
            "message": error.message,
            "hint": error.hint,
            "exit_code": error.exit_code,
        }
        sys.stderr.write(json.dumps(twin) + "\n")
    else:
        red, plain = ("\x1b[1;31m", "\x1b[0m") if _colored(arguments) else ("", "")
        sys.stderr.write(f"{red}error:{plain} {visible(error.message)}\n")
        if error.hint:
            sys.stderr.write(f"hint: {visible(error.hint)}\n")
    return error.exit_code


def _usage(error: Any) -> AuthctlError:
    context = error.ctx
    help_line = f"{context.command_path if context else 'authctl'} --help shows how."
    if (option := getattr(error, "option_name", None)) and hasattr(error, "possibilities"):
        return InvalidRequest(
            f"There is no option '{option}'.",
            hint=did_you_mean(option, error.possibilities or ()) or help_line,
        )
    return InvalidRequest(error.format_message(), hint=help_line)


def _wants_json(arguments: list[str]) -> bool:
    # Asked of the arguments themselves, since what failed may be their parsing.
    return any(
        word in {f"--output={form}", f"-o{form}"} or (word == form and before in {"-o", "--output"})
        for before, word in zip(["", *arguments], arguments, strict=False)
        for form in ("json", "jsonl")
    )


def _colored(arguments: list[str]) -> bool:
    joined = " ".join(arguments)
    if "--color never" in joined or "--color=never" in joined or os.environ.get("NO_COLOR"):
        return False
    return sys.stderr.isatty()


def _drop_stdout() -> None:
    # The interpreter's last flush must not complain again.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _terminate(_number: int, _frame: object) -> NoReturn:
    sys.exit(TERMINATED)


def _print_version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"authctl {__version__}\n")
        raise typer.Exit


@spread
def _root(
    context: typer.Context,
    shared: SharedOptions,
    *,
    _version: Annotated[
        bool,
        typer.Option("--version", help="Show the version.", is_eager=True, callback=_print_version),
    ] = False,
) -> None:
    context.obj = shared


_EXAMPLES = """\
authctl serve
authctl user create alice
authctl perm grant alice --experiment fraud --level EDIT
authctl user list -o json
authctl --db sqlite:///basic_auth.db admin list"""
