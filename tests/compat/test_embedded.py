"""`authctl serve` with an older MLflow inside, and that release's own clients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests import tour
from tests.environments import python_with_authctl
from tests.live import ADMIN, authctl_server
from tests.scripts import run_script

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.live import Server

pytestmark = [
    pytest.mark.compat,
    pytest.mark.timeout(900),
    pytest.mark.parametrize("python", ["3.4.0", "3.12.0"], indirect=True, scope="module"),
]


@pytest.fixture(scope="module")
def python(request: pytest.FixtureRequest) -> str:
    return python_with_authctl(request.param)


@pytest.fixture(scope="module")
def server(python: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with authctl_server(tmp_path_factory.mktemp("embedded"), python=python) as running:
        yield running


def test_a_data_scientists_day_under_each_level(
    server: Server, python: str, tmp_path: Path
) -> None:
    work = tour.train(server, tmp_path / "editor", python=python)
    assert work.printed == tour.PRINTED
    reader, outsider = server.add_user("reader"), server.add_user("outsider")
    tour.grant(server, "outsider", work.experiment, "NO_PERMISSIONS")
    assert tour.look(server, work, reader, tmp_path / "reader", python=python) == (
        tour.reader_sees()
    )
    assert tour.look(server, work, outsider, tmp_path / "outsider", python=python) == (
        tour.outsider_sees()
    )


@pytest.mark.parametrize("name", ["basic-auth", "authctl"])
def test_the_legacy_python_client_manages_permissions(
    server: Server, python: str, tmp_path: Path, name: str
) -> None:
    user = f"scientist-{name}"
    code = f"""
    from mlflow import MlflowClient
    from mlflow.server import get_app_client

    auth_client = get_app_client("{name}", tracking_uri="{server.url}")
    client = MlflowClient(tracking_uri="{server.url}")
    user = auth_client.create_user(username="{user}", password="secure_password")
    print(user.username, user.is_admin)
    auth_client.update_user_admin(username="{user}", is_admin=True)
    auth_client.update_user_admin(username="{user}", is_admin=False)
    experiment_id = client.create_experiment("my_experiment {name}")
    client.create_registered_model("my_model {name}")
    auth_client.create_experiment_permission(
        experiment_id=experiment_id, username="{user}", permission="MANAGE"
    )
    auth_client.update_experiment_permission(
        experiment_id=experiment_id, username="{user}", permission="EDIT"
    )
    print(auth_client.get_experiment_permission(experiment_id, "{user}").permission)
    auth_client.create_registered_model_permission(
        name="my_model {name}", username="{user}", permission="READ"
    )
    auth_client.update_registered_model_permission(
        name="my_model {name}", username="{user}", permission="NO_PERMISSIONS"
    )
    print(auth_client.get_registered_model_permission("my_model {name}", "{user}").permission)
    found = auth_client.get_user("{user}")
    print([grant.permission for grant in found.experiment_permissions])
    print([grant.permission for grant in found.registered_model_permissions])
    auth_client.delete_experiment_permission(experiment_id, "{user}")
    auth_client.delete_user("{user}")
    """
    printed = run_script(
        code,
        tmp_path,
        python=python,
        MLFLOW_FLASK_SERVER_SECRET_KEY="a-key",
        **tour.as_user(ADMIN),
    )
    assert printed.splitlines()[-5:] == [
        f"{user} False",
        "EDIT",
        "NO_PERMISSIONS",
        "['EDIT']",
        "['NO_PERMISSIONS']",
    ]
