"""Every way to sign in that MLflow's clients have, alone and in conflict, and what is sent then."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tests.client import aws

if TYPE_CHECKING:
    from collections.abc import Callable

USERNAME, PASSWORD = "MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"
TOKEN, AUTH = "MLFLOW_TRACKING_TOKEN", "MLFLOW_TRACKING_AUTH"
AWS = "MLFLOW_TRACKING_AWS_SIGV4"

NOTHING = "nothing"
SIGNED = f"AWS {aws.KEY} {aws.REGION} execute-api host;x-amz-content-sha256;x-amz-date, which holds"


@dataclass(frozen=True)
class Way:
    """What is set: variables, files at home, and what stands before the host in the address."""

    name: str
    env: dict[str, str] = field(default_factory=dict)
    file: str = ""
    netrc: str = ""
    inside: str = ""
    profile: str = ""

    def and_also(self, other: Way) -> Way:
        return Way(
            f"{self.name} + {other.name}" if self.name else other.name,
            self.env | other.env,
            self.file or other.file,
            self.netrc or other.netrc,
            self.inside or other.inside,
            self.profile or other.profile,
        )


def login(username: str, password: str) -> dict[str, str]:
    return {USERNAME: username, PASSWORD: password}


def file(username: str, password: str) -> str:
    return (
        f"[mlflow]\nmlflow_tracking_username = {username}\nmlflow_tracking_password = {password}\n"
    )


# In the order in which they win; what each of them is sent as.
SIGV4 = Way("sigv4", {AWS: "true", **aws.ENV})
OVERWRITING = Way("overwriting plugin", {AUTH: "overwriting"})
PAIR = Way("plugin with a pair", {AUTH: "pair"})
REMOVING = Way("removing plugin", {AUTH: "removing"})
ADDING = Way("adding plugin", {AUTH: "adding"})
KUBERNETES = Way("kubernetes", {AUTH: "kubernetes"})
HEADER = Way("header", {AUTH: "Custom c29tZQ=="})
NETRC = Way("netrc", netrc="machine 127.0.0.1 login netrcuser password netrcpass\n")
ADDRESS = Way("address", inside="urluser:url%2Fpass@")
LOGIN = Way("login", login("envuser", "envpass"))
USER_ALONE = Way("username alone", {USERNAME: "halfuser"})
FILE = Way("file", file=file("fileuser", "filepass"))
BEARER = Way("token", {TOKEN: "tok"})

WAYS = (
    SIGV4,
    OVERWRITING,
    PAIR,
    REMOVING,
    ADDING,
    KUBERNETES,
    HEADER,
    NETRC,
    ADDRESS,
    LOGIN,
    USER_ALONE,
    FILE,
    BEARER,
)


def _combined(ways: tuple[Way, ...]) -> Way | None:
    named = [way.env[AUTH] for way in ways if AUTH in way.env]
    users = [way for way in ways if USERNAME in way.env]
    if len(named) > 1 or len(users) > 1:
        return None  # one variable has one value
    result = Way("")
    for way in ways:
        result = result.and_also(way)
    return replace(result, name=result.name or "nothing set")


MATRIX = [
    combined
    for size in (0, 1, 2, 3)
    for ways in itertools.combinations(WAYS, size)
    if (combined := _combined(ways))
]

# Spellings, and what is half there or cannot be right.
ODD = [
    Way("sigv4 = 1", {AWS: "1", **aws.ENV}),
    Way("sigv4 = TRUE", {AWS: "TRUE", **aws.ENV}),
    Way("sigv4 = false", {AWS: "false"}).and_also(LOGIN),
    Way("sigv4 = 0", {AWS: "0"}).and_also(BEARER),
    Way("sigv4 = yes", {AWS: "yes"}).and_also(LOGIN),
    Way("sigv4 is empty", {AWS: ""}).and_also(LOGIN),
    Way("sigv4 without keys", {**SIGV4.env, "AWS_SECRET_ACCESS_KEY": "", "AWS_ACCESS_KEY_ID": ""}),
    Way(
        "sigv4 without a region",
        {name: value for name, value in SIGV4.env.items() if name != "AWS_DEFAULT_REGION"},
    ),
    Way("sigv4 with an empty region", {**SIGV4.env, "AWS_DEFAULT_REGION": ""}),
    Way("sigv4 with a session", {**SIGV4.env, "AWS_SESSION_TOKEN": aws.SESSION}),
    Way("sigv4 with another region", {**SIGV4.env, "AWS_REGION": "us-west-2"}),
    Way("sigv4 with a profile", {AWS: "true", "AWS_PROFILE": "team"}, profile=aws.PROFILE),
    Way("sigv4 with a profile that is not there", {AWS: "true", "AWS_PROFILE": "nobody"}),
    Way("auth is empty", {AUTH: ""}).and_also(LOGIN),
    Way("plugin with nothing", {AUTH: "nothing"}).and_also(LOGIN),
    Way("plugin that changes the address", {AUTH: "elsewhere"}).and_also(LOGIN),
    Way("plugin that waits for the answer", {AUTH: "answering"}).and_also(LOGIN),
    Way("failing plugin", {AUTH: "failing"}).and_also(LOGIN),
    Way("plugin with a line end", {AUTH: "unsendable"}).and_also(LOGIN),
    Way("header with a line end", {AUTH: "open\nsesame"}).and_also(LOGIN),
    Way("a password of no character", inside="urluser:@").and_also(LOGIN),
    Way("a username in the address", inside="urluser@").and_also(LOGIN),
    Way("letters of all kinds", login("ü", "жß")),
    Way("letters of all kinds in the address", inside="u:%C3%BC@"),
    Way("a colon in a username", login("a:b", "c")),
    Way("a token of two words", {TOKEN: "two words"}),
    Way("a token with a line end", {TOKEN: "tok\n"}),
    Way("a login of spaces", login(" ", " ")),
    Way("an empty login", login("", "")).and_also(FILE).and_also(BEARER),
    Way("a file that cannot be read", file="[mlflow]\nopensesame\n").and_also(BEARER),
    Way("a netrc file for all", netrc="default login d password e\n").and_also(LOGIN),
    Way("a netrc file of another host", netrc=NETRC.netrc.replace("0.1", "0.2")).and_also(LOGIN),
    Way("a netrc file that cannot be read", netrc="machine 127.0.0.1 what").and_also(LOGIN),
    Way("a netrc file without a password", netrc="machine 127.0.0.1 login n\n").and_also(LOGIN),
    # The last, since MLflow's client keeps the workspace that this finds.
    Way("kubernetes with a namespace", {AUTH: "kubernetes-namespaced"}).and_also(LOGIN),
]


@dataclass(frozen=True)
class Difference:
    """Where authctl does not do as MLflow's client, and why that is."""

    reason: str
    of: Callable[[Way], bool]


