"""The tables that authctl adds to an auth database: they come and go with alembic.

Their version has a table of its own, so that neither they nor MLflow's tables stand in each
other's way.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy
from sqlalchemy import MetaData, select

from authctl.store.history import TABLE as HISTORY
from authctl.store.tables import version_table
from authctl.store.token_rows import TABLE as TOKENS

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Connection

VERSION_TABLE = "authctl_version"
TABLES = (HISTORY, TOKENS)
"""Those of them whose rows a backup keeps; the others hold nothing that outlives the moment."""

_MIGRATIONS = Path(__file__).with_name("migrations")


def install(connection: Connection) -> None:
    """Bring authctl's own tables to their newest form; harmless where they are.

    They refer to users, so MLflow's tables must be there.
    On MySQL, where tables are made outside of transactions, it ends the one it is called in.
    """
    from alembic import command  # noqa: PLC0415 - slow to import, and hardly ever needed

    command.upgrade(_config(connection), "head")


def remove(connection: Connection) -> bool:
    """Take authctl's own tables away, and all that is in them; True if there were any."""
    from alembic import command  # noqa: PLC0415 - as above

    if version(connection) is None:
        return False
    command.downgrade(_config(connection), "base")
    version_table(MetaData(), VERSION_TABLE).drop(connection)
    return True


def version(connection: Connection) -> str | None:
    """Which form authctl's own tables have; None where there are none."""
    if not sqlalchemy.inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.scalar(select(version_table(MetaData(), VERSION_TABLE).c[0])) or "none"


def _config(connection: Connection) -> Config:
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config(attributes={"connection": connection, "version_table": VERSION_TABLE})
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    return config
