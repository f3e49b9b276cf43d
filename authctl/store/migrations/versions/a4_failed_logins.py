"""Bring authctl_failed_logins and authctl_known_places: wrong passwords, and where right ones were.

Nothing of them is worth keeping, so they may go and come back empty.
"""

from __future__ import annotations

from alembic import op

from authctl.store.failed_login_rows import TABLES

revision = "authctl_a4"
down_revision = "authctl_a3"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; MySQL may have kept them from an attempt that was cut off."""
    for table in TABLES:
        table.create(op.get_bind(), checkfirst=True)


def downgrade() -> None:
    """Take the tables away."""
    for table in TABLES:
        table.drop(op.get_bind(), checkfirst=True)
