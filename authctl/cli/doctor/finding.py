"""What one look at the set-up found, and how bad it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """Errors and warnings have a remedy; info is good to know, ok is as it should be."""

    OK = "ok"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"

    @property
    def fails(self) -> bool:
        """Whether something is to be done."""
        return self in (Severity.WARNING, Severity.ERROR)


@dataclass(frozen=True, slots=True)
class Finding:
    """The check that was made, whom or what it is about, what it found, and the remedy."""

    severity: Severity
    check: str
    subject: str
    message: str
    remedy: str | None = None


def ok(check: str, subject: str, message: str) -> Finding:
    """Something that is as it should be."""
    return Finding(Severity.OK, check, subject, message)


def info(check: str, subject: str, message: str, remedy: str | None = None) -> Finding:
    """Something that is good to know."""
    return Finding(Severity.INFO, check, subject, message, remedy)


def warning(check: str, subject: str, message: str, remedy: str | None = None) -> Finding:
    """Something that may go wrong, or that may not be what was meant."""
    return Finding(Severity.WARNING, check, subject, message, remedy)


def error(check: str, subject: str, message: str, remedy: str | None = None) -> Finding:
    """Something that does not work, or that lets somebody do what they should not."""
    return Finding(Severity.ERROR, check, subject, message, remedy)
