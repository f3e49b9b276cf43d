"""The page on which an administrator creates a user (contract 3.4)."""

from __future__ import annotations

import re
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

import httpx
import pytest

from tests.browser import chromium, paper
from tests.live import ADMIN, authctl_server
from tests.server.admin_api import PREFIXES, AdminApi, no_user
from tests.server.webpage import WebPage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

    from tests.browser import Paper
    from tests.live import Server
    from tests.server.admin_api import User

pytestmark = pytest.mark.mlflow

PASSWORD = "a-password-of-theirs"
TAKEN = (
    "The username {} has already been taken. Nothing was changed. If you sent the form twice, the"
    " first time made the user."
)
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
    said = WebPage(answer.text).alert
    assert said is not None, answer.text
    return said


def test_the_page_is_guarded_against_scripts_frames_and_caches(server: Server) -> None:
    page = httpx.get(f"{server.url}/signup", auth=ADMIN, trust_env=False)
    assert re.fullmatch(
        r"default-src 'none'; style-src 'sha256-[\w+/]{43}='; base-uri 'none'; form-action 'self';"
        r" frame-ancestors 'none'",
        page.headers["Content-Security-Policy"],
    )
    told = {
        name: page.headers[name]
        for name in (
            *("Cache-Control", "Cross-Origin-Resource-Policy", "Referrer-Policy"),
            *("X-Content-Type-Options", "X-Frame-Options"),
        )
    }
    assert told == {
        "Cache-Control": "no-store",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
    }
    path = urlsplit(server.url).path or "/"
    assert re.fullmatch(
        rf"authctl_signup=[\w-]{{43}}; HttpOnly; Path={path}; SameSite=strict",
        page.headers["Set-Cookie"],
    )


@pytest.mark.parametrize("proto", ["https", "HTTPS", "https, http"])
def test_behind_tls_the_cookie_is_for_tls_only(server: Server, proto: str) -> None:
    headers = {"X-Forwarded-Proto": proto}
    page = httpx.get(f"{server.url}/signup", auth=ADMIN, headers=headers, trust_env=False)
    assert page.headers["Set-Cookie"].endswith("; SameSite=strict; Secure")


def test_a_second_tab_leaves_the_form_of_the_first_as_good_as_it_was(server: Server) -> None:
    first = opened(server)
    cookie = {"Cookie": f"authctl_signup={first.cookie}"}
    second = httpx.get(f"{server.url}/signup", auth=ADMIN, headers=cookie, trust_env=False)
    assert second.cookies["authctl_signup"] == first.cookie
    assert "can log in now" in first.send(username="of the first tab").text


@pytest.mark.parametrize("planted", ["x", "x" * 44, '"><script>', "x" * 42 + "!"])
def test_a_cookie_that_is_none_of_ours_is_replaced(server: Server, planted: str) -> None:
    headers = {"Cookie": f"authctl_signup={planted}"}
    page = httpx.get(f"{server.url}/signup", auth=ADMIN, headers=headers, trust_env=False)
    assert re.fullmatch(r"[\w-]{43}", page.cookies["authctl_signup"])
    assert "<script>" not in page.text


@pytest.mark.parametrize("prefix", PREFIXES)
def test_the_form_makes_a_user_who_is_no_administrator(server: Server, prefix: str) -> None:
    api, name = AdminApi(server), f"by form {prefix}"
    form = opened(server)
    other_prefix = Form(server, form.cookie, form.token, form.action.replace("/api/", f"{prefix}/"))
    made = other_prefix.send(username=name, is_admin="true")
    assert made.status_code == 200
    assert f"<strong><bdi>{name}</bdi></strong> can log in now." in made.text
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
    assert all(WebPage(answer.text).fields["username"] == "forged" for answer in attempts)
    assert all(WebPage(answer.text).fields["password"] == "" for answer in attempts)
    assert AdminApi(server)("GET 2.0 users/get", username="forged") == no_user("forged")


def test_another_users_form_is_no_good_even_with_its_cookie(server: Server) -> None:
    manager = AdminApi(server).new_workspace_manager()
    theirs = opened(server, manager)
    assert refusal(theirs.send(username="lured")).startswith(NO_TOKEN)
    assert AdminApi(server)("GET 2.0 users/get", username="lured") == no_user("lured")
    assert "can log in now" in theirs.send(manager, username="lured").text


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
        ({"username": "admin"}, 200, TAKEN.format("admin")),
        (
            {"username": "new", "password": "short"},
            400,
            "Password must be at least 12 characters.",
        ),
        ({"username": ""}, 400, "Username and password cannot be empty."),
        ({"username": "new", "password": ""}, 400, "Username and password cannot be empty."),
        ({"username": None}, 400, "Username and password cannot be empty."),
        ({"username": "new", "password": None}, 400, "Username and password cannot be empty."),
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
    assert refusal(again.send(username="admin")) == TAKEN.format("admin")


def test_a_hostile_name_is_shown_as_text(server: Server) -> None:
    form = opened(server)
    made, taken = form.send(username=HOSTILE), form.send(username=HOSTILE)
    assert WebPage(made.text).links["See what they have access to"] == (
        f"{urlsplit(server.url).path}/access?{urlencode({'user': HOSTILE})}"
    )
    assert refusal(taken) == TAKEN.format(HOSTILE)
    assert WebPage(taken.text).fields["username"] == HOSTILE
    assert "<script>" not in made.text + taken.text


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("nim\u202eda", "nimU+202Eda"),
        ("zero\u200bwidth", "zeroU+200Bwidth"),
        ("\u05d3\u05d5\u05d3", "\u05d3\u05d5\u05d3"),
        ("w" * 255, "w" * 255),
    ],
)
def test_what_is_unseen_in_a_name_is_spelled_out(server: Server, name: str, shown: str) -> None:
    made = opened(server).send(username=name)
    assert f"{shown} can log in now." in " ".join(re.sub("<[^>]*>", "", made.text).split())


