"""One request and its answer: read once, forwarded as it was judged, answered once."""

from __future__ import annotations

import json
import time
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from starlette.datastructures import Headers

from authctl.errors import InvalidRequest, Unavailable
from authctl.policy.rule import Body
from authctl.server import otlp
from authctl.server.body import in_order, read_form, read_json
from authctl.server.request import (
    FORM_TYPE,
    JSON_TYPE,
    Reading,
    Target,
    check_query,
    check_reading,
    read_target,
)
from authctl.upstream.subrequest import Answer, encode_query

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from authctl.policy.rule import Rule
    from authctl.policy.table import Match

MAX_BODY_BYTES = 64 * 1024 * 1024
_AT_ONCE = 0.01
"""Seconds in which a body that was sent with its headers is here."""

_STRIPPED = frozenset(
    {
        b"authorization",
        b"cookie",
        b"x-mlflow-authorization",
        b"x-mlflow-assistant-delegation",
        b"x-forwarded-user",
        b"x-forwarded-email",
        b"x-forwarded-groups",
        b"x-forwarded-preferred-username",
        b"x-forwarded-access-token",
        b"x-remote-user",
        b"remote-user",
        b"x-http-method-override",
    }
)
_FRAMING = frozenset({b"content-length", b"transfer-encoding"})


