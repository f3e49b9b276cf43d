"""Work on an auth database as a whole: its state, its way up, its backups, its troubles."""
