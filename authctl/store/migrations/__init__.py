"""The migrations of authctl's own tables, which alembic runs."""
