"""All that an error tells, with whatever lies beneath it."""

from __future__ import annotations

from authctl.errors import AuthctlError


def told(error: BaseException | None) -> str:
    """Every text that a traceback would show, which is where a secret must not stand."""
    texts: list[str] = []
    while error is not None:
        texts += [str(error), str(error.hint) if isinstance(error, AuthctlError) else ""]
        beneath = None if error.__suppress_context__ else error.__context__
        error = error.__cause__ or beneath
    return " ".join(texts)
