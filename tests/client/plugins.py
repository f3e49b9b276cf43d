"""A distribution with plugins of `mlflow.request_auth_provider`, written where a test wants it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

_PACKAGE = "plugins_of_a_test"

# None of MLflow's own classes: both clients ask for the methods alone.
_MODULE = '''\
class Headers:
    def __init__(self, headers):
        self.headers = headers

    def __call__(self, request):
        request.headers.update(self.headers)
        return request


class Overwriting:
    def get_name(self):
        return "overwriting"

    def get_auth(self):
        return Headers({"Authorization": "Corporate badge-7"})


class Adding:
    def get_name(self):
        return "adding"

    def get_auth(self):
        return Headers({"X-Badge": b"badge-8"})


class Removing:
    def get_name(self):
        return "removing"

    def get_auth(self):
        return self

    def __call__(self, request):
        request.headers.pop("Authorization", None)
        return request


class Pair:
    def get_name(self):
        return "pair"

    def get_auth(self):
        return "pluginuser", "pluginpass"


class Nothing:
    def get_name(self):
        return "nothing"

    def get_auth(self):
        return None


class Elsewhere:
    """In the query, which is part of the address."""

    def get_name(self):
        return "elsewhere"

    def get_auth(self):
        return self

    def __call__(self, request):
        request.url += "&key=badge-9"
        return request


class Answering:
    """Waits for the server's challenge, as digest authentication does."""

    def get_name(self):
        return "answering"

    def get_auth(self):
        return self

    def __call__(self, request):
        request.register_hook("response", lambda response, **_: response)
        return request


class Failing:
    def get_name(self):
        return "failing"

    def get_auth(self):
        raise RuntimeError("opensesame")


class Unsendable:
    def get_name(self):
        return "unsendable"

    def get_auth(self):
        return Headers({"Authorization": "open\\nsesame"})
'''

_NAMES = (
    "overwriting",
    "adding",
    "removing",
    "pair",
    "nothing",
    "elsewhere",
    "answering",
    "failing",
    "unsendable",
)

# As much of the package as MLflow's own plugins ask for.
_KUBERNETES = {
    "__init__.py": "from kubernetes import client, config\n",
    "client.py": """\
class ApiClient:
    default_headers = {"Authorization": "Bearer kube"}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass
""",
    "config/__init__.py": """\
def load_kube_config():
    pass


def list_kube_config_contexts():
    return [], {"name": "here", "context": {"namespace": "team"}}
""",
    "config/config_exception.py": "class ConfigException(Exception):\n    pass\n",
}


def write_plugins(folder: Path) -> Path:
    """A folder for sys.path with the plugins above, and with a package kubernetes."""
    entries = [f"{name} = {_PACKAGE}:{name.capitalize()}" for name in _NAMES]
    _distribution(folder, _PACKAGE, entries)
    (folder / f"{_PACKAGE}.py").write_text(_MODULE)
    for name, text in _KUBERNETES.items():
        file = folder / "kubernetes" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


def install_plugins(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Write them, and let this process find them, and nothing that an earlier test imported."""
    monkeypatch.syspath_prepend(str(write_plugins(folder)))
    monkeypatch.delitem(sys.modules, _PACKAGE, raising=False)


def write_broken_plugin(folder: Path) -> Path:
    """A folder for sys.path with a plugin whose module is not there."""
    _distribution(folder, "broken", ["overwriting = not_there_at_all:Plugin"])
    return folder


def _distribution(folder: Path, name: str, entries: list[str]) -> None:
    about = folder / f"{name}-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    section = "\n".join(["[mlflow.request_auth_provider]", *entries])
    (about / "entry_points.txt").write_text(f"{section}\n")
