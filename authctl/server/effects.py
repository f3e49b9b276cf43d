"""What happens to grants when the upstream has made, deleted or renamed a thing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from authctl.errors import AuthctlError, InvalidRequest
from authctl.model import (
    SYNTHETIC_ROLE_PREFIX,
    WILDCARD,
    Generation,
    Resource,
    ResourceType,
    checked_name,
)
from authctl.policy.rule import Effect
from authctl.server.lookup import is_prompt

if TYPE_CHECKING:
    from authctl.model import Principal
    from authctl.policy.rule import Rule, Then
    from authctl.server.request import Reading
    from authctl.store.base import Store


class Effects:
    """Applies a row's effect; every method blocks on the store and runs in a thread."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def apply(self, then: Then, principal: Principal, reading: Reading, body: bytes) -> None:
        """Bring grants in line with what the upstream has just done, for admins too.

        `body` is the upstream's answer. AuthctlError when the caller must be told that the thing
        was changed but its grants were not.
        """
        try:
            if then.effect is Effect.OWN:
                self._own(then, principal, reading, body)
            elif then.effect is Effect.FORGET:
                for kind in self._kinds(then):
                    self._store.forget(Resource(kind, reading.required(then.field)))
            else:
                for kind in self._kinds(then):
                    self._store.rename(
                        Resource(kind, reading.required(then.field)),
                        Resource(kind, reading.required(then.new)),
                    )
        except AuthctlError as error:
            raise AuthctlError(
                "MLflow has done its part, but the permissions that go with it could not be"
                f" written: {error.message}"
            ) from error

    def _own(self, then: Then, principal: Principal, reading: Reading, body: bytes) -> None:
        if then.type is ResourceType.EXPERIMENT:
            made = str(json.loads(body)[then.field])
            self._store.own(principal.username, Resource(then.type, made))
            return
        name = reading.required(then.field)
        made_kind = ResourceType.PROMPT if is_prompt(dict(reading.body)) else then.type
        for kind in self._kinds(then):
            if kind is not made_kind:  # `own` sees to what waits on the very thing
                self._store.forget(Resource(kind, name))
        self._store.own(principal.username, Resource(made_kind, name))

    def _kinds(self, then: Then) -> tuple[ResourceType, ...]:
        """The types that share a namespace: models and prompts are kept apart since roles are."""
        if then.type is ResourceType.REGISTERED_MODEL and self._store.generation is (
            Generation.ROLES
        ):
            return (ResourceType.REGISTERED_MODEL, ResourceType.PROMPT)
        return (then.type,)


def check_words(rule: Rule, reading: Reading) -> None:
    """Refuse names and tags that mean something to the grant tables. InvalidRequest."""
    for field, value in rule.never:
        if reading.text(field) == value:
            raise InvalidRequest(f"Invalid {field}: '{value}' is set when a prompt is created.")
    if rule.then:
        _check_new_name(rule.then, reading)


def _check_new_name(then: Then, reading: Reading) -> None:
    field = {Effect.OWN: then.field, Effect.RENAME: then.new}.get(then.effect)
    if field is None or then.type is ResourceType.EXPERIMENT:
        return
    name = reading.text(field)
    if not name:
        return  # the upstream has its own words for a missing name
    checked_name(name, field)
    if name == WILDCARD or name.startswith(SYNTHETIC_ROLE_PREFIX):
        raise InvalidRequest(f"Invalid {field}: '{name}' is reserved for permissions.")
