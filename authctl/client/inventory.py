"""What a tracking server has of what grants name: experiments, registered models and prompts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from authctl.errors import AuthctlError, InvalidRequest, NotFound, PermissionDenied, Unavailable
from authctl.model import PROMPT_TAG, WILDCARD, Resource, ResourceType
from authctl.wire import paths
from authctl.wire.entities import user_from_json
from authctl.wire.exchange import call
from authctl.wire.failures import NoSuchEndpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from authctl.wire.entities import Json
    from authctl.wire.exchange import Sender

KINDS = (ResourceType.EXPERIMENT, ResourceType.REGISTERED_MODEL, ResourceType.PROMPT)
"""The types of which a tracking server can be asked whether there is such a thing."""

_NAMED = (ResourceType.REGISTERED_MODEL, ResourceType.PROMPT)
_A_PAGE = 1000
# In 3.x a search of registered models leaves prompts out unless it asks for them.
_FILTERS = (None, f"tags.`{PROMPT_TAG}` = 'true'")


def check_sees_all(server: Sender, username: str | None) -> None:
    """Make sure that nothing is hidden from the caller, where one signs in as this user.

    PermissionDenied for who is no admin; InvalidRequest where the server keeps workspaces, of which
    a caller sees one at a time. A server without authentication hides nothing.
    """
    try:
        info = call(server, "GET", paths.SERVER_INFO, dict)
    except (NoSuchEndpoint, NotFound):
        info = {}
    if info.get("workspaces_enabled"):
        raise InvalidRequest(
            "This server keeps workspaces, so it does not tell of all that is there."
        )
    try:
        is_admin = call(server, "GET", paths.USERS_CURRENT, _is_admin)
    except NoSuchEndpoint:
        is_admin = _is_admin_before_3_13(server, username)
    if not is_admin:
        raise PermissionDenied(
            "Only an admin of the server sees all that is there.",
            hint="Sign in as an admin: a thing that is hidden from you would seem to be gone.",
        )


def gone(server: Sender, resources: Iterable[Resource]) -> set[Resource]:
    """Those of the resources, of KINDS, that are on the server no more.

    A deleted experiment can be restored, so it counts as there. Searches are followed to their last
    page, and what they do not tell of is asked for by itself. Wildcards are never gone. Raises what
    kept any of it from being looked up.
    """
    wanted = {found for found in resources if found.type in KINDS and found.id != WILDCARD}
    there: set[str] = set()
    if any(found.type == ResourceType.EXPERIMENT for found in wanted):
        there |= set(_experiments(server))
    if any(found.type in _NAMED for found in wanted):
        there |= set(_models(server))
    unseen = [found for found in sorted(wanted) if _key(found) not in there]
    return {found for found in unseen if is_gone(server, found)}


def is_gone(server: Sender, resource: Resource) -> bool:
    """Whether the server says that there is no such thing; raises if it says anything else."""
    try:
        if resource.type == ResourceType.EXPERIMENT:
            call(
                server,
                "GET",
                paths.EXPERIMENTS_GET,
                lambda reply: reply["experiment"]["experiment_id"],
                experiment_id=resource.id,
            )
        else:
            # Prompts lie among the models, so this finds either.
            call(
                server,
                "GET",
                paths.MODELS_GET,
                lambda reply: reply["registered_model"]["name"],
                name=resource.id,
            )
    except NotFound:
        return True
    except AuthctlError as error:
        raise type(error)(f"Looking up {resource}: {error.message}", hint=error.hint) from error
    return False


def _experiments(server: Sender) -> Iterator[str]:
    def read(reply: Json) -> list[str]:
        rows = reply.get("experiments", ())
        return [f"{ResourceType.EXPERIMENT}:{row['experiment_id']}" for row in rows]

    yield from _search(server, "POST", paths.EXPERIMENTS_SEARCH, read, view_type="ALL")


def _models(server: Sender) -> Iterator[str]:
    def read(reply: Json) -> list[str]:
        return [str(row["name"]) for row in reply.get("registered_models", ())]

    for text in _FILTERS:
        yield from _search(server, "GET", paths.MODELS_SEARCH, read, filter=text)


def _key(resource: Resource) -> str:
    # A name counts as there whether it is a model's or a prompt's: MLflow before 3.13 keeps the
    # grants of both under one type.
    return str(resource) if resource.type == ResourceType.EXPERIMENT else resource.id


def _search(
    server: Sender, method: str, path: str, read: Callable[[Json], list[str]], **fields: str | None
) -> Iterator[str]:
    """Everything on every page of a search."""

    def read_page(reply: Json) -> tuple[list[str], str]:
        return read(reply), str(reply.get("next_page_token") or "")

    tokens = [""]
    while True:
        found, token = call(
            server,
            method,
            path,
            read_page,
            max_results=_A_PAGE,
            page_token=tokens[-1] or None,
            **fields,
        )
        yield from found
        if not token:
            return
        if token in tokens:
            raise Unavailable(f"The server's answers to {path} have no end.")
        tokens.append(token)


def _is_admin(reply: Json) -> bool:
    return user_from_json(reply["user"]).is_admin


def _is_admin_before_3_13(server: Sender, username: str | None) -> bool:
    try:
        return call(server, "GET", paths.USERS_GET, _is_admin, username=username or "")
    except NoSuchEndpoint:
        return True  # nobody signs in there
