"""What authctl read beside what MLflow read: where they differ, and how much was compared."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from authctl.model import ResourceType
from authctl.policy.rule import Body, Effect
from authctl.policy.shape import fold, shapes
from authctl.server.lookup import is_prompt

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Iterator, Mapping

    from authctl.policy.rule import Rule
    from tests.fuzz.our_reading import Passed

# MLflow takes an experiment's empty id for this one's, but in the gateway, where it is nothing, as
# any other empty id is.
DEFAULT_EXPERIMENT = "0"
# Where a store calls a thing otherwise than the request does.
_CALLED = {
    "run_id": ("run_id", "run_ids"),
    "run_uuid": ("run_id",),
    "request_id": ("trace_id",),
    "header:x-mlflow-experiment-id": ("location",),
    "header:x-mlflow-run-id": ("run_id",),
    "trace_id": ("trace_id", "trace_ids"),
}
# What a store is asked about by id: all of it must have been judged.
IDS = frozenset(
    {
        "experiment_id",
        "experiment_ids",
        "location",
        "locations",
        "run_id",
        "run_ids",
        "run_uuid",
        "trace_id",
        "trace_ids",
        "request_id",
        "model_id",
        "source_run_id",
        "artifact_path",
        "path",
        "dataset_id",
        "queue_id",
        "schema_id",
        "issue_id",
        "job_id",
        "secret_id",
        "endpoint_id",
        "model_definition_id",
    }
)
# What a store looks for in what was judged, by what it narrows that, or what it takes out of it.
_WITHIN = frozenset(
    {
        ("delete_traces", "trace_ids"),
        ("batch_get_traces", "experiment_ids"),
        ("batch_get_trace_infos", "experiment_ids"),
        ("remove_dataset_from_experiments", "experiment_ids"),
    }
)


def question(passed: Passed) -> dict[str, Any]:
    """A forwarded request in JSON."""
    scope = passed.scope
    return {
        "method": scope["method"],
        "path": scope["path"],
        "raw_path": scope["raw_path"].decode("latin-1"),
        "query": scope["query_string"].decode("latin-1"),
        "headers": [[part.decode("latin-1") for part in pair] for pair in scope["headers"]],
        "body": passed.body.decode("latin-1"),
    }


def differences(
    passed: Passed, theirs: Mapping[str, Any], prefix: str, counts: Counter[str]
) -> list[str]:
    """Whatever MLflow reads otherwise than authctl; empty when they agree."""
    if theirs["route"] is None:
        counts["not served"] += 1
        return []
    counts["calls"] += len(theirs["calls"])
    values = _of_graphql if passed.rule.body is Body.GRAPHQL else _of_fields
    return [
        *_of_route(passed, theirs, prefix),
        *values(passed, theirs, counts),
        *_of_prompts(passed, theirs),
        *_of_calls(passed, theirs),
    ]


def leaves(data: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """All that is no object, list or null, with the name it is under."""
    if isinstance(data, dict):
        for key, inner in data.items():
            yield from leaves(inner, key)
    elif isinstance(data, list):
        for item in data:
            yield from leaves(item, name)
    elif data is not None:
        yield name, data


def _of_route(passed: Passed, theirs: Mapping[str, Any], prefix: str) -> Iterator[str]:
    """The route, the parameters in its path, and the whole body."""
    rows = {row[1:] for row in shapes(passed.rule)}
    if fold(theirs["route"].removeprefix(prefix)) not in rows:
        yield f"it is served by {theirs['route']}"
    if sorted(passed.params.values()) != sorted(map(str, theirs["params"].values())):
        yield f"path: {dict(passed.params)} here, {theirs['params']} there"
    if theirs["body"] is not None and theirs["body"].encode("latin-1") != passed.body:
        yield f"body: {passed.body!r} here, {theirs['body']!r} there"


def _of_fields(passed: Passed, theirs: Mapping[str, Any], counts: Counter[str]) -> Iterator[str]:
    """Each field that the row looks at."""
    message = theirs["messages"][0] if theirs["messages"] else None
    optional = {
        name for need in passed.rule.needs if need.optional for name in need.selector.fields
    }
    for name, values in passed.values.items():
        found = list(_found(name, passed, theirs, message))
        if not found and not _has(message, name):
            continue
        counts["fields"] += 1
        ours, there = [_text(value) for value in values], [_text(value) for value in found]
        if message is None:
            ours = list(dict.fromkeys(ours))  # as they come to a store
        if ours == there or _is_as_good(name, passed.rule, ours, there):
            continue
        if not there and not theirs["calls"]:
            counts["refused by MLflow"] += 1
        elif _is_cut_short(message) and (there or name in optional) and ours[: len(there)] == there:
            counts["read in part by MLflow"] += 1
        else:
            yield f"{name}: {ours} here, {there} there"


def _found(
    name: str, passed: Passed, theirs: Mapping[str, Any], message: Mapping[str, Any] | None
) -> Iterator[Any]:
    """What MLflow has under a name: in the path, in its message, or when it asks a store."""
    if name in passed.params:
        again = _dig(message["fields"], [name]) if message else ()
        yield from dict.fromkeys((passed.params[name], *again))
    elif message is not None:
        yield from _dig(message["fields"], name.split("."))
    else:
        yield from _called(theirs["calls"], name)


def _has(message: Mapping[str, Any] | None, name: str) -> bool:
    """Whether MLflow has a field of this name at all."""
    if message is None:
        return False
    return message["has"] is None or name.partition(".")[0] in message["has"]


def _is_cut_short(message: Mapping[str, Any] | None) -> bool:
    """Whether MLflow gave up in the middle of a message, which leaves less than was judged."""
    return message is not None and not message["whole"]


def _is_as_good(name: str, rule: Rule, ours: list[str], theirs: list[str]) -> bool:
    """Whether a difference is none, for a field of which it counts whether it is given.

    More is asked where it is, or where it is not: then it must not be overlooked by MLflow.
    """
    named = {field for need in rule.needs for field in need.selector.fields} | {rule.unlike_users}
    if rule.narrow:
        named.add(rule.narrow.field)
    if rule.keep:
        named |= {"max_results", "page_token"}
    if rule.then:
        named |= {*rule.then.fields, rule.then.new}
    named |= {field for field, _ in (*rule.never, *rule.only)}
    if name in named:
        return False
    absent = {need.missing for need in rule.needs} | {rule.then.unless if rule.then else ""}
    return bool(ours) == bool(theirs) if name in absent else bool(ours) >= bool(theirs)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _dig(data: Any, names: list[str]) -> Iterator[Any]:
    if isinstance(data, list):
        for item in data:
            yield from _dig(item, names)
    elif not names:
        if data not in (None, "", [], {}):
            yield data
    elif isinstance(data, dict) and names[0] in data:
        yield from _dig(data[names[0]], names[1:])


def _called(calls: list[Any], name: str) -> Iterator[Any]:
    """The values under which a field comes to a store, each once."""
    word = name.rpartition(".")[2]
    words = _CALLED.get(word, (word,))
    given = leaves([call["given"] for call in calls])
    yield from dict.fromkeys(value for key, value in given if key in words and value != "")


def _of_graphql(passed: Passed, theirs: Mapping[str, Any], counts: Counter[str]) -> Iterator[str]:
    """Every message of a GraphQL request is one of those that were judged."""
    left = [{_snake(key): found for key, found in asked.items() if found} for asked in passed.asked]
    for message in theirs["messages"]:
        counts["fields"] += 1
        found = {
            name: list(_dig(value, []))
            for name, value in message["fields"].items()
            if name in IDS and value
        }
        if found in left:
            left.remove(found)
        else:
            yield f"{message['name']}: {left} here, {found} there"


def _snake(name: str) -> str:
    return re.sub(r"[A-Z]", lambda match: f"_{match[0].lower()}", name)


def _of_prompts(passed: Passed, theirs: Mapping[str, Any]) -> Iterator[str]:
    """Whether a prompt or a model is made: both have names of their own."""
    then = passed.rule.then
    if then and then.effect is Effect.OWN and then.type is ResourceType.REGISTERED_MODEL:
        ours = is_prompt(json.loads(passed.body or b"{}"))
        if theirs["calls"] and ours != is_prompt(theirs["messages"][0]["fields"]):
            yield f"prompt: {ours} here, {not ours} there"


def _of_calls(passed: Passed, theirs: Mapping[str, Any]) -> Iterator[str]:
    """What MLflow asks its stores for is among what was judged."""
    judged = set(passed.params.values())
    for values in (passed.values, *passed.asked):
        judged |= {_text(item) for found in values.values() for item in found}
    if passed.rule.keep:
        return  # the rows of the answer are judged
    for call in theirs["calls"]:
        for name, value in leaves(call["given"]):
            found = _text(value)
            if name == "experiment_id" and found == "" and "gateway" not in call["name"]:
                found = DEFAULT_EXPERIMENT
            if name not in IDS or (call["name"], name) in _WITHIN or found in judged | {""}:
                continue
            yield f"{call['name']} of {name} {found!r}, judged were {sorted(judged)}"
