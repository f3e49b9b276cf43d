"""Experiments by name, as people call them; grants know only their ids."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from authctl.errors import AuthctlError, NotFound
from authctl.wire import paths
from authctl.wire.exchange import call

if TYPE_CHECKING:
    from authctl.wire.exchange import Sender

_MOST_NAMES = 1000


def find_experiment(server: Sender, name: str) -> str:
    """Give the id of the experiment of exactly this name, such as "42".

    Raises NotFound, with the names most like it that the caller may read; PermissionDenied.
    """
    try:
        return call(
            server,
            "GET",
            paths.EXPERIMENTS_GET_BY_NAME,
            lambda reply: str(reply["experiment"]["experiment_id"]),
            experiment_name=name,
        )
    except NotFound as error:
        similar = difflib.get_close_matches(name, _readable_names(server))
        listed = ", ".join(f"'{other}'" for other in similar)
        raise NotFound(
            f"Experiment '{name}' does not exist.",
            hint=f"Did you mean {listed}?" if similar else None,
        ) from error


def _readable_names(server: Sender) -> list[str]:
    try:
        return call(
            server,
            "GET",
            paths.EXPERIMENTS_SEARCH,
            lambda reply: [str(row["name"]) for row in reply.get("experiments", ())],
            max_results=_MOST_NAMES,
        )
    except AuthctlError:
        # Only the suggestions are lost.
        return []
