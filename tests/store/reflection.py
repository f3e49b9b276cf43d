"""Which of MLflow's tables a database has, told such that two databases can be compared."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy

from tests.store.databases import execute, with_driver


def statements(url: str) -> list[str]:
    """The statements that made them in SQLite; white space and quotes mean nothing."""
    rows = execute(
        url,
        "SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND tbl_name NOT LIKE 'authctl_%'",
    )
    return sorted(re.sub(r'[\s"]+', " ", str(row[0])).replace("( ", "(") for row in rows)


def reflected(url: str) -> dict[str, Any]:
    """What a database server tells of every table."""
    engine = sqlalchemy.create_engine(with_driver(url))
    inspector = sqlalchemy.inspect(engine)
    found = {
        name: {
            "columns": [{**c, "type": str(c["type"])} for c in inspector.get_columns(name)],
            "key": inspector.get_pk_constraint(name),
            "unique": sorted(inspector.get_unique_constraints(name), key=str),
            "foreign": sorted(inspector.get_foreign_keys(name), key=str),
            "indexes": sorted(inspector.get_indexes(name), key=str),
        }
        for name in sorted(inspector.get_table_names())
        if not name.startswith("authctl_")
    }
    engine.dispose()
    return found
