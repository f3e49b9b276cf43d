"""MLFLOW_TRACKING_AUTH, where it names a plugin: its code signs requests in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from authctl.client.sign_in import set_header
from authctl.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.metadata import EntryPoint

    from authctl.client.http import httpx
    from authctl.client.sign_in import Scheme

AUTH = "MLFLOW_TRACKING_AUTH"
GROUP = "mlflow.request_auth_provider"

# MLflow brings these along without entry points, so they are given some here: what loads plugins
# loads them too, from the MLflow beside authctl, and nothing else of authctl knows of it. Plugins
# import MLflow as well, whose base class they have. No plugin can take these names.
_KUBERNETES = {
    "kubernetes": "KubernetesRequestAuthProvider",
    "kubernetes-namespaced": "KubernetesNamespacedRequestAuthProvider",
}
_KUBERNETES_MODULE = "mlflow.tracking.request_auth.kubernetes_request_auth_provider"
# MLflow's server gives this one to what its assistant runs, with a credential for that alone.
_ASSISTANT = "assistant-delegation"

# Of the request and not of who asks: `requests` computes them anew after each plugin.
_FRAMING = ("content-length", "transfer-encoding")


class Plugin:
    """Signs in as a plugin's authentication object for `requests` does: by headers alone."""

    scheme: ClassVar[Scheme] = "plugin"
    origin: ClassVar[str] = AUTH

    def __init__(self, name: str, provider: Any) -> None:
        self.name = name
        self.what = f"what the plugin '{name}' signs in with"
        self.advice = f"{AUTH} names the plugin."
        self._provider = provider
        # MLflow hands its own plugins a token, which they keep, but no username and password.
        self.keeps: frozenset[Scheme] = frozenset(
            {"bearer"} if name in _KUBERNETES else {"basic", "bearer"}
        )

    def sign(self, request: httpx.Request) -> None:
        """Let the plugin add its headers. InvalidRequest for a plugin that fails or wants more."""
        prepared = _prepared(request)
        before = _headers(prepared)
        fixed = (prepared.method, prepared.url, prepared.body)
        try:
            auth = self._provider.get_auth()
            if auth:
                prepared.prepare_auth(auth)
        except Exception as error:  # noqa: BLE001 - somebody else's code, which may raise anything
            # Its text may quote a secret.
            raise InvalidRequest(
                f"The plugin '{self.name}', which {AUTH} names, failed ({type(error).__name__}).",
                hint=_needs(self.name),
            ) from None
        if not auth:
            raise InvalidRequest(
                f"The plugin '{self.name}', which {AUTH} names, gave nothing to sign in with.",
                hint=_needs(self.name),
            )
        if (prepared.method, prepared.url, prepared.body) != fixed:
            raise InvalidRequest(
                f"The plugin '{self.name}', which {AUTH} names, changes more of a request than its"
                " headers, which authctl does not let it.",
                hint="Sign in another way.",
            )
        if any(prepared.hooks.values()):
            raise InvalidRequest(
                f"The plugin '{self.name}', which {AUTH} names, waits for the server's answer to"
                " sign in, which authctl does not.",
                hint="Sign in another way.",
            )
        self._copy(before, prepared, request)

    def _copy(self, before: dict[str, Any], prepared: Any, request: httpx.Request) -> None:
        after = _headers(prepared)
        for name in before.keys() - after.keys():
            del request.headers[name]
        for name, value in after.items():
            if before.get(name) != value:
                set_header(request, name, value, f"the plugin '{self.name}'")


def find_plugin(name: str) -> Plugin | None:
    """Find the plugin that calls itself by this name, as MLflow's client does: the first wins.

    InvalidRequest where it cannot be loaded, or where it may be one of those that cannot.
    """
    if name == _ASSISTANT:
        raise InvalidRequest(
            f"{AUTH} is '{name}', which is for what MLflow's own assistant runs.",
            hint="Unset it, and sign in another way.",
        )
    broken = []
    for entry in _entries(name):
        try:
            provider = entry.load()()
            found = provider.get_name() == name
        except Exception as error:  # noqa: BLE001 - somebody else's code, which may raise anything
            # MLflow warns of one that is not there, and goes on with the next.
            broken.append((entry.name, type(error).__name__))
            continue
        if found:
            return Plugin(name, provider)
    if broken:
        failed = ", ".join(f"'{entry}' ({error})" for entry, error in broken)
        raise InvalidRequest(
            f"{AUTH} is set, but what it may name cannot be loaded: {failed}.",
            hint=_needs(name),
        )
    return None


def _entries(name: str) -> Iterator[EntryPoint]:
    from importlib.metadata import EntryPoint, entry_points  # noqa: PLC0415 - keeps start-up fast

    if name in _KUBERNETES:
        yield EntryPoint(name, f"{_KUBERNETES_MODULE}:{_KUBERNETES[name]}", GROUP)
    else:
        yield from entry_points(group=GROUP)


def _needs(name: str) -> str:
    if name in _KUBERNETES:
        return (
            "It is part of newer releases of MLflow, and needs a pod's credentials or a kubeconfig:"
            " pip install 'authctl[mlflow]' kubernetes"
        )
    return "Install what it needs into the environment that authctl is in, or unset the variable."


def _prepared(request: httpx.Request) -> Any:
    """The same request as `requests` would hand it to a plugin."""
    try:
        from requests import PreparedRequest  # noqa: PLC0415 - comes with plugins
    except ImportError:
        raise InvalidRequest(
            f"{AUTH} names a plugin, which needs the package requests.", hint="pip install requests"
        ) from None
    prepared = PreparedRequest()
    prepared.prepare_method(request.method)
    # Not prepared anew, which might spell it otherwise than it is going to be sent.
    prepared.url = str(request.url)
    # There the host is not among the headers before a request is sent.
    prepared.prepare_headers({k: v for k, v in request.headers.items() if k.lower() != "host"})
    prepared.prepare_cookies({})
    prepared.body = request.read() or None
    prepared.prepare_hooks(None)
    return prepared


def _headers(prepared: Any) -> dict[str, Any]:
    named = {
        (name.decode("latin-1") if isinstance(name, bytes) else name).lower(): value
        for name, value in prepared.headers.items()
    }
    return {name: value for name, value in named.items() if name not in _FRAMING}
