"""The page on which an administrator creates a user (contract 3.4)."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest

from tests.browser import chromium
from tests.live import ADMIN, authctl_server
from tests.server.admin_api import PREFIXES, AdminApi, no_user

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from tests.live import Server
    from tests.server.admin_api import User

pytestmark = pytest.mark.mlflow

PASSWORD = "a-password-of-theirs"
NO_TOKEN = "The CSRF token is missing or invalid."
HOSTILE = "<script>alert(1)</script>\"'&$token"
_TOKEN = re.compile(r'name="csrf_token" value="([0-9a-f]{64})"')
_ACTION = re.compile(r'action="([^"]*)"')


@pytest.fixture(scope="module", params=["", "/tracking"], ids=["no prefix", "static prefix"])
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("signup")
    with authctl_server(folder, prefix=request.param) as running:
        yield running


@dataclass(frozen=True)
class Form:
    """A form as a browser holds it: its cookie, its hidden token, and where it is sent."""

    server: Server
    cookie: str
    token: str
    action: str

    def send(
        self,
        user: User | None = ADMIN,
        *,
        headers: dict[str, str] | None = None,
        **changed: str | None,
    ) -> httpx.Response:
        fields = {"csrf_token": self.token, "username": "", "password": PASSWORD, **changed}
        cookie = {"Cookie": f"authctl_signup={self.cookie}"} if self.cookie else {}
        return httpx.post(
            self.action,
            auth=user,
            data={name: value for name, value in fields.items() if value is not None},
            headers={**cookie, **(headers or {})},
            trust_env=False,
        )


def opened(server: Server, user: User = ADMIN) -> Form:
    page = httpx.get(f"{server.url}/signup", auth=user, trust_env=False)
    assert page.status_code == 200
    token, action = _TOKEN.search(page.text), _ACTION.search(page.text)
    assert token is not None
    assert action is not None
    origin = server.url.removesuffix(urlsplit(server.url).path)
    return Form(server, page.cookies["authctl_signup"], token[1], origin + action[1])


def refusal(answer: httpx.Response) -> str:
    """What a readable page says is wrong."""
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    said = re.search(r'<p class="error" role="alert">(.*)</p>', answer.text)
    assert said is not None, answer.text
    return html.unescape(said[1])


def test_the_page_is_guarded_against_scripts_frames_and_caches(server: Server) -> None:
    page = httpx.get(f"{server.url}/signup", auth=ADMIN, trust_env=False)
    assert page.headers["Content-Security-Policy"] == (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
    )
    assert page.headers["X-Frame-Options"] == "DENY"
    assert page.headers["X-Content-Type-Options"] == "nosniff"
    assert page.headers["Cache-Control"] == "no-store"
    assert re.fullmatch(
        r"authctl_signup=[\w-]{43}; HttpOnly; Path=/; SameSite=strict", page.headers["Set-Cookie"]
    )


def test_behind_tls_the_cookie_is_for_tls_only(server: Server) -> None:
    headers = {"X-Forwarded-Proto": "https"}
    page = httpx.get(f"{server.url}/signup", auth=ADMIN, headers=headers, trust_env=False)
    assert page.headers["Set-Cookie"].endswith("; SameSite=strict; Secure")


@pytest.mark.parametrize("prefix", PREFIXES)
def test_the_form_makes_a_user_who_is_no_administrator(server: Server, prefix: str) -> None:
    api, name = AdminApi(server), f"by form {prefix}"
    form = opened(server)
    other_prefix = Form(server, form.cookie, form.token, form.action.replace("/api/", f"{prefix}/"))
    made = other_prefix.send(username=name, is_admin="true")
    assert made.status_code == 200
    assert f"<strong>{name}</strong> can log in now." in made.text
    shown = api("GET 2.0 users/get", (name, PASSWORD), username=name)[1]["user"]
    assert shown["is_admin"] is False


def test_the_token_may_come_in_a_header(server: Server) -> None:
    form = opened(server)
    made = form.send(username="by header", csrf_token=None, headers={"X-CSRFToken": form.token})
    assert "can log in now" in made.text


def test_a_form_without_its_own_cookie_and_token_makes_nobody(server: Server) -> None:
    form, other = opened(server), opened(server)
    attempts = [
        form.send(username="forged", csrf_token=None),
        form.send(username="forged", csrf_token=""),
        form.send(username="forged", csrf_token=other.token),
        form.send(username="forged", csrf_token="0" * 64),
        form.send(username="forged", csrf_token="\u00e9"),
        Form(server, "", form.token, form.action).send(username="forged"),
        Form(server, other.cookie, form.token, form.action).send(username="forged"),
        Form(server, form.token, form.token, form.action).send(username="forged"),
    ]
    assert [answer.status_code for answer in attempts] == [400] * len(attempts)
    assert all(refusal(answer).startswith(NO_TOKEN) for answer in attempts)
    assert all("forged" not in answer.text for answer in attempts)
    assert AdminApi(server)("GET 2.0 users/get", username="forged") == no_user("forged")


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:1", "null"])
def test_a_foreign_page_cannot_send_the_form(server: Server, origin: str) -> None:
    answer = opened(server).send(username="foreign", headers={"Origin": origin})
    assert answer.status_code == 403
    assert AdminApi(server)("GET 2.0 users/get", username="foreign") == no_user("foreign")


def test_the_page_is_for_whoever_may_create_users(server: Server) -> None:
    api = AdminApi(server)
    user, manager = api.new_user(), api.new_workspace_manager()
    form = opened(server)
    page = httpx.get(f"{server.url}/signup", auth=user, trust_env=False)
    assert (page.status_code, page.text) == (403, "Permission denied")
    assert httpx.get(f"{server.url}/signup", trust_env=False).status_code == 401
    assert form.send(user, username="not theirs").status_code == 403
    assert form.send(None, username="not theirs").status_code == 401
    assert api("GET 2.0 users/get", username="not theirs") == no_user("not theirs")
    made = opened(server, manager).send(manager, username=f"by {manager[0]}")
    assert "can log in now" in made.text


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"username": "admin"}, 200, "The username admin has already been taken."),
        (
            {"username": "new", "password": "short"},
            400,
            "Password must be at least 12 characters.",
        ),
        ({"username": ""}, 400, "Username and password cannot be empty."),
        ({"username": "new", "password": ""}, 400, "Username and password cannot be empty."),
        ({"username": None}, 400, "Missing value for required parameter 'username'."),
        (
            {"username": "new", "password": None},
            400,
            "Missing value for required parameter 'password'.",
        ),
        ({"username": "*"}, 400, "Invalid username: '*' is reserved."),
        ({"username": "a\x00b"}, 400, "Invalid username: it contains a control character."),
        (
            {"username": HOSTILE + ":"},
            400,
            "Invalid username: it contains ':', which no client can send.",
        ),
        (
            {"username": "x" * 256},
            400,
            "Invalid username: it has 256 characters, at most 255 are allowed.",
        ),
    ],
)
def test_what_is_wrong_is_said_on_a_page_with_the_form_on_it(
    server: Server, fields: dict[str, Any], status: int, said: str
) -> None:
    answer = opened(server).send(**fields)
    assert (answer.status_code, refusal(answer)) == (status, said)
    assert (fields.get("password") or PASSWORD) not in answer.text
    assert "<script>" not in answer.text
    token = _TOKEN.search(answer.text)
    assert token is not None
    again = Form(server, answer.cookies["authctl_signup"], token[1], str(answer.url))
    assert refusal(again.send(username="admin")) == "The username admin has already been taken."


def test_a_hostile_name_is_shown_as_text(server: Server) -> None:
    form = opened(server)
    made, taken = form.send(username=HOSTILE), form.send(username=HOSTILE)
    assert f"<strong>{html.escape(HOSTILE)}</strong>" in made.text
    assert refusal(taken) == f"The username {HOSTILE} has already been taken."
    assert f'value="{html.escape(HOSTILE)}"' in taken.text
    assert "<script>" not in made.text + taken.text


def test_a_form_of_another_type_or_with_a_field_twice_is_refused(server: Server) -> None:
    form = opened(server)
    pairs = f"csrf_token={form.token}&username=twice&password={PASSWORD}"
    for media, body in (
        ("application/x-www-form-urlencoded", f"{pairs}&username=other"),
        ("application/x-www-form-urlencoded", pairs.replace("twice", "%ff")),
        ("text/plain", pairs),
        ("multipart/form-data; boundary=x", pairs),
        ("application/json", f'{{"username": "twice", "password": "{PASSWORD}"}}'),
    ):
        headers = {"Content-Type": media, "Cookie": f"authctl_signup={form.cookie}"}
        answer = httpx.post(form.action, auth=ADMIN, content=body, headers=headers, trust_env=False)
        assert answer.status_code == 400
    assert AdminApi(server)("GET 2.0 users/get", username="twice") == no_user("twice")


@pytest.fixture
def page(server: Server) -> Iterator[Page]:
    with chromium() as browser:
        context = browser.new_context(
            http_credentials={"username": ADMIN[0], "password": ADMIN[1]},
            viewport={"width": 900, "height": 640},
        )
        page = context.new_page()
        page.goto(f"{server.url}/signup")
        yield page
        context.close()


def test_a_person_creates_a_user_and_then_meets_a_taken_name(server: Server, page: Page) -> None:
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.screenshot(path=str(server.folder / "form.png"))
    page.get_by_label("Username").fill("carla")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create user").click()
    page.get_by_text("carla can log in now.").wait_for()
    page.screenshot(path=str(server.folder / "created.png"))

    page.get_by_role("link", name="Create another user").click()
    page.get_by_label("Username").fill("carla")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create user").click()
    page.get_by_role("alert").wait_for()
    page.screenshot(path=str(server.folder / "taken.png"))
    assert page.get_by_role("alert").inner_text() == "The username carla has already been taken."
    assert page.get_by_label("Username").input_value() == "carla"
    assert page.get_by_label("Password").input_value() == ""

    page.get_by_label("Username").fill("carlotta")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Create user").click()
    page.get_by_text("carlotta can log in now.").wait_for()
    assert complaints == []
