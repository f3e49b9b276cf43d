"""Where the command line that is being typed would go, found without reading it as Typer does.

Kept free of imports, since every TAB on a name waits for them.
"""

from __future__ import annotations

import hashlib
import os

_WITH_VALUE = {
    "--server": "server",
    "--db": "db",
    "--auth-config": "auth_config",
    "--context": "context_name",
    "--ca-cert": "ca_cert",
    "--client-cert": "client_cert",
}
_FLAGS = {"--insecure": "insecure", "--allow-http": "allow_http"}

_SETTINGS = ("AUTHCTL_", "MLFLOW_", "PG", "NETRC", "XDG_CONFIG_HOME", "HOME")
_SECRETS = ("PASS", "PWD", "SECRET", "KEY")


def connection_options(words: list[str]) -> dict[str, str | bool]:
    """Pick the options that say where to go, by the names they have in SharedOptions."""
    found: dict[str, str | bool] = {}
    rest = iter(words)
    for word in rest:
        if word == "--":
            break
        name, equals, value = word.partition("=")
        if name in _WITH_VALUE:
            found[_WITH_VALUE[name]] = value if equals else next(rest, "")
        elif word in _FLAGS:
            found[_FLAGS[word]] = True
    return found


def fingerprint(kind: str, options: dict[str, str | bool], env: dict[str, str], folder: str) -> str:
    """Name a kind of names in a place: any other place, or caller there, has another name.

    No password goes into it, so that nothing kept under the name helps to guess one.
    """
    home = env.get("HOME", "")
    files = [
        options.get("auth_config") or env.get("MLFLOW_AUTH_CONFIG_PATH"),
        f"{env.get('XDG_CONFIG_HOME') or f'{home}/.config'}/authctl/config.toml",
        f"{home}/.mlflow/credentials",
        env.get("NETRC") or f"{home}/.netrc",
    ]
    parts = [
        kind,
        folder,
        *(f"{name}={_without_password(str(options[name]))}" for name in sorted(options)),
        *(
            f"{name}={_without_password(env[name])}"
            for name in sorted(env)
            if name.startswith(_SETTINGS) and not any(secret in name for secret in _SECRETS)
        ),
        *(_state(str(file)) for file in files if file),
    ]
    text = "\0".join(parts).encode("utf-8", "surrogateescape")
    return hashlib.sha256(text).hexdigest()[:32]


def _state(file: str) -> str:
    try:
        found = os.stat(file)  # noqa: PTH116 - pathlib is slow to import
    except (OSError, ValueError):
        return f"{file} -"
    return f"{file} {found.st_ino} {found.st_size} {found.st_mtime_ns}"


def _without_password(url: str) -> str:
    # authctl.cli.location has a better one for the eye, and imports much.
    scheme, mark, rest = url.partition("://")
    if not mark:
        return url
    place, at, host = rest.rpartition("@")
    path, question, query = host.partition("?")
    kept = [
        part
        for part in query.split("&")
        if not any(secret in part.partition("=")[0].upper() for secret in (*_SECRETS, "TOKEN"))
    ]
    return f"{scheme}{mark}{place.partition(':')[0]}{at}{path}{question}{'&'.join(kept)}"