class Exchange:
    """The request of one ASGI scope."""

    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.scope = scope
        self.started = False
        self.body = b""
        self.reading = Reading()
        self.headers = Headers(scope=scope)
        self.target = Target(scope["method"], "", "", "", ())
        self.asking: str | None = None  # the username of whoever was proven to ask
        self.took_time = False  # to send its body
        self._receive = receive
        self._send = send
        self._framed = False
        self._is_plain = False  # the body was taken out of its Content-Encoding

    def aim(self, static_prefix: str) -> Target:
        """Read the request line. InvalidRequest for what servers read in different ways."""
        raw = self.scope.get("raw_path") or self.scope["path"].encode()
        self.target = read_target(
            self.scope["method"], raw, self.scope["query_string"], static_prefix
        )
        return self.target

    @property
    def is_api(self) -> bool:
        """Whether the caller expects JSON."""
        return self.target.version != ""

    @property
    def cookies(self) -> Mapping[str, str]:
        """The request's cookies; none when they are malformed."""
        try:
            jar = SimpleCookie("; ".join(self.headers.getlist("cookie")))
        except CookieError:
            return {}
        return {name: morsel.value for name, morsel in jar.items()}

    def check_headers(self) -> None:
        """Refuse headers that would make the upstream read something else. InvalidRequest."""
        if "x-mlflow-workspace" in self.headers:
            raise InvalidRequest("Workspaces are not supported: leave X-MLFLOW-WORKSPACE out.")

    async def read(self, match: Match) -> None:
        """Read the query and the body as the rule says that they are to be read.

        InvalidRequest for a body or a query where none belongs, and for one that is malformed.
        """
        rule = match.rule
        self.check_headers()
        check_query(self.target, rule.many)
        await self._read(match)
        check_reading(self.reading, rule)

    async def _read(self, match: Match) -> None:
        rule = match.rule
        is_stream = rule.body is Body.STREAM
        if "content-encoding" in self.headers and rule.body not in (Body.STREAM, Body.OTLP):
            raise InvalidRequest("Content-Encoding is not supported.")
        # MLflow's WSGI side takes a chunked body for an empty one; clients send empty files so.
        if not is_stream or "transfer-encoding" in self.headers:
            self.body = await self._read_whole()
            self._framed = True
        if rule.body is Body.NONE and self.body:
            raise InvalidRequest(f"A {rule.method} here takes no body.")
        if rule.body in (Body.NONE, Body.STREAM):
            self.reading = Reading(match.params, self.target.query, headers=self.headers)
            return
        if rule.body is Body.OTLP:
            self.reading = Reading(match.params, (), self._spans(rule), self.headers)
            return
        if self.target.query and (self.body or not (rule.here and rule.method == "DELETE")):
            raise InvalidRequest("Give the parameters in the body, not in the query.")
        data = self._parse(rule)
        if rule.body is Body.JSON and (ordered := in_order(data, rule)) is not data:
            data = ordered
            self.replace_body(data)
        self.reading = Reading(match.params, self.target.query, data)

    def replace_body(self, data: Mapping[str, Any]) -> None:
        """Forward another JSON body than the caller's."""
        self.body = json.dumps(data).encode()

    def page(self, rows: int | None, token: str | None) -> tuple[dict[str, Any], bytes]:
        """The scope and the body that ask for another page of this search."""
        changed = {
            **({"max_results": rows} if rows is not None else {}),
            **({"page_token": token} if token is not None else {}),
        }
        if self.body or self.target.method != "GET":
            # In front, for a field that MLflow cannot read would make it overlook the page.
            data = {**changed, **{k: v for k, v in self.reading.body.items() if k not in changed}}
            body = json.dumps(data).encode() if changed else self.body
            return self._scope(self.target.query, body), body
        query = tuple(pair for pair in self.target.query if pair[0] not in changed)
        query += tuple((key, str(value)) for key, value in changed.items())
        return self._scope(query, b""), b""

    def forwarded_scope(self) -> dict[str, Any]:
        """The request as the upstream is to read it: canonical, re-framed, without credentials."""
        return self._scope(self.target.query, self.body if self._framed else None)

    async def stream(self, app: ASGIApp) -> None:
        """Let the upstream answer, its bytes untouched."""
        body: bytes | None = self.body if self._framed else None

        async def receive() -> Message:
            nonlocal body
            if body is None:
                return await self._receive()
            whole, body = body, None
            return {"type": "http.request", "body": whole, "more_body": False}

        await app(self.forwarded_scope(), receive, self._answer)

    async def reply(self, response: Response) -> None:
        """Answer with a response of our own."""
        await response(self.scope, self._receive, self._answer)

    async def reply_with(self, answer: Answer) -> None:
        """Answer with what the upstream answered, re-framed."""
        headers = [pair for pair in answer.headers if pair[0].lower() not in _FRAMING]
        headers.append((b"content-length", str(len(answer.body)).encode()))
        await self._answer(
            {"type": "http.response.start", "status": answer.status, "headers": headers}
        )
        body = b"" if self.target.method == "HEAD" else answer.body
        await self._answer({"type": "http.response.body", "body": body})

    async def _answer(self, message: Message) -> None:
        self.started = True
        await self._send(message)

    def _spans(self, rule: Rule) -> dict[str, Any]:
        """What the row sees of an export, whose body is passed on without its encoding."""
        encodings = self.headers.getlist("content-encoding")
        if len(encodings) > 1 or self.target.query:
            raise InvalidRequest("An export has one Content-Encoding at most, and no query.")
        if encodings:
            self.body = otlp.plain(self.body, encodings[0], MAX_BODY_BYTES)
            self._is_plain = True
        types = {"content-type": self.headers.getlist("content-type")}
        if self.headers.get("content-type", "").startswith(otlp.PROTOBUF_TYPE):
            _check_media_type(types, otlp.PROTOBUF_TYPE)
            return {"spans": otlp.spans_in_protobuf(self.body)}
        _check_media_type(types, JSON_TYPE)
        return {"spans": otlp.spans_in_json(read_json(self.body, rule))}

    def _parse(self, rule: Rule) -> dict[str, Any]:
        headers = {"content-type": self.headers.getlist("content-type")}
        if rule.body is Body.FORM:
            _check_media_type(headers, FORM_TYPE)
            return read_form(self.body)
        if self.body or rule.method in ("POST", "PUT"):
            _check_media_type(headers, JSON_TYPE)
        return read_json(self.body, rule)

    async def _read_whole(self) -> bytes:
        chunks: list[bytes] = []
        size = 0
        began = time.monotonic()
        while True:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Unavailable("The caller went away.")
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if size > MAX_BODY_BYTES:
                raise InvalidRequest(
                    f"The request body has more than {MAX_BODY_BYTES} bytes; a file of that size"
                    " must be sent with its Content-Length."
                )
            if not message.get("more_body"):
                self.took_time = time.monotonic() - began > _AT_ONCE
                return b"".join(chunks)

    def _scope(self, query: tuple[tuple[str, str], ...], body: bytes | None) -> dict[str, Any]:
        # An underscore would let a header pass for its twin with a dash on MLflow's WSGI side.
        headers = [
            (name, value)
            for name, value in self.scope["headers"]
            if name not in _STRIPPED
            and b"_" not in name
            and (body is None or name not in _FRAMING)
            and not (self._is_plain and name == b"content-encoding")
        ]
        if body:
            headers.append((b"content-length", str(len(body)).encode()))
        path = self.target.forwarded
        return {
            **self.scope,
            "path": unquote(path),
            "raw_path": path.encode(),
            "query_string": encode_query(query),
            "root_path": "",
            "headers": headers,
            "state": {**self.scope.get("state", {}), "username": self.asking},
        }


def _check_media_type(headers: Mapping[str, list[str]], expected: str) -> None:
    """Refuse a body that is not plainly of the expected type, or that is encoded."""
    types = headers.get("content-type", [])
    if len(types) != 1 or types[0].split(";")[0].rstrip() != expected:
        raise InvalidRequest(f"Invalid content type. Must be {expected}")
    charset = types[0].partition(";")[2].lower().replace(" ", "")
    if charset not in ("", "charset=utf-8"):
        raise InvalidRequest("Invalid content type. The only charset is utf-8.")
