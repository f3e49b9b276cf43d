"""Pictures of the server's web pages, for the documents: `python -m tests.screenshots`."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import FloatRect

from tests.browser import chromium
from tests.live import ADMIN, authctl_server
from tests.server.admin_api import AdminApi

if TYPE_CHECKING:
    from tests.live import Server

FOLDER = Path(__file__).parents[1] / "docs" / "pictures"


@dataclass(frozen=True)
class Shot:
    """A file, the page that it shows, and how much of it, from which line of pixels on."""

    name: str
    path: str
    width: int
    height: int
    top: int = 0


SHOTS = (
    Shot("access.png", "/access", 760, 690),
    Shot("access-resource.png", "/access?resource=churn%20rate&user=carol", 760, 700, 310),
    Shot("signup.png", "/signup", 480, 540),
)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, authctl_server(Path(folder)) as server:
        make_world(server)
        take(server, SHOTS, FOLDER)


def make_world(server: Server) -> None:
    """Some users, roles and grants, on things with names."""
    api = AdminApi(server)
    alice, bob, carol, dana = (server.add_user(name) for name in ("alice", "bob", "carol", "dana"))
    fraud, churn = (
        str(api("POST 2.0 experiments/create", name=name)[1]["experiment_id"])
        for name in ("fraud", "churn rate")
    )
    api("POST 2.0 registered-models/create", name="scoring")
    api.grant(alice, "MANAGE", "experiment", fraud)
    api.grant(alice, "EDIT", "registered_model", "scoring")
    api.grant(bob, "EDIT", "experiment", fraud)
    api.grant(bob, "NO_PERMISSIONS", "experiment", churn)
    role = api("POST 3.0 roles/create", name="data-science", workspace="default")[1]["role"]["id"]
    for kind, pattern, level in (
        ("registered_model", "*", "EDIT"),
        ("experiment", churn, "MANAGE"),
    ):
        row = {"resource_type": kind, "resource_pattern": pattern, "permission": level}
        api("POST 3.0 roles/permissions/add", role_id=role, **row)
    for member in (carol, dana):
        api("POST 3.0 roles/assign", username=member[0], role_id=role)
    api.grant(carol, "READ", "experiment", churn)


def take(server: Server, shots: tuple[Shot, ...], folder: Path, *, scheme: str = "light") -> None:
    with chromium() as browser:
        for shot in shots:
            context = browser.new_context(
                http_credentials={"username": ADMIN[0], "password": ADMIN[1]},
                viewport={"width": shot.width, "height": shot.height},
                device_scale_factor=1,
                color_scheme="dark" if scheme == "dark" else "light",
            )
            page = context.new_page()
            page.goto(f"{server.url}{shot.path}")
            seen = FloatRect(x=0, y=shot.top, width=shot.width, height=shot.height)
            page.screenshot(path=str(folder / shot.name), full_page=True, clip=seen)
            context.close()


if __name__ == "__main__":
    main()
