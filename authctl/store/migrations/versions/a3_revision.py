"""Bring authctl_revision: a row by which a server tells that nothing has changed."""

from __future__ import annotations

from alembic import op

from authctl.store import revision as row

revision = "authctl_a3"
down_revision = "authctl_a2"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table, which no trigger writes to before a server asks for that."""
    row.create(op.get_bind())


def downgrade() -> None:
    """Take the triggers away, and then what they write to."""
    row.unwatch(op.get_bind())
    row.TABLE.drop(op.get_bind(), checkfirst=True)
