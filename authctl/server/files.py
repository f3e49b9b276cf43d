"""Which experiment a stored file belongs to, by its path or by the URI it is stored under."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from authctl.model import Action, Resource, ResourceType
from authctl.policy.decision import Demand

if TYPE_CHECKING:
    from authctl.server.lookup import Home, Lookup
    from authctl.server.request import Reading

_EXPERIMENT_FOLDER = re.compile(r"(0|[1-9][0-9]{0,18})(?:/|$)")
_RUN_FOLDER = re.compile(r"[0-9a-f]{32}")
_LOGGED_MODEL_ID = re.compile(r"m-[0-9a-f]{32}")
_FOLDERS = {"models": ResourceType.LOGGED_MODEL, "traces": ResourceType.TRACE}
_IN_AN_EXPERIMENT = (ResourceType.RUN, ResourceType.TRACE, ResourceType.LOGGED_MODEL)


def demands_on_path(action: Action, path: str) -> list[Demand]:
    """What an action on a file or folder below the artifact root asks for.

    The root's folders are experiments, whose folders are those of runs, `models` and `traces`:
    each is judged by its tier, and what is deleted by every tier that is in it.
    """
    experiment = _experiment_of(path)
    if experiment is None:
        return [Demand(action, None)]
    tiers = _tiers_of(path.rstrip("/").split("/")[1:], whole=action is Action.DELETE)
    return [Demand(action, experiment, tier) for tier in tiers] or [Demand(action, experiment)]


async def demand_on_uri(action: Action, uri: str, reading: Reading, lookup: Lookup) -> list[Demand]:
    """What an action on files at a URI asks for; files of nothing known cannot be judged."""
    parts = urlsplit(uri)
    path = parts.path.lstrip("/")
    first = path.split("/")[0]
    if not _is_plain(path) or parts.query or parts.fragment or parts.netloc:
        return [await _within(action, uri, reading, lookup)]
    if parts.scheme == "runs":
        home = await lookup.run(first)
        return [Demand(action, _home(home), ResourceType.RUN)]
    if parts.scheme == "models" and _LOGGED_MODEL_ID.fullmatch(first):
        home = await lookup.logged_model(first)
        return [Demand(action, _home(home), ResourceType.LOGGED_MODEL)]
    if parts.scheme == "mlflow-artifacts":
        return demands_on_path(action, path)
    return [await _within(action, uri, reading, lookup)]


def model_of_uri(uri: str) -> str | None:
    """The registered model that a URI such as models:/churn/1 or models:/churn@best names."""
    parts = urlsplit(uri)
    first = parts.path.lstrip("/").split("/")[0]
    if parts.scheme != "models" or not _is_plain(parts.path.lstrip("/")) or parts.netloc:
        return None
    if parts.query or parts.fragment or _LOGGED_MODEL_ID.fullmatch(first):
        return None
    return first.split("@")[0]


def _experiment_of(path: str) -> Resource | None:
    match = _EXPERIMENT_FOLDER.match(path)
    return _resource(match[1]) if match and _is_plain(path) else None


def _tiers_of(folders: list[str], *, whole: bool) -> tuple[ResourceType, ...]:
    if not folders:  # whose folders bear the names of runs
        return _IN_AN_EXPERIMENT if whole else (ResourceType.RUN,)
    if folders[0] in _FOLDERS:
        return (_FOLDERS[folders[0]],)
    if whole or _RUN_FOLDER.fullmatch(folders[0]) or folders[1:2] == ["artifacts"]:
        return (ResourceType.RUN,)
    return ()


async def _within(action: Action, uri: str, reading: Reading, lookup: Lookup) -> Demand:
    """By the run or logged model that the request names, if the URI is in its files."""
    run_id, model_id = reading.text("run_id"), reading.text("model_id")
    homes = (
        (await lookup.run(run_id) if run_id else None, ResourceType.RUN),
        (await lookup.logged_model(model_id) if model_id else None, ResourceType.LOGGED_MODEL),
    )
    for home, tier in homes:
        root = home.artifact_uri.rstrip("/") if home else ""
        rest = uri.removeprefix(root)
        if home and root and (rest == "" or (rest.startswith("/") and _is_plain(rest[1:]))):
            return Demand(action, _resource(home.experiment_id), tier)
    return Demand(action, None)


def _home(home: Home | None) -> Resource | None:
    return _resource(home.experiment_id) if home else None


def _resource(experiment_id: str | None) -> Resource | None:
    return Resource(ResourceType.EXPERIMENT, experiment_id) if experiment_id else None


def _is_plain(path: str) -> bool:
    """Whether a relative path reads the same however often it is decoded and normalised."""
    return (
        unquote(path) == path
        and "\\" not in path
        and not any(segment in ("", ".", "..") for segment in path.rstrip("/").split("/"))
        and not path.endswith("//")
    )
