"""What happens to grants when the upstream has made, deleted or renamed a thing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from authctl.errors import AuthctlError, InvalidRequest, PermissionDenied
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
from authctl.server.references import is_number, same_key, scorer_resource
from authctl.server.request import Reading

if TYPE_CHECKING:
    from collections.abc import Iterator

    from authctl.model import Principal
    from authctl.policy.rule import Rule, Then
    from authctl.store.base import Store


_ANSWER = "answer:"


class Effects:
    """Applies a row's effect; every method blocks on the store and runs in a thread."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def apply(self, then: Then, principal: Principal, reading: Reading, body: bytes) -> None:
        """Bring grants in line with what the upstream has just done, for admins too.

        `body` is the upstream's answer. AuthctlError when the caller must be told that the thing
        was changed but its grants were not.
        """
        if then.unless and is_number(reading, then.unless):
            return
        answer = Reading(body=json.loads(body)) if body else Reading()
        if then.first and answer.one(then.first) != 1:
            return
        name = _name(then, reading, answer)
        try:
            if then.effect is Effect.OWN:
                self._own(then, principal, reading, name)
            elif then.effect is Effect.FORGET:
                for kind in self._kinds(then):
                    self._store.forget(Resource(kind, name))
            else:
                new = reading.required(then.new)
                for kind in self._kinds(then):
                    self._store.rename(Resource(kind, name), Resource(kind, new))
        except AuthctlError as error:
            raise AuthctlError(
                "MLflow has done its part, but the permissions that go with it could not be"
                f" written: {error.message}"
            ) from error

    def _own(self, then: Then, principal: Principal, reading: Reading, name: str) -> None:
        if not self._store.keeps(then.type):
            return  # only an administrator could make it
        made = self._kinds(then)[0]
        if len(self._kinds(then)) > 1 and is_prompt(reading.body):
            made = ResourceType.PROMPT
        for kind in self._kinds(then):
            if kind is not made:  # `own` sees to what waits on the very thing
                self._store.forget(Resource(kind, name))
        self._store.own(principal.username, Resource(made, name))

    def _kinds(self, then: Then) -> tuple[ResourceType, ...]:
        """The types that share a namespace: models and prompts are kept apart since roles are."""
        if then.type is ResourceType.REGISTERED_MODEL and self._store.generation is (
            Generation.ROLES
        ):
            return (ResourceType.REGISTERED_MODEL, ResourceType.PROMPT)
        return (then.type,)


def _name(then: Then, reading: Reading, answer: Reading) -> str:
    """What grants call the thing that an effect is about."""
    values: list[str] = []
    for field in then.fields:
        found = answer.one(field.removeprefix(_ANSWER)) if field.startswith(_ANSWER) else None
        values.append(reading.required(field) if found is None else str(found))
    if then.type is ResourceType.SCORER:
        return scorer_resource(*values).id
    return values[0]


def check_words(rule: Rule, reading: Reading) -> None:
    """Refuse names and tags that mean something to the grant tables. InvalidRequest."""
    for field, value in rule.never:
        if same_key(value) in {same_key(item) for item in _flat(reading.values(field))}:
            raise InvalidRequest(f"Invalid {field}: '{value}' is for MLflow alone to set.")
    if rule.then:
        _check_new_name(rule.then, reading)


def check_only(rule: Rule, reading: Reading) -> None:
    """Hold all but administrators to the values a rule allows. PermissionDenied."""
    for field, value in rule.only:
        if reading.text(field) != value:
            raise PermissionDenied("Permission denied")


def _flat(values: list[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list):
            yield from value
        else:
            yield value


def _check_new_name(then: Then, reading: Reading) -> None:
    """Only what callers name themselves can have a name that means something else to grants."""
    field = {Effect.OWN: then.fields[-1], Effect.RENAME: then.new}.get(then.effect)
    if field is None or field.startswith(_ANSWER):
        return
    name = reading.text(field)
    if not name:
        return  # the upstream has its own words for a missing name
    checked_name(name, field)
    if then.type is ResourceType.SCORER:
        # Grants know it by a longer name, which has to fit too.
        experiment = reading.required(then.fields[0])
        checked_name(scorer_resource(experiment, name).id, field)
    if name == WILDCARD or name.startswith(SYNTHETIC_ROLE_PREFIX):
        raise InvalidRequest(f"Invalid {field}: '{name}' is reserved for permissions.")
