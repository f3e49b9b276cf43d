"""A data scientist's day with the real client, under each level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import tour

if TYPE_CHECKING:
    from pathlib import Path

    from tests.live import Server

pytestmark = pytest.mark.mlflow


@pytest.fixture(scope="module")
def work(server: Server, tmp_path_factory: pytest.TempPathFactory) -> tour.Work:
    return tour.train(server, tmp_path_factory.mktemp("editor"))


def test_edit_logs_params_metrics_files_and_a_model_version(work: tour.Work) -> None:
    assert work.printed == tour.PRINTED


def test_read_sees_everything_and_changes_nothing(
    server: Server, work: tour.Work, tmp_path: Path
) -> None:
    reader = server.add_user("reader")  # READ is the default
    assert tour.look(server, work, reader, tmp_path) == tour.reader_sees()


def test_no_permissions_sees_and_changes_nothing(
    server: Server, work: tour.Work, tmp_path: Path
) -> None:
    outsider = server.add_user("outsider")
    tour.grant(server, "outsider", work.experiment, "NO_PERMISSIONS")
    assert tour.look(server, work, outsider, tmp_path) == tour.outsider_sees()
