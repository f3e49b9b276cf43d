"""What can go wrong, with MLflow's error code, an HTTP status and an exit code a class."""

from __future__ import annotations

from typing import ClassVar


class AuthctlError(Exception):
    """Something failed; `message` says what, `hint` what to do about it."""

    error_code: ClassVar[str] = "INTERNAL_ERROR"
    http_status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class InvalidRequest(AuthctlError):
    """What was asked cannot be right, whoever asks."""

    error_code = "INVALID_PARAMETER_VALUE"
    http_status = 400
    exit_code = 2


class Refused(InvalidRequest):
    """A change that would lock its administrators out, such as demoting the last one."""

    error_code = "BAD_REQUEST"


class NotFound(AuthctlError):
    """A user, grant, role or resource that does not exist."""

    error_code = "RESOURCE_DOES_NOT_EXIST"
    http_status = 404
    exit_code = 3


class NotAuthenticated(AuthctlError):
    """Nobody was proven to ask."""

    error_code = "UNAUTHENTICATED"
    http_status = 401
    exit_code = 4


class PermissionDenied(AuthctlError):
    """Whoever asks may not."""

    error_code = "PERMISSION_DENIED"
    http_status = 403
    exit_code = 5


class AlreadyExists(AuthctlError):
    """A name that is taken; MLflow answers 400 for it, so do we."""

    error_code = "RESOURCE_ALREADY_EXISTS"
    http_status = 400
    exit_code = 6


class Unavailable(AuthctlError):
    """A server or database that cannot be reached, is locked, or is of an unknown schema."""

    error_code = "TEMPORARILY_UNAVAILABLE"
    http_status = 503
    exit_code = 7


class TooManyRequests(Unavailable):
    """Something was tried too often; it may be tried again in `retry_after` seconds."""

    error_code = "REQUEST_LIMIT_EXCEEDED"
    http_status = 429

    def __init__(self, message: str, *, hint: str | None = None, retry_after: int = 1) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after


ERROR_CLASSES: tuple[type[AuthctlError], ...] = (
    InvalidRequest,
    Refused,
    NotFound,
    NotAuthenticated,
    PermissionDenied,
    AlreadyExists,
    TooManyRequests,
    Unavailable,
    AuthctlError,
)
