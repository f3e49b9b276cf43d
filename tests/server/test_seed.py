"""Every example of MLflow's authentication document that concerns a server, run for real."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from tests.live import ADMIN, authctl_server
from tests.scripts import run_script

if TYPE_CHECKING:
    from pathlib import Path

    from tests.live import Server

pytestmark = pytest.mark.mlflow

_LOG = """
    import mlflow
    mlflow.set_tracking_uri("{url}")
    mlflow.set_experiment("{experiment}")
    with mlflow.start_run() as run:
        mlflow.log_metric("accuracy", 0.95)
    print(mlflow.get_run(run.info.run_id).data.metrics["accuracy"])
"""


def admin_environment() -> dict[str, str]:
    return {"MLFLOW_TRACKING_USERNAME": ADMIN[0], "MLFLOW_TRACKING_PASSWORD": ADMIN[1]}


def test_credentials_come_from_environment_variables(server: Server, tmp_path: Path) -> None:
    user = server.add_user("env_user")
    printed = run_script(
        _LOG.format(url=server.url, experiment="by environment"),
        tmp_path,
        MLFLOW_TRACKING_USERNAME=user[0],
        MLFLOW_TRACKING_PASSWORD=user[1],
    )
    assert printed.splitlines()[-1] == "0.95"


def test_credentials_set_inside_the_program_count_too(server: Server, tmp_path: Path) -> None:
    user = server.add_user("environ_user")
    setting = f"""
    import os
    os.environ["MLFLOW_TRACKING_USERNAME"] = "{user[0]}"
    os.environ["MLFLOW_TRACKING_PASSWORD"] = "{user[1]}"
