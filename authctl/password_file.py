"""New passwords that nobody types: the one line of a file, or made up."""

from __future__ import annotations

import secrets
from pathlib import Path

from authctl.errors import InvalidRequest

_GENERATED_BYTES = 18  # 144 bits, 24 characters


def password_in(file: str | Path, what: str = "password") -> str:
    """Read the one line of a file with a password, or what it is. InvalidRequest without it."""
    try:
        content = Path(file).read_bytes()
    except OSError as error:
        raise InvalidRequest(f"The {what} file {file} cannot be read: {error.strerror}.") from error
    return one_line_of(content, str(file), what)


def one_line_of(content: bytes, source: str, what: str = "password") -> str:
    """Take bytes for a line of text. InvalidRequest, which names the source and quotes nothing."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        # Not "from error": its text quotes the bytes.
        raise InvalidRequest(f"The {what} in {source} is not UTF-8 text.") from None
    return text.removesuffix("\n").removesuffix("\r")


def generated_password() -> str:
    """Make a password up."""
    return secrets.token_urlsafe(_GENERATED_BYTES)
