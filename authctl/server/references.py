"""What the values in a request refer to, where they are more than an id."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from authctl.errors import InvalidRequest
from authctl.model import TAGS_OF_TRACE_FILES, Resource, ResourceType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from authctl.server.request import Reading


def typed_id(reading: Reading) -> str:
    """The id that goes with a resource_type; some clients write an experiment's as a number."""
    value = reading.one("resource_id")
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return reading.required("resource_id")


def is_number(reading: Reading, field: str) -> bool:
    """Whether a field is given as a number, in the forms in which MLflow reads one."""
    value = reading.one(field)
    is_int = isinstance(value, int) and not isinstance(value, bool)
    return is_int or (isinstance(value, str) and value.isascii() and value.isdigit())


def scorer_resource(experiment: str, name: str) -> Resource:
    """The resource of a scorer, whose id is its experiment's and its percent-encoded name."""
    return Resource(ResourceType.SCORER, f"{experiment}/{quote(name, safe='')}")


def texts_in(reading: Reading, field: str) -> list[str]:
    """The texts under a field, one or a list; InvalidRequest for anything else."""
    values = reading.values(field)
    flat = values[0] if len(values) == 1 and isinstance(values[0], list) else values
    if not all(isinstance(value, str) for value in flat):
        raise InvalidRequest(f"Parameter '{field}' must be a string.")
    return [value for value in flat if value]


def prompt_of(uri: str) -> str | None:
    """The prompt that a URI, or a plain name, means; None where it can be read two ways."""
    rest = uri.removeprefix("prompts:/")
    if rest == uri:
        return None if "@" in uri or "/" in uri else uri
    return rest.rpartition("@" if "@" in rest else "/")[0] or None


def endpoints_in(text: str) -> Iterator[str]:
    """The names of the gateway's endpoints in a URI, or anywhere in JSON, JSON in JSON too."""
    pending: list[Any] = [text]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            pending += item.values()
        elif isinstance(item, list):
            pending += item
        elif isinstance(item, str) and item.lstrip()[:1] in ("{", "["):
            with contextlib.suppress(ValueError, RecursionError):
                pending.append(json.loads(item))
        elif isinstance(item, str):
            scheme, colon, name = item.partition(":/")
            if colon and scheme.strip().lower() == "gateway":
                yield name.lstrip("/")


def places_of_files(tags: Any) -> dict[str, Any]:
    """Of tags, as a map or as keys and values, those that say where a trace's files are."""
    pairs: Iterable[tuple[Any, Any]] = tags.items() if isinstance(tags, dict) else ()
    if isinstance(tags, list):
        pairs = [(tag.get("key"), tag.get("value")) for tag in tags if isinstance(tag, dict)]
    reserved = {same_key(tag): tag for tag in TAGS_OF_TRACE_FILES}
    return {reserved[same_key(key)]: value for key, value in pairs if same_key(key) in reserved}


def same_key(key: object) -> str:
    """A key as a database that tells neither case nor trailing blanks apart compares it."""
    return str(key).rstrip().lower()
