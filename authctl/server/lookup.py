"""What the upstream knows about a thing: asked on behalf of one request, in the server's name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from authctl.errors import InvalidRequest, PermissionDenied, Unavailable
from authctl.model import PROMPT_TAG
from authctl.server.bounded import Bounded
from authctl.upstream.subrequest import ask

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import ASGIApp, Scope

_REMEMBERED = 100_000
_SEGMENT = re.compile(r"[A-Za-z0-9_-]{1,250}")
_OK = 200
# Not there, malformed, or unknown to a release of MLflow that has no such things.
_NO_SUCH_THING = frozenset({400, 404, 405, 501})


@dataclass(frozen=True, slots=True)
class Home:
    """Where a run or a logged model lives, which never changes: its experiment and its files."""

    experiment_id: str
    artifact_uri: str


@dataclass(frozen=True, slots=True)
class Queue:
    """A review queue: its experiment, who works through it (in lower case), who made it."""

    experiment_id: str
    members: frozenset[str]
    owner: str | None

    @classmethod
    def read(cls, entity: Mapping[str, Any]) -> Queue:
        """Read a queue as MLflow writes it; only those with a name of their own have an owner."""
        is_custom = str(entity.get("queue_type")).upper().endswith("CUSTOM")
        return cls(
            str(entity["experiment_id"]),
            frozenset(str(name).lower() for name in entity.get("users", ())),
            entity.get("created_by") or None if is_custom else None,
        )


class Homes(Bounded[str, Home]):
    """The homes that were asked for before: one memory for runs and one for logged models."""

    def __init__(self) -> None:
        super().__init__(_REMEMBERED)


class Lookup:
    """Answers while one request is judged; all but homes is forgotten after it.

    Whatever may be renamed, deleted and made again, or linked anew, is asked for every time.
    """

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
        self._prefix = static_prefix
        self._runs = runs
        self._logged_models = logged_models
        self._prompts: dict[str, bool | None] = {}
        self._queues: dict[str, Queue] = {}
        self._answers: dict[tuple[str, frozenset[tuple[str, str]]], dict[str, Any] | None] = {}

    async def run(self, run_id: str) -> Home | None:
        """Where a run lives, or None when there is no such run."""
        home = self._runs.get(run_id)
        if home is None:
            answer = await self._get("2.0/mlflow/runs/get", run_id=run_id)
            info = _at(answer, "run", "info")
            if info is None or info.get("run_id", info.get("run_uuid")) != run_id:
                return None
            home = Home(str(info["experiment_id"]), str(info.get("artifact_uri", "")))
            self._runs.put(run_id, home)
        return home

    async def logged_model(self, model_id: str) -> Home | None:
        """Where a logged model lives, or None when there is no such model."""
        if not _SEGMENT.fullmatch(model_id):
            return None
        home = self._logged_models.get(model_id)
        if home is None:
            answer = await self._get(f"2.0/mlflow/logged-models/{model_id}")
            info = _at(answer, "model", "info")
            if info is None or info["model_id"] != model_id:
                return None
            home = Home(str(info["experiment_id"]), str(info.get("artifact_uri", "")))
            self._logged_models.put(model_id, home)
        return home

    async def experiment(self, experiment_id: str) -> dict[str, Any] | None:
        """What is known of an experiment, a deleted one too, or None when there is none."""
        answer = await self._get("2.0/mlflow/experiments/get", experiment_id=experiment_id)
        return _at(answer, "experiment")

    async def experiments(self, most: int) -> tuple[list[dict[str, Any]], bool]:
        """Some experiments, deleted ones too, and whether these are all that there are."""
        path = "2.0/mlflow/experiments/search"
        answer = await self._get(path, max_results=str(most), view_type="ALL") or {}
        found = [entity for entity in answer.get("experiments", ()) if isinstance(entity, dict)]
        return found, not answer.get("next_page_token")

    async def experiment_named(self, name: str) -> str | None:
        """The id of the experiment of exactly this name, or None."""
        answer = await self._get("2.0/mlflow/experiments/get-by-name", experiment_name=name)
        found = _at(answer, "experiment")
        return str(found["experiment_id"]) if found and found["name"] == name else None

    async def experiment_of_trace(self, trace_id: str) -> str | None:
        """The id of the experiment a trace is in, or None: its id is its writer's to choose."""
        place = _at(await self.trace(trace_id), "trace_location", "mlflow_experiment")
        return str(place["experiment_id"]) if place else None

    async def trace(self, trace_id: str) -> dict[str, Any] | None:
        """What is known of a trace, without its spans; None when there is no such trace."""
        answer = await self._get(f"3.0/mlflow/traces/{_segment(trace_id, 'trace')}")
        return _at(answer, "trace", "trace_info")

    async def experiments_of_dataset(self, dataset_id: str) -> list[str]:
        """The ids of all experiments a dataset is linked to."""
        path = f"3.0/mlflow/datasets/{_segment(dataset_id, 'dataset')}/experiment-ids"
        answer = await self._get(path)
        return [str(found) for found in (answer or {}).get("experiment_ids", ())]

    async def experiment_of_issue(self, issue_id: str) -> str | None:
        """The id of the experiment an issue is about."""
        answer = await self._get(f"3.0/mlflow/issues/{_segment(issue_id, 'issue')}")
        return _experiment(_at(answer, "issue"))

    async def experiment_of_schema(self, schema_id: str) -> str | None:
        """The id of the experiment a label schema is for."""
        answer = await self._get("3.0/mlflow/label-schemas/get", schema_id=schema_id)
        return _experiment(_at(answer, "label_schema"))

    async def experiment_of_job(self, job_id: str) -> str | None:
        """The id of the experiment a prompt optimisation job works in."""
        path = f"3.0/mlflow/prompt-optimization/jobs/{_segment(job_id, 'job')}"
        return _experiment(_at(await self._get(path), "job"))

    async def creator_of_job(self, job_id: str) -> str | None:
        """The username that a job was started under, if the upstream was told."""
        answer = await self._get(f"3.0/jobs/{_segment(job_id, 'job')}", api="ajax-api")
        creator = (answer or {}).get("creator")
        return creator if isinstance(creator, str) else None

    async def queue(self, queue_id: str) -> Queue | None:
        """A review queue, or None when there is none of this id."""
        if queue_id not in self._queues:
            answer = await self._get("3.0/mlflow/review-queues/get", queue_id=queue_id)
            found = _at(answer, "review_queue")
            if found is None:
                return None
            self.note_queue(queue_id, found)
        return self._queues[queue_id]

    async def queue_named(self, experiment_id: str, name: str) -> Queue | None:
        """A review queue by its experiment and name, or None."""
        path = "3.0/mlflow/review-queues/get-by-name"
        found = _at(await self._get(path, experiment_id=experiment_id, name=name), "review_queue")
        return Queue.read(found) if found and str(found["experiment_id"]) == experiment_id else None

    def note_queue(self, queue_id: str, entity: Mapping[str, Any]) -> None:
        """Take in a review queue that the upstream has sent anyhow."""
        self._queues[queue_id] = Queue.read(entity)

    async def endpoint_named(self, name: str) -> str | None:
        """The id of the gateway endpoint of exactly this name, or None."""
        answer = await self._get("3.0/mlflow/gateway/endpoints/get", name=name)
        found = _at(answer, "endpoint")
        return str(found["endpoint_id"]) if found and found.get("name") == name else None

    async def is_prompt(self, name: str) -> bool | None:
        """Whether a name of the registry is a prompt's; None when nothing has the name.

        PermissionDenied for a name that the upstream's database only takes for another one.
        """
        if name not in self._prompts:
            answer = await self._get("2.0/mlflow/registered-models/get", name=name)
            found = _at(answer, "registered_model")
            if found is not None and found.get("name", name) != name:
                raise PermissionDenied("Permission denied")
            self._prompts[name] = None if found is None else is_prompt(found)
        return self._prompts[name]

    def note_model(self, name: str, entity: Mapping[str, Any]) -> None:
        """Take in a registered model that the upstream has sent anyhow."""
        self._prompts[name] = is_prompt(entity)

    async def _get(self, path: str, *, api: str = "api", **query: str) -> dict[str, Any] | None:
        key = (path, frozenset(query.items()))
        if key not in self._answers:
            self._answers[key] = await self._ask(f"{self._prefix}/{api}/{path}", query)
        return self._answers[key]

    async def _ask(self, path: str, query: Mapping[str, str]) -> dict[str, Any] | None:
        answer = await ask(self._upstream, self._scope, path, query.items())
        if answer.status in _NO_SUCH_THING:
            return None
        if answer.status != _OK:
            raise Unavailable(
                f"The MLflow behind this server answered {answer.status} to a look-up."
            )
        data = answer.json()
        if not isinstance(data, dict):
            raise Unavailable("The MLflow behind this server sent an unreadable answer.")
        return data


def is_prompt(entity: Mapping[str, Any]) -> bool:
    """Whether a registered model, as a request or an answer writes it, is tagged as a prompt."""
    tags = entity.get("tags")
    return isinstance(tags, list) and any(
        isinstance(tag, dict)
        and tag.get("key") == PROMPT_TAG
        and str(tag.get("value")).lower() == "true"
        for tag in tags
    )


def _segment(value: str, what: str) -> str:
    if not _SEGMENT.fullmatch(value):
        raise InvalidRequest(f"Invalid {what} id '{value}'.")
    return value


def _at(answer: dict[str, Any] | None, *way: str) -> dict[str, Any] | None:
    found: Any = answer
    for name in way:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else None


def _experiment(entity: dict[str, Any] | None) -> str | None:
    found = (entity or {}).get("experiment_id")
    return None if found in (None, "") else str(found)
