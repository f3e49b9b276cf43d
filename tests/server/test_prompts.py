"""Prompts are registered models with a tag, and since MLflow 3.13 have grants of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import tour
from tests.scripts import run_script

if TYPE_CHECKING:
    from pathlib import Path

    from tests.live import Server

pytestmark = pytest.mark.mlflow

_WRITE = """
    import mlflow
    mlflow.set_tracking_uri("{url}")
    for words in ("Hello, {{{{name}}}}!", "Dear {{{{name}}}},"):
        prompt = mlflow.genai.register_prompt(name="{name}", template=words)
    mlflow.genai.set_prompt_alias("{name}", alias="best", version=prompt.version)
    print(prompt.version, mlflow.genai.load_prompt("prompts:/{name}@best").template)
"""

_LOOK = """
    import mlflow
    mlflow.set_tracking_uri("{url}")
    try:
        print(mlflow.genai.load_prompt("prompts:/{name}/1").template)
    except Exception as error:
        print("refused" if "ermission denied" in str(error) else error)
    try:
        mlflow.genai.register_prompt(name="{name}", template="mine")
        print("written")
    except Exception as error:
        # Who may not see a prompt tries to create it, and is told that the name is taken.
        words = ("ermission denied", "already exists")
        print("refused" if any(word in str(error) for word in words) else error)
    print([found.name for found in mlflow.genai.search_prompts(filter_string="name = '{name}'")])
"""


def test_a_prompt_is_its_creators_and_others_have_their_level(
    server: Server, tmp_path: Path
) -> None:
    alice, reader, eve = (server.add_user(name) for name in ("alice", "reader", "eve"))
    written = run_script(
        _WRITE.format(url=server.url, name="greeting"), tmp_path / "alice", **tour.as_user(alice)
    )
    assert written.splitlines()[-1] == "2 Dear {{name}},"
    body = {
        "username": "eve",
        "resource_type": "prompt",
        "resource_id": "greeting",
        "permission": "NO_PERMISSIONS",
    }
    granted = server.call("POST", "/api/3.0/mlflow/users/permissions/grant", body, user=alice)
    assert granted.status_code == 200, granted.text
    look = _LOOK.format(url=server.url, name="greeting")
    seen = run_script(look, tmp_path / "reader", **tour.as_user(reader))
    assert seen.splitlines()[-3:] == ["Hello, {{name}}!", "refused", "['greeting']"]
    seen = run_script(look, tmp_path / "eve", **tour.as_user(eve))
    assert seen.splitlines()[-3:] == ["refused", "refused", "[]"]


def test_a_grant_on_a_model_of_that_name_says_nothing_about_a_prompt(
    server: Server, tmp_path: Path
) -> None:
    owner, other = server.add_user("owner"), server.add_user("other")
    run_script(
        _WRITE.format(url=server.url, name="farewell"), tmp_path / "owner", **tour.as_user(owner)
    )
    body = {
        "username": "other",
        "resource_type": "registered_model",
        "resource_id": "farewell",
        "permission": "MANAGE",
    }
    assert server.call("POST", "/api/3.0/mlflow/users/permissions/grant", body).status_code == 200
    gone = server.call(
        "DELETE", "/api/2.0/mlflow/registered-models/delete", {"name": "farewell"}, user=other
    )
    assert gone.status_code == 403
