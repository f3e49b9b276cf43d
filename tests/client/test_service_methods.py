from __future__ import annotations

from typing import TYPE_CHECKING

from tests.client.their_methods import compare_methods

if TYPE_CHECKING:
    from pathlib import Path


def test_it_has_every_method_of_mlflows_client_with_its_parameters(tmp_path: Path) -> None:
    assert "grant_user_permission" in compare_methods(tmp_path)
