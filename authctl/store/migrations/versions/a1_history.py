"""Bring authctl_history: what authctl did to the database as a whole."""

from __future__ import annotations

from alembic import op

from authctl.store.history import TABLE

revision = "authctl_a1"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; MySQL may have kept it from an attempt that was cut off."""
    TABLE.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    """Take the table away."""
    TABLE.drop(op.get_bind(), checkfirst=True)
