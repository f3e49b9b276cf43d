"""From what a request names to the resources that grants are about."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from authctl.errors import NotFound
from authctl.model import (
    WILDCARD,
    Action,
    Generation,
    Resource,
    ResourceType,
    experiment_id,
)
from authctl.policy.decision import Demand
from authctl.policy.rule import Handle
from authctl.server.request import missing

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from authctl.policy.rule import Need, Rule, Selector
    from authctl.server.lookup import Lookup
    from authctl.server.request import Reading

_EXPERIMENT_FOLDER = re.compile(r"(0|[1-9][0-9]{0,18})(?:/|$)")
# Workspaces are not supported: every role belongs to the default one.
_OF_THE_WORKSPACE = frozenset({Handle.ROLE_ID, Handle.ROLE_PERMISSION_ID, Handle.WORKSPACE})
_WORKSPACE = Resource(ResourceType.WORKSPACE, WILDCARD)
# What MLflow's clients give as the source of a prompt's version, which has no files.
_WITHOUT_FILES = frozenset({"dummy-source"})
_LOGGED_MODEL_ID = re.compile(r"m-[0-9a-f]{32}")


class Resolver:
    """Turns one request's needs into demands on resources."""

    def __init__(self, lookup: Lookup, generation: Generation) -> None:
        self._lookup = lookup
        self._generation = generation
        self._by_handle: dict[Handle, Callable[[str], Awaitable[Resource | None]]] = {
            Handle.EXPERIMENT_ID: self._experiment_id,
            Handle.EXPERIMENT_NAME: self._experiment_name,
            Handle.RUN_ID: self._run,
            Handle.LOGGED_MODEL_ID: self._logged_model,
            Handle.TRACE_ID: self._trace,
            Handle.NEW_TRACE_ID: self._trace,
            Handle.MODEL_NAME: self.model,
            Handle.ARTIFACT_PATH: self._artifact,
        }

    async def demands(self, rule: Rule, reading: Reading) -> list[Demand]:
        """All that a rule asks for, in order.

        InvalidRequest when a needed field is missing or malformed; a demand on None stands for
        a thing that does not exist.
        """
        found: list[Demand] = []
        for need in rule.needs:
            found += await self.demands_of(need, reading)
        return found

    async def demand(self, action: Action, selector: Selector, value: str) -> Demand:
        """What an action on one named thing asks for."""
        resource = await self._by_handle[selector.handle](value)
        tier = selector.tier
        if (
            resource is not None
            and resource.type == ResourceType.PROMPT
            and tier is ResourceType.REGISTERED_MODEL_VERSION
        ):
            tier = ResourceType.PROMPT_VERSION
        return Demand(action, resource, tier)

    async def model(self, name: str) -> Resource | None:
        """The registered model or prompt of a name; the legacy generation knows only models."""
        if self._generation is Generation.ROLES and await self._lookup.is_prompt(name):
            return Resource(ResourceType.PROMPT, name)
        return Resource(ResourceType.REGISTERED_MODEL, name)

    async def demands_of(self, need: Need, reading: Reading) -> list[Demand]:
        """What one need asks for; see `demands`."""
        selector = need.selector
        if selector.handle is Handle.TYPED_ID:
            return [Demand(need.action, self._typed(reading))]
        if selector.handle in _OF_THE_WORKSPACE:
            return [Demand(need.action, _WORKSPACE)]
        values = reading.named(selector)
        if not values:
            if need.optional:
                return []
            raise missing(selector.fields[0])
        if selector.handle is Handle.STORAGE_URI:
            return [
                await self._storage(need.action, value, reading)
                for value in values
                if value not in _WITHOUT_FILES
            ]
        found = [await self.demand(need.action, selector, value) for value in values]
        if selector.handle is Handle.NEW_TRACE_ID:
            return [demand for demand in found if demand.resource is not None]
        return found

    async def _experiment_id(self, value: str) -> Resource | None:
        return Resource(ResourceType.EXPERIMENT, experiment_id(value))

    async def _experiment_name(self, value: str) -> Resource | None:
        found = await self._lookup.experiment_named(value)
        if found is None:
            # Clients create what they are told does not exist, so they must be told.
            raise NotFound(f"Could not find experiment with name '{value}'")
        return Resource(ResourceType.EXPERIMENT, found)

    async def _run(self, value: str) -> Resource | None:
        home = await self._lookup.run(value)
        return Resource(ResourceType.EXPERIMENT, home.experiment_id) if home else None

    async def _logged_model(self, value: str) -> Resource | None:
        home = await self._lookup.logged_model(value)
        return Resource(ResourceType.EXPERIMENT, home.experiment_id) if home else None

    async def _trace(self, value: str) -> Resource | None:
        found = await self._lookup.experiment_of_trace(value)
        return Resource(ResourceType.EXPERIMENT, found) if found else None

    async def _artifact(self, value: str) -> Resource | None:
        return experiment_of_path(value)

    def _typed(self, reading: Reading) -> Resource:
        resource = Resource.checked(reading.required("resource_type"), typed_id(reading))
        if resource.id == WILDCARD:
            # Granting everything of a type is for whoever manages the workspace.
            return _WORKSPACE
        if resource.type == ResourceType.PROMPT and self._generation is Generation.LEGACY:
            return Resource(ResourceType.REGISTERED_MODEL, resource.id)
        return resource

    async def _storage(self, action: Action, uri: str, reading: Reading) -> Demand:
        """What files at a URI belong to; files that belong to nothing known cannot be judged."""
        parts = urlsplit(uri)
        path = parts.path.lstrip("/")
        first = path.split("/")[0]
        if not is_plain_path(path) or parts.query or parts.fragment or parts.netloc:
            return Demand(action, await self._within(uri, reading))
        if parts.scheme == "runs":
            return Demand(action, await self._run(first), ResourceType.RUN)
        if parts.scheme == "models":
            if _LOGGED_MODEL_ID.fullmatch(first):
                return Demand(action, await self._logged_model(first), ResourceType.LOGGED_MODEL)
            return Demand(action, await self.model(first.split("@")[0]))
        if parts.scheme == "mlflow-artifacts":
            return Demand(action, experiment_of_path(path))
        return Demand(action, await self._within(uri, reading))

    async def _within(self, uri: str, reading: Reading) -> Resource | None:
        """The experiment of the run or logged model that the request names, if it owns the URI."""
        run_id, model_id = reading.text("run_id"), reading.text("model_id")
        homes = [
            await self._lookup.run(run_id) if run_id else None,
            await self._lookup.logged_model(model_id) if model_id else None,
        ]
        for home in homes:
            root = home.artifact_uri.rstrip("/") if home else ""
            rest = uri.removeprefix(root)
            if home and root and (rest == "" or (rest.startswith("/") and is_plain_path(rest[1:]))):
                return Resource(ResourceType.EXPERIMENT, home.experiment_id)
        return None


def typed_id(reading: Reading) -> str:
    """The id that goes with a resource_type; some clients write an experiment's as a number."""
    value = reading.one("resource_id")
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return reading.required("resource_id")


def experiment_of_path(path: str) -> Resource | None:
    """The experiment whose folder an artifact path lies in; None when that is not plain to see."""
    match = _EXPERIMENT_FOLDER.match(path)
    if match is None or not is_plain_path(path):
        return None
    return Resource(ResourceType.EXPERIMENT, match[1])


def is_plain_path(path: str) -> bool:
    """Whether a relative path reads the same however often it is decoded and normalised."""
    return (
        unquote(path) == path
        and "\\" not in path
        and not any(segment in ("", ".", "..") for segment in path.rstrip("/").split("/"))
        and not path.endswith("//")
    )
