"""Names as people call things, asked of MLflow by the server itself, and what they stand for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import anyio

from authctl.errors import AuthctlError, InvalidRequest, PermissionDenied
from authctl.model import Resource, ResourceType, experiment_id

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from collections.abc import Set as AbstractSet

    from authctl.server.lookup import Lookup

_AT_ONCE = 1000
"""So many experiments are told in one answer, in the time that four take one by one."""

_AT_A_TIME = 8
_LONGEST = 500  # MLflow's longest name, that of an experiment


@dataclass
class Names:
    """The experiments that are known by name; not `told` where MLflow did not answer."""

    experiments: dict[str, str] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    are_all: bool = False
    told: bool = True

    def note(self, entity: dict[str, Any]) -> None:
        """Take in an experiment as MLflow writes it."""
        found = str(entity["experiment_id"])
        self.experiments[found] = str(entity.get("name", ""))
        if entity.get("lifecycle_stage") == "deleted":
            self.deleted.add(found)


@dataclass(frozen=True, slots=True)
class Meant:
    """What a text may stand for; not `told` where MLflow could not be asked."""

    resources: tuple[Resource, ...]
    told: bool = True


async def names_of(lookup: Lookup, resources: Iterable[Resource]) -> Names:
    """The names of the experiments among these, and of a few more."""
    names = Names()
    try:
        first, names.are_all = await lookup.experiments(_AT_ONCE)
    except AuthctlError:
        # Nor would it answer about each: the ids alone will do.
        return Names(told=False)
    for entity in first:
        names.note(entity)
    wanted = set() if names.are_all else set(_ids(resources)) - names.experiments.keys()
    limit = anyio.CapacityLimiter(_AT_A_TIME)

    async def ask(one: str) -> None:
        async with limit:
            try:
                entity = await lookup.experiment(one)
            except AuthctlError:
                names.told = False
            else:
                if entity is not None:
                    names.note(entity)

    async with anyio.create_task_group() as tasks:
        for one in wanted:
            tasks.start_soon(ask, one)
    return names


async def meant_by(text: str, lookup: Lookup, named: AbstractSet[Resource]) -> Meant:
    """What somebody calls so: TYPE:ID, an experiment's id or name, a model's or prompt's name.

    Things that are gone are known by the grants that name them. InvalidRequest for a TYPE:ID that
    no grant can have.
    """
    if exact := [resource for resource in named if str(resource) == text]:
        return Meant(tuple(exact))
    kind, colon, name = text.partition(":")
    if colon and kind in ResourceType.__members__.values():
        return Meant((Resource.checked(kind, name),))
    found = {resource: None for resource in sorted(named) if resource.id == text}
    if _is_id(text):
        found[Resource(ResourceType.EXPERIMENT, text)] = None
    told = True
    if len(text) <= _LONGEST:
        try:
            if (one := await lookup.experiment_named(text)) is not None:
                found[Resource(ResourceType.EXPERIMENT, one)] = None
            if (is_prompt := await lookup.is_prompt(text)) is not None:
                registry = ResourceType.PROMPT if is_prompt else ResourceType.REGISTERED_MODEL
                found[Resource(registry, text)] = None
        except PermissionDenied:
            pass  # a name that MLflow's database only takes for another one
        except AuthctlError:
            told = False
    return Meant(tuple(found), told)


def _ids(resources: Iterable[Resource]) -> Iterator[str]:
    for resource in resources:
        if resource.type == ResourceType.EXPERIMENT and _is_id(resource.id):
            yield resource.id


def _is_id(text: str) -> bool:
    try:
        experiment_id(text)
    except InvalidRequest:
        return False
    return True