"""
    code = setting + _LOG.format(url=server.url, experiment="by os.environ")
    assert run_script(code, tmp_path).splitlines()[-1] == "0.95"


def test_credentials_come_from_the_credentials_file(server: Server, tmp_path: Path) -> None:
    user = server.add_user("file_user")
    folder = tmp_path / ".mlflow"
    folder.mkdir()
    (folder / "credentials").write_text(
        f"[mlflow]\nmlflow_tracking_username = {user[0]}\nmlflow_tracking_password = {user[1]}\n"
    )
    code = _LOG.format(url=server.url, experiment="by file")
    assert run_script(code, tmp_path).splitlines()[-1] == "0.95"


def test_the_environment_beats_the_credentials_file(server: Server, tmp_path: Path) -> None:
    user = server.add_user("both_user")
    folder = tmp_path / ".mlflow"
    folder.mkdir()
    (folder / "credentials").write_text(
        "[mlflow]\nmlflow_tracking_username = nobody\nmlflow_tracking_password = nothing\n"
    )
    printed = run_script(
        _LOG.format(url=server.url, experiment="by both"),
        tmp_path,
        MLFLOW_TRACKING_USERNAME=user[0],
        MLFLOW_TRACKING_PASSWORD=user[1],
    )
    assert printed.splitlines()[-1] == "0.95"


def test_without_credentials_the_client_is_told_so(server: Server, tmp_path: Path) -> None:
    code = _LOG.format(url=server.url, experiment="by nobody")
    assert "You are not authenticated" in run_script(code, tmp_path, fails=True)


@pytest.mark.parametrize("name", ["basic-auth", "authctl"])
def test_the_python_client_creates_users_and_changes_admin_status(
    server: Server, tmp_path: Path, name: str
) -> None:
    newuser = f"newuser-{name}"
    code = f"""
    from mlflow.server import get_app_client

    auth_client = get_app_client("{name}", tracking_uri="{server.url}")
    user = auth_client.create_user(username="{newuser}", password="secure_password")
    print(user.username, user.is_admin)
    auth_client.update_user_admin(username="{newuser}", is_admin=True)
    print(auth_client.get_user("{newuser}").is_admin)
    auth_client.update_user_admin(username="{newuser}", is_admin=False)
    print(auth_client.get_user("{newuser}").is_admin)
    """
    printed = run_script(
        code, tmp_path, MLFLOW_FLASK_SERVER_SECRET_KEY="a-key", **admin_environment()
    )
    assert printed.split("\n")[-4:-1] == [f"{newuser} False", "True", "False"]


def test_only_admins_promote(server: Server, tmp_path: Path) -> None:
    user = server.add_user("ambitious")
    code = f"""
    from mlflow.server import get_app_client
    get_app_client("authctl", tracking_uri="{server.url}").update_user_admin("ambitious", True)
    """
    told = run_script(
        code,
        tmp_path,
        fails=True,
        MLFLOW_TRACKING_USERNAME=user[0],
        MLFLOW_TRACKING_PASSWORD=user[1],
    )
    assert "Permission denied" in told
    got = server.call("GET", "/api/2.0/mlflow/users/get", username="ambitious").json()
    assert got["user"]["is_admin"] is False


def test_a_user_is_created_over_rest(server: Server) -> None:
    response = httpx.post(
        f"{server.url}/api/2.0/mlflow/users/create",
        json={"username": "rest_user", "password": "secure_password"},
        auth=ADMIN,
    )
    assert response.status_code == 200
    assert response.json()["user"]["username"] == "rest_user"


def test_permissions_on_experiments(server: Server, tmp_path: Path) -> None:
    server.add_user("data_scientist")
    code = f"""
    from mlflow import MlflowClient
    from mlflow.server import get_app_client

    auth_client = get_app_client("authctl", tracking_uri="{server.url}")
    client = MlflowClient(tracking_uri="{server.url}")
    experiment_id = client.create_experiment("my_experiment")
    auth_client.create_experiment_permission(
        experiment_id=experiment_id, username="data_scientist", permission="MANAGE"
    )
    auth_client.update_experiment_permission(
        experiment_id=experiment_id, username="data_scientist", permission="EDIT"
    )
    permission = auth_client.get_experiment_permission(
        experiment_id=experiment_id, username="data_scientist"
    )
    print(f"User permission: {{permission.permission}}")
    auth_client.delete_experiment_permission(experiment_id, "data_scientist")
    try:
        auth_client.get_experiment_permission(experiment_id, "data_scientist")
    except Exception as error:
        print(error.error_code)
    """
    printed = run_script(code, tmp_path, **admin_environment()).splitlines()
    assert printed[-2:] == ["User permission: EDIT", "RESOURCE_DOES_NOT_EXIST"]


def test_permissions_on_registered_models(server: Server, tmp_path: Path) -> None:
    owner = server.add_user("model_owner")
    server.add_user("ml_engineer")
    code = f"""
    from mlflow import MlflowClient
    from mlflow.server import get_app_client

    auth_client = get_app_client("authctl", tracking_uri="{server.url}")
    client = MlflowClient(tracking_uri="{server.url}")
    model = client.create_registered_model("my_model")
    print(auth_client.get_registered_model_permission("my_model", "model_owner").permission)
    auth_client.create_registered_model_permission(
        name="my_model", username="ml_engineer", permission="READ"
    )
    auth_client.update_registered_model_permission(
        name="my_model", username="ml_engineer", permission="EDIT"
    )
    print(auth_client.get_registered_model_permission("my_model", "ml_engineer").permission)
    """
    printed = run_script(
        code,
        tmp_path,
        MLFLOW_TRACKING_USERNAME=owner[0],
        MLFLOW_TRACKING_PASSWORD=owner[1],
    ).splitlines()
    assert printed[-2:] == ["MANAGE", "EDIT"]


def test_the_default_admin_logs_in_and_changes_the_password(tmp_path: Path) -> None:
    default = ("admin", "password1234")
    with authctl_server(tmp_path, first_password=None) as server:
        assert "WELL-KNOWN PASSWORD" in server.log.read_text()
        changed = server.call(
            "PATCH",
            "/api/2.0/mlflow/users/update-password",
            {
                "username": "admin",
                "password": "a-better-password",
                "current_password": default[1],
            },
            user=default,
        )
        assert changed.status_code == 200, changed.text
        path = "/api/2.0/mlflow/users/current"
        assert server.call("GET", path, user=default).status_code == 401
        assert server.call("GET", path, user=("admin", "a-better-password")).status_code == 200
