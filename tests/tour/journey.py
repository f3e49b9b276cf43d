"""Everything a client can do, as an editor, a reader and an outsider, and what came of it."""

from __future__ import annotations

import hashlib
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.scripts import run_script
from tests.tour.day import as_user

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.live import Server

_SINCE_3 = {"assessments", "logged_models", "scorers"}
PARTS = _SINCE_3 | {
    "experiments",
    "runs",
    "files",
    "models",
    "prompts",
    "traces",
    "datasets",
    "pages",
}
"""What the tour of a client from 3.4 on is made of."""

PARTS_OF_2 = PARTS - _SINCE_3 | {"exports"}
"""In 2.22's environment OpenTelemetry's own exporter is tried too."""

_DENIED = "PERMISSION_DENIED"
# Of files and exports, which are not MLflow's protocol, clients tell the status.
_OVER_PLAIN_HTTP = (": files", ": logged_models: file", ": exports")
# What clients say on their own where nothing is to be seen.
_NOTHING_THERE = ("may not have access", "does not exist", "already exists")
_EMPTY: tuple[Any, ...] = ([], [[]], _DENIED)

# Of the searches page by page, what is left where every other thing is hidden.
_SHOWN = [[0, 2], [4]]

_CONFIG = """\
[mlflow]
default_permission = NO_PERMISSIONS
database_uri = sqlite:///basic_auth.db
admin_username = admin
admin_password = not-used-since-the-environment-has-one
failed_logins_per_user = 0
failed_logins_per_address = 0
"""
# Without limits a login writes nothing, so the database is as it was where nobody changed anything.

Told = dict[str, Any]
"""What came of each attempt, by its kind, part and name, as in `reads: runs: history`."""


def options(folder: Path) -> tuple[str, ...]:
    """For a server that shows nobody anything ungranted, with a store that has all features."""
    folder.mkdir(parents=True, exist_ok=True)
    config = folder / "basic_auth.ini"
    config.write_text(_CONFIG, encoding="utf-8")
    return "--auth-config", str(config), "--backend-store-uri", f"sqlite:///{folder}/mlflow.db"


@dataclass(frozen=True)
class Journey:
    """What an editor told of its work, and then a reader and an outsider of their attempts."""

    editor: Told
    reader: Told
    outsider: Told
    before: Mapping[str, str]
    after: Mapping[str, str]

    @classmethod
    def take(
        cls,
        server: Server,
        home: Path,
        word: str,
        *,
        python: str = sys.executable,
        ascii_files: bool = False,
    ) -> Journey:
        """Let the editor work, grant the reader READ on what it made, and let both others try."""
        users = {role: server.add_user(f"{role}-{word}") for role in _ROLES}
        home.mkdir(parents=True, exist_ok=True)
        made = home / "made.json"
        made.write_text(
            json.dumps({"word": word, "grants": [], "ascii": ascii_files}), encoding="utf-8"
        )

        def tell(what: str, role: str) -> Told:
            return _run(server, home / role, users[role], what, made, python)

        editor = tell("edit", "editor")
        for kind, name in json.loads(made.read_text(encoding="utf-8"))["grants"]:
            _grant(server, users["reader"][0], kind, name)
        before = state(server.folder)
        with ThreadPoolExecutor() as pool:
            reader, outsider = pool.map(tell, ("look", "look"), ("reader", "outsider"))
        return cls(editor, reader, outsider, before, state(server.folder))

    def parts(self) -> set[str]:
        """The parts that the editor's work had."""
        return {name.split(": ")[1] for name in _only(self.editor, "makes")}

    def went_wrong(self) -> Told:
        """Where the editor's work gave something else than it should have."""
        steps = _only(self.editor, "makes")
        looks = _only(self.editor, "reads", "searches")
        return {
            **{name: pair for name, pair in steps.items() if pair[0] != pair[1]},
            **{name: told for name, told in looks.items() if told == _DENIED},
        }

    def reader_missed(self) -> Told:
        """Where a reader saw anything else than the editor, but for pages of hidden things."""
        got = _only(self.reader, "reads", "searches")
        wanted = _only(self.editor, "reads", "searches")
        wanted |= dict.fromkeys(_only(wanted, "searches: pages"), _SHOWN)
        return {
            name: (got.get(name), wanted.get(name))
            for name in got | wanted
            if got.get(name) != wanted.get(name)
        }

    def reader_wrote(self) -> Told:
        """What of a reader's writing was not refused with a plain PERMISSION_DENIED."""
        return _not_refused(_only(self.reader, "writes"))

    def outsider_reached(self) -> Told:
        """What of an outsider's attempts gave anything."""
        return {
            name: told
            for name, told in _not_refused(_only(self.outsider, "reads", "writes")).items()
            if told is not None and not any(words in str(told) for words in _NOTHING_THERE)
        }

    def outsider_found(self) -> Told:
        """What of an outsider's searches found anything."""
        found = _only(self.outsider, "searches")
        return {name: rows for name, rows in found.items() if rows not in _EMPTY}


_ROLES = ("editor", "reader", "outsider")


def _only(told: Told, *kinds: str) -> Told:
    return {name: what for name, what in told.items() if name.startswith(kinds)}


def _not_refused(attempts: Told) -> Told:
    return {
        name: told
        for name, told in attempts.items()
        if told != _DENIED
        and not (told == "403" and any(words in name for words in _OVER_PLAIN_HTTP))
    }


def state(folder: Path) -> dict[str, str]:
    """A digest of every database and file behind a server: nothing is written unnoticed."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted([*folder.glob("*.db"), *folder.glob("mlartifacts/**/*")])
        if path.is_file()
    }


def _grant(server: Server, username: str, kind: str, name: str) -> None:
    body = {
        "username": username,
        "resource_type": kind,
        "resource_id": name,
        "permission": "READ",
    }
    granted = server.call("POST", "/api/3.0/mlflow/users/permissions/grant", body)
    assert granted.status_code == 200, granted.text


def _run(
    server: Server, home: Path, user: tuple[str, str], what: str, made: Path, python: str
) -> Told:
    run_script(
        f"from steps.__main__ import main\nmain({what!r}, {str(made)!r})",
        home,
        python=python,
        PYTHONPATH=str(Path(__file__).parent),
        MLFLOW_TRACKING_URI=server.url,
        DO_NOT_TRACK="true",
        **as_user(user),
    )
    told: Told = json.loads((home / "told.json").read_text(encoding="utf-8"))
    return told
