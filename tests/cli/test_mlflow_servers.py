"""The same session on MLflow's own basic-auth server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cli.commands import signed_in
from tests.cli.transcript import ANYWHERE, transcript
from tests.servers import mlflow_server

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.mlflow


def test_the_same_session_on_mlflows_own_server_goes_the_same(tmp_path: Path) -> None:
    with mlflow_server(tmp_path / "mlflow") as server:
        told = transcript(signed_in(server, tmp_path))
    assert told == ANYWHERE.read_text(encoding="utf-8")
