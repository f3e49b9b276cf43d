"""Prompts: versions, aliases and tags, loading and searches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import mlflow
from mlflow import MlflowClient
from steps.part import RELEASE, WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steps.part import Made

if RELEASE >= (3, 0):
    from mlflow import genai as api
else:  # where prompts began
    api = mlflow

_TAGS_VERSIONS = RELEASE > (3, 4)  # where the client does not send what it is told to


def edit(made: Made) -> Iterator[tuple[str, Any, Any]]:
    client = MlflowClient()
    name = made["prompt"] = made.grant("prompt", made.name("greeting").replace(" ", "_"))
    api.register_prompt(name=name, template=f"Hello {{{{name}}}} {WORDS}", tags={"team": "a"})
    second = api.register_prompt(name=name, template="Dear {{name}}", commit_message="politer")
    yield "second", int(second.version), 2
    api.set_prompt_alias(name, alias="best", version=1)
    api.set_prompt_alias(name, alias="worst", version=2)
    (mlflow if RELEASE < (3, 0) else api).delete_prompt_alias(name, alias="worst")
    yield "first", load(f"prompts:/{name}/1"), f"Hello {{{{name}}}} {WORDS}"
    yield "second's words", load(f"prompts:/{name}/2"), "Dear {{name}}"
    yield "by alias", load(f"prompts:/{name}@best"), f"Hello {{{{name}}}} {WORDS}"
    loaded = api.load_prompt(f"prompts:/{name}@best")
    yield "formatted", loaded.format(name="you"), f"Hello you {WORDS}"
    if RELEASE >= (3, 0):
        client.set_prompt_tag(name, "stage", "dev")
        client.set_prompt_tag(name, "passing", "by")
        client.delete_prompt_tag(name, "passing")
        if _TAGS_VERSIONS:
            client.set_prompt_version_tag(name, "1", "checked", "yes")
            client.set_prompt_version_tag(name, "1", "passing", "by")
            client.delete_prompt_version_tag(name, "1", "passing")
        found = client.get_prompt(name)
        yield "tags", [found.tags.get(key) for key in ("stage", "passing")], ["dev", None]
        version = client.get_prompt_version(name, "1")
        checked = {"checked": "yes"} if _TAGS_VERSIONS else {}
        yield "version tags", version.tags, {"team": "a"} | checked
        client.link_prompt_version_to_run(made["run"], loaded)
        yield "search", searched(made), [name]
        api.register_prompt(name=f"{name}_passing", template="by")
        client.delete_prompt_version(f"{name}_passing", "1")
        client.delete_prompt(f"{name}_passing")
        yield "deleted", searched(made), [name]
    else:
        client.log_prompt(made["run"], f"prompts:/{name}/1")
        yield "logged", len(client.list_logged_prompts(made["run"])), 1
        api.register_prompt(name=f"{name}_passing", template="by")
        client.delete_prompt(f"{name}_passing", 1)
    yield "no such prompt", missing(made), True


def missing(made: Made) -> bool:
    """Whether a prompt that is not there is told from one that is."""
    if RELEASE < (3, 0):
        return True
    return api.load_prompt(f"prompts:/{made['prompt']}/99", allow_missing=True) is None


def load(uri: str) -> str:
    return api.load_prompt(uri).template


def searched(made: Made) -> list[str]:
    query = f"name LIKE '%of_{made['word']}%'"
    return sorted(found.name for found in api.search_prompts(filter_string=query))


def reads(made: Made) -> dict[str, Any]:
    client, name = MlflowClient(), made["prompt"]
    found = {
        "first": lambda: load(f"prompts:/{name}/1"),
        "by alias": lambda: load(f"prompts:/{name}@best"),
    }
    if RELEASE >= (3, 0):
        found |= {
            "prompt": lambda: getattr(client.get_prompt(name), "tags", None),
            "version": lambda: client.get_prompt_version(name, "1").template,
        }
    return found


def writes(made: Made) -> dict[str, Any]:
    client, name = MlflowClient(), made["prompt"]
    found = {
        "new version": lambda: api.register_prompt(name=name, template="mine"),
        "alias": lambda: api.set_prompt_alias(name, alias="best", version=2),
        "delete alias": lambda: client.delete_prompt_alias(name, "best"),
    }
    if RELEASE >= (3, 0):
        found |= {
            "tag": lambda: client.set_prompt_tag(name, "stage", "mine"),
            "delete tag": lambda: client.delete_prompt_tag(name, "stage"),
            "delete version": lambda: client.delete_prompt_version(name, "2"),
            "delete": lambda: client.delete_prompt(name),
        }
        if _TAGS_VERSIONS:
            set_tag = client.set_prompt_version_tag
            found["version tag"] = lambda: set_tag(name, "1", "checked", "mine")
    else:
        found["delete version"] = lambda: client.delete_prompt(name, 2)
    return found


def searches(made: Made) -> dict[str, Any]:
    if RELEASE < (3, 0):
        return {}
    return {"prompts": lambda: searched(made)}
