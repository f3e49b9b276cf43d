"""The assistant runs tools on the server: administrators use it, the web UI asks whether it can."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.live import ADMIN
from tests.server.families import Family, make_family

if TYPE_CHECKING:
    from tests.server.world import World

pytestmark = pytest.mark.mlflow

_ASSISTANT = "/ajax-api/3.0/mlflow/assistant"


@pytest.fixture(scope="module")
def family(embedded: World) -> Family:
    return make_family(embedded.server)


def test_its_settings_are_told_without_what_is_in_them(family: Family) -> None:
    whole = family.ok(ADMIN, f"GET {_ASSISTANT}/config")
    told = family.ok(family.stranger, f"GET {_ASSISTANT}/config")
    assert set(told) == set(whole)
    assert (told["providers"], told["projects"]) == ({}, {})


def test_whoever_could_answer_is_not_told(family: Family) -> None:
    assert family.ok(ADMIN, f"GET {_ASSISTANT}/providers")["providers"]
    told = family.ok(family.stranger, f"GET {_ASSISTANT}/providers")
    assert not any(told.values())


@pytest.mark.parametrize(
    "line",
    [
        "PUT config",
        "POST message",
        "GET providers/x/health",
        "GET providers/x/models",
        "PATCH sessions/x",
        "POST sessions/x/permission",
        "GET sessions/x/stream",
        "POST sessions/x/tool-result",
        "POST skills/install",
    ],
)
def test_nobody_but_administrators_uses_it(family: Family, line: str) -> None:
    method, path = line.split()
    body = None if method == "GET" else {}
    family.denied((family.owner, family.stranger), f"{method} {_ASSISTANT}/{path}", body)
