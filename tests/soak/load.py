"""People at work: what they ask all the time, and whether they are answered as they ought to be."""

from __future__ import annotations

import contextlib
import hashlib
import threading
import uuid
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from tests.live import ADMIN
from tests.server.lines import Request, asking, basic, bearer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tests.live import Server
    from tests.server.lines import Answer, Line

FILE_BYTES = 4 * 2**20
_A2 = "/api/2.0/mlflow"
_OK, _DENIED, _UNKNOWN = 200, 403, 401


@dataclass
class Worker:
    """Somebody with an experiment, a run and a token of their own, who knows what is in them."""

    line: Line
    random: Random
    user: tuple[str, str]
    experiment: str
    run: str
    foreign: str
    secret: str
    logged: int = 0
    sent: str = ""

    def log_metric(self) -> None:
        self.logged += 1
        metric = {"key": "loss", "value": self.logged, "timestamp": self.logged}
        self._ask("POST", "runs/log-metric", {"run_id": self.run, **metric, "step": self.logged})

    def get_run(self) -> None:
        self._check_run(basic(self.user))

    def get_run_by_token(self) -> None:
        self._check_run(bearer(self.secret))

    def search_runs(self) -> None:
        found = self._ask("POST", "runs/search", {"experiment_ids": [self.experiment]}).json()
        assert [run["info"]["run_id"] for run in found["runs"]] == [self.run], found

    def search_experiments(self) -> None:
        found = self._ask("POST", "experiments/search", {"max_results": 100}).json()
        assert [one["experiment_id"] for one in found["experiments"]] == [self.experiment], found

    def send_file(self) -> None:
        content = self.random.randbytes(FILE_BYTES)
        self._sees(_OK, Request("PUT", self._file, basic(self.user), content))
        self.sent = hashlib.sha256(content).hexdigest()

    def get_file(self) -> None:
        if self.sent:
            found = self._sees(_OK, Request("GET", self._file, basic(self.user))).content
            assert hashlib.sha256(found).hexdigest() == self.sent

    def err_in_the_password(self) -> None:
        wrong = basic((self.user[0], uuid.uuid4().hex))
        self._sees(_UNKNOWN, asking("GET", f"{_A2}/users/current", wrong))

    def ask_for_what_is_not_theirs(self) -> None:
        path = f"{_A2}/experiments/get?experiment_id={self.foreign}"
        self._sees(_DENIED, asking("GET", path, basic(self.user)))

    def administer(self) -> None:
        found = self._sees(_OK, asking("GET", f"{_A2}/users/list", basic(ADMIN))).json()
        assert self.user[0] in {user["username"] for user in found["users"]}
        self._sees(_DENIED, asking("GET", f"{_A2}/users/list", basic(self.user)))

    @property
    def _file(self) -> str:
        folder = f"{self.experiment}/{self.run}/artifacts"
        return f"/api/2.0/mlflow-artifacts/artifacts/{folder}/model.bin"

    def _check_run(self, login: str) -> None:
        path = f"{_A2}/runs/get?run_id={self.run}"
        run = self._sees(_OK, asking("GET", path, login)).json()["run"]
        metrics = {metric["key"]: metric["value"] for metric in run["data"].get("metrics", [])}
        assert metrics.get("loss", 0) == self.logged, (metrics, self.logged)

    def _ask(self, method: str, path: str, body: object) -> Answer:
        return self._sees(_OK, asking(method, f"{_A2}/{path}", basic(self.user), body))

    def _sees(self, status: int, request: Request) -> Answer:
        answer = self.line.ask(request)
        assert answer.status == status, (request.method, request.path, answer)
        return answer


TASKS: dict[Callable[[Worker], None], int] = {
    Worker.log_metric: 8,
    Worker.get_run: 8,
    Worker.get_run_by_token: 4,
    Worker.search_runs: 2,
    Worker.search_experiments: 2,
    Worker.ask_for_what_is_not_theirs: 2,
    Worker.send_file: 1,
    Worker.get_file: 1,
    Worker.err_in_the_password: 1,
    Worker.administer: 1,
}
"""What there is to do, and how much more often than other things it is done."""


def hired(server: Server, lines: Sequence[Line]) -> list[Worker]:
    """Somebody at each line, none of whom may see what the others have."""
    foreign = str(_made(server, "experiments/create", ADMIN, name="foreign")["experiment_id"])
    workers = []
    for number, line in enumerate(lines):
        user = server.add_user(f"worker-{number}")
        experiment = str(_made(server, "experiments/create", user, name=user[0])["experiment_id"])
        run = _made(server, "runs/create", user, experiment_id=experiment)["run"]["info"]["run_id"]
        body = {"username": user[0], "name": "soak"}
        token = server.call("POST", "/api/3.0/authctl/tokens/create", body).json()["secret"]
        workers.append(Worker(line, Random(number), user, experiment, run, foreign, token))
    return workers


def _made(server: Server, path: str, user: tuple[str, str], **fields: str) -> dict[str, dict]:
    made = server.call("POST", f"{_A2}/{path}", fields, user=user)
    assert made.status_code == _OK, made.text
    return made.json()


@dataclass
class Load:
    """All of them at work at the same time, each one thing after the other, until it is over."""

    workers: Sequence[Worker]
    done: Counter[str] = field(default_factory=Counter)
    errors: list[str] = field(default_factory=list)
    _told: threading.Condition = field(default_factory=threading.Condition)
    _busy: int = 0
    _is_resting: bool = False
    _is_over: bool = False

    @contextlib.contextmanager
    def going_on(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._work, args=(one,)) for one in self.workers]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            with self._told:
                self._is_over = True
                self._told.notify_all()
            for thread in threads:
                thread.join()

    @contextlib.contextmanager
    def at_rest(self) -> Iterator[None]:
        """Nobody asks anything for a while."""
        with self._told:
            self._is_resting = True
            self._told.wait_for(lambda: not self._busy)
        yield
        with self._told:
            self._is_resting = False
            self._told.notify_all()

    def wait_for_more(self, tasks: int) -> None:
        """Wait until so many more things are done."""
        with self._told:
            until = self.done.total() + tasks
            self._told.wait_for(lambda: self._is_over or self.done.total() >= until)

    def _work(self, worker: Worker) -> None:
        while self._may_begin():
            [task] = worker.random.choices(list(TASKS), list(TASKS.values()))
            error = ""
            try:
                task(worker)
            except Exception as wrong:  # noqa: BLE001 - told at the end, all of them
                error = f"{task.__name__}: {wrong!r}"
            with self._told:
                self._busy -= 1
                self.done[task.__name__] += 1
                self.errors += [error] if error else []
                self._told.notify_all()

    def _may_begin(self) -> bool:
        with self._told:
            self._told.wait_for(lambda: self._is_over or not self._is_resting)
            self._busy += not self._is_over
            return not self._is_over
