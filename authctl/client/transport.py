"""HTTP to one server: the credential, the certificates, what is repeated and what went wrong."""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import quote, urlencode, urljoin, urlsplit

from authctl import __version__
from authctl.client.address import Address
from authctl.client.credentials import find_credentials
from authctl.client.http import httpx
from authctl.client.signers import Signers
from authctl.client.tls import Tls
from authctl.errors import InvalidRequest, Unavailable
from authctl.wire.exchange import Reply

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from authctl.client.sign_in import SignIn
    from authctl.wire.entities import Json

TIMEOUT_SECONDS = 30.0
RETRIES = 2

_CONNECT_SECONDS = 10.0
_LONGEST_PAUSE_SECONDS = 30.0
_FIRST_PAUSE_SECONDS = 0.25
_KNOWN_SCHEMES = ("Basic", "Bearer", "AWS4-HMAC-SHA256", "Negotiate")
_RETRIED_STATUSES = frozenset({429, 502, 503, 504})
_RETRIED_ERRORS = (httpx.ConnectError, httpx.ReadError, httpx.RemoteProtocolError)

Trace = Callable[[str, str, int, float, "str | None"], None]
"""Told each exchange: method, URL without credentials, status (0 if none came), milliseconds, and
the scheme of the Authorization header if one was sent: "" if it is not a well-known one, since a
header that somebody made up may be a secret from its first letter on.
"""


