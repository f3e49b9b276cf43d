"""How a server is talked to: each setting, and the option, variable or context it is from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from authctl.cli.context.file import Context
    from authctl.cli.options import SharedOptions
    from authctl.client.tls import Tls

DEFAULT = "default"

_KEYS = ("timeout", "retries", "ca_cert", "client_cert", "insecure", "allow_http")
_VERIFYING = ("ca_cert", "insecure")
_FILES = ("ca_cert", "client_cert")


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting's value, and what said so."""

    name: str
    value: Any
    origin: str = DEFAULT


@dataclass(frozen=True, slots=True)
class Connection:
    """Everything about a connection but the address and the credential."""

    timeout: float
    retries: int
    allow_http: bool
    tls: Tls
    origins: Mapping[str, str]

    def settings(self) -> Iterator[Setting]:
        """All of it with where each is from."""
        values = {
            "timeout": int(self.timeout) if self.timeout.is_integer() else self.timeout,
            "retries": self.retries,
            "ca_cert": self.tls.ca_cert,
            "client_cert": self.tls.client_cert,
            "insecure": self.tls.insecure,
            "allow_http": self.allow_http,
        }
        for name, value in values.items():
            yield Setting(name, value, self.origins.get(name, DEFAULT))


def settle(
    options: SharedOptions, env: Mapping[str, str], context: Context | None, *, chosen: bool
) -> Connection:
    """Join options, environment and the context of this server. InvalidRequest.

    A context `chosen` for the command beats the environment; the current one gives way to it.
    Whether and how the server is verified is one setting: both halves come from the same source.
    """
    from authctl.client import tls  # noqa: PLC0415 - httpx is slow to import
    from authctl.client.transport import RETRIES, TIMEOUT_SECONDS  # noqa: PLC0415 - as above

    asked = _set({key: getattr(options, key) for key in _KEYS}, _option)
    environment = _set(
        {
            "ca_cert": env.get(tls.CA_CERT) or None,
            "client_cert": env.get(tls.CLIENT_CERT) or None,
            "insecure": env.get(tls.INSECURE, "").lower() in ("true", "1"),
        },
        {
            "ca_cert": tls.CA_CERT,
            "client_cert": tls.CLIENT_CERT,
            "insecure": tls.INSECURE,
        }.__getitem__,
    )
    saved = _set(context.settings(), lambda _: context.origin) if context else {}
    sources = (asked, saved, environment) if chosen else (asked, environment, saved)

    found: dict[str, Setting] = {}
    for source in reversed(sources):
        found |= {key: setting for key, setting in source.items() if key not in _VERIFYING}
    verifying = next((each for each in sources if each.keys() & _VERIFYING), {})
    found |= {key: setting for key, setting in verifying.items() if key in _VERIFYING}
    values: dict[str, Any] = {
        "timeout": TIMEOUT_SECONDS,
        "retries": RETRIES,
        "insecure": False,
        "allow_http": False,
        **{key: setting.value for key, setting in found.items()},
    }

    settled = tls.Tls.find(
        env,
        ca_cert=values.get("ca_cert"),
        client_cert=values.get("client_cert"),
        insecure=values["insecure"],
    )
    origins = {key: setting.origin for key, setting in found.items()}
    if settled.ca_cert and "ca_cert" not in origins:
        origins["ca_cert"] = next(name for name in tls.BUNDLES if env.get(name))
    return Connection(
        timeout=float(values["timeout"]),
        retries=values["retries"],
        allow_http=values["allow_http"],
        tls=settled,
        origins=origins,
    )


def asked_for(options: SharedOptions) -> dict[str, Any]:
    """The settings that options give, to be kept in a context: files by their full paths."""
    given = _set({key: getattr(options, key) for key in _KEYS}, _option)
    return {
        key: full_path(setting.value) if key in _FILES else setting.value
        for key, setting in given.items()
    }


def full_path(file: str) -> str:
    """The path of a file that means the same from every folder."""
    return str(Path(file).expanduser().absolute())


def _option(key: str) -> str:
    return f"--{key.replace('_', '-')}"


def _set(values: Mapping[str, Any], origin: Callable[[str], str]) -> dict[str, Setting]:
    return {
        key: Setting(key, value, origin(key))
        for key, value in values.items()
        if key in _KEYS and value is not None and value is not False
    }
