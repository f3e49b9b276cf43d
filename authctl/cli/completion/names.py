"""Names that live on a server or in a database, looked up for shell completion."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from authctl.cli.context.file import ContextsFile
from authctl.cli.location import TRACKING_URI, Mode, is_http
from authctl.cli.options import SharedOptions
from authctl.cli.session import Session
from authctl.cli.token.owner import those_seen
from authctl.model import PROMPT_TAG, ResourceType
from authctl.wire import paths
from authctl.wire.exchange import call

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

_MOST = 1000
_TIMEOUT_SECONDS = 2.0


def prepared(kind: str, options: Mapping[str, Any]) -> Callable[[], list[str]]:
    """Get ready to look up every name of a kind in the place that these shared options name.

    What takes long to import is imported here, and nothing is asked yet. AuthctlError; KeyError.
    """
    shared = SharedOptions(**options, timeout=_TIMEOUT_SECONDS, retries=0, no_input=True)
    look_up = _LOOK_UPS[kind]
    if look_up is not _contexts:
        _import_for(Session(shared).location.mode)

    def names() -> list[str]:
        with Session(shared) as session:
            return sorted(set(look_up(session)))

    return names


def _import_for(mode: Mode) -> None:
    if mode is Mode.DIRECT:
        import authctl.store.sql  # noqa: PLC0415 - SQLAlchemy is slow to import
    else:
        import authctl.store.rest  # noqa: F401, PLC0415 - so is httpx


def _users(session: Session) -> Iterable[str]:
    return [user.username for user in session.store.list_users()]


def _roles(session: Session) -> Iterable[str]:
    roles = session.roles.list_roles()
    return [role.name for role in roles if not role.is_synthetic]


def _tokens(session: Session) -> Iterable[str]:
    return [token.name for token in those_seen(session, None)]


def _contexts(session: Session) -> Iterable[str]:
    return ContextsFile.find(session.env, Path.home()).read().by_name


def _experiments(session: Session) -> Iterable[str]:
    return [str(row["name"]) for row in _search(session, paths.EXPERIMENTS_SEARCH, "experiments")]


def _experiment_ids(session: Session) -> Iterable[str]:
    if not _has_tracking(session):
        return _granted(session, ResourceType.EXPERIMENT)
    found = _search(session, paths.EXPERIMENTS_SEARCH, "experiments")
    return [str(row["experiment_id"]) for row in found]


def _models(session: Session) -> Iterable[str]:
    if not _has_tracking(session):
        return _granted(session, ResourceType.REGISTERED_MODEL)
    found = _search(session, paths.MODELS_SEARCH, "registered_models")
    return [str(row["name"]) for row in found]


def _prompts(session: Session) -> Iterable[str]:
    if not _has_tracking(session):
        return _granted(session, ResourceType.PROMPT)
    found = _search(
        session,
        paths.MODELS_SEARCH,
        "registered_models",
        filter=f"tags.`{PROMPT_TAG}` = 'true'",
    )
    return [str(row["name"]) for row in found]


def _has_tracking(session: Session) -> bool:
    return session.location.mode is Mode.REMOTE or is_http(session.env.get(TRACKING_URI, ""))


def _search(session: Session, path: str, key: str, **query: str) -> list[dict[str, Any]]:
    return call(
        session.tracking, "GET", path, lambda reply: reply.get(key, []), max_results=_MOST, **query
    )


def _granted(session: Session, kind: ResourceType) -> Iterable[str]:
    # The auth database knows only what somebody has a grant on.
    return [
        found.resource.id for found in session.store.list_grants() if found.resource.type == kind
    ]


_LOOK_UPS: dict[str, Callable[[Session], Iterable[str]]] = {
    "users": _users,
    "roles": _roles,
    "tokens": _tokens,
    "contexts": _contexts,
    "experiments": _experiments,
    "experiment-ids": _experiment_ids,
    "models": _models,
    "prompts": _prompts,
}

KINDS = tuple(_LOOK_UPS)
"""What can be asked for."""
