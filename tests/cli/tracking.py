"""A tracking server with nothing but experiments and models, which can be made to fail."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Answer = tuple[int, Any]

GONE = (404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "It does not exist."})
NO_PAGE = (404, None)


@dataclass
class Tracking:
    """What it has, how many of it fit on a page, and what it answers instead for some paths.

    Nobody signs in to it, unless `is_admin` says what its callers are.
    """

    experiments: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    models: list[str] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)
    page: int = 1000
    is_admin: bool | None = None
    info: dict[str, Any] = field(default_factory=dict)
    instead: dict[str, Callable[[dict[str, Any]], Answer | None]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def answer(self, path: str, given: dict[str, Any]) -> Answer:
        self.asked.append(path)
        if path in self.instead and (answer := self.instead[path](given)):
            return answer
        answers: dict[str, Callable[[dict[str, Any]], Answer]] = {
            "server-info": lambda _: (200, self.info),
            "users/current": self._caller,
            "experiments/search": self._search_experiments,
            "experiments/get": self._get_experiment,
            "registered-models/search": self._search_models,
            "registered-models/get": self._get_model,
        }
        return answers[path](given) if path in answers else NO_PAGE

    def _caller(self, _: dict[str, Any]) -> Answer:
        if self.is_admin is None:
            return NO_PAGE
        return 200, {"user": {"id": 1, "username": "admin", "is_admin": self.is_admin}}

    def _search_experiments(self, given: dict[str, Any]) -> Answer:
        there = [*self.experiments, *(self.deleted if given["view_type"] == "ALL" else [])]
        return self._paged("experiments", "experiment_id", there, given)

    def _get_experiment(self, given: dict[str, Any]) -> Answer:
        name = given["experiment_id"]
        there = name in (*self.experiments, *self.deleted)
        return (200, {"experiment": {"experiment_id": name}}) if there else GONE

    def _search_models(self, given: dict[str, Any]) -> Answer:
        there = self.prompts if "is_prompt" in given.get("filter", "") else self.models
        return self._paged("registered_models", "name", there, given)

    def _get_model(self, given: dict[str, Any]) -> Answer:
        there = given["name"] in (*self.models, *self.prompts)
        return (200, {"registered_model": {"name": given["name"]}}) if there else GONE

    def _paged(self, key: str, name: str, rows: list[str], given: dict[str, Any]) -> Answer:
        start = int(given.get("page_token", 0))
        end = start + self.page
        token = {"next_page_token": str(end)} if end < len(rows) else {}
        return 200, {key: [{name: row} for row in rows[start:end]], **token}


@contextlib.contextmanager
def serving(tracking: Tracking) -> Iterator[Tracking]:
    """Answer on a port of this machine; what has no page is answered in HTML, as MLflow does."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            url = urlsplit(self.path)
            self._say(url.path, {key: rows[0] for key, rows in parse_qs(url.query).items()})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._say(self.path, json.loads(body))

        def _say(self, path: str, given: dict[str, Any]) -> None:
            status, said = tracking.answer(path.partition("/mlflow/")[2], given)
            body = b"<!doctype html>" if said is None else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    tracking.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield tracking
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
