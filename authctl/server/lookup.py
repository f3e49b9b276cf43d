"""What the upstream knows about a thing: asked on behalf of one request, in the server's name."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from authctl.errors import InvalidRequest, Unavailable
from authctl.model import PROMPT_TAG
from authctl.upstream.subrequest import ask

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Scope

_REMEMBERED = 100_000
_SEGMENT = re.compile(r"[A-Za-z0-9_-]{1,250}")


@dataclass(frozen=True, slots=True)
class Home:
    """Where a run or a logged model lives, which never changes: its experiment and its files."""

    experiment_id: str
    artifact_uri: str


class Homes:
    """A bounded memory of homes, one for runs and one for logged models."""

    def __init__(self) -> None:
        self._homes: OrderedDict[str, Home] = OrderedDict()

    def get(self, key: str) -> Home | None:
        """The home of a run or logged model, if it was asked for before."""
        return self._homes.get(key)

    def put(self, key: str, home: Home) -> None:
        """Remember a home; the oldest is forgotten when there are too many."""
        self._homes[key] = home
        if len(self._homes) > _REMEMBERED:
            self._homes.popitem(last=False)


class Lookup:
    """Answers about runs, models and experiments while one request is judged."""

    def __init__(
        self,
        upstream: ASGIApp,
        scope: Scope,
        static_prefix: str,
        runs: Homes,
        logged_models: Homes,
    ) -> None:
        self._upstream = upstream
        self._scope = scope
        self._api = f"{static_prefix}/api"
        self._runs = runs
        self._logged_models = logged_models
        self._prompts: dict[str, bool | None] = {}
        self._traces: dict[str, str | None] = {}

    async def run(self, run_id: str) -> Home | None:
        """Where a run lives, or None when there is no such run."""
        home = self._runs.get(run_id)
        if home is None:
            answer = await self._get("/runs/get", run_id=run_id)
            if answer is None:
                return None
            info = answer["run"]["info"]
            home = Home(str(info["experiment_id"]), str(info.get("artifact_uri", "")))
            if info.get("run_id", info.get("run_uuid")) != run_id:
                return None
            self._runs.put(run_id, home)
        return home

    async def logged_model(self, model_id: str) -> Home | None:
        """Where a logged model lives, or None when there is no such model."""
        if not _SEGMENT.fullmatch(model_id):
            return None
        home = self._logged_models.get(model_id)
        if home is None:
            answer = await self._get(f"/logged-models/{model_id}")
            if answer is None:
                return None
            info = answer["model"]["info"]
            if info["model_id"] != model_id:
                return None
            home = Home(str(info["experiment_id"]), str(info.get("artifact_uri", "")))
            self._logged_models.put(model_id, home)
        return home

    async def experiment_named(self, name: str) -> str | None:
        """The id of the experiment of exactly this name, or None."""
        answer = await self._get("/experiments/get-by-name", experiment_name=name)
        if answer is None or answer["experiment"]["name"] != name:
            return None
        return str(answer["experiment"]["experiment_id"])

    async def experiment_of_trace(self, trace_id: str) -> str | None:
        """The id of the experiment a trace is in, or None when there is no such trace.

        Remembered for this request only: a trace's id is its writer's to choose, again after it
        was deleted.
        """
        if not _SEGMENT.fullmatch(trace_id):
            raise InvalidRequest(f"Invalid trace id '{trace_id}'.")
        if trace_id not in self._traces:
            self._traces[trace_id] = await self._find_trace(trace_id)
        return self._traces[trace_id]

    async def _find_trace(self, trace_id: str) -> str | None:
        answer = await self._get(f"/traces/{trace_id}", version="3.0")
        if answer is None:
            return None
        location = answer["trace"]["trace_info"]["trace_location"]
        return str(location["mlflow_experiment"]["experiment_id"])

    async def is_prompt(self, name: str) -> bool | None:
        """Whether a name of the registry is a prompt's; None when nothing has the name."""
        if name not in self._prompts:
            answer = await self._get("/registered-models/get", name=name)
            self._prompts[name] = None if answer is None else is_prompt(answer["registered_model"])
        return self._prompts[name]

    async def _get(self, path: str, *, version: str = "2.0", **query: str) -> dict[str, Any] | None:
        whole = f"{self._api}/{version}/mlflow{path}"
        answer = await ask(self._upstream, self._scope, whole, query.items())
        if answer.status in (400, 404):
            return None
        if answer.status != 200:  # noqa: PLR2004 - OK
            raise Unavailable(
                f"The MLflow behind this server answered {answer.status} to a look-up."
            )
        data = answer.json()
        if not isinstance(data, dict):
            raise Unavailable("The MLflow behind this server sent an unreadable answer.")
        return data


def is_prompt(entity: dict[str, Any]) -> bool:
    """Whether a registered model, as a request or an answer writes it, is tagged as a prompt."""
    tags = entity.get("tags")
    return isinstance(tags, list) and any(
        isinstance(tag, dict)
        and tag.get("key") == PROMPT_TAG
        and str(tag.get("value")).lower() == "true"
        for tag in tags
    )