def test_sending_the_form_twice_makes_one_user_with_the_first_password(server: Server) -> None:
    form = opened(server)
    with ThreadPoolExecutor(4) as pool:
        sent = list(pool.map(lambda _: form.send(username="twice-sent"), range(4)))
    assert sorted("can log in now" in answer.text for answer in sent) == [False] * 3 + [True]
    form.send(username="twice-sent", password="another-password-of-theirs")
    shown = AdminApi(server)("GET 2.0 users/get", ("twice-sent", PASSWORD), username="twice-sent")
    assert shown[0] == 200


@pytest.mark.parametrize(
    ("fields", "blamed"),
    [({"username": "*"}, "username"), ({"username": "new", "password": "short"}, "password")],
)
def test_the_field_that_is_wrong_says_so(
    server: Server, fields: dict[str, str], blamed: str
) -> None:
    told = opened(server).send(**fields).text
    inputs = {found[1]: found[0] for found in re.finditer(r'<input id="(\w+)"[^>]*>', told)}
    for name, text in inputs.items():
        assert ('aria-invalid="true" aria-describedby="wrong ' in text) == (name == blamed)
        assert ("autofocus" in text) == (name == blamed)


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


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as browser:
        yield browser


@pytest.fixture(params=[True, False], ids=["with scripts", "without scripts"])
def shown(request: pytest.FixtureRequest, server: Server, browser: Browser) -> Iterator[Paper]:
    with paper(browser, ADMIN, javascript=request.param) as shown:
        shown.page.goto(f"{server.url}/signup")
        yield shown


def fill(shown: Paper, username: str, password: str = PASSWORD) -> None:
    shown.page.get_by_label("Username").fill(username)
    shown.page.get_by_label("Password").fill(password)
    shown.page.get_by_role("button", name="Create user").click()


def test_a_person_creates_a_user_and_then_meets_a_taken_name(server: Server, shown: Paper) -> None:
    page, name = shown.page, f"carla-{uuid.uuid4().hex[:8]}"
    fill(shown, name)
    page.get_by_text(f"{name} can log in now.").wait_for()
    assert server.call("GET", "/api/2.0/mlflow/users/current", user=(name, PASSWORD)).is_success

    shown.press("link", "Create another user")
    fill(shown, name)
    page.get_by_role("alert").wait_for()
    assert " ".join(page.get_by_role("alert").inner_text().split()) == TAKEN.format(name)
    assert page.get_by_label("Username").input_value() == name
    assert page.get_by_label("Password").input_value() == ""

    fill(shown, f"{name}-2")
    page.get_by_text(f"{name}-2 can log in now.").wait_for()
    shown.press("link", "See what they have access to")
    page.get_by_role("heading", name="Who has access to what").wait_for()
    assert [f"{name}-2"] in shown.rows()
    assert shown.complaints == []


def test_a_hostile_name_does_nothing_in_a_browser(shown: Paper) -> None:
    hostile = f'{uuid.uuid4().hex}<script>alert(1)</script>"><img src=x onerror=alert(2)>'
    for text in (f"{hostile} can log in now.", f"The username {hostile} has already been taken."):
        fill(shown, hostile)
        shown.page.get_by_text(text).wait_for()
        assert shown.page.locator("main script, main img").count() == 0
        shown.press("link", "Create a user")
    assert shown.complaints == []


def test_what_a_browser_can_tell_is_wrong_is_not_sent(server: Server, shown: Paper) -> None:
    fill(shown, "short-password", "short")
    assert shown.page.url == f"{server.url}/signup"
    assert AdminApi(server)("GET 2.0 users/get", username="short-password") == no_user(
        "short-password"
    )


def test_a_page_of_another_site_cannot_send_the_form(server: Server, shown: Paper) -> None:
    token = shown.page.locator("input[name=csrf_token]").get_attribute("value")
    form = f"""<form action="{server.url}/api/2.0/mlflow/users/create-ui" method="post">
        <input name="csrf_token" value="{token}"><input name="username" value="lured-here">
        <input name="password" value="{PASSWORD}"><button>Win</button></form>"""
    shown.page.route(
        "http://evil.example/", lambda route: route.fulfill(body=form, content_type="text/html")
    )
    shown.page.goto("http://evil.example/")
    with shown.page.expect_response("**/create-ui") as answered:
        shown.page.get_by_role("button", name="Win").click()
    assert answered.value.status in (401, 403)
    assert AdminApi(server)("GET 2.0 users/get", username="lured-here") == no_user("lured-here")


@pytest.mark.parametrize("width", [375, 1280])
def test_the_page_fits_small_and_large_screens(
    server: Server, browser: Browser, width: int
) -> None:
    with paper(browser, ADMIN, width=width) as shown:
        shown.page.goto(f"{server.url}/signup")
        assert shown.width_needed() == width
        fill(shown, (uuid.uuid4().hex * 8)[:255])
        shown.page.get_by_role("heading", name="User created").wait_for()
        assert shown.width_needed() == width
