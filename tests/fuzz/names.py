"""Names to put into requests, by what they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from authctl.model import Grant, Permission, Resource, ResourceType
from authctl.policy.rule import Handle
from tests.fuzz.world import MINE, THEIRS, USER

if TYPE_CHECKING:
    from tests.fuzz.bodies import Names

# All kinds of names that a client may send.
ANY: Names = {
    **dict.fromkeys(Handle, ("a-1", "b-2")),
    Handle.EXPERIMENT_ID: ("1", "2", "0", "31"),
    Handle.EXPERIMENT_NAME: ("Default", "Größe/ 1"),
    Handle.RUN_ID: ("r1", "r2", "0123456789abcdef" * 2),
    Handle.MODEL_NAME: ("m", "my model/1", "größe", "prompt-1"),
    Handle.PROMPT_URI: ("prompts:/prompt-1@best", "prompts:/prompt 1/2", "prompt-1"),
    Handle.LOGGED_MODEL_ID: ("m-" + "0123456789abcdef" * 2, "m-2"),
    Handle.ARTIFACT_PATH: ("1/r1/artifacts/a.txt", "2/x y/ü", "31/models/a+b", "1/folder/", "1"),
    Handle.STORAGE_URI: (
        "runs:/r1/model",
        "models:/m/1",
        "mlflow-artifacts:/1/r1/artifacts/m",
        "s3://bucket/r1",
        "/tmp/x",
        "dummy-source",
    ),
    Handle.ENDPOINT_URI: ("gateway:/endpoint", '{"model": "gateway:/e2"}', "openai:/gpt"),
}

# Names of which some are the user's and some are not: the latter are told by this word.
_WORD = "theirs"
# The traces of OpenTelemetry have ids of hexadecimal digits.
SPANS_MINE, SPANS_THEIRS = "5a" * 16, "6b" * 16


def is_theirs(name: str) -> bool:
    is_word = _WORD in name or SPANS_THEIRS in name.lower()
    return is_word or name == THEIRS or name.startswith(f"{THEIRS}/")


def _both(mine: str, theirs: str) -> tuple[str, ...]:
    return (mine, mine, mine, theirs)


TWO: Names = {
    **dict.fromkeys(Handle, _both("mine", "theirs")),
    # What is new, or is in an experiment that is named beside it, is nobody else's.
    **dict.fromkeys((Handle.NEW, Handle.SCORER, Handle.REVIEW_QUEUE_NAME), ("mine", "new")),
    Handle.EXPERIMENT_ID: _both(MINE, THEIRS),
    Handle.MODEL_NAME: ("mine", "mine", "prompt-mine", "theirs", "prompt-theirs"),
    Handle.PROMPT_URI: _both("prompts:/prompt-mine/1", "prompts:/prompt-theirs/1"),
    Handle.ARTIFACT_PATH: _both(f"{MINE}/r/artifacts/a", f"{THEIRS}/r/artifacts/a"),
    Handle.STORAGE_URI: (
        "runs:/mine/model",
        "runs:/theirs/model",
        "models:/mine/1",
        "models:/theirs/1",
        f"mlflow-artifacts:/{MINE}/mine/artifacts",
        f"mlflow-artifacts:/{THEIRS}/theirs/artifacts",
        "s3://bucket/mine/x",
        "s3://bucket/theirs/x",
    ),
    Handle.ENDPOINT_URI: _both("gateway:/mine", "gateway:/theirs"),
}
THEIR_NAMES = {name for names in TWO.values() for name in names if is_theirs(name)} | {
    f"tr-{SPANS_THEIRS}"
}
GRANTS = [
    Grant(USER[0], Resource(kind, name), str(Permission.MANAGE))
    for kind, name in (
        (ResourceType.EXPERIMENT, MINE),
        (ResourceType.REGISTERED_MODEL, "mine"),
        (ResourceType.PROMPT, "prompt-mine"),
        (ResourceType.GATEWAY_SECRET, "mine"),
        (ResourceType.GATEWAY_MODEL_DEFINITION, "mine"),
        (ResourceType.GATEWAY_ENDPOINT, "mine"),
        (ResourceType.GATEWAY_ENDPOINT, "id-of-mine"),
    )
]
