"""An upgrade tried on a copy, so that the database itself is not touched."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from authctl.store.schema import inspect
from authctl.store.sql_engine import connect
from authctl.store.upkeep.backup import backup
from authctl.store.upkeep.carry import known_prompts
from authctl.store.upkeep.restore import restore
from authctl.store.upkeep.upgrade import upgrade

if TYPE_CHECKING:
    from authctl.store.base import Resolve
    from authctl.store.schema import Schema
    from authctl.store.sql_engine import Database
    from authctl.store.upkeep.upgrade import Progress, Upgraded


def rehearse(
    database: Database,
    schema: Schema,
    resolve: Resolve,
    *,
    prompts: frozenset[str] | None,
    without_workspaces: bool,
    progress: Progress,
) -> Upgraded:
    """Do and raise what `upgrade` would, on an SQLite copy that only its owner can read."""
    if prompts is None:
        prompts = database.read(known_prompts)
    with tempfile.TemporaryDirectory(prefix="authctl-") as folder:
        copied = backup(database, schema, Path(folder) / "backup").path
        copy = connect(f"sqlite:///{Path(folder) / 'copy.db'}", create=True)
        try:
            restore(copy, copied)
            return upgrade(
                copy,
                copy.read(inspect),
                resolve,
                prompts=prompts,
                without_workspaces=without_workspaces,
                progress=progress,
            )
        finally:
            copy.close()
