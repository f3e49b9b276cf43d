"""The login that a context keeps: in the file of contexts, or in the system's keyring."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from authctl.cli.context.file import Context, Contexts
    from authctl.client.credentials import SavedLogin, SavedToken
    from authctl.client.system_keyring import KeyringEntry


def saved_login(context: Context, *, chosen: bool, may_ask: bool) -> SavedLogin | SavedToken | None:
    """What the context signs in with; a keyring is not read before it is sent."""
    from authctl.client.credentials import (  # noqa: PLC0415 - keeps start-up fast
        SavedLogin,
        SavedToken,
        Secret,
    )

    secret: Secret | None = None
    if entry := keyring_entry(context):
        from authctl.client.system_keyring import KeptSecret  # noqa: PLC0415 - as above

        secret = KeptSecret(entry, context.origin, may_ask=may_ask)
    elif text := context.token or context.password:
        secret = Secret(text, context.origin)
    if secret and (context.token or not (context.username or context.password)):
        return SavedToken(secret, chosen=chosen)
    if context.username is None:
        return None
    return SavedLogin(Secret(context.username, context.origin), secret, chosen=chosen)


def keyring_entry(context: Context) -> KeyringEntry | None:
    """Where in the keyring its password is, or its token if it names no user."""
    if not (context.keyring and context.server):
        return None
    from authctl.client.address import Address  # noqa: PLC0415 - keeps start-up fast
    from authctl.client.system_keyring import KeyringEntry  # noqa: PLC0415 - as above

    kind = "password" if context.username else "token"
    return KeyringEntry(Address.parse(context.server).url, kind, context.username or "")


def orphaned(before: Contexts, after: Contexts) -> list[KeyringEntry]:
    """The entries of the keyring that no context needs any more."""
    old, new = (
        dict.fromkeys(filter(None, map(keyring_entry, contexts.by_name.values())))
        for contexts in (before, after)
    )
    return [entry for entry in old if entry not in new]
