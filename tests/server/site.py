"""The server's door on an auth database of either generation, in front of an imagined MLflow."""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

import anyio

from authctl.model import Limits, Permission, Principal, Resource
from authctl.policy.table import Table
from authctl.server.admin_api import Settings
from authctl.server.enforcement import Door, Parts
from authctl.server.origin import Origins
from authctl.server.page_tokens import PageTokens
from authctl.server.signup_token import SignupTokens
from authctl.store import tables
from tests.exchanges import Caller, scope_of
from tests.server.forgetful import forgetful
from tests.server.webpage import WebPage
from tests.store.databases import Backend, auth_database, opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.types import Receive, Scope, Send

    from authctl.store.sql import SqlStore

GENERATIONS = {"legacy": tables.INITIAL, "roles": tables.HEAD}
PASSWORD = "a-password-of-theirs"


@dataclass
class Tracking:
    """An MLflow with some experiments, models and prompts, for look-ups; it counts them."""

    experiments: dict[str, str] = field(default_factory=dict)
    deleted: set[str] = field(default_factory=set)
    models: dict[str, bool] = field(default_factory=dict)  # whether it is a prompt
    status: int | None = None
    asked: list[str] = field(default_factory=list)

    async def __call__(self, scope: Scope, _: Receive, send: Send) -> None:
        path = scope["path"].partition("/mlflow/")[2]
        query = dict(parse_qsl(scope["query_string"].decode()))
        self.asked.append(path)
        status, body = (self.status, {}) if self.status else self._answer(path, query)
        await send({"type": "http.response.start", "status": status, "headers": []})
        await send({"type": "http.response.body", "body": json.dumps(body).encode()})

    def _answer(self, path: str, query: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if path == "experiments/search":
            assert query["view_type"] == "ALL"
            most = int(query["max_results"])
            found = [self._entity(one) for one in self.experiments][:most]
            more = {"next_page_token": "x"} if len(self.experiments) > most else {}
            return 200, {"experiments": found, **more}
        if path == "experiments/get" and query["experiment_id"] in self.experiments:
            return 200, {"experiment": self._entity(query["experiment_id"])}
        if path == "experiments/get-by-name":
            for one, name in self.experiments.items():
                if name == query["experiment_name"]:
                    return 200, {"experiment": self._entity(one)}
        if path == "registered-models/get" and query["name"] in self.models:
            tag = {"key": "mlflow.prompt.is_prompt", "value": "true"}
            tags = [tag] if self.models[query["name"]] else []
            return 200, {"registered_model": {"name": query["name"], "tags": tags}}
        return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST"}

    def _entity(self, one: str) -> dict[str, str]:
        stage = "deleted" if one in self.deleted else "active"
        return {"experiment_id": one, "name": self.experiments[one], "lifecycle_stage": stage}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    text: str

    @property
    def page(self) -> WebPage:
        return WebPage(self.text)


@dataclass
class Site:
    """A door on a database of either generation, in front of an imagined MLflow."""

    store: SqlStore
    tracking: Tracking = field(default_factory=Tracking)
    default: Permission = Permission.READ
    prefix: str = ""
    limits: Limits | None = None

    def get(self, asking: str | None = "root", /, **query: Any) -> Answer:
        return self.open("/access" + ("?" + urlencode(query) if query else ""), asking)

    def open(self, target: str, asking: str | None = "root") -> Answer:
        async def authenticate(*_: object) -> Principal | None:
            return Principal(self.store.get_user(asking), limits=self.limits) if asking else None

        door = Door(
            Parts(
                upstream=self.tracking,
                table=Table(),
                authenticate=authenticate,
                memory=forgetful(self.store, self.default),
                store=self.store,
                origins=Origins(),
                page_tokens=PageTokens("a-key"),
                settings=Settings(self.default, SignupTokens("a-key"), static_prefix=self.prefix),
            )
        )
        caller = Caller()
        scope = scope_of("GET", self.prefix + target, {"accept": "text/html,*/*"})
        anyio.run(door, scope, caller.receive, caller.send)
        start, *chunks = caller.answer
        headers = {name.decode().title(): value.decode() for name, value in start["headers"]}
        return Answer(start["status"], headers, b"".join(c["body"] for c in chunks).decode())

    def add(self, *names: str, is_admin: bool = False) -> None:
        for name in names:
            self.store.create_user(name, PASSWORD, is_admin=is_admin)

    def grant(self, user: str, kind: str, name: str, level: str) -> None:
        self.store.grant(user, Resource(kind, name), Permission(level))

    def role(self, name: str, holder: str, *rows: tuple[str, str, str]) -> None:
        made = self.store.create_role(name, "default", None)
        for kind, pattern, level in rows:
            self.store.add_role_permission(made.id, Resource(kind, pattern), Permission(level))
        self.store.assign_role(holder, made.id)


@contextmanager
def opened_site(folder: Path, revision: str) -> Iterator[Site]:
    """A database as the MLflow of a revision makes it, with an administrator."""
    with auth_database(Backend("sqlite", revision), folder) as url, opened(url) as store:
        site = Site(store)
        site.add("root", is_admin=True)
        yield site