class Transport:
    """A Sender over one pool of connections; may be shared by threads.

    Only GET is repeated: anything else could do its work twice. A redirect is an error, so that no
    credential is carried to where it leads. Proxies of the environment are used, but never for
    this machine.
    """

    def __init__(
        self,
        address: Address,
        sign_in: Callable[[], SignIn],
        *,
        tls: Tls | None = None,
        timeout: float = TIMEOUT_SECONDS,
        retries: int = RETRIES,
        allow_http: bool = False,
        trace: Trace | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Make ready; nothing is sent yet. InvalidRequest for a certificate or proxy setting.

        Args:
            address: where the server is.
            sign_in: gives what signs requests in, asked before each of them.
            tls: how an https address is verified.
            timeout: seconds to wait for an answer, or for the next part of it.
            retries: how often a GET is repeated after a failure that may pass.
            allow_http: whether a credential may cross a network unencrypted.
            trace: told what is exchanged.
            sleep: how to pause before a repetition, for so many seconds.

        """
        self._address = address
        self._sign_in = sign_in
        self._retries = retries
        self._allow_http = allow_http
        self._trace = trace
        self._sleep = sleep
        # An http address verifies nobody, and the authorities take a while to load.
        verify = (tls or Tls()).context() if address.is_encrypted else _no_context()
        try:
            self._client = httpx.Client(
                verify=verify,
                timeout=httpx.Timeout(timeout, connect=min(timeout, _CONNECT_SECONDS)),
                trust_env=not address.is_loopback,
                headers={"User-Agent": f"authctl/{__version__}", "Accept": "application/json"},
            )
        except (ValueError, ImportError) as error:
            raise InvalidRequest(
                "The proxy named by HTTP_PROXY, HTTPS_PROXY or ALL_PROXY cannot be used.",
                hint="Use an http:// proxy, or name the server's host in NO_PROXY.",
            ) from error

    def close(self) -> None:
        """Give connections back."""
        self._client.close()

    def send(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Json | None = None,
    ) -> Reply:
        """Send one request below /api; any status but a redirect is a reply.

        Raises Unavailable when no reply comes, and InvalidRequest for a redirect, for text that is
        not Unicode and for a credential that would cross a network unencrypted.
        """
        repetitions = self._retries if method == "GET" else 0
        pause = _FIRST_PAUSE_SECONDS
        while True:
            # Each repetition is signed anew: a signature tells the time.
            request = self._build(method, path, query, body)
            try:
                response = self._exchange(request)
            except httpx.RequestError as error:
                if not repetitions or not isinstance(error, _RETRIED_ERRORS) or _refusal(error):
                    raise self._unavailable(request, error) from error
                wait = pause
            else:
                wait = _asked_pause(response, pause)
                if (
                    not repetitions
                    or response.status_code not in _RETRIED_STATUSES
                    or wait > _LONGEST_PAUSE_SECONDS
                ):
                    return self._reply(response)
            self._sleep(wait)
            repetitions -= 1
            pause *= 2

    def _build(
        self, method: str, path: str, query: Mapping[str, str] | None, body: Json | None
    ) -> httpx.Request:
        sign_in = self._sign_in()
        if sign_in.scheme:
            self._address.refuse_to_leak(allow_http=self._allow_http)
        try:
            content = None if body is None else json.dumps(body, ensure_ascii=False).encode()
            # Signatures for AWS hold for a space that is written %20, and not for a plus sign.
            asked = f"?{urlencode(query, quote_via=quote, safe='')}" if query else ""
            request = self._client.build_request(
                method,
                f"{self._address.url}/api{path}{asked}",
                content=content,
                # MLflow up to 3.12 takes no other spelling, such as one with a charset.
                headers={} if content is None else {"Content-Type": "application/json"},
            )
        except UnicodeEncodeError:
            # The error quotes the whole text, which may hold a password.
            raise InvalidRequest("What was given is not valid Unicode.") from None
        except httpx.InvalidURL as error:
            raise InvalidRequest(f"The server's address is not a valid URL: {error}.") from error
        sign_in.sign(request)
        return request

    def _exchange(self, request: httpx.Request) -> httpx.Response:
        started = time.perf_counter()
        status = 0
        try:
            response = self._client.send(request)
            status = response.status_code
        finally:
            if self._trace:
                took = (time.perf_counter() - started) * 1000
                self._trace(request.method, str(request.url), status, took, _scheme(request))
        return response

    def _reply(self, response: httpx.Response) -> Reply:
        if response.is_redirect:
            target = urlsplit(urljoin(str(response.url), response.headers["location"]))
            raise InvalidRequest(
                f"The server at {self._address.url} sends its callers on to"
                f" {target.scheme}://{target.hostname}{target.path}.",
                hint="If that is where it lives, use that address.",
            )
        return Reply(response.status_code, response.content)

    def _unavailable(self, request: httpx.Request, error: httpx.RequestError) -> Unavailable:
        where = self._address.url
        hint = None
        if refusal := _refusal(error):
            message = f"The TLS connection to {where} failed: {refusal}."
            hint = _remedy(refusal)
        elif isinstance(error, httpx.ConnectTimeout | httpx.PoolTimeout):
            message = f"{where} cannot be reached: it did not answer in time."
        elif isinstance(error, httpx.ProxyError):
            message = f"{where} cannot be reached through the proxy: {_reason(error)}."
        elif isinstance(error, httpx.ConnectError):
            message = f"{where} cannot be reached: {_reason(error)}."
            hint = "Check the address, and that the server runs."
        else:
            took_too_long = isinstance(error, httpx.TimeoutException)
            why = "it did not answer in time" if took_too_long else _reason(error)
            message = f"{where} gave no answer: {why}."
            if request.method != "GET":
                hint = "The change may have been made nevertheless: look before you repeat it."
        return Unavailable(message, hint=hint)


def connect(
    uri: str,
    env: Mapping[str, str],
    home: Path,
    *,
    tls: Tls | None = None,
    timeout: float = TIMEOUT_SECONDS,
    retries: int = RETRIES,
    allow_http: bool = False,
    trace: Trace | None = None,
) -> Transport:
    """Make the Transport MLflow's own client would, given this environment and home directory.

    The credential is looked up for each request, as MLflow does: to set MLFLOW_TRACKING_PASSWORD
    anew is enough after a change of password. For the rest see Transport. InvalidRequest for an
    address that is not one of an http server.

    Example:
        transport = connect("https://mlflow.example.com", os.environ, Path.home())

    """
    address = Address.parse(uri)
    signers = Signers()
    return Transport(
        address,
        lambda: find_credentials(address, env, home, signers=signers),
        tls=tls or Tls.find(env),
        timeout=timeout,
        retries=retries,
        allow_http=allow_http,
        trace=trace,
    )


def _scheme(request: httpx.Request) -> str | None:
    header = request.headers.get("Authorization")
    if header is None:
        return None
    word = header.partition(" ")[0].lower() if " " in header else ""
    return next((known for known in _KNOWN_SCHEMES if known.lower() == word), "")


def _no_context() -> ssl.SSLContext:
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _asked_pause(response: httpx.Response, otherwise: float) -> float:
    """Seconds the server asks to wait (RFC 9110, 10.2.3), in numbers or as a date."""
    asked = response.headers.get("Retry-After", "")
    if asked.isascii() and asked.isdigit():
        return float(asked)
    try:
        return max(0.0, parsedate_to_datetime(asked).timestamp() - time.time())
    except ValueError:
        return otherwise


def _refusal(error: BaseException | None) -> str | None:
    """Why TLS was refused, if that is what lies under an error."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error.verify_message
        if isinstance(error, ssl.SSLError):
            return (error.reason or "it is not TLS").replace("_", " ").lower()
        error = error.__cause__ or error.__context__
    return None


def _remedy(refusal: str) -> str:
    # An alert is the server's word, on what the caller has shown.
    if "alert" in refusal and ("certificate" in refusal or "unknown ca" in refusal):
        return "Name one that it knows with MLFLOW_TRACKING_CLIENT_CERT_PATH or --client-cert."
    if "expired" in refusal or "not yet valid" in refusal:
        return "Renew the server's certificate, or set the clocks right."
    if "mismatch" in refusal:
        return "Use the name or address that the server's certificate is for."
    if "certificate" in refusal:
        return "Name the authority to trust with MLFLOW_TRACKING_SERVER_CERT_PATH or --ca-cert."
    return "Check that the server speaks TLS at this address and port."


def _reason(error: httpx.RequestError) -> str:
    """Why a connection failed, in the system's words without its numbers."""
    text = str(error).rpartition("] ")[2] or type(error).__name__
    return (text[:1].lower() + text[1:]).rstrip(".")
