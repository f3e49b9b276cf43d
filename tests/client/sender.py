"""Sends a request for each of many environments, as one client or the other: a program to run.

    python sender.py mlflow|authctl < cases.json > outcomes.json

A case is the address, the variables and the home directory; an outcome is null where a request was
sent, else the class of the error. It imports nothing of the tests, so that the Python of any MLflow
release runs it.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

PATH = "/2.0/mlflow/users/get"


def as_mlflow() -> Callable[[str, dict[str, str]], None]:
    credentials = importlib.import_module("mlflow.utils.credentials")
    rest = importlib.import_module("mlflow.utils.rest_utils")
    warnings.simplefilter("ignore")

    def send(uri: str, query: dict[str, str]) -> None:
        rest.http_request(
            credentials.get_default_host_creds(uri),
            f"/api{PATH}",
            "GET",
            max_retries=0,
            params=query,
        )

    return send


def as_authctl() -> Callable[[str, dict[str, str]], None]:
    transport = importlib.import_module("authctl.client.transport")

    def send(uri: str, query: dict[str, str]) -> None:
        server = transport.connect(uri, os.environ, Path.home(), retries=0)
        try:
            server.send("GET", PATH, query=query)
        finally:
            server.close()

    return send


def outcome(send: Callable[[str, dict[str, str]], None], case: dict[str, Any]) -> str | None:
    ours = set(os.environ)
    os.environ.update(case["env"], HOME=case["home"])
    try:
        send(case["uri"], {"case": case["name"]})
    except Exception as error:  # noqa: BLE001 - any failure is an outcome
        return type(error).__name__
    finally:
        for name in set(os.environ) - ours:
            del os.environ[name]
    return None


if __name__ == "__main__":
    send = {"mlflow": as_mlflow, "authctl": as_authctl}[sys.argv[1]]()
    outcomes = [outcome(send, case) for case in json.load(sys.stdin)]
    sys.stdout.write(json.dumps(outcomes))
