"""Paths, queries and headers: those that are valid, and what an attacker makes of them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

from authctl.policy.rule import Handle
from tests.fuzz.bodies import handle_of
from tests.fuzz.spoiling import camel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from random import Random

    from authctl.policy.rule import Rule
    from tests.fuzz.bodies import Field, Names, Ways

Pairs = list[tuple[str, str]]

_PLACEHOLDER = re.compile(r"\{([a-z_]+)(?::path)?\}")
_SAFE = "/:@!$&'()*+,;=~-._"
_PREFIXES = ("/api/", "/ajax-api/")


def path(random: Random, rule: Rule, names: Names) -> str:
    """A path of a row, percent-encoded where it must be."""

    selectors = [need.selector for need in rule.needs] + ([rule.who] if rule.who else [])
    handles = {name: handle_of(name, found) for found in selectors for name in found.fields}

    def fill(match: re.Match[str]) -> str:
        handle = handles.get(match[1])
        return random.choice(names[handle]) if handle else random.choice(("a", "b c", "ü", "1"))

    filled = quote(_PLACEHOLDER.sub(fill, rule.path), safe=_SAFE)
    if not rule.versions:
        return filled
    return f"{random.choice(_PREFIXES)}{random.choice(rule.versions)}{filled}"


def method(random: Random, given: str) -> str:
    return random.choice((given.lower(), given.capitalize(), *_METHODS))


_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW", "")


def spoil_path(random: Random, given: str) -> str:
    """A path in which one thing is changed, which may leave what it means."""
    at = random.randrange(len(given))
    return random.choice(_PATHS)(given, at)


def _slash(given: str, at: int) -> int:
    """Where a slash is, at or before a place."""
    return max(given.rfind("/", 0, at + 1), 0)


_PATHS: tuple[Callable[[str, int], str], ...] = (
    lambda given, at: f"{given[:at]}%{ord(given[at]):02X}{given[at + 1 :]}",
    lambda given, at: f"{given[:at]}%{ord(given[at]):02x}{given[at + 1 :]}",
    lambda given, at: f"{given[:at]}%25{ord(given[at]):02x}{given[at + 1 :]}",
    lambda given, at: f"{given[: _slash(given, at)]}/{given[_slash(given, at) :]}",
    lambda given, at: f"{given[: _slash(given, at)]}/.{given[_slash(given, at) :]}",
    lambda given, at: f"{given[: _slash(given, at)]}/x/..{given[_slash(given, at) :]}",
    lambda given, at: f"{given[: _slash(given, at)]}/%2e{given[_slash(given, at) :]}",
    lambda given, at: f"{given[: _slash(given, at)]}%2f{given[_slash(given, at) + 1 :]}",
    lambda given, at: f"{given[: _slash(given, at)]}\\{given[_slash(given, at) + 1 :]}",
    lambda given, at: f"{given[: _slash(given, at)]};a=b{given[_slash(given, at) :]}",
    lambda given, at: f"{given[:at]}{given[at + 1 :]}",
    lambda given, at: f"{given[:at]}{given[at].swapcase()}{given[at + 1 :]}",
    lambda given, at: f"{given[:at]}%00{given[at:]}",
    lambda given, at: f"{given[:at]}%{given[at:]}",
    lambda given, at: f"{given[:at]}%c3%bc{given[at:]}",
    lambda given, at: f"{given[:at]}%ff{given[at:]}",
    lambda given, at: f"{given[:at]}%e2%80%8b{given[at:]}",
    lambda given, at: f"{given[:at]}%20{given[at:]}",
    lambda given, at: f"{given[:at]}+{given[at:]}",
    lambda given, at: f"{given[:at]}ü{given[at:]}",
    lambda given, at: f"{given[:at]}#{given[at:]}",
    lambda given, at: f"{given[:at]}%23{given[at:]}",
    lambda given, at: f"{given[:at]}%3f{given[at:]}",
    lambda given, _: f"{given}/",
    lambda given, _: f"{given}//",
    lambda given, _: f"/{given}",
    lambda given, _: given[1:],
    lambda given, _: f"http://localhost{given}",
    lambda given, _: f"/team/mlflow{given}",
    lambda given, _: f"/static-files/..{given}",
    lambda given, _: given.replace("/2.0/", "/3.0/"),
    lambda given, _: given.replace("/3.0/", "/2.0/"),
    lambda given, _: given.replace(".0/", ".1/"),
    lambda given, _: given.replace("/2.0/", "/2.0"),
    lambda given, _: given.replace("/api/", "/ajax-api/"),
    lambda given, _: given.replace("/api/", "/API/"),
    lambda given, _: given.replace("/mlflow/", "/preview/mlflow/"),
    lambda given, _: given.replace("_", "-"),
    lambda given, _: "*" if len(given) % 5 == 0 else given,
)


def query(random: Random, fields: Sequence[Field], ways: Ways, names: Names) -> Pairs:
    """The parameters of a GET: what a row looks for, and some of the rest."""
    shapes = {name: (kind, repeated) for name, kind, repeated, _ in fields}
    pairs: Pairs = []
    for name, way in ways.items():
        if isinstance(way, dict):
            continue  # no query reaches inside
        if name == "run_uuid" and "run_id" in shapes and random.randrange(4):
            continue
        repeated = shapes.get(name, ("", False))[1] or name.endswith("_ids")
        for _ in range(1 + (repeated and random.randrange(2))):
            text = random.choice(names[way]) if isinstance(way, Handle) else json.loads(way)
            pairs.append((name, text))
    if "run_uuid" in ways and not random.randrange(4):
        first = next((value for name, value in pairs if name in ("run_id", "run_uuid")), "")
        pairs = [pair for pair in pairs if pair[0] not in ("run_id", "run_uuid")]
        pairs += [("run_uuid", first), ("run_id", first)]
    for name, (kind, _) in shapes.items():
        if name not in ways and random.randrange(len(shapes) + 2) < 2:
            pairs.append((name, random.choice(_TEXTS.get(kind, ("1", "a b")))))
    if not random.randrange(3):
        random.shuffle(pairs)
    return pairs


_TEXTS = {
    "string": ("a b", "ü", "x=1&y", "", "name LIKE 'a%'"),
    "int": ("1", "20", "x"),
    "bool": ("true", "False", "1"),
    "enum": ("ALL", "1", "x"),
}


def encoded(random: Random, pairs: Pairs) -> str:
    """A query in one of the spellings that clients use."""
    write = random.choice((quote_plus, quote, lambda text: quote(text, safe="/,:'")))
    return "&".join(f"{write(key)}={write(value)}" for key, value in pairs)


def spoil_query(random: Random, pairs: Pairs, ways: Ways, names: Names) -> str:
    """A query in which one thing is changed."""
    key, value = random.choice(pairs) if pairs else ("experiment_id", "1")
    way = ways.get(key)
    other = random.choice(names[way]) if isinstance(way, Handle) else random.choice(_ODD)
    added = random.choice(
        (
            f"&{key}={quote(other)}",
            f"&{quote(key).replace('_', '%5F')}={quote(other)}",
            f"&{key}[]={quote(other)}",
            f"&{key}%5b%5d={quote(other)}",
            f"&{key}[0]={quote(other)}",
            f"&{camel(key)}={quote(other)}",
            f";{key}={quote(other)}",
            f"&{key}%00={quote(other)}",
            f"&+{key}={quote(other)}",
            f"&{key}=%ff",
            f"&%ff={quote(other)}",
            f"&{key}",
            f"&{key}=",
            "&&",
            "&=",
            "&=&",
            "?",
            f"?{key}={quote(other)}",
            f"#&{key}={quote(other)}",
            f"&{quote(key)}%3D{quote(other)}",
            f"&a%26{key}={quote(other)}",
            "&a=%",
            "&a=%zz",
            "&a=ü",
        )
    )
    others = [(k, random.choice(_ODD) if k == key else v) for k, v in pairs]
    whole = random.choice(
        (
            lambda: encoded(random, pairs) + added,
            lambda: added.lstrip("&") + "&" + encoded(random, pairs),
            lambda: encoded(random, others),
            lambda: encoded(random, [pair for pair in pairs if pair[0] != key]),
            lambda: encoded(random, [(camel(key) if k == key else k, v) for k, v in pairs]),
            lambda: (
                encoded(random, pairs).replace(value, f"%{ord(value[0]):02x}{value[1:]}")
                if value.isascii() and value
                else ""
            ),
        )
    )
    return whole()


_ODD = (
    "",
    "01",
    " 1",
    "1 ",
    "+1",
    "1_0",
    "1\n",
    "\u0661",
    "1.0",
    "0x1",
    "-1",
    "null",
    "*",
    "1,2",
    '["1"]',
    "1\x00",
    "%31",
    "a" * 300,
)

JSON = ("content-type", "application/json")


def spoil_headers(random: Random, headers: Pairs) -> Pairs:
    """Headers in which one is changed or added."""
    if random.randrange(3) == 0:
        rest = [pair for pair in headers if pair[0] != "content-type"]
        kind = random.choice(_TYPES)
        return [*rest, ("content-type", kind)] if kind is not None else rest
    return [*headers, random.choice(_HEADERS)]


_TYPES = (
    None,
    "",
    "text/plain",
    "application/json; charset=utf-8",
    "application/json;charset=UTF-8",
    "application/json ; charset=utf-8",
    "application/json; charset=utf-16",
    "application/json; charset=latin-1",
    "application/json, text/plain",
    "application/json;",
    " application/json",
    "APPLICATION/JSON",
    "application/x+json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/octet-stream",
)
_HEADERS = (
    JSON,
    ("content-type", "text/plain"),
    ("content_type", "text/plain"),
    ("content-encoding", "gzip"),
    ("content-encoding", "identity"),
    ("content_encoding", "gzip"),
    ("transfer-encoding", "chunked"),
    ("transfer_encoding", "chunked"),
    ("content_length", "3"),
    ("x-mlflow-workspace", "default"),
    ("x_mlflow_workspace", "theirs"),
    ("x-mlflow-experiment-id", "2"),
    ("x_mlflow_experiment_id", "2"),
    ("x-mlflow-run-id", "r2"),
    ("x-http-method-override", "DELETE"),
    ("x-original-url", "/api/2.0/mlflow/experiments/list"),
    ("x-rewrite-url", "/api/2.0/mlflow/experiments/list"),
    ("x-forwarded-prefix", "/team/mlflow"),
    ("x-forwarded-host", "elsewhere"),
    ("x-script-name", "/api"),
    ("script_name", "/api"),
    ("accept", "application/json"),
    ("accept-encoding", "gzip"),
    ("range", "bytes=0-1"),
    ("expect", "100-continue"),
    ("user-agent", "mlflow-python-client/3.17.2"),
    ("x-mlflow-client-version", "3.17.2"),
    ("cookie", "a=1"),
)
