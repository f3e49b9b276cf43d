"""Bring authctl_tokens: service tokens, which go with their users."""

from __future__ import annotations

from alembic import op

from authctl.store.token_rows import TABLE

revision = "authctl_a2"
down_revision = "authctl_a1"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table; MySQL may have kept it from an attempt that was cut off."""
    TABLE.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    """Take the table away."""
    TABLE.drop(op.get_bind(), checkfirst=True)
