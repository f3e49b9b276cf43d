"""What clients send in each of many environments, as words that can be compared."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from tests.client import aws
from tests.client.plugins import write_plugins
from tests.client.ways import NOTHING
from tests.live import clean_environment
from tests.servers import recording_server

if TYPE_CHECKING:
    from tests.client.ways import Way
    from tests.servers import Request

SENDER = Path(__file__).parent / "sender.py"

REFUSED = "refused"


def sent_by(client: str, ways: list[Way], folder: Path, python: str) -> dict[str, str]:
    """What a server receives from a client, `mlflow` or `authctl`, by the names of the ways."""
    plugins = folder / "plugins"
    if not plugins.exists():
        write_plugins(plugins)
    with recording_server() as recorder:
        cases = []
        for number, way in enumerate(ways):
            home = folder / client / str(number)
            (home / ".mlflow").mkdir(parents=True)
            if way.file:
                (home / ".mlflow" / "credentials").write_text(way.file)
            if way.netrc:
                (home / ".netrc").write_text(way.netrc)
            if way.profile:
                (home / ".aws").mkdir()
                (home / ".aws" / "config").write_text(way.profile)
            address = f"http://{way.inside}127.0.0.1:{recorder.port}"
            cases.append({"name": way.name, "uri": address, "env": way.env, "home": str(home)})
        outcomes = send_all(client, cases, python, plugins)
        requests = {_case(request): request for request in recorder.requests}
    return {
        way.name: REFUSED if failed or way.name not in requests else _told(requests[way.name])
        for way, failed in zip(ways, outcomes, strict=True)
    }


def send_all(
    client: str, cases: list[dict[str, object]], python: str, plugins: Path
) -> list[str | None]:
    """The outcome of each case, all of them in one process that has imported the client once."""
    # What this machine has for AWS is no part of a case.
    own = {k: v for k, v in clean_environment().items() if not k.startswith(("AWS_", "NETRC"))}
    done = subprocess.run(
        [python, "-P", str(SENDER), client],
        input=json.dumps(cases),
        capture_output=True,
        text=True,
        check=False,
        env={**own, "PYTHONPATH": str(plugins)},
    )
    assert done.returncode == 0, done.stderr
    outcomes: list[str | None] = json.loads(done.stdout)
    return outcomes


def _case(request: Request) -> str:
    return parse_qs(urlsplit(request.path).query)["case"][0]


def _told(request: Request) -> str:
    header = request.headers.get("authorization")
    if header is None:
        told = NOTHING
    elif header.startswith("AWS4"):
        found = aws.signed(request)
        names = ";".join(found.headers)
        holds = "which holds" if found.holds else "which does not hold"
        told = f"AWS {found.key} {found.region} {found.service} {names}, {holds}"
    elif header.startswith("Basic "):
        pair = base64.b64decode(header.removeprefix("Basic "))
        told = f"Basic {pair.decode('utf-8', errors='backslashreplace')}"
    else:
        told = header
    more = [
        f", {name} {request.headers[name.lower()]}"
        for name in ("X-Badge", "X-MLFLOW-WORKSPACE")
        if name.lower() in request.headers
    ]
    return told + "".join(more)
