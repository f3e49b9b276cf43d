"""authctl completion: the script that makes a shell complete authctl."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from authctl.cli.command import command
from authctl.cli.completion.kinds import SHELLS
from authctl.cli.completion.scripts import script
from authctl.cli.suggest import did_you_mean
from authctl.errors import InvalidRequest

app = typer.Typer()


@command(
    app,
    "completion",
    examples="""
    authctl completion bash
    authctl completion zsh
    authctl completion fish""",
)
def completion(
    shell: Annotated[str, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")],
) -> None:
    """Print the script that makes a shell complete authctl.

    To try it:
      bash   source <(authctl completion bash)
      zsh    source <(authctl completion zsh)      after compinit
      fish   authctl completion fish | source

    To keep it, write it where the shell looks for it:
      bash   ~/.local/share/bash-completion/completions/authctl
      zsh    ~/.zfunc/_authctl      after fpath=(~/.zfunc $fpath) in ~/.zshrc
      fish   ~/.config/fish/completions/authctl.fish

    Usernames, roles, experiments, models and prompts are asked for when TAB is
    pressed, and remembered for a minute in ~/.cache/authctl.
    """
    from authctl.cli.main import tree  # noqa: PLC0415 - it is what imports this module

    if shell not in SHELLS:
        raise InvalidRequest(
            f"There is no script for the shell '{shell}'.",
            hint=did_you_mean(shell, SHELLS) or f"There is one for {', '.join(SHELLS)}.",
        )
    sys.stdout.write(script(shell, tree()))
