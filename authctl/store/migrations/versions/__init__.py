"""One file a revision of authctl's own tables."""
