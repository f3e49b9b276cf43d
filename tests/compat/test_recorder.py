"""The recorded auth databases are what those releases of MLflow make."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.store.databases import contents, empty_database, make_tables, opened
from tests.store.installed_mlflow import let_mlflow_upgrade
from tests.store.recorder import make, python_of
from tests.store.recordings import RECORDINGS, Recording, recorded
from tests.store.reflection import reflected, statements

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.compat, pytest.mark.timeout(900)]

FIRST_HAND = [recording for recording in RECORDINGS if recording.upgraded_by is None]


@pytest.mark.parametrize("recording", RECORDINGS, ids=str)
def test_a_release_makes_what_is_recorded_of_it(recording: Recording, tmp_path: Path) -> None:
    (tmp_path / "recorded").mkdir()
    anew = f"sqlite:///{tmp_path / 'anew.db'}"
    make(recording, anew)
    with recorded(recording, "sqlite", tmp_path / "recorded") as url:
        assert statements(url) == statements(anew)
        assert without_hashes(url) == without_hashes(anew)


@pytest.mark.parametrize("recording", FIRST_HAND, ids=str)
def test_the_tables_a_release_makes_on_postgresql_are_those_known_of_it(
    recording: Recording, tmp_path: Path
) -> None:
    with (
        empty_database("postgresql", tmp_path) as ours,
        empty_database("postgresql", tmp_path) as theirs,
    ):
        let_mlflow_upgrade(theirs, python=python_of(recording.release))
        make_tables(ours, recording.revision)
        assert reflected(ours) == reflected(theirs)
        with opened(theirs) as store:
            assert store.schema.revision == recording.revision


def without_hashes(url: str) -> dict[str, list[tuple[object, ...]]]:
    rows = contents(url)
    users = [(number, name, is_admin) for number, name, _, is_admin in rows["users"]]
    return {**rows, "users": users}
