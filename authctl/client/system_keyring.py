"""The system's keyring: a secret for one server, kept there instead of in a file of authctl's."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from authctl.client.credentials import Secret
from authctl.errors import AuthctlError, InvalidRequest, NotAuthenticated, Unavailable

if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

ORIGIN = "the system's keyring"

_FILES = "Without --keyring, authctl login keeps it in a file that only you can read."
_LIBRARY = f"Install it: pip install 'authctl[keyring]'. {_FILES}"
_NO_BACKEND = (
    "Start a keyring service such as GNOME Keyring or KWallet, or name another with"
    f" PYTHON_KEYRING_BACKEND; keyring --list-backends shows them. {_FILES}"
)


@dataclass(frozen=True, slots=True)
class KeyringEntry:
    """One secret in the keyring: `kind` is password or token, and a token has no username.

    The address of the server is in its name, so that it is never found for another server.

    InvalidRequest, everywhere, where there is no keyring, and where it would ask somebody at the
    terminal though nobody `may_ask`; Unavailable where it is locked or fails.
    """

    server: str
    kind: str
    username: str = ""

    @property
    def service(self) -> str:
        """What the keyring calls the entry, besides the username."""
        return f"authctl {self.kind} for {self.server}"

    @property
    def account(self) -> str:
        """The username in the keyring."""
        return self.username or self.kind

    def read(self, *, may_ask: bool) -> str | None:
        """The secret, None where there is none."""
        keyring, backend = _backend(may_ask=may_ask)
        try:
            found = backend.get_password(self.service, self.account)
        except (keyring.errors.KeyringError, OSError) as error:
            raise _failed("read", error) from None
        return None if found is None else str(found)

    def write(self, secret: str, *, may_ask: bool) -> None:
        """Keep a secret, in place of what was there; it is read again to be sure."""
        keyring, backend = _backend(may_ask=may_ask)
        try:
            backend.set_password(self.service, self.account, secret)
            kept = backend.get_password(self.service, self.account)
        except (keyring.errors.KeyringError, OSError) as error:
            raise _failed("written", error) from None
        if kept != secret:
            raise InvalidRequest("The keyring does not keep what is put there.", hint=_NO_BACKEND)

    def remove(self, *, may_ask: bool) -> None:
        """Take the secret out, if it is there."""
        keyring, backend = _backend(may_ask=may_ask)
        try:
            if backend.get_password(self.service, self.account) is not None:
                backend.delete_password(self.service, self.account)
        except (keyring.errors.KeyringError, OSError) as error:
            raise _failed("written", error) from None


class KeptSecret(Secret):
    """A secret that is read out of the keyring when it is first sent, and not before."""

    def __init__(self, entry: KeyringEntry, origin: str, *, may_ask: bool) -> None:
        # Not as a field is set: Secret's are frozen, and `value` is not to be set at all.
        self.__dict__.update(entry=entry, may_ask=may_ask)
        object.__setattr__(self, "origin", origin)

    @cached_property
    def value(self) -> str:
        """The secret. NotAuthenticated where the keyring has none, and as KeyringEntry."""
        entry: KeyringEntry = self.__dict__["entry"]
        found = entry.read(may_ask=self.__dict__["may_ask"])
        if found is None:
            raise NotAuthenticated(
                f"The {entry.kind} of {self.origin} is no longer in {ORIGIN}.",
                hint="authctl login puts it there again.",
            )
        return found


def check_usable(*, may_ask: bool) -> None:
    """Raise InvalidRequest where nothing could be kept, before anything is sent or asked."""
    _backend(may_ask=may_ask)


def _backend(*, may_ask: bool) -> tuple[ModuleType, Any]:
    try:
        import keyring.errors  # noqa: PLC0415 - an extra, and slow to import
    except ImportError:
        raise InvalidRequest("The library keyring is not installed.", hint=_LIBRARY) from None
    try:
        found = keyring.get_keyring()
    except (keyring.errors.KeyringError, ImportError, AttributeError, TypeError) as error:
        # What PYTHON_KEYRING_BACKEND names is imported here.
        raise InvalidRequest(
            f"The keyring that was chosen cannot be used: {type(error).__name__}.",
            hint=_NO_BACKEND,
        ) from None
    module = type(found).__module__
    if module in ("keyring.backends.fail", "keyring.backends.null"):
        raise InvalidRequest("This system has no keyring.", hint=_NO_BACKEND)
    if not may_ask and hasattr(type(found), "keyring_key"):
        raise InvalidRequest(
            "This keyring asks for its own password, and nobody can be asked.", hint=_FILES
        )
    return keyring, found


def _failed(what: str, error: Exception) -> AuthctlError:
    # Not its words: they are another library's, and may quote anything.
    locked = type(error).__name__ == "KeyringLocked"
    return Unavailable(
        "The system's keyring is locked."
        if locked
        else f"The system's keyring could not be {what}: {type(error).__name__}.",
        hint="Unlock it, as by logging in to the desktop, and try again.",
    )
