"""What decides users' levels, found out at once: their grants, the default, the generation."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from authctl.cli.location import Mode
from authctl.cli.people import get_user
from authctl.errors import AuthctlError, InvalidRequest, PermissionDenied
from authctl.model import WILDCARD, Permission, Resource, ResourceType
from authctl.policy.explanation import Default
from authctl.policy.reasons import Reasons

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from authctl.cli.session import Session
    from authctl.model import Grant, User
    from authctl.policy.explanation import Verdict
    from authctl.store.base import AuthStore

# Where no grant speaks of one of these, its level is the default. MLflow tells who manages the
# workspace about everything of a type, but not about a thing that it does not find.
_SELDOM_GRANTED = (
    Resource(ResourceType.GATEWAY_SECRET, WILDCARD),
    Resource(ResourceType.EXPERIMENT, WILDCARD),
    Resource(ResourceType.REGISTERED_MODEL, WILDCARD),
    Resource(ResourceType.EXPERIMENT, str(2**63 - 1)),
)
_TRIES = 10


@dataclass(frozen=True, slots=True)
class Person:
    """A user, and why they have their levels; `blind` are types of which nothing is told."""

    user: User
    reasons: Reasons
    blind: frozenset[str] = frozenset()

    def on(self, resource: Resource) -> Verdict | None:
        """The level on a resource and where it is from; None where the server does not tell."""
        if resource.type in self.blind and not self.user.is_admin:
            return None
        verdict = self.reasons.on(resource)
        return None if verdict.level is None else verdict

    def level(self, resource: Resource) -> Permission:
        """The level on a resource. InvalidRequest where the server does not tell."""
        verdict = self.on(resource)
        if verdict is None or verdict.level is None:
            raise InvalidRequest(
                f"This server does not tell which level '{self.user.username}' has on {resource}:"
                f" {'it tells no grants on its type' if resource.type in self.blind else _KEPT}.",
                hint="Use --db to work on the server's auth database itself.",
            )
        return verdict.level


_KEPT = "it keeps its default permission to itself"


def everybody(session: Session) -> list[Person]:
    """All users, ordered by name."""
    return _persons(session, session.store.everybody())


def somebody(session: Session, names: Iterable[str]) -> list[Person]:
    """These users. NotFound suggests the name that was probably meant."""
    users = [get_user(session.store, name) for name in dict.fromkeys(names)]
    return _persons(session, [(user, session.store.grants_of(user)) for user in users])


def answered(store: AuthStore, username: str, resource: Resource) -> Permission | None:
    """The level that a server itself answers; None where it answers none, or fails."""
    with suppress(InvalidRequest):
        try:
            return store.level(username, resource)
        except AuthctlError as error:
            # MLflow answers 500 where a grant says a word that it does not know.
            if type(error) is not AuthctlError:
                raise
    return None


def _persons(session: Session, found: Sequence[tuple[User, Sequence[Grant]]]) -> list[Person]:
    store = session.store
    default = _default(session, found)
    blind: frozenset[str] = frozenset()
    if session.location.mode is Mode.REMOTE:
        blind = frozenset(kind for kind in ResourceType if not store.keeps(kind))
    return [
        Person(
            user,
            Reasons(grants, default=default, generation=store.generation, is_admin=user.is_admin),
            blind,
        )
        for user, grants in found
    ]


def _default(session: Session, found: Sequence[tuple[User, Sequence[Grant]]]) -> Default:
    config = session.location.config
    if config is None:
        return Default(_answered_default(session.store, found), "The server answers it.")
    if config.source:
        return Default(config.default_permission, f"It is from {config.source}.")
    return Default(config.default_permission, "It is assumed: no auth configuration is named.")


def _answered_default(
    store: AuthStore, found: Sequence[tuple[User, Sequence[Grant]]]
) -> Permission | None:
    """What a server answers about something of which no grant speaks.

    Who manages the workspace may ask about some users and not about others: a few are tried.
    """
    for user, grants in found[:_TRIES]:
        reasons = Reasons(grants, default=Default(None, ""), generation=store.generation)
        for resource in _SELDOM_GRANTED:
            if reasons.manages is None and not reasons.speaking(resource):
                with suppress(PermissionDenied):
                    return answered(store, user.username, resource)
                break
    return None
