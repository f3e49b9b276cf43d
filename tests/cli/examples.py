"""A place in which every example of the help can be run as it is written."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import certifi
import pexpect

from authctl.cli.command import Group
from tests.cli.commands import PASSWORD, Done, Shell
from tests.cli.workspaces import TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cli.workspaces import Workspace
    from tests.live import Server

_ADDRESS = re.compile(r"https?://[\w.:-]+")
_ASKS = ("nobody can be asked", "This needs confirmation", "at a terminal you are asked")
_SECONDS = 60

ROOT = ("admin", PASSWORD)
"""The admin of the server, who signs in with what is typed at every prompt."""

ZOE = ("zoe", "quite another password")
"""An account on the server with a password that is not typed anywhere."""

FILES = {
    "ci-password.txt": f"{PASSWORD}\n",
    "ci-bot-password.txt": f"{PASSWORD}\n",
    "new-password.txt": f"{PASSWORD}\n",
    "alice.txt": f"{PASSWORD}\n",
    "basic_auth.ini": "[mlflow]\ndatabase_uri = sqlite:///basic_auth.db\n",
    "users.csv": "username,is_admin,password_file\ndave,no,ci-password.txt\nerin,,alice.txt\n",
    "users.toml": 'version = 1\n[[user]]\nname = "dave"\npassword = "generate"\n',
    "access.toml": """\
version = 1

[[user]]
name = "admin"

[[user]]
name = "dana"
password_file = "ci-password.txt"

[[grant]]
user = "dana"
experiment = "fraud"
level = "EDIT"
""",
}

_CONTEXT = """\
current = "prod"

[context.prod]
server = "{url}"
username = "admin"
password = "{password}"
"""

_WORLD = (
    "perm grant alice bob --model churn --level EDIT",
    "perm grant alice --experiment-id 1 --level EDIT",
    "perm grant ci-bot --model churn --level MANAGE",
    "role create trainers",
    "role create testers",
    "role grant trainers --experiment-id 1 --level EDIT",
    "role assign trainers alice bob",
    "token create ci --user ci-bot",
    "db backup auth-backup.db",
    "db backup auth-backup.jsonl",
    "db backup old.db",
)


def examples(found: Any, path: tuple[str, ...] = ()) -> Iterator[str]:
    """Every example in the help of a command and of all below it."""
    yield from filter(None, map(str.strip, (found.epilog or "").splitlines()))
    if isinstance(found, Group):
        for name, below in found.commands.items():
            yield from examples(below, (*path, name))


@dataclass(frozen=True)
class World:
    """A folder with all that the examples speak of, and a server that has the experiments."""

    template: Path
    server: Server
    databricks: Workspace

    def shell(self, folder: Path, user: tuple[str, str] | None = None) -> Shell:
        """A shell in a fresh copy of the folder, whose authctl works on the database there.

        With a user it works on the server, as that user.
        """
        shutil.copytree(self.template, folder, dirs_exist_ok=True)
        return Shell(
            folder,
            {
                "AUTHCTL_DB": "" if user else "sqlite:///basic_auth.db",
                "MLFLOW_TRACKING_URI": self.server.url,
                "MLFLOW_TRACKING_USERNAME": (user or ROOT)[0],
                "MLFLOW_TRACKING_PASSWORD": (user or ROOT)[1],
                "PASSWORD": PASSWORD,
                "PYTHON_KEYRING_BACKEND": "keyrings.alt.file.PlaintextKeyring",
                "PATH": f"{self.template / 'bin'}:/usr/bin:/bin",
            },
        )

    def here(self, line: str) -> str:
        """An example with the server's own address in place of what the help calls it."""
        return _ADDRESS.sub(self.server.url, line)

    def run(self, line: str, shell: Shell) -> Done:
        """Run one example, answering what it asks."""
        line = self.here(line)
        words = shlex.split(line)
        if "databricks" in words:
            authorities = {"REQUESTS_CA_BUNDLE": str(self.databricks.authority)}
            shell = Shell(shell.folder, {**shell.settings, **authorities})
        if words[0] == "authctl" and not {"|", ">", "<"} & set(words):
            done = shell.run(*words[1:])
            if done.code != 2 or not any(ask in done.stderr for ask in _ASKS):
                return done
        return at_terminal(line, shell)


def make_world(folder: Path, server: Server, databricks: Workspace) -> World:
    """Make the folder; the server gets the experiment and the models, too."""
    (folder / "bin").mkdir(parents=True)
    program = folder / "bin" / "authctl"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m authctl "$@"\n')
    program.chmod(0o755)
    for name, content in FILES.items():
        (folder / name).write_text(content)
        (folder / name).chmod(0o600)
    for path, name in (("experiments", "fraud"), ("registered-models", "churn")):
        server.call("POST", f"/api/2.0/mlflow/{path}/create", {"name": name}, user=ROOT)
    for name, password in (ZOE, ("alice", PASSWORD), ("ci", PASSWORD)):
        account = {"username": name, "password": password}
        server.call("POST", "/api/2.0/mlflow/users/create", account, user=ROOT)
    shell = Shell(folder, {"AUTHCTL_DB": "sqlite:///basic_auth.db"})
    shell.ok("db", "init")
    shell.new_user("admin", "--admin")
    for name in ("alice", "bob", "carol", "ci", "ci-bot", "root"):
        shell.new_user(name)
    for line in _WORLD:
        shell.ok(*line.split())
    shell.run("plan", "-f", "users.toml", "--out", "access.plan")
    shutil.copy(server.folder / "mlflow.db", folder)
    shutil.copy(certifi.where(), folder / "authority.pem")
    config = folder / ".config" / "authctl" / "config.toml"
    config.parent.mkdir(parents=True, mode=0o700)
    config.write_text(_CONTEXT.format(url=server.url, password=PASSWORD))
    config.chmod(0o600)
    (folder / ".databrickscfg").write_text(f"[prod]\nhost = {databricks.url}\ntoken = {TOKEN}\n")
    return World(folder, server, databricks)


def at_terminal(line: str, shell: Shell) -> Done:
    """Run a line in a shell at a terminal, which shows both streams; what it asks is answered."""
    child = pexpect.spawn(
        "bash",
        ["-c", line],
        env={**shell.environment, "TERM": "dumb"},
        cwd=str(shell.folder),
        encoding="utf-8",
        timeout=_SECONDS,
        dimensions=(24, 80),
    )
    answers = {
        r"(?:assword[^\n]*|Once more): ": PASSWORD,
        r"\[y/N\] ": "y",
        r"Username[^\n]*: ": ROOT[0],
    }
    told = ""
    while (found := child.expect([pexpect.EOF, *answers])) > 0:
        told += f"{child.before}{child.after}"
        child.sendline(list(answers.values())[found - 1])
    told += str(child.before)
    child.wait()
    child.close()
    return Done(told, "", -1 if child.exitstatus is None else child.exitstatus)
