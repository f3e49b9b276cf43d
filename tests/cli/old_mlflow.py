"""The answers of an MLflow before 3.13 about users, without the MLflow."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from tests.cli.commands import Shell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


@dataclass
class OldMlflow:
    """Users with their levels by experiment; roles, as in 3.12, with their rows and holders."""

    users: Mapping[str, Mapping[str, str]]
    roles: Mapping[str, tuple[list[tuple[str, str, str]], list[str]]] = field(default_factory=dict)
    lists_users: bool = True
    asked: list[str] = field(default_factory=list)

    def answer(self, target: str) -> Any:
        """What it says, None if it has no such path."""
        url = urlsplit(target)
        path = url.path.partition("/mlflow/")[2]
        self.asked.append(path)
        query = {key: values[0] for key, values in parse_qs(url.query).items()}
        known = {"users/get": lambda: {"user": self._user(query["username"])}}
        if self.lists_users:
            known["users/list"] = self._user_list
        if self.roles:
            known["roles/list"] = lambda: {"roles": [self._role(name) for name in self.roles]}
            known["roles/users/list"] = lambda: self._holders(int(query["role_id"]))
            known["users/roles/list"] = lambda: self._roles_of(query["username"])
        return known[path]() if path in known else None

    def _id(self, name: str) -> int:
        return list(self.users).index(name) + 1

    def _user_list(self) -> Any:
        return {"users": [{"id": self._id(name), "username": name} for name in self.users]}

    def _user(self, name: str) -> Any:
        return {
            "id": self._id(name),
            "username": name,
            "is_admin": name == "admin",
            "experiment_permissions": [
                {"experiment_id": experiment, "permission": level, "user_id": self._id(name)}
                for experiment, level in self.users[name].items()
            ],
            "registered_model_permissions": [],
        }

    def _role(self, name: str) -> Any:
        number = list(self.roles).index(name) + 1
        keys = ("id", "role_id", "resource_type", "resource_pattern", "permission")
        rows = [dict(zip(keys, (1, number, *row), strict=True)) for row in self.roles[name][0]]
        return {
            "id": number,
            "name": name,
            "workspace": "default",
            "description": None,
            "permissions": rows,
        }

    def _holders(self, number: int) -> Any:
        _, holders = list(self.roles.values())[number - 1]
        assignments = [
            {"id": 1, "role_id": number, "user_id": self._id(holder)} for holder in holders
        ]
        return {"assignments": assignments}

    def _roles_of(self, username: str) -> Any:
        held = [name for name, (_, holders) in self.roles.items() if username in holders]
        return {"roles": [self._role(name) for name in held]}


@contextlib.contextmanager
def serving(mlflow: OldMlflow, folder: Path) -> Iterator[Shell]:
    """A shell whose server it is."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            said = mlflow.answer(self.path)
            body = b"<!doctype html>" if said is None else json.dumps(said).encode()
            self.send_response(404 if said is None else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    settings = {
        "MLFLOW_TRACKING_URI": f"http://127.0.0.1:{server.server_port}",
        "MLFLOW_TRACKING_USERNAME": "admin",
        "MLFLOW_TRACKING_PASSWORD": "a-password",
    }
    try:
        yield Shell(folder, settings)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
