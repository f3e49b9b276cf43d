"""What the tests of MLflow's families of routes share: people with levels on an experiment."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.live import ADMIN

if TYPE_CHECKING:
    import httpx

    from tests.live import Server

User = tuple[str, str]
PREFIXES = ("/api", "/ajax-api")
SAFETY = '{"name": "s", "builtin_scorer_class": "Safety"}'
_DEFAULT = {"workspace": "default"}


@dataclass(frozen=True)
class Family:
    """Someone's experiment, with an editor and a reader; the other owns another one.

    A stranger has nothing at all. Lines name a route as `GET 3.0/mlflow/...`, to which a prefix
    is put; those that begin with a slash are taken as they are.
    """

    server: Server
    owner: User
    editor: User
    reader: User
    other: User
    stranger: User
    experiment: str
    others: str
    shut: dict[str, User] = field(default_factory=dict)

    def call(
        self, user: User, line: str, body: Any = None, /, *, prefix: str = "/api", **query: Any
    ) -> httpx.Response:
        """Send a request."""
        method, path = line.split(" ", 1)
        whole = path if path.startswith("/") else f"{prefix}/{path}"
        return self.server.call(method, whole, body, user=user, **query)

    def ok(self, user: User, line: str, body: Any = None, /, **query: Any) -> Any:
        """The answer to a request that succeeds."""
        answer = self.call(user, line, body, **query)
        assert answer.status_code == 200, (user[0], line, answer.text)
        return answer.json() if answer.content else None

    def denied(self, users: tuple[User, ...], line: str, body: Any = None, /, **query: Any) -> None:
        """None of these may, and they are told nothing but that.

        The first one tries both spellings of the route, the others one each.
        """
        for index, user in enumerate(users):
            for prefix in PREFIXES if index == 0 else (PREFIXES[index % 2],):
                answer = self.call(user, line, body, prefix=prefix, **query)
                assert answer.status_code == 403, (user[0], line, answer.text)
                assert "Permission denied" in answer.text

    def person(self) -> User:
        """A new user, who has no grants."""
        return self.server.add_user(f"user-{unique()}")

    def grant(self, user: User, kind: str, thing: str, level: str) -> None:
        """Give a user a level on a thing, or on all of a kind."""
        grant = {"resource_type": kind, "resource_id": thing, "permission": level}
        self.ok(ADMIN, "POST 3.0/mlflow/users/permissions/grant", {"username": user[0], **grant})

    def revoke(self, user: User, kind: str, thing: str) -> None:
        """Take a user's own grant away."""
        body = {"username": user[0], "resource_type": kind, "resource_id": thing}
        self.ok(ADMIN, "POST 3.0/mlflow/users/permissions/revoke", body)

    def give_role(self, user: User, kind: str, thing: str, level: str) -> int:
        """Give a user a new role with one row; the role's id."""
        made = self.ok(ADMIN, "POST 3.0/mlflow/roles/create", {"name": unique()} | _DEFAULT)
        role = {"role_id": made["role"]["id"]}
        row = {"resource_type": kind, "resource_pattern": thing, "permission": level}
        self.ok(ADMIN, "POST 3.0/mlflow/roles/permissions/add", role | row)
        self.ok(ADMIN, "POST 3.0/mlflow/roles/assign", role | {"username": user[0]})
        return int(role["role_id"])

    def granted(self, kind: str, thing: str, *more: User) -> dict[str, str]:
        """Who has which level on a thing by a grant of their own; `more` people are looked at."""
        found: dict[str, str] = {}
        for user in (*self.people, *more):
            line = "GET 3.0/mlflow/users/permissions/list"
            for row in self.ok(ADMIN, line, username=user[0])["permissions"]:
                if (row["resource_type"], row["resource_pattern"]) == (kind, thing):
                    found[user[0]] = row["permission"]
        return found

    def without(self, kind: str) -> User:
        """Someone who manages the experiment, but to whom all of a kind is denied."""
        if kind not in self.shut:
            user = self.person()
            self.grant(user, "experiment", self.experiment, "MANAGE")
            self.grant(user, kind, "*", "DENY")
            self.shut[kind] = user
        return self.shut[kind]

    @property
    def people(self) -> tuple[User, ...]:
        """Everyone but those made for one test."""
        return (self.owner, self.editor, self.reader, self.other, self.stranger)

    def make_experiment(self, user: User) -> str:
        """A new experiment, which its maker owns."""
        body = {"name": unique()}
        return str(self.ok(user, "POST 2.0/mlflow/experiments/create", body)["experiment_id"])

    def make_run(self, user: User, experiment: str) -> str:
        """A new run."""
        body = {"experiment_id": experiment, "run_name": unique()}
        made = self.ok(user, "POST 2.0/mlflow/runs/create", body)
        return str(made["run"]["info"]["run_id"])

    def make_job(self, user: User) -> str:
        """A new job of a user's, on a server that has a queue of them."""
        trace = self.make_trace(user, self.experiment)
        body = {"experiment_id": self.experiment, "trace_ids": [trace], "serialized_scorer": SAFETY}
        made = self.ok(user, "POST /ajax-api/3.0/mlflow/scorer/invoke", body)
        return str(made["jobs"][0]["job_id"])

    def make_trace(self, user: User, experiment: str, **more: Any) -> str:
        """A new trace."""
        trace = f"tr-{uuid.uuid4().hex}"
        info = {
            "trace_id": trace,
            "trace_location": {
                "type": "MLFLOW_EXPERIMENT",
                "mlflow_experiment": {"experiment_id": experiment},
            },
            "request_time": "2026-01-01T00:00:00Z",
            "state": "OK",
            **more,
        }
        self.ok(user, "POST 3.0/mlflow/traces", {"trace": {"trace_info": info}})
        return trace


def make_family(server: Server) -> Family:
    """People and their two experiments, new on a server that others may use as well."""
    owner, editor, reader, other, stranger = (
        server.add_user(f"{name}-{unique()}")
        for name in ("owner", "editor", "reader", "other", "stranger")
    )
    bare = Family(server, owner, editor, reader, other, stranger, "", "")
    experiment, others = bare.make_experiment(owner), bare.make_experiment(other)
    family = Family(server, owner, editor, reader, other, stranger, experiment, others)
    family.grant(editor, "experiment", experiment, "EDIT")
    family.grant(reader, "experiment", experiment, "READ")
    return family


def unique() -> str:
    """A name that nothing has."""
    return f"n{uuid.uuid4().hex[:12]}"
