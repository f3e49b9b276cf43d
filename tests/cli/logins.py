"""What tests of logging in share: whom a server takes everybody for, and where a login is kept."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.commands import Shell

ALICE = {"user": {"id": 2, "username": "alice", "is_admin": False}, "is_basic_auth": True}


def config(shell: Shell) -> Path:
    return shell.folder / ".config" / "authctl" / "config.toml"


def with_settings(shell: Shell, **settings: str) -> Shell:
    return replace(shell, settings=settings)
