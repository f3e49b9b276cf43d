"""AWS signatures computed once more, by botocore, from what a server received."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials

if TYPE_CHECKING:
    from tests.servers import Request

KEY, SECRET, SESSION, REGION = "AKIDEXAMPLE", "open/sesame", "session//token+1==", "eu-north-1"

ENV = {
    "AWS_ACCESS_KEY_ID": KEY,
    "AWS_SECRET_ACCESS_KEY": SECRET,
    "AWS_DEFAULT_REGION": REGION,
    # Nothing of the machine's own, and no question to the network.
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": "/nonexistent/config",
    "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent/credentials",
}

PROFILE = f"""\
[profile team]
aws_access_key_id = {KEY}
aws_secret_access_key = {SECRET}
region = {REGION}
"""

_HEADER = re.compile(
    r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d{8})/([^/]*)/([^/]+)/aws4_request,"
    r" SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})"
)


@dataclass(frozen=True)
class Signed:
    """What the Authorization header of a request says, and whether it is so."""

    key: str
    region: str
    service: str
    headers: tuple[str, ...]
    holds: bool


def signed(request: Request) -> Signed:
    found = _HEADER.fullmatch(request.headers["authorization"])
    assert found, request.headers["authorization"]
    key, day, region, service, names, signature = found.groups()
    when = request.headers["x-amz-date"]
    digest = hashlib.sha256(request.content).hexdigest()
    return Signed(
        key,
        region,
        service,
        tuple(names.split(";")),
        when.startswith(day)
        and request.headers["x-amz-content-sha256"] == digest
        and signature == recomputed(request, names.split(";"), region, service),
    )


def recomputed(request: Request, names: list[str], region: str, service: str) -> str:
    """The signature over what arrived, with the secret that the caller should have used."""
    token = request.headers.get("x-amz-security-token")
    signer = SigV4Auth(ReadOnlyCredentials(KEY, SECRET, token), service, region)
    again = AWSRequest(
        method=request.method,
        url=f"http://{request.headers['host']}{request.path}",
        headers={name: request.headers[name] for name in names},
        data=request.content,
    )
    again.context["timestamp"] = request.headers["x-amz-date"]
    text = signer.string_to_sign(again, signer.canonical_request(again))
    signature: str = signer.signature(text, again)
    return signature
