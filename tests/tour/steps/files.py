"""Files of a run: up and down singly and in folders, listed, with names of every kind."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow
from mlflow import MlflowClient
from steps.part import WORDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steps.part import Made

# More than the server takes into memory of a request that it must read whole.
_LARGE = 65 * 1024 * 1024
_IN_PARTS = 2 * 1024 * 1024
_MULTIPART = {
    "MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD": "true",
    "MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD": "true",
    "MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE": "1000000",
}
_ODD = "a+b & c=d;e.txt"


def edit(made: Made) -> Iterator[tuple[str, Any, Any]]:
    client = MlflowClient()
    run = made["run"]
    folder = Path("up")
    for name in ("top.txt", "in/side.txt", f"in/{WORDS}/deep.txt"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
    (folder / "empty.txt").touch()
    odd = _odd_names(made)
    client.log_artifact(run, str(folder / "top.txt"))
    client.log_artifact(run, str(folder / "top.txt"), "copies/of it")
    client.log_artifacts(run, str(folder), "all")
    client.log_dict(run, {"a": 1}, "dicts/a.json")
    client.log_table(run, {"question": ["why"], "answer": [WORDS]}, "table.json")
    for name in odd:
        client.log_text(run, name, f"names/{name}")
    yield "top", listed(made), ["all", "copies", "dicts", "names", "table.json", "top.txt"]
    yield "names", listed(made, "names"), sorted(f"names/{name}" for name in odd)
    yield "in", listed(made, "all/in"), sorted(["all/in/side.txt", f"all/in/{WORDS}"])
    yield "texts", [text(made, f"names/{name}") for name in odd], odd
    down = Path(client.download_artifacts(run, "all", dst_path=_new("down")))
    found = sorted(str(path.relative_to(down)) for path in down.rglob("*") if path.is_file())
    wanted = sorted(["empty.txt", "in/side.txt", f"in/{WORDS}/deep.txt", "top.txt"])
    yield "folder", found, wanted
    yield "deep", (down / wanted[2]).read_text(encoding="utf-8"), wanted[2]
    yield "dict", mlflow.artifacts.load_dict(_uri(made, "dicts/a.json")), {"a": 1}
    table = mlflow.load_table("table.json", run_ids=[run])
    yield "table", list(table["answer"]), [WORDS]
    yield from _large(made)


def _large(made: Made) -> Iterator[tuple[str, Any, Any]]:
    client, path = MlflowClient(), Path("large.bin")
    for name, size in (("whole", _LARGE), ("in parts", _IN_PARTS)):
        if name == "in parts":
            # What the server's store cannot take or give in parts, the client asks for whole.
            os.environ.update(_MULTIPART)
        path.write_bytes(os.urandom(1024) * (size // 1024))
        client.log_artifact(made["run"], str(path), f"large/{name}")
        found = client.download_artifacts(made["run"], f"large/{name}/large.bin", _new("down"))
        yield f"large {name}", _digest(Path(found)), _digest(path)
        Path(found).unlink()
    path.unlink()
    for name in _MULTIPART:
        del os.environ[name]


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _odd_names(made: Made) -> list[str]:
    names = [_ODD, "~it's (one), [two] {three} @!$.txt"]
    return names if made["ascii"] else [*names, f"{WORDS}.txt"]


def listed(made: Made, path: str | None = None) -> list[str]:
    # The folder of large files comes later, and so does the model.
    later = ("large", "model", "outputs")
    found = MlflowClient().list_artifacts(made["run"], path)
    return sorted(file.path for file in found if file.path not in later)


def text(made: Made, path: str) -> str:
    found = MlflowClient().download_artifacts(made["run"], path, _new("down"))
    return Path(found).read_text(encoding="utf-8")


def _uri(made: Made, path: str) -> str:
    return f"{MlflowClient().get_run(made['run']).info.artifact_uri}/{path}"


def _proxied(made: Made, path: str) -> str:
    """The same file without asking for the run."""
    return f"mlflow-artifacts:/{made['experiment']}/{made['run']}/artifacts/{path}"


def _new(name: str) -> str:
    folder = Path(name) / str(len(list(Path().glob(f"{name}/*"))))
    folder.mkdir(parents=True)
    return str(folder)


def reads(made: Made) -> dict[str, Any]:
    load = mlflow.artifacts.load_text
    return {
        "list": lambda: listed(made),
        "list names": lambda: listed(made, "names"),
        "list at its place": lambda: sorted(
            file.path
            for file in mlflow.artifacts.list_artifacts(artifact_uri=_proxied(made, "all"))
        ),
        "text": lambda: text(made, f"names/{_odd_names(made)[-1]}"),
        "text at its place": lambda: load(_proxied(made, f"names/{_ODD}")),
        "download": lambda: sorted(path.name for path in Path(_downloaded(made, "all")).rglob("*")),
    }


def _downloaded(made: Made, path: str) -> str:
    return mlflow.artifacts.download_artifacts(
        artifact_uri=_proxied(made, path), dst_path=_new("down")
    )


def writes(made: Made) -> dict[str, Any]:
    client = MlflowClient()
    Path("mine").mkdir(exist_ok=True)
    Path("mine/mine.txt").write_text("mine", encoding="utf-8")
    return {
        "text": lambda: client.log_text(made["run"], "mine", "top.txt"),
        "file": lambda: client.log_artifact(made["run"], "mine/mine.txt"),
        "folder": lambda: client.log_artifacts(made["run"], "mine", "all"),
        "table": lambda: client.log_table(made["run"], {"question": ["mine"]}, "table.json"),
        "place": lambda: _at(_proxied(made, "all")).log_artifact("mine/mine.txt"),
        "delete": lambda: _at(_proxied(made, "all")).delete_artifacts("top.txt"),
    }


def _at(uri: str) -> Any:
    from mlflow.store.artifact.artifact_repository_registry import (  # noqa: PLC0415
        get_artifact_repository,
    )

    return get_artifact_repository(uri)


def searches(made: Made) -> dict[str, Any]:
    del made
    return {}
