"""Requests signed for AWS: by the rules of Signature Version 4, and as botocore signs them."""

from __future__ import annotations

import hashlib
import hmac
import re
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials, RefreshableCredentials
from botocore.session import Session

from authctl.client import AuthServiceClient
from authctl.client.address import Address
from authctl.client.http import httpx
from authctl.client.sigv4 import SigV4
from authctl.client.transport import Transport, connect
from authctl.errors import InvalidRequest
from tests.client import aws
from tests.client.told import told

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers import Recorder

PATH = "/2.0/mlflow/users/get"
NOW = datetime(2026, 2, 28, 23, 59, 58, tzinfo=UTC)
SIGNED = ("host", "x-amz-content-sha256", "x-amz-date")


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """The AWS settings of the process, which botocore reads by itself."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in aws.ENV.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("HOME", str(tmp_path))
    return monkeypatch


@pytest.fixture
def transport(recorder: Recorder) -> Iterator[Transport]:
    signer = SigV4()
    transport = Transport(Address.parse(recorder.url), lambda: signer, sleep=lambda _: None)
    yield transport
    transport.close()


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    """botocore's clock, stopped."""
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: NOW)


def by_the_book(method: str, path: str, query: dict[str, str], body: bytes, host: str) -> str:
    """The signature as AWS describes it, from nothing but what was asked for."""
    digest = hashlib.sha256(body).hexdigest()
    pairs = sorted((quote(k, safe="-_.~"), quote(v, safe="-_.~")) for k, v in query.items())
    stamp, day = NOW.strftime("%Y%m%dT%H%M%SZ"), NOW.strftime("%Y%m%d")
    canonical = "\n".join(
        [
            method,
            quote(path, safe="/-_.~"),
            "&".join(f"{name}={value}" for name, value in pairs),
            f"host:{host}\nx-amz-content-sha256:{digest}\nx-amz-date:{stamp}\n",
            ";".join(SIGNED),
            digest,
        ]
    )
    scope = f"{day}/{aws.REGION}/execute-api/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{aws.SECRET}".encode()
    for part in (day, aws.REGION, "execute-api", "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()


REQUESTS: list[tuple[str, dict[str, str] | None, Any]] = [
    ("GET", None, None),
    ("GET", {"username": "alice"}, None),
    ("GET", {"username": "a b+c&d=e/~ü%20'*", "a": "", "B": "ж 雪"}, None),
    ("POST", None, {}),
    ("POST", None, {"username": "ü ж", "password": "open sesame"}),
    ("PATCH", None, {"is_admin": True}),
    ("DELETE", {"x": "1 2"}, {"username": "alice"}),
]


@pytest.mark.usefixtures("frozen")
@pytest.mark.parametrize(("method", "query", "body"), REQUESTS)
def test_a_signature_is_what_the_rules_say_and_what_botocore_makes_of_the_same_request(
    method: str,
    query: dict[str, str] | None,
    body: Any,
    recorder: Recorder,
    transport: Transport,
) -> None:
    transport.send(method, PATH, query=query, body=body)
    (request,) = recorder.requests
    found = aws.signed(request)
    assert found == aws.Signed(aws.KEY, aws.REGION, "execute-api", SIGNED, holds=True)
    host = recorder.url.removeprefix("http://")
    signature = by_the_book(method, f"/api{PATH}", query or {}, request.content, host)
    header = request.headers["authorization"]
    assert header.endswith(f"Signature={signature}")

    theirs = AWSRequest(
        method,
        f"{recorder.url}/api{PATH}",
        {"X-Amz-Content-SHA256": hashlib.sha256(request.content).hexdigest()},
        request.content,
        query,
    )
    SigV4Auth(Credentials(aws.KEY, aws.SECRET), "execute-api", aws.REGION).add_auth(theirs)
    assert header == theirs.headers["Authorization"]


def test_the_python_client_signs_too(recorder: Recorder, environment: pytest.MonkeyPatch) -> None:
    environment.setenv("MLFLOW_TRACKING_AWS_SIGV4", "true")
    user = {"id": 2, "username": "al ice", "is_admin": False}
    recorder.will_answer(200, {"user": user, "roles": []})
    with AuthServiceClient(recorder.url) as client:
        assert client.get_user("al ice").username == "al ice"
    assert all(aws.signed(each).holds for each in recorder.requests)


def test_a_session_token_is_sent_and_signed(
    recorder: Recorder, transport: Transport, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("AWS_SESSION_TOKEN", aws.SESSION)
    transport.send("GET", PATH)
    (request,) = recorder.requests
    assert request.headers["x-amz-security-token"] == aws.SESSION
    found = aws.signed(request)
    assert found.headers == (*SIGNED, "x-amz-security-token")
    assert found.holds


@pytest.mark.usefixtures("frozen")
def test_a_path_with_other_letters_is_signed_as_aws_reads_it(recorder: Recorder) -> None:
    transport = Transport(Address.parse(f"{recorder.url}/prod ü"), SigV4)
    transport.send("GET", PATH)
    transport.close()
    (request,) = recorder.requests
    host = recorder.url.removeprefix("http://")
    signature = by_the_book("GET", f"/prod%20%C3%BC/api{PATH}", {}, b"", host)
    assert request.headers["authorization"].endswith(f"Signature={signature}")
    assert aws.signed(request).holds


def test_what_was_changed_on_the_way_no_longer_holds(
    recorder: Recorder, transport: Transport
) -> None:
    transport.send("GET", PATH, query={"username": "alice"})
    (request,) = recorder.requests
    assert aws.signed(request).holds
    object.__setattr__(request, "path", request.path.replace("alice", "admin"))
    assert not aws.signed(request).holds


def test_every_repetition_is_signed_anew(
    recorder: Recorder, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter((NOW, NOW.replace(second=59)))
    monkeypatch.setattr("botocore.auth.get_current_datetime", lambda: next(times))
    recorder.will_answer(503)
    recorder.will_answer(200)
    transport.send("GET", PATH)
    first, second = recorder.requests
    assert (first.headers["x-amz-date"], second.headers["x-amz-date"]) == (
        "20260228T235958Z",
        "20260228T235959Z",
    )
    assert aws.signed(first).holds
    assert aws.signed(second).holds


def test_keys_are_looked_up_for_each_request_unless_they_renew_themselves(
    recorder: Recorder, transport: Transport, environment: pytest.MonkeyPatch
) -> None:
    transport.send("GET", PATH)
    environment.setenv("AWS_ACCESS_KEY_ID", "AKIDROTATED")
    transport.send("GET", PATH)
    assert [aws.signed(each).key for each in recorder.requests] == [aws.KEY, "AKIDROTATED"]


def test_keys_that_renew_themselves_are_got_once(
    recorder: Recorder, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    later = datetime(2999, 1, 1, tzinfo=UTC)

    def role(_: Session) -> RefreshableCredentials:
        asked.append(1)
        return RefreshableCredentials(aws.KEY, aws.SECRET, None, later, dict, "assume-role")

    monkeypatch.setattr(Session, "get_credentials", role)
    transport.send("GET", PATH)
    transport.send("GET", PATH)
    assert all(aws.signed(each).holds for each in recorder.requests)
    assert len(asked) == 1


def test_without_botocore_it_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "botocore"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "botocore", None)
    with pytest.raises(InvalidRequest, match="not installed") as raised:
        SigV4().sign(httpx.Request("GET", "https://mlflow.test"))
    assert raised.value.hint == "pip install 'authctl[aws]'"


def unset(*names: str) -> dict[str, str | None]:
    return dict.fromkeys(names)


@pytest.mark.parametrize(
    ("changes", "message", "hint"),
    [
        (unset("AWS_DEFAULT_REGION"), "no AWS region is known", "AWS_DEFAULT_REGION"),
        (
            unset("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
            "no AWS credentials are found",
            "AWS_SECRET_ACCESS_KEY",
        ),
        (unset("AWS_SECRET_ACCESS_KEY"), "PartialCredentialsError", "aws sts"),
        ({"AWS_PROFILE": "nobody"}, "ProfileNotFound", "aws sts"),
        ({"AWS_ACCESS_KEY_ID": "AKID\nopensesame"}, "the AWS credentials", "line end"),
    ],
)
def test_what_is_missing_is_told_and_no_secret(
    changes: dict[str, str | None],
    message: str,
    hint: str,
    environment: pytest.MonkeyPatch,
    recorder: Recorder,
    tmp_path: Path,
) -> None:
    for name, value in changes.items():
        if value is None:
            environment.delenv(name)
        else:
            environment.setenv(name, value)
    transport = connect(recorder.url, {"MLFLOW_TRACKING_AWS_SIGV4": "true"}, tmp_path)
    with pytest.raises(InvalidRequest, match=re.escape(message)) as raised:
        transport.send("GET", PATH)
    transport.close()
    assert hint in str(raised.value.hint)
    assert "sesame" not in told(raised.value)
    assert recorder.requests == []


def test_a_program_that_gives_out_keys_and_fails_is_not_quoted(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.write_text("[default]\ncredential_process = sh -c 'echo opensesame >&2; exit 3'\n")
    environment.setenv("AWS_CONFIG_FILE", str(config))
    environment.delenv("AWS_ACCESS_KEY_ID")
    environment.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(InvalidRequest, match="CredentialRetrievalError") as raised:
        SigV4().sign(httpx.Request("GET", "https://mlflow.test"))
    assert raised.value.__suppress_context__
    assert "opensesame" not in told(raised.value)