def _is(*names: str) -> Callable[[Way], bool]:
    return lambda way: way.name.partition(" + ")[0] in names


DIFFERENCES = [
    Difference(
        "A value of MLFLOW_TRACKING_AUTH that names no plugin is the header, as MLflow's"
        " documentation has it; MLflow's client only warns.",
        lambda way: way.env.get(AUTH) == HEADER.env[AUTH] and AWS not in way.env,
    ),
    Difference(
        "Such a value that cannot be sent is refused; MLflow's client has no use for it.",
        _is("header with a line end"),
    ),
    Difference(
        "A plugin that gives nothing is an error, so that nobody else signs in by mistake.",
        _is("plugin with nothing"),
    ),
    Difference(
        "A plugin may change headers alone: the address is where the caller said.",
        _is("plugin that changes the address"),
    ),
    Difference(
        "A plugin that wants to see the answer is refused.",
        _is("plugin that waits for the answer"),
    ),
    Difference(
        "An empty variable is one that is not set; to MLflow's client it is a value.",
        _is("sigv4 is empty", "sigv4 with an empty region"),
    ),
    Difference(
        "Where the address or ~/.netrc holds other letters than ASCII, they are sent as UTF-8,"
        " which servers expect, and not as Latin-1.",
        _is("letters of all kinds in the address"),
    ),
    Difference(
        "A username with a colon reaches the server as another one, so it is refused.",
        _is("a colon in a username"),
    ),
    Difference(
        "A token with a space in it was copied wrongly, and is refused.",
        _is("a token of two words"),
    ),
]

DIFFERENCES_TO_3_4 = [
    Difference(
        "MLflow 3.4 has no plugin of the name kubernetes yet, and sends what it would without.",
        lambda way: (
            way.env.get(AUTH, "").startswith("kubernetes")
            and expected(way) != expected(_without_auth(way))
        ),
    ),
]


def _without_auth(way: Way) -> Way:
    return replace(way, env={name: value for name, value in way.env.items() if name != AUTH})


_BY_PLUGINS = {
    "overwriting": "Corporate badge-7",
    "pair": "Basic pluginuser:pluginpass",
    "removing": NOTHING,
}


def expected(way: Way) -> str:
    """What comes first: told by the matrix alone, without asking either client."""
    if AWS in way.env:
        return SIGNED
    if AUTH in way.env:
        return _by_auth(way, way.env[AUTH])
    if way.netrc:
        return "Basic netrcuser:netrcpass"
    return "Basic urluser:url/pass" if way.inside else _by_login(way) or _by_token(way)


def _by_auth(way: Way, value: str) -> str:
    if value == "adding":
        return f"{_by_login(way) or _by_token(way)}, X-Badge badge-8"
    if value == "kubernetes":
        return "Bearer kube" if _by_token(way) == NOTHING else _by_token(way)
    return _BY_PLUGINS.get(value, value)


def _by_login(way: Way) -> str | None:
    username, password = way.env.get(USERNAME), way.env.get(PASSWORD)
    if way.file:
        username, password = username or "fileuser", password or "filepass"
    return f"Basic {username}:{password}" if username and password else None


def _by_token(way: Way) -> str:
    return "Bearer tok" if TOKEN in way.env else NOTHING
