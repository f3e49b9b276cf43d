"""From what a request names to the resources that grants are about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from authctl.errors import InvalidRequest, NotFound
from authctl.model import (
    WILDCARD,
    WILDCARD_ONLY,
    Generation,
    Resource,
    ResourceType,
    experiment_id,
)
from authctl.policy.decision import Demand, met
from authctl.policy.rule import Handle
from authctl.server import files
from authctl.server.lookup import is_prompt
from authctl.server.references import (
    endpoints_in,
    is_number,
    places_of_files,
    prompt_of,
    scorer_resource,
    texts_in,
    typed_id,
)
from authctl.server.request import Reading, missing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from authctl.model import Principal
    from authctl.policy.resolution import Levels
    from authctl.policy.rule import Need, Rule, Selector
    from authctl.server.lookup import Lookup, Queue

    _Whole = Callable[["Resolver", Need, Reading], Awaitable[list[Demand]]]
    _ByValue = Callable[["Resolver", str], Awaitable[Sequence[Resource]]]

# Workspaces are not supported: every role belongs to the default one.
_WORKSPACE = Resource(ResourceType.WORKSPACE, WILDCARD)
# What MLflow's clients give as the source of a prompt's version, which has no files.
_WITHOUT_FILES = frozenset({"dummy-source"})


@dataclass(frozen=True, slots=True)
class Grantable:
    """What the auth database can hold grants on; all else is for administrators."""

    generation: Generation
    keeps: Callable[[ResourceType], bool]


class Resolver:
    """Turns one request's needs into demands on resources."""

    def __init__(self, lookup: Lookup, principal: Principal, grantable: Grantable) -> None:
        self._lookup = lookup
        self._principal = principal
        self._grantable = grantable

    async def demands(self, rule: Rule, reading: Reading) -> list[Demand]:
        """All that a rule asks for, in order.

        InvalidRequest when a needed field is missing or malformed; a demand on None stands for
        a thing that does not exist.
        """
        found: list[Demand] = []
        for need in rule.needs:
            found += await self.demands_of(need, reading)
        return found

    async def demands_of(self, need: Need, reading: Reading) -> list[Demand]:
        """What one need asks for; see `demands`."""
        if need.given and not _has(reading, need.given):
            return []
        if need.missing and is_number(reading, need.missing):
            return []
        whole = self._WHOLE.get(need.selector.handle)
        if whole is not None:
            return await whole(self, need, reading)
        values = reading.named(need.selector)
        if not values:
            if need.optional:
                return []
            raise missing(need.selector.fields[0])
        if need.selector.handle is Handle.ENDPOINT_URI:
            values = [name for value in values for name in endpoints_in(value)]
        return [demand for value in values for demand in await self._demands_on(need, value)]

    async def allows(self, need: Need, row: Mapping[str, Any], levels: Levels) -> bool:
        """Whether a need is met on a row of an answer."""
        selector = need.selector
        reading = Reading(body={name: _as_text(value) for name, value in row.items()})
        if selector.handle is Handle.USERNAME:
            return bool(reading.one(selector.fields[0]) == self._principal.username)
        try:
            if selector.handle is Handle.REVIEW_QUEUE_ID:
                self._lookup.note_queue(reading.required(selector.fields[0]), row)
            if selector.handle is Handle.MODEL_NAME:
                name = reading.required(selector.fields[0])
                if selector.tier is None:  # the row is the model itself
                    self._lookup.note_model(name, row)
                return await self._allows_name(need, name, levels)
            demands = await self.demands_of(need, reading)
        except InvalidRequest:
            return False
        return bool(demands) and all(met(demand, levels) for demand in demands)

    async def who(self, selector: Selector, reading: Reading) -> str | None:
        """The username that a request is about; None for a job that nobody is known to have."""
        value = reading.required(selector.fields[0])
        if selector.handle is Handle.JOB_ID:
            return await self._lookup.creator_of_job(value)
        return value

    async def _demands_on(self, need: Need, value: str) -> list[Demand]:
        selector = need.selector
        if selector.handle is Handle.ARTIFACT_PATH:
            return files.demands_on_path(need.action, value)
        if selector.handle is Handle.REVIEW_QUEUE_ID:
            return [self._on_queue(need, await self._lookup.queue(value))]
        handle = Handle.ENDPOINT_NAME if selector.handle is Handle.ENDPOINT_URI else selector.handle
        found = await self._BY_VALUE[handle](self, value)
        if not found:
            return [] if handle is Handle.NEW_TRACE_ID else [Demand(need.action, None)]
        return [self._demand(need, resource) for resource in found]

    def _demand(self, need: Need, resource: Resource) -> Demand:
        if not self._grantable.keeps(ResourceType(resource.type)):
            return Demand(need.action, None)
        tier = need.selector.tier
        if resource.type == ResourceType.PROMPT and tier is ResourceType.REGISTERED_MODEL_VERSION:
            tier = ResourceType.PROMPT_VERSION
        return Demand(need.action, resource, tier, inherited=need.inherited)

    async def _allows_name(self, need: Need, name: str, levels: Levels) -> bool:
        """Whether a need is met on a name of the registry, asking what it is only if it matters."""
        kinds = [ResourceType.REGISTERED_MODEL, ResourceType.PROMPT]
        if self._grantable.generation is Generation.LEGACY:
            kinds = kinds[:1]
        verdicts = {met(self._demand(need, Resource(kind, name)), levels) for kind in kinds}
        if len(verdicts) == 1:
            return verdicts.pop()
        return met(self._demand(need, (await self._model(name))[0]), levels)

    # Things named by more than one value, or that need not exist

    async def _typed(self, need: Need, reading: Reading) -> list[Demand]:
        resource = Resource.checked(reading.required("resource_type"), typed_id(reading))
        if resource.id == WILDCARD:
            # Granting everything of a type is for whoever manages the workspace.
            resource = _WORKSPACE
        elif self._is_legacy and resource.type == ResourceType.PROMPT:
            resource = Resource(ResourceType.REGISTERED_MODEL, resource.id)
        return [Demand(need.action, resource)]

    async def _workspace(self, need: Need, _: Reading) -> list[Demand]:
        return [Demand(need.action, _WORKSPACE)]

    async def _new(self, need: Need, reading: Reading) -> list[Demand]:
        kind = need.selector.tier
        name = reading.text(need.selector.fields[0]) if need.selector.fields else None
        if kind is ResourceType.REGISTERED_MODEL and is_prompt(reading.body):
            kind = kind if self._is_legacy else ResourceType.PROMPT
        if kind is None or not (kind in WILDCARD_ONLY or self._grantable.keeps(kind)):
            return [Demand(need.action, None)]
        return [Demand(need.action, Resource(kind, name or WILDCARD))]

    async def _scorers(self, need: Need, reading: Reading) -> list[Demand]:
        experiment_field, name_field = need.selector.fields
        parent = Resource(
            ResourceType.EXPERIMENT, experiment_id(reading.required(experiment_field))
        )
        if not self._grantable.keeps(ResourceType.SCORER):
            return [Demand(need.action, parent, need.selector.tier)]
        names = texts_in(reading, name_field)
        if not names:
            raise missing(name_field)
        tier = need.selector.tier
        return [
            Demand(need.action, scorer_resource(parent.id, name), tier, parent) for name in names
        ]

    async def _queue_named(self, need: Need, reading: Reading) -> list[Demand]:
        experiment, name = (reading.required(field) for field in need.selector.fields)
        return [self._on_queue(need, await self._lookup.queue_named(experiment, name))]

    async def _membership(self, need: Need, reading: Reading) -> list[Demand]:
        queue = await self._lookup.queue(reading.required(need.selector.fields[0]))
        return [] if queue and self._is_member(queue) else [Demand(need.action, None)]

    def _is_member(self, queue: Queue) -> bool:
        return self._principal.username.strip().lower() in queue.members

    def _on_queue(self, need: Need, queue: Queue | None) -> Demand:
        if queue is None:
            return Demand(need.action, None)
        action = need.action
        if need.owner and queue.owner == self._principal.username:
            action = need.owner
        if need.member and self._is_member(queue):
            action = need.member
        home = Resource(ResourceType.EXPERIMENT, queue.experiment_id)
        return Demand(action, home, need.selector.tier)

    async def _storage(self, need: Need, reading: Reading) -> list[Demand]:
        found: list[Demand] = []
        for uri in reading.named(need.selector):
            if uri in _WITHOUT_FILES:
                continue
            name = files.model_of_uri(uri)
            if name is not None:
                found += [self._demand(need, resource) for resource in await self._model(name)]
            else:
                found += await files.demand_on_uri(need.action, uri, reading, self._lookup)
        return found

    async def _trace_files(self, need: Need, reading: Reading) -> list[Demand]:
        """Clients send a trace's tags back as they are; a place that is new is nobody's to name."""
        tags_field, trace_field = need.selector.fields
        given = places_of_files(reading.one(tags_field))
        if not given:
            return []
        known = await self._lookup.trace(reading.text(trace_field) or "") if trace_field else None
        is_known = known is not None and given.items() <= places_of_files(known.get("tags")).items()
        return [] if is_known else [Demand(need.action, None)]

    async def _assessment_ids(self, need: Need, reading: Reading) -> list[Demand]:
        ids_field, trace_field = need.selector.fields
        given = set(texts_in(reading, ids_field))
        if not given:
            return []
        known = await self._lookup.trace(reading.required(trace_field)) or {}
        own = {item.get("assessment_id") for item in known.get("assessments", ())}
        return [] if given <= own else [Demand(need.action, None)]

    # Things named by one value

    async def _experiment_id(self, value: str) -> Sequence[Resource]:
        return _experiments(experiment_id(value))

    async def _experiment_name(self, value: str) -> Sequence[Resource]:
        found = await self._lookup.experiment_named(value)
        if found is None:
            # Clients create what they are told does not exist, so they must be told.
            raise NotFound(f"Could not find experiment with name '{value}'")
        return _experiments(found)

    async def _run(self, value: str) -> Sequence[Resource]:
        home = await self._lookup.run(value)
        return _experiments(home.experiment_id if home else None)

    async def _logged_model(self, value: str) -> Sequence[Resource]:
        home = await self._lookup.logged_model(value)
        return _experiments(home.experiment_id if home else None)

    async def _trace(self, value: str) -> Sequence[Resource]:
        return _experiments(await self._lookup.experiment_of_trace(value))

    async def _model(self, value: str) -> Sequence[Resource]:
        """The registered model or prompt of a name; the legacy generation knows only models."""
        prompt = await self._lookup.is_prompt(value)
        if prompt and not self._is_legacy:
            return [Resource(ResourceType.PROMPT, value)]
        return [Resource(ResourceType.REGISTERED_MODEL, value)]

    async def _prompt_uri(self, value: str) -> Sequence[Resource]:
        name = prompt_of(value)
        return await self._model(name) if name else ()

    async def _dataset(self, value: str) -> Sequence[Resource]:
        return _experiments(*await self._lookup.experiments_of_dataset(value))

    async def _label_schema(self, value: str) -> Sequence[Resource]:
        return _experiments(await self._lookup.experiment_of_schema(value))

    async def _issue(self, value: str) -> Sequence[Resource]:
        return _experiments(await self._lookup.experiment_of_issue(value))

    async def _optimization_job(self, value: str) -> Sequence[Resource]:
        return _experiments(await self._lookup.experiment_of_job(value))

    async def _secret(self, value: str) -> Sequence[Resource]:
        return [Resource(ResourceType.GATEWAY_SECRET, value)]

    async def _model_definition(self, value: str) -> Sequence[Resource]:
        return [Resource(ResourceType.GATEWAY_MODEL_DEFINITION, value)]

    async def _endpoint(self, value: str) -> Sequence[Resource]:
        return [Resource(ResourceType.GATEWAY_ENDPOINT, value)]

    async def _endpoint_name(self, value: str) -> Sequence[Resource]:
        found = await self._lookup.endpoint_named(value)
        return [Resource(ResourceType.GATEWAY_ENDPOINT, found)] if found else ()

    @property
    def _is_legacy(self) -> bool:
        return self._grantable.generation is Generation.LEGACY

    _WHOLE: ClassVar[Mapping[Handle, _Whole]] = {
        Handle.TYPED_ID: _typed,
        Handle.ROLE_ID: _workspace,
        Handle.ROLE_PERMISSION_ID: _workspace,
        Handle.WORKSPACE: _workspace,
        Handle.NEW: _new,
        Handle.SCORER: _scorers,
        Handle.REVIEW_QUEUE_NAME: _queue_named,
        Handle.QUEUE_MEMBERSHIP: _membership,
        Handle.STORAGE_URI: _storage,
        Handle.TRACE_FILES: _trace_files,
        Handle.ASSESSMENT_IDS: _assessment_ids,
    }
    _BY_VALUE: ClassVar[Mapping[Handle, _ByValue]] = {
        Handle.EXPERIMENT_ID: _experiment_id,
        Handle.EXPERIMENT_NAME: _experiment_name,
        Handle.RUN_ID: _run,
        Handle.LOGGED_MODEL_ID: _logged_model,
        Handle.TRACE_ID: _trace,
        Handle.NEW_TRACE_ID: _trace,
        Handle.MODEL_NAME: _model,
        Handle.PROMPT_URI: _prompt_uri,
        Handle.DATASET_ID: _dataset,
        Handle.LABEL_SCHEMA_ID: _label_schema,
        Handle.ISSUE_ID: _issue,
        Handle.OPTIMIZATION_JOB_ID: _optimization_job,
        Handle.SECRET_ID: _secret,
        Handle.MODEL_DEFINITION_ID: _model_definition,
        Handle.ENDPOINT_ID: _endpoint,
        Handle.ENDPOINT_NAME: _endpoint_name,
    }


def _experiments(*ids: str | None) -> list[Resource]:
    return [Resource(ResourceType.EXPERIMENT, found) for found in ids if found]


def _has(reading: Reading, field: str) -> bool:
    return any(value not in (None, "", [], {}, False) for value in reading.values(field))


def _as_text(value: Any) -> Any:
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return str(value) if is_number else value
