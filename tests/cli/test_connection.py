from __future__ import annotations

import pytest

from authctl.cli.connection import settle
from authctl.cli.context.file import Context
from authctl.cli.options import SharedOptions
from authctl.errors import InvalidRequest

CA_CERT = "MLFLOW_TRACKING_SERVER_CERT_PATH"
CLIENT_CERT = "MLFLOW_TRACKING_CLIENT_CERT_PATH"
INSECURE = "MLFLOW_TRACKING_INSECURE_TLS"
SAVED = "the context 'prod'"


def settled(
    name: str, options: SharedOptions, env: dict[str, str], context: Context | None, chosen: bool
) -> tuple[object, str]:
    found = settle(options, env, context, chosen=chosen)
    return next((each.value, each.origin) for each in found.settings() if each.name == name)


def prod(**settings: object) -> Context:
    return Context("prod", server="https://mlflow.example.com", **settings)  # type: ignore[arg-type]


OPTIONS = SharedOptions(
    timeout=1.5, retries=0, ca_cert="o.pem", client_cert="o-me.pem", allow_http=True
)
ENV = {CA_CERT: "e.pem", CLIENT_CERT: "e-me.pem"}
CONTEXT = prod(timeout=7.0, retries=9, ca_cert="c.pem", client_cert="c-me.pem", allow_http=True)
NOTHING = SharedOptions()


@pytest.mark.parametrize(
    ("name", "options", "env", "context", "current", "chosen"),
    [
        ("timeout", NOTHING, {}, None, (30, "default"), (30, "default")),
        ("timeout", NOTHING, {}, CONTEXT, (7, SAVED), (7, SAVED)),
        ("timeout", OPTIONS, {}, CONTEXT, (1.5, "--timeout"), (1.5, "--timeout")),
        ("retries", NOTHING, {}, None, (2, "default"), (2, "default")),
        ("retries", NOTHING, {}, CONTEXT, (9, SAVED), (9, SAVED)),
        ("retries", OPTIONS, {}, CONTEXT, (0, "--retries"), (0, "--retries")),
        ("allow_http", NOTHING, {}, None, (False, "default"), (False, "default")),
        ("allow_http", NOTHING, {}, CONTEXT, (True, SAVED), (True, SAVED)),
        ("allow_http", OPTIONS, {}, None, (True, "--allow-http"), (True, "--allow-http")),
        ("ca_cert", NOTHING, {}, None, (None, "default"), (None, "default")),
        ("ca_cert", NOTHING, {}, CONTEXT, ("c.pem", SAVED), ("c.pem", SAVED)),
        ("ca_cert", NOTHING, ENV, None, ("e.pem", CA_CERT), ("e.pem", CA_CERT)),
        ("ca_cert", NOTHING, ENV, CONTEXT, ("e.pem", CA_CERT), ("c.pem", SAVED)),
        ("ca_cert", OPTIONS, ENV, CONTEXT, ("o.pem", "--ca-cert"), ("o.pem", "--ca-cert")),
        (
            *("ca_cert", NOTHING, {"CURL_CA_BUNDLE": "b.pem"}, None),
            *(("b.pem", "CURL_CA_BUNDLE"), ("b.pem", "CURL_CA_BUNDLE")),
        ),
        (
            *("ca_cert", NOTHING, {"CURL_CA_BUNDLE": "b.pem"}, CONTEXT),
            *(("c.pem", SAVED), ("c.pem", SAVED)),
        ),
        ("client_cert", NOTHING, ENV, CONTEXT, ("e-me.pem", CLIENT_CERT), ("c-me.pem", SAVED)),
        (
            *("client_cert", OPTIONS, ENV, CONTEXT),
            *(("o-me.pem", "--client-cert"), ("o-me.pem", "--client-cert")),
        ),
        # How a server is verified is one setting, whose halves are never mixed.
        ("insecure", NOTHING, {INSECURE: "true"}, CONTEXT, (True, INSECURE), (False, "default")),
        ("ca_cert", NOTHING, {INSECURE: "true"}, CONTEXT, (None, "default"), ("c.pem", SAVED)),
        ("insecure", NOTHING, ENV, prod(insecure=True), (False, "default"), (True, SAVED)),
        (
            *("insecure", NOTHING, {INSECURE: "false"}, prod(insecure=True)),
            *((True, SAVED), (True, SAVED)),
        ),
        ("insecure", OPTIONS, {}, prod(insecure=True), (False, "default"), (False, "default")),
    ],
)  # fmt: skip
def test_an_option_beats_all_the_environment_the_current_context_and_a_chosen_one_the_environment(
    name: str,
    options: SharedOptions,
    env: dict[str, str],
    context: Context | None,
    current: tuple[object, str],
    chosen: tuple[object, str],
) -> None:
    assert settled(name, options, env, context, chosen=False) == current
    assert settled(name, options, env, context, chosen=True) == chosen


@pytest.mark.parametrize(
    ("options", "env", "context"),
    [
        (SharedOptions(insecure=True, ca_cert="o.pem"), {}, None),
        (NOTHING, {INSECURE: "true", CA_CERT: "e.pem"}, None),
        (NOTHING, {}, prod(insecure=True, ca_cert="c.pem")),
    ],
)
def test_to_verify_and_not_to_verify_contradict_each_other_in_one_source(
    options: SharedOptions, env: dict[str, str], context: Context | None
) -> None:
    with pytest.raises(InvalidRequest, match="verifying it is off"):
        settle(options, env, context, chosen=False)
